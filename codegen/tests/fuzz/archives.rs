//! Data sets that claim far more than they hold: what reading them takes is measured.

use super::{MEMORY, targets};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An archive of arrays of this many zeros.
pub(super) fn archive(entries: &[(&str, usize)], method: CompressionMethod) -> Vec<u8> {
    let mut file = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, count) in entries {
        file.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(method)).unwrap();
        file.write_all(&array("<f4", &format!("({count}, 1, 8, 8, 3)"), &[])).unwrap();
        // A sample at a time: what is made here takes no more than what reading it may.
        (0..*count).for_each(|_| file.write_all(&[0; 768]).unwrap());
    }
    file.finish().unwrap().into_inner()
}

/// A `.npy` file.
pub(super) fn array(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
    [&b"\x93NUMPY\x01\x00"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
}

/// The place of the `nth` record of the directory.
fn record(file: &[u8], nth: usize) -> usize {
    file.windows(4).enumerate().filter(|(_, window)| *window == b"PK\x01\x02").nth(nth).unwrap().0
}

fn put(file: &mut [u8], at: usize, value: u32) {
    file[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// To be run before anything else raises the peak.
pub(super) fn small_archives_that_claim_much_are_bounded() {
    const MEGABYTE: usize = 1 << 20;
    let names: Vec<String> = (0..1000).map(|index| format!("input.{index}")).collect();
    let mut files = Vec::new();
    // 3 MB of zeros in 3 kB, and a thousand entries that all say they are these.
    let entries: Vec<(&str, usize)> =
        names.iter().map(|name| (name.as_str(), if name == "input.0" { 4000 } else { 0 })).collect();
    let mut shared = archive(&entries, CompressionMethod::Deflated);
    let first = record(&shared, 0);
    let (sizes, place) = (shared[first + 16..first + 28].to_vec(), shared[first + 42..first + 46].to_vec());
    for nth in 1..1000 {
        let at = record(&shared, nth);
        shared[at + 16..at + 28].copy_from_slice(&sizes);
        shared[at + 42..at + 46].copy_from_slice(&place);
    }
    files.push(("shared", shared, MEGABYTE));
    // Sizes beyond what the packed bytes can be, and beyond what any file of this size may have.
    for (name, claimed) in [("impossible", 4_000_000_000u32), ("too large", 80 << 20)] {
        let mut file = archive(&[("x", 120_000)], CompressionMethod::Deflated);
        let at = record(&file, 0);
        put(&mut file, at + 24, claimed);
        files.push((name, file, MEGABYTE));
    }
    // An honest archive of 92 MB in 90 kB.
    files.push(("a bomb", archive(&[("x", 120_000)], CompressionMethod::Deflated), MEGABYTE));
    // An array that says more than its entry has.
    let mut lying = ZipWriter::new(Cursor::new(Vec::new()));
    lying.start_file("x.npy", SimpleFileOptions::default()).unwrap();
    lying.write_all(&array("<f4", "(1000000000, 1, 8, 8, 3)", &[0; 768])).unwrap();
    files.push(("a shape", lying.finish().unwrap().into_inner(), MEGABYTE));
    // Directories without end, each of which says that it is one of many entries.
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &[0xfe, 0xff, 0xfe, 0xff], &[0, 1, 0, 0, 0, 1, 0, 0, 0, 0]].concat();
    files.push(("ends", [b"PK\x03\x04", end.repeat(20_000).as_slice()].concat(), 64 * MEGABYTE));
    let entry = [&b"PK\x01\x02"[..], &[0; 42]].concat();
    let many = [b"PK\x03\x04", entry.repeat(60_000).as_slice(), &b"PK\x05\x06\0\0\0\0"[..], &[0x60, 0xea, 0x60, 0xea]].concat();
    files.push(("entries", [&many[..], &[0x40, 0x1c, 0x2a, 0, 4, 0, 0, 0, 0, 0]].concat(), 64 * MEGABYTE));
    for (name, file, room) in &files {
        let (before, peak, start) = (MEMORY.allocated(), MEMORY.max_allocated(), std::time::Instant::now());
        targets::dataset(file);
        let (after, took) = (MEMORY.max_allocated(), start.elapsed());
        let used = if after > peak { after - before } else { 0 };
        println!("{name}: {} bytes took {used} bytes and {took:?}", file.len());
        assert!(used <= *room + 8 * file.len(), "{name}: {} bytes took {used}", file.len());
        assert!(took < super::TIME, "{name}: {took:?}");
    }
}
