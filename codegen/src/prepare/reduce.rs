//! Reductions over axes.

use super::movement::{Axis, merge, outermost, signed_strides};
use super::multiplier::quantize_multiplier;
use crate::ir::{Quantization, Shape};
use tinybake_runtime::kernels::arg_max::ArgMax;
use tinybake_runtime::kernels::reduce::{Mean, Reduce};
use tinybake_runtime::requantize::Multiplier;

/// The loops of a reduction over `axes`. `None` where an axis does not exist, a number exceeds 32 bits, or either kind
/// of axis needs more than three loops (never up to six dimensions).
pub fn reduce(input: &Shape, axes: &[usize]) -> Option<Reduce> {
    if axes.iter().any(|&axis| axis >= input.rank()) {
        return None;
    }
    let (mut kept, mut reduced) = (Vec::new(), Vec::new());
    for (axis, (&count, stride)) in input.0.iter().zip(signed_strides(input)?).enumerate() {
        let side = if axes.contains(&axis) { &mut reduced } else { &mut kept };
        side.push(Axis { count, steps: [stride] });
    }
    let mut result = Reduce { kept: [1; 3], kept_strides: [0; 3], reduced: [1; 3], reduced_strides: [0; 3] };
    for (index, Axis { count, steps: [stride] }) in outermost::<1, 3>(merge(kept))?.into_iter().enumerate() {
        result.kept[index] = u32::try_from(count).ok()?;
        result.kept_strides[index] = u32::try_from(stride).ok()?;
    }
    for (index, Axis { count, steps: [stride] }) in outermost::<1, 3>(merge(reduced))?.into_iter().enumerate() {
        result.reduced[index] = u32::try_from(count).ok()?;
        result.reduced_strides[index] = u32::try_from(stride).ok()?;
    }
    Some(result)
}

/// The parameters of `mean`: the scales' multiplier, divided by the number of elements with as many bits as it can
/// keep. `None` where an axis does not exist or nothing is reduced. Source: TFLM `reference/reduce.h`,
/// `QuantizedMeanOrSum`.
pub fn mean(input_shape: &Shape, axes: &[usize], input: &Quantization, output: &Quantization) -> Option<Mean> {
    let sizes = axes.iter().map(|&axis| input_shape.0.get(axis).copied());
    let count = sizes.collect::<Option<Vec<_>>>()?.into_iter().try_fold(1usize, usize::checked_mul)?;
    let count = i64::try_from(count).ok().filter(|&count| count > 0)?;
    let Multiplier { multiplier, shift } = quantize_multiplier(f64::from(input.scale()) / f64::from(output.scale()));
    let gained = (63 - count.leading_zeros() as i32).min(32).min(31 + i32::from(shift)).max(0);
    Some(Mean {
        offset: (i64::from(input.zero_point()).wrapping_mul(count)) as i32,
        multiplier: Multiplier {
            multiplier: ((i64::from(multiplier) << gained) / count) as i32,
            shift: i8::try_from(i32::from(shift) - gained).ok()?,
        },
        output_zero_point: output.zero_point(),
    })
}

/// Why TensorFlow Lite Micro has no int8 `reduce_max` with these quantizations; `Ok` where it has.
pub fn check_max(input: &Quantization, output: &Quantization) -> Result<(), &'static str> {
    if input.scale() == output.scale() && input.zero_point() == output.zero_point() {
        Ok(())
    } else {
        Err("reduce_max needs equal quantizations of input and output")
    }
}

/// The loops of `arg_max` over `axis`.
pub fn arg_max(input: &Shape, axis: usize) -> Option<ArgMax> {
    let size = *input.0.get(axis)?;
    let product = |dims: &[usize]| dims.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    Some(ArgMax {
        outer: u32::try_from(product(&input.0[..axis])?).ok()?,
        axis: u32::try_from(size).ok()?,
        inner: u32::try_from(product(&input.0[axis + 1..])?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_of_a_kind_merge() {
        let image = reduce(&Shape(vec![1, 4, 5, 3]), &[1, 2]).unwrap();
        assert_eq!((image.kept, image.kept_strides), ([1, 1, 3], [0, 0, 1]));
        assert_eq!((image.reduced, image.reduced_strides), ([1, 1, 20], [0, 0, 3]));
        assert!(reduce(&Shape(vec![2; 6]), &[0, 2, 4]).is_some());
        assert_eq!(reduce(&Shape(vec![2; 7]), &[0, 2, 4, 6]), None);
        assert_eq!(reduce(&Shape(vec![2, 2]), &[2]), None);
    }
}
