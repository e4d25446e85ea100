//! The one file that names every stage: bytes in, a plan out.

use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
pub use crate::front::format::{self, Format};
use crate::ir::{Graph, Origin};
use crate::lower::{self, Program};
use crate::options::{Interface, Options, Passes, Reference};
use crate::passes::{self, Found, Patched, Removal};
use crate::plan::{self, Plan, PlanError};
use crate::{front, valid};
use std::path::Path;

/// A model file with what belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The name that the user gave, for diagnostics.
    pub file: &'a str,
    /// The file's bytes; untrusted.
    pub bytes: &'a [u8],
    /// The topology beside a safetensors file, where there is one.
    pub topology: Option<&'a str>,
}

impl Source<'_> {
    /// The format that the model is in.
    ///
    /// # Errors
    /// What the file is instead.
    pub fn format(&self) -> Result<Format, Box<Diagnostic>> {
        format::of(self.file, self.bytes, self.topology.is_some())
    }
}

/// What the compiler knows of a model after all stages before emission.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The graph as read.
    pub original: Graph,
    /// The graph after the passes.
    pub graph: Graph,
    /// What the passes removed.
    pub removals: Vec<Removal>,
    /// The graph as kernels.
    pub program: Program,
    /// Memory and forms.
    pub plan: Plan,
}

/// Reads a model of any supported format; [`format::of`] tells them apart.
///
/// # Errors
/// What the reader of the format finds wrong.
pub fn read(source: &Source) -> Result<Graph, Diagnostics> {
    let name = source.file.rsplit(['/', '\\']).next().unwrap_or(source.file);
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let graph = match source.format() {
        Ok(Format::Tflite) => front::tflite::read(source.bytes, name),
        Ok(Format::Onnx) => front::onnx::read(source.bytes, name),
        Ok(Format::Native) => front::safetensors::read(source.bytes, source.topology, name),
        Err(problem) => Err(Diagnostics(vec![*problem])),
    };
    graph.map_err(|diagnostics| in_file(diagnostics, source.file))
}

/// Which inputs and outputs of an ONNX file are NCHW or NCW images that the graph has with their channels last; none for other
/// formats, and for a file that [`read`] refuses.
pub fn turned_images(source: &Source) -> front::onnx::Turned {
    onnx(source).map(|read| read.turned).unwrap_or_default()
}

/// Layers of an ONNX file in which ONNX Runtime saturates on x86 processors with AVX2 but without VNNI; none for other formats.
pub fn saturating_layers(source: &Source) -> Vec<Origin> {
    onnx(source).map(|read| read.saturating).unwrap_or_default()
}

/// Whether TensorFlow Lite Micro pads a feature map of this file with whatever lies in its memory: its `SPACE_TO_BATCH_ND` does not
/// write the padding, where LiteRT's kernels write the zero point.
pub fn undefined_padding(source: &Source) -> bool {
    source.format() == Ok(Format::Tflite) && front::tflite::read_all(source.bytes, "").is_ok_and(|read| read.pads_into_batch)
}

/// An ONNX file that can be read.
fn onnx(source: &Source) -> Option<front::onnx::Read> {
    (source.format() == Ok(Format::Onnx)).then(|| front::onnx::read_all(source.bytes, "").ok()).flatten()
}

/// The engine whose outputs a model's code equals where none is asked for, by its file.
pub fn reference_of(file: &str) -> Reference {
    usual(format::of_path(Path::new(file)))
}

/// The engine that models of a format follow.
fn usual(format: Option<Format>) -> Reference {
    if format == Some(Format::Onnx) { Reference::Ort } else { Reference::Tflm }
}

/// The options with the reference that holds for a file.
fn resolved(source: &Source, options: &Options) -> Options {
    Options { reference: Some(options.reference.unwrap_or(usual(source.format().ok()))), ..options.clone() }
}

