//! The form of each kernel: shared, specialized or unrolled, by a cost model of bytes and instructions.

use super::blocked;
use super::cost::{self, Cost, Layer, Work};
use super::packed::{self, Arranged};
use super::palettized::{self, Coded};
use super::sparse::{self, Thinned};
use super::{sparse_lanes, sparse_pairs};
use crate::lower::{ConstId, Constant, Kernel, Program, Requantizer, Step, Weights, little_endian};
use crate::options::{CoreClass, FormKind as Kind, Optimize, Options};
use core::fmt;
use std::collections::BTreeSet;

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
    fn kind(&self) -> Kind {
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
        match (self, core) {
            (Choice::SparseLanes(_), CoreClass::Armv6M) => Some(8),
            (Choice::SparseLanes(_), CoreClass::Riscv32) => Some(14),
            (Choice::SparseLanes(_) | Choice::SparsePairs(_), _) => Some(6),
            (Choice::Plain(_) | Choice::Packed(_) | Choice::Blocked(_) | Choice::Sparse(_) | Choice::Palettized(_), _) => None,
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

/// The forms of all steps.
pub(super) struct Chosen {
    /// In the order of the steps.
    pub(super) choices: Vec<Choice>,
    /// Bytes of code and constants, by the cost model.
    pub(super) flash: usize,
}

/// The form of each step: those of the least score together, where code that steps share counts once. Where these would take more than
/// [`Options::max_flash`], a byte counts for more, until they do not.
pub(super) fn choose(program: &Program, options: &Options) -> Chosen {
    let specialized = |step: &Step| cost_of(program, step, &Choice::Plain(Form::Specialized), options.core);
    let total: f64 = program.steps.iter().filter_map(specialized).map(|cost| cost.instructions).sum();
    let scored = |step: &Step| {
        let wanted = |choice: &Choice| options.form.is_none_or(|only| only == choice.kind());
        let candidate = |choice: Choice| {
            let cost = cost_of(program, step, &choice, options.core)?;
            let kernel = Layer::of(&step.kernel).map(|layer| (choice.kind(), layer.code()));
            Some(Candidate { choice, kernel, cost })
        };
        candidates(program, step, options).into_iter().filter(wanted).filter_map(candidate).collect()
    };
    let steps = Candidates { steps: program.steps.iter().map(scored).collect(), core: options.core };
    // In balanced code, a byte is worth what it saves where it saves one part in 30,000 of an inference.
    let balanced = Worth { instruction: 1.0, byte: total / 30_000.0 };
    let first = match options.optimize {
        Optimize::Size => Worth::BYTES,
        Optimize::Speed => Worth { byte: 0.0, ..balanced },
        Optimize::Balanced => balanced,
    };
    let dearer = (0..24).map(|doublings| Worth { byte: total / 1_000_000.0 * f64::from(1u32 << doublings), ..balanced });
    let constants = |step: &Step| step.kernel.constants().iter().map(|&id| bytes_of(program.constant(id))).sum::<f64>();
    let plain: f64 = program.steps.iter().map(constants).sum();
    let mut best = steps.assign(first);
    if let Some(most) = options.max_flash {
        let mut others = dearer.filter(|worth| worth.byte > first.byte).chain([Worth::BYTES]);
        while plain + steps.total(&best, Worth::BYTES) > most.0 as f64
            && let Some(worth) = others.next()
        {
            best = steps.assign(worth);
        }
    }
    let flash = (plain + steps.total(&best, Worth::BYTES)).max(0.0) as usize;
    let choices = steps.steps.into_iter().zip(best).map(|(mut candidates, best)| match best {
        Some(index) => candidates.swap_remove(index).choice,
        None => Choice::Plain(Form::Shared),
    });
    Chosen { choices: choices.collect(), flash }
}

fn bytes_of(constant: &Constant) -> f64 {
    little_endian(&constant.data).len() as f64
}

/// What counts in a choice.
#[derive(Clone, Copy, Debug)]
struct Worth {
    instruction: f64,
    byte: f64,
}

impl Worth {
    /// Nothing but flash.
    const BYTES: Self = Self { instruction: 0.0, byte: 1.0 };

    fn of(self, cost: Cost) -> f64 {
        self.instruction * cost.instructions + self.byte * cost.bytes
    }
}

/// A kernel whose code steps share: a form of a kind of layer.
type SharedKernel = (Kind, Layer);

/// A form of a step, and what it costs.
struct Candidate {
    choice: Choice,
    /// What it shares with other steps.
    kernel: Option<SharedKernel>,
    cost: Cost,
}

/// The forms of all steps, and an index into each step's: `None` for a step that has none.
struct Candidates {
    steps: Vec<Vec<Candidate>>,
    core: CoreClass,
}

impl Candidates {
    /// The form of each step. Each begins with its own best, as if code that is shared cost nothing. Then a kernel is given up, as long as
    /// there is one without which all steps together score less.
    fn assign(&self, worth: Worth) -> Vec<Option<usize>> {
        let mut given_up = BTreeSet::new();
        let mut current = self.best(worth, &given_up);
        loop {
            let without = |kernel: SharedKernel| {
                let mut given_up = given_up.clone();
                given_up.insert(kernel);
                let best = self.best(worth, &given_up);
                (self.total(&best, worth), kernel, best)
            };
            let others = self.kernels(&current).into_iter().map(without);
            let Some((least, kernel, best)) = others.min_by(|a, b| a.0.total_cmp(&b.0)) else { break };
            if least >= self.total(&current, worth) {
                break;
            }
            given_up.insert(kernel);
            current = best;
        }
        current
    }

    /// Each step's own best form of kernels that are not given up.
    fn best(&self, worth: Worth, given_up: &BTreeSet<SharedKernel>) -> Vec<Option<usize>> {
        let allowed = |candidate: &Candidate| candidate.kernel.is_none_or(|kernel| !given_up.contains(&kernel));
        let least = |candidates: &Vec<Candidate>| {
            let all = candidates.iter().enumerate().filter(|(_, candidate)| allowed(candidate));
            all.min_by(|(_, a), (_, b)| worth.of(a.cost).total_cmp(&worth.of(b.cost))).map(|(index, _)| index)
        };
        self.steps.iter().map(least).collect()
    }

    /// The kernels that steps of these forms share.
    fn kernels(&self, best: &[Option<usize>]) -> BTreeSet<SharedKernel> {
        self.steps.iter().zip(best).filter_map(|(candidates, best)| candidates[(*best)?].kernel).collect()
    }

    /// What all steps of these forms count together.
    fn total(&self, best: &[Option<usize>], worth: Worth) -> f64 {
        let own = self.steps.iter().zip(best).map(|(candidates, best)| match best {
            Some(index) => worth.of(candidates[*index].cost),
            None if candidates.is_empty() => 0.0,
            // Its forms are all given up, which cannot be.
            None => f64::INFINITY,
        });
        let once = |(kind, layer)| cost::rate(kind, layer, self.core).map_or(0.0, |rate| worth.byte * rate.once);
        own.sum::<f64>() + self.kernels(best).into_iter().map(once).sum::<f64>()
    }
}

/// The forms that a step has.
fn candidates(program: &Program, step: &Step, options: &Options) -> Vec<Choice> {
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

/// What a choice for a step costs; `None` where nothing is known of it.
fn cost_of(program: &Program, step: &Step, choice: &Choice, core: CoreClass) -> Option<Cost> {
    let kind = choice.kind();
    let Some(layer) = Layer::of(&step.kernel) else { return cost::without_weights(&step.kernel, kind) };
    let rate = cost::rate(kind, layer, core)?;
    let work = Work::of(step, kind, &program.constants);
    let plain = |ids: &[ConstId]| ids.iter().map(|&id| bytes_of(program.constant(id))).sum::<f64>();
    let growth = match choice {
        // Weights are in the code.
        Choice::Plain(Form::Unrolled) => -plain(&step.kernel.constants()),
        Choice::Plain(_) => 0.0,
        Choice::Packed(arranged) | Choice::SparseLanes(arranged) | Choice::SparsePairs(arranged) => {
            bytes_of(&arranged.filter) + bytes_of(&arranged.scales) - plain(&step.kernel.constants())
        }
        Choice::Blocked(stream) => bytes_of(stream) - plain(&step.kernel.constants()),
        Choice::Sparse(Thinned { filter, .. }) | Choice::Palettized(Coded { filter, .. }) => {
            bytes_of(filter) - plain(step.kernel.filter().as_slice())
        }
    };
    Some(rate.cost(&work, growth))
}

/// Whether a step can be unrolled: fully connected ones of one row, of which each weight is used once.
fn unrolls(program: &Program, step: &Step) -> bool {
    let Kernel::FullyConnected { params, weights: Weights { filter, requantizer, bias: _ } } = &step.kernel else { return false };
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
        && program.constant(*filter).data.as_i8().is_some_and(|weights| products(weights) <= UNROLLED_PRODUCTS)
}
