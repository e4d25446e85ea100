//! `tinybake new`: what it refuses and what it writes.

use super::{fields, folder, memory, model, ran, repository, run, tinybake};
use std::path::{Path, PathBuf};
use std::process::Command;
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::scaffold::templates;

pub(super) fn digits(extension: &str) -> String {
    repository("examples/models/digits").with_extension(extension).display().to_string()
}

/// Makes a project for `board` in a fresh folder.
pub(super) fn project(name: &str, model: &str, board: &str) -> PathBuf {
    let folder = folder(&format!("new-{name}")).join(name);
    let made = run(&["new", &folder.display().to_string(), "--model", model, "--board", board]);
    assert_eq!(made.code, Some(0), "{board}: {}", made.stderr);
    folder
}

#[test]
fn what_it_writes_is_told() {
    let folder = folder("new-told").join("told");
    let arguments = ["new", &folder.display().to_string(), "--model", &digits("tflite"), "--board", "nrf52840-dk"];
    let made = run(&[arguments.as_slice(), &["--format", "json"]].concat());
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let json = made.json();
    let expected =
        ["board", "files", "folder", "install", "macs", "model", "name", "ram_bytes", "samples", "template", "weight_bytes"];
    assert_eq!(fields(&json), expected);
    assert_eq!((json["name"].as_str(), json["template"].as_str()), (Some("told"), Some("embassy-nrf")));
    let files: Vec<&str> = json["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    let expected = [
        ".cargo/config.toml",
        ".gitignore",
        "Cargo.toml",
        "README.md",
        "build.rs",
        "memory.x",
        "models/digits.tflite",
        "samples/input.bin",
        "src/main.rs",
    ];
    assert_eq!(files, expected);
    for file in files {
        assert!(folder.join(file).is_file(), "{file}");
    }
    assert_eq!(std::fs::read(folder.join("models/digits.tflite")).unwrap(), std::fs::read(digits("tflite")).unwrap());
    let again = run(&arguments);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("new::occupied"), "{}", again.stderr);
}

#[test]
fn input_that_is_wrong_ends_with_2_and_leaves_nothing() {
    let base = folder("new-wrong");
    let tiny = base.join("tiny.toml");
    let board = "[[board]]\nname = \"tiny\"\ntitle = \"Tiny\"\ncore = \"cortex-m0\"\nflash_bytes = 26_000\nram_bytes = 4_096\nclock_mhz = 8\n\
                 firmware = { hal = \"embassy-nrf\", feature = \"nrf51\", chip = \"nRF51822_xxAA\", flash_origin = 0, ram_origin = 0x2000_0000 }\n";
    std::fs::write(&tiny, board).unwrap();
    let (digits, float) = (digits("tflite"), repository("examples/models/digits-float.safetensors").display().to_string());
    let tiny = tiny.display().to_string();
    let recording = repository("examples/models/digits.test.safetensors").display().to_string();
    /// Folder, model, board, other options; the codes expected.
    type Wrong<'a> = (&'a str, &'a str, &'a str, &'a [&'a str], &'a [&'a str]);
    let cases: &[Wrong<'_>] = &[
        ("a", &digits, "raspbery-pi-pico", &[], &["boards::unknown"]),
        ("a", &digits, "host", &[], &["new::no_template"]),
        ("a", &digits, "mps2-an386", &[], &["new::machine"]),
        ("a", &digits, "esp32-s3", &[], &["new::no_template"]),
        ("a", "absent.tflite", "cortex-m4", &[], &["read::file"]),
        ("a", &tiny, "cortex-m4", &[], &["read::format"]),
        ("9lives", &digits, "cortex-m4", &[], &["new::name"]),
        ("a", &digits, "cortex-m4", &["--name", "static_cell"], &["new::name"]),
        ("a", &digits, "cortex-m4", &["--tinybake-path", "."], &["new::no_checkout"]),
        ("a", &digits, "cortex-m4", &["--golden", &digits], &["golden::syntax"]),
        ("a", &model("conv_2d/k3x3_same"), "cortex-m4", &["--golden", &recording], &["golden::shape"]),
        ("a", &digits, "tiny", &["--boards-file", &tiny], &["new::does_not_fit", "new::does_not_fit"]),
    ];
    let made = |name: &str, model: &str, board: &str, more: &[&str]| {
        let target = base.join(name).display().to_string();
        run(&[&["new", &target, "--model", model, "--board", board, "--format", "json"], more].concat())
    };
    for (name, model, board, more, expected) in cases {
        let ran = made(name, model, board, more);
        assert_eq!((ran.code, ran.diagnostics().iter().map(String::as_str).collect::<Vec<_>>()), (Some(2), expected.to_vec()));
    }
    assert_eq!(made("a", &float, "cortex-m4", &[]).code, Some(2), "a float model is refused");
    let left: Vec<_> = std::fs::read_dir(&base).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["tiny.toml"]);
}

