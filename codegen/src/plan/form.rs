//! The forms of kernels, and which of them a step has; `select.rs` picks among them.

use super::blocked;
use super::cost;
use super::packed::{self, Arranged};
use super::palettized::{self, Coded};
use super::sparse::{self, Thinned};
use super::{sparse_lanes, sparse_pairs};
use crate::lower::{ConstId, Constant, Kernel, Program, Requantizer, Step, Weights};
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
    /// The same for speed, two pixels in a word.
    SparseLanes(Packed),
    /// One outlined copy over pairs of weights in four neighbours.
    SparsePairs(Packed),
    /// One outlined copy over weights that are places in a table of their values.
    Palettized(Palettized),
    /// Straight-line code written from the weights.
    Unrolled,
}

/// What a step of the form [`Form::Packed`], [`Form::SparseLanes`] or [`Form::SparsePairs`] is given in place of its kernel's constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The module of the runtime's `kernels` that has the kernel.
    pub module: &'static str,
    /// Weights, as the kernel reads them.
    pub filter: ConstId,
    /// For kernels that take weights as the module's `Channels`, which looks through them at compile time: words of an element.
    pub channels: Option<usize>,
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

/// What a step of the form [`Form::Palettized`] is given in place of its kernel's filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palettized {
    /// The table, and places in it.
    pub filter: ConstId,
    /// Bits of a place: 2 or 4.
    pub bits: u32,
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
            Form::Palettized(_) => Kind::Palettized,
            Form::SparseLanes(_) => Kind::SparseLanes,
            Form::SparsePairs(_) => Kind::SparsePairs,
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
    /// The form [`Form::Palettized`].
    Palettized(Coded),
    /// The form [`Form::SparseLanes`].
    SparseLanes(Arranged),
    /// The form [`Form::SparsePairs`].
    SparsePairs(Arranged),
}

impl Choice {
    /// The form without what it carries.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Choice::Plain(form) => form.kind(),
            Choice::Packed(_) => Kind::Packed,
            Choice::Blocked(_) => Kind::Blocked,
            Choice::Sparse(_) => Kind::Sparse,
            Choice::Palettized(_) => Kind::Palettized,
            Choice::SparseLanes(_) => Kind::SparseLanes,
            Choice::SparsePairs(_) => Kind::SparsePairs,
        }
    }

    /// Whether it makes each channel of `kernel` from a copy of rows of the same channel, so that the output may begin where
    /// the input does.
    pub(super) fn by_channels(&self, kernel: &Kernel) -> bool {
        match self {
            Choice::Packed(_) => matches!(kernel, Kernel::DepthwiseConv2d { .. }),
            Choice::Plain(_)
            | Choice::Blocked(_)
            | Choice::Sparse(_)
            | Choice::SparseLanes(_)
            | Choice::SparsePairs(_)
            | Choice::Palettized(_) => false,
        }
    }

    /// Pixels that a pass of a kernel over weights that are not zero makes, which takes as long with fewer.
    pub(super) fn pixels(&self, core: CoreClass) -> Option<usize> {
        match self {
            Choice::SparseLanes(_) | Choice::SparsePairs(_) => cost::pixels_of_pass(self.kind(), core),
            Choice::Plain(_) | Choice::Packed(_) | Choice::Blocked(_) | Choice::Sparse(_) | Choice::Palettized(_) => None,
        }
    }

    /// The form, with its constants added to those of the plan, which give each an identity.
    pub(super) fn form(self, constant: &mut impl FnMut(Constant) -> ConstId) -> Form {
        match self {
            Choice::Plain(form) => form,
            Choice::Packed(Arranged { module, filter, channels, scales, words }) => {
                Form::Packed(Packed { module, filter: constant(filter), channels, scales: constant(scales), words })
            }
            Choice::SparseLanes(Arranged { module, filter, channels, scales, words }) => {
                Form::SparseLanes(Packed { module, filter: constant(filter), channels, scales: constant(scales), words })
            }
            Choice::SparsePairs(Arranged { module, filter, channels, scales, words }) => {
                Form::SparsePairs(Packed { module, filter: constant(filter), channels, scales: constant(scales), words })
            }
            Choice::Blocked(stream) => Form::Blocked(constant(stream)),
            Choice::Sparse(Thinned { filter, window, lent, products: _ }) => {
                Form::Sparse(Sparse { filter: constant(filter), window, lent })
            }
            Choice::Palettized(Coded { filter, bits }) => Form::Palettized(Palettized { filter: constant(filter), bits }),
        }
    }
}

/// The forms that a step has.
pub(super) fn candidates(program: &Program, step: &Step, options: &Options) -> Vec<Choice> {
    let mut all = vec![Choice::Plain(Form::Shared), Choice::Plain(Form::Specialized)];
    if unrolls(program, step) {
        all.push(Choice::Plain(Form::Unrolled));
    }
    // One layer rarely saves what the code of the packed kernels takes.
    if options.optimize != Optimize::Size || matches!(options.form, Some(Kind::Packed | Kind::SparseLanes | Kind::SparsePairs)) {
        all.extend(packed::arrange(program, step, options.core).map(Choice::Packed));
        all.extend(sparse_lanes::arrange(program, step, options.core).map(Choice::SparseLanes));
        all.extend(sparse_pairs::arrange(program, step, options.core).map(Choice::SparsePairs));
    }
    all.extend(sparse::thin(program, step, options.core).map(Choice::Sparse));
    all.extend(palettized::code(program, step).map(Choice::Palettized));
    if options.core == CoreClass::Mve {
        all.extend(blocked::stream(program, step).map(Choice::Blocked));
    }
    all
}

/// Whether a step can be unrolled: fully connected ones of one row, of which each weight is used once, and whose sums cannot overflow, since
/// straight-line code adds with plain operators.
fn unrolls(program: &Program, step: &Step) -> bool {
    let Kernel::FullyConnected { params, weights } = &step.kernel else { return false };
    let Weights { filter, requantizer, bias: _ } = weights;
    match requantizer {
        Requantizer::Multiplier(_) | Requantizer::PerChannel { .. } => {}
        Requantizer::Once(_)
        | Requantizer::OncePerChannel { .. }
        | Requantizer::Rint(_)
        | Requantizer::RintPerChannel(_)
        | Requantizer::Offset { .. }
        | Requantizer::RintAdded { .. } => return false,
    }
    let products = |weights: &[i8]| weights.iter().filter(|&&weight| weight != 0).count();
    params.rows == 1
        && params.depth <= UNROLLED_INPUTS
        && packed::small(program, weights, usize::MAX, |at| at / (params.depth as usize).max(1))
        && program.constant(*filter).data.as_i8().is_some_and(|weights| products(weights) <= UNROLLED_PRODUCTS)
}
