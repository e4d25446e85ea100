//! What a model costs on a core: its own bytes in a linked image, and what an inference takes where the core is emulated.

use super::{MeasureError, Options, Port, Program, Samples, Sections, build, emulate, exchange, project};
use crate::boards::Target;
use crate::diag::Explain;
use crate::ir::DType;
use serde::{Deserialize, Serialize};

/// A model's own part of an image, and of an inference's time and stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Bytes that the model adds to the image of its runner: code, constants, variables.
    pub model: Sections,
    /// Instructions of one inference; absent where nothing emulates the core.
    pub instructions: Option<u64>,
    /// Most bytes of stack that an inference used; absent where nothing emulates the core.
    pub stack_bytes: Option<u64>,
    /// Bytes of stack that the program says an inference takes at most.
    pub stack_bound_bytes: Option<u64>,
    /// Why there are no instructions, and what helps.
    pub note: Option<String>,
}

/// Builds `program` for `target` with and without what it computes, and runs the image with it on `samples` where an emulator
/// is installed. Panics have no message in these images, as in most firmware.
///
/// # Errors
/// As `super::build` and `super::run`; a missing emulator is no error but a note.
pub fn cost(program: &Program, samples: &Samples, target: &Target<'_>, options: &Options) -> Result<Cost, MeasureError> {
    let with = build::build(&[program], target, options)?;
    let without = build::build(&[&project::hollow(program)], target, options)?;
    let (instructions, stack_bytes, note) = match emulate::available(target) {
        Ok(()) => {
            let inputs = exchange::inputs(&[(program, samples)])?;
            let files = emulate::run(&with, &inputs, target, options)?;
            let runs = exchange::runs(&[program], &files, &with, target)?;
            let run = runs.first().ok_or(MeasureError::Report { message: "it has no record".into() })?;
            (run.instructions.map(|instructions| instructions.mean), run.stack_bytes, None)
        }
        Err(error @ MeasureError::NoEmulator { .. }) => (None, None, Some(error.to_string())),
        Err(error) => (None, None, Some(format!("not run: {error}; {}", error.help()))),
    };
    let model = with.sections.minus(without.sections);
    Ok(Cost { model, instructions, stack_bytes, stack_bound_bytes: with.stack_bounds.first().copied(), note })
}

impl Samples {
    /// `count` samples for `inputs`, the same each time: integers of all values, and floats from -1 to 1.
    pub fn arbitrary(inputs: &[Port], count: usize) -> Self {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        // Marsaglia's xorshift64: https://www.jstatsoft.org/article/view/v008i14
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut element = |dtype: DType| match dtype {
            DType::F32 => ((next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0).to_le_bytes().to_vec(),
            DType::Bool => vec![(next() >> 63) as u8],
            DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 => {
                next().to_be_bytes().iter().take(dtype.size()).copied().collect()
            }
        };
        let mut input = |port: &Port| (0..port.elements * count).flat_map(|_| element(port.dtype)).collect();
        Self { count, inputs: inputs.iter().map(&mut input).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arbitrary_samples_fit_their_ports_and_repeat() {
        let port = |dtype, elements| Port { accessor: String::new(), dtype, elements, converted: None };
        let ports = [port(DType::I8, 300), port(DType::F32, 50), port(DType::Bool, 9), port(DType::I32, 4)];
        let samples = Samples::arbitrary(&ports, 2);
        assert_eq!(samples, Samples::arbitrary(&ports, 2));
        let lengths: Vec<usize> = samples.inputs.iter().map(Vec::len).collect();
        assert_eq!(lengths, [600, 400, 18, 32]);
        let reals = samples.inputs[1].chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
        assert!(reals.into_iter().all(|real| (-1.0..1.0).contains(&real)));
        assert!(samples.inputs[2].iter().all(|&bit| bit < 2));
        let distinct: std::collections::BTreeSet<u8> = samples.inputs[0].iter().copied().collect();
        assert!(distinct.len() > 200, "{}", distinct.len());
    }
}
