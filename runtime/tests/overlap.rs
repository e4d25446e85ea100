//! Kernels whose output lies over their input give what they give into memory of its own, at every distance that their rows
//! allow, and the formulas of the least distances say what a search through all rows says.

use tinybake_runtime::kernels::Dims;
use tinybake_runtime::kernels::average_pool2d::{self, AveragePool2d};
use tinybake_runtime::kernels::conv2d::{self, Conv2d};
use tinybake_runtime::kernels::depthwise_conv2d::{self, DepthwiseConv2d};
use tinybake_runtime::kernels::fully_connected::{self, FullyConnected};
use tinybake_runtime::kernels::max_pool2d::{self, MaxPool2d};
use tinybake_runtime::kernels::rows::{Band, Rows};
use tinybake_runtime::requantize::{Clamp, Multiplier};

/// One round in so many is run by Miri, which is slow.
const SHARE: usize = if cfg!(miri) { 800 } else { 1 };

/// A linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }

    fn between(&mut self, least: usize, most: usize) -> u16 {
        (least + self.below(most - least + 1)) as u16
    }

    fn bytes(&mut self, length: usize) -> Vec<i8> {
        (0..length).map(|_| self.below(256) as u8 as i8).collect()
    }
}

/// The input rows that output row `y` reads, tap by tap.
fn read(rows: &Rows, y: usize) -> impl Iterator<Item = usize> + '_ {
    (0..rows.span).filter_map(move |tap| (y * rows.stride + tap).checked_sub(rows.pad)).filter(|&row| row < rows.input)
}

/// Whether making the rows `together` at a time, in the order that the offsets ask for, never writes what is read later or by
/// the same band: every byte is looked at.
fn safe(rows: &Rows, input: usize, output: usize, together: usize) -> bool {
    let bytes = |row: usize| input + row * rows.input_bytes..input + (row + 1) * rows.input_bytes;
    (0..rows.output).all(|y| {
        // Every band of `together` rows that has row `y` at the end made first.
        let (band, rest) = if output < input {
            (y..(y + together).min(rows.output), y..rows.output)
        } else {
            ((y + 1).saturating_sub(together)..y + 1, 0..y + 1)
        };
        let written = output + band.start * rows.output_bytes..output + band.end * rows.output_bytes;
        rest.flat_map(|later| read(rows, later)).all(|row| {
            let read = bytes(row);
            // Wholly on the side that the order of the rows asks for, as slices are split.
            read.is_empty()
                || written.is_empty()
                || if output < input { written.end <= read.start } else { written.start >= read.end }
        })
    })
}

fn random_rows(random: &mut Random) -> Rows {
    let span = random.between(1, 6) as usize;
    Rows {
        input: random.between(0, 12) as usize,
        input_bytes: random.between(1, 9) as usize,
        output: random.between(1, 12) as usize,
        output_bytes: random.between(1, 9) as usize,
        stride: random.between(1, 4) as usize,
        pad: random.between(0, 7) as usize,
        span,
    }
}

#[test]
fn least_distances_equal_a_search() {
    let mut random = Random(1);
    for _ in 0..4000 / SHARE {
        let rows = random_rows(&mut random);
        let together = random.between(1, 5) as usize;
        let far = 200;
        let below = (1..far).find(|&distance| safe(&rows, far, far - distance, together)).unwrap_or(far);
        let above = (0..far).find(|&distance| safe(&rows, far, far + distance, together)).unwrap_or(far);
        // Rows that no output reads are kept all the same, so the formula may ask for more, never for less.
        let gaps = rows.stride > rows.span || (0..rows.output).any(|y| read(&rows, y).next().is_none());
        let (given_below, given_above) = (rows.below(together).max(1), rows.above(together));
        assert!(
            given_below >= below && given_above >= above,
            "{rows:?} {together}: {given_below} {below}, {given_above} {above}"
        );
        if !gaps {
            assert_eq!((given_below, given_above), (below, above), "{rows:?} {together}");
        }
        assert!(rows.apart(far, far - rows.below(1).max(1)) && rows.apart(far, far + rows.above(1)));
        assert!(rows.below(1) <= 1 || !rows.apart(far, far - rows.below(1) + 1));
        assert!(rows.above(1) == 0 || !rows.apart(far, far + rows.above(1) - 1));
    }
}

