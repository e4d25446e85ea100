//! What is done with every hostile file; the fuzz targets do the same.

use tinybake_codegen::emit::Emitter;
use tinybake_codegen::ir::{DType, Data, Tensor};
use tinybake_codegen::lower::Program;
use tinybake_codegen::options::Passes;
use tinybake_codegen::pipeline::{self, Compiled, Source};
use tinybake_codegen::{Optimize, Options, Reference, eval};

/// Elements of all tensors together, and multiply-accumulates, up to which a network is also run.
const ELEMENTS: usize = 1 << 14;
const MACS: u64 = 1 << 18;

/// Compiles a file as any face does, and runs it once where it is small; an error is the code of its first diagnostic.
///
/// The options follow from the bytes, so that a file always takes the same way.
pub(crate) fn drive(bytes: &[u8], topology: Option<&str>) -> Result<(), &'static str> {
    let mix = mix(bytes);
    let options = Options {
        reference: Some(if mix & 1 == 0 { Reference::Tflm } else { Reference::Xnnpack }),
        optimize: [Optimize::Size, Optimize::Speed, Optimize::Balanced][mix / 2 % 3],
        passes: if (mix / 6).is_multiple_of(4) { Passes::None } else { Passes::All },
        ..Options::default()
    };
    compile(&Source { file: "hostile.tflite", bytes, topology }, &options).map(|_| ())
}

/// A number that follows from bytes.
pub(crate) fn mix(bytes: &[u8]) -> usize {
    bytes.iter().fold(bytes.len(), |mix, &byte| mix.wrapping_mul(31).wrapping_add(byte.into()))
}

/// As [`drive`], with these options.
pub(crate) fn compile(source: &Source<'_>, options: &Options) -> Result<Compiled, &'static str> {
    match pipeline::compile(source, options) {
        Ok(compiled) => {
            assert!(!Emitter::default().emit(&compiled.plan).items.is_empty());
            evaluate(&compiled.program, mix(source.bytes) as u64);
            Ok(compiled)
        }
        Err(diagnostics) => {
            let first = diagnostics.0.first().expect("no refusal without a diagnostic");
            assert!(diagnostics.0.iter().all(|diagnostic| !diagnostic.message.is_empty() && !diagnostic.help.is_empty()));
            assert!(!diagnostics.to_string().is_empty());
            Err(first.code)
        }
    }
}

/// Runs a small program on inputs that follow from `seed`; the sums that validation has proved in range must be.
fn evaluate(program: &Program, seed: u64) {
    let elements = program.tensors.iter().fold(0usize, |sum, tensor| sum.saturating_add(tensor.shape.elements()));
    let macs = program.steps.iter().fold(0u64, |sum, step| sum.saturating_add(step.macs));
    if elements > ELEMENTS || macs > MACS {
        return;
    }
    let inputs: Vec<Data> = program.inputs.iter().map(|&id| program.tensor(id)).map(|tensor| fill(tensor, seed)).collect();
    let outputs = eval::run(program, &inputs).expect("inputs of the program's own types and shapes");
    for (output, &id) in outputs.iter().zip(&program.outputs) {
        assert_eq!((output.dtype(), output.len()), (program.tensor(id).dtype, program.tensor(id).shape.elements()));
    }
}

/// Values from the whole range of a tensor's type.
fn fill(tensor: &Tensor, seed: u64) -> Data {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 32) as u32
    };
    let count = tensor.shape.elements();
    match tensor.dtype {
        DType::I8 => Data::I8((0..count).map(|_| next() as i8).collect()),
        DType::U8 => Data::U8((0..count).map(|_| next() as u8).collect()),
        DType::I16 => Data::I16((0..count).map(|_| next() as i16).collect()),
        DType::I32 => Data::I32((0..count).map(|_| next() as i32).collect()),
        DType::I64 => Data::I64((0..count).map(|_| next().into()).collect()),
        DType::F32 => Data::F32((0..count).map(|_| f32::from_bits(next())).collect()),
        DType::Bool => Data::Bool((0..count).map(|_| next() & 1 == 0).collect()),
    }
}
