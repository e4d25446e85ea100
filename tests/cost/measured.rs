//! What forms of layers take: instructions of single layers, and flash of linked images of several.

use crate::fit;
use crate::host;
use crate::layers::{SAMPLES, Sample, Weights, graph, nothing};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tinybake_codegen::boards::Target;
use tinybake_codegen::measure::{self, Program, Samples};
use tinybake_codegen::options::FormKind;
use tinybake_codegen::pipeline::compile_graph;
use tinybake_codegen::plan::{Code, Layer, Plan, Work};
use tinybake_codegen::{Optimize, Options};

/// A row of the table.
pub(crate) type Kernel = (Layer, FormKind);

/// Numbers of layers of the images whose flash is compared: the difference is that of two layers, without what all share.
const COUNTS: [usize; 2] = [3, 5];

/// All forms.
pub(crate) fn forms() -> impl Iterator<Item = FormKind> {
    FormKind::WORDS.iter().filter_map(|word| word.parse().ok())
}

/// The weights that a form is for: those of which code is measured first.
fn weights(form: FormKind) -> &'static [Weights] {
    match form {
        FormKind::Shared | FormKind::Specialized | FormKind::Packed | FormKind::Blocked | FormKind::Unrolled => &[Weights::Dense],
        FormKind::Sparse | FormKind::SparseLanes => &[Weights::Scattered, Weights::TwoOfFour],
        FormKind::SparsePairs => &[Weights::TwoOfFour],
        FormKind::Palettized => &[Weights::Few],
    }
}

pub(crate) fn settings(size: bool) -> measure::Options {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure");
    measure::Options { size, directory, ..measure::Options::default() }
}

/// The plan of some layers; their form is `form`, or the one that is selected.
pub(crate) fn plan(samples: &[Sample], target: &Target<'_>, optimize: Optimize, form: Option<FormKind>) -> Plan {
    let options = Options { core: target.class(), optimize, form, ..Options::default() };
    let compiled = compile_graph(graph(samples), &options, [0; 32]);
    compiled.unwrap_or_else(|problem| panic!("{samples:?}: {problem}")).plan
}

/// A plan of no layer, of an input and an output of so many elements.
fn idle(target: &Target<'_>, elements: usize) -> Plan {
    let options = Options { core: target.class(), ..Options::default() };
    compile_graph(nothing(elements), &options, [0; 32]).expect("a graph of no layer").plan
}

/// Mean instructions of an inference of each plan, all in one image.
pub(crate) fn instructions(plans: &[Plan], target: &Target<'_>, settings: &measure::Options) -> Vec<f64> {
    let programs: Vec<Program> = plans.iter().map(Program::of_plan).collect();
    let idle = [64, 6400].map(|elements| Program::of_plan(&idle(target, elements)));
    if target.is_host() {
        let programs: Vec<&Program> = programs.iter().collect();
        return host::instructions(&programs, idle.each_ref(), settings);
    }
    let programs: Vec<&Program> = programs.iter().chain(&idle[..1]).collect();
    let samples: Vec<Samples> = programs.iter().map(|program| Samples::arbitrary(&program.inputs, 2)).collect();
    let batch: Vec<_> = programs.into_iter().zip(&samples).collect();
    let runs = measure::run_many(&batch, target, settings).unwrap_or_else(|problem| panic!("{}: {problem}", target.name()));
    let mut means: Vec<f64> =
        runs.iter().map(|run| run.instructions.map_or(0.0, |instructions| instructions.mean as f64)).collect();
    let around = means.pop().unwrap_or(0.0);
    means.into_iter().map(|mean| (mean - around).max(1.0)).collect()
}

/// The samples that a core has in a form, by kind of layer.
fn having(target: &Target<'_>, optimize: Optimize, form: FormKind) -> BTreeMap<Layer, Vec<Sample>> {
    let mut having: BTreeMap<Layer, Vec<Sample>> = BTreeMap::new();
    let all = weights(form).iter().flat_map(|&weights| SAMPLES.map(|sample| Sample { weights, ..sample }));
    for sample in all {
        let plan = plan(&[sample], target, optimize, Some(form));
        let planned = &plan.steps[0];
        if planned.form.kind() == form {
            having.entry(Layer::of(&planned.step.kernel).expect("a layer")).or_default().push(sample);
        }
    }
    having
}

/// What each sample of a kernel does, and the instructions that it takes.
pub(crate) type Rows = BTreeMap<Kernel, Vec<([f64; fit::FEATURES], f64)>>;