/// Runs `kernel` apart and then over its input, at the least distances and at some greater ones.
fn check<P: core::fmt::Debug>(
    random: &mut Random,
    p: &P,
    rows: &Rows,
    of_band: impl Fn(&P, &Band) -> P,
    kernel: impl Fn(&P, &[i8], &mut [i8]),
) {
    let (input_len, output_len) = (rows.input * rows.input_bytes, rows.output * rows.output_bytes);
    let x = random.bytes(input_len);
    let mut expected = vec![0; output_len];
    kernel(p, &x, &mut expected);
    for more in [0, 1, rows.output_bytes * random.below(6)] {
        for (input, output) in [(rows.below(1) + more, 0), (0, rows.above(1) + more)] {
            let mut memory = random.bytes(input.max(output) + input_len.max(output_len));
            memory[input..input + input_len].copy_from_slice(&x);
            let placed = rows.at(input, output);
            let mut left = placed.all();
            while let Some((band, x, y)) = placed.next(&mut left, &mut memory) {
                kernel(&of_band(p, &band), x, y);
            }
            assert_eq!(memory[output..output + output_len], expected, "{p:?} from {input} to {output}");
        }
    }
}

const CLAMP: Clamp = Clamp { zero_point: -5, min: -110, max: 120 };
const SCALE: Multiplier = Multiplier { multiplier: 0x5a3c_17e9, shift: -7 };

#[test]
fn outputs_over_inputs_equal_those_apart() {
    let mut random = Random(7);
    for _ in 0..(400 / SHARE).max(1) {
        let kernel = [random.between(1, 4), random.between(1, 3)];
        let dilation = [random.between(1, 2), random.between(1, 2)];
        let stride = [random.between(1, 3), random.between(1, 2)];
        let pad = [random.between(0, 2), random.between(0, 2)];
        let channels = random.between(1, 9);
        let input = Dims { height: random.between(1, 11), width: random.between(1, 5), channels };
        // Any output is defined: what lies outside is padding.
        let output = Dims { height: random.between(1, 9), width: random.between(1, 5), channels };
        let filter = random.bytes(4 * 3 * 9 * 9);
        let bias: Vec<i32> = (0..channels).map(|_| random.below(9000) as i32 - 4500).collect();
        let p = Conv2d {
            input: Dims { channels: random.between(1, 9), ..input },
            output,
            kernel,
            stride,
            dilation,
            pad,
            groups: 1,
            input_zero_point: 3,
            clamp: CLAMP,
        };
        check(&mut random, &p, &p.rows(), Conv2d::of_band, |p, x, y| conv2d::conv2d(p, x, &filter, &bias, SCALE, y));
        check(&mut random, &p, &p.rows(), Conv2d::of_band, |p, x, y| conv2d::shared::conv2d(p, x, &filter, &bias, SCALE, y));
        let p =
            DepthwiseConv2d { input, output, kernel, stride, dilation, pad, multiplier: 1, input_zero_point: 3, clamp: CLAMP };
        check(&mut random, &p, &p.rows(), DepthwiseConv2d::of_band, |p, x, y| {
            depthwise_conv2d::depthwise_conv2d(p, x, &filter, &bias, SCALE, y)
        });
        check(&mut random, &p, &p.rows(), DepthwiseConv2d::of_band, |p, x, y| {
            depthwise_conv2d::shared::depthwise_conv2d(p, x, &filter, &bias, SCALE, y)
        });
        let p = AveragePool2d { input, output, kernel, stride, pad, min: -100, max: 90 };
        check(&mut random, &p, &p.rows(), AveragePool2d::of_band, average_pool2d::average_pool2d);
        let p = MaxPool2d { input, output, kernel, stride, pad, min: -100, max: 90 };
        check(&mut random, &p, &p.rows(), MaxPool2d::of_band, max_pool2d::max_pool2d);
        let (rows, depth) = (random.between(1, 40) as u32, random.between(1, 9) as u32);
        let p = FullyConnected { rows, depth, columns: channels as u32, clamp: CLAMP };
        check(&mut random, &p, &p.rows(), FullyConnected::of_band, |p, x, y| {
            fully_connected::fully_connected(p, x, &filter, &bias, SCALE, y)
        });
        check(&mut random, &p, &p.rows(), FullyConnected::of_band, |p, x, y| {
            fully_connected::shared::fully_connected(p, x, &filter, &bias, SCALE, y)
        });
    }
}
