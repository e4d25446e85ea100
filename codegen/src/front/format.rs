//! What a model file is: told by its content, and by its name where the content says nothing.

use super::onnx;
use crate::diag::{Diagnostic, Place};
use std::io::Read;
use std::path::Path;

/// A format that there is a reader for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TensorFlow Lite.
    Tflite,
    /// ONNX.
    Onnx,
    /// Safetensors with a topology.
    Native,
}

impl Format {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tflite => "tflite",
            Self::Onnx => "onnx",
            Self::Native => "safetensors",
        }
    }

    /// The format that files of this name have; case does not matter.
    pub fn of_name(file: &str) -> Option<Self> {
        let extension = file.rsplit_once('.')?.1.to_ascii_lowercase();
        match extension.as_str() {
            "tflite" => Some(Self::Tflite),
            "onnx" => Some(Self::Onnx),
            "safetensors" => Some(Self::Native),
            _ => None,
        }
    }
}

/// How TensorFlow's models get here.
const FROM_TENSORFLOW: &str =
    "convert it with `tf.lite.TFLiteConverter` (`from_keras_model`, `from_saved_model`) and give the .tflite file";
/// How PyTorch's models get here.
const FROM_PYTORCH: &str = "export the network with `torch.onnx.export(model.eval(), example, \"model.onnx\")` and give the .onnx file, or save \
     its `state_dict` with `safetensors.torch.save_file` and write a topology beside it";
/// How an archive gets here.
const UNPACK: &str = "unpack it and give the model inside: a .tflite, .onnx or .safetensors file";

/// Files that are something else: what they begin with, what they are, and what to do.
const OTHERS: [(&[u8], &str, &str); 8] = [
    (b"\x89HDF\r\n\x1a\n", "a Keras model in HDF5", FROM_TENSORFLOW),
    (b"\x1f\x8b", "compressed with gzip", UNPACK),
    (b"\x80\x02", "a PyTorch checkpoint, or another Python pickle", FROM_PYTORCH),
    (b"version https://git-lfs", "a Git LFS pointer, not the model", "run `git lfs pull`"),
    (b"<!DOCTYPE", "a web page, not the model", "download the file itself (the `raw` link)"),
    (b"<html", "a web page, not the model", "download the file itself (the `raw` link)"),
    (b"\x93NUMPY", "a NumPy array", "give the model; arrays hold samples (`--data`) and recordings"),
    (b"\x7fELF", "a program or a library", "give the model that it was made of: a .tflite, .onnx or .safetensors file"),
];

/// Flatbuffers that are something else, by their identifier.
const FLATBUFFERS: [(&[u8], &str, &str); 2] = [
    (b"ET", "an ExecuTorch program (.pte)", FROM_PYTORCH),
    (b"ORTM", "a model in ONNX Runtime's own format (.ort)", "give the .onnx file that it was made of"),
];

/// The format of a file. Where the content fits no format, the name says which reader explains what is wrong.
///
/// # Errors
/// What the file is instead, and what to do.
pub fn of(file: &str, bytes: &[u8], topology: bool) -> Result<Format, Box<Diagnostic>> {
    if let Some(format) = of_content(bytes) {
        return Ok(format);
    }
    let named = Format::of_name(file);
    let other = if named == Some(Format::Native) && topology { None } else { foreign(file, bytes) };
    match (other, named) {
        (Some((what, help)), _) => Err(unknown(format!("this is {what}"), help)),
        (None, Some(format)) => Ok(format),
        (None, None) if topology => Ok(Format::Native),
        (None, None) => {
            let message = "this is no model of a known format: neither TensorFlow Lite, nor ONNX, nor safetensors";
            Err(unknown(message.into(), "give a .tflite file, an .onnx file, or a .safetensors file with its topology"))
        }
    }
}

/// The format of the file at `path`, by its first bytes, or by its name alone where it cannot be read.
pub fn of_path(path: &Path) -> Option<Format> {
    let mut head = Vec::new();
    if path.is_file()
        && let Ok(file) = std::fs::File::open(path)
    {
        let _ = file.take(HEAD).read_to_end(&mut head);
    }
    of_content(&head).or_else(|| Format::of_name(&path.to_string_lossy()))
}

/// Bytes that tell a format.
const HEAD: u64 = 4096;

fn unknown(message: String, help: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic { code: "read::format", message, place: Place::default(), help: help.into() })
}

/// The format that the first bytes are of.
fn of_content(bytes: &[u8]) -> Option<Format> {
    if bytes.get(4..8) == Some(b"TFL3") {
        return Some(Format::Tflite);
    }
    // The length of the header, below 4 GB, and the header.
    if bytes.get(4..9) == Some(b"\0\0\0\0{") {
        return Some(Format::Native);
    }
    onnx::begins(bytes.get(..HEAD as usize).unwrap_or(bytes)).then_some(Format::Onnx)
}

