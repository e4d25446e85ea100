//! Writes the cargo project that holds a runner and its programs.

use super::manifest::{BINARY, manifest};
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

/// What an image does around its programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    /// Runs them on samples; a panic prints its message.
    Telling,
    /// Runs them on samples; a panic has no message, as in most firmware: formatting is not linked.
    Silent,
    /// Calls them, and has nothing else that could panic. For cores only.
    BareMinimum,
}

/// Files of a project: path within it, and text.
type Files = Vec<(String, String)>;

/// Writes the project of `programs` for `target` below `base`, unless it is there already.
pub(super) fn write(programs: &[&Program], target: &Target<'_>, runner: Runner, base: &Path) -> Result<Project, MeasureError> {
    let manifest = manifest(target, runner);
    let mut files = files(programs, target, runner);
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

fn files(programs: &[&Program], target: &Target<'_>, runner: Runner) -> Files {
    let main = match runner {
        Runner::Telling | Runner::Silent if target.is_host() => include_str!("runner/host.rs"),
        Runner::Telling | Runner::Silent => include_str!("runner/bare.rs"),
        Runner::BareMinimum => include_str!("runner/bare_minimum.rs"),
    };
    let mut files = vec![("src/main.rs".into(), format!("#![deny(unsafe_code)]\n{main}"))];
    match runner {
        Runner::Telling | Runner::Silent => {
            files.push(("src/element.rs".into(), include_str!("runner/element.rs").into()));
            files.push(("src/session.rs".into(), include_str!("runner/session.rs").into()));
            files.push(("src/programs.rs".into(), programs_rs(programs)));
        }
        Runner::BareMinimum => files.push(("src/programs.rs".into(), calls_rs(programs))),
    }
    if !target.is_host() && runner != Runner::BareMinimum {
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
    text.push_str(&stated_rs(programs.len()));
    text.push_str("\n/// Runs them all.\npub fn run(session: &mut Session) {\n    core::hint::black_box(&STATED_STACK_BYTES);\n");
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

/// The table of the stack that each program says it takes at most, which is read from the image by its name.
fn stated_rs(programs: usize) -> String {
    let entries: String = (0..programs).map(|index| format!("    m{index}::STACK_BYTES as u32,\n")).collect();
    format!("\n/// What each says it takes.\nstatic STATED_STACK_BYTES: [u32; {programs}] = [\n{entries}];\n")
}

/// The module that calls every program once, on inputs and for outputs that the compiler knows nothing of.
fn calls_rs(programs: &[&Program]) -> String {
    let (mut modules, mut calls, mut functions) = (String::new(), String::new(), String::new());
    for (index, program) in programs.iter().enumerate() {
        let opaque = |port: &Port| format!("    black_box({});\n", port.accessor);
        let inputs: String = program.inputs.iter().map(opaque).collect();
        let outputs: String = program.outputs.iter().map(opaque).collect();
        let _ = writeln!(modules, "#[forbid(unsafe_code)]\n#[allow(dead_code)]\nmod m{index};");
        let _ = writeln!(calls, "    p{index}();");
        let _ = write!(
            functions,
            "\n#[inline(never)]\nfn p{index}() {{\n    \
             static MODEL: ConstStaticCell<m{index}::Model> = ConstStaticCell::new(m{index}::Model::new());\n    \
             let Some(model) = MODEL.try_take() else {{ return }};\n\
             {inputs}    let _ = model.run();\n{outputs}}}\n"
        );
    }
    format!(
        "//! The programs, one after the other.\n\nuse core::hint::black_box;\nuse static_cell::ConstStaticCell;\n\n\
         {modules}\n/// Calls them all.\npub fn run() {{\n    black_box(&STATED_STACK_BYTES);\n{calls}}}\n{functions}{}",
        stated_rs(programs.len())
    )
}

/// A program with the same inputs and outputs as `program` that computes nothing.
pub(super) fn hollow(program: &Program) -> Program {
    let mut fields = String::new();
    let mut values = String::new();
    let mut port = |name: String, port: &Port, mutable: &str| {
        let Port { accessor: _, dtype, elements, converted: _ } = port;
        let zero = match dtype {
            DType::Bool => "false",
            DType::F32 => "0.0",
            DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 => "0",
        };
        let _ = writeln!(fields, "    pub {name}: [{}; {elements}],", rust_type(*dtype));
        let _ = write!(values, "{name}: [{zero}; {elements}], ");
        Port { accessor: format!("&{mutable}model.{name}"), dtype: *dtype, elements: *elements, converted: None }
    };
    let inputs = program.inputs.iter().enumerate().map(|(index, input)| port(format!("input{index}"), input, "mut "));
    let inputs: Vec<Port> = inputs.collect();
    let outputs = program.outputs.iter().enumerate().map(|(index, output)| port(format!("output{index}"), output, ""));
    let outputs: Vec<Port> = outputs.collect();
    let source = format!(
        "//! Inputs and outputs, and nothing between them.\n\n/// None.\npub const STACK_BYTES: usize = 0;\n\n/// The model.\npub struct Model {{\n{fields}}}\n\n\
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
pub(crate) fn memory_x(machine: &Machine, triple: &str) -> String {
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
