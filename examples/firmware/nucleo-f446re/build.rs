//! Tells the linker where memory is, and what to lay out there.

use std::{env, fs, io};

fn main() -> io::Result<()> {
    let out = env::var("OUT_DIR").unwrap_or_default();
    fs::copy("memory.x", format!("{out}/memory.x"))?;
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-search={out}");
    for argument in ["-Tlink.x", "-Tdefmt.x", "--nmagic"] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    Ok(())
}
