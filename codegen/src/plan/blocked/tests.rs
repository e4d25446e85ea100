//! Layers from their streams equal the same layers from filters, biases and scales.

use super::*;
use tinybake_runtime::kernels::conv2d::{self, Conv2d};
use tinybake_runtime::kernels::fully_connected::{self, FullyConnected};
use tinybake_runtime::kernels::{Dims, blocked, depthwise_conv2d};
use tinybake_runtime::requantize::{Clamp, PerChannel};

/// Noise that is the same every time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as u32
    }

    fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }

    fn bytes(&mut self, count: usize, least: i8) -> Vec<i8> {
        (0..count).map(|_| (self.next() as i8).max(least)).collect()
    }

    fn clamp(&mut self) -> Clamp {
        match self.below(3) {
            0 => Clamp { zero_point: -128, min: -128, max: 127 },
            1 => Clamp { zero_point: 4, min: -128, max: 127 },
            _ => Clamp { zero_point: -20, min: -20, max: 90 },
        }
    }
}

/// A layer of random numbers.
struct Random {
    filter: Vec<i8>,
    bias: Vec<i32>,
    multipliers: Vec<i32>,
    shifts: Vec<i8>,
}

impl Random {
    fn new(noise: &mut Noise, channels: usize, each: usize) -> Self {
        Self {
            filter: noise.bytes(channels * each, -127),
            bias: (0..channels).map(|_| noise.below(20_000) as i32 - 10_000).collect(),
            multipliers: (0..channels).map(|_| (noise.next() >> 1) as i32 | 1 << 30).collect(),
            shifts: (0..channels).map(|_| -5 - noise.below(6) as i8).collect(),
        }
    }

    fn layer(&self) -> Layer<'_> {
        let scales = self.multipliers.iter().zip(&self.shifts).map(|(&multiplier, &shift)| (multiplier, shift.into()));
        Layer { filter: &self.filter, bias: &self.bias, scales: scales.collect() }
    }

    fn rule(&self) -> PerChannel<'_> {
        PerChannel { multipliers: &self.multipliers, shifts: &self.shifts }
    }
}

#[test]
fn fully_connected_layers_are_equal() {
    let mut noise = Noise(1);
    for (rows, depth, columns) in
        [(1, 1, 4), (3, 8, 16), (5, 7, 9), (4, 16, 5), (2, 33, 6), (7, 64, 8), (1, 640, 12), (3, 150, 7), (2, 128, 4), (9, 3, 6)]
    {
        let random = Random::new(&mut noise, columns, depth);
        let input = noise.bytes(rows * depth, -128);
        let p = FullyConnected { rows: rows as u32, depth: depth as u32, columns: columns as u32, clamp: noise.clamp() };
        let (mut given, mut expected) = (vec![0; rows * columns], vec![1; rows * columns]);
        let stream = random.layer().rows(&Run::of_depth(depth).unwrap(), 1, depth, columns).unwrap();
        blocked::fully_connected(&p, &input, &stream, &mut given);
        fully_connected::fully_connected(&p, &input, &random.filter, &random.bias, random.rule(), &mut expected);
        assert_eq!(given, expected, "{p:?}");
    }
}

/// Sizes of an image and of its output, taps, strides, dilations and padding, as of `SAME` or `VALID`.
fn geometry(noise: &mut Noise, least_taps: u32) -> [[u16; 2]; 6] {
    let kernel = [0; 2].map(|_: u16| (least_taps + noise.below(4 - least_taps.min(3))) as u16);
    let stride = [0; 2].map(|_: u16| 1 + noise.below(2) as u16);
    let dilation = if noise.below(4) == 0 { [1, 2] } else { [1, 1] };
    let span = [0, 1].map(|axis| (kernel[axis] - 1) * dilation[axis] + 1);
    let size = span.map(|span| span + noise.below(9) as u16);
    let same = noise.below(2) == 0;
    let output =
        [0, 1].map(|axis| if same { size[axis].div_ceil(stride[axis]) } else { (size[axis] - span[axis]) / stride[axis] + 1 });
    let pad =
        [0, 1].map(|axis| if same { ((output[axis] - 1) * stride[axis] + span[axis]).saturating_sub(size[axis]) / 2 } else { 0 });
    [size, output, kernel, stride, dilation, pad]
}

