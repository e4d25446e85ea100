//! The table of what forms of layers cost in `codegen/src/plan/cost/table.rs`: how it is measured, and that what is chosen by it is
//! what is fast.

mod fit;
mod layers;

use layers::{SAMPLES, Sample, Weights, graph, nothing};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tinybake_codegen::boards::{Catalogue, Target};
use tinybake_codegen::measure::{self, Program, Samples};
use tinybake_codegen::options::FormKind;
use tinybake_codegen::pipeline::compile_graph;
use tinybake_codegen::plan::{CORES, Layer, Plan, Rate, Work};
use tinybake_codegen::{Optimize, Options};

/// An emulated core of each kind, in the order of the table's columns.
const MEASURED: [&str; CORES.len()] = ["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m55", "riscv32imc"];

/// All forms.
fn forms() -> impl Iterator<Item = FormKind> {
    FormKind::WORDS.iter().filter_map(|word| word.parse().ok())
}

/// The weights that a form is for.
fn weights(form: FormKind) -> Weights {
    match form {
        FormKind::Shared | FormKind::Specialized | FormKind::Packed | FormKind::Blocked | FormKind::Unrolled => Weights::Dense,
        FormKind::Sparse | FormKind::SparseLanes => Weights::Scattered,
        FormKind::SparsePairs => Weights::TwoOfFour,
        FormKind::Palettized => Weights::Few,
    }
}

fn settings(size: bool) -> measure::Options {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure");
    measure::Options { size, directory, ..measure::Options::default() }
}

/// The plan of some layers; their form is `form`, or the one that is chosen.
fn plan(sample: &Sample, count: usize, target: &Target<'_>, optimize: Optimize, form: Option<FormKind>) -> Plan {
    let options = Options { core: target.class(), optimize, form, ..Options::default() };
    let compiled = compile_graph(graph(sample, count), &options, [0; 32]);
    compiled.unwrap_or_else(|problem| panic!("{sample:?}: {problem}")).plan
}

/// Plans of all samples, each in one form, where the core has it.
fn plans(target: &Target<'_>, count: usize, optimize: Optimize, form: FormKind) -> Vec<Plan> {
    let plans =
        SAMPLES.iter().map(|sample| plan(&Sample { weights: weights(form), ..*sample }, count, target, optimize, Some(form)));
    plans.filter(|plan| plan.steps.iter().all(|planned| planned.form.kind() == form)).collect()
}

/// Mean instructions of an inference of each plan, all in one image.
fn instructions(plans: &[Plan], target: &Target<'_>) -> Vec<f64> {
    let programs: Vec<Program> = plans.iter().map(Program::of_plan).collect();
    let samples: Vec<Samples> = programs.iter().map(|program| Samples::arbitrary(&program.inputs, 2)).collect();
    let batch: Vec<_> = programs.iter().zip(&samples).collect();
    let runs =
        measure::run_many(&batch, target, &settings(false)).unwrap_or_else(|problem| panic!("{}: {problem}", target.name()));
    runs.iter().map(|run| run.instructions.map_or(0.0, |instructions| instructions.mean as f64)).collect()
}

/// Bytes of flash beyond constants that an image with a plan takes that is built for size.
fn code(plan: &Plan, target: &Target<'_>) -> f64 {
    let image = measure::build(&[&Program::of_plan(plan)], target, &settings(true));
    let flash = image.unwrap_or_else(|problem| panic!("{}: {problem}", target.name())).sections.flash();
    flash as f64 - plan.weight_bytes() as f64
}

/// A plan of no layer: what all programs do beside theirs.
fn empty(target: &Target<'_>) -> Plan {
    let options = Options { core: target.class(), ..Options::default() };
    compile_graph(nothing(), &options, [0; 32]).expect("a graph of no layer").plan
}

/// Instructions of the layers of one form on one core: what each does, and what it takes.
type Rows = BTreeMap<(Layer, FormKind), Vec<([f64; fit::FEATURES], f64)>>;

/// What layers take in all forms that a core has.
fn rows(target: &Target<'_>) -> Rows {
    let forms: Vec<(FormKind, Plan)> =
        forms().flat_map(|form| plans(target, 1, Optimize::Speed, form).into_iter().map(move |plan| (form, plan))).collect();
    let all: Vec<Plan> = forms.iter().map(|(_, plan)| plan.clone()).chain([empty(target)]).collect();
    let taken = instructions(&all, target);
    let around = taken.last().copied().unwrap_or(0.0);
    let mut rows = Rows::new();
    for ((form, plan), taken) in forms.iter().zip(taken) {
        let step = &plan.steps[0].step;
        let Work { products, gathered, outputs, channels } = Work::of(step, *form, &plan.constants);
        let layer = Layer::of(&step.kernel).expect("a layer");
        rows.entry((layer, *form)).or_default().push(([1.0, products, gathered, outputs, channels], (taken - around).max(1.0)));
    }
    rows
}

/// Bytes of code of a kind of layer in one form: what layers share, what each adds, and what each weight adds.
fn bytes(target: &Target<'_>, (layer, form): (Layer, FormKind), glue: f64) -> Option<[f64; 3]> {
    // The layer of the kind with most to do says most of what its weights take.
    let largest = |count: usize| {
        let of_layer = |plan: &Plan| Layer::of(&plan.steps[0].step.kernel) == Some(layer);
        plans(target, count, Optimize::Size, form).into_iter().filter(of_layer).max_by_key(|plan| plan.macs)
    };
    let (single, triple) = (largest(1)?, largest(3)?);
    let (one, three) = (code(&single, target) - glue, code(&triple, target) - glue);
    let each = ((three - one) / 2.0).max(0.0);
    // Code of weights grows with them, and nothing is shared.
    let weights = Work::of(&single.steps[0].step, form, &single.constants).products;
    Some(if form == FormKind::Unrolled { [0.0, 0.0, one / weights] } else { [(one - each).max(0.0), each, 0.0] })
}

