//! What an int8 network takes on a device, and how often it is right there.

use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::diag::{Diagnostics, Explain, Place};
use tinybake_codegen::eval::float::stored_of;
use tinybake_codegen::ir::{Data, Graph};
use tinybake_codegen::measure::{self, Program};
use tinybake_codegen::options::{Optimize, Options};
use tinybake_codegen::pipeline::compile_graph;
use tinybake_train::data::Samples;

/// Figures of generated code.
pub(crate) struct Firmware {
    /// Bytes of code, tables and weights on a Cortex-M4.
    pub(crate) flash: u64,
    /// Bytes of the model's memory.
    pub(crate) ram: u64,
    /// Instructions of an inference on a Cortex-M0+.
    pub(crate) small: u64,
    /// Instructions of an inference on a Cortex-M4.
    pub(crate) large: u64,
    /// Samples that the emulated Cortex-M4 classifies as their labels say.
    pub(crate) right: usize,
}

/// Generates code for both cores, builds it, and runs all samples on the Cortex-M4 and a few on the Cortex-M0+, in QEMU.
pub(crate) fn firmware(graph: &Graph, samples: &Samples) -> Result<Firmware, Diagnostics> {
    let catalogue = Catalogue::builtin();
    let mut all = Vec::new();
    for (core, count) in [("cortex-m4", samples.count), ("cortex-m0plus", 10)] {
        let target = catalogue.find(core).map_err(|error| error.at(Place::default()))?;
        let options = Options { optimize: Optimize::Size, core: target.class(), ..Options::default() };
        let plan = compile_graph(graph.clone(), &options, [0; 32])?.plan;
        let program = Program::of_plan(&plan);
        let settings = measure::Options { size: true, ..measure::Options::default() };
        let given = measure::Samples { count, inputs: vec![stored(graph, samples, count)] };
        let problem = |error: measure::MeasureError| Diagnostics::from(error.at(Place::default()));
        let run = measure::run(&program, &given, &target, &settings).map_err(problem)?;
        let flash = measure::footprint(&program, &target, &settings).map_err(problem)?.model();
        all.push((run, flash.code + flash.rodata + flash.data));
    }
    let (large, flash) = &all[0];
    let instructions = |run: &measure::Run| run.instructions.map_or(0, |instructions| instructions.mean);
    Ok(Firmware {
        flash: *flash,
        ram: large.ram_bytes,
        small: instructions(&all[1].0),
        large: instructions(large),
        right: right(&large.outputs[0], &samples.labels),
    })
}

/// The first samples as the network's first input stores them.
fn stored(graph: &Graph, samples: &Samples, count: usize) -> Vec<u8> {
    let input = graph.tensor(graph.inputs[0]);
    let chosen: Vec<usize> = (0..count).collect();
    match stored_of(&samples.gather(0, &chosen), input.dtype, input.quantization.as_ref()) {
        Data::I8(values) => values.iter().map(|value| value.to_le_bytes()[0]).collect(),
        _ => Vec::new(),
    }
}

/// Rows of int8 scores whose greatest, the first of equals, is the label's.
fn right(scores: &[u8], labels: &[usize]) -> usize {
    let classes = scores.len() / labels.len();
    let greatest =
        |row: &[u8]| (1..row.len()).fold(0, |best, index| if row[index] as i8 > row[best] as i8 { index } else { best });
    scores.chunks(classes).zip(labels).filter(|(row, label)| greatest(row) == **label).count()
}
