//! Laws of the convolution family on random shapes: every form equals the definition, and nothing panics on nonsense. The
//! numbers themselves are proved on TensorFlow Lite Micro's outputs, by the conformance tests.

use tinybake_runtime::kernels::average_pool2d::{self, AveragePool2d};
use tinybake_runtime::kernels::conv2d::{self, Conv2d};
use tinybake_runtime::kernels::depthwise_conv2d::{self, DepthwiseConv2d};
use tinybake_runtime::kernels::fully_connected::{self, FullyConnected};
use tinybake_runtime::kernels::max_pool2d::{self, MaxPool2d};
use tinybake_runtime::kernels::softmax::{self, Softmax};
use tinybake_runtime::kernels::transpose_conv::{self, TransposeConv};
use tinybake_runtime::kernels::{Dims, depthwise_conv2d as depthwise};
use tinybake_runtime::requantize::{Clamp, PerChannel, Requantize};

/// One round in so many is run by Miri, which is slow.
const SHARE: usize = if cfg!(miri) { 200 } else { 1 };

/// A linear congruential generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as u32
    }

    fn below(&mut self, end: u32) -> u16 {
        (self.next() % end) as u16
    }

    fn pair(&mut self, low: u16, end: u32) -> [u16; 2] {
        [low + self.below(end), low + self.below(end)]
    }

    fn bytes(&mut self, length: usize) -> Vec<i8> {
        (0..length).map(|_| self.next() as i8).collect()
    }

    fn dims(&mut self, channels: u16) -> Dims {
        Dims { height: 1 + self.below(9), width: 1 + self.below(9), channels }
    }
}

fn elements(dims: Dims) -> usize {
    dims.height as usize * dims.width as usize * dims.channels as usize
}

/// Of each axis, the output size for a window; 0 where it does not fit.
fn output_size(input: Dims, kernel: [u16; 2], stride: [u16; 2], dilation: [u16; 2], pad: [u16; 2], channels: u16) -> Dims {
    let size = |size: u16, axis: usize| {
        let span = (kernel[axis] - 1) * dilation[axis] + 1;
        (size + 2 * pad[axis]).checked_sub(span).map_or(0, |free| free / stride[axis] + 1)
    };
    Dims { height: size(input.height, 0), width: size(input.width, 1), channels }
}

const CLAMP: Clamp = Clamp { zero_point: -5, min: -110, max: 120 };

/// The element at `(y, x, channel)`, or the zero point outside.
fn at(input: &[i8], dims: Dims, zero_point: i8, y: isize, x: isize, channel: usize) -> i32 {
    if y < 0 || x < 0 || y >= dims.height as isize || x >= dims.width as isize {
        return zero_point as i32;
    }
    input[(y as usize * dims.width as usize + x as usize) * dims.channels as usize + channel] as i32
}

/// A convolution by its definition, `weight` giving the filter at `(channel, ky, kx, depth)`.
#[expect(clippy::too_many_arguments, reason = "what a convolution is")]
fn defined(
    input: &[i8],
    p: &Conv2d,
    bias: &[i32],
    requantize: impl Requantize,
    depth: usize,
    in_channel: impl Fn(usize) -> usize,
    weight: impl Fn(usize, usize, usize, usize) -> i8,
    zero_point: i8,
) -> Vec<i8> {
    let mut output = Vec::new();
    for y in 0..p.output.height as isize {
        for x in 0..p.output.width as isize {
            for (channel, &bias) in bias.iter().enumerate() {
                let mut acc = bias;
                for ky in 0..p.kernel[0] as usize {
                    for kx in 0..p.kernel[1] as usize {
                        for d in 0..depth {
                            let from_y = y * p.stride[0] as isize - p.pad[0] as isize + (ky * p.dilation[0] as usize) as isize;
                            let from_x = x * p.stride[1] as isize - p.pad[1] as isize + (kx * p.dilation[1] as usize) as isize;
                            let value = at(input, p.input, zero_point, from_y, from_x, in_channel(channel) + d);
                            acc += (value - zero_point as i32) * weight(channel, ky, kx, d) as i32;
                        }
                    }
                }
                output.push(requantize.requantize(acc, channel, &CLAMP));
            }
        }
    }
    output
}

