//! From a lowered program to a plan: memory for every tensor and a form for every kernel. Plain data, with a stable text form.

mod arena;
mod check;
mod fit;
mod form;
mod layout;
mod overlap;
mod pack;
mod packed;
mod replay;
mod sparse;
mod storage;
mod text;

pub use arena::{Arena, arena};
pub use check::{PlanError, check};
pub use fit::{FitError, fit};
pub use form::{Cost, Form};
pub use layout::{ALIGN, Layout};
pub use storage::{Storage, storages};

use form::Choice;
use packed::Arranged;
use sparse::Thinned;

use crate::ir::{DType, TensorId};
use crate::lower::{ConstId, Constant, Kernel, Operand, Program, Step, little_endian};
use crate::options::Options;

/// Where a tensor lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Bytes of the `int8` arena.
    Arena {
        /// First byte; a multiple of [`ALIGN`].
        offset: usize,
        /// Number of bytes.
        bytes: usize,
    },
    /// A buffer of its own, for the other dtypes.
    Field {
        /// Index into [`Plan::fields`].
        index: usize,
    },
}

impl Place {
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
    /// Element type, not `int8`.
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

/// What a step of the form [`Form::Packed`] is given in place of its kernel's constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The module of the runtime's `kernels` that has the kernel.
    pub module: &'static str,
    /// Weights, as words.
    pub filter: ConstId,
    /// Four numbers an output channel: what makes outputs of sums.
    pub scales: ConstId,
    /// Words of the stack that the kernel is lent.
    pub words: usize,
}

/// What a step of the form [`Form::Sparse`] is given in place of its kernel's filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sparse {
    /// Weights that are not zero, with the steps between them.
    pub filter: ConstId,
    /// Elements of the window of four pixels that the kernel is lent.
    pub window: usize,
    /// Bytes of that window.
    pub lent: usize,
}

/// One step, placed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedStep {
    /// What is computed.
    pub step: Step,
    /// How its kernel is instantiated.
    pub form: Form,
    /// Its constants, where the form is [`Form::Packed`].
    pub packed: Option<Packed>,
    /// The constant that holds all of a layer's numbers in [`Form::Blocked`].
    pub stream: Option<ConstId>,
    /// Its filter, where the form is [`Form::Sparse`].
    pub sparse: Option<Sparse>,
    /// The place of each read; `None` for a constant.
    pub reads: Vec<Option<Place>>,
    /// The place of each write.
    pub writes: Vec<Place>,
    /// The operand whose memory the output takes over, where the step works in place.
    pub in_place: Option<usize>,
    /// Whether the output lies over part of the input that the step consumes: it is made row by row then.
    pub over_input: bool,
    /// Shapes of reads, and shapes and quantizations of writes, for the reader of the generated code.
    pub shapes: String,
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
    /// Bytes of the `int8` arena.
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
}

impl Plan {
    /// `size_of` the model struct: the arena and the fields, each rounded up to a word.
    pub fn ram_bytes(&self) -> usize {
        let fields = self.fields.iter().map(|field| (field.elements * field.dtype.size()).next_multiple_of(ALIGN));
        self.arena_bytes + fields.sum::<usize>()
    }

    /// Bytes of weights, biases, multipliers and tables that the steps refer to.
    pub fn weight_bytes(&self) -> usize {
        self.bytes_of(self.steps.iter().flat_map(|planned| planned.constants()))
    }

