//! Weights in the arrangement of the palettized kernels, which the runtime's `kernels/palettized/` tells: places in a table of their
//! values.

use crate::ir::Data;
use crate::lower::{Constant, Layer, Program, Step};

/// The weights of a layer, arranged.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Coded {
    /// The table, and places in it.
    pub(super) filter: Constant,
    /// Bits of a place: 2 or 4.
    pub(super) bits: u32,
}

/// The arrangement of a step's weights; `None` where it has no palettized kernel, or more than 16 values.
pub(super) fn code(program: &Program, step: &Step) -> Option<Coded> {
    let (layer, weights) = step.kernel.layer()?;
    let depth = match layer {
        Layer::FullyConnected(params) => params.depth as usize,
        Layer::Conv2d(params) if params.groups == 1 => {
            let taps: usize = params.kernel.map(usize::from).iter().product();
            taps * usize::from(params.input.channels)
        }
        Layer::Conv2d(_) | Layer::DepthwiseConv2d(_) | Layer::TransposeConv(_) => return None,
    };
    let filter = program.constant(weights.filter);
    let (bits, bytes) = coded(filter.data.as_i8()?, depth)?;
    let label = format!("{}, places of {bits} bits in a table of values", filter.label);
    Some(Coded { filter: Constant { label, data: Data::I8(bytes) }, bits })
}