fn scales(random: &mut Random, channels: usize) -> (Vec<i32>, Vec<i8>) {
    (0..channels).map(|_| ((1 << 30) + (random.next() & 0x3fff_ffff) as i32, 2 - (random.below(14) as i8))).unzip()
}

#[test]
fn conv2d_equals_its_definition() {
    let mut random = Random(1);
    for _ in 0..400 / SHARE {
        let groups = 1 + random.below(2) * random.below(3);
        let (depth, group_size) = (1 + random.below(9), 1 + random.below(7));
        let input = random.dims(depth * groups);
        let (kernel, stride) = (random.pair(1, 4), random.pair(1, 3));
        let dilation = if random.below(2) == 0 { [1, 1] } else { random.pair(1, 3) };
        let pad = [random.below(kernel[0].into()), random.below(kernel[1].into())];
        let output = output_size(input, kernel, stride, dilation, pad, group_size * groups);
        let zero_point = random.next() as i8;
        let p = Conv2d { input, output, kernel, stride, dilation, pad, groups, input_zero_point: zero_point, clamp: CLAMP };
        let size = kernel[0] as usize * kernel[1] as usize * depth as usize;
        let x = random.bytes(elements(input));
        let filter = random.bytes(size * output.channels as usize);
        let bias: Vec<i32> = (0..output.channels).map(|_| random.next() as i16 as i32).collect();
        let (multipliers, shifts) = scales(&mut random, bias.len());
        let requantize = PerChannel { multipliers: &multipliers, shifts: &shifts };
        let expected = defined(
            &x,
            &p,
            &bias,
            requantize,
            depth as usize,
            |channel| channel / group_size as usize * depth as usize,
            |channel, ky, kx, d| filter[channel * size + (ky * kernel[1] as usize + kx) * depth as usize + d],
            zero_point,
        );
        let folded: Vec<i32> = (bias.iter().zip(filter.chunks(size)))
            .map(|(bias, w)| bias - zero_point as i32 * w.iter().map(|&w| w as i32).sum::<i32>())
            .collect();
        let mut given = vec![0; expected.len()];
        conv2d::conv2d(&p, &x, &filter, &folded, requantize, &mut given);
        assert_eq!(given, expected, "specialized {p:?}");
        given.fill(0);
        conv2d::shared::conv2d(&p, &x, &filter, &folded, requantize, &mut given);
        assert_eq!(given, expected, "shared {p:?}");
    }
}

#[test]
fn depthwise_conv2d_equals_its_definition() {
    let mut random = Random(2);
    for _ in 0..400 / SHARE {
        let multiplier = 1 + random.below(2) * random.below(20);
        let channels = 1 + random.below(36);
        let input = random.dims(channels);
        let (kernel, stride) = (random.pair(1, 4), random.pair(1, 3));
        let dilation = if random.below(2) == 0 { [1, 1] } else { random.pair(1, 3) };
        let pad = [random.below(kernel[0].into()), random.below(kernel[1].into())];
        let output = output_size(input, kernel, stride, dilation, pad, channels * multiplier);
        let zero_point = random.next() as i8;
        let p = DepthwiseConv2d {
            input,
            output,
            kernel,
            stride,
            dilation,
            pad,
            multiplier,
            input_zero_point: zero_point,
            clamp: CLAMP,
        };
        let (x, taps) = (random.bytes(elements(input)), kernel[0] as usize * kernel[1] as usize);
        let filter = random.bytes(taps * output.channels as usize);
        let bias: Vec<i32> = (0..output.channels).map(|_| random.next() as i16 as i32).collect();
        let (multipliers, shifts) = scales(&mut random, bias.len());
        let requantize = PerChannel { multipliers: &multipliers, shifts: &shifts };
        let shape =
            Conv2d { input, output, kernel, stride, dilation, pad, groups: 1, input_zero_point: zero_point, clamp: CLAMP };
        let expected = defined(
            &x,
            &shape,
            &bias,
            requantize,
            1,
            |channel| channel / multiplier as usize,
            |channel, ky, kx, _| filter[(ky * kernel[1] as usize + kx) * output.channels as usize + channel],
            zero_point,
        );
        let folded: Vec<i32> = (bias.iter().enumerate())
            .map(|(channel, bias)| {
                let weights = filter.iter().skip(channel).step_by(bias_len(&output));
                bias - zero_point as i32 * weights.map(|&w| w as i32).sum::<i32>()
            })
            .collect();
        let mut given = vec![0; expected.len()];
        depthwise::depthwise_conv2d(&p, &x, &filter, &folded, requantize, &mut given);
        assert_eq!(given, expected, "specialized {p:?}");
        given.fill(0);
        depthwise::shared::depthwise_conv2d(&p, &x, &filter, &folded, requantize, &mut given);
        assert_eq!(given, expected, "shared {p:?}");
    }
}

