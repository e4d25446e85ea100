//! The table of stack by kernel in `runtime/src/stack/table.rs`: how it is measured, and that a bound that is too small is found.
//! That no inference takes more than its bound is asserted where generated code is run on cores: `tests/generated.rs`.

mod common;

use common::Case;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tinybake_codegen::boards::{Catalogue, Target};
use tinybake_codegen::measure::{self, Program, Run, Samples};
use tinybake_codegen::options::FormKind;
use tinybake_codegen::{Optimize, Options, Reference, valid};
use tinybake_runtime::stack::{CORES, MARGIN};

/// Emulated cores, each with its kind: its place in the runtime's list of them.
const MEASURED: [(&str, &str); 5] = [
    ("cortex-m0plus", "thumb1"),
    ("cortex-m3", "thumb2"),
    ("cortex-m4", "dsp"),
    ("cortex-m55", "mve"),
    ("riscv32imc", "riscv32"),
];

/// What is generated and how it is built: for size or not, and with which `opt-level`.
const WAYS: [(Optimize, bool); 5] = [
    (Optimize::Size, true),
    (Optimize::Size, false),
    (Optimize::Speed, false),
    (Optimize::Speed, true),
    (Optimize::Balanced, false),
];

/// Forms that cases may have only where they are asked for: they are chosen of models that have little flash, or many zeros.
const FORMS: [FormKind; 5] =
    [FormKind::Unrolled, FormKind::Sparse, FormKind::SparseLanes, FormKind::SparsePairs, FormKind::Palettized];

/// Kernels and what each took at most on each kind of core: in modules for size, and in others.
type Table = BTreeMap<String, [[u64; CORES.len()]; 2]>;

fn settings(size: bool) -> measure::Options {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure");
    measure::Options { size, directory, ..measure::Options::default() }
}

/// Runs a batch in one image: of every case, the kernels that it calls, and what it took beyond what it lent them.
fn stacks(
    cases: &[Case],
    target: &Target<'_>,
    (reference, form): (Reference, Option<FormKind>),
    (optimize, size): (Optimize, bool),
) -> Vec<(Vec<&'static str>, u64)> {
    let options = Options { reference: Some(reference), optimize, core: target.class(), form, ..Options::default() };
    let plans: Vec<_> = cases.iter().map(|case| case.compile(&options).plan).collect();
    let programs: Vec<Program> = plans.iter().map(Program::of_plan).collect();
    let samples: Vec<Samples> = programs.iter().map(|program| Samples::arbitrary(&program.inputs, 1)).collect();
    let batch: Vec<_> = programs.iter().zip(&samples).collect();
    let runs =
        measure::run_many(&batch, target, &settings(size)).unwrap_or_else(|problem| panic!("{}: {problem}", target.name()));
    let frames = plans.iter().map(|plan| plan.steps.iter().map(|step| step.frames()).collect());
    let lent = plans.iter().map(|plan| plan.steps.iter().map(|step| step.lent_bytes()).max().unwrap_or(0) as u64);
    let took = |(run, lent): (&Run, u64)| run.stack_bytes.unwrap_or(0).saturating_sub(lent);
    frames.zip(runs.iter().zip(lent).map(took)).collect()
}

