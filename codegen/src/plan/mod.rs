//! From a lowered program to a plan: memory for every tensor and a form for every kernel. Plain data, with a stable text form.

mod arena;
mod blocked;
mod check;
mod cost;
mod fit;
mod form;
mod layout;
mod limit;
mod overlap;
mod packed;
mod palettized;
mod replay;
mod select;
mod sparse;
mod sparse_lanes;
mod sparse_pairs;
mod step;
mod storage;
mod text;

pub use check::{PlanError, check};
pub use cost::{CORES, Code, Cost, Instructions, Layer, Rate, Work};
pub use fit::{FitError, Needs, Region, Shortage, fit, with_stack};
pub use form::{Form, Packed, Palettized, Sparse};
pub use layout::{ALIGN, Layout};
pub use limit::{LimitError, limit};
pub use step::PlannedStep;
pub use storage::{Storage, storages};

use arena::{Arena, arena};
use form::Choice;

use crate::ir::{DType, TensorId};
use crate::lower::{ConstId, Constant, Program, Step, little_endian};
use crate::options::{CoreClass, Optimize, Options};
use tinybake_runtime::stack;

/// Where a tensor lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Bytes of the arena.
    Arena {
        /// First byte; a multiple of [`ALIGN`].
        offset: usize,
        /// Number of bytes.
        bytes: usize,
    },
    /// A buffer of its own, for dtypes of which there are no views: `int64` and `bool`.
    Field {
        /// Index into [`Plan::fields`].
        index: usize,
    },
}

impl Place {
    /// Whether both begin at one byte.
    pub fn begins_with(self, other: Self) -> bool {
        match (self, other) {
            (Place::Arena { offset: a, .. }, Place::Arena { offset: b, .. }) => a == b,
            (Place::Field { .. }, _) | (_, Place::Field { .. }) => false,
        }
    }

    /// Whether they have a byte in common.
    pub fn intersects(self, other: Self) -> bool {
        match (self, other) {
            (Place::Arena { offset: a, bytes: a_bytes }, Place::Arena { offset: b, bytes: b_bytes }) => {
                a < b + b_bytes && b < a + a_bytes
            }
            (Place::Field { index: a }, Place::Field { index: b }) => a == b,
            (Place::Arena { .. }, Place::Field { .. }) | (Place::Field { .. }, Place::Arena { .. }) => false,
        }
    }
}

/// A buffer outside the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Element type.
    pub dtype: DType,
    /// Number of elements.
    pub elements: usize,
}

/// An input or output of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// The tensor.
    pub id: TensorId,
    /// The model's name of the tensor.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its element type.
    pub dtype: DType,
    /// `real = scale * (q - zero_point)`; 1 and 0 where it has no quantization.
    pub scale: f32,
    /// See `scale`.
    pub zero_point: i32,
    /// Where it lives.
    pub place: Place,
}

impl Port {
    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Everything that is known before a line of code is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The model's name.
    pub name: String,
    /// What the user chose.
    pub options: Options,
    /// SHA-256 of the source model.
    pub source_sha256: [u8; 32],
    /// What the caller fills.
    pub inputs: Vec<Port>,
    /// What the caller reads.
    pub outputs: Vec<Port>,
    /// Element type of every tensor of the program.
    pub dtypes: Vec<DType>,
    /// Element type of the arena: `int8` or `int16`.
    pub arena_dtype: DType,
    /// Bytes of the arena.
    pub arena_bytes: usize,
    /// The least arena that this schedule could have: the most that is in use at one moment, where outputs lie over the
    /// inputs that they consume as far as they can.
    pub arena_lower_bound: usize,
    /// Bytes that the arena would have if no output lay over part of an input.
    pub arena_bytes_apart: usize,
    /// Buffers of other dtypes.
    pub fields: Vec<Field>,
    /// Steps in execution order.
    pub steps: Vec<PlannedStep>,
    /// Constants that steps carry in flash.
    pub constants: Vec<Constant>,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Bytes of code and constants, by the cost model.
    pub flash_estimate: usize,
}

impl Plan {
    /// `size_of` the model struct: the arena and the fields, each rounded up to a word.
    pub fn ram_bytes(&self) -> usize {
        let fields = self.fields.iter().map(|field| (field.elements * field.dtype.size()).next_multiple_of(ALIGN));
        self.arena_bytes + fields.sum::<usize>()
    }

    /// Bytes of stack that an inference takes at most on cores of a class: the generated module's `STACK_BYTES` there.
    pub fn stack_bytes(&self, class: CoreClass) -> usize {
        let kind = match class {
            CoreClass::Armv6M => Some("thumb1"),
            CoreClass::Armv7M => Some("thumb2"),
            CoreClass::Dsp => Some("dsp"),
            CoreClass::Mve => Some("mve"),
            CoreClass::Riscv32 => Some("riscv32"),
            CoreClass::Generic | CoreClass::Host => None,
        };
        let core = stack::CORES.iter().position(|core| Some(*core) == kind);
        let row = |name: &str| stack::ROWS.iter().find(|(row, _)| *row == name).map_or(stack::VIEW, |&(_, frames)| frames);
        let steps: Vec<_> = self.steps.iter().map(|step| (row(step.frames()), step.lent_bytes())).collect();
        stack::deepest_on(core, self.options.optimize == Optimize::Size, &[], &steps)
    }

