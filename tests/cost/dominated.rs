//! No setting takes more flash and more instructions than another, and no pruned network more than the dense one.

#[path = "../../benches/figures/pruned.rs"]
pub(crate) mod pruned;

use crate::host;
use crate::measured::{self, instructions};
pub(crate) use pruned::PATTERNS;
use std::path::Path;
use tinybake_codegen::boards::{Catalogue, Target};
use tinybake_codegen::ir::Graph;
use tinybake_codegen::measure::{self, Program, Samples};
use tinybake_codegen::options::FormKind;
use tinybake_codegen::pipeline::{compile_graph, read};
use tinybake_codegen::plan::Plan;
use tinybake_codegen::script::Files;
use tinybake_codegen::{Optimize, Options};

/// Names of models, and where they lie.
pub(crate) const MODELS: [(&str, &str); 8] = [
    ("digits", "examples/models/digits.tflite"),
    ("kws", "../shared/models/mlperf-tiny/kws_ref_model.tflite"),
    ("resnet8", "../shared/models/mlperf-tiny/pretrainedResnet_quant.tflite"),
    ("vww", "../shared/models/mlperf-tiny/vww_96_int8.tflite"),
    ("ad01", "../shared/models/mlperf-tiny/ad01_int8.tflite"),
    ("hello_world", "../shared/models/tflm/hello_world_int8.tflite"),
    ("micro_speech", "../shared/models/tflm/micro_speech_quantized.tflite"),
    ("person_detect", "../shared/models/tflm/person_detect.tflite"),
];

const SETTINGS: [Optimize; 3] = [Optimize::Size, Optimize::Balanced, Optimize::Speed];

/// What an image takes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figures {
    flash: u64,
    instructions: f64,
    /// Whether zeros, or few values, of weights are made use of.
    encoded: bool,
}

impl Figures {
    /// Whether another is as small and as fast, and better in one.
    fn dominated_by(self, other: Self) -> bool {
        let same = self.flash == other.flash && self.instructions == other.instructions;
        self.flash >= other.flash && self.instructions >= other.instructions && !same
    }

    /// Whether weights are encoded, and the network whose weights are not is smaller and faster.
    fn beaten_by(self, dense: Self) -> bool {
        self.encoded && self.flash > dense.flash && self.instructions > dense.instructions
    }
}

/// The figures of each setting.
fn figures(graph: &Graph, target: &Target<'_>) -> [Figures; 3] {
    let plan = |optimize| {
        let options = Options { core: target.class(), optimize, ..Options::default() };
        compile_graph(graph.clone(), &options, [0; 32]).unwrap_or_else(|problem| panic!("{problem}")).plan
    };
    let plans = SETTINGS.map(plan);
    let of = |(plan, optimize): (&Plan, Optimize)| {
        let program = Program::of_plan(plan);
        let settings = measured::settings(optimize == Optimize::Size);
        let samples = Samples::arbitrary(&program.inputs, 2);
        let encodings = [FormKind::Sparse, FormKind::SparseLanes, FormKind::SparsePairs, FormKind::Palettized];
        let encoded = plan.steps.iter().any(|planned| encodings.contains(&planned.form.kind()));
        if target.is_host() {
            let image = measure::build(&[&program], target, &settings).unwrap_or_else(|problem| panic!("{problem}"));
            let flash = image.sections.flash();
            return Figures { flash, instructions: instructions(std::slice::from_ref(plan), target, &settings)[0], encoded };
        }
        let cost = measure::cost(&program, &samples, target, &settings);
        let cost = cost.unwrap_or_else(|problem| panic!("{}: {problem}", target.name()));
        Figures { flash: cost.model.flash(), instructions: cost.instructions.unwrap_or(0) as f64, encoded }
    };
    let mut figures = plans.iter().zip(SETTINGS).map(of);
    std::array::from_fn(|_| figures.next().expect("as many as settings"))
}

/// Prints the figures of a network and of its twins of these patterns, and says which are dominated.
pub(crate) fn dominated(name: &str, graph: &Graph, core: &str, patterns: &[&str]) -> Vec<String> {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find(core).expect("a core of the table");
    let missing = match measure::available(&target) {
        Err(missing) => Some(missing.to_string()),
        Ok(()) if target.is_host() && !host::available() => Some("Valgrind is not installed".into()),
        Ok(()) => None,
    };
    if let Some(missing) = missing {
        println!("skipped: {core}: {missing}");
        return Vec::new();
    }
    let mut dominated = Vec::new();
    let mut all = |name: &str, graph: &Graph| {
        let all = figures(graph, &target);
        for (setting, figures) in SETTINGS.into_iter().zip(all) {
            println!("{name} on {core}, {setting}: {} bytes, {} instructions", figures.flash, figures.instructions);
            let better = SETTINGS.into_iter().zip(all).filter(|&(_, other)| figures.dominated_by(other));
            dominated.extend(better.map(|(other, _)| format!("{name} on {core}: {setting} is dominated by {other}")));
        }
        all
    };
    let dense = all(name, graph);
    let twins = PATTERNS.into_iter().filter(|(pattern, _)| patterns.contains(pattern));
    let twins: Vec<_> =
        twins.map(|(pattern, prune)| (pattern, all(&format!("{name}, {pattern}"), &pruned::pruned(graph, prune)))).collect();
    for (pattern, figures) in twins {
        for (setting, (twin, dense)) in SETTINGS.into_iter().zip(figures.into_iter().zip(dense)) {
            if twin.beaten_by(dense) {
                dominated.push(format!("{name} on {core}: {pattern} is larger and slower than the dense network at {setting}"));
            }
        }
    }
    dominated
}

/// A model of the repository, or of the folder beside it; `None` where that is not there.
pub(crate) fn model(path: &str) -> Option<Graph> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if !file.is_file() {
        println!("skipped: {path} is not there");
        return None;
    }
    let files = Files::read(&file).unwrap_or_else(|problem| panic!("{problem}"));
    Some(read(&files.source(path)).unwrap_or_else(|problem| panic!("{problem}")))
}

/// The other cores are those of `cargo bench`, which compares all models and twins that it measures.
#[test]
fn no_setting_of_digits_is_dominated() {
    let digits = model("examples/models/digits.tflite").expect("it is in the repository");
    let mut all = Vec::new();
    for (core, patterns) in [("cortex-m3", &["75 % scattered", "2-bit"][..]), ("host", &["75 % scattered"])] {
        all.extend(dominated("digits", &digits, core, patterns));
    }
    assert!(all.is_empty(), "{all:#?}");
}

#[test]
#[ignore = "minutes: public models and their twins on all cores"]
fn no_setting_of_public_models_is_dominated() {
    let all_patterns = PATTERNS.map(|(pattern, _)| pattern);
    let mut all = Vec::new();
    for (name, path) in MODELS {
        let Some(graph) = model(path) else { continue };
        let patterns = if ["digits", "kws"].contains(&name) { &all_patterns[..] } else { &[] };
        for core in crate::MEASURED {
            all.extend(dominated(name, &graph, core, patterns));
        }
    }
    assert!(all.is_empty(), "{all:#?}");
}
