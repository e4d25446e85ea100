//! Runs of hand-written programs on the host and on every core whose tools are installed.

use super::*;
use crate::boards::Catalogue;

/// A module whose `run` copies its input plus 1, on the way spending a known loop and a known array on the stack.
fn increment(elements: usize, loops: u32, stack: usize) -> Program {
    let source = format!(
        "//! Adds 1 to every element.\n\npub const STACK_BYTES: usize = 512;\n\npub struct Model {{\n    input: [i8; {elements}],\n    output: [i8; {elements}],\n}}\n\n\
         impl Model {{\n    pub const fn new() -> Self {{\n        Self {{ input: [0; {elements}], output: [0; {elements}] }}\n    }}\n\n    \
         pub fn input_mut(&mut self) -> &mut [i8; {elements}] {{\n        &mut self.input\n    }}\n\n    \
         pub fn output(&self) -> &[i8; {elements}] {{\n        &self.output\n    }}\n\n    \
         pub fn run(&mut self) -> &[i8; {elements}] {{\n        \
         let scratch = ::core::hint::black_box([1i8; {stack}]);\n        \
         let mut n = {loops}u32;\n        while n != 0 {{\n            n = ::core::hint::black_box(n) - 1;\n        }}\n        \
         for (to, from) in self.output.iter_mut().zip(&self.input) {{\n            *to = from.wrapping_add(scratch[0]);\n        }}\n        \
         &self.output\n    }}\n}}\n"
    );
    let port = |accessor: &str| Port { accessor: accessor.into(), dtype: DType::I8, elements, converted: None };
    Program { source, inputs: vec![port("model.input_mut()")], outputs: vec![port("model.output()")] }
}

/// Calls `check` for every core that can be emulated here, and says which are left out.
fn each_core(check: impl Fn(&Target<'_>)) {
    let catalogue = Catalogue::builtin();
    for core in catalogue.cores().iter().filter(|core| core.machine.is_some()) {
        let target = catalogue.find(&core.name).unwrap();
        match available(&target) {
            Ok(()) => check(&target),
            Err(error) => println!("skipped {}: {error}", core.name),
        }
    }
}

fn samples(elements: usize) -> Samples {
    Samples { count: 3, inputs: vec![(0..3 * elements).map(|i| (i * 7 % 256) as u8).collect()] }
}

fn plus_one(samples: &Samples) -> Vec<u8> {
    samples.inputs[0].iter().map(|byte| byte.wrapping_add(1)).collect()
}

#[test]
fn runs_on_the_host() {
    let catalogue = Catalogue::builtin();
    let samples = samples(700);
    let run = run(&increment(700, 1, 1), &samples, &catalogue.find("host").unwrap(), &Options::default()).unwrap();
    assert_eq!(run.outputs, [plus_one(&samples)]);
    assert_eq!((run.samples, run.ram_bytes, run.instructions, run.stack_bytes), (3, 1400, None, None));
}

#[test]
fn runs_on_every_core() {
    // One image: twice the loop costs twice the instructions, and a larger array that much more stack.
    let programs = [increment(700, 1000, 256), increment(700, 2000, 256), increment(700, 1000, 2256)];
    let samples = samples(700);
    let batch: Vec<_> = programs.iter().map(|program| (program, &samples)).collect();
    each_core(|target| {
        let runs = run_many(&batch, target, &Options::default()).unwrap();
        let name = target.name();
        for run in &runs {
            assert_eq!(run.outputs, [plus_one(&samples)], "{name}");
            assert_eq!(run.ram_bytes, 1400, "{name}");
        }
        let [once, twice, deep] = runs.as_slice() else { panic!("three runs") };
        let count = |run: &Run| run.instructions.unwrap();
        println!(
            "{name}: {:?} {:?} stack {:?} {:?} image {:?}",
            count(once),
            count(twice),
            once.stack_bytes,
            deep.stack_bytes,
            once.image
        );
        // A tick of the slowest counter is 0.625 instructions, so where in a tick a run begins can change its count by one.
        assert!(count(once).max - count(once).min <= 1, "{name}: {:?}", count(once));
        let each = count(twice).mean - count(once).mean;
        assert!(each % 1000 <= 1 || each % 1000 >= 999, "{name}: {each} instructions for 1000 iterations");
        let more = deep.stack_bytes.unwrap() - once.stack_bytes.unwrap();
        assert!((2000..2032).contains(&more), "{name}: {more} bytes of stack for 2000");
    });
}

/// Two inputs and two outputs of the other types, and a large table of constants.
fn mixed() -> Program {
    let source = "pub const STACK_BYTES: usize = 64;\npub struct Model { pub a: [i16; 5], pub b: [f32; 3], pub c: [i64; 5], pub d: [bool; 3] }\n\
         static TABLE: [u8; 400_000] = { let mut t = [0; 400_000]; let mut i = 0; \
         while i < t.len() { t[i] = (i % 251) as u8; i += 1; } t };\n\
         impl Model {\n    pub const fn new() -> Self { Self { a: [0; 5], b: [0.0; 3], c: [0; 5], d: [false; 3] } }\n    \
         pub fn run(&mut self) {\n        \
         for (c, &a) in self.c.iter_mut().zip(&self.a) { \
         *c = -(i64::from(TABLE[usize::from(a.unsigned_abs()) * 12 + 3]) << 40) - i64::from(a); }\n        \
         for (d, &b) in self.d.iter_mut().zip(&self.b) { *d = b > 0.5; }\n    }\n}\n";
    let port = |accessor: &str, dtype, elements| Port { accessor: accessor.into(), dtype, elements, converted: None };
    Program {
        source: source.into(),
        inputs: vec![port("&mut model.a", DType::I16, 5), port("&mut model.b", DType::F32, 3)],
        outputs: vec![port("&model.c", DType::I64, 5), port("&model.d", DType::Bool, 3)],
    }
}

#[test]
fn all_types_pass_unharmed_and_large_constants_are_loaded() {
    let a: [i16; 10] = [0, 1, -1, 300, -32768, 32767, 12345, -5, 77, 4096];
    let b: [f32; 6] = [0.5, 0.75, -1.0, f32::NAN, f32::INFINITY, 0.0];
    let inputs = vec![a.iter().flat_map(|v| v.to_le_bytes()).collect(), b.iter().flat_map(|v| v.to_le_bytes()).collect()];
    let samples = Samples { count: 2, inputs };
    let table = |index: usize| (index % 251) as i64;
    let c = a.iter().map(|&a| -(table(usize::from(a.unsigned_abs()) * 12 + 3) << 40) - i64::from(a));
    let expected = [c.flat_map(i64::to_le_bytes).collect(), b.iter().map(|&b| u8::from(b > 0.5)).collect::<Vec<u8>>()];
    let host = Catalogue::builtin();
    let check = |target: &Target<'_>| {
        let run = run(&mixed(), &samples, target, &Options::default()).unwrap();
        assert_eq!(run.outputs, expected, "{}", target.name());
    };
    check(&host.find("host").unwrap());
    each_core(check);
}

