//! Safetensors files with a topology beside them through the whole compiler. The input is the topology, a line `---`, and
//! the safetensors file; without that line all of it is the file, with its topology in the metadata.
#![no_main]

#[path = "../../tests/hostile/drive.rs"]
mod drive;

use libfuzzer_sys::fuzz_target;

const SEPARATOR: &[u8] = b"\n---\n";

fuzz_target!(|bytes: &[u8]| {
    match bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        Some(at) => {
            let topology = String::from_utf8_lossy(&bytes[..at]);
            let _ = drive::drive(&bytes[at + SEPARATOR.len()..], Some(&topology));
        }
        None => {
            let _ = drive::drive(bytes, None);
        }
    }
});
