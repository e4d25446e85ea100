//! Puts the linker's memory map where it is looked for, and the held-out images into plain files.

use std::path::PathBuf;
use std::{env, error, fs};

const TEST: &str = "../../models/digits.test.safetensors";

fn main() -> Result<(), Box<dyn error::Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::copy("memory.x", out.join("memory.x"))?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rerun-if-changed={TEST}");
    let test = fs::read(TEST)?;
    let test = safetensors::SafeTensors::deserialize(&test)?;
    fs::write(out.join("images.bin"), test.tensor("input.0")?.data())?;
    fs::write(out.join("labels.bin"), test.tensor("labels")?.data())?;
    Ok(())
}
