//! Runs of hand-written programs on the host and on every core whose tools are installed.

use super::*;
use crate::boards::Catalogue;

/// A module whose `run` copies its input plus 1, on the way spending a known loop and a known array on the stack.
fn increment(elements: usize, loops: u32, stack: usize) -> Program {
    let source = format!(
        "//! Adds 1 to every element.\n\npub struct Model {{\n    input: [i8; {elements}],\n    output: [i8; {elements}],\n}}\n\n\
         impl Model {{\n    pub const fn new() -> Self {{\n        Self {{ input: [0; {elements}], output: [0; {elements}] }}\n    }}\n\n    \
         pub fn input_mut(&mut self) -> &mut [i8; {elements}] {{\n        &mut self.input\n    }}\n\n    \
         pub fn output(&self) -> &[i8; {elements}] {{\n        &self.output\n    }}\n\n    \
         pub fn run(&mut self) -> &[i8; {elements}] {{\n        \
         let scratch = ::core::hint::black_box([1i8; {stack}]);\n        \
         let mut n = {loops}u32;\n        while n != 0 {{\n            n = ::core::hint::black_box(n) - 1;\n        }}\n        \
         for (to, from) in self.output.iter_mut().zip(&self.input) {{\n            *to = from.wrapping_add(scratch[0]);\n        }}\n        \
         &self.output\n    }}\n}}\n"
    );
    let port = |accessor: &str| Port { accessor: accessor.into(), dtype: DType::I8, elements };
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
        assert_eq!(count(once).min, count(once).max, "{name}");
        let each = count(twice).mean - count(once).mean;
        assert!(each % 1000 <= 1 || each % 1000 >= 999, "{name}: {each} instructions for 1000 iterations");
        let more = deep.stack_bytes.unwrap() - once.stack_bytes.unwrap();
        assert!((2000..2032).contains(&more), "{name}: {more} bytes of stack for 2000");
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
