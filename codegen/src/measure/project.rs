//! Writes the cargo project that holds a runner and its programs.

use super::build::Panics;
use super::{MeasureError, Port, Program};
use crate::boards::{Machine, Region, Target};
use crate::ir::DType;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A project on disk.
pub(super) struct Project {
    /// Its directory, named after its contents.
    pub(super) directory: PathBuf,
    /// Name of its binary, which tells it from others in the same target directory.
    pub(super) binary: String,
}

/// Files of a project: path within it, and text.
type Files = Vec<(String, String)>;

/// Writes the project of `programs` for `target` below `base`, unless it is there already.
pub(super) fn write(programs: &[&Program], target: &Target<'_>, panics: Panics, base: &Path) -> Result<Project, MeasureError> {
    let manifest = manifest(target, panics);
    let mut files = files(programs, target);
    files.push(("Cargo.toml".into(), manifest));
    let mut hash = hmac_sha256::Hash::new();
    for (path, text) in &files {
        hash.update(path);
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let binary = format!("run-{digest}");
    let directory = base.join(&binary);
    for (path, text) in &files {
        let text = if path == "Cargo.toml" { &text.replace(BINARY, &binary) } else { text };
        write_if_changed(&directory.join(path), text)?;
    }
    Ok(Project { directory, binary })
}

fn files(programs: &[&Program], target: &Target<'_>) -> Files {
    let main = if target.is_host() { include_str!("runner/host.rs") } else { include_str!("runner/bare.rs") };
    let mut files = vec![
        ("src/main.rs".into(), format!("#![deny(unsafe_code)]\n{main}")),
        ("src/element.rs".into(), include_str!("runner/element.rs").into()),
        ("src/session.rs".into(), include_str!("runner/session.rs").into()),
        ("src/programs.rs".into(), programs_rs(programs)),
    ];
    if !target.is_host() {
        let counter = machine(target).counter;
        let text = format!(
            "//! What the emulated machine has.\n\nuse tinybake::harness::Counter;\n\n\
             /// The counter of instructions.\npub const COUNTER: Counter = Counter::{counter};\n"
        );
        files.push(("src/machine.rs".into(), text));
    }
    for (index, program) in programs.iter().enumerate() {
        files.push((format!("src/programs/m{index}.rs"), program.source.clone()));
    }
    files
}

/// The module that runs every program on its samples. Each is a function of its own with its model in a static.
fn programs_rs(programs: &[&Program]) -> String {
    let mut text = String::from(
        "//! The programs, one after the other.\n\nuse crate::session::Session;\nuse static_cell::ConstStaticCell;\n\n",
    );
    for index in 0..programs.len() {
        let _ = writeln!(text, "#[forbid(unsafe_code)]\n#[allow(dead_code)]\nmod m{index};");
    }
    text.push_str("\n/// Runs them all.\npub fn run(session: &mut Session) {\n");
    for index in 0..programs.len() {
        let _ = writeln!(text, "    p{index}(session);");
    }
    text.push_str("}\n");
    for (index, program) in programs.iter().enumerate() {
        let _ = write!(
            text,
            "\n#[inline(never)]\nfn p{index}(session: &mut Session) {{\n    \
             static MODEL: ConstStaticCell<m{index}::Model> = ConstStaticCell::new(m{index}::Model::new());\n    \
             let model = MODEL.take();\n    \
             for _ in 0..session.begin(size_of::<m{index}::Model>()) {{\n"
        );
        for port in &program.inputs {
            let _ = writeln!(text, "        session.load::<{}>({});", rust_type(port.dtype), port.accessor);
        }
        text.push_str("        session.infer(model, |model| {\n            let _ = model.run();\n        });\n");
        for port in &program.outputs {
            let _ = writeln!(text, "        session.store::<{}>({});", rust_type(port.dtype), port.accessor);
        }
        text.push_str("    }\n    session.end();\n}\n");
    }
    text
}

/// A program with the same inputs and outputs as `program` that computes nothing.
pub(super) fn hollow(program: &Program) -> Program {
    let mut fields = String::new();
    let mut values = String::new();
    let mut port = |name: String, port: &Port, mutable: &str| {
        let Port { accessor: _, dtype, elements } = port;
        let zero = match dtype {
            DType::Bool => "false",
            DType::F32 => "0.0",
            DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 => "0",
        };
        let _ = writeln!(fields, "    pub {name}: [{}; {elements}],", rust_type(*dtype));
        let _ = write!(values, "{name}: [{zero}; {elements}], ");
        Port { accessor: format!("&{mutable}model.{name}"), dtype: *dtype, elements: *elements }
    };
    let inputs = program.inputs.iter().enumerate().map(|(index, input)| port(format!("input{index}"), input, "mut "));
    let inputs: Vec<Port> = inputs.collect();
    let outputs = program.outputs.iter().enumerate().map(|(index, output)| port(format!("output{index}"), output, ""));
    let outputs: Vec<Port> = outputs.collect();
    let source = format!(
        "//! Inputs and outputs, and nothing between them.\n\n/// The model.\npub struct Model {{\n{fields}}}\n\n\
         impl Model {{\n    /// All zero.\n    pub const fn new() -> Self {{\n        Self {{ {values}}}\n    }}\n\n    \
         /// Computes nothing.\n    #[inline(never)]\n    pub fn run(&mut self) {{}}\n}}\n"
    );
    Program { source, inputs, outputs }
}

fn rust_type(dtype: DType) -> &'static str {
    match dtype {
        DType::I8 => "i8",
        DType::U8 => "u8",
        DType::I16 => "i16",
        DType::I32 => "i32",
        DType::I64 => "i64",
        DType::F32 => "f32",
        DType::Bool => "bool",
    }
}

