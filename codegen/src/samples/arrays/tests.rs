//! What numpy writes is read, and archives that lie are refused before memory is taken for what they claim.

use super::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A `.npy` file of version 1.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    headed(1, &format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"), data)
}

fn headed(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = [MAGIC, &[version, 0]].concat();
    let header = format!("{header:<117}\n");
    match version {
        1 => file.extend((header.len() as u16).to_le_bytes()),
        _ => file.extend((header.len() as u32).to_le_bytes()),
    }
    [&file, header.as_bytes(), data].concat()
}

const MAGIC: &[u8] = b"\x93NUMPY";

/// An archive as `numpy.savez` writes it, or `numpy.savez_compressed`.
fn npz(entries: &[(&str, &[u8])], deflate: bool) -> Vec<u8> {
    let method = if deflate { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut file = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        file.start_file(*name, options).unwrap();
        file.write_all(bytes).unwrap();
    }
    file.finish().unwrap().into_inner()
}

fn read(bytes: &[u8], name: &str) -> Result<Array<'static>, String> {
    let told = |error: Diagnostics| error.to_string();
    let mut file = Arrays::open(bytes).map_err(told)?;
    let made = file.get(name).map_err(|error| format!("{error}; {} [{}]", error.help(), error.code()))?;
    let Array { dtype, shape, data } = made.ok_or("absent")?;
    Ok(Array { dtype, shape, data: Cow::Owned(data.into_owned()) })
}

#[track_caller]
fn refused(bytes: &[u8], name: &str, said: &[&str]) {
    let error = read(bytes, name).map(|array| array.shape).unwrap_err();
    for said in said {
        assert!(error.contains(said), "`{said}` is not in\n{error}");
    }
}

/// The place of the `nth` record of a signature.
fn place(file: &[u8], signature: &[u8], nth: usize) -> usize {
    file.windows(4).enumerate().filter(|(_, window)| *window == signature).nth(nth).unwrap().0
}

const DIRECTORY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