/// The table of the values of `weights`, and places in it, rows of `depth` beginning with a byte; with the bits of a place.
fn coded(weights: &[i8], depth: usize) -> Option<(u32, Vec<i8>)> {
    let mut values = weights.to_vec();
    values.sort_unstable();
    values.dedup();
    let bits = match values.len() {
        0..=4 => 2,
        5..=16 => 4,
        _ => return None,
    };
    if depth == 0 || !weights.len().is_multiple_of(depth) {
        return None;
    }
    let mut bytes = values.clone();
    bytes.resize(1 << bits, 0);
    let place = |weight: &i8| values.binary_search(weight).unwrap_or(0);
    let byte = |weights: &[i8]| weights.iter().rev().fold(0, |byte, weight| byte << bits | place(weight)) as u8 as i8;
    bytes.extend(weights.chunks(depth).flat_map(|row| row.chunks(8 / bits as usize).map(byte)));
    Some((bits, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinybake_runtime::kernels::conv2d::{self, Conv2d};
    use tinybake_runtime::kernels::fully_connected::{self, FullyConnected};
    use tinybake_runtime::kernels::{Dims, palettized};
    use tinybake_runtime::requantize::{Clamp, Multiplier};

    const CLAMP: Clamp = Clamp { zero_point: -5, min: -110, max: 120 };
    const SCALE: Multiplier = Multiplier { multiplier: 0x5a3c_17e9, shift: -7 };

    /// A linear congruential generator.
    struct Random(u64);

    impl Random {
        fn between(&mut self, least: u16, most: u16) -> u16 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            least + (self.0 >> 33) as u16 % (most - least + 1)
        }

        fn bytes(&mut self, count: usize, values: u16) -> Vec<i8> {
            let values: Vec<i8> = (0..values).map(|_| self.between(0, 255) as u8 as i8).collect();
            (0..count).map(|_| values[usize::from(self.between(0, values.len() as u16 - 1))]).collect()
        }

        fn biases(&mut self, count: u16) -> Vec<i32> {
            (0..count).map(|_| i32::from(self.between(0, 9000)) - 4500).collect()
        }
    }

    #[test]
    fn layers_equal_plain_ones() {
        let mut random = Random(5);
        for _ in 0..300 {
            let values = random.between(1, 16);
            let (input, output) = (
                Dims { height: random.between(1, 9), width: random.between(1, 9), channels: random.between(1, 20) },
                // Any output is defined: what lies outside is padding.
                Dims { height: random.between(1, 4), width: random.between(1, 40), channels: random.between(1, 9) },
            );
            let mut pair = |most| [random.between(1, most), random.between(1, most)];
            let (kernel, stride, dilation, pad) = (pair(4), pair(2), pair(2), pair(2));
            let p = Conv2d { input, output, kernel, stride, dilation, pad, groups: 1, input_zero_point: 3, clamp: CLAMP };
            let elements = |dims: Dims| usize::from(dims.height) * usize::from(dims.width) * usize::from(dims.channels);
            let depth = usize::from(kernel[0] * kernel[1] * input.channels);
            let filter = random.bytes(usize::from(output.channels) * depth, values);
            let (x, bias) = (random.bytes(elements(input), 256), random.biases(output.channels));
            let (bits, bytes) = coded(&filter, depth).expect("few values");
            let bytes: Vec<u8> = bytes.iter().map(|&byte| byte as u8).collect();
            let palette = palettized::Palette::new(bits, &bytes);
            let (mut given, mut expected) = (vec![0; elements(output)], vec![0; elements(output)]);
            conv2d::conv2d(&p, &x, &filter, &bias, SCALE, &mut expected);
            palettized::conv2d(&p, &x, palette, &bias, SCALE, &mut given);
            assert_eq!(given, expected, "{p:?} {values}");

            let rows = u32::from(random.between(1, 40));
            let p = FullyConnected { rows, depth: depth as u32, columns: output.channels.into(), clamp: CLAMP };
            let x = random.bytes(rows as usize * depth, 256);
            let mut given = vec![0; rows as usize * usize::from(output.channels)];
            let mut expected = given.clone();
            fully_connected::fully_connected(&p, &x, &filter, &bias, SCALE, &mut expected);
            palettized::fully_connected(&p, &x, palette, &bias, SCALE, &mut given);
            assert_eq!(given, expected, "{p:?} {values}");
        }
    }

    #[test]
    fn nonsense_does_not_panic() {
        let mut random = Random(9);
        for _ in 0..3000 {
            let mut number = |end| if random.between(0, 3) == 0 { 0 } else { random.between(0, end) };
            let mut dims = || Dims { height: number(9), width: number(9), channels: number(9) };
            let (input, output) = (dims(), dims());
            let mut pair = || [number(5), number(5)];
            let (kernel, stride, dilation, pad) = (pair(), pair(), pair(), pair());
            let (groups, rows, bits) = (number(2), number(4), number(5));
            let [x, bytes, bias, out] = [number(400), number(200), number(30), number(300)].map(usize::from);
            let (x, bytes, bias) = (random.bytes(x, 256), vec![7; bytes], vec![-3; bias]);
            let palette = palettized::Palette::new(bits.into(), &bytes);
            let mut out = vec![0; out];
            let p = Conv2d { input, output, kernel, stride, dilation, pad, groups, input_zero_point: 3, clamp: CLAMP };
            palettized::conv2d(&p, &x, palette, &bias, SCALE, &mut out);
            let p = FullyConnected { rows: rows.into(), depth: kernel[0].into(), columns: kernel[1].into(), clamp: CLAMP };
            palettized::fully_connected(&p, &x, palette, &bias, SCALE, &mut out);
        }
    }

    /// The rows of weights that `bytes` stand for, looked up one by one.
    fn rows(bits: u32, bytes: &[i8], depth: usize) -> Vec<Vec<i8>> {
        let (table, places) = bytes.split_at(1 << bits);
        let row = depth.div_ceil(8 / bits as usize);
        let weight = |row: &[i8], index: usize| {
            let at = index * bits as usize;
            table[(row[at / 8] as u8 >> (at % 8)) as usize & (table.len() - 1)]
        };
        places.chunks(row).map(|row| (0..depth).map(|index| weight(row, index)).collect()).collect()
    }

    #[test]
    fn places_stand_for_the_weights() {
        for (values, bits) in [(1, 2), (3, 2), (4, 2), (5, 4), (15, 4), (16, 4)] {
            for depth in [1, 2, 3, 4, 5, 8, 27, 64] {
                let weight = |index: usize| ((index * 7 % values) as i32 * 17 - 128) as i8;
                let weights: Vec<i8> = (0..depth * 5 * values).map(weight).collect();
                let (found, bytes) = coded(&weights, depth).expect("few values");
                assert_eq!(found, bits, "{values}");
                assert_eq!(rows(bits, &bytes, depth).concat(), weights, "{values} {depth}");
            }
        }
        assert_eq!(coded(&(0..17).collect::<Vec<i8>>(), 17), None);
        assert_eq!(coded(&[1, 2, 3], 2), None);
    }
}
