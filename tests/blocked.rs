//! The assembly behind the kernels equals its portable twins on noise and on extremes: kernels run on emulated cores with
//! constants made up here, and on this computer, where they are the twins.

use std::fmt::Write as _;
use std::path::PathBuf;
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::ir::DType;
use tinybake_codegen::measure::{self, Port, Program, Samples};
use tinybake_runtime::kernels::binary::{self, Add};
use tinybake_runtime::kernels::blocked::{self, BLOCK_OF_TAPS, LANES_OF_BLOCK, Run, VECTOR, neighbours};
use tinybake_runtime::kernels::conv2d::Conv2d;
use tinybake_runtime::kernels::depthwise_conv2d::DepthwiseConv2d;
use tinybake_runtime::kernels::fully_connected::{self, FullyConnected};
use tinybake_runtime::kernels::tiles::{self, Channels};
use tinybake_runtime::kernels::{Dims, conv2d, lanes};
use tinybake_runtime::requantize::{Clamp, Multiplier};

/// Bytes of input of every layer; layers read as much of it as they need.
const INPUT: usize = 6000;

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as u32
    }

    fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }

    fn clamp(&mut self) -> Clamp {
        match self.below(3) {
            0 => Clamp { zero_point: -128, min: -128, max: 127 },
            1 => Clamp { zero_point: 127, min: -128, max: 127 },
            _ => Clamp { zero_point: -20, min: -20, max: 90 },
        }
    }

    /// Four weights in a word: noise, or the greatest and least there are.
    fn weights(&mut self) -> i32 {
        let extreme = self.below(4) == 0;
        let bytes = [0; 4].map(|_: u8| match (extreme, self.next() as i8) {
            (true, weight) if weight < 0 => -127i8,
            (true, _) => 127,
            (false, weight) => weight.max(-127),
        });
        i32::from_le_bytes(bytes.map(|byte| byte as u8))
    }

    fn bias(&mut self) -> i32 {
        (self.next() as i32) >> (8 + self.below(20))
    }

    fn multiplier(&mut self) -> i32 {
        if self.below(8) == 0 { i32::MAX } else { (self.next() >> 1) as i32 | 1 << 30 }
    }

    fn shift(&mut self) -> i32 {
        if self.below(16) == 0 { -31 } else { -1 - self.below(14) as i32 }
    }

    fn stream(&mut self, run: &Run, channels: usize) -> Vec<i32> {
        let mut words = Vec::new();
        for _ in 0..channels.div_ceil(4) {
            words.extend([0; 4].map(|_| self.bias()));
            words.extend((0..run.elements()).map(|_| self.weights()));
            words.extend([0; 4].map(|_| self.multiplier()));
            words.extend([0; 4].map(|_| self.shift()));
        }
        words
    }

    fn taps(&mut self, blocks: usize) -> Vec<i32> {
        let mut words = Vec::new();
        for _ in 0..blocks {
            words.extend([0; 16].map(|_| self.bias()));
            words.extend((0..9 * VECTOR / 4).map(|_| self.weights()));
            for _ in LANES_OF_BLOCK {
                words.extend([0; 4].map(|_| self.multiplier()));
                words.extend([0; 4].map(|_| self.shift()));
            }
        }
        assert_eq!(words.len(), blocks * BLOCK_OF_TAPS);
        words
    }
}

/// A kernel on this computer: from input to output.
type Here = dyn Fn(&[i8], &mut [i8]);

/// Calls of kernels: in the source of a program, and as a function of this computer.
#[derive(Default)]
struct Calls {
    statics: String,
    body: String,
    here: Vec<Box<Here>>,
    sizes: Vec<usize>,
}

impl Calls {
    /// `path(arguments, the first of the inputs, rest, output)`.
    fn add(&mut self, call: &str, input: usize, outputs: usize, here: impl Fn(&[i8], &mut [i8]) + 'static) {
        assert!(input <= INPUT);
        let from: usize = self.sizes.iter().sum();
        let call =
            call.replace("INPUT", &format!("&x[..{input}]")).replace("OUTPUT", &format!("&mut y[{from}..{}]", from + outputs));
        let _ = writeln!(self.body, "        ::tinybake::generated::kernels::{call};");
        self.here.push(Box::new(move |x, y| here(&x[..input], y)));
        self.sizes.push(outputs);
    }