/// Reads a model and runs the passes only: the graph as read, the graph after them, and what they removed. Unlike
/// [`compile`] this also takes models for which there are no kernels, such as those in floats.
///
/// # Errors
/// What the reader finds wrong, or a structure that no stage can work on.
pub fn simplify(source: &Source, options: &Options) -> Result<(Graph, Graph, Vec<Removal>), Diagnostics> {
    let original = read(source)?;
    let (graph, removals) =
        simplified(&original, &resolved(source, options)).map_err(|diagnostics| in_file(diagnostics, source.file))?;
    Ok((original, graph, removals))
}

/// The graph after the passes.
fn simplified(original: &Graph, options: &Options) -> Result<(Graph, Vec<Removal>), Diagnostics> {
    valid::structure(original)?;
    let mut graph = original.clone();
    let mut removals = passes::run(&mut graph, options.reference(), options.passes);
    match options.interface {
        Interface::Model => {}
        Interface::Int8 => {
            removals.extend(passes::integer_interface(&mut graph).map_err(|error| error.at(Place::default()))?);
        }
    }
    Ok((graph, removals))
}

/// Compiles a model up to its plan.
///
/// # Errors
/// Everything that the first stage with a problem finds wrong.
pub fn compile(source: &Source, options: &Options) -> Result<Compiled, Diagnostics> {
    let original = read(source)?;
    let sha256 = hmac_sha256::Hash::hash(source.bytes);
    compile_graph(original, &resolved(source, options), sha256).map_err(|diagnostics| in_file(diagnostics, source.file))
}

/// Compiles a graph up to its plan; `sha256` is that of the file it came from.
///
/// # Errors
/// Everything that the first stage with a problem finds wrong.
pub fn compile_graph(original: Graph, options: &Options, sha256: [u8; 32]) -> Result<Compiled, Diagnostics> {
    let (graph, removals) = simplified(&original, options)?;
    let mut best = planned(&original, graph, removals.clone(), options, sha256)?;
    let mut least = best.plan.ram_bytes();
    if let Some(limit) = options.max_ram.map(|limit| limit.0).filter(|&limit| least > limit) {
        let macs = best.plan.macs;
        let found = passes::search(&best.graph, limit, |patched| {
            let mut removals = removals.clone();
            removals.push(recomputed(&patched, macs));
            // A graph that is too large is no candidate.
            let compiled = planned(&original, patched.graph, removals, options, sha256).ok()?;
            Some((compiled.plan.ram_bytes(), compiled))
        });
        match found {
            Found::Fits(compiled) => (least, best) = (compiled.plan.ram_bytes(), compiled),
            Found::Least(patched) => least = patched.map_or(least, |patched| patched.min(least)),
        }
    }
    plan::limit(&best.plan, least, options)?;
    Ok(best)
}

/// Lowers and plans a graph after the passes.
fn planned(
    original: &Graph,
    graph: Graph,
    mut removals: Vec<Removal>,
    options: &Options,
    sha256: [u8; 32],
) -> Result<Compiled, Diagnostics> {
    let facts = valid::check(&graph)?;
    let mut program = lower::lower(&graph, &facts, options.reference())?;
    if options.passes == Passes::All {
        removals.extend(passes::compose_tables(&mut program));
    }
    let plan = plan::plan(&program, options, sha256).map_err(|error| error.at(Place::default()))?;
    Ok(Compiled { original: original.clone(), graph, removals, program, plan })
}

/// What computing layers patch by patch does, for the report.
fn recomputed(patched: &Patched, macs: u64) -> Removal {
    let Patched { image, nodes, patches, macs: after, graph: _ } = patched;
    Removal {
        pass: "patches",
        what: format!(
            "whole feature maps of {nodes} operators up to `{image}`, for {patches} patches: {after} multiply-accumulates, not {macs}"
        ),
        why: "each row is made of the same rows as before",
    }
}

impl Explain for PlanError {
    fn code(&self) -> &'static str {
        "plan::overlap"
    }

    fn help(&self) -> String {
        "this is a fault of tinybake, not of the model; please report it with the model".into()
    }
}

/// Names the file in every diagnostic.
fn in_file(mut diagnostics: Diagnostics, file: &str) -> Diagnostics {
    for diagnostic in &mut diagnostics.0 {
        diagnostic.place.file.get_or_insert_with(|| file.to_string());
    }
    diagnostics
}
