//! Writing that is cut short: by a limit, a full disk, a signal, or another process.
#![cfg(unix)]

use super::*;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The program with `arguments`, where no file may be larger than `kilobytes`.
fn limited(kilobytes: u64, command: &Command) -> Command {
    let mut limited = Command::new("sh");
    // Blocks of 512 bytes.
    limited.args(["-c", &format!("ulimit -f {}; exec \"$0\" \"$@\"", 2 * kilobytes)]);
    limited.arg(command.get_program()).args(command.get_args()).current_dir(env!("CARGO_TARGET_TMPDIR"));
    limited
}

#[test]
fn a_limit_on_files_leaves_everything_as_it_was() {
    let folder = folder("cut_limit");
    let path = |name: &str| text(&folder.join(name));
    let (network, samples) = float(&folder);
    let out = path("out.safetensors");
    let generate = |model: &str| tinybake(&["generate", "--format", "json", model, "-o", &path("net.rs"), "--optimize", "size"]);
    assert_eq!(ran(generate(&model("sparse/separable_stack"))).code, Some(0));
    let int16 = |output: &str| {
        let mut command = quantize(&network, &samples, output);
        command.args(["--activations", "int16"]);
        command
    };
    assert_eq!(ran(int16(&out)).code, Some(0));
    let before = contents(&folder);
    for (command, kilobytes) in [
        // The constants, and then the module alone.
        (generate(&large()), 1),
        (generate(&large()), 12),
        (quantize(&network, &samples, &out), 1),
    ] {
        refused(&ran(limited(kilobytes, &command)), "write::file");
        assert_eq!(contents(&folder), before, "{command:?}");
    }
}

/// Whether this process ignores a signal, as shells have background jobs ignore SIGINT; programs that it starts do so too.
fn ignored(number: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim);
    mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

/// A small file system of its own, until this is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: PathBuf, kilobytes: u64) -> Option<Self> {
        let options = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&folder).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let Some(disk) = Disk::mount(folder("cut_disk"), 64) else {
        println!("skipped: this user may not mount a small disk");
        return;
    };
    let inputs = folder("cut_disk_inputs");
    let (network, samples) = float(&inputs);
    let path = |name: &str| text(&disk.0.join(name));
    let generate = |model: &str| run(&["generate", "--format", "json", model, "-o", &path("net.rs")]);
    assert_eq!(generate(&model("sparse/separable_stack")).code, Some(0));
    assert_eq!(ran(quantize(&network, &samples, &path("out.safetensors"))).code, Some(0));
    // Room for a second file of constants and not for a module, or for neither.
    for free in [0, 16] {
        let filler = disk.0.join("filler");
        fs::write(&filler, vec![0; free * 1024]).unwrap();
        while fs::OpenOptions::new()
            .append(true)
            .open(disk.0.join("rest"))
            .or_else(|_| fs::File::create(disk.0.join("rest")))
            .and_then(|mut file| std::io::Write::write_all(&mut file, &[0; 4096]))
            .is_ok()
        {}
        fs::remove_file(&filler).unwrap();
        let before = contents(&disk.0);
        refused(&generate(&large()), "write::file");
        assert_eq!(contents(&disk.0), before, "{free} kB free");
        fs::remove_file(disk.0.join("rest")).unwrap();
    }
}

/// A run that has written one file under a temporary name and waits for somebody to read the other, a pipe.
fn waiting(folder: &Path, figures: &str) -> Child {
    let pipe = folder.join("pipe");
    assert!(pipe.exists() || Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let arguments = ["compare", "--merge", figures, "--json", &text(&pipe), "--csv", &text(&folder.join("rows.csv"))];
    let child = tinybake(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while temporary(folder).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is written");
        sleep(Duration::from_millis(2));
    }
    child
}

fn temporary(folder: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|extension| extension == "tmp")).collect()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn signals_leave_no_temporary_files() {
    let (folder, inputs) = (folder("cut_signal"), folder("cut_signal_inputs"));
    let figures = figures(&inputs, 1);
    fs::write(folder.join("rows.csv"), "old").unwrap();
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        if ignored(number) {
            println!("skipped: SIG{name} is ignored by these tests, and so by what they start");
            continue;
        }
        let mut child = waiting(&folder, &figures);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        assert_eq!(fs::read_to_string(folder.join("rows.csv")).unwrap(), "old");
        assert!(temporary(&folder).is_empty(), "{name}");
    }
    // Nobody can act on SIGKILL: the next run there sweeps up.
    let mut child = waiting(&folder, &figures);
    signal(&child, "KILL");
    child.wait().unwrap();
    assert_eq!(temporary(&folder).len(), 1);
    let csv = text(&folder.join("rows.csv"));
    assert_eq!(run(&["compare", "--merge", &figures, "--csv", &csv]).code, Some(0));
    assert!(temporary(&folder).is_empty());
}

