//! Sizes of an image's sections.

use super::MeasureError;
use object::{Object, ObjectSection, SectionFlags, elf};
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

/// Reads the sections of the ELF file at `path`; sections that the image does not occupy memory with do not count. All are 0
/// for a host's image of another format.
pub(super) fn sections(path: &Path) -> Result<Sections, MeasureError> {
    let bytes = std::fs::read(path).map_err(|source| MeasureError::File { path: path.to_owned(), source })?;
    if !bytes.starts_with(&elf::ELFMAG) {
        return Ok(Sections::default());
    }
    let file = object::File::parse(bytes.as_slice())
        .map_err(|error| MeasureError::Elf { path: path.to_owned(), message: error.to_string() })?;
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
    Ok(sections)
}