    fn constant(&mut self, element: &str, values: &[impl std::fmt::Debug]) -> String {
        let name = format!("C{}", self.statics.lines().count());
        let _ = writeln!(self.statics, "static {name}: [{element}; {}] = {values:?};", values.len());
        format!("&{name}")
    }

    /// Runs them on a core and here; they must say the same.
    fn compare(self, on: &str) {
        let catalogue = Catalogue::builtin();
        let target = catalogue.find(on).expect("a core of the table");
        if let Err(missing) = measure::available(&target) {
            assert!(missing.is_missing_tool(), "{missing}");
            println!("skipped: {on}: {missing}");
            return;
        }
        let total: usize = self.sizes.iter().sum();
        let source = format!(
            "use ::tinybake::generated::params::*;\npub const STACK_BYTES: usize = 0;\n{}\npub struct Model {{ x: [i8; {INPUT}], y: [i8; {total}] }}\nimpl Model {{\n    \
             pub const fn new() -> Self {{ Self {{ x: [0; {INPUT}], y: [0; {total}] }} }}\n    \
             pub fn x(&mut self) -> &mut [i8; {INPUT}] {{ &mut self.x }}\n    pub fn y(&self) -> &[i8; {total}] {{ &self.y }}\n    \
             pub fn run(&mut self) {{\n        let (x, y) = (&self.x, &mut self.y);\n{}    }}\n}}\n",
            self.statics, self.body
        );
        let port = |accessor: &str, elements| Port { accessor: accessor.into(), dtype: DType::I8, elements, converted: None };
        let program = Program { source, inputs: vec![port("model.x()", INPUT)], outputs: vec![port("model.y()", total)] };
        let mut noise = Noise(9);
        let mut inputs: Vec<i8> = (0..2 * INPUT).map(|_| noise.next() as i8).collect();
        inputs.extend([-128i8; INPUT]);
        inputs.extend((0..INPUT).map(|_| if noise.below(2) == 0 { -128 } else { 127 }));
        let samples = Samples { count: 4, inputs: vec![inputs.iter().map(|&x| x as u8).collect()] };
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure");
        let options = measure::Options { directory, ..measure::Options::default() };
        let run = measure::run(&program, &samples, &target, &options).unwrap_or_else(|problem| panic!("{on}: {problem}"));
        let mut given = run.outputs[0].iter().map(|&y| y as i8);
        for x in inputs.chunks(INPUT) {
            for (index, (here, &size)) in self.here.iter().zip(&self.sizes).enumerate() {
                let mut expected = vec![0; size];
                here(x, &mut expected);
                assert!(expected.iter().any(|&y| y != 0), "{on}: call {index} makes nothing");
                let given: Vec<i8> = given.by_ref().take(size).collect();
                assert_eq!(given, expected, "{on}: call {index}");
            }
        }
    }
}

