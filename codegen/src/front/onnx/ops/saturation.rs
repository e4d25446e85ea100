//! Layers in which ONNX Runtime itself can leave the numbers that its operators define.
//!
//! On x86 processors with AVX2 but without VNNI its matrix products multiply `uint8` by `int8` with `vpmaddubsw`, which adds two
//! neighbouring products in 16 bits and saturates. Source: ONNX Runtime, "Quantize ONNX Models", and `MlasGemmU8S8KernelAvx2`.

use super::{Builder, Call, Known};
use crate::ir::Data;

/// The greatest stored activation.
const MOST: i32 = 255;

/// How the weights of a layer lie in the file.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    /// `[out, in / groups, ...]`; products run over the channels of one tap after the other.
    Filters,
    /// `[out, in]`
    Rows,
    /// `[in, out]`
    Columns,
}

/// Notes a layer of which some output channel has two neighbouring weights whose products can leave 16 bits together. The
/// activation's zero point is operand 2, the weights are operand 3.
pub(super) fn note(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, layout: Layout) {
    let constant = |index: usize| match builder.known(call, index) {
        Some(Known::Constant(constant)) => Some(constant.clone()),
        Some(Known::Computed(_) | Known::Wrong) | None => None,
    };
    let (Some(zero_point), Some(weights)) = (constant(2), constant(3)) else { return };
    let (Data::U8(_), Data::I8(values), &[first, second, ref taps @ ..]) =
        (&zero_point.data, &weights.data, weights.shape.as_slice())
    else {
        return;
    };
    let taps: usize = taps.iter().product();
    let saturates = match layout {
        // Depthwise convolutions are computed by another kernel, in 32 bits.
        Layout::Filters if second == 1 && first > 1 && call.attributes.integer("group", 1) == first as i64 => false,
        Layout::Filters => values.chunks(second.saturating_mul(taps).max(1)).any(|filter| {
            let order = (0..taps).flat_map(|tap| (0..second).map(move |channel| channel * taps + tap));
            pairs(order.filter_map(|at| filter.get(at)))
        }),
        Layout::Rows => values.chunks(second.max(1)).any(|row| pairs(row.iter())),
        Layout::Columns => (0..second).any(|column| pairs(values.iter().skip(column).step_by(second.max(1)))),
    };
    if saturates {
        builder.saturating.push(call.origin.clone());
    }
}

/// Whether two weights next to each other can make a sum of products outside of 16 bits.
fn pairs<'w>(mut weights: impl Iterator<Item = &'w i8>) -> bool {
    while let Some(&first) = weights.next() {
        let second = weights.next().copied().unwrap_or(0);
        let reach = |bound: fn(i32) -> i32| MOST * (bound(first.into()) + bound(second.into()));
        if reach(|weight| weight.max(0)) > i32::from(i16::MAX) || reach(|weight| weight.min(0)) < i32::from(i16::MIN) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn pairs_saturate_beyond_16_bits() {
        // 255 * 128 = 32,640 and 255 * 129 = 32,895.
        let cases: [(&[i8], bool); 8] = [
            (&[127, 1], false),
            (&[127, 2], true),
            (&[-128, 0], false),
            (&[-128, -1], true),
            (&[127, -128], false),
            (&[0, 127, 127, 0], false),
            (&[0, 0, 100, 100], true),
            (&[64, 64, 64], false),
        ];
        for (weights, expected) in cases {
            assert_eq!(pairs(weights.iter()), expected, "{weights:?}");
        }
    }
}