/// The rows of the samples in all forms that a core has.
pub(crate) fn rows(target: &Target<'_>) -> Rows {
    let (mut kernels, mut plans) = (Vec::new(), Vec::new());
    for form in forms() {
        for (layer, samples) in having(target, Optimize::Speed, form) {
            kernels.extend(samples.iter().map(|_| (layer, form)));
            plans.extend(samples.iter().map(|sample| plan(&[*sample], target, Optimize::Speed, Some(form))));
        }
    }
    let mut rows = Rows::new();
    for ((kernel, plan), taken) in kernels.into_iter().zip(&plans).zip(instructions(&plans, target, &settings(false))) {
        let Work { products, gathered, outputs, passes } =
            Work::of(&plan.steps[0].step, kernel.1, target.class(), &plan.constants);
        rows.entry(kernel).or_default().push(([1.0, products, gathered, outputs, passes], taken));
    }
    rows
}

/// Bytes of flash of an image with a plan, without the plan's constants.
fn linked(plan: &Plan, target: &Target<'_>, size: bool) -> f64 {
    let image = measure::build(&[&Program::of_plan(plan)], target, &settings(size));
    let flash = image.unwrap_or_else(|problem| panic!("{}: {problem}", target.name())).sections.flash();
    flash as f64 - plan.weight_bytes() as f64
}

/// Bytes of flash of images of [`COUNTS`] inputs and twice as many outputs, in which nothing is computed.
pub(crate) fn around(target: &Target<'_>, size: bool) -> [f64; 2] {
    // A program that computes nothing is not left in an image of this computer.
    if target.is_host() {
        return [linked(&idle(target, 64), target, size); 2];
    }
    COUNTS.map(|count| {
        let plan = plan(&SAMPLES[..count], target, optimize(size), Some(FormKind::Shared));
        let footprint = measure::footprint(&Program::of_plan(&plan), target, &settings(size));
        footprint.unwrap_or_else(|problem| panic!("{}: {problem}", target.name())).without.flash() as f64
    })
}

fn optimize(size: bool) -> Optimize {
    if size { Optimize::Size } else { Optimize::Speed }
}

/// Flash of code of a form, compiled for size or for speed, by kind of layer.
pub(crate) fn code(target: &Target<'_>, size: bool, form: FormKind, around: [f64; 2]) -> BTreeMap<Layer, Code> {
    let around = |layers: usize| around[0] + (around[1] - around[0]) / 2.0 * (layers as f64 - 3.0);
    let taken = |samples: &[Sample]| {
        let plan = plan(samples, target, optimize(size), Some(form));
        (linked(&plan, target, size) - around(samples.len()), plan)
    };
    let (mut codes, mut apart, mut together) = (BTreeMap::new(), Vec::new(), Vec::new());
    let mut of_one_row = None;
    for (layer, mut samples) in having(target, optimize(size), form) {
        if form == FormKind::Unrolled {
            // Code of weights grows with them, and nothing is shared.
            samples.sort_by_key(|sample| plan(&[*sample], target, optimize(size), Some(form)).macs);
            let Some(largest) = samples.last() else { continue };
            let (bytes, plan) = taken(&[*largest]);
            let weights = Work::of(&plan.steps[0].step, form, target.class(), &plan.constants).products;
            codes.insert(layer, Code { weight: bytes / weights, ..Code::default() });
            continue;
        }
        let samples: Vec<Sample> = samples.into_iter().cycle().take(COUNTS[1]).collect();
        let [fewer, more] = COUNTS.map(|count| taken(&samples[..count]).0);
        let each = ((more - fewer) / 2.0).max(0.0);
        codes.insert(layer, Code { kind: (fewer - 3.0 * each).max(0.0), layer: each, ..Code::default() });
        if layer == Layer::FullyConnected {
            of_one_row = Some(samples[..COUNTS[0]].to_vec());
        }
        // One row is computed by the code for several, and transposed convolutions are rare.
        if matches!(layer, Layer::Conv2d | Layer::DepthwiseConv2d | Layer::Pointwise) {
            apart.push(fewer);
            together.extend(samples[..COUNTS[0]].to_vec());
        }
    }
    if apart.len() > 1 {
        let overlap = apart.iter().sum::<f64>() - taken(&together).0;
        let shared = (overlap / (apart.len() - 1) as f64).max(0.0);
        for code in codes.values_mut() {
            code.form = shared.min(code.kind);
            code.kind -= code.form;
        }
        // Layers of one row mostly come after convolutions, whose code they share more of.
        if let (Some(samples), Some(&convolutions)) = (of_one_row, apart.first())
            && let Some(code) = codes.get_mut(&Layer::FullyConnected)
        {
            let both: Vec<Sample> = together[..COUNTS[0]].iter().copied().chain(samples).collect();
            code.kind = (taken(&both).0 - convolutions - 3.0 * code.layer).clamp(0.0, code.kind);
        }
    }
    codes
}
