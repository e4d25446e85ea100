//! `tinybake generate`.

use super::choices;
use super::session::{self, Session};
use super::table::number;
use super::{Ended, Outcome};
use crate::boards::{Board, Catalogue};
use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::emit::{Blob, Blobs, Emitter};
use crate::options::{CoreClass, Interface, Optimize, Options, Placement, Reference, Section};
use crate::output::{self, Module};
use crate::script::{self, Files, LEAST_BLOB};
use crate::{pipeline, plan, text};
use clap::ValueEnum;
use serde::Serialize;
use std::env;
use std::path::{Path, PathBuf};

/// Generates the Rust module of a model.
#[derive(clap::Args)]
pub(super) struct Generate {
    /// Model: a .tflite or .onnx file, or a .safetensors file with its topology.
    model: PathBuf,
    /// Output file; large constants are written to a file beside it. Without it, the module goes to stdout, constants included.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Core, board or Rust target triple to generate for.
    #[arg(long, value_name = "NAME", conflicts_with = "board")]
    target: Option<String>,
    /// Board to generate for; the model must fit its flash and RAM.
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// Optimization goal: size (least flash), speed (fewest instructions), or balanced (least product of the two).
    #[arg(long, default_value = Optimize::default().name(), value_parser = choices::optimize())]
    optimize: Optimize,
    #[command(flatten)]
    limits: choices::Limits,
    /// Element types of inputs and outputs: `model` keeps those of the file, `int8` drops its outer quantize and dequantize operators.
    #[arg(long, default_value = Interface::default().name(), value_parser = choices::interface())]
    interface: Interface,
    /// Reference engine whose outputs are reproduced bit for bit. Default: `ort` for .onnx files, otherwise `tflm`.
    #[arg(long, value_parser = choices::reference())]
    reference: Option<Reference>,
    /// Link section of weights, biases and tables, such as external flash; the linker script must place it.
    #[arg(long, value_name = "SECTION")]
    weights_section: Option<Section>,
    /// Link section of the `Model` struct (activation buffers); the module's `take` returns it.
    #[arg(long, value_name = "SECTION")]
    arena_section: Option<Section>,
    /// Output kind: the Rust module, the graph after the passes (ir), or the memory and kernel plan.
    #[arg(long, value_enum, default_value_t = Emit::Rust)]
    emit: Emit,
    /// Writes nothing; exit code 1 if the file is missing or out of date.
    #[arg(long, requires = "output")]
    check: bool,
    /// For build scripts: prints Cargo directives, takes the target from Cargo, and resolves paths from the crate's folder.
    #[arg(long, requires = "output", conflicts_with = "check")]
    cargo: bool,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Emit {
    Rust,
    Ir,
    Plan,
}

/// What was generated.
struct Generated {
    text: String,
    blob: Option<Blob>,
    plan: Option<plan::Plan>,
}

#[derive(Serialize)]
struct Report {
    model: String,
    file: Option<String>,
    blobs: Vec<String>,
    up_to_date: bool,
    reference: &'static str,
    optimize: &'static str,
    core: &'static str,
    macs: Option<u64>,
    ram_bytes: Option<usize>,
    weight_bytes: Option<usize>,
    text: Option<String>,
}

impl Generate {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let result = self.generate(session);
        if let (Err(diagnostics), true) = (&result, self.cargo) {
            // They are shown on stderr too.
            let _ = output::print(&script::errors(diagnostics));
        }
        result
    }

