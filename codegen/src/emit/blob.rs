//! The file of a module's large constants.

use super::snake_case;
use hmac_sha256::Hash;
use tinybake_runtime::generated::blob::GROUP;

/// A file that generated code includes, beside the source. Its name tells its content, so two files of one name are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Blob {
    /// Its name, without a folder.
    pub file: String,
    /// Its bytes: [`Blob::MAGIC`], the constants, and zeros up to a multiple of [`GROUP`].
    pub bytes: Vec<u8>,
}

/// Bytes of the content's digest in the name.
const DIGEST: usize = 8;

impl Blob {
    /// The bytes that every such file begins with.
    pub const MAGIC: &[u8] = b"tinybake const 1";

    /// Whether a file may be one of these, by its name: `STEM.DIGEST.bin`.
    pub fn is_name(name: &str) -> bool {
        let digest = name.strip_suffix(".bin").and_then(|name| name.rsplit_once('.')).map(|(_, digest)| digest);
        digest.is_some_and(|digest| {
            digest.len() == 2 * DIGEST && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    }
}

/// A blob under construction.
#[derive(Debug, Default)]
pub(super) struct Builder {
    bytes: Vec<u8>,
}

impl Builder {
    /// Adds a constant and tells where it begins.
    pub(super) fn push(&mut self, constant: &[u8]) -> usize {
        if self.bytes.is_empty() {
            self.bytes.extend(Blob::MAGIC);
        }
        let at = self.bytes.len();
        self.bytes.extend(constant);
        at
    }

    /// The file for the model `name`; `None` where no constant was added.
    pub(super) fn build(mut self, name: &str) -> Option<Blob> {
        self.bytes.resize(self.bytes.len().next_multiple_of(GROUP), 0);
        let digest = super::header::hex(&Hash::hash(&self.bytes)[..DIGEST]);
        let file = format!("{}.{digest}.bin", snake_case(name));
        (!self.bytes.is_empty()).then_some(Blob { file, bytes: self.bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_content() {
        let blob = |bytes: &[u8]| {
            let mut builder = Builder::default();
            assert_eq!(builder.push(bytes), 16);
            assert_eq!(builder.push(b"x"), 16 + bytes.len());
            builder.build("My Model").unwrap()
        };
        let (one, other) = (blob(b"1"), blob(b"2"));
        assert!(one.file.starts_with("my_model.") && Blob::is_name(&one.file) && one.bytes.starts_with(Blob::MAGIC));
        assert_ne!(one.file, other.file);
        assert_eq!(Builder::default().build("none"), None);
        for name in ["a.3.bin", "a.bin", "0123456789abcdef.bin", "a.0123456789ABCDEF.bin", "a.0123456789abcdef.binary"] {
            assert!(!Blob::is_name(name), "{name}");
        }
    }
}