#[test]
fn a_model_that_does_not_fit_is_told_by_how_much() {
    let base = folder("new-large");
    let file = base.join("small.toml");
    let board = "[[board]]\nname = \"small\"\ntitle = \"Small\"\ncore = \"cortex-m4\"\nflash_bytes = 65_536\nram_bytes = 4_800\nclock_mhz = 8\n\
                 firmware = { hal = \"embassy-nrf\", feature = \"nrf52832\", chip = \"nRF52832_xxAA\", flash_origin = 0, ram_origin = 0x2000_0000 }\n";
    std::fs::write(&file, board).unwrap();
    let target = base.join("kws").display().to_string();
    let arguments =
        ["new", &target, "--model", &digits("tflite"), "--board", "small", "--boards-file", &file.display().to_string()];
    let refused = run(&arguments);
    assert_eq!(refused.code, Some(2));
    let words = refused.stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    let elsewhere = base.join("elsewhere").display().to_string();
    let fits = run(&["new", &elsewhere, "--model", &digits("tflite"), "--board", "cortex-m4", "--format", "json"]);
    let ram = fits.json()["ram_bytes"].as_u64().unwrap();
    // The stack counts: the number is the one that the generated module states.
    let (_, stack) = memory(&digits("tflite"), "cortex-m4");
    let told = format!(
        "RAM of `small`: {} bytes needed ({stack} of them stack) and 4096 for the firmware around it, 4800 available, {} too many",
        ram + stack,
        ram + stack + 4096 - 4800
    );
    assert!(words.contains(&told), "{words}");
    assert!(words.contains("boards with enough:"), "{words}");
    // A board of the user's own table that it fits: the macro, which does not know it, is told the core.
    std::fs::write(&file, board.replace("4_800", "9_216")).unwrap();
    let made = run(&arguments);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let main = std::fs::read_to_string(Path::new(&target).join("src/main.rs")).unwrap();
    assert!(main.contains("target = \"cortex-m4\""), "{main}");
    assert!(
        std::fs::read_to_string(Path::new(&target).join("memory.x")).unwrap().contains("RAM : ORIGIN = 0x20000000, LENGTH = 9K")
    );
}

#[test]
fn a_checkout_is_named_as_the_user_names_it() {
    let base = folder("new-path");
    let root = std::fs::canonicalize(repository("")).unwrap();
    let made = |name: &str, path: &str| {
        let mut command = tinybake(&["new", name, "--model", &digits("tflite"), "--board", "cortex-m4", "--tinybake-path", path]);
        command.current_dir(&base);
        let made = ran(command);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        std::fs::read_to_string(base.join(name).join("Cargo.toml")).unwrap()
    };
    assert!(
        made("absolute", &root.display().to_string())
            .contains(&format!("tinybake = {{ path = {:?} }}", root.display().to_string()))
    );
    let up: PathBuf = base.strip_prefix(&root).map(|way| way.components().map(|_| "..").collect()).unwrap_or(root.clone());
    let relative = made("relative", &up.display().to_string());
    let expected = if up.is_absolute() { up } else { Path::new("..").join(up) };
    assert!(relative.contains(&format!("tinybake = {{ path = {:?} }}", expected.display().to_string())), "{relative}");
}