fn bias_len(output: &Dims) -> usize {
    output.channels as usize
}

#[test]
fn fully_connected_is_a_convolution_of_one_tap() {
    let mut random = Random(3);
    for _ in 0..200 / SHARE {
        let (rows, depth, columns) = (1 + random.below(6), 1 + random.below(70), 1 + random.below(40));
        let (x, filter) = (random.bytes(rows as usize * depth as usize), random.bytes(columns as usize * depth as usize));
        let bias: Vec<i32> = (0..columns).map(|_| random.next() as i16 as i32).collect();
        let (multipliers, shifts) = scales(&mut random, bias.len());
        let requantize = PerChannel { multipliers: &multipliers, shifts: &shifts };
        let p = FullyConnected { rows: rows.into(), depth: depth.into(), columns: columns.into(), clamp: CLAMP };
        let (input, output) =
            (Dims { height: 1, width: rows, channels: depth }, Dims { height: 1, width: rows, channels: columns });
        let shape = Conv2d {
            input,
            output,
            kernel: [1, 1],
            stride: [1, 1],
            dilation: [1, 1],
            pad: [0, 0],
            groups: 1,
            input_zero_point: 0,
            clamp: CLAMP,
        };
        let mut expected = vec![0; rows as usize * columns as usize];
        conv2d::conv2d(&shape, &x, &filter, &bias, requantize, &mut expected);
        let mut given = vec![0; expected.len()];
        fully_connected::fully_connected(&p, &x, &filter, &bias, requantize, &mut given);
        assert_eq!(given, expected, "specialized {p:?}");
        given.fill(0);
        fully_connected::shared::fully_connected(&p, &x, &filter, &bias, requantize, &mut given);
        assert_eq!(given, expected, "shared {p:?}");
    }
}

