//! Weights and the model's memory in link sections of the user's naming: firmware that has them there, run in the emulator.

use object::{Object, ObjectSection};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::measure;
use tinybake_codegen::options::Section;

/// The firmware of the examples, with what is said of its memory replaced.
fn project() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = root.join("examples/firmware/qemu-cortex-m4");
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("placement");
    let copy = |file: &str, replace: &[(&str, &str)]| {
        let mut text = fs::read_to_string(example.join(file)).expect("a file of the example");
        for (old, new) in replace {
            assert!(text.contains(old), "{file}: {old}");
            text = text.replace(old, new);
        }
        let path = directory.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    };
    let here = root.display().to_string();
    for file in [".cargo/config.toml", "Cargo.lock", "build.rs"] {
        copy(file, &[]);
    }
    for file in ["models/digits.tflite", "samples/input.bin"] {
        let path = directory.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::copy(example.join(file), path).expect("the file is copied");
    }
    copy("Cargo.toml", &[("path = \"../../..\"", &format!("path = {here:?}"))]);
    let regions = "MEMORY\n{\n  QSPI : ORIGIN = 0x21000000, LENGTH = 8M\n  CCM : ORIGIN = 0x21800000, LENGTH = 64K\n";
    let sections = "}\nSECTIONS\n{\n  .qspi : { *(.qspi.weights) } > QSPI\n  .ccm (NOLOAD) : { *(.ccmram) } > CCM\n}\n\
                    INSERT BEFORE .vector_table;\n";
    copy("memory.x", &[("}\n", sections), ("MEMORY\n{\n", regions)]);
    let options = "weights_section = \".qspi.weights\", arena_section = \".ccmram\", target = \"cortex-m4\"";
    let taken = "let model = network::take().expect(\"the first\");\n    println!(\"again {}\", network::take().is_some());\n    \
                 println!(\"at {model:p}, {} bytes\", network::RAM_BYTES);";
    copy(
        "src/main.rs",
        &[
            ("#![forbid(unsafe_code)]\n", ""),
            ("target = \"cortex-m4\"", options),
            ("static MODEL: ConstStaticCell<network::Model> = ConstStaticCell::new(network::Model::new());\n", ""),
            ("use static_cell::ConstStaticCell;\n", ""),
            ("/// All the memory that the network works in, beside the stack: `network::RAM_BYTES`.\n", ""),
            ("let model = MODEL.take();", taken),
        ],
    );
    directory
}

fn cargo(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .current_dir(directory)
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("cargo runs");
    let (out, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{log}");
    out.into_owned()
}

#[test]
fn sections_are_where_the_linker_script_says() {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find("cortex-m4").expect("a core of the table");
    if let Err(missing) = measure::available(&target) {
        println!("skipped: {missing}");
        return;
    }
    let directory = project();
    let said = cargo(&directory, &["run", "--release", "--quiet"]);
    println!("{said}");
    let classes: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("class ")?.split(',').next()).collect();
    assert_eq!(classes, ["2", "0", "7"], "{said}");
    assert!(said.contains("again false"), "{said}");
    let ram = said.split_once("at 0x21800000, ").and_then(|(_, rest)| rest.split_once(" bytes")?.0.parse::<u64>().ok());
    let ram = ram.unwrap_or_else(|| panic!("the model lies elsewhere: {said}"));
    let image = fs::read(directory.join("target/thumbv7em-none-eabihf/release/qemu-cortex-m4")).expect("the image");
    let file = object::File::parse(image.as_slice()).expect("an ELF file");
    let section = |name: &str| file.section_by_name(name).unwrap_or_else(|| panic!("no section {name}"));
    let (weights, memory) = (section(".qspi"), section(".ccm"));
    assert_eq!((weights.address(), memory.address()), (0x2100_0000, 0x2180_0000));
    assert_eq!((memory.size(), memory.file_range()), (ram, None), "memory that is not loaded");
    // Layers that have their weights in their code have none there.
    assert!((2_000..8_000).contains(&weights.size()), "{} bytes", weights.size());
}

#[test]
fn names_of_sections_are_checked() {
    for name in [".ccmram", ".qspi.rodata", "__DATA,__fast", "itcm_2"] {
        assert_eq!(name.parse::<Section>().expect(name).name(), name);
    }
    for name in ["", "a b", ".x\0", "\"", ".ümlaut", &"x".repeat(256)] {
        assert!(name.parse::<Section>().is_err(), "{name:?}");
    }
}