/// What a file of no known format is, as far as its content or its name tell, and what to do.
fn foreign(file: &str, bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.is_empty() {
        return Some(("an empty file", "copy or convert it again"));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Some(archive(bytes));
    }
    let identifier = bytes.get(4..8).unwrap_or_default();
    let known = OTHERS.iter().find(|(start, ..)| bytes.starts_with(start));
    let known = known.or_else(|| FLATBUFFERS.iter().find(|(start, ..)| identifier.starts_with(start)));
    if let Some((_, what, help)) = known {
        return Some((what, help));
    }
    let name = file.to_ascii_lowercase();
    // A SavedModel begins with its version and a MetaGraphDef, a frozen graph with a node.
    let saved = name.ends_with(".pb") || name.ends_with(".pbtxt") || bytes.starts_with(b"\x08\x01\x12");
    saved.then_some(("a TensorFlow graph (SavedModel or frozen graph)", FROM_TENSORFLOW))
}

/// What a zip archive holds, by the names of its entries.
fn archive(bytes: &[u8]) -> (&'static str, &'static str) {
    let holds = |name: &[u8]| bytes.windows(name.len()).take(1 << 16).any(|window| window == name);
    if holds(b"data.pkl") {
        ("a PyTorch checkpoint", FROM_PYTORCH)
    } else if holds(b"model.weights.h5") || holds(b"config.json") {
        ("a Keras model", FROM_TENSORFLOW)
    } else if holds(b".npy") {
        ("an archive of NumPy arrays", "give the model; arrays hold samples (`--data`) and recordings")
    } else {
        ("a zip archive", UNPACK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(file: &str, bytes: &[u8]) -> String {
        let problem = of(file, bytes, false).unwrap_err();
        format!("{}; {}", problem.message, problem.help)
    }

    #[test]
    fn content_counts_and_then_the_name() {
        let tflite = b"\x1c\0\0\0TFL3\0\0\0\0";
        let native = b"\x02\0\0\0\0\0\0\0{}";
        // ir_version 8, producer, and an empty graph.
        let onnx = b"\x08\x08\x12\x07pytorch\x3a\x00";
        for file in ["a.tflite", "a.ONNX", "a.bin", "a"] {
            assert_eq!(of(file, tflite, false).unwrap(), Format::Tflite, "{file}");
            assert_eq!(of(file, native, false).unwrap(), Format::Native, "{file}");
            assert_eq!(of(file, onnx, false).unwrap(), Format::Onnx, "{file}");
        }
        // Readers say what is wrong with a file that is named as theirs.
        assert_eq!(of("A.TFLITE", b"damaged!", false).unwrap(), Format::Tflite);
        assert_eq!(of("A.Onnx", b"damaged!", false).unwrap(), Format::Onnx);
        assert_eq!(of("a.SafeTensors", b"damaged!", false).unwrap(), Format::Native);
        assert!(refused("a.bin", b"damaged!").contains("no model of a known format"));
    }

    #[test]
    fn other_files_are_named_whatever_they_are_called() {
        let zip = |name: &str| [b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaa", name.as_bytes()].concat();
        for file in ["a.pt", "a.tflite", "a.onnx", "a"] {
            assert!(refused(file, &zip("archive/data.pkl")).contains("PyTorch checkpoint"), "{file}");
            assert!(refused(file, &zip("model.weights.h5")).contains("Keras model"), "{file}");
            assert!(refused(file, &zip("other.txt")).contains("unpack it"), "{file}");
            assert!(refused(file, b"\x80\x02\x8a\x0a").contains("torch.onnx.export"), "{file}");
            assert!(refused(file, b"\x89HDF\r\n\x1a\n\0").contains("TFLiteConverter"), "{file}");
            assert!(refused(file, b"\x1f\x8b\x08\0").contains("gzip"), "{file}");
            assert!(refused(file, b"\x10\0\0\0ET12").contains("ExecuTorch"), "{file}");
            assert!(refused(file, b"\x10\0\0\0ORTM").contains(".ort"), "{file}");
            assert!(refused(file, b"\x08\x01\x12\x40abc").contains("SavedModel"), "{file}");
            assert!(refused(file, b"version https://git-lfs.github.com/spec/v1").contains("git lfs pull"), "{file}");
            assert!(refused(file, b"<!DOCTYPE html>").contains("web page"), "{file}");
            assert!(refused(file, b"").contains("empty"), "{file}");
        }
        assert!(refused("graph.PB", b"\x0a\x10abc").contains("TensorFlow graph"));
    }
}
