//! The packed kernels' portable twins equal the plain kernels on random layers.

use super::*;
use crate::ir::Origin;
use crate::lower::ConstId;
use crate::options::Reference;
use tinybake_runtime::kernels::conv2d::{self, Conv2d};
use tinybake_runtime::kernels::depthwise_conv2d::{self, DepthwiseConv2d};
use tinybake_runtime::kernels::fully_connected::{self, FullyConnected};
use tinybake_runtime::kernels::tiles as rv32;
use tinybake_runtime::kernels::{Dims, lanes, packed as kernels};
use tinybake_runtime::requantize::PerChannel;

/// A linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u16 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as u32 % end) as u16
    }

    /// Bytes of which some are extreme.
    fn bytes(&mut self, length: usize, least: i8) -> Vec<i8> {
        let byte = |random: &mut Self| match random.below(8) {
            0 => least,
            1 => 127,
            _ => (random.below(256) as i8).max(least),
        };
        (0..length).map(|_| byte(self)).collect()
    }

    fn clamp(&mut self) -> Clamp {
        match self.below(4) {
            0 => Clamp { zero_point: -128, min: -128, max: 127 },
            1 => Clamp { zero_point: 3, min: -128, max: 127 },
            2 => Clamp { zero_point: -5, min: -5, max: 100 },
            _ => Clamp { zero_point: 127, min: -110, max: 90 },
        }
    }
}

/// The plain constants of a layer.
struct Layer {
    filter: Vec<i8>,
    bias: Vec<i32>,
    multipliers: Vec<i32>,
    shifts: Vec<i8>,
}

impl Layer {
    fn new(random: &mut Random, channels: usize, size: usize) -> Self {
        // Outputs are spread over the range: sums are about 5000 times the root of their number of products.
        let right = (5000.0 * (size as f64).sqrt() / 60.0).log2() as i8;
        let mut filter = random.bytes(channels * size, -127);
        // Some second channels of pairs have one weight of -128, beside one of either sign.
        for channel in filter.chunks_mut(size).skip(1).step_by(2) {
            if random.below(2) == 0 {
                channel[usize::from(random.below(size as u32))] = -128;
            }
        }
        Self {
            filter,
            bias: (0..channels).map(|_| i32::from(random.below(20000)) - 10000).collect(),
            multipliers: (0..channels).map(|_| (1 << 30) + i32::from(random.below(1 << 15)) * (1 << 15)).collect(),
            shifts: (0..channels).map(|_| -(right.max(1) + random.below(3) as i8)).collect(),
        }
    }

    fn rule(&self) -> PerChannel<'_> {
        PerChannel { multipliers: &self.multipliers, shifts: &self.shifts }
    }

    /// The words of the filter and the scales, and those to lend.
    fn arranged(&self, kernel: impl FnOnce(Weights) -> Kernel) -> (Vec<i32>, Vec<i32>, Vec<u32>) {
        let arranged = self.arranged_for(CoreClass::Dsp, kernel);
        let words = |constant: &Constant| constant.data.as_i32().expect("words").to_vec();
        (words(&arranged.filter), words(&arranged.scales), vec![0; arranged.words])
    }

    fn arranged_for(&self, core: CoreClass, kernel: impl FnOnce(Weights) -> Kernel) -> Arranged {
        let requantizer = Requantizer::PerChannel { multipliers: ConstId(2), shifts: ConstId(3) };
        let constant = |data| Constant { label: String::new(), data };
        let step = Step {
            origin: Origin { index: 0, name: String::new() },
            op: "layer",
            kernel: kernel(Weights { filter: ConstId(0), bias: ConstId(1), requantizer }),
            reads: Vec::new(),
            writes: Vec::new(),
            macs: 0,
            bounded: true,
        };
        let program = Program {
            name: String::new(),
            reference: Reference::Tflm,
            tensors: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            steps: Vec::new(),
            constants: vec![
                constant(Data::I8(self.filter.clone())),
                constant(Data::I32(self.bias.clone())),
                constant(Data::I32(self.multipliers.clone())),
                constant(Data::I8(self.shifts.clone())),
            ],
        };
        arrange(&program, &step, core).expect("a layer that can be arranged")
    }
}

