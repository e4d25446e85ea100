//! Tells the runtime which Arm instructions the target has: on stable, the compiler does not say.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(tinybake_core, values(\"mve\", \"dsp\", \"thumb2\", \"thumb1\"))");
    println!("cargo::rustc-check-cfg=cfg(tinybake_v8)");
    let variable = |name| std::env::var(name).unwrap_or_default();
    // The assembler of whole functions takes no target features but those of the triple, which has no DSP instructions there.
    if variable("TARGET").starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=tinybake_v8");
    }
    if let Some(core) = core(&variable("TARGET"), &variable("CARGO_ENCODED_RUSTFLAGS")) {
        println!("cargo::rustc-cfg=tinybake_core=\"{core}\"");
    }
}

/// The instructions of a target under the flags given to the compiler; `None` where it is no Arm microcontroller.
fn core(target: &str, flags: &str) -> Option<&'static str> {
    let names = |words: &[&str]| words.iter().any(|word| flags.contains(word));
    let architecture = target.split('-').next().unwrap_or_default();
    match architecture {
        "thumbv6m" | "thumbv8m.base" => Some("thumb1"),
        "thumbv7m" => Some("thumb2"),
        "thumbv7em" => Some("dsp"),
        "thumbv8m.main" if names(&["cortex-m52", "cortex-m55", "cortex-m85", "+mve"]) => Some("mve"),
        "thumbv8m.main" if names(&["cortex-m33", "cortex-m35p", "+dsp"]) => Some("dsp"),
        "thumbv8m.main" => Some("thumb2"),
        _ => None,
    }
}
