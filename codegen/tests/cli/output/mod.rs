//! Files that commands write: where they go, what they may not replace, and what is left when writing is cut short.

mod broken_off;
mod constants;
mod names;
mod streams;

use super::{Ran, folder, model, ran, repository, run, tinybake};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A model whose module has constants beside it.
fn large() -> String {
    model("palettized/separable_stack")
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// What lies in a folder, by name.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().map(|path| (text(&path), fs::read(&path).unwrap_or_default())).collect()
}

/// Figures that `compare --merge` writes in several files, in no time.
fn figures(folder: &Path, flash: u64) -> String {
    let file = folder.join(format!("{flash}.figures"));
    let row = format!("{{\"model\": \"m\", \"board\": \"nrf52840-dk\", \"optimize\": \"size\", \"flash_bytes\": {flash}}}");
    fs::write(&file, format!("{{\"rows\": [{row}]}}")).unwrap();
    text(&file)
}

/// A float network in the native format, with samples.
fn float(folder: &Path) -> (String, String) {
    for file in ["digits-float.safetensors", "digits-float.toml"] {
        fs::copy(repository("examples/models").join(file), folder.join(file)).unwrap();
    }
    let samples = folder.join("samples.data");
    super::quantize::data(&samples, &[1, 8, 8, 1], 4, None);
    (text(&folder.join("digits-float.safetensors")), text(&samples))
}

/// `quantize` in one way only, which is fast.
fn quantize(model: &str, samples: &str, output: &str) -> Command {
    let fast = ["--ranges", "min-max", "--equalize", "off", "--correct-biases", "off", "--fit-weights", "off"];
    tinybake(&[&["quantize", "--format", "json", model, "--data", samples, "-o", output], &fast[..]].concat())
}

fn refused(ran: &Ran, code: &str) {
    assert_eq!((ran.code, ran.diagnostics()), (Some(2), vec![code.to_string()]), "{}", ran.stderr);
}

#[test]
fn no_output_replaces_an_input() {
    let folder = folder("output_inputs");
    let path = |name: &str| text(&folder.join(name));
    let (network, samples) = float(&folder);
    fs::copy(large(), folder.join("net.tflite")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("net.tflite", folder.join("link")).unwrap();
        fs::hard_link(folder.join("net.tflite"), folder.join("hard")).unwrap();
    }
    let kept = figures(&folder, 1);
    let before = contents(&folder);
    for output in if cfg!(unix) { &["net.tflite", "link", "hard"][..] } else { &["net.tflite"] } {
        refused(&run(&["generate", "--format", "json", &path("net.tflite"), "-o", &path(output)]), "write::input");
    }
    for output in [network.as_str(), &samples, &path("digits-float.toml")] {
        let ran = ran(quantize(&network, &samples, output));
        assert_eq!((ran.code, ran.diagnostics()[0].as_str()), (Some(2), "write::input"), "{}", ran.stderr);
    }
    let prune = ["prune", "--format", "json", &network, "--data", &samples, "--sparsity", "0.5", "-o"];
    refused(&run(&[&prune[..], &[&samples]].concat()), "write::input");
    refused(&run(&[&prune[..], &[&path("new.safetensors"), "--curve", &samples]].concat()), "write::input");
    refused(&run(&["compare", "--format", "json", "--merge", &kept, "--csv", &kept]), "write::input");
    refused(&run(&["compare", "--format", "json", "--merge", &kept, "--baseline", &kept, "--json", &kept]), "write::input");
    // Two outputs in one place.
    refused(&run(&["compare", "--format", "json", "--merge", &kept, "--json", &path("x"), "--csv", &path("x")]), "write::same");
    refused(&run(&[&prune[..], &[&path("new.toml")]].concat()), "write::same");
    assert_eq!(contents(&folder), before);
}

#[test]
fn a_topology_takes_the_place_of_none_but_a_written_one() {
    let folder = folder("output_topology");
    let path = |name: &str| folder.join(name);
    let (network, samples) = float(&folder);
    fs::write(path("Cargo.toml"), "[package]\nname = \"x\"\n").unwrap();
    let by_hand = format!("# mine\n{}", fs::read_to_string(path("digits-float.toml")).unwrap());
    fs::write(path("mine.toml"), by_hand).unwrap();
    fs::create_dir(path("folder.toml")).unwrap();
    let before = contents(&folder);
    for (name, code) in [("Cargo", "write::foreign"), ("mine", "write::foreign"), ("folder", "write::file")] {
        let output = text(&path(&format!("{name}.safetensors")));
        refused(&ran(quantize(&network, &samples, &output)), code);
        let prune = ["prune", "--format", "json", &network, "--data", &samples, "--sparsity", "0.5", "-o", &output];
        refused(&run(&prune), code);
    }
    assert_eq!(contents(&folder), before);
    let output = text(&path("out.safetensors"));
    for _ in 0..2 {
        let ran = ran(quantize(&network, &samples, &output));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    assert_eq!(run(&["generate", &output, "-o", &text(&path("out.rs"))]).code, Some(0));
}