fn unsigned(bytes: &[i8]) -> Vec<u8> {
    bytes.iter().map(|&byte| byte as u8).collect()
}

fn output_size(size: u16, kernel: u16, stride: u16, pad: u16) -> u16 {
    (size + 2 * pad).checked_sub(kernel).map_or(0, |free| free / stride + 1)
}

#[test]
fn fully_connected_equals_the_plain_kernel() {
    let mut random = Random(1);
    for _ in 0..300 {
        let (rows, depth, columns) = (1 + random.below(5), 1 + random.below(90), 1 + random.below(20));
        let layer = Layer::new(&mut random, columns.into(), depth.into());
        let p = FullyConnected { rows: rows.into(), depth: depth.into(), columns: columns.into(), clamp: random.clamp() };
        let x = random.bytes(usize::from(rows) * usize::from(depth), -128);
        let (mut expected, mut given) = (vec![0; usize::from(rows * columns)], vec![0; usize::from(rows * columns)]);
        fully_connected::fully_connected(&p, &x, &layer.filter, &layer.bias, layer.rule(), &mut expected);
        let (filter, scales, mut lent) = layer.arranged(|weights| Kernel::FullyConnected { params: p, weights });
        kernels::fully_connected(&p, &x, &filter, &scales, &mut lent, &mut given);
        assert_eq!(given, expected, "{p:?}");
        if rows > 1 {
            let arranged = layer.arranged_for(CoreClass::Armv6M, |weights| Kernel::FullyConnected { params: p, weights });
            let (filter, scales) = (arranged.filter.data.as_i8().expect("runs"), arranged.scales.data.as_i32().expect("words"));
            given.fill(0);
            lanes::fully_connected(&p, &x, filter, scales, &mut vec![0; arranged.words], &mut given);
            assert_eq!(given, expected, "lanes {p:?}");
            let arranged = layer.arranged_for(CoreClass::Riscv32, |weights| Kernel::FullyConnected { params: p, weights });
            let (filter, scales) = (arranged.filter.data.as_i8().expect("runs"), arranged.scales.data.as_i32().expect("words"));
            given.fill(0);
            rv32::fully_connected(
                &p,
                &x,
                rv32::Channels::<3>::new(&unsigned(filter)),
                scales,
                &mut vec![0; arranged.words],
                &mut given,
            );
            assert_eq!(given, expected, "tiles {p:?}");
        }
    }
}

#[test]
fn conv2d_equals_the_plain_kernel() {
    let mut random = Random(2);
    for _ in 0..300 {
        let input = Dims { height: 1 + random.below(9), width: 1 + random.below(9), channels: 1 + random.below(9) };
        let (kernel, stride) = ([1 + random.below(4), 1 + random.below(4)], [1 + random.below(3), 1 + random.below(3)]);
        let pad = [random.below(kernel[0].into()), random.below(kernel[1].into())];
        let output = Dims {
            height: output_size(input.height, kernel[0], stride[0], pad[0]),
            width: output_size(input.width, kernel[1], stride[1], pad[1]),
            channels: 1 + random.below(7),
        };
        let clamp = random.clamp();
        let p = Conv2d { input, output, kernel, stride, dilation: [1, 1], pad, groups: 1, input_zero_point: -7, clamp };
        let elements = |dims: Dims| usize::from(dims.height) * usize::from(dims.width) * usize::from(dims.channels);
        let size = kernel.map(usize::from);
        let layer = Layer::new(&mut random, output.channels.into(), size[0] * size[1] * usize::from(input.channels));
        let x = random.bytes(elements(input), -128);
        let (mut expected, mut given) = (vec![0; elements(output)], vec![0; elements(output)]);
        conv2d::conv2d(&p, &x, &layer.filter, &layer.bias, layer.rule(), &mut expected);
        let (filter, scales, mut lent) = layer.arranged(|weights| Kernel::Conv2d { params: p, weights });
        kernels::conv2d(&p, &x, &filter, &scales, &mut lent, &mut given);
        assert_eq!(given, expected, "{p:?}");
        let arranged = layer.arranged_for(CoreClass::Armv6M, |weights| Kernel::Conv2d { params: p, weights });
        let (filter, scales) = (arranged.filter.data.as_i8().expect("runs"), arranged.scales.data.as_i32().expect("words"));
        given.fill(0);
        lanes::conv2d(&p, &x, filter, scales, &mut vec![0; arranged.words], &mut given);
        assert_eq!(given, expected, "lanes {p:?}");
        let arranged = layer.arranged_for(CoreClass::Riscv32, |weights| Kernel::Conv2d { params: p, weights });
        let (filter, scales) = (arranged.filter.data.as_i8().expect("runs"), arranged.scales.data.as_i32().expect("words"));
        given.fill(0);
        rv32::conv2d(&p, &x, rv32::Channels::<3>::new(&unsigned(filter)), scales, &mut vec![0; arranged.words], &mut given);
        assert_eq!(given, expected, "tiles {p:?}");
    }
}