    /// The element type of a tensor of the program.
    pub fn dtype(&self, id: TensorId) -> DType {
        self.dtypes.get(id.0 as usize).copied().unwrap_or(self.arena_dtype)
    }

    /// Where a tensor of the program lives; `None` for one that no step writes and that is no input.
    pub fn place(&self, id: TensorId) -> Option<Place> {
        let input = self.inputs.iter().find(|port| port.id == id).map(|port| port.place);
        let written = |planned: &PlannedStep| {
            planned.step.writes.iter().zip(&planned.writes).find(|(other, _)| **other == id).map(|(_, &place)| place)
        };
        input.or_else(|| self.steps.iter().find_map(written))
    }

    /// Bytes of weights, biases, multipliers and tables that the steps refer to.
    pub fn weight_bytes(&self) -> usize {
        self.bytes_of(self.steps.iter().flat_map(|planned| planned.constants()))
    }

    /// Those of [`Plan::weight_bytes`] that are filters, biases and constant operands: what training made.
    pub fn parameter_bytes(&self) -> usize {
        let parameters = self.steps.iter().flat_map(|planned| {
            let mut tables = planned.step.kernel.tables();
            if let Form::Packed(packed) | Form::SparseLanes(packed) | Form::SparsePairs(packed) = planned.form {
                tables.push(packed.scales);
            }
            planned.constants().into_iter().filter(move |id| !tables.contains(id))
        });
        self.bytes_of(parameters)
    }

    /// Whether a step computes with floats: where the core has none, the compiler's routines do it.
    pub fn computes_in_floats(&self) -> bool {
        self.steps.iter().any(|planned| planned.step.kernel.computes_in_floats())
    }

    /// Bytes of distinct constants.
    fn bytes_of(&self, ids: impl Iterator<Item = ConstId>) -> usize {
        let distinct: std::collections::BTreeSet<_> = ids.collect();
        distinct.into_iter().map(|id| little_endian(&self.constants[id.0 as usize].data).len()).sum()
    }
}

/// Plans a program: memory first, then the form of every kernel.
///
/// # Errors
/// [`PlanError`] where the independent checker finds two live tensors in one place: a fault of the planner, never of the model.
pub fn plan(program: &Program, options: &Options, source_sha256: [u8; 32]) -> Result<Plan, PlanError> {
    let chosen = select::select(program, options);
    let there: Vec<bool> = program.steps.iter().zip(&chosen.choices).map(|(step, form)| form.by_channels(&step.kernel)).collect();
    let pass = chosen.choices.iter().filter_map(|choice| choice.pixels(options.core)).max();
    let Arena { dtype: arena_dtype, storages: in_arena, layout: arena, bytes_apart, others } =
        arena(program, options, &there, pass);
    let mut places = vec![None; program.tensors.len()];
    for (storage, &offset) in in_arena.iter().zip(&arena.offsets) {
        for id in &storage.tensors {
            places[id.0 as usize] = Some(Place::Arena { offset, bytes: storage.bytes });
        }
    }
    let mut fields = Vec::with_capacity(others.len());
    for (index, storage) in others.iter().enumerate() {
        fields.push(Field { dtype: storage.dtype, elements: storage.bytes / storage.dtype.size() });
        for id in &storage.tensors {
            places[id.0 as usize] = Some(Place::Field { index });
        }
    }
    let place = |id: TensorId| places[id.0 as usize].unwrap_or(Place::Arena { offset: 0, bytes: 0 });
    let mut constants = program.constants.clone();
    let mut constant = |constant: Constant| {
        constants.push(constant);
        ConstId(constants.len() as u32 - 1)
    };
    let form = |choice: Choice| choice.form(&mut constant);
    let forms = chosen.choices.into_iter().map(form);
    let planned = |((step, form), &there): ((&Step, Form), &bool)| step::planned(program, step, form, there, &place);
    let steps = program.steps.iter().zip(forms).zip(&there).map(planned).collect();
    let plan = Plan {
        name: program.name.clone(),
        options: options.clone(),
        source_sha256,
        inputs: program.inputs.iter().map(|&id| port(program, id, place(id))).collect(),
        outputs: program.outputs.iter().map(|&id| port(program, id, place(id))).collect(),
        dtypes: program.tensors.iter().map(|tensor| tensor.dtype).collect(),
        arena_dtype,
        arena_bytes: arena.bytes,
        arena_lower_bound: arena.lower_bound,
        arena_bytes_apart: bytes_apart,
        fields,
        steps,
        constants,
        macs: program.steps.iter().map(|step| step.macs).sum(),
        flash_estimate: chosen.flash,
    };
    check(&plan)?;
    Ok(plan)
}

fn port(program: &Program, id: TensorId, place: Place) -> Port {
    let tensor = program.tensor(id);
    let (scale, zero_point) = match &tensor.quantization {
        Some(quantization) if quantization.is_per_tensor() => (quantization.scale(), quantization.zero_point()),
        Some(_) | None => (1.0, 0),
    };
    Port { id, name: tensor.name.clone(), shape: tensor.shape.0.clone(), dtype: tensor.dtype, scale, zero_point, place }
}

#[cfg(test)]
mod tests;