#[test]
fn blocked_kernels_on_a_core_with_vectors() {
    let (mut noise, mut calls) = (Noise(1), Calls::default());
    let depths = [1, 8, 16, 20, 33, 50, 64, 70, 90, 100, 120, 128, 150, 288, 640];
    for (index, depth) in depths.into_iter().enumerate() {
        let (rows, columns) = (1 + index % 5, 4 + noise.below(9) as usize);
        let p = FullyConnected { rows: rows as u32, depth: depth as u32, columns: columns as u32, clamp: noise.clamp() };
        let words = noise.stream(&Run::of_depth(depth).expect("a run"), columns);
        let stream = calls.constant("i32", &words);
        calls.add(
            &format!("blocked::fully_connected(&{p:?}, INPUT, {stream}, OUTPUT)"),
            rows * depth,
            rows * columns,
            move |x, y| blocked::fully_connected(&p, x, &words, y),
        );
    }
    for depth in [1, 3, 5, 8, 16, 20, 25, 31, 40, 60, 64] {
        let columns = 4 + noise.below(6) as u16;
        let (input, output) = (Dims { height: 5, width: 7, channels: depth }, Dims { height: 5, width: 7, channels: columns });
        let p = Conv2d {
            input,
            output,
            kernel: [3, 3],
            stride: [1, 1],
            dilation: [1, 1],
            pad: [1, 1],
            groups: 1,
            input_zero_point: -128,
            clamp: noise.clamp(),
        };
        let words = noise.stream(&Run::of_conv2d(&p).expect("a run").0, columns.into());
        let stream = calls.constant("i32", &words);
        calls.add(
            &format!("blocked::conv2d(&{p:?}, INPUT, {stream}, OUTPUT)"),
            35 * usize::from(depth),
            35 * usize::from(columns),
            move |x, y| blocked::conv2d(&p, x, &words, y),
        );
    }
    for channels in [1, 3, 7, 8, 15, 16, 19, 32, 57, 64, 106, 130] {
        let image = Dims { height: 6, width: 7, channels };
        let p = DepthwiseConv2d {
            input: image,
            output: image,
            kernel: [3, 3],
            stride: [1, 1],
            dilation: [1, 1],
            pad: [1, 1],
            multiplier: 1,
            input_zero_point: 127,
            clamp: noise.clamp(),
        };
        // Neighbours have the weights of the first: lanes repeat.
        let lanes = neighbours(&p) * usize::from(channels);
        let words =
            if neighbours(&p) == 1 { noise.taps(lanes.div_ceil(VECTOR)) } else { repeated(&mut noise, channels.into(), lanes) };
        let stream = calls.constant("i32", &words);
        let elements = 42 * usize::from(channels);
        calls.add(&format!("blocked::depthwise_conv2d(&{p:?}, INPUT, {stream}, OUTPUT)"), elements, elements, move |x, y| {
            blocked::depthwise_conv2d(&p, x, &words, y)
        });
    }
    for shifts in [[0, -1, -12], [-3, 0, -19], [-31, -2, 0], [0, 0, -20]] {
        let scale = |noise: &mut Noise, shift| Multiplier { multiplier: noise.multiplier(), shift };
        let [a, b, output] = shifts.map(|shift| scale(&mut noise, shift));
        let op = Add { a_zero_point: -128, b_zero_point: 127, a, b, output, clamp: noise.clamp() };
        calls.add(&format!("binary::elementwise(&{op:?}, INPUT, &x[1000..1999], OUTPUT)"), 1999, 999, move |x, y| {
            binary::elementwise(&op, x, &x[1000..], y)
        });
    }
    calls.compare("cortex-m55");
}

/// A block in which lanes of neighbours repeat those of the first pixel.
fn repeated(noise: &mut Noise, channels: usize, lanes: usize) -> Vec<i32> {
    let mut words = noise.taps(1);
    let bytes: Vec<u8> = words[16..16 + 9 * VECTOR / 4].iter().flat_map(|word| word.to_le_bytes()).collect();
    let weight = |tap: usize, lane: usize| if lane < lanes { bytes[tap * VECTOR + lane % channels] } else { 0 };
    let repeated: Vec<u8> =
        (0..9).flat_map(|tap| (0..VECTOR).map(move |lane| (tap, lane))).map(|(tap, lane)| weight(tap, lane)).collect();
    for (word, bytes) in words[16..].iter_mut().zip(repeated.as_chunks::<4>().0) {
        *word = i32::from_le_bytes(*bytes);
    }
    let place = |lane: usize| {
        let found = LANES_OF_BLOCK
            .iter()
            .enumerate()
            .find_map(|(vector, lanes)| lanes.iter().position(|&at| at == lane).map(|at| (vector, at)));
        found.expect("every lane has a place")
    };
    for lane in channels..lanes {
        let ((vector, at), (first, first_at)) = (place(lane), place(lane % channels));
        let scales = 16 + 9 * VECTOR / 4;
        words[4 * vector + at] = words[4 * first + first_at];
        words[scales + 8 * vector + at] = words[scales + 8 * first + first_at];
        words[scales + 8 * vector + 4 + at] = words[scales + 8 * first + 4 + first_at];
    }
    words
}

