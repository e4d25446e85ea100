//! Instructions on this computer, counted by Valgrind's callgrind.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::measure::{self, Program, Samples};

/// Whether callgrind can be started.
pub(crate) fn available() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    cfg!(target_os = "linux") && version.is_ok_and(|status| status.success())
}

/// Instructions of an inference of each program, all in one image. What moves samples between files and the model, which the image does
/// besides, is estimated from `programs` that do nothing else, of different sizes, and taken off.
pub(crate) fn instructions(programs: &[&Program], idle: [&Program; 2], settings: &measure::Options) -> Vec<f64> {
    let all: Vec<&Program> = programs.iter().copied().chain(idle).collect();
    let catalogue = Catalogue::builtin();
    let target = catalogue.find("host").expect("this computer");
    let image = measure::build(&all, &target, settings).unwrap_or_else(|problem| panic!("{problem}"));
    // Tests run at the same time.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = settings.directory.join(format!("callgrind-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let samples: Vec<u8> = all.iter().flat_map(|program| one_sample(program)).collect();
    std::fs::write(folder.join("inputs.bin"), samples).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let run = |command: &mut Command| {
        let output = command.current_dir(&folder).stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{error}"));
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(Command::new("valgrind").args(["--tool=callgrind", "--callgrind-out-file=profile"]).arg(&image.path));
    let table = run(Command::new("callgrind_annotate").args(["--inclusive=yes", "--threshold=100", "profile"]));
    let counts: Vec<f64> = (0..all.len()).map(|index| count(&table, index)).collect();
    let _ = std::fs::remove_dir_all(&folder);
    let (counts, idle_counts) = counts.split_at(programs.len());
    let (small, large) = (moved(idle[0]), moved(idle[1]));
    let each = (idle_counts[1] - idle_counts[0]) / (large - small);
    let around = |program: &Program| idle_counts[0] + each * (moved(program) - small);
    programs.iter().zip(counts).map(|(program, count)| (count - around(program)).max(1.0)).collect()
}

/// Bytes that go in and out of a program.
fn moved(program: &Program) -> f64 {
    program.inputs.iter().chain(&program.outputs).map(|port| port.bytes() as f64).sum()
}

/// One sample for a program, as the runner reads it.
fn one_sample(program: &Program) -> Vec<u8> {
    let samples = Samples::arbitrary(&program.inputs, 1);
    1u32.to_le_bytes().into_iter().chain(samples.inputs.concat()).collect()
}

/// Instructions of the function that runs the program of this number, those of functions that it calls included.
fn count(table: &str, index: usize) -> f64 {
    let name = format!("::programs::p{index} ");
    let line = table.lines().find(|line| line.contains(&name)).unwrap_or_else(|| panic!("callgrind has not seen p{index}"));
    let digits: String = line.trim_start().chars().take_while(|c| !c.is_whitespace()).filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
}