#[test]
fn arrays_are_read_as_numpy_writes_them() {
    let values = [1.5f32, -2.0, 3.25, 4.0, 5.0, 6.5];
    let little: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let big: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
    // [[1.5, -2, 3.25], [4, 5, 6.5]], the first axis fastest.
    let turned: Vec<u8> = [0, 3, 1, 4, 2, 5].iter().flat_map(|&at: &usize| values[at].to_le_bytes()).collect();
    let files = [
        npy("<f4", false, "(2, 3)", &little),
        npy(">f4", false, "(2, 3)", &big),
        npy("<f4", true, "(2, 3)", &turned),
        headed(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", &little),
        headed(3, "{'shape': (2,3), 'fortran_order': False, 'descr': \"<f4\"}", &little),
    ];
    for file in &files {
        let expected = Array { dtype: Dtype::F32, shape: vec![2, 3], data: Cow::Borrowed(&little) };
        assert_eq!(read(file, ALONE).unwrap(), expected);
        for deflate in [false, true] {
            assert_eq!(read(&npz(&[("a.npy", file), ("b", &npy("|u1", false, "(1,)", b"7"))], deflate), "a").unwrap(), expected);
        }
    }
    let kinds = [
        ("<f8", Dtype::F64, 8),
        ("<i8", Dtype::I64, 8),
        ("<i4", Dtype::I32, 4),
        ("<i2", Dtype::I16, 2),
        ("|i1", Dtype::I8, 1),
        ("<u8", Dtype::U64, 8),
        ("<u4", Dtype::U32, 4),
        ("<u2", Dtype::U16, 2),
        ("|u1", Dtype::U8, 1),
        ("|b1", Dtype::BOOL, 1),
    ];
    for (descr, dtype, size) in kinds {
        let array = read(&npy(descr, false, "(1,)", &vec![1; size]), ALONE).unwrap();
        assert_eq!((array.dtype, array.shape, array.data.len()), (dtype, vec![1], size));
    }
    // Three axes, and a scalar.
    let bytes: Vec<u8> = (0..24).collect();
    let array = read(&npy("|u1", true, "(2, 3, 4)", &bytes), ALONE).unwrap();
    let expected: Vec<u8> = (0..24).map(|at| (at / 12 + at / 4 % 3 * 2 + at % 4 * 6) as u8).collect();
    assert_eq!(array.data.as_ref(), expected);
    assert!(read(&npy("|u1", true, "()", b"7"), ALONE).unwrap().shape.is_empty());
    assert_eq!(read(&npy("|u1", true, "(0, 4)", b""), ALONE).unwrap().shape, [0, 4]);
    let file = npz(&[("x.npy", &files[0]), ("y.npy", &files[0])], true);
    assert_eq!(Arrays::open(&file).unwrap().names(), ["x", "y"]);
    assert_eq!(read(&file, "z"), Err("absent".into()));
}

#[test]
fn headers_that_lie_are_refused() {
    let array = |descr: &str, shape: &str| npy(descr, false, shape, &[0; 24]);
    refused(
        &array("<f4", "(2, 4)"),
        ALONE,
        &["24 bytes of elements do not fill its shape [2, 4], which takes 32", "samples::npy"],
    );
    refused(&array("<f2", "(12,)"), ALONE, &["elements are of type `<f2`", "float32"]);
    refused(&array("|O", "(2,)"), ALONE, &["elements are of type `|O`"]);
    refused(&array("<c8", "(3,)"), ALONE, &["elements are of type `<c8`"]);
    let structured = "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (3,), }";
    refused(&headed(1, structured, &[0; 24]), ALONE, &["structures"]);
    // Products that leave 64 bits, in the shape and in bytes.
    for shape in ["(4294967296, 4294967296)", "(4294967296, 4294967296, 0)", "(9223372036854775807,)", "(18446744073709551616,)"]
    {
        refused(&array("<f4", shape), ALONE, &["its shape is damaged, or larger than any memory"]);
    }
    refused(&array("<f4", "(1000000000000,)"), ALONE, &["which takes 4000000000000"]);
    for shape in ["(-6,)", "(0x6,)", "(6.0,)", "6", "((((6,),),),)", "None"] {
        refused(&array("<f4", shape), ALONE, &["damaged"]);
    }
    refused(&headed(1, "{'descr': '<f4'}", &[0; 24]), ALONE, &["its header is damaged"]);
    refused(&headed(1, &"(".repeat(9000), &[0; 24]), ALONE, &["its header is damaged"]);
    refused(&headed(2, &" ".repeat(1 << 20), &[]), ALONE, &["1048577 bytes, more than the 10000"]);
    refused(&headed(9, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", &[0; 24]), ALONE, &["version"]);
    let whole = array("<f4", "(6,)");
    for end in 6..whole.len() {
        refused(&whole[..end], ALONE, &["the numpy array cannot be read"]);
    }
}

#[test]
fn entries_that_share_their_bytes_are_refused() {
    let array = npy("|u1", false, "(1000,)", &[0; 1000]);
    let names: Vec<String> = (0..9).map(|index| format!("{index}.npy")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), array.as_slice())).collect();
    for deflate in [false, true] {
        let mut file = npz(&entries, deflate);
        // The second entry is where the first is.
        let at = place(&file, DIRECTORY, 1) + 42;
        file[at..at + 4].fill(0);
        refused(&file, "5", &["tensor `1`", "its bytes are those of entry `0` too", "samples::npz"]);
        // The third begins within the second's bytes: a whole entry is stored in them.
        let inner = npz(&[("2.npy", &array)], deflate);
        let mut file = npz(&[("1.npy", &inner), ("2.npy", &array)], false);
        let (from, to) = (place(&file, LOCAL, 1), place(&file, DIRECTORY, 2) + 42);
        file[to..to + 4].copy_from_slice(&(from as u32).to_le_bytes());
        refused(&file, "2", &["tensor `2`", "its bytes are those of entry `1` too"]);
    }
}

#[test]
fn entries_that_lie_about_sizes_are_refused() {
    let array = npy("|u1", false, "(1000,)", &[7; 1000]);
    let file = npz(&[("a.npy", &array)], true);
    let stored = npz(&[("a.npy", &array)], false);
    let with = |file: &[u8], offset: usize, value: &[u8]| {
        let mut file = file.to_vec();
        let at = place(&file, DIRECTORY, 0) + offset;
        file[at..at + value.len()].copy_from_slice(value);
        file
    };
    let huge = 4_000_000_000u32.to_le_bytes();
    refused(&with(&file, 24, &huge), "a", &["tensor `a`", "its size is 4000000000 bytes, which its"]);
    refused(&with(&stored, 24, &huge), "a", &["its size is 4000000000 bytes"]);
    refused(&with(&file, 20, &huge), "a", &["tensor `a`", "beyond the end of the file"]);
    // A little more or less than there is.
    let size = array.len() as u32;
    for claimed in [size - 1, size + 1] {
        refused(&with(&file, 24, &claimed.to_le_bytes()), "a", &["bytes of elements"]);
    }
    // Encrypted, packed in another way, of another checksum.
    refused(&with(&file, 8, &[1, 0]), "a", &["assword"]);
    refused(&with(&file, 10, &[12, 0]), "a", &["ompression method"]);
    refused(&with(&file, 16, &[1, 2, 3, 4]), "a", &["checksum"]);
    refused(&with(&file, 42, &[9, 0, 0, 0]), "a", &["tensor `a`", "not an npz file"]);
}

#[test]
fn arrays_far_larger_than_their_file_are_refused() {
    // What packs to a thousandth is read, as long as it is no 64 MB.
    let zeros = npy("|u1", false, "(4194304,)", &vec![0; 1 << 22]);
    let file = npz(&[("a.npy", &zeros)], true);
    assert!(file.len() < 8000);
    assert_eq!(read(&file, "a").unwrap().data.len(), 1 << 22);
    // These claim 48 MB and 80 MB, which deflate could make of 100 kB.
    let packed = [7; 100_000];
    let mut file = npz(&[("small.npy", &packed), ("large.npy", &packed), ("again.npy", &packed)], false);
    for (nth, megabytes) in [48u32, 80, 48].into_iter().enumerate() {
        let at = place(&file, DIRECTORY, nth);
        file[at + 10] = 8;
        file[at + 24..at + 28].copy_from_slice(&(megabytes << 20).to_le_bytes());
    }
    refused(&file, "large", &["it unpacks to 83886080 bytes, where 67108864 are left", "samples::unpacked", "numpy.savez"]);
    let mut arrays = Arrays::open(&file).unwrap();
    assert!(!matches!(arrays.get("small"), Err(Error::Unpacked { .. })));
    let left = 16 << 20;
    assert_eq!(arrays.get("again").unwrap_err(), Error::Unpacked { size: 48 << 20, left });
}

#[test]
fn directories_that_lie_are_refused() {
    let array = npy("|u1", false, "(3,)", b"123");
    let file = npz(&[("ab.npy", &array), ("cd.npy", &array)], false);
    let renamed = |from: &[u8], to: &[u8]| {
        let mut file = file.clone();
        for at in 0..file.len() - from.len() {
            if file[at..].starts_with(from) {
                file[at..at + to.len()].copy_from_slice(to);
            }
        }
        file
    };
    refused(&renamed(b"cd.npy", b"ab.npy"), "ab", &["2 entries of 1 names", "damaged"]);
    // Both are `x`.
    let file = npz(&[("x.npy", &array), ("x", &array)], false);
    refused(&file, "x", &["tensor `x`", "two entries have this name"]);
    let end = place(&file, npz_end(), 0);
    for (offset, length) in [(10, 2), (12, 4), (16, 4)] {
        let mut file = file.clone();
        file[end + offset..end + offset + length].fill(0xff);
        refused(&file, "x", &["65,535 entries"]);
    }
    let mut more = file.clone();
    more[end + 8..end + 12].copy_from_slice(&[9, 0, 9, 0]);
    refused(&more, "x", &["not an npz file"]);
    for bytes in [&b"PK"[..], b"PK\x03\x04 and nothing else", &file[..file.len() - 23]] {
        refused(bytes, "x", &["not an npz file", "no directory"]);
    }
    assert_eq!(read(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "x"), Err("absent".into()));
}

fn npz_end() -> &'static [u8] {
    b"PK\x05\x06"
}

#[test]
fn damaged_files_come_back() {
    let array = npy("<f4", false, "(3, 100)", &[1; 1200]);
    for deflate in [false, true] {
        let whole = npz(&[("a.npy", &array), ("b.npy", &array)], deflate);
        for end in 0..whole.len() {
            assert!(read(&whole[..end], "a").is_err(), "cut at {end}");
        }
        for at in 0..whole.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] ^= flip;
                let _ = read(&damaged, "a");
            }
        }
    }
}
