//! The form of each kernel: shared, specialized or unrolled, by a cost model of bytes and instructions.

use super::blocked;
use super::cost::{self, Cost, Layer, Work};
use super::packed::{self, Arranged};
use super::sparse::{self, Thinned};
use crate::lower::{ConstId, Constant, Kernel, Program, Requantizer, Step, Weights, little_endian};
use crate::options::{CoreClass, FormKind as Kind, Optimize, Options};
use core::fmt;

/// How a kernel is instantiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One outlined copy for all layers of its kind, dimensions as arguments.
    Shared,
    /// Inlined with literal dimensions.
    Specialized,
    /// One outlined copy over constants in an arrangement of its own, for the core's widest multiplications.
    Packed(Packed),
    /// Inlined with literal dimensions, its constants in one stream, for cores with vectors.
    Blocked(ConstId),
    /// One outlined copy over the weights that are not zero.
    Sparse(Sparse),
    /// Straight-line code written from the weights.
    Unrolled,
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

impl Form {
    /// The form without what it carries.
    pub fn kind(&self) -> Kind {
        match self {
            Form::Shared => Kind::Shared,
            Form::Specialized => Kind::Specialized,
            Form::Packed(_) => Kind::Packed,
            Form::Blocked(_) => Kind::Blocked,
            Form::Sparse(_) => Kind::Sparse,
            Form::Unrolled => Kind::Unrolled,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().name())
    }
}

/// Multiplications that one step may be unrolled into; above it compile time and flash grow without end.
const UNROLLED_PRODUCTS: usize = 512;

/// Inputs that an unrolled step may have: they live in registers or on the stack.
const UNROLLED_INPUTS: u32 = 32;

/// Bytes of code of an unrolled product, and of an output.
const BYTES_UNROLLED: [f64; 2] = [7.0, 24.0];

/// The form of a step, with what it needs.
pub(super) enum Choice {
    /// Nothing more.
    Plain(Form),
    /// The form [`Form::Packed`].
    Packed(Arranged),
    /// The form [`Form::Blocked`], with its stream.
    Blocked(Constant),
    /// The form [`Form::Sparse`].
    Sparse(Thinned),
}

impl Choice {
    /// The form without what it carries.
    fn kind(&self) -> Kind {
        match self {
            Choice::Plain(form) => form.kind(),
            Choice::Packed(_) => Kind::Packed,
            Choice::Blocked(_) => Kind::Blocked,
            Choice::Sparse(_) => Kind::Sparse,
        }
    }

    /// The form, with its constants added to those of the plan, which give each an identity.
    pub(super) fn form(self, constant: &mut impl FnMut(Constant) -> ConstId) -> Form {
        match self {
            Choice::Plain(form) => form,
            Choice::Packed(Arranged { module, filter, scales, words }) => {
                Form::Packed(Packed { module, filter: constant(filter), scales: constant(scales), words })
            }
            Choice::Blocked(stream) => Form::Blocked(constant(stream)),
            Choice::Sparse(Thinned { filter, window, lent, products: _ }) => {
                Form::Sparse(Sparse { filter: constant(filter), window, lent })
            }
        }
    }
}

/// The form of each step, in order.
pub(super) fn choose(program: &Program, options: &Options) -> Vec<Choice> {
    let specialized = |step: &Step| cost_of(program, step, &Choice::Plain(Form::Specialized), options.core);
    let total: f64 = program.steps.iter().filter_map(specialized).map(|cost| cost.instructions).sum();
    // In balanced code, a byte is worth what it saves where it saves one part in 30,000 of an inference.
    let instructions_per_byte = match options.optimize {
        Optimize::Size => f64::INFINITY,
        Optimize::Speed => 0.0,
        Optimize::Balanced => total / 30_000.0,
    };
    let score = |cost: Cost| match options.optimize {
        Optimize::Size => cost.bytes,
        Optimize::Speed | Optimize::Balanced => cost.instructions + instructions_per_byte * cost.bytes,
    };
    let choice = |step: &Step| {
        let mut best = (Choice::Plain(Form::Shared), f64::INFINITY);
        for choice in candidates(program, step, options) {
            let wanted = options.form.is_none_or(|only| only == choice.kind());
            match cost_of(program, step, &choice, options.core).map(score) {
                Some(score) if wanted && score < best.1 => best = (choice, score),
                Some(_) | None => {}
            }
        }
        best.0
    };
    program.steps.iter().map(choice).collect()
}

/// The forms that a step has.
fn candidates(program: &Program, step: &Step, options: &Options) -> Vec<Choice> {
    let mut all = vec![Choice::Plain(Form::Shared), Choice::Plain(Form::Specialized)];
    if unrolls(program, step) {
        all.push(Choice::Plain(Form::Unrolled));
    }
    // One layer rarely saves what the code of the packed kernels takes.
    if options.optimize != Optimize::Size || options.form == Some(Kind::Packed) {
        all.extend(packed::arrange(program, step, options.core).map(Choice::Packed));
    }
    all.extend(sparse::thin(program, step, options.core).map(Choice::Sparse));
    if options.core == CoreClass::Mve {
        all.extend(blocked::stream(program, step).map(Choice::Blocked));
    }
    all
}

/// What a choice for a step costs; `None` where nothing is known of it.
fn cost_of(program: &Program, step: &Step, choice: &Choice, core: CoreClass) -> Option<Cost> {
    let kind = choice.kind();
    let Some(layer) = Layer::of(&step.kernel) else { return cost::without_weights(&step.kernel, kind) };
    let rate = cost::rate(kind, layer, core)?;
    let work = Work::of(step, kind, &program.constants);
    let bytes = |constant: &Constant| little_endian(&constant.data).len() as f64;
    let plain = |ids: &[ConstId]| ids.iter().map(|&id| bytes(program.constant(id))).sum::<f64>();
    let growth = match choice {
        Choice::Plain(Form::Unrolled) => work.products * BYTES_UNROLLED[0] + work.outputs * BYTES_UNROLLED[1],
        Choice::Plain(_) => 0.0,
        Choice::Packed(arranged) => bytes(&arranged.filter) + bytes(&arranged.scales) - plain(&step.kernel.constants()),
        Choice::Blocked(stream) => bytes(stream) - plain(&step.kernel.constants()),
        Choice::Sparse(thinned) => bytes(&thinned.filter) - plain(step.kernel.filter().as_slice()),
    };
    Some(rate.cost(&work, growth))
}

/// Whether a step can be unrolled: fully connected ones of one row, of which each weight is used once.
fn unrolls(program: &Program, step: &Step) -> bool {
    let Kernel::FullyConnected { params, weights: Weights { filter, requantizer, bias: _ } } = &step.kernel else { return false };
    match requantizer {
        Requantizer::Multiplier(_) | Requantizer::PerChannel { .. } => {}
        Requantizer::Rint(_) | Requantizer::RintPerChannel(_) => return false,
    }
    let products = |weights: &[i8]| weights.iter().filter(|&&weight| weight != 0).count();
    params.rows == 1
        && params.depth <= UNROLLED_INPUTS
        && program.constant(*filter).data.as_i8().is_some_and(|weights| products(weights) <= UNROLLED_PRODUCTS)
}
