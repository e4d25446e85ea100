//! What the integration tests share: where models lie, and how their recordings are read.
#![allow(dead_code)]

pub(crate) mod random;

use std::path::{Path, PathBuf};
use tinybake_codegen::diag::Diagnostics;
use tinybake_codegen::ir::{DType, Data};
use tinybake_codegen::measure::{Golden, Port, Program};
use tinybake_codegen::pipeline::{Compiled, compile, reference_of, turned_images};
use tinybake_codegen::script::Files;
use tinybake_codegen::{Options, lower};

/// A model file and the recording beside it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// `FOLDER/STEM`, for messages.
    pub(crate) name: String,
    /// The model.
    pub(crate) model: PathBuf,
    /// Its recorded inputs and outputs.
    pub(crate) golden: Golden,
}

/// The conformance cases that the project ships, sorted by name, and networks from TensorFlow's converter.
pub(crate) fn conformance() -> Vec<Case> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut folders: Vec<PathBuf> = entries(&data.join("conformance")).into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.push(data.join("converted/int16"));
    folders.iter().flat_map(|folder| cases(folder)).collect()
}

/// Networks from TensorFlow's converter whose batch the file leaves open.
pub(crate) fn open_batch() -> Vec<Case> {
    cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/converted/open_batch"))
}

/// Public models with recordings, where the maintainers' folder of them is there; says so and is empty where it is not.
pub(crate) fn shared() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models");
    if !root.is_dir() {
        println!("skipped: ../shared/models is not there, so no public models are tested");
        return Vec::new();
    }
    ["mlperf-tiny", "tflm"].iter().flat_map(|folder| cases(&root.join(folder))).collect()
}

/// TensorFlow Lite models of situations from public reports with recordings, where the maintainers' folder of them is there.
pub(crate) fn reports() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    if !folder.is_dir() {
        println!("skipped: ../shared/cases is not there, so no situations from reports are tested");
        return Vec::new();
    }
    cases(&folder)
}

/// Networks of MCUNet with recordings, the biases of whose dead channels a converter has saturated, where they are there.
pub(crate) fn mcunet() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models/mcunet");
    if !folder.is_dir() {
        println!("skipped: ../shared/models/mcunet is not there, so no networks of MCUNet are tested");
        return Vec::new();
    }
    cases(&folder)
}

/// The digits model that the project ships, with its test set.
pub(crate) fn digits() -> Case {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
    let golden = std::fs::read(folder.join("digits.test.safetensors")).expect("the recording");
    Case { name: "digits".into(), model: folder.join("digits.tflite"), golden: Golden::parse(&golden).expect("a recording") }
}

/// Public quantized ONNX models with recordings of ONNX Runtime, where the maintainers' folder of them is there.
pub(crate) fn shared_onnx() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models/onnx");
    if !folder.is_dir() {
        println!("skipped: ../shared/models/onnx is not there, so no public ONNX models are tested");
        return Vec::new();
    }
    cases_of(&folder, "onnx")
}

/// The recorded quantized ONNX cases that the project ships.
pub(crate) fn quantized_onnx() -> Vec<Case> {
    cases_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/onnx_quantized"), "onnx")
}

/// TensorFlow Lite models in a folder that have a recording.
pub(crate) fn cases(folder: &Path) -> Vec<Case> {
    cases_of(folder, "tflite")
}

/// Models of one format in a folder that have a recording.
pub(crate) fn cases_of(folder: &Path, format: &str) -> Vec<Case> {
    let mut models: Vec<PathBuf> =
        entries(folder).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == format)).collect();
    models.sort();
    let case = |model: PathBuf| {
        let golden = std::fs::read(model.with_extension("golden.safetensors")).ok()?;
        let name = format!("{}/{}", folder.file_name()?.to_string_lossy(), model.file_stem()?.to_string_lossy());
        let golden = Golden::parse(&golden).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        Some(Case { name, model, golden })
    };
    models.into_iter().filter_map(case).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    read.map(|entry| entry.expect("a folder entry").path()).collect()
}

impl Case {
    /// Compiles the model.
    pub(crate) fn compile(&self, options: &Options) -> Compiled {
        self.try_compile(options).unwrap_or_else(|problem| panic!("{}: {problem}", self.name))
    }

    /// Compiles the model, which may be refused.
    pub(crate) fn try_compile(&self, options: &Options) -> Result<Compiled, Diagnostics> {
        let files = Files::read(&self.model).unwrap_or_else(|problem| panic!("{}: {problem}", self.name));
        compile(&files.source(&self.model.to_string_lossy()), options)
    }

    /// Whether the reference has no kernel for an operator of the model.
    pub(crate) fn refused(&self, options: &Options) -> bool {
        let files = Files::read(&self.model).unwrap_or_else(|problem| panic!("{}: {problem}", self.name));
        let compiled = compile(&files.source(&self.model.to_string_lossy()), options);
        compiled.is_err_and(|problems| problems.0.iter().all(|problem| problem.code == "lower::reference"))
    }

    /// The engine whose recorded outputs the model's are to equal.
    pub(crate) fn engine(&self) -> &'static str {
        reference_of(&self.model.to_string_lossy()).name()
    }

    /// With the images of the recording in the order in which generated code has them.
    pub(crate) fn turned(&self) -> Self {
        let files = Files::read(&self.model).unwrap_or_else(|problem| panic!("{}: {problem}", self.name));
        let turned = turned_images(&files.source(&self.model.to_string_lossy()));
        let mut case = self.clone();
        case.golden.channels_last(&turned.inputs, &turned.outputs);
        case
    }

    /// The recorded samples, one list of inputs each.
    pub(crate) fn samples(&self, program: &Program) -> Vec<Vec<Data>> {
        let samples = self.golden.samples(&program.inputs, None).unwrap_or_else(|problem| panic!("{}: {problem}", self.name));
        let sample = |index: usize| {
            let input =
                |(port, bytes): (&Port, &Vec<u8>)| data(port.dtype, &bytes[index * port.bytes()..(index + 1) * port.bytes()]);
            program.inputs.iter().zip(&samples.inputs).map(input).collect()
        };
        (0..samples.count).map(sample).collect()
    }
}

/// Elements from little-endian bytes.
pub(crate) fn data(dtype: DType, bytes: &[u8]) -> Data {
    let words = || bytes.chunks_exact(4).map(|word| word.try_into().expect("four bytes"));
    match dtype {
        DType::I8 => Data::I8(bytes.iter().map(|&byte| byte as i8).collect()),
        DType::U8 => Data::U8(bytes.to_vec()),
        DType::I16 => {
            Data::I16(bytes.chunks_exact(2).map(|half| i16::from_le_bytes(half.try_into().expect("two bytes"))).collect())
        }
        DType::I32 => Data::I32(words().map(i32::from_le_bytes).collect()),
        DType::F32 => Data::F32(words().map(f32::from_le_bytes).collect()),
        DType::I64 | DType::Bool => panic!("no model has inputs of {}", dtype.name()),
    }
}

/// Elements as little-endian bytes.
pub(crate) fn bytes(data: &Data) -> Vec<u8> {
    lower::little_endian(data)
}
