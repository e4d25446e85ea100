//! `tinybake inspect`.

use super::choices;
use super::render;
use super::session::Session;
use super::table::{self, Align, number};
use super::{Ended, Outcome};
use crate::diag::{Diagnostic, Diagnostics, Place};
use crate::front::onnx::Turned;
use crate::ir::{Graph, TensorId};
use crate::json::hex;
use crate::options::{Options, Reference};
use crate::passes::Removal;
use crate::pipeline::{self, Format};
use crate::plan::Plan;
use crate::report::{Inspection, OpInspection};
use crate::script::Files;
use core::fmt::Write as _;
use serde::Serialize;
use std::path::PathBuf;

/// Shows the operators, tensors and memory of a model.
///
/// Operators, shapes, quantization, multiply-accumulates (MACs), parameters, zero weights, what the lossless passes remove, and the planned
/// flash and RAM. Float models have no planned memory: quantize them first.
#[derive(clap::Args)]
pub(super) struct Inspect {
    /// Model: a .tflite or .onnx file, or a .safetensors file with its topology.
    model: PathBuf,
    /// Reference engine whose arithmetic folds constants. Default: `ort` for .onnx files, otherwise `tflm`.
    #[arg(long, value_parser = choices::reference())]
    reference: Option<Reference>,
}

#[derive(Serialize)]
struct Report {
    model: String,
    format: &'static str,
    sha256: String,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    ops: Vec<Op>,
    macs: u64,
    params: usize,
    zero_params: usize,
    lossless: Lossless,
    ram_bytes: Option<usize>,
    weight_bytes: Option<usize>,
}

#[derive(Serialize)]
struct Port {
    name: String,
    /// As the file has it; images of ONNX are NCHW.
    shape: Vec<usize>,
    /// As generated code has it, where that is another: NHWC.
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_shape: Option<Vec<usize>>,
    dtype: &'static str,
    scale: Option<f32>,
    zero_point: Option<i32>,
}

#[derive(Serialize)]
struct Op {
    index: usize,
    name: String,
    op: &'static str,
    output: String,
    macs: u64,
    params: usize,
    zero_params: usize,
}

#[derive(Serialize)]
struct Lossless {
    macs: u64,
    params: usize,
    removed: Vec<Removed>,
}

#[derive(Serialize)]
struct Removed {
    pass: &'static str,
    what: String,
    why: &'static str,
}

impl Inspect {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let shown = self.model.display().to_string();
        let files = Files::read(&self.model)?;
        let source = files.source(&shown);
        let options = Options { reference: self.reference, ..Options::default() };
        let (graph, simplified, removals) = pipeline::simplify(&source, &options)?;
        let compiled = pipeline::compile(&source, &options);
        let plan = compiled.as_ref().ok().map(|compiled| &compiled.plan);
        let removals = compiled.as_ref().map_or(&removals, |compiled| &compiled.removals);
        let turned = pipeline::turned_images(&source);
        let report = report(&shown, source.bytes, (&graph, &turned), &simplified, removals, plan);
        session.result(&text(&report, source.bytes.len(), simplified.nodes.len(), compiled.as_ref().err()), &report)?;
        if let (Some(plan), true) = (plan, session.verbose) {
            session.say(&plan.to_string());
        }
        Ok(Outcome::Done)
    }
}

fn report(
    model: &str,
    bytes: &[u8],
    (graph, turned): (&Graph, &Turned),
    simplified: &Graph,
    removals: &[Removal],
    plan: Option<&Plan>,
) -> Report {
    let Inspection { ops, macs, params, zero_params } = Inspection::of(graph);
    let after = Inspection::of(simplified);
    let removed = removals.iter().map(|Removal { pass, what, why }| Removed { pass, what: what.clone(), why });
    let op = |OpInspection { index, name, op, output, macs, params, zero_params }| Op {
        index,
        name,
        op,
        output,
        macs,
        params,
        zero_params,
    };
    Report {
        model: model.into(),
        // What has been read has a format.
        format: pipeline::format::of(model, bytes, true).map_or("safetensors", Format::name),
        sha256: hex(&hmac_sha256::Hash::hash(bytes)),
        inputs: ports(graph, &graph.inputs, &turned.inputs),
        outputs: ports(graph, &graph.outputs, &turned.outputs),
        ops: ops.into_iter().map(op).collect(),
        macs,
        params,
        zero_params,
        lossless: Lossless { macs: after.macs, params: after.params, removed: removed.collect() },
        ram_bytes: plan.map(Plan::ram_bytes),
        weight_bytes: plan.map(Plan::weight_bytes),
    }
}

/// Inputs or outputs, of which those are images with their channels first in the file for which `turned` says so.
fn ports(graph: &Graph, ids: &[TensorId], turned: &[bool]) -> Vec<Port> {
    ids.iter().enumerate().map(|(index, &id)| port(graph, id, turned.get(index) == Some(&true))).collect()
}

