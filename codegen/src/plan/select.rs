//! Which form each step gets: a trade of flash for instructions, by the estimates of `cost/`.
//!
//! A *selection* is a form for every step. Selections on the way from the fewest bytes to the fewest instructions are found by giving
//! a byte more and more worth in instructions; of them, [`Optimize`] takes:
//! - `size`: the least flash,
//! - `speed`: the fewest instructions,
//! - `balanced`: the least product of flash and instructions, so that twice the flash must save half of the instructions; on hosts, whose
//!   flash is not scarce, as `speed`.
//!
//! Flash is all that the model takes, constants included.

use super::cost::{self, Code, Cost, Layer, Work};
use super::form::{self, Choice, Form};
use super::palettized::Coded;
use super::sparse::Thinned;
use crate::ir::TensorId;
use crate::lower::{ConstId, Constant, Program, Step, little_endian};
use crate::options::{CoreClass, FormKind as Kind, Optimize, Options};
use std::collections::BTreeMap;

/// How much better a selection with sparse or palettized layers must be than all without, for the estimates to tell, and how much faster
/// a balanced one than the smallest.
const SURE: f64 = 1.04;

/// How much more a balanced selection counts that is only as fast as the smallest, since that is better compiled for size: products of
/// estimates that are closer tell little.
const SLOW: f64 = 1.1;

/// Exponent of flash in what counts for speed: a part in two hundred of the instructions is worth no more than a part in ten of the
/// flash, since estimates tell no difference that is so small.
const FLASH_FOR_SPEED: f64 = 0.05;

/// Worths of a byte that are tried, each 1.5 times the one before. In the middle, a part of the flash is worth as large a part of the
/// instructions.
const WORTHS: i32 = 24;

/// The forms of all steps.
pub(super) struct Selection {
    /// In the order of the steps.
    pub(super) choices: Vec<Choice>,
    /// Bytes of code and constants, by the cost model.
    pub(super) flash: usize,
}

/// The form of each step, such that [`Options::optimize`] is served best among selections that keep to [`Options::max_flash`]; the
/// smallest selection where none does.
pub(super) fn select(program: &Program, options: &Options) -> Selection {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut plain = 0.0;
    for step in &program.steps {
        plain += step.kernel.constants().iter().map(|&id| bytes_of(program.constant(id))).sum::<f64>();
        let count = uses.entry(step.kernel.name()).or_default();
        *count += 1;
        if *count == 1 && Layer::of(&step.kernel).is_none() {
            plain += cost::code_without_weights(&step.kernel, options.optimize);
        }
    }
    let considered = |choice: &Choice| options.form.is_none_or(|only| only == choice.kind());
    let candidate = |step: &Step, choice: Choice| {
        let uses = uses.get(step.kernel.name()).copied().unwrap_or(1);
        let cost = cost_of(program, step, &choice, options, uses)?;
        let kernel = Layer::of(&step.kernel).map_or(Kernels::NONE, |layer| Kernels::one(choice.kind(), layer));
        Some(Candidate { choice, kernel, cost })
    };
    let of_step = |step: &Step| {
        let all = form::candidates(program, step, options).into_iter().filter(considered);
        all.filter_map(|choice| candidate(step, choice)).collect()
    };
    let steps = program.steps.iter().map(of_step).collect();
    let candidates = Candidates { steps, codes: SharedCode::all(options), plain, options };
    let selected = candidates.select();
    let flash = selected.total.bytes.max(0.0) as usize;
    let choices = candidates.steps.into_iter().zip(selected.indices).map(|(mut candidates, index)| match index {
        Some(index) => candidates.swap_remove(index).choice,
        None => Choice::Plain(Form::Shared),
    });
    Selection { choices: choices.collect(), flash }
}

fn bytes_of(constant: &Constant) -> f64 {
    little_endian(&constant.data).len() as f64
}

/// What a step, one of so many whose kernels have its kernel's name, costs in a form, without the code that it shares; `None` where
/// nothing is known of it.
fn cost_of(program: &Program, step: &Step, choice: &Choice, options: &Options, uses: usize) -> Option<Cost> {
    let kind = choice.kind();
    let Some(layer) = Layer::of(&step.kernel) else {
        let elements = |&id: &TensorId| program.tensor(id).shape.0.iter().map(|&dim| dim as f64).product::<f64>();
        let outputs = step.writes.iter().map(elements).sum();
        return cost::without_weights(&step.kernel, kind, options.optimize, outputs, uses);
    };
    let rate = cost::rate(kind, layer, options.core)?;
    let work = Work::of(step, kind, options.core, &program.constants);
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
    Some(rate.cost(&work, growth, options.optimize))
}