#[test]
fn transpose_conv_scatters() {
    let mut random = Random(4);
    for _ in 0..300 / SHARE {
        let (depth, channels) = (1 + random.below(6), 1 + random.below(6));
        let input = random.dims(depth);
        let (kernel, stride) = (random.pair(1, 4), random.pair(1, 3));
        let pad = [random.below(kernel[0].into()), random.below(kernel[1].into())];
        let size = |size: u16, axis: usize| ((size - 1) * stride[axis] + kernel[axis]).saturating_sub(2 * pad[axis]);
        let output = Dims { height: size(input.height, 0), width: size(input.width, 1), channels };
        let zero_point = random.next() as i8;
        let p = TransposeConv { input, output, kernel, stride, pad, input_zero_point: zero_point, clamp: CLAMP };
        let x = random.bytes(elements(input));
        let filter = random.bytes(kernel[0] as usize * kernel[1] as usize * depth as usize * channels as usize);
        let bias: Vec<i32> = (0..channels).map(|_| random.next() as i16 as i32).collect();
        let (multipliers, shifts) = scales(&mut random, bias.len());
        let requantize = PerChannel { multipliers: &multipliers, shifts: &shifts };
        // By scattering each input to the outputs that it reaches.
        let mut sums: Vec<i32> = bias.iter().copied().cycle().take(elements(output)).collect();
        for y in 0..input.height as usize {
            for x0 in 0..input.width as usize {
                for (ky, kx) in (0..kernel[0] as usize).flat_map(|ky| (0..kernel[1] as usize).map(move |kx| (ky, kx))) {
                    let to_y = (y * stride[0] as usize + ky).wrapping_sub(pad[0] as usize);
                    let to_x = (x0 * stride[1] as usize + kx).wrapping_sub(pad[1] as usize);
                    if to_y >= output.height as usize || to_x >= output.width as usize {
                        continue;
                    }
                    for channel in 0..channels as usize {
                        for d in 0..depth as usize {
                            let value = x[(y * input.width as usize + x0) * depth as usize + d] as i32 - zero_point as i32;
                            let tap = (channel * kernel[0] as usize + ky) * kernel[1] as usize + kx;
                            let w = filter[tap * depth as usize + d] as i32;
                            sums[(to_y * output.width as usize + to_x) * channels as usize + channel] += value * w;
                        }
                    }
                }
            }
        }
        let expected: Vec<i8> =
            sums.iter().enumerate().map(|(i, &sum)| requantize.requantize(sum, i % channels as usize, &CLAMP)).collect();
        let mut given = vec![0; expected.len()];
        transpose_conv::transpose_conv(&p, &x, &filter, &bias, requantize, &mut given);
        assert_eq!(given, expected, "{p:?}");
    }
}

#[test]
fn pools_see_only_the_image() {
    let mut random = Random(5);
    for _ in 0..300 / SHARE {
        let channels = 1 + random.below(20);
        let input = random.dims(channels);
        let (kernel, stride) = (random.pair(1, 5), random.pair(1, 3));
        let pad = [random.below(kernel[0].into()), random.below(kernel[1].into())];
        let output = output_size(input, kernel, stride, [1, 1], pad, channels);
        let x = random.bytes(elements(input));
        let (mut means, mut maxima) = (Vec::new(), Vec::new());
        for y in 0..output.height as usize * stride[0] as usize {
            for x0 in 0..output.width as usize * stride[1] as usize {
                if y % stride[0] as usize != 0 || x0 % stride[1] as usize != 0 {
                    continue;
                }
                for channel in 0..channels as usize {
                    let inside: Vec<f64> = (0..kernel[0] as usize)
                        .flat_map(|ky| (0..kernel[1] as usize).map(move |kx| (y + ky, x0 + kx)))
                        .filter_map(|(y, x0)| Some((y.checked_sub(pad[0] as usize)?, x0.checked_sub(pad[1] as usize)?)))
                        .filter(|&(y, x0)| y < input.height as usize && x0 < input.width as usize)
                        .map(|(y, x0)| x[(y * input.width as usize + x0) * channels as usize + channel] as f64)
                        .collect();
                    let mean = if inside.is_empty() { 0.0 } else { inside.iter().sum::<f64>() / inside.len() as f64 };
                    means.push(mean.round().clamp(-100.0, 90.0) as i8);
                    maxima.push(inside.into_iter().fold(-100.0, f64::max).min(90.0) as i8);
                }
            }
        }
        let mut given = vec![0; means.len()];
        average_pool2d::average_pool2d(&AveragePool2d { input, output, kernel, stride, pad, min: -100, max: 90 }, &x, &mut given);
        assert_eq!(given, means, "average {kernel:?} {stride:?} {pad:?}");
        max_pool2d::max_pool2d(&MaxPool2d { input, output, kernel, stride, pad, min: -100, max: 90 }, &x, &mut given);
        assert_eq!(given, maxima, "max {kernel:?} {stride:?} {pad:?}");
    }
}

