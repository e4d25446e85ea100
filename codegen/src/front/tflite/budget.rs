//! How much may be taken out of a file. The vectors of a hostile file can alias, thousands of tables naming the same
//! megabyte, so what is copied is counted against the size of the file.

use super::error::Error;

/// Tensors, and operators, of one file.
pub(super) const OBJECTS: usize = 65_536;
/// Elements of one tensor; 16 million are more than any microcontroller holds.
pub(super) const ELEMENTS: usize = 1 << 24;
/// Dimensions of one tensor.
pub(super) const RANK: usize = 8;
/// Elements of an operand that says how to compute: axes, paddings, sizes.
pub(super) const OPERAND: usize = 4096;
/// Problems reported for one file.
pub(super) const PROBLEMS: usize = 64;

/// Bytes that may still be copied: at first sixteen times the file, as weights of 4 bits that become floats take ten, and 64 kB.
pub(super) struct Budget {
    file: usize,
    left: usize,
}

impl Budget {
    pub(super) fn new(file: usize) -> Self {
        Self { file, left: Self::total(file) }
    }

    fn total(file: usize) -> usize {
        file.saturating_mul(16).saturating_add(65_536)
    }

    /// Takes `bytes` from what is left.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Error::Budget { expected: Self::total(self.file), given: self.file }),
        }
    }

    /// An error where `given` is over a limit.
    pub(super) fn limit(what: &'static str, given: usize, expected: usize) -> Result<(), Error> {
        if given > expected { Err(Error::TooMany { what, expected, given }) } else { Ok(()) }
    }
}