    fn generate(&self, session: &Session) -> Ended {
        let root =
            if self.cargo { env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default() } else { PathBuf::new() };
        let (core, board) = self.target(&session.catalogue)?;
        let placement = Placement { weights: self.weights_section.clone(), arena: self.arena_section.clone() };
        let choices::Limits { max_flash, max_ram } = self.limits;
        let (reference, optimize, interface) = (self.reference, self.optimize, self.interface);
        let options = Options { reference, optimize, interface, core, max_flash, max_ram, placement, ..Options::default() };
        let files = Files::read(&root.join(&self.model))?;
        if self.cargo {
            output::print(&files.directives()?)?;
        }
        let output = self.output.as_ref().map(|output| root.join(output));
        let inputs = session.inputs(&[&files], []);
        if let (Some(output), false) = (&output, self.check) {
            output::check(&[output], &inputs)?;
        }
        let beside = output.as_deref().is_some_and(output::is_regular);
        let generated = self.text(&files, &options, beside, board, &session.catalogue)?;
        let Generated { text, blob, plan } = &generated;
        if let (Some(plan), true) = (plan, session.verbose) {
            session.say(&plan.to_string());
        }
        let module = output.as_ref().map(|path| Module { path, text, constants: blob.as_ref() });
        let stale = module.as_ref().map(Module::stale).unwrap_or_default();
        let mut report = Report {
            model: self.model.display().to_string(),
            file: output.as_ref().map(|output| output.display().to_string()),
            blobs: blob.iter().map(|blob| blob.file.clone()).collect(),
            up_to_date: stale.is_empty(),
            reference: options.reference.unwrap_or(pipeline::reference_of(&self.model.to_string_lossy())).name(),
            optimize: options.optimize.name(),
            core: options.core.name(),
            macs: plan.as_ref().map(|plan| plan.macs),
            ram_bytes: plan.as_ref().map(plan::Plan::ram_bytes),
            weight_bytes: plan.as_ref().map(plan::Plan::weight_bytes),
            text: None,
        };
        let Some(module) = module else {
            report.text = Some(text.clone());
            session.result(text, &report)?;
            return Ok(Outcome::Done);
        };
        if self.check {
            session.result("", &report)?;
            return Ok(checked(session, module.path, &stale));
        }
        module.write(&inputs)?;
        if !self.cargo {
            session.result("", &report)?;
            session.say(&summary(&report));
        }
        Ok(Outcome::Done)
    }

    /// The text to write, and what goes beside it.
    fn text(
        &self,
        files: &Files,
        options: &Options,
        beside: bool,
        board: Option<&Board>,
        boards: &Catalogue,
    ) -> Result<Generated, Diagnostics> {
        let shown = self.model.display().to_string();
        let source = files.source(&shown);
        if self.emit == Emit::Ir {
            let (_, graph, _) = pipeline::simplify(&source, options)?;
            return Ok(Generated { text: graph.to_string(), blob: None, plan: None });
        }
        let compiled = pipeline::compile(&source, options)?;
        if let Some(board) = board {
            plan::fit(&compiled.plan, board, boards).map_err(|diagnostics| session::in_file(diagnostics, &self.model))?;
        }
        let blobs = if beside { Blobs::Beside { least: LEAST_BLOB } } else { Blobs::Inline };
        let (text, blob) = match self.emit {
            Emit::Rust | Emit::Ir => {
                let emitted = Emitter { blobs, ..Emitter::default() }.emit(&compiled.plan);
                (text::file(&emitted), emitted.blob)
            }
            Emit::Plan => (compiled.plan.to_string(), None),
        };
        Ok(Generated { text, blob, plan: Some(compiled.plan) })
    }

    /// The class of cores to generate for, and the board where one is named.
    fn target<'a>(&self, catalogue: &'a Catalogue) -> Result<(CoreClass, Option<&'a Board>), Diagnostics> {
        match (&self.target, &self.board) {
            (Some(name), _) => match catalogue.find(name) {
                Ok(target) => Ok((target.class(), target.board)),
                Err(_) => catalogue.class_of(name).map(|class| (class, None)).map_err(|error| error.at(Place::default()).into()),
            },
            (None, Some(name)) => match catalogue.find(name) {
                Ok(target) if target.board.is_some() => Ok((target.class(), target.board)),
                Ok(_) => Err(Diagnostic {
                    code: "boards::no_board",
                    message: format!("`{name}` is a core, not a board"),
                    place: Place::default(),
                    help: format!("`--target {name}` generates for the core; `tinybake boards` lists the boards"),
                }
                .into()),
                Err(error) => Err(error.at(Place::default()).into()),
            },
            (None, None) if self.cargo => Ok((script::core_from_env(), None)),
            (None, None) => Ok((CoreClass::default(), None)),
        }
    }
}

fn checked(session: &Session, output: &Path, stale: &[String]) -> Outcome {
    if stale.is_empty() {
        session.say(&format!("{} is up to date", output.display()));
        return Outcome::Done;
    }
    session.say(&format!("{}\nthe same command without --check writes it", stale.join("\n")));
    Outcome::CheckFailed
}

fn summary(report: &Report) -> String {
    let file = report.file.as_deref().unwrap_or_default();
    let blobs: String = report.blobs.iter().map(|blob| format!(" and {blob}")).collect();
    let figures = match (report.ram_bytes, report.weight_bytes, report.macs) {
        (Some(ram), Some(weights), Some(macs)) => format!(
            ": {} bytes of RAM + `STACK_BYTES` of stack, {} bytes of weights and tables, {} MACs",
            number(ram as u64),
            number(weights as u64),
            number(macs)
        ),
        _ => String::new(),
    };
    format!("wrote {file}{blobs}{figures}")
}