#[test]
fn sums_of_products_on_rv32() {
    let (mut noise, mut calls) = (Noise(5), Calls::default());
    let rule = Multiplier { multiplier: 0x5a3c_17e9, shift: -9 };
    for (rows, depth, columns) in [(1, 1, 4), (2, 7, 5), (3, 8, 8), (4, 9, 4), (5, 15, 6), (2, 16, 9), (7, 64, 12), (1, 130, 7)] {
        let p = FullyConnected { rows: rows as u32, depth: depth as u32, columns: columns as u32, clamp: noise.clamp() };
        let filter: Vec<i8> = (0..depth * columns).map(|_| noise.next() as i8).collect();
        let bias: Vec<i32> = (0..columns).map(|_| noise.bias()).collect();
        let (f, b) = (calls.constant("i8", &filter), calls.constant("i32", &bias));
        calls.add(
            &format!("fully_connected::fully_connected(&{p:?}, INPUT, {f}, {b}, {rule:?}, OUTPUT)"),
            rows * depth,
            rows * columns,
            move |x, y| fully_connected::fully_connected(&p, x, &filter, &bias, rule, y),
        );
    }
    for depth in [1, 3, 8, 16] {
        let image = Dims { height: 5, width: 6, channels: depth };
        let p = Conv2d {
            input: image,
            output: Dims { channels: 6, ..image },
            kernel: [3, 3],
            stride: [1, 1],
            dilation: [1, 1],
            pad: [1, 1],
            groups: 1,
            input_zero_point: 3,
            clamp: noise.clamp(),
        };
        let filter: Vec<i8> = (0..54 * depth).map(|_| noise.next() as i8).collect();
        let bias: Vec<i32> = (0..6).map(|_| noise.bias()).collect();
        let (f, b) = (calls.constant("i8", &filter), calls.constant("i32", &bias));
        calls.add(
            &format!("conv2d::conv2d(&{p:?}, INPUT, {f}, {b}, {rule:?}, OUTPUT)"),
            30 * usize::from(depth),
            180,
            move |x, y| conv2d::conv2d(&p, x, &filter, &bias, rule, y),
        );
    }
    calls.compare("riscv32imc");
}

impl Noise {
    /// Weights of `channels` channels of `size` elements, in runs of pairs of channels, for windows of `words` an element.
    fn pairs(&mut self, channels: usize, size: usize, words: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..channels.div_ceil(2) {
            // From runs as long as they can be to those of one.
            let most = [1, 7, 30, 128][self.below(4) as usize];
            let mut left: Vec<[i8; 2]> = Vec::new();
            for _ in 0..size {
                left.push([0; 2].map(|_: i8| match self.below(9) {
                    0 => 127.min(most - 1),
                    1 => -most,
                    _ => self.below(2 * most as u32) as i32 - most,
                } as i8));
            }
            while !left.is_empty() {
                let mut sums = [0; 2];
                let fits = |pair: &&[i8; 2]| {
                    sums = [0, 1].map(|channel| sums[channel] + i32::from(pair[channel]).abs());
                    sums.iter().all(|&sum| sum <= 255)
                };
                let count = left.iter().take(tiles::MOST_RUN).take_while(fits).count();
                bytes.extend(tiles::head(count, words));
                bytes.extend(left.drain(..count).flatten().map(|weight| weight as u8));
            }
            bytes.push(0);
        }
        bytes
    }

    /// Scales of a whole number of pairs of channels.
    fn scales(&mut self, channels: usize) -> Vec<i32> {
        let scale = |noise: &mut Self| {
            let shift = 1 + noise.below(14) as i32;
            [noise.bias() >> 6, noise.next() as i32 | 1 << 31, ((noise.below(256) as i32) << shift) + (1 << (shift - 1)), shift]
        };
        (0..channels.next_multiple_of(2)).flat_map(|_| scale(self)).collect()
    }
}

