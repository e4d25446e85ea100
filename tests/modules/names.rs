//! Names that models give their tensors, and users their files, make modules without errors and without warnings.

use super::hard;
use super::project::Project;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};
use tinybake::Model;
use tinybake_codegen::Options;
use tinybake_codegen::emit::Emitter;
use tinybake_codegen::pipeline::{Source, compile};
use tinybake_codegen::text;

/// Names that are words of Rust or of the module, that differ in what identifiers leave out, or hold what comments and literals cannot.
const HARD: &[&str] = &[
    "new",
    "run",
    "infer",
    "async",
    "try",
    "gen",
    "self",
    "Self",
    "crate",
    "super",
    "type",
    "fn",
    "dyn",
    "union",
    "yield",
    "r#fn",
    "model",
    "Model",
    "arena",
    "input",
    "output",
    "input_mut",
    "x",
    "x_mut",
    "x_input",
    "x_output",
    "output_output",
    "inputs",
    "outputs",
    "input0",
    "a_1",
    "a1",
    "A1",
    "a-1",
    "a.1",
    "a_1_2",
    "a_12",
    "a1_2",
    "_",
    "__",
    "___a",
    "a__b",
    "a_b_",
    "aB",
    "AB",
    "A_B_C",
    "3x3",
    "1",
    "01",
    "i8",
    "bool",
    "str",
    "core",
    "std",
    "None",
    "Some",
    "Ok",
    "drop",
    "main",
    "step0_relu",
    "C0",
    "c0",
    "CONSTANTS",
    "RAM_BYTES",
    "macs",
    "ümläut",
    "名前",
    "é",
    "serving_default:0",
    "a;b;c",
    "a b",
    " ",
    "\"quote\"",
    "'a",
    "`tick`",
    "``",
    "\\",
    "\\n",
    "{}",
    "{0}",
    "#[x]",
    "*/ x /*",
    "// c",
    "<b>",
    "[link]",
    "\r",
    "a\rb",
    "a\nb",
    "a\r\nb",
    "\t",
    "\0",
    "\u{7f}",
    "\u{1b}[31m",
    "\u{9b}31m",
    "\u{85}",
    "\u{2028}",
    "\u{202e}evil",
    "\u{2066}x\u{2069}",
    "\u{feff}",
    "\u{200b}",
    "\u{e0041}",
];

/// Names of random parts that clash easily.
fn random(count: usize, state: &mut u32) -> Vec<String> {
    const PARTS: &[&str] =
        &["a", "A", "b", "1", "2", "_", "__", "-", ".", "/", ":", "new", "fn", "Input", "é", "\n", "\u{202e}", "`", "\"", " "];
    let mut next = |most: usize| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*state >> 8) as usize % most
    };
    (0..count).map(|_| (0..1 + next(5)).map(|_| PARTS[next(PARTS.len())]).collect()).collect()
}

/// A network with these inputs and outputs, half of the names each, and weights of a hard name: its two files.
fn network(names: &[String]) -> (Vec<u8>, String) {
    let distinct: Vec<&String> = names.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let (inputs, outputs) = distinct.split_at(distinct.len() / 2);
    let weights = "w\r\n`\u{202e}";
    let quantization = "quantization = { scale = 0.5, zero_point = 0 }";
    let list = outputs.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let mut topology = format!("format = 1\nlayout = \"tflite\"\noutputs = [{list}]\n");
    for name in inputs {
        let _ = write!(topology, "\n[[input]]\nname = {}\nshape = [1, 2]\ndtype = \"int8\"\n{quantization}\n", quoted(name));
    }
    for (index, name) in outputs.iter().enumerate() {
        let input = quoted(inputs[index % inputs.len()]);
        let op = match index {
            0 => format!("fully_connected = {{ input = {input}, weights = {} }}", quoted(weights)),
            _ => format!("relu = {{ input = {input} }}"),
        };
        let _ = write!(topology, "\n[[op]]\n{op}\noutput = {{ name = {}, {quantization} }}\n", quoted(name));
    }
    let scale = 0.5_f32.to_le_bytes();
    let scale_name = format!("{weights}.scale");
    let views = [
        (weights, TensorView::new(Dtype::I8, vec![2, 2], &[1, 2, 3, 4]).expect("weights")),
        (scale_name.as_str(), TensorView::new(Dtype::F32, vec![1], &scale).expect("a scale")),
    ];
    (safetensors::serialize(views, None).expect("a file"), topology)
}

/// A string of TOML, in which every character is spelled out that could be something else.
fn quoted(name: &str) -> String {
    let spell = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '.' => character.to_string(),
        _ => format!("\\U{:08X}", character as u32),
    };
    format!("\"{}\"", name.chars().map(spell).collect::<String>())
}

fn hard_names() -> Vec<String> {
    HARD.iter()
        .map(|name| (*name).to_owned())
        .chain([format!("{}1", "long".repeat(40)), format!("{}2", "long".repeat(40))])
        .collect()
}

/// `TINYBAKE_UPDATE=1` writes the files anew.
#[test]
fn the_macro_takes_every_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/names");
    let (weights, topology) = network(&hard_names());
    for (name, bytes) in [("hard.safetensors", weights.as_slice()), ("hard.toml", topology.as_bytes())] {
        if env::var_os("TINYBAKE_UPDATE").is_some() {
            fs::write(folder.join(name), bytes).expect("a file is written");
        }
        assert!(fs::read(folder.join(name)).is_ok_and(|committed| committed == bytes), "{name} is out of date");
    }
    hard::Model::new().run();
    // What the module tells are the names as they are.
    let told = <hard::Model as Model>::INPUTS.iter().chain(<hard::Model as Model>::OUTPUTS);
    let told: BTreeSet<String> = told.map(|tensor| tensor.name.to_owned()).collect();
    assert_eq!(told, hard_names().into_iter().collect());
}

#[test]
fn text_takes_every_name() {
    let project = Project::new("names");
    let (mut main, mut calls, mut seed) = (String::from("#![deny(warnings)]\n"), String::new(), 1);
    let files = ["plain.safetensors", "dir/ne\nw \u{202e}`\" */ x.safetensors", "new.safetensors", "\r.safetensors"];
    for (index, file) in files.into_iter().enumerate() {
        let names = if index == 0 { hard_names() } else { random(60, &mut seed) };
        let (weights, topology) = network(&names);
        let source = Source { file, bytes: &weights, topology: Some(&topology) };
        let compiled = compile(&source, &Options::default()).unwrap_or_else(|problem| panic!("{file:?}: {problem}"));
        let text = text::file(&Emitter::default().emit(&compiled.plan));
        assert!(!text.contains(|character| text::is_active(character) && character != '\n'), "{file:?}");
        fs::write(project.source(&format!("net{index}.rs")), text).expect("a module");
        let _ = writeln!(main, "mod net{index} {{ include!(\"net{index}.rs\"); }}");
        let _ = writeln!(calls, "net{index}::Model::new().run();");
    }
    fs::write(project.source("main.rs"), format!("{main}fn main() {{ {calls} }}\n")).expect("the program");
    let checked = project.cargo("check");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