/// Raises the rows of cases of one kernel, then, where several together took more than any of theirs, the highest of those.
fn raise(table: &mut Table, (set, kind): (usize, usize), mut stacks: Vec<(Vec<&'static str>, u64)>) {
    stacks.sort_by_key(|(kernels, _)| kernels.len());
    for (kernels, took) in stacks {
        let of = |kernel: &str| table.get(kernel).map_or(0, |row| row[set][kind]);
        let highest = kernels.iter().copied().max_by_key(|&kernel| of(kernel)).unwrap_or("view");
        let row = &mut table.entry(highest.into()).or_default()[set][kind];
        *row = took.max(*row);
    }
}

fn text(table: &Table) -> String {
    let mut text = String::from(
        "//! Bytes of stack by kernel and kind of core. Measured and written by `cargo test --test stack -- --ignored`.\n\n\
         use super::Frames;\n",
    );
    for (kernel, sets) in table {
        let bound = |took: u64| (took + took / 4 + MARGIN as u64).next_multiple_of(8).to_string();
        let [size, speed] = sets.map(|row| row.map(bound).join(", "));
        let name = kernel.to_ascii_uppercase();
        let _ = write!(text, "\n/// `{kernel}`\npub const {name}: Frames = Frames {{ size: [{size}], speed: [{speed}] }};\n");
    }
    text.push_str("\n/// All rows, by the name of the kernel.\n#[rustfmt::skip]\npub const ROWS: &[(&str, Frames)] = &[\n");
    for kernel in table.keys() {
        let _ = writeln!(text, "    (\"{kernel}\", {}),", kernel.to_ascii_uppercase());
    }
    text.push_str("];\n");
    text
}

/// The rows that the table has now.
fn kernels(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().filter_map(|line| Some(line.strip_prefix("/// `")?.strip_suffix('`')?.to_string())).collect()
}

/// The cases of layers whose weights straight-line code can hold, sparse ones and such of few values among them.
fn layers(cases: &[Case]) -> Vec<Case> {
    let small = |case: &&Case| {
        let graph = case.compile(&Options::default()).graph;
        let macs: u64 = graph.nodes.iter().map(|node| valid::macs(&graph, node)).sum();
        ["conv_2d/", "depthwise_conv_2d/", "fully_connected/", "sparse/", "palettized/"]
            .iter()
            .any(|family| case.name.starts_with(family))
            && macs < 20_000
    };
    cases.iter().filter(small).cloned().collect()
}

/// Every kernel is among the recorded cases, and layers are in each form; public models add what happens where all of a kernel is
/// inlined.
/// A kernel that no case calls gets what the deepest others take.
#[test]
#[ignore = "writes the runtime's table of stack anew: half an hour of two processors, with every core's emulator"]
fn refit() {
    let catalogue = Catalogue::builtin();
    let (cases, models) = (common::conformance(), common::shared());
    let onnx: Vec<Case> = common::quantized_onnx().iter().map(Case::turned).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/src/stack/table.rs");
    let measured = |(core, kind): (&str, &str)| {
        let mut table = Table::new();
        let target = catalogue.find(core).expect("a core of the table");
        measure::available(&target).unwrap_or_else(|missing| panic!("{core}: {missing}"));
        let kind = CORES.iter().position(|name| *name == kind).expect("a kind of core");
        for way @ (optimize, size) in WAYS {
            let at = (usize::from(optimize != Optimize::Size), kind);
            raise(&mut table, at, stacks(&cases, &target, (Reference::Tflm, None), way));
            raise(&mut table, at, stacks(&onnx, &target, (Reference::Ort, None), way));
            for form in FORMS {
                raise(&mut table, at, stacks(&layers(&cases), &target, (Reference::Tflm, Some(form)), way));
            }
            if size == (optimize == Optimize::Size) {
                let alone =
                    models.iter().flat_map(|model| stacks(std::slice::from_ref(model), &target, (Reference::Tflm, None), way));
                raise(&mut table, at, alone.collect());
            }
            if optimize != Optimize::Balanced && !size {
                let xnnpack = Options { reference: Some(Reference::Xnnpack), ..Options::default() };
                let theirs: Vec<Case> = cases.iter().filter(|case| !case.refused(&xnnpack)).cloned().collect();
                raise(&mut table, at, stacks(&theirs, &target, (Reference::Xnnpack, None), way));
            }
            println!("{core} {optimize} {}", if size { "s" } else { "3" });
        }
        table
    };
    // Kinds of cores are columns of their own.
    let tables: Vec<Table> = std::thread::scope(|scope| {
        let running = MEASURED.map(|core| scope.spawn(move || measured(core)));
        running.map(|thread| thread.join().expect("a core that has been measured")).into()
    });
    let mut table = Table::new();
    for (kernel, sets) in tables.into_iter().flatten() {
        let row = table.entry(kernel).or_default();
        let greatest = |set: usize, kind: usize| row[set][kind].max(sets[set][kind]);
        *row = core::array::from_fn(|set| core::array::from_fn(|kind| greatest(set, kind)));
    }
    let most =
        table.values().copied().reduce(|a, b| [0, 1].map(|set| core::array::from_fn(|kind| a[set][kind].max(b[set][kind]))));
    for kernel in kernels(&file) {
        table.entry(kernel).or_insert_with(|| most.unwrap_or_default());
    }
    std::fs::write(&file, text(&table)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

#[test]
fn a_bound_that_is_too_small_is_found() {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find("cortex-m4").expect("a core of the table");
    if let Err(missing) = measure::available(&target) {
        println!("skipped: {missing}");
        return;
    }
    let case = common::conformance().into_iter().find(|case| case.name.starts_with("conv_2d/")).expect("a convolution");
    let plan = case.compile(&Options { core: target.class(), ..Options::default() }).plan;
    let sound = Program::of_plan(&plan);
    let at = sound.source.find("pub const STACK_BYTES: usize =").expect("the bound");
    let end = at + sound.source[at..].find(';').expect("its end");
    let mut small = sound.clone();
    small.source.replace_range(at..end, "pub const STACK_BYTES: usize = 24");
    let samples = Samples::arbitrary(&sound.inputs, 1);
    let runs = measure::run_many(&[(&sound, &samples), (&small, &samples)], &target, &settings(false)).expect("both run");
    let figures: Vec<_> =
        runs.iter().map(|run| (run.stack_bytes.expect("watched"), run.stack_bound_bytes.expect("stated"))).collect();
    println!("{figures:?}");
    assert!(figures[0].0 <= figures[0].1, "{figures:?}");
    assert_eq!(figures[1], (figures[0].0, 24));
    assert!(figures[1].0 > figures[1].1, "{figures:?}");
}