/// What the program looks through weights with, for windows of so many words an element.
fn channels(words: usize) -> String {
    format!("::tinybake::generated::kernels::tiles::Channels::<{words}>::new")
}

#[test]
fn tiles_on_rv32() {
    let (mut noise, mut calls) = (Noise(7), Calls::default());
    for (rows, depth, columns) in
        [(2, 1, 1), (3, 7, 5), (4, 15, 2), (5, 16, 9), (6, 17, 4), (7, 33, 3), (9, 64, 12), (13, 130, 7), (11, 390, 5)]
    {
        let p = FullyConnected { rows: rows as u32, depth: depth as u32, columns: columns as u32, clamp: noise.clamp() };
        for words in [2, 3] {
            let (filter, scales, lent) = (noise.pairs(columns, depth, words), noise.scales(columns), words * depth);
            let (f, s) = (calls.constant("u8", &filter), calls.constant("i32", &scales));
            calls.add(
                &format!("tiles::fully_connected(&{p:?}, INPUT, {}({f}), {s}, &mut [0; {lent}], OUTPUT)", channels(words)),
                rows * depth,
                rows * columns,
                move |x, y| match words {
                    2 => tiles::fully_connected(&p, x, Channels::<2>::new(&filter), &scales, &mut vec![0; lent], y),
                    _ => tiles::fully_connected(&p, x, Channels::<3>::new(&filter), &scales, &mut vec![0; lent], y),
                },
            );
        }
    }
    for (depth, kernel, stride) in [(1, [3, 3], [1, 1]), (3, [2, 3], [2, 1]), (8, [3, 1], [1, 2]), (16, [3, 3], [2, 2])] {
        let size = |size: u16, axis: usize| (size - 1) / stride[axis] + 1;
        let p = Conv2d {
            input: Dims { height: 7, width: 9, channels: depth },
            output: Dims { height: size(7, 0), width: size(9, 1), channels: 5 },
            kernel,
            stride,
            dilation: [1, 1],
            pad: kernel.map(|taps| taps / 2),
            groups: 1,
            input_zero_point: 3,
            clamp: noise.clamp(),
        };
        let window = usize::from(kernel[0] * kernel[1] * depth);
        let (filter, scales) = (noise.pairs(5, window, 3), noise.scales(5));
        let (f, s) = (calls.constant("u8", &filter), calls.constant("i32", &scales));
        calls.add(
            &format!("tiles::conv2d(&{p:?}, INPUT, {}({f}), {s}, &mut [0; {}], OUTPUT)", channels(3), 3 * window),
            63 * usize::from(depth),
            usize::from(p.output.height * p.output.width * 5),
            move |x, y| tiles::conv2d(&p, x, Channels::<3>::new(&filter), &scales, &mut vec![0; 3 * window], y),
        );
    }
    for (index, width) in (1..=12).chain([30]).enumerate() {
        let (stride, channels) = (1 + index as u16 % 2, [1, 2, 5][index % 3]);
        let image = Dims { height: 6, width, channels };
        let p = DepthwiseConv2d {
            input: image,
            output: Dims { height: 5 / stride + 1, width: (width - 1) / stride + 1, channels },
            kernel: [3, 3],
            stride: [stride; 2],
            dilation: [1, 1],
            pad: [1, 1],
            multiplier: 1,
            input_zero_point: -7,
            clamp: noise.clamp(),
        };
        let lent = lanes::planes_words(&p, 300);
        let filter: Vec<i32> = (0..9 * channels).map(|_| i32::from(noise.next() as i8)).collect();
        let scales = noise.scales(channels.into());
        let (f, s) = (calls.constant("i32", &filter), calls.constant("i32", &scales));
        calls.add(
            &format!("tiles::depthwise_conv2d(&{p:?}, Some(INPUT), {f}, {s}, &mut [0; {lent}], OUTPUT)"),
            6 * usize::from(width * channels),
            usize::from(p.output.height * p.output.width * channels),
            move |x, y| tiles::depthwise_conv2d(&p, Some(x), &filter, &scales, &mut vec![0; lent], y),
        );
    }
    calls.compare("riscv32imc");
}