fn port(graph: &Graph, id: TensorId, turned: bool) -> Port {
    let tensor = graph.tensor(id);
    let quantization = tensor.quantization.as_ref();
    let stored = tensor.shape.0.clone();
    let shape = if turned { Turned::channels_first(&stored) } else { stored.clone() };
    Port {
        name: tensor.name.clone(),
        generated_shape: Some(stored).filter(|stored| *stored != shape),
        shape,
        dtype: tensor.dtype.name(),
        scale: quantization.and_then(|quantization| quantization.scales.first().copied()),
        zero_point: quantization.and_then(|quantization| quantization.zero_points.first().copied()),
    }
}

fn text(report: &Report, file_bytes: usize, ops_after: usize, problems: Option<&Diagnostics>) -> String {
    let mut text =
        format!("{}: {}, {} bytes\nSHA-256 {}\n\n", report.model, report.format, number(file_bytes as u64), report.sha256);
    let ports = report.inputs.iter().map(|port| ("input", port)).chain(report.outputs.iter().map(|port| ("output", port)));
    for (role, Port { name, shape, generated_shape, dtype, scale, zero_point }) in ports {
        let generated = generated_shape.as_ref().map_or_else(String::new, |shape| format!(", in generated code {shape:?}"));
        let quantization = match (scale, zero_point) {
            (Some(scale), Some(zero_point)) => format!(", scale {scale:?}, zero point {zero_point}"),
            _ => String::new(),
        };
        let _ = writeln!(text, "{role:<6} {}: {dtype}{shape:?}{quantization}{generated}", table::short(name));
    }
    let rows = report.ops.iter().map(|op| {
        vec![
            op.index.to_string(),
            op.op.into(),
            table::short(&op.name),
            op.output.clone(),
            number(op.macs),
            number(op.params as u64),
            table::percent(op.zero_params, op.params),
        ]
    });
    let total = vec![
        String::new(),
        "total".into(),
        String::new(),
        String::new(),
        number(report.macs),
        number(report.params as u64),
        table::percent(report.zero_params, report.params),
    ];
    let columns = [
        ("#", Align::Right),
        ("op", Align::Left),
        ("name", Align::Left),
        ("output", Align::Left),
        ("MACs", Align::Right),
        ("params", Align::Right),
        ("zero", Align::Right),
    ];
    let _ = write!(text, "\n{}\n", table::table(&columns, rows.chain([total])));
    lossless(&mut text, report, ops_after);
    match (report.ram_bytes, report.weight_bytes, problems) {
        (Some(ram), Some(weights), _) => {
            let (ram, weights) = (number(ram as u64), number(weights as u64));
            let _ = writeln!(
                text,
                "planned: {ram} bytes of RAM + `STACK_BYTES` of stack, {weights} bytes of weights and tables in flash"
            );
        }
        (_, _, Some(problems)) => {
            let _ = writeln!(text, "no code can be generated from this model as it is:");
            summarize(&mut text, problems);
        }
        _ => {}
    }
    text
}

/// What the passes removed, the same thing told once with its count.
fn lossless(text: &mut String, report: &Report, ops_after: usize) {
    let Lossless { macs, params, removed } = &report.lossless;
    if removed.is_empty() {
        let _ = writeln!(text, "lossless passes: nothing to remove");
        return;
    }
    let _ = writeln!(
        text,
        "lossless passes: {} operators become {ops_after}, {} MACs become {}, {} parameters become {}",
        report.ops.len(),
        number(report.macs),
        number(*macs),
        number(report.params as u64),
        number(*params as u64),
    );
    for Removed { pass, what, why } in removed {
        let _ = writeln!(text, "  {pass}: {}: {why}", with_short_name(what));
    }
}

/// A text with the name that it ends in cut short.
fn with_short_name(what: &str) -> String {
    match what.split_once('`').and_then(|(text, name)| Some((text, name.strip_suffix('`')?))) {
        Some((text, name)) => format!("{text}`{}`", table::short(name)),
        None => what.to_string(),
    }
}

/// The first diagnostic of each kind, and how many more there are of it.
fn summarize(text: &mut String, problems: &Diagnostics) {
    let mut told: Vec<&str> = Vec::new();
    for diagnostic in &problems.0 {
        if told.contains(&diagnostic.code) {
            continue;
        }
        told.push(diagnostic.code);
        let more = problems.0.iter().filter(|other| other.code == diagnostic.code).count() - 1;
        let place = Place { file: None, ..render::short(&diagnostic.place) };
        let shown = Diagnostic { place, ..diagnostic.clone() };
        let _ = writeln!(text, "  {}", shown.to_string().replace('\n', "\n  "));
        if more > 0 {
            let _ = writeln!(text, "    and {more} more of this kind");
        }
    }
}
