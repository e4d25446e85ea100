//! What an image says of itself: the sizes of its sections, and the stack that its programs state.

use super::MeasureError;
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, elf};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Bytes of an image, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sections {
    /// Machine code.
    pub code: u64,
    /// Constants: weights, tables, the vector table.
    pub rodata: u64,
    /// Variables with initial values, which take both flash and RAM.
    pub data: u64,
    /// Variables that start as zero; the stack is not among them.
    pub bss: u64,
}

impl Sections {
    /// Bytes of flash: code, constants and initial values.
    pub fn flash(&self) -> u64 {
        self.code + self.rodata + self.data
    }

    /// What `self` has beyond `other`; 0 where it has less.
    pub fn minus(self, other: Self) -> Self {
        Self {
            code: self.code.saturating_sub(other.code),
            rodata: self.rodata.saturating_sub(other.rodata),
            data: self.data.saturating_sub(other.data),
            bss: self.bss.saturating_sub(other.bss),
        }
    }
}

/// What is read of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Bytes of its sections.
    pub(super) sections: Sections,
    /// The table `STATED_STACK_BYTES` of its programs.
    pub(super) stack_bounds: Vec<u64>,
}

/// Reads the ELF file at `path`; all is 0 and nothing for a host's image of another format.
pub(super) fn contents(path: &Path) -> Result<Contents, MeasureError> {
    let bytes = std::fs::read(path).map_err(|source| MeasureError::File { path: path.to_owned(), source })?;
    if !bytes.starts_with(&elf::ELFMAG) {
        return Ok(Contents::default());
    }
    let wrong = |message: String| MeasureError::Elf { path: path.to_owned(), message };
    let file = object::File::parse(bytes.as_slice()).map_err(|error| wrong(error.to_string()))?;
    let stack_bounds = stack_bounds(&file).ok_or_else(|| wrong("it has no table of the stack that its programs state".into()))?;
    Ok(Contents { sections: sections(&file), stack_bounds })
}

/// Bytes by kind of section; sections that the image does not occupy memory with do not count.
fn sections(file: &object::File<'_>) -> Sections {
    let mut sections = Sections::default();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
        let reserved = matches!(section.name(), Ok(".stack" | ".heap"));
        let flag = |bit: u32| sh_flags & u64::from(bit) != 0;
        if !flag(elf::SHF_ALLOC) || reserved {
            continue;
        }
        let bytes = if flag(elf::SHF_EXECINSTR) {
            &mut sections.code
        } else if !flag(elf::SHF_WRITE) {
            &mut sections.rodata
        } else if section.file_range().is_some() {
            &mut sections.data
        } else {
            &mut sections.bss
        };
        *bytes += section.size();
    }
    sections
}

/// The words of the static that the runner keeps for this.
fn stack_bounds(file: &object::File<'_>) -> Option<Vec<u64>> {
    let named = |symbol: &object::Symbol<'_, '_>| symbol.name().is_ok_and(|name| name.contains("STATED_STACK_BYTES"));
    let symbol = file.symbols().find(named)?;
    let section = file.section_by_index(symbol.section_index()?).ok()?;
    let words = section.data_range(symbol.address(), symbol.size()).ok()??;
    Some(words.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_le_bytes).map(u64::from).collect())
}
