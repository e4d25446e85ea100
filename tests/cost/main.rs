//! The table of what forms of layers cost in `codegen/src/plan/cost/table.rs`: how it is measured, and that what is selected by it is
//! fast and small.

mod dominated;
mod fit;
mod host;
mod layers;
mod measured;
mod table;

use layers::{SAMPLES, Sample, Weights};
use measured::{Kernel, forms, instructions, plan};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use table::Table;
use tinybake_codegen::Optimize;
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::measure;
use tinybake_codegen::options::FormKind;
use tinybake_codegen::plan::{CORES, Code, Instructions, Layer, Plan, Rate};

/// What is measured of each kind of core, in the order of [`CORES`].
const MEASURED: [&str; CORES.len()] = ["host", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m55", "riscv32imc"];

/// Forms that are no candidates for size.
const SPEED: [FormKind; 3] = [FormKind::Packed, FormKind::SparseLanes, FormKind::SparsePairs];

/// A core whose code is that of another: it has the same instructions, but for forms that it does not have.
const TWIN: (&str, &str) = ("cortex-m3", "cortex-m4");

/// Flash of code, by whether it is compiled for size, and by kernel.
type Codes = BTreeMap<(bool, Kernel), Code>;

/// Instructions of the samples, and flash of code, in all forms of a core; no code of that which is another's twin.
fn measure_core(core: &str) -> (measured::Rows, Codes) {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find(core).expect("a core of the table");
    measure::available(&target).unwrap_or_else(|missing| panic!("{core}: {missing}"));
    let rows = measured::rows(&target);
    let mut codes = Codes::new();
    for size in [false, true].into_iter().filter(|_| core != TWIN.0) {
        let around = measured::around(&target, size);
        for form in forms().filter(|form| !(size && SPEED.contains(form)) && rows.keys().any(|(_, other)| other == form)) {
            let code = measured::code(&target, size, form, around);
            codes.extend(code.into_iter().map(|(layer, code)| ((size, (layer, form)), code)));
        }
    }
    (rows, codes)
}

/// What all cores take, by their names; by all processors.
fn measure_cores() -> BTreeMap<&'static str, (measured::Rows, Codes)> {
    let (queue, done) = (Mutex::new(MEASURED.to_vec()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(core) = queue.lock().expect("no thread has panicked").pop() else { return };
                    let measured = measure_core(core);
                    done.lock().expect("no thread has panicked").insert(core, measured);
                }
            });
        }
    });
    done.into_inner().expect("no thread has panicked")
}

#[test]
#[ignore = "writes the compiler's table of costs anew: many minutes, with every core's emulator and Valgrind"]
fn refit() {
    assert!(host::available(), "install Valgrind");
    let all = measure_cores();
    let mut table = Table::new();
    for (class, core) in CORES.into_iter().zip(MEASURED) {
        let (rows, _) = &all[core];
        let (_, codes) = &all[if core == TWIN.0 { TWIN.1 } else { core }];
        for (&kernel, rows) in rows {
            let speed = codes.get(&(false, kernel)).copied().unwrap_or_default();
            let size = codes.get(&(true, kernel)).copied().unwrap_or(speed);
            let images = matches!(kernel.0, Layer::Conv2d | Layer::DepthwiseConv2d | Layer::Pointwise);
            let found @ [layer, product, gathered, output, pass] = fit::fit(rows, !images);
            let off = |(features, figure): &([f64; fit::FEATURES], f64)| (fit::predict(&found, features) / figure - 1.0).abs();
            let worst = 100.0 * rows.iter().map(off).fold(0.0, f64::max);
            println!("{core} {kernel:?}: {found:.2?}, within {worst:.0} %; {size:?}, {speed:?}");
            let instructions = Instructions { layer, product, gathered, output, pass };
            table.entry(kernel).or_default().push((class, Rate { size, speed, instructions }));
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("codegen/src/plan/cost/table.rs");
    std::fs::write(&file, table::text(&table)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
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
                let chosen = plan(&[sample], &target, Optimize::Speed, None);
                let others = forms().map(|form| plan(&[sample], &target, Optimize::Speed, Some(form)));
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
        for (((layer, is_chosen), plan), taken) in
            index.into_iter().zip(&all).zip(instructions(&all, &target, &measured::settings(false)))
        {
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