/// Models with several inputs or outputs, with floats at the edges, and with outputs that are no scores.
pub(super) const OTHER_MODELS: [&str; 5] =
    ["graphs/two_inputs", "graphs/two_outputs", "quantize/float_in_and_out", "arg_max/classes", "graphs/autoencoder"];

#[test]
fn sources_are_as_rustfmt_writes_them() {
    let models: Vec<String> = OTHER_MODELS.map(model).into_iter().chain([digits("tflite")]).collect();
    for (index, model) in models.iter().enumerate() {
        for board in ["cortex-m4", "raspberry-pi-pico", "nucleo-f446re", "esp32-c3"] {
            let folder = project(&format!("fmt-{board}-{index}"), model, board);
            let mut rustfmt = Command::new("rustfmt");
            rustfmt
                .args(["--check", "--edition", "2024", "--config-path", "/dev/null"])
                .arg(folder.join("src/main.rs"))
                .arg(folder.join("build.rs"));
            match rustfmt.output() {
                Ok(output) => assert!(output.status.success(), "{board}: {}", String::from_utf8_lossy(&output.stdout)),
                Err(error) => println!("skipped: rustfmt cannot be started: {error}"),
            }
        }
    }
}

/// The projects in `examples/firmware` are what the command makes. `TINYBAKE_UPDATE=1` writes them anew.
#[test]
fn examples_are_what_it_writes_today() {
    use tinybake_codegen::measure::Golden;
    use tinybake_codegen::scaffold::{Dependency, Request};
    let catalogue = Catalogue::builtin();
    let recording = std::fs::read(repository("examples/models/digits.test.safetensors")).unwrap();
    let golden = Golden::parse(&recording).unwrap();
    let files = tinybake_codegen::script::Files::read(Path::new(&digits("tflite"))).unwrap();
    let source = files.source("digits.tflite");
    let examples = [
        ("qemu-cortex-m4", "cortex-m4"),
        ("raspberry-pi-pico", "raspberry-pi-pico"),
        ("raspberry-pi-pico2", "raspberry-pi-pico2"),
        ("nrf52840-dk", "nrf52840-dk"),
        ("nucleo-f446re", "nucleo-f446re"),
        ("esp32-c3", "esp32-c3"),
    ];
    for (name, board) in examples {
        let target = catalogue.find(board).unwrap();
        let options = tinybake_codegen::Options { core: target.class(), ..Default::default() };
        let compiled = tinybake_codegen::pipeline::compile(&source, &options).unwrap();
        let request = Request {
            name,
            model: ("digits.tflite", source.bytes),
            topology: None,
            compiled: &compiled,
            target,
            golden: Some(&golden),
            tinybake: Dependency::Path(Path::new("../../..")),
        };
        let project = tinybake_codegen::scaffold::project(&request, &catalogue).unwrap();
        let folder = repository("examples/firmware").join(name);
        for file in &project.files {
            let path = folder.join(&file.path);
            if std::env::var_os("TINYBAKE_UPDATE").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &file.bytes).unwrap();
            }
            let written = std::fs::read(&path).is_ok_and(|bytes| without_figures(&bytes) == without_figures(&file.bytes));
            assert!(written, "examples/firmware/{name}/{} is out of date: TINYBAKE_UPDATE=1 writes it anew", file.path);
        }
    }
    assert!(examples.iter().all(|(_, board)| templates(&catalogue).iter().any(|template| template == board)));
}

/// A file without the bytes of flash and RAM that a README tells, which change with every better kernel.
fn without_figures(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    lines.filter(|line| !line.starts_with(b"| flash |") && !line.starts_with(b"| RAM |")).flatten().copied().collect()
}