type Table = BTreeMap<(Layer, FormKind), [Option<Rate>; CORES.len()]>;

fn text(table: &Table) -> String {
    let mut text = String::from(
        "//! What forms of layers cost. Measured and written by `cargo test --test cost -- --ignored`.\n\
         #![allow(clippy::approx_constant, reason = \"what is measured may be near any number\")]\n\n\
         use super::{Kind, Layer, Row};\n\n\
         /// Of each form of each kind of layer, the fields of [`super::Rate`] on each kind of core.\n\
         pub(super) const RATES: &[Row] = &[\n",
    );
    for ((layer, form), rates) in table {
        let _ = writeln!(text, "    (\n        Kind::{form:?},\n        Layer::{layer:?},\n        [");
        for rate in rates {
            let _ = match rate {
                None => writeln!(text, "            None,"),
                Some(Rate { once, bytes, weight, layer, product, gathered, output, channel }) => writeln!(
                    text,
                    "            Some([{once:.1}, {bytes:.1}, {weight:.1}, {layer:.1}, {product:.3}, {gathered:.3}, {output:.2}, \
                     {channel:.1}]),"
                ),
            };
        }
        text.push_str("        ],\n    ),\n");
    }
    text + "];\n"
}

/// Cores whose code for size is measured: others have the code of the second, where that has the form.
const SIZED: [&str; 3] = ["cortex-m0plus", "cortex-m4", "riscv32imc"];

#[test]
#[ignore = "writes the compiler's table of costs anew: minutes, with every core's emulator"]
fn refit() {
    let catalogue = Catalogue::builtin();
    let find = |core: &str| catalogue.find(core).expect("a core of the table");
    let mut table = Table::new();
    let mut sizes = BTreeMap::new();
    for (column, core) in MEASURED.into_iter().enumerate() {
        let target = find(core);
        measure::available(&target).unwrap_or_else(|missing| panic!("{core}: {missing}"));
        for (kernel, rows) in rows(&target) {
            let sized = |core: &str| {
                let target = find(core);
                bytes(&target, kernel, code(&empty(&target), &target))
            };
            let twin = if SIZED.contains(&core) { core } else { SIZED[1] };
            let of_twin = *sizes.entry((twin, kernel)).or_insert_with(|| sized(twin));
            let [once, bytes, weight] = of_twin.or_else(|| sized(core)).unwrap_or([0.0; 3]);
            let found @ [layer, product, gathered, output, channel] = fit::fit(&rows);
            let off = |(features, figure): &([f64; fit::FEATURES], f64)| (fit::predict(&found, features) / figure - 1.0).abs();
            let worst = 100.0 * rows.iter().map(off).fold(0.0, f64::max);
            println!("{core} {kernel:?}: {found:.2?}, within {worst:.0} %; bytes {once} + {bytes} + {weight:.1} a weight");
            table.entry(kernel).or_default()[column] =
                Some(Rate { once, bytes, weight, layer, product, gathered, output, channel });
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("codegen/src/plan/cost/table.rs");
    std::fs::write(&file, text(&table)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// On emulated cores, what is chosen for speed takes at most a twentieth more instructions than the best form of each layer
/// would, over all layers.
#[test]
fn what_is_chosen_is_fast() {
    let catalogue = Catalogue::builtin();
    for core in MEASURED.into_iter().filter(|&core| core != "cortex-m3") {
        let target = catalogue.find(core).expect("a core of the table");
        if let Err(missing) = measure::available(&target) {
            println!("skipped: {missing}");
            continue;
        }
        let (mut all, mut index) = (Vec::new(), Vec::new());
        for (number, sample) in SAMPLES.iter().enumerate().step_by(4) {
            for weights in [Weights::Dense, Weights::Scattered, Weights::TwoOfFour] {
                let sample = Sample { weights, ..*sample };
                let chosen = plan(&sample, 1, &target, Optimize::Speed, None);
                let others = forms().map(|form| plan(&sample, 1, &target, Optimize::Speed, Some(form)));
                let mut distinct: Vec<Plan> = Vec::new();
                for other in others {
                    if !distinct.iter().any(|known| known.steps[0].form.kind() == other.steps[0].form.kind()) {
                        distinct.push(other);
                    }
                }
                let kind = chosen.steps[0].form.kind();
                index.extend(distinct.iter().map(|plan| ((number, weights), plan.steps[0].form.kind() == kind)));
                all.extend(distinct);
            }
        }
        let mut layers: BTreeMap<(usize, Weights), (f64, f64)> = BTreeMap::new();
        for (((layer, is_chosen), plan), taken) in index.into_iter().zip(&all).zip(instructions(&all, &target)) {
            let (best, chosen) = layers.entry(layer).or_insert((f64::INFINITY, 0.0));
            *best = best.min(taken);
            if is_chosen {
                *chosen = taken;
            }
            println!("{core} {layer:?} {} {taken}{}", plan.steps[0].form, if is_chosen { ", chosen" } else { "" });
        }
        let (best, chosen) = layers.values().fold((0.0, 0.0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
        println!("{core}: {chosen} instructions, of the best forms {best}");
        assert!(chosen > 0.0 && chosen <= 1.05 * best, "{core}: {chosen} instructions, of the best forms {best}");
    }
}
