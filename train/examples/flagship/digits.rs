//! Handwritten digits of 8x8 pixels: those that the repository ships, and more that are made of them.

use safetensors::SafeTensors;
use tinybake_train::data::Samples;
use tinybake_train::random::Random;

/// Pixels on each side.
const SIDE: usize = 8;

/// Pixels of 0 to 1, and labels.
const TRAINING: &[u8] = include_bytes!("../../../examples/models/digits.train.safetensors");
/// The same for judging, pixels as int8 models take them: 0 to 16 is -128 to 127.
const HELD_OUT: &[u8] = include_bytes!("../../../examples/models/digits.test.safetensors");

/// The digits for training, then those held out; pixels from 0 to 1: `[count, 8, 8, 1]`.
pub(crate) fn digits() -> (Samples, Samples) {
    let training = samples(TRAINING, f32::from_le_bytes);
    // An int8 pixel is 255 / 16 times what it was, rounded: so what it was is found again.
    let held_out = samples(HELD_OUT, |[byte]| ((f32::from(byte as i8) + 128.0) * 16.0 / 255.0).round() / 16.0);
    (training, held_out)
}

fn samples<const BYTES: usize>(file: &[u8], pixel: impl Fn([u8; BYTES]) -> f32) -> Samples {
    let file = SafeTensors::deserialize(file).expect("a file of the repository");
    let [images, labels] = ["input.0", "labels"].map(|name| file.tensor(name).expect("a tensor of the file"));
    let labels: Vec<usize> = labels.data().iter().map(|&label| usize::from(label)).collect();
    let (pixels, _) = images.data().as_chunks();
    Samples { count: labels.len(), inputs: vec![pixels.iter().copied().map(pixel).collect()], labels }
}

/// The samples, and behind them `times - 1` times as many, each moved by up to a pixel, turned, stretched and slanted a little at random.
///
/// Only sums, products and quotients are taken, which every machine rounds alike.
pub(crate) fn varied(samples: &Samples, times: usize, seed: u64) -> Samples {
    let mut random = Random::new(seed, 100);
    let mut more = samples.clone();
    for _ in 1..times {
        for (image, &label) in samples.inputs[0].chunks(SIDE * SIDE).zip(&samples.labels) {
            more.inputs[0].extend(bent(image, &mut random));
            more.labels.push(label);
        }
    }
    more.count = more.labels.len();
    more
}

/// An image through a map that is nearly the identity, pixels between those of the image being mixed of their four neighbours.
fn bent(image: &[f32], random: &mut Random) -> Vec<f32> {
    let mut near = |middle: f64, reach: f64| random.between(middle - reach, middle + reach);
    let [[a, b], [c, d]] = [[near(1.0, 0.12), near(0.0, 0.2)], [near(0.0, 0.12), near(1.0, 0.12)]];
    let (right, down) = (near(0.0, 0.8), near(0.0, 0.8));
    let middle = (SIDE as f64 - 1.0) / 2.0;
    let at = |x: isize, y: isize| {
        let inside = |place: isize| usize::try_from(place).ok().filter(|&place| place < SIDE);
        inside(x).zip(inside(y)).map_or(0.0, |(x, y)| f64::from(image[y * SIDE + x]))
    };
    let mut made = Vec::with_capacity(SIDE * SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (x, y) = (x as f64 - middle, y as f64 - middle);
            let (x, y) = (a * x + b * y + middle + right, c * x + d * y + middle + down);
            let (left, top) = (x.floor(), y.floor());
            let (x, y, left, top) = (x - left, y - top, left as isize, top as isize);
            let upper = at(left, top) * (1.0 - x) + at(left + 1, top) * x;
            let lower = at(left, top + 1) * (1.0 - x) + at(left + 1, top + 1) * x;
            made.push((upper * (1.0 - y) + lower * y) as f32);
        }
    }
    made
}