#[test]
fn depthwise_conv2d_equals_the_plain_kernel() {
    let mut random = Random(3);
    for _ in 0..300 {
        let channels = 4 + random.below(12);
        let input = Dims { height: 1 + random.below(40), width: 1 + random.below(40), channels };
        let (stride, pad) = (1 + random.below(2), [random.below(2), random.below(2)]);
        let size = |size: u16, axis: usize| output_size(size, 3, stride, pad[axis]);
        let output = Dims { height: size(input.height, 0), width: size(input.width, 1), channels };
        let p = DepthwiseConv2d {
            input,
            output,
            kernel: [3, 3],
            stride: [stride; 2],
            dilation: [1, 1],
            pad,
            multiplier: 1,
            input_zero_point: 11,
            clamp: random.clamp(),
        };
        let elements = |dims: Dims| usize::from(dims.height) * usize::from(dims.width) * usize::from(dims.channels);
        let layer = Layer::new(&mut random, channels.into(), 9);
        let x = random.bytes(elements(input), -128);
        let (mut expected, mut given) = (vec![0; elements(output)], vec![0; elements(output)]);
        depthwise_conv2d::depthwise_conv2d(&p, &x, &layer.filter, &layer.bias, layer.rule(), &mut expected);
        let (filter, scales, mut lent) = layer.arranged(|weights| Kernel::DepthwiseConv2d { params: p, weights });
        kernels::depthwise_conv2d(&p, Some(&x), &filter, &scales, &mut lent, &mut given);
        assert_eq!(given, expected, "{p:?}");
        // In the place of the input, and of what may be behind it.
        let in_place = |kernel: &mut dyn FnMut(&mut [i8])| {
            let mut memory = x.clone();
            memory.resize(x.len().max(expected.len()), 77);
            kernel(&mut memory);
            memory.truncate(expected.len());
            assert_eq!(memory, expected, "in place {p:?}");
        };
        assert!(p.rows().in_place(), "{p:?}");
        in_place(&mut |image| kernels::depthwise_conv2d(&p, None, &filter, &scales, &mut lent, image));
        let arranged = layer.arranged_for(CoreClass::Armv6M, |weights| Kernel::DepthwiseConv2d { params: p, weights });
        let (filter, scales) = (arranged.filter.data.as_i32().expect("taps"), arranged.scales.data.as_i32().expect("words"));
        given.fill(0);
        lanes::depthwise_conv2d(&p, Some(&x), filter, scales, &mut vec![0; arranged.words], &mut given);
        assert_eq!(given, expected, "lanes {p:?}");
        in_place(&mut |image| lanes::depthwise_conv2d(&p, None, filter, scales, &mut vec![0; arranged.words], image));
        let arranged = layer.arranged_for(CoreClass::Riscv32, |weights| Kernel::DepthwiseConv2d { params: p, weights });
        let (filter, scales) = (arranged.filter.data.as_i32().expect("taps"), arranged.scales.data.as_i32().expect("words"));
        given.fill(0);
        rv32::depthwise_conv2d(&p, Some(&x), filter, scales, &mut vec![0; arranged.words], &mut given);
        assert_eq!(given, expected, "tiles {p:?}");
        in_place(&mut |image| rv32::depthwise_conv2d(&p, None, filter, scales, &mut vec![0; arranged.words], image));
    }
}