    /// Those of [`Plan::weight_bytes`] that are filters, biases and constant operands: what training made.
    pub fn parameter_bytes(&self) -> usize {
        let parameters = self.steps.iter().flat_map(|planned| {
            let mut tables = planned.step.kernel.tables();
            tables.extend(planned.packed.map(|packed| packed.scales));
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

/// Bytes of the stack that the loop over the bands of an output over its input takes at most: the parameters of a band.
const BANDS: usize = 160;

impl PlannedStep {
    /// The row of the runtime's table of stack that this step goes by.
    pub fn frames(&self) -> &'static str {
        match self.form {
            Form::Shared | Form::Specialized | Form::Blocked => self.step.kernel.name(),
            Form::Packed => self.packed.map_or("packed", |packed| packed.module),
            Form::Sparse => "sparse",
            Form::Unrolled => "unrolled",
        }
    }

    /// Bytes of the stack that the kernel is lent, and that a loop over bands takes, which the row does not count.
    pub fn lent_bytes(&self) -> usize {
        let bands = if self.over_input { BANDS } else { 0 };
        let of_packed = self.packed.map_or(0, |packed| 4 * packed.words);
        bands + of_packed + self.sparse.map_or(0, |sparse| sparse.lent)
    }

    /// The constants that generated code carries for this step; none for an unrolled one, whose weights are in its code.
    pub fn constants(&self) -> Vec<ConstId> {
        let mut ids = match self.form {
            Form::Shared | Form::Specialized => self.step.kernel.constants(),
            Form::Packed => self.packed.iter().flat_map(|packed| [packed.filter, packed.scales]).collect(),
            Form::Blocked => self.stream.into_iter().collect(),
            Form::Sparse => {
                let dense = self.step.kernel.filter();
                let filter = |id| self.sparse.filter(|_| Some(id) == dense).map_or(id, |sparse| sparse.filter);
                self.step.kernel.constants().into_iter().map(filter).collect()
            }
            Form::Unrolled => Vec::new(),
        };
        ids.extend(self.step.reads.iter().filter_map(|read| match read {
            Operand::Constant(id) => Some(*id),
            Operand::Activation(_) => None,
        }));
        ids
    }
}

/// Plans a program: memory first, then the form of every kernel.
///
/// # Errors
/// [`PlanError`] where the independent checker finds two live tensors in one place: a fault of the planner, never of the model.
pub fn plan(program: &Program, options: &Options, source_sha256: [u8; 32]) -> Result<Plan, PlanError> {
    let Arena { storages: in_arena, layout: arena, bytes_apart, others } = arena(program, options.optimize);
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
    let forms = form::choose(program, options);
    let mut constant = |constant: Constant| {
        constants.push(constant);
        ConstId(constants.len() as u32 - 1)
    };
    let mut steps: Vec<PlannedStep> = Vec::with_capacity(program.steps.len());
    for (step, form) in program.steps.iter().zip(forms) {
        let mut planned = planned(program, step, form.form(), &place);
        match form {
            Choice::Plain(_) => {}
            Choice::Packed(Arranged { module, filter, scales, words }) => {
                planned.packed = Some(Packed { module, filter: constant(filter), scales: constant(scales), words });
            }
            Choice::Blocked(stream) => planned.stream = Some(constant(stream)),
            Choice::Sparse(Thinned { filter, window, lent, products: _ }) => {
                planned.sparse = Some(Sparse { filter: constant(filter), window, lent });
            }
        }
        steps.push(planned);
    }
    let plan = Plan {
        name: program.name.clone(),
        options: options.clone(),
        source_sha256,
        inputs: program.inputs.iter().map(|&id| port(program, id, place(id))).collect(),
        outputs: program.outputs.iter().map(|&id| port(program, id, place(id))).collect(),
        arena_bytes: arena.bytes,
        arena_lower_bound: arena.lower_bound,
        arena_bytes_apart: bytes_apart,
        fields,
        steps,
        constants,
        macs: program.steps.iter().map(|step| step.macs).sum(),
    };
    check(&plan)?;
    Ok(plan)
}

fn planned(program: &Program, step: &Step, form: Form, place: &impl Fn(TensorId) -> Place) -> PlannedStep {
    let reads: Vec<Option<Place>> = step
        .reads
        .iter()
        .map(|read| match read {
            Operand::Activation(id) => Some(place(*id)),
            Operand::Constant(_) => None,
        })
        .collect();
    let writes: Vec<Place> = step.writes.iter().map(|&id| place(id)).collect();
    let takes_over = |&operand: &usize| reads.get(operand).is_some_and(|read| read.is_some() && *read == writes.first().copied());
    let in_place = step.kernel.in_place_operands().iter().copied().find(takes_over);
    let over_input = match (reads.as_slice(), writes.as_slice()) {
        (&[Some(read)], &[write]) => in_place.is_none() && read.intersects(write) && !matches!(step.kernel, Kernel::View),
        _ => false,
    };
    let shape = |id: TensorId| program.tensor(id).shape.to_string();
    let from = step.reads.iter().map(|read| match read {
        Operand::Activation(id) => shape(*id),
        Operand::Constant(_) => "const".into(),
    });
    let to = step.writes.iter().map(|&id| match &program.tensor(id).quantization {
        Some(quantization) => format!("{} {quantization}", shape(id)),
        None => shape(id),
    });
    let shapes = format!("{} -> {}", from.collect::<Vec<_>>().join(", "), to.collect::<Vec<_>>().join(", "));
    PlannedStep {
        step: step.clone(),
        form,
        packed: None,
        stream: None,
        sparse: None,
        reads,
        writes,
        in_place,
        over_input,
        shapes,
    }
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
