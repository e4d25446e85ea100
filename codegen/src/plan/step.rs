//! A step of a plan: what is computed, in which form, and where its operands live.

use super::{Form, Place};
use crate::ir::TensorId;
use crate::lower::{BinaryFn, ConstId, Kernel, Operand, Program, Step};
use tinybake_runtime::kernels::reals::RealSum;

/// Bytes of the stack that the loop over the bands of an output over its input takes at most: the parameters of a band.
const BANDS: usize = 160;

/// One step, placed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedStep {
    /// What is computed.
    pub step: Step,
    /// How its kernel is instantiated.
    pub form: Form,
    /// The place of each read; `None` for a constant.
    pub reads: Vec<Option<Place>>,
    /// The place of each write.
    pub writes: Vec<Place>,
    /// The operand whose memory the output takes over, or begins with, where the step works in place.
    pub in_place: Option<usize>,
    /// Whether the output lies over part of the input that the step consumes: it is made row by row then.
    pub over_input: bool,
    /// Whether the output begins where the input that the step consumes does, in another shape: it is made channel by channel then.
    pub by_channels: bool,
    /// Shapes of reads, and shapes and quantizations of writes, for the reader of the generated code.
    pub shapes: String,
}

impl PlannedStep {
    /// Whether the output lies over the input and is no element-wise function of it.
    pub fn lies_over_input(&self) -> bool {
        self.over_input || self.by_channels
    }

    /// The row of the runtime's table of stack that this step goes by.
    pub fn frames(&self) -> &'static str {
        match self.form {
            Form::Shared | Form::Specialized | Form::Blocked(_) => match &self.step.kernel {
                Kernel::Int16(_) => "int16",
                // Its exact sums of products are those of this.
                Kernel::Binary { function: BinaryFn::RealSum(RealSum { fused: true, .. }), .. } => "softmax_reals",
                kernel => kernel.name(),
            },
            Form::Packed(packed) | Form::SparseLanes(packed) | Form::SparsePairs(packed) => packed.module,
            Form::Sparse(_) => "sparse",
            Form::Palettized(_) => "palettized",
            Form::Unrolled => "unrolled",
        }
    }

    /// Bytes of the stack that the kernel is lent, and that a loop over bands takes, which the row does not count.
    pub fn lent_bytes(&self) -> usize {
        let bands = if self.over_input { BANDS } else { 0 };
        let lent = match self.form {
            Form::Packed(packed) | Form::SparseLanes(packed) | Form::SparsePairs(packed) => 4 * packed.words,
            Form::Sparse(sparse) => sparse.lent,
            Form::Shared | Form::Specialized | Form::Blocked(_) | Form::Palettized(_) | Form::Unrolled => 0,
        };
        bands + lent
    }

    /// The constants that generated code carries for this step; none for an unrolled one, whose weights are in its code.
    pub fn constants(&self) -> Vec<ConstId> {
        let mut ids = match self.form {
            Form::Shared | Form::Specialized => self.step.kernel.constants(),
            Form::Packed(packed) | Form::SparseLanes(packed) | Form::SparsePairs(packed) => vec![packed.filter, packed.scales],
            Form::Blocked(stream) => vec![stream],
            Form::Sparse(sparse) => self.constants_with(sparse.filter),
            Form::Palettized(palettized) => self.constants_with(palettized.filter),
            Form::Unrolled => Vec::new(),
        };
        ids.extend(self.step.reads.iter().filter_map(|read| match read {
            Operand::Constant(id) => Some(*id),
            Operand::Activation(_) => None,
        }));
        ids
    }

    /// The constants of the kernel with another filter.
    fn constants_with(&self, filter: ConstId) -> Vec<ConstId> {
        let plain = self.step.kernel.filter();
        self.step.kernel.constants().into_iter().map(|id| if Some(id) == plain { filter } else { id }).collect()
    }
}

/// `by_channels` says whether the form can work in the place of its input.
pub(super) fn planned(
    program: &Program,
    step: &Step,
    form: Form,
    by_channels: bool,
    place: &impl Fn(TensorId) -> Place,
) -> PlannedStep {
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
    let begins = |read: Option<Place>| read.zip(writes.first()).is_some_and(|(read, write)| read.begins_with(*write));
    let changed = (step.kernel.changes_type() && reads.first().copied().is_some_and(begins)).then_some(0);
    let in_place = step.kernel.in_place_operands().iter().copied().find(takes_over).or(changed);
    let (over_input, there) = match (reads.as_slice(), writes.as_slice()) {
        (&[Some(read)], &[write]) if in_place.is_none() && read.intersects(write) && !matches!(step.kernel, Kernel::View) => {
            (true, read.begins_with(write))
        }
        _ => (false, false),
    };
    let by_channels = by_channels && there;
    let over_input = over_input && !by_channels;
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
    PlannedStep { step: step.clone(), form, reads, writes, in_place, over_input, by_channels, shapes }
}