#[test]
fn what_does_not_fit_a_half_is_not_packed() {
    let signs = |filter: &[i8]| paired(filter, 2, 2).map(|(_, signs)| signs);
    assert_eq!(signs(&[1, 5, -128, 0]), Some(vec![1, 1]));
    assert_eq!(signs(&[-1, 5, -128, 0]), Some(vec![1, -1]));
    assert_eq!(signs(&[-1, 5, -128, -128]), None);
    // One sum too long.
    assert_eq!(paired(&[127; 1200], 600, 600), None);
    assert!(paired(&[127; 1000], 500, 500).is_some());
}

#[test]
fn runs_fit_16_bits() {
    assert_eq!(runs(&[100, -100, 55, 1, -128]), [3, 100, -100, 55, 2, 1, -128]);
    assert_eq!(runs(&[-128, -128]), [1, -128, 1, -128]);
    let long = runs(&[0; 300]);
    assert_eq!((long.len(), long[0] as u8, long[256]), (302, 255, 45));
}

#[test]
fn nonsense_does_not_panic() {
    let mut random = Random(7);
    for _ in 0..3000 {
        let mut number = |end| if random.below(4) == 0 { 0 } else { random.below(end) };
        let mut dims = || Dims { height: number(9), width: number(9), channels: number(9) };
        let (input, output) = (dims(), dims());
        let mut pair = || [number(5), number(5)];
        let (kernel, stride, dilation, pad) = (pair(), pair(), pair(), pair());
        let (groups, multiplier, rows) = (number(4), number(4), number(4));
        let lengths = [number(400), number(200), number(60), number(300), number(300)].map(usize::from);
        let (clamp, input_zero_point) = (Clamp { zero_point: 300, min: 5, max: -5 }, 3);
        let (x, filter, scales) = (random.bytes(lengths[0], -128), vec![77; lengths[1]], vec![-3; lengths[2]]);
        let (mut lent, mut out) = (vec![0; lengths[3]], vec![0; lengths[4]]);
        let (bytes, mut places) = (random.bytes(lengths[1], -128), vec![0; lengths[3]]);
        let p = Conv2d { input, output, kernel, stride, dilation, pad, groups, input_zero_point, clamp };
        kernels::conv2d(&p, &x, &filter, &scales, &mut lent, &mut out);
        lanes::conv2d(&p, &x, &bytes, &scales, &mut lent, &mut out);
        rv32::conv2d(&p, &x, rv32::Channels::<3>::new(&unsigned(&bytes)), &scales, &mut lent, &mut out);
        let p = DepthwiseConv2d { input, output, kernel, stride, dilation, pad, multiplier, input_zero_point, clamp };
        kernels::depthwise_conv2d(&p, Some(&x), &filter, &scales, &mut lent, &mut out);
        lanes::depthwise_conv2d(&p, Some(&x), &filter, &scales, &mut places, &mut out);
        rv32::depthwise_conv2d(&p, Some(&x), &filter, &scales, &mut places, &mut out);
        let p = FullyConnected { rows: rows.into(), depth: kernel[0].into(), columns: kernel[1].into(), clamp };
        kernels::fully_connected(&p, &x, &filter, &scales, &mut lent, &mut out);
        lanes::fully_connected(&p, &x, &bytes, &scales, &mut lent, &mut out);
        rv32::fully_connected(&p, &x, rv32::Channels::<3>::new(&unsigned(&bytes)), &scales, &mut lent, &mut out);
    }
}
