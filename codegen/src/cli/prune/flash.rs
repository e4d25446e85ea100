//! What a float graph takes in flash once it is quantized and generated.

use crate::boards::Target;
use crate::diag::{Diagnostics, Explain, Place};
use crate::ir::Graph;
use crate::measure::{self, Cache, Cost, MeasureError, Program, Samples};
use crate::options::{Optimize, Options};
use crate::pipeline;
use crate::quantize::{self, Choice, Ranges};
use crate::samples::Dataset;
use serde::{Deserialize, Serialize};

/// Samples that ranges are taken from: enough for a size.
const SAMPLES: usize = 32;

/// Measures for one core.
pub(super) struct Flash<'a> {
    target: Target<'a>,
    data: Dataset,
    settings: measure::Options,
    cache: Cache,
}

/// What a graph takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Size {
    /// Of a linked image, or where that cannot be made, constants alone.
    pub(super) flash: u64,
    /// The model struct.
    pub(super) ram: u64,
    /// The stack of an inference.
    pub(super) stack: u64,
    /// Instructions of an inference; absent where nothing emulates the core.
    pub(super) instructions: Option<u64>,
    /// Whether it was linked.
    pub(super) measured: bool,
}

impl<'a> Flash<'a> {
    pub(super) fn new(target: Target<'a>, data: &Dataset) -> Result<Self, Diagnostics> {
        let settings = measure::Options { size: true, ..measure::Options::default() };
        let cache = Cache::open(&settings.directory).map_err(|error| error.at(Place::default()))?;
        Ok(Self { target: Target { board: None, ..target }, data: data.first(SAMPLES), settings, cache })
    }

    /// Quantizes, generates and links a float graph.
    pub(super) fn of(&self, graph: &Graph) -> Result<Size, Diagnostics> {
        let plain = quantize::Options {
            ranges: Some(Ranges::MinMax),
            equalize: Choice::Off,
            correct_biases: Choice::Off,
            fit_weights: Choice::Off,
            ..quantize::Options::default()
        };
        let int8 = quantize::quantize(graph, &self.data, &plain, |_, _| {})?.graph;
        let options = Options { optimize: Optimize::Size, core: self.target.class(), ..Options::default() };
        let plan = pipeline::compile_graph(int8, &options, [0; 32])?.plan;
        let program = Program::of_plan(&plan);
        let key = self.cache.key(&self.target, &[b"prune 2", program.source.as_bytes()]);
        if let Some(size) = self.cache.get(&key) {
            return Ok(size);
        }
        let ram = plan.ram_bytes() as u64;
        match measure::cost(&program, &Samples::arbitrary(&program.inputs, 1), &self.target, &self.settings) {
            Ok(Cost { model, stack_bytes, stack_bound_bytes, instructions, .. }) => {
                let stack = stack_bytes.max(stack_bound_bytes).unwrap_or(0);
                let size = Size { flash: model.code + model.rodata + model.data, ram, stack, instructions, measured: true };
                self.cache.put(&key, &size).map_err(|error| error.at(Place::default()))?;
                Ok(size)
            }
            Err(error) if error.is_missing_tool() && !matches!(error, MeasureError::CargoMissing { .. }) => {
                let stack = plan.stack_bytes(self.target.class()) as u64;
                Ok(Size { flash: plan.weight_bytes() as u64, ram, stack, instructions: None, measured: false })
            }
            Err(error) => Err(error.at(Place::default()).into()),
        }
    }
}