/// A form of a step, and its cost.
struct Candidate {
    choice: Choice,
    /// The kernel whose code it shares with other steps.
    kernel: Kernels,
    cost: Cost,
}

/// A set of kernels, each a form of a kind of layer: a bit of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kernels(u64);

impl Kernels {
    const NONE: Self = Self(0);

    fn one(kind: Kind, layer: Layer) -> Self {
        Self(1 << (kind as u32 * LAYERS + layer as u32))
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// All kernels of a form.
    fn of_form(kind: Kind) -> Self {
        Self(((1 << LAYERS) - 1) << (kind as u32 * LAYERS))
    }
}

/// Kinds of layers.
const LAYERS: u32 = Layer::ALL.len() as u32;

/// Forms of layers whose zeros or few values are made use of.
const ENCODINGS: [Kind; 4] = [Kind::Sparse, Kind::SparseLanes, Kind::SparsePairs, Kind::Palettized];

/// A candidate of each step, `None` for a step that has none, and what all take.
#[derive(Clone)]
struct Selected {
    indices: Vec<Option<usize>>,
    kernels: Kernels,
    total: Cost,
}

impl Selected {
    fn takes_no_more(&self, other: &Self) -> bool {
        self.total.bytes <= other.total.bytes && self.total.instructions <= other.total.instructions
    }
}

/// What a setting wants little of.
fn score(optimize: Optimize, total: Cost) -> f64 {
    let (bytes, instructions) = (total.bytes.max(1.0), total.instructions.max(1.0));
    match optimize {
        // Instructions count where bytes are the same.
        Optimize::Size => bytes * instructions.powf(1e-6),
        Optimize::Speed => instructions * bytes.powf(FLASH_FOR_SPEED),
        Optimize::Balanced => instructions * bytes,
    }
}

/// The candidates of all steps.
struct Candidates<'o> {
    steps: Vec<Vec<Candidate>>,
    /// Code that they share.
    codes: Vec<SharedCode>,
    /// Bytes that all selections have: the constants of all steps in plain forms, and code of kernels without weights.
    plain: f64,
    options: &'o Options,
}

