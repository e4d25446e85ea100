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
use table::Table;
use tinybake_codegen::Optimize;
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::measure;
use tinybake_codegen::options::FormKind;
use tinybake_codegen::plan::{CORES, Instructions, Layer, Plan, Rate};

/// What is measured of each kind of core, in the order of [`CORES`].
const MEASURED: [&str; CORES.len()] = ["host", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m55", "riscv32imc"];

/// Forms that are no candidates for size.
const SPEED: [FormKind; 3] = [FormKind::Packed, FormKind::SparseLanes, FormKind::SparsePairs];

/// Cores whose code is that of another, but for forms that it does not have.
const TWINS: [(&str, &str); 2] = [("cortex-m3", "cortex-m4"), ("cortex-m55", "cortex-m4")];

#[test]
#[ignore = "writes the compiler's table of costs anew: many minutes, with every core's emulator and Valgrind"]
fn refit() {
    assert!(host::available(), "install Valgrind");
    let catalogue = Catalogue::builtin();
    let find = |core: &str| catalogue.find(core).expect("a core of the table");
    let mut table = Table::new();
    let mut codes = BTreeMap::new();
    let mut arounds = BTreeMap::new();
    let mut code = |core: &'static str, size: bool, (layer, form): Kernel| {
        let around = *arounds.entry((core, size)).or_insert_with(|| measured::around(&find(core), size));
        let of_form = codes.entry((core, size, form)).or_insert_with(|| measured::code(&find(core), size, form, around));
        of_form.get(&layer).copied()
    };
    for (class, core) in CORES.into_iter().zip(MEASURED) {
        let target = find(core);
        measure::available(&target).unwrap_or_else(|missing| panic!("{core}: {missing}"));
        let twin = TWINS.iter().find(|(of, _)| *of == core).map_or(core, |(_, twin)| twin);
        for (kernel, rows) in measured::rows(&target) {
            let mut of = |size| code(twin, size, kernel).or_else(|| code(core, size, kernel)).unwrap_or_default();
            let speed = of(false);
            let size = if SPEED.contains(&kernel.1) { speed } else { of(true) };
            let found @ [layer, product, gathered, output, pass] =
                fit::fit(&rows, !matches!(kernel.0, Layer::Conv2d | Layer::DepthwiseConv2d | Layer::Pointwise));
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