#[test]
fn a_footprint_is_the_models_own() {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find("cortex-m4").unwrap();
    if let Err(error) = available(&target) {
        println!("skipped: {error}");
        return;
    }
    for size in [false, true] {
        let footprint = footprint(&mixed(), &target, &Options { size, ..Options::default() }).unwrap();
        let model = footprint.model();
        println!("{footprint:?}");
        assert!((400_000..400_100).contains(&model.rodata), "{model:?}");
        assert!((40..400).contains(&model.code) && model.data == 0, "{model:?}");
    }
}

#[test]
fn flash_equals_what_llvm_size_says() {
    let catalogue = Catalogue::builtin();
    each_core(|target| {
        let image = build(&[&mixed()], &catalogue.find(target.name()).unwrap(), &Options::default()).unwrap();
        let Ok(output) = std::process::Command::new("llvm-size").arg(&image.path).output() else {
            println!("skipped: llvm-size is not installed");
            return;
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let words: Vec<u64> = text.lines().nth(1).unwrap().split_whitespace().map_while(|word| word.parse().ok()).collect();
        assert_eq!(words[0] + words[1], image.sections.flash(), "{}: {text}", target.name());
    });
}

#[test]
fn a_panic_names_its_program_and_tells_its_message() {
    let catalogue = Catalogue::builtin();
    let good = increment(4, 1, 1);
    let mut bad = good.clone();
    bad.source = bad.source.replace("&self.output\n    }\n}\n", "panic!(\"no such luck\")\n    }\n}\n");
    let samples = samples(4);
    for name in ["host", "cortex-m4"] {
        let target = catalogue.find(name).unwrap();
        if let Err(error) = available(&target) {
            println!("skipped {name}: {error}");
            continue;
        }
        let error = run_many(&[(&good, &samples), (&bad, &samples)], &target, &Options::default()).unwrap_err();
        assert!(matches!(&error, MeasureError::Failed { program: 1, log, .. } if log.contains("no such luck")), "{error}");
    }
}

#[test]
fn code_that_does_not_compile_shows_the_compilers_message() {
    let mut program = increment(4, 1, 1);
    program.source.push_str("fn broken( {}\n");
    let catalogue = Catalogue::builtin();
    let error = run(&program, &samples(4), &catalogue.find("host").unwrap(), &Options::default()).unwrap_err();
    assert!(matches!(&error, MeasureError::Build { log, .. } if log.contains("broken")), "{error}");
}

#[test]
fn samples_must_fit() {
    let catalogue = Catalogue::builtin();
    let host = catalogue.find("host").unwrap();
    let error = run(&increment(5, 1, 1), &samples(4), &host, &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "program 0: input 0: 15 bytes expected, 12 given");
}

#[test]
fn a_breach_of_each_kind_is_found() {
    let catalogue = Catalogue::builtin();
    let whole = increment(8, 3, 4);
    let with = |statement: &str| {
        let changed =
            whole.source.replace("&self.output\n    }\n}\n", &format!("{statement}\n        &self.output\n    }}\n}}\n"));
        assert_ne!(changed, whole.source);
        Program { source: changed, ..whole.clone() }
    };
    let indexing = with("self.output[usize::from(self.input[0].unsigned_abs())] = 1;");
    let unwrapping = with("self.output[0] = *self.input.iter().max_by_key(|x| x.wrapping_mul(3)).filter(|x| **x > 2).unwrap();");
    let real = with("self.output[0] = (f64::from(self.input[1]) * 1.7) as i8;");
    for name in ["cortex-m0plus", "cortex-m3", "cortex-m33", "riscv32imc"] {
        let target = catalogue.find(name).unwrap();
        let look = |program: &Program| breaches(&[&whole, program], &target, &Options::default());
        let found = match look(&whole) {
            Ok(found) => found,
            Err(error) => {
                assert!(error.is_missing_tool(), "{error}");
                println!("skipped {name}: {error}");
                continue;
            }
        };
        assert_eq!(found, Breaches::default(), "{name}");
        for program in [&indexing, &unwrapping] {
            let found = look(program).unwrap();
            assert!(!found.panics.is_empty() && !found.none(true), "{name}: {found:?}\n{}", program.source);
        }
        let found = look(&real).unwrap();
        println!("{name}: {found:?}");
        assert!(
            found.panics.is_empty() && !found.soft_float.is_empty() && !found.none(false) && found.none(true),
            "{name}: {found:?}"
        );
    }
}