#[test]
fn softmax_is_near_the_real_one() {
    let mut random = Random(6);
    // exp(d / 8): the multiplier is 2^26 / 8.
    let scale: f64 = 0.125;
    for depth in [1, 2, 10, 100] {
        let p = Softmax { rows: 3, depth, multiplier: 1 << 30, shift: 24, diff_min: -248 };
        let x = random.bytes(3 * depth as usize);
        let mut fixed = vec![0; x.len()];
        softmax::softmax(&p, &x, &mut fixed);
        let mut in_place = x.clone();
        softmax::softmax_in_place(&p, &mut in_place);
        assert_eq!(fixed, in_place);
        let table: [f32; 256] = std::array::from_fn(|index| (-scale * (255 - index) as f64).exp() as f32);
        let mut float = vec![0; x.len()];
        softmax::softmax_f32(&p, &table, &x, &mut float);
        for row in 0..3 {
            let range = row * depth as usize..(row + 1) * depth as usize;
            let sum: f64 = x[range.clone()].iter().map(|&x| (x as f64 * scale).exp()).sum();
            for i in range {
                let real = ((x[i] as f64 * scale).exp() / sum * 256.0 - 128.0).min(127.0);
                assert!((fixed[i] as f64 - real).abs() <= 1.0, "{} for {real}", fixed[i]);
                assert!((float[i] as f64 - real).abs() <= 0.51, "{} for {real}", float[i]);
            }
        }
    }
}

#[test]
fn nonsense_does_not_panic() {
    let mut random = Random(7);
    let mut output = vec![0; 300];
    for _ in 0..3000 / SHARE {
        let mut number = |end| if random.below(4) == 0 { 0 } else { random.below(end) };
        let mut dims = || Dims { height: number(9), width: number(9), channels: number(9) };
        let (input, image) = (dims(), dims());
        let mut pair = || [number(5), number(5)];
        let (kernel, stride, dilation, pad) = (pair(), pair(), pair(), pair());
        let (groups, length) = (number(4), number(400) as usize);
        let (x, filter, multipliers) = (random.bytes(length), random.bytes(length / 2), [1 << 30; 3]);
        let (bias, requantize) = ([7; 5], PerChannel { multipliers: &multipliers, shifts: &[-1, 127, -128] });
        let output = &mut output[..random.below(300).into()];
        let p = Conv2d { input, output: image, kernel, stride, dilation, pad, groups, input_zero_point: 3, clamp: CLAMP };
        conv2d::conv2d(&p, &x, &filter, &bias, requantize, output);
        conv2d::shared::conv2d(&p, &x, &filter, &bias, requantize, output);
        let p = DepthwiseConv2d {
            input,
            output: image,
            kernel,
            stride,
            dilation,
            pad,
            multiplier: groups,
            input_zero_point: 3,
            clamp: CLAMP,
        };
        depthwise_conv2d::depthwise_conv2d(&p, &x, &filter, &bias, requantize, output);
        depthwise_conv2d::shared::depthwise_conv2d(&p, &x, &filter, &bias, requantize, output);
        let p = TransposeConv { input, output: image, kernel, stride, pad, input_zero_point: 3, clamp: CLAMP };
        transpose_conv::transpose_conv(&p, &x, &filter, &bias, requantize, output);
        let [depth, columns] = kernel.map(u32::from);
        let p = FullyConnected { rows: groups.into(), depth, columns, clamp: CLAMP };
        fully_connected::fully_connected(&p, &x, &filter, &bias, requantize, output);
        fully_connected::shared::fully_connected(&p, &x, &filter, &bias, requantize, output);
        average_pool2d::average_pool2d(&AveragePool2d { input, output: image, kernel, stride, pad, min: 9, max: -9 }, &x, output);
        max_pool2d::max_pool2d(&MaxPool2d { input, output: image, kernel, stride, pad, min: 9, max: -9 }, &x, output);
        let p = Softmax { rows: columns, depth, multiplier: 1 << 30, shift: 255, diff_min: -(length as i32) };
        softmax::softmax(&p, &x, output);
        softmax::softmax_f32(&p, &[0.0; 256], &x, output);
    }
}