/// Stands for the binary's name, which depends on all the rest, in the manifest.
const BINARY: &str = "@binary@";

/// The manifest. Versions are exact, so that figures repeat.
fn manifest(target: &Target<'_>, panics: Panics) -> String {
    let default = if panics == Panics::Tell { "\"messages\"" } else { "" };
    let features = if target.is_host() { "" } else { "\"harness\"" };
    let mut text = format!(
        "[package]\nname = \"tinybake-runner\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [[bin]]\nname = \"{BINARY}\"\npath = \"src/main.rs\"\n\n[workspace]\n\n[features]\ndefault = [{default}]\nmessages = []\n\n\
         [profile.release]\nlto = \"fat\"\ncodegen-units = 1\npanic = \"abort\"\n\n\
         [profile.size]\ninherits = \"release\"\nopt-level = \"s\"\n\n\
         [dependencies]\nstatic_cell = \"=2.1.1\"\n\
         tinybake = {{ package = \"tinybake-runtime\", {}, default-features = false, features = [{features}] }}\n",
        runtime()
    );
    if let Some(triple) = target.core.triple.as_deref() {
        text.push_str(
            "semihosting = { version = \"=0.1.25\", features = [\"fs\", \"stdio\"] }\n\
             portable-atomic = { version = \"1\", features = [\"unsafe-assume-single-core\"] }\n",
        );
        text.push_str(if triple.starts_with("thumb") {
            "cortex-m-rt = { version = \"=0.7.7\", features = [\"set-vtor\"] }\n"
        } else {
            "riscv-rt = { version = \"=0.18.0\", features = [\"memory\"] }\n"
        });
    }
    text
}

/// The checkout's root that this crate was built in, if it is still there.
fn checkout() -> Option<&'static Path> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    root.join("runtime/Cargo.toml").is_file().then_some(root)
}

/// Where the runtime is: beside this crate in a checkout, in the registry otherwise.
fn runtime() -> String {
    match checkout() {
        Some(root) => format!("path = {:?}", root.join("runtime").display().to_string()),
        None => concat!("version = \"=", env!("CARGO_PKG_VERSION"), "\"").into(),
    }
}

/// `tinybake` in the target directory that cargo uses here.
pub(super) fn default_directory() -> PathBuf {
    match (std::env::var_os("CARGO_TARGET_DIR"), checkout()) {
        (Some(target), _) => PathBuf::from(target).join("tinybake"),
        (None, Some(root)) => root.join("target/tinybake"),
        (None, None) => PathBuf::from("target/tinybake"),
    }
}

/// A digest of the runtime's sources in a checkout; empty where the registry has them, under this crate's version.
pub(super) fn runtime_digest() -> String {
    let Some(root) = checkout() else { return String::new() };
    let mut files = vec![root.join("runtime/Cargo.toml")];
    let mut folders = vec![root.join("runtime/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut hash = hmac_sha256::Hash::new();
    for file in &files {
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update(fs::read(file).unwrap_or_default());
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The machine whose memory an image for `target` is linked to: the emulated one, or one that is not there with as much.
pub(super) fn machine(target: &Target<'_>) -> Machine {
    target.machine.cloned().unwrap_or_else(|| Machine {
        name: String::new(),
        emulator: String::new(),
        flash: Region { origin: 0x0800_0000, length: 0x80_0000 },
        ram: Region { origin: 0x2000_0000, length: 0x40_0000 },
        boot: None,
        counter: "Minstret".into(),
        icount_shift: 0,
    })
}

/// The linker script that says where `machine` has memory.
pub(super) fn memory_x(machine: &Machine, triple: &str) -> String {
    let mut text = format!(
        "MEMORY\n{{\n  FLASH : ORIGIN = {:#010x}, LENGTH = {:#x}\n  RAM : ORIGIN = {:#010x}, LENGTH = {:#x}\n",
        machine.flash.origin, machine.flash.length, machine.ram.origin, machine.ram.length
    );
    if let Some(boot) = machine.boot {
        let _ = writeln!(text, "  BOOT : ORIGIN = {boot:#010x}, LENGTH = 8");
    }
    text.push_str("}\n");
    if machine.boot.is_some() {
        text.push_str(
            "SECTIONS\n{\n  .boot : { LONG(_stack_start); LONG(Reset | 1); } > BOOT\n}\nINSERT BEFORE .vector_table;\n",
        );
    }
    if triple.starts_with("riscv") {
        for (region, memory) in
            [("TEXT", "FLASH"), ("RODATA", "FLASH"), ("DATA", "RAM"), ("BSS", "RAM"), ("HEAP", "RAM"), ("STACK", "RAM")]
        {
            let _ = writeln!(text, "REGION_ALIAS(\"REGION_{region}\", {memory});");
        }
    }
    text
}

/// Writes `text` to `path` and the directories above it; a file that says the same keeps its time, so cargo keeps its build.
pub(super) fn write_if_changed(path: &Path, text: &str) -> Result<(), MeasureError> {
    let failed = |source| MeasureError::File { path: path.to_owned(), source };
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let partial = path.with_extension(super::command::unique());
    fs::write(&partial, text).and_then(|()| fs::rename(&partial, path)).map_err(failed)
}