#[test]
fn a_run_that_is_killed_at_any_time_leaves_a_whole_module() {
    let folder = folder("cut_kill");
    let output = text(&folder.join("net.rs"));
    let models = [model("palettized/separable_stack"), model("sparse/separable_stack")];
    let arguments = |model: &str| ["generate", model, "-o", &output, "--check"].map(str::to_owned);
    assert_eq!(run(&["generate", &models[0], "-o", &output]).code, Some(0));
    let start = Instant::now();
    run(&["generate", &models[0]]);
    let usual = start.elapsed();
    for round in 0..16_u32 {
        let mut child = tinybake(&["-q", "generate", &models[round as usize % 2], "-o", &output]).spawn().unwrap();
        sleep(usual * round / 12);
        let _ = child.kill();
        child.wait().unwrap();
        let whole = models.iter().any(|model| tinybake(&[]).args(arguments(model)).output().unwrap().status.success());
        assert!(whole, "after {round} of 12 parts of a run");
    }
    assert_eq!(run(&["generate", &models[0], "-o", &output]).code, Some(0));
    assert_eq!(contents(&folder).len(), 2);
}

#[test]
fn runs_at_once_do_not_mix() {
    let folder = folder("cut_at_once");
    let (network, samples) = float(&folder);
    let path = |name: &str| text(&folder.join(name));
    // Alone first, to know what whole outputs are.
    let mut whole = Vec::new();
    let pair = || ["both.safetensors", "both.toml"].map(|name| fs::read(folder.join(name)).unwrap());
    let with = |activations: &str| {
        let mut command = quantize(&network, &samples, &path("both.safetensors"));
        command.args(["--activations", activations]).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    for activations in ["int8", "int16"] {
        assert!(with(activations).status().unwrap().success());
        whole.push(pair());
    }
    let models = [model("palettized/separable_stack"), model("sparse/separable_stack")];
    for _ in 0..3 {
        let mut runs: Vec<Child> = ["int8", "int16"].iter().map(|activations| with(activations).spawn().unwrap()).collect();
        for _ in 0..2 {
            let generate = |model: &String| tinybake(&["-q", "generate", model, "-o", &path("net.rs")]).spawn().unwrap();
            runs.extend(models.iter().map(generate));
        }
        for mut run in runs {
            assert!(run.wait().unwrap().success());
        }
        assert!(whole.contains(&pair()));
        assert!(models.iter().any(|model| run(&["generate", model, "-o", &path("net.rs"), "--check"]).code == Some(0)));
    }
    let constants = contents(&folder).into_iter().filter(|(name, _)| name.ends_with(".bin"));
    assert_eq!(constants.count(), 1);
    assert!(temporary(&folder).is_empty());
}

#[test]
fn a_topology_of_other_weights_is_not_taken_for_theirs() {
    let folder = folder("cut_pair");
    let (network, samples) = float(&folder);
    let path = |name: &str| text(&folder.join(name));
    let graph = |name: &str| {
        let ran = run(&["generate", &path(name), "--emit", "ir"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut whole = Vec::new();
    for activations in ["int8", "int16"] {
        let mut command = quantize(&network, &samples, &path(&format!("{activations}.safetensors")));
        assert_eq!(command.args(["--activations", activations]).output().unwrap().status.code(), Some(0));
        whole.push(graph(&format!("{activations}.safetensors")));
    }
    assert_ne!(whole[0], whole[1]);
    // As a run leaves them that is killed between the two files.
    for (weights, topology, expected) in [("int8", "int16", &whole[0]), ("int16", "int8", &whole[1])] {
        fs::copy(folder.join(format!("{weights}.safetensors")), folder.join("mixed.safetensors")).unwrap();
        fs::copy(folder.join(format!("{topology}.toml")), folder.join("mixed.toml")).unwrap();
        assert_eq!(&graph("mixed.safetensors"), expected);
    }
}