#[test]
fn convolutions_are_equal() {
    let mut noise = Noise(2);
    for _ in 0..120 {
        let [size, out, kernel, stride, dilation, pad] = geometry(&mut noise, 1);
        let (depth, columns) = (1 + noise.below(20) as u16, 4 + noise.below(9) as u16);
        let p = Conv2d {
            input: Dims { height: size[0], width: size[1], channels: depth },
            output: Dims { height: out[0], width: out[1], channels: columns },
            kernel,
            stride,
            dilation,
            pad,
            groups: 1,
            input_zero_point: noise.next() as i8,
            clamp: noise.clamp(),
        };
        let taps = usize::from(kernel[0] * kernel[1] * depth);
        let random = Random::new(&mut noise, columns.into(), taps);
        let input = noise.bytes(usize::from(size[0] * size[1] * depth), -128);
        let elements = usize::from(out[0] * out[1] * columns);
        let (mut given, mut expected) = (vec![0; elements], vec![1; elements]);
        let (run, in_image) = Run::of_conv2d(&p).unwrap();
        let row = usize::from(kernel[1] * depth);
        let (rows, row) = if in_image { (kernel[0].into(), row) } else { (1, taps) };
        let stream = random.layer().rows(&run, rows, row, columns.into()).unwrap();
        blocked::conv2d(&p, &input, &stream, &mut given);
        conv2d::conv2d(&p, &input, &random.filter, &random.bias, random.rule(), &mut expected);
        assert_eq!(given, expected, "{p:?}");
    }
}

#[test]
fn depthwise_convolutions_are_equal() {
    let mut noise = Noise(3);
    for turn in 0..150 {
        let [size, out, _, stride, dilation, pad] = geometry(&mut noise, 3);
        let channels = if turn % 2 == 0 { 1 + noise.below(16) as u16 } else { 17 + noise.below(170) as u16 };
        let p = DepthwiseConv2d {
            input: Dims { height: size[0], width: size[1], channels },
            output: Dims { height: out[0], width: out[1], channels },
            kernel: [3, 3],
            stride,
            dilation,
            pad,
            multiplier: 1,
            input_zero_point: noise.next() as i8,
            clamp: noise.clamp(),
        };
        let random = Random::new(&mut noise, channels.into(), 9);
        let input = noise.bytes(usize::from(size[0]) * usize::from(size[1]) * usize::from(channels), -128);
        let elements = usize::from(out[0]) * usize::from(out[1]) * usize::from(channels);
        let (mut given, mut expected) = (vec![0; elements], vec![1; elements]);
        let stream = random.layer().taps(&p).unwrap();
        blocked::depthwise_conv2d(&p, &input, &stream, &mut given);
        depthwise_conv2d::depthwise_conv2d(&p, &input, &random.filter, &random.bias, random.rule(), &mut expected);
        assert_eq!(given, expected, "{p:?}");
    }
}

#[test]
fn products_that_leave_16_bits_have_no_stream() {
    let p = DepthwiseConv2d {
        input: Dims { height: 3, width: 3, channels: 1 },
        output: Dims { height: 1, width: 1, channels: 1 },
        kernel: [3, 3],
        stride: [1, 1],
        dilation: [1, 1],
        pad: [0, 0],
        multiplier: 1,
        input_zero_point: 0,
        clamp: Clamp { zero_point: 0, min: -128, max: 127 },
    };
    let mut filter = vec![0; 9];
    filter[2] = -128;
    filter[3] = -128;
    let has_stream = |filter: &[i8]| Layer { filter, bias: &[0], scales: vec![(1 << 30, -1)] }.taps(&p).is_some();
    assert!(!has_stream(&filter));
    filter[3] = 127;
    assert!(has_stream(&filter));
}
