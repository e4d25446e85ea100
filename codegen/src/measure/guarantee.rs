//! What generated code promises, looked for in linked images: no panic, no floats computed in software, no allocation.
//!
//! The image holds the programs and a start-up that does none of this itself, so a symbol that stands for it is a program's.
//! That `RAM_BYTES` is the size of `Model` is asserted in every generated module: where it is not, nothing builds.

use super::{MeasureError, Options, Program, build, project};
use crate::boards::Target;
use object::{Object, ObjectSymbol, SymbolKind};
use std::path::Path;

/// Symbols that stand for what generated code promises not to do, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaches {
    /// Functions that panic.
    pub panics: Vec<String>,
    /// Functions that compute with floats in software.
    pub soft_float: Vec<String>,
    /// Functions of an allocator.
    pub allocator: Vec<String>,
}

impl Breaches {
    /// Whether there is none; where `floats` may be computed with, those in software are none.
    pub fn none(&self, floats: bool) -> bool {
        let Self { panics, soft_float, allocator } = self;
        panics.is_empty() && (floats || soft_float.is_empty()) && allocator.is_empty()
    }
}

/// Links `programs` for `target` and looks for what they promise not to have. `target` is a core or board, not the host, whose
/// standard library does all of it.
///
/// # Errors
/// As `super::build`.
pub fn breaches(programs: &[&Program], target: &Target<'_>, options: &Options) -> Result<Breaches, MeasureError> {
    build::target_available(target)?;
    let image = build::build_with(programs, target, options, project::Runner::BareMinimum)?;
    of_image(&image.path)
}

fn of_image(path: &Path) -> Result<Breaches, MeasureError> {
    let bytes = std::fs::read(path).map_err(|source| MeasureError::File { path: path.to_owned(), source })?;
    let wrong = |message: String| MeasureError::Elf { path: path.to_owned(), message };
    let file = object::File::parse(bytes.as_slice()).map_err(|error| wrong(error.to_string()))?;
    let functions = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && !symbol.is_undefined());
    let mut names: Vec<&str> = functions.filter_map(|symbol| symbol.name().ok()).collect();
    if !names.iter().any(|name| name.contains("programs")) {
        return Err(wrong("it has no symbols of the programs: is it stripped?".into()));
    }
    names.sort_unstable();
    names.dedup();
    let those = |is: fn(&str) -> bool| names.iter().filter(|name| is(name)).map(ToString::to_string).collect();
    Ok(Breaches { panics: those(panics), soft_float: those(soft_float), allocator: those(allocator) })
}

/// Names in Rust's mangled symbols stand as they are.
fn panics(name: &str) -> bool {
    ["panicking", "something_panics", "rust_begin_unwind", "unwrap_failed", "expect_failed"]
        .iter()
        .any(|part| name.contains(part))
}

/// Run-time ABI for the Arm Architecture, sections 4.1.2 and 4.3.3, and the names of libgcc, which compiler-builtins has too.
fn soft_float(name: &str) -> bool {
    if let Some(helper) = name.strip_prefix("__aeabi_").or_else(|| name.split_once("__aeabi_").map(|(_, helper)| helper)) {
        return helper.starts_with(['f', 'd', 'c', 'h']) || ["2f", "2d"].iter().any(|conversion| helper.contains(conversion));
    }
    let Some((_, routine)) = name.split_once("__") else { return false };
    const ROUTINES: [&str; 22] = [
        "add", "sub", "mul", "div", "neg", "pow", "fix", "float", "extend", "trunc", "eq", "ne", "lt", "le", "gt", "ge", "unord",
        "cmp", "aeabi", "gnu_f2h", "gnu_h2f", "sqrt",
    ];
    let types = ["sf", "df", "tf", "hf"];
    ROUTINES.iter().any(|start| routine.starts_with(start)) && types.iter().any(|float| routine.contains(float))
}

fn allocator(name: &str) -> bool {
    ["__rust_alloc", "__rust_realloc", "__rg_alloc", "__rdl_alloc", "alloc5alloc"].iter().any(|part| name.contains(part))
        || ["malloc", "calloc", "realloc", "free"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for name in ["__aeabi_fadd", "__aeabi_dcmplt", "__aeabi_i2f", "__aeabi_ui2d", "__aeabi_cfcmple", "__addsf3", "__muldf3"] {
            assert!(soft_float(name), "{name}");
        }
        for name in ["__fixunssfsi", "__floatsisf", "__ltsf2", "__extendsfdf2", "_ZN17compiler_builtins5float3add8__addsf3E"] {
            assert!(soft_float(name), "{name}");
        }
        for name in ["__aeabi_memcpy4", "__aeabi_uidivmod", "__aeabi_lmul", "__aeabi_llsl", "__udivsi3", "__muldi3", "__divdi3"] {
            assert!(!soft_float(name), "{name}");
        }
        assert!(panics("_ZN4core9panicking18panic_bounds_check17hE") && !panics("_ZN6runner8programs2p017hE"));
        assert!(allocator("_RNvCs_7___rustc12___rust_alloc") && !allocator("memset"));
    }
}
