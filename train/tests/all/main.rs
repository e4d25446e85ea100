//! Training, as a library and as a program.

#[path = "../../examples/flagship/digits.rs"]
mod digits;
mod drawn;
#[path = "../../examples/flagship/learn.rs"]
#[allow(dead_code)] // The example takes all of its steps.
mod learn;

mod data;
mod distillation;
mod floats;
mod format;
mod gradients;
mod int8;
mod outputs;
mod pruning;
mod readme;
mod recovery;
mod separate;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tinybake_train::data::Samples;

/// What the flagship example's steps are given.
struct Data {
    all: Samples,
    validation: Samples,
    test: Samples,
}

/// A small network for the drawn digits.
const SMALL: &str = r#"
format = 1
layout = "tflite"
[[input]]
name = "image"
shape = [1, 16, 16, 1]
[[op]]
conv2d = { input = "image", weights = { tensor = "c1.w", shape = [6, 3, 3, 1] }, bias = { tensor = "c1.b", shape = [6] }, stride = 2, padding = "same", activation = "relu" }
output = { name = "c1" }
[[op]]
depthwise_conv2d = { input = "c1", weights = { tensor = "d2.w", shape = [1, 3, 3, 6] }, bias = { tensor = "d2.b", shape = [6] }, stride = 2, padding = "same", activation = "relu" }
output = { name = "d2" }
[[op]]
conv2d = { input = "d2", weights = { tensor = "c3.w", shape = [12, 1, 1, 6] }, bias = { tensor = "c3.b", shape = [12] }, activation = "relu6" }
output = { name = "c3" }
[[op]]
reshape = { input = "c3" }
output = { name = "flat", shape = [1, -1] }
[[op]]
fully_connected = { input = "flat", weights = { tensor = "fc.w", shape = [10, 192] }, bias = { tensor = "fc.b", shape = [10] } }
output = { name = "logits" }
[[op]]
softmax = { input = "logits" }
output = { name = "scores" }
"#;

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("train").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The program, in a folder.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tinybake-train"));
    command.current_dir(folder).args(arguments);
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Writes the topology `small.toml` and digits `digits.safetensors` into a folder.
fn files(folder: &Path, count: usize) -> Samples {
    let samples = drawn::digits(1, count);
    let graph = tinybake_train::initial::from_topology(SMALL, "small", 1).unwrap();
    std::fs::write(folder.join("small.toml"), SMALL).unwrap();
    std::fs::write(folder.join("digits.safetensors"), samples.to_bytes(&graph)).unwrap();
    samples
}
