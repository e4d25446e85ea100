//! Compares what a program says with what was recorded, element by element.

use super::golden::{elements, shifted};
use super::{Converted, Golden, Port, Run};
use crate::diag::Diagnostics;
use crate::ir::{DType, Data};
use std::borrow::Cow;
use tinybake_runtime::kernels::quantize;

/// How outputs compare.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Inferences compared.
    pub samples: usize,
    /// Elements compared, of all outputs.
    pub elements: usize,
    /// Elements whose bits differ; where a tolerance is given, those that differ by more.
    pub unequal: usize,
    /// Largest difference between two elements: in steps for integers, in value for floats (infinite where one is not a number).
    pub max_difference: f64,
}

/// Compares the outputs of `run`, which are `ports`, with what `engine` said in `golden`.
///
/// # Errors
/// A diagnostic for every output that is not recorded or does not fit, and the engines present where `engine` is not.
pub fn compare(run: &Run, ports: &[Port], golden: &Golden, engine: &str) -> Result<Comparison, Diagnostics> {
    compare_within(run, ports, golden, engine, None)
}

/// As [`compare`], where elements may differ by `tolerance`.
///
/// # Errors
/// As [`compare`].
pub fn compare_within(
    run: &Run,
    ports: &[Port],
    golden: &Golden,
    engine: &str,
    tolerance: Option<f64>,
) -> Result<Comparison, Diagnostics> {
    let expected = golden.outputs(ports, engine, run.samples)?;
    let mut comparison = Comparison { samples: run.samples, ..Comparison::default() };
    for ((port, ours), (dtype, theirs)) in ports.iter().zip(&run.outputs).zip(expected) {
        let ours = dequantized(port, dtype, ours);
        let size = dtype.size();
        comparison.elements += ours.len() / size;
        for (a, b) in ours.chunks_exact(size).zip(theirs.chunks_exact(size)) {
            if a != b {
                let difference = difference(dtype, a, b);
                comparison.unequal += usize::from(tolerance.is_none_or(|tolerance| difference > tolerance));
                comparison.max_difference = comparison.max_difference.max(difference);
            }
        }
    }
    Ok(comparison)
}

/// Outputs in the type of the recording: as the model's own operator dequantizes them, where the program leaves that to its caller.
fn dequantized<'a>(port: &Port, dtype: DType, ours: &'a [u8]) -> Cow<'a, [u8]> {
    let Some(Converted { affine, reference: _ }) = port.converted.filter(|_| dtype != port.dtype) else { return ours.into() };
    if dtype == DType::U8 {
        return shifted(ours).into();
    }
    let mut reals = vec![0.0; ours.len() / port.dtype.size()];
    match elements(port.dtype, ours) {
        Data::I8(values) => quantize::dequantize(&affine, &values, &mut reals),
        Data::I16(values) => quantize::dequantize(&affine, &values, &mut reals),
        Data::U8(_) | Data::I32(_) | Data::I64(_) | Data::F32(_) | Data::Bool(_) => return ours.into(),
    }
    reals.iter().flat_map(|real| real.to_le_bytes()).collect::<Vec<u8>>().into()
}

/// The difference of two elements of `dtype`, little-endian.
fn difference(dtype: DType, a: &[u8], b: &[u8]) -> f64 {
    if dtype == DType::F32 {
        let real = |bytes: &[u8]| bytes.try_into().map_or(f32::NAN, f32::from_le_bytes);
        let difference = f64::from(real(a)) - f64::from(real(b));
        return if difference.is_nan() { f64::INFINITY } else { difference.abs() };
    }
    integer(dtype, a).abs_diff(integer(dtype, b)) as f64
}

fn integer(dtype: DType, bytes: &[u8]) -> i64 {
    let mut wide = [0; 8];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    let value = i64::from_le_bytes(wide);
    match dtype {
        DType::I8 => (value as i8).into(),
        DType::I16 => (value as i16).into(),
        DType::I32 => (value as i32).into(),
        DType::U8 | DType::Bool | DType::I64 | DType::F32 => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_the_elements_sign_and_width() {
        assert_eq!(difference(DType::I8, &[0x80], &[0x7f]), 255.0);
        assert_eq!(difference(DType::U8, &[0x80], &[0x7f]), 1.0);
        assert_eq!(difference(DType::I16, &[0, 0x80], &[0xff, 0x7f]), 65535.0);
        assert_eq!(difference(DType::F32, &1.5f32.to_le_bytes(), &(-1f32).to_le_bytes()), 2.5);
        assert_eq!(difference(DType::F32, &f32::NAN.to_le_bytes(), &1f32.to_le_bytes()), f64::INFINITY);
    }
}