impl Candidates<'_> {
    /// The best selection of a setting: with sparse and palettized layers only where that is better for sure, or smaller and faster.
    fn select(&self) -> Selected {
        let encodings = ENCODINGS.into_iter().map(Kernels::of_form).fold(Kernels::NONE, Kernels::with);
        let any = self.trades(Kernels::NONE);
        // Where a step has no other form, because it is asked for, it stays.
        let encoded = self.steps.iter().flatten().any(|candidate| candidate.kernel.meets(encodings));
        let dense = if encoded { self.trades(encodings) } else { Vec::new() };
        let best = |optimize| match (self.best(&dense, optimize), self.best(&any, optimize)) {
            (Some(dense), Some(any)) if any.takes_no_more(dense) => Some(any),
            (Some(dense), Some(any)) if score(optimize, dense.total) <= SURE * score(optimize, any.total) => Some(dense),
            (Some(best), None) | (_, Some(best)) => Some(best),
            (None, None) => None,
        };
        let optimize = match (self.options.optimize, self.options.core) {
            // Flash of computers is not scarce.
            (Optimize::Balanced, CoreClass::Host) => Optimize::Speed,
            (optimize, _) => optimize,
        };
        let selected = match (optimize, best(optimize), best(Optimize::Balanced)) {
            (Optimize::Speed, Some(speed), Some(balanced)) if balanced.takes_no_more(speed) => Some(balanced),
            (_, selected, _) => selected,
        };
        let smallest = || any.iter().min_by(|a, b| a.total.bytes.total_cmp(&b.total.bytes));
        selected.or_else(smallest).cloned().unwrap_or_else(|| self.each(Worth::BYTES, Kernels::NONE, Kernels::NONE))
    }

    /// The best for a setting of `selections` that keep to the limit.
    fn best<'s>(&self, selections: &'s [Selected], optimize: Optimize) -> Option<&'s Selected> {
        let limit = self.options.max_flash.map_or(f64::INFINITY, |most| most.0 as f64);
        let most = selections.last().map_or(f64::INFINITY, |smallest| smallest.total.instructions / SURE);
        let slow = |total: Cost| if optimize == Optimize::Balanced && total.instructions > most { SLOW } else { 1.0 };
        let count = |selected: &Selected| slow(selected.total) * score(optimize, selected.total);
        let fitting = selections.iter().filter(|selected| selected.total.bytes.max(0.0).floor() <= limit);
        fitting.min_by(|a, b| count(a).total_cmp(&count(b)))
    }

    /// Selections from the fewest instructions to the fewest bytes, without what is barred.
    fn trades(&self, barred: Kernels) -> Vec<Selected> {
        let fastest = self.assign(Worth { instruction: 1.0, byte: 0.0 }, barred);
        let one = fastest.total.instructions.max(1.0) / fastest.total.bytes.max(1.0);
        let between = |step: i32| self.assign(Worth { instruction: 1.0, byte: one * 1.5f64.powi(step) }, barred);
        let smallest = self.assign(Worth::BYTES, barred);
        [fastest].into_iter().chain((-WORTHS / 2..=WORTHS / 2).map(between)).chain([smallest]).collect()
    }

    /// The selection of the least worth in all, or nearly so. Each step begins with its own best, as if code that is shared took no
    /// flash. Then a form, or its code for some layers, is left out, as long as that is better.
    fn assign(&self, worth: Worth, barred: Kernels) -> Selected {
        let mut excluded = Kernels::NONE;
        let mut current = self.each(worth, barred, excluded);
        loop {
            let ways = self.codes.iter().map(|code| code.kernels).filter(|way| current.kernels.meets(*way));
            let others = ways.map(|way| (self.each(worth, barred, excluded.with(way)), way));
            match others.min_by(|a, b| worth.of(a.0.total).total_cmp(&worth.of(b.0.total))) {
                Some((best, way)) if worth.of(best.total) < worth.of(current.total) => {
                    excluded = excluded.with(way);
                    current = best;
                }
                Some(_) | None => return current,
            }
        }
    }

    /// Each step's own best candidate that is not excluded; of a step that has no other, the best of all. One that is barred is taken
    /// only where all are.
    fn each(&self, worth: Worth, barred: Kernels, excluded: Kernels) -> Selected {
        let mut selected = Selected {
            indices: Vec::with_capacity(self.steps.len()),
            kernels: Kernels::NONE,
            total: Cost { bytes: self.plain, instructions: 0.0 },
        };
        for candidates in &self.steps {
            let left_out = |candidate: &Candidate| (candidate.kernel.meets(barred), candidate.kernel.meets(excluded));
            let least = candidates
                .iter()
                .enumerate()
                .min_by(|(_, a), (_, b)| left_out(a).cmp(&left_out(b)).then(worth.of(a.cost).total_cmp(&worth.of(b.cost))));
            selected.indices.push(least.map(|(index, _)| index));
            let Some((_, candidate)) = least else { continue };
            selected.kernels = selected.kernels.with(candidate.kernel);
            selected.total.bytes += candidate.cost.bytes;
            selected.total.instructions += candidate.cost.instructions;
        }
        selected.total.bytes += self.codes.iter().map(|code| code.bytes(selected.kernels)).sum::<f64>();
        selected
    }
}

/// Code that layers of a form share.
struct SharedCode {
    /// The kernels that it is of.
    kernels: Kernels,
    /// Bytes if any of the kernels is used that there are so many of: most of several count.
    of_kernel: Vec<(Kernels, f64)>,
}

impl SharedCode {
    fn bytes(&self, used: Kernels) -> f64 {
        self.of_kernel.iter().filter(|(kernel, _)| kernel.meets(used)).map(|(_, bytes)| *bytes).fold(0.0, f64::max)
    }

    /// The code of all forms that the core has: of a form, and of its kinds of layers, where those that one code computes are one.
    fn all(options: &Options) -> Vec<Self> {
        let kinds = Kind::WORDS.iter().filter_map(|word| word.parse::<Kind>().ok());
        let mut all = Vec::new();
        for kind in kinds {
            let rates = Layer::ALL.into_iter().filter_map(|layer| Some((layer, cost::rate(kind, layer, options.core)?)));
            let codes: Vec<(Layer, &Code)> = rates.map(|(layer, rate)| (layer, rate.code(options.optimize))).collect();
            let mut add = |layers: Vec<(Layer, f64)>| {
                let of_kernel: Vec<_> = layers.into_iter().map(|(layer, bytes)| (Kernels::one(kind, layer), bytes)).collect();
                let kernels = of_kernel.iter().fold(Kernels::NONE, |all, (kernel, _)| all.with(*kernel));
                if of_kernel.iter().any(|&(_, bytes)| bytes > 0.0) {
                    all.push(Self { kernels, of_kernel });
                }
            };
            add(codes.iter().map(|&(layer, code)| (layer, code.form)).collect());
            for layer in Layer::ALL.into_iter().filter(|layer| layer.code() == *layer) {
                let of_layer = codes.iter().filter(|(other, _)| other.code() == layer);
                add(of_layer.map(|&(layer, code)| (layer, code.kind)).collect());
            }
        }
        all
    }
}

/// What counts in a selection.
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
