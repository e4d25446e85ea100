//! The files between this crate and a runner; `runner/session.rs` says what they hold.

use super::{Image, Instructions, MeasureError, Program, Run, Samples};
use crate::boards::Target;

/// What a runner wrote.
pub(super) struct Files {
    /// `report.bin`.
    pub(super) report: Vec<u8>,
    /// `outputs.bin`.
    pub(super) outputs: Vec<u8>,
}

/// Bytes of the report before the records, and of a record.
const HEADER: usize = 24;
const RECORD: usize = 48;

/// `inputs.bin` of `programs`.
pub(super) fn inputs(programs: &[(&Program, &Samples)]) -> Result<Vec<u8>, MeasureError> {
    let mut bytes = Vec::new();
    for (index, (program, samples)) in programs.iter().enumerate() {
        let wrong = |message: String| MeasureError::Samples { program: index, message };
        let count = u32::try_from(samples.count).map_err(|_| wrong(format!("{} samples are too many", samples.count)))?;
        if samples.inputs.len() != program.inputs.len() {
            return Err(wrong(format!("{} inputs expected, {} given", program.inputs.len(), samples.inputs.len())));
        }
        for (number, (port, data)) in program.inputs.iter().zip(&samples.inputs).enumerate() {
            let expected = port.bytes().saturating_mul(samples.count);
            if data.len() != expected {
                return Err(wrong(format!("input {number}: {expected} bytes expected, {} given", data.len())));
            }
        }
        bytes.extend(count.to_le_bytes());
        for sample in 0..samples.count {
            for (port, data) in program.inputs.iter().zip(&samples.inputs) {
                bytes.extend(data.iter().skip(sample * port.bytes()).take(port.bytes()));
            }
        }
    }
    Ok(bytes)
}

/// Number of whole records in a report.
pub(super) fn records(report: &[u8]) -> usize {
    report.len().saturating_sub(HEADER) / RECORD
}

/// The runs of `programs` from what the runner wrote.
pub(super) fn runs(programs: &[&Program], files: &Files, image: &Image, target: &Target<'_>) -> Result<Vec<Run>, MeasureError> {
    let mut words = files.report.chunks_exact(8).filter_map(|word| word.try_into().ok()).map(u64::from_le_bytes);
    let mut word = || words.next().ok_or(MeasureError::Report { message: "it ends early".into() });
    let (expected, counted, watched) = (word()?, word()?, word()?);
    if expected.abs_diff(counted) > expected / 1000 {
        return Err(MeasureError::Calibration { target: target.name().into(), expected, counted });
    }
    let mut rest = files.outputs.as_slice();
    let mut runs = Vec::new();
    for (index, program) in programs.iter().enumerate() {
        let (samples, ram_bytes, total) = (word()?, word()?, word()?);
        let (min, max, stack_bytes) = (word()?, word()?, word()?);
        if !target.is_host() && stack_bytes >= watched {
            return Err(MeasureError::StackTooDeep { program: index, watched });
        }
        let mut outputs = vec![Vec::new(); program.outputs.len()];
        for _ in 0..samples {
            for (port, output) in program.outputs.iter().zip(&mut outputs) {
                let Some((data, more)) = rest.split_at_checked(port.bytes()) else {
                    return Err(MeasureError::Report { message: format!("outputs of program {index} are missing") });
                };
                output.extend(data);
                rest = more;
            }
        }
        let counted = !target.is_host() && samples > 0;
        runs.push(Run {
            samples: samples as usize,
            outputs,
            instructions: counted.then(|| Instructions { mean: (total + samples / 2) / samples, min, max }),
            ram_bytes,
            stack_bytes: counted.then_some(stack_bytes),
            stack_bound_bytes: image.stack_bounds.get(index).copied(),
            image: image.sections,
        });
    }
    Ok(runs)
}
