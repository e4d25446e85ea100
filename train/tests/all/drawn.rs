//! Handwritten-looking digits, drawn: strokes that are bent, turned, squeezed and thickened at random, with other strokes across and noise.
//!
//! Only sums, products, quotients and square roots are taken, which every machine rounds alike: a seed gives the same pixels everywhere.

use tinybake_train::data::Samples;
use tinybake_train::random::Random;

/// Pixels on each side.
pub(crate) const SIDE: usize = 16;

type Point = (f64, f64);

/// The strokes of each digit in a unit square, y downwards.
const STROKES: [&[Point]; 10] = [
    &[(0.5, 0.05), (0.78, 0.15), (0.88, 0.5), (0.78, 0.85), (0.5, 0.95), (0.22, 0.85), (0.12, 0.5), (0.22, 0.15), (0.5, 0.05)],
    &[(0.3, 0.25), (0.55, 0.05), (0.55, 0.95)],
    &[(0.15, 0.25), (0.3, 0.08), (0.6, 0.05), (0.82, 0.22), (0.75, 0.45), (0.15, 0.95), (0.88, 0.95)],
    &[(0.18, 0.1), (0.6, 0.05), (0.82, 0.22), (0.7, 0.42), (0.45, 0.48), (0.75, 0.55), (0.85, 0.75), (0.6, 0.95), (0.15, 0.9)],
    &[(0.65, 0.95), (0.65, 0.05), (0.12, 0.68), (0.9, 0.68)],
    &[(0.82, 0.05), (0.25, 0.05), (0.2, 0.45), (0.6, 0.4), (0.85, 0.6), (0.75, 0.88), (0.45, 0.96), (0.15, 0.88)],
    &[(0.72, 0.06), (0.35, 0.3), (0.17, 0.65), (0.3, 0.92), (0.6, 0.95), (0.83, 0.75), (0.7, 0.52), (0.4, 0.5), (0.2, 0.65)],
    &[(0.12, 0.06), (0.87, 0.06), (0.42, 0.95)],
    &[
        (0.5, 0.48),
        (0.22, 0.3),
        (0.3, 0.08),
        (0.65, 0.05),
        (0.78, 0.25),
        (0.5, 0.48),
        (0.18, 0.7),
        (0.28, 0.92),
        (0.68, 0.95),
        (0.84, 0.72),
        (0.5, 0.48),
    ],
    &[(0.8, 0.38), (0.55, 0.52), (0.25, 0.42), (0.2, 0.18), (0.48, 0.05), (0.75, 0.15), (0.8, 0.38), (0.72, 0.7), (0.5, 0.95)],
];

/// `count` digits, all classes alike often, pixels from 0 to 1: `[count, 16, 16, 1]`.
pub(crate) fn digits(seed: u64, count: usize) -> Samples {
    let mut random = Random::new(seed, 100);
    let (mut pixels, mut labels) = (Vec::with_capacity(count * SIDE * SIDE), Vec::with_capacity(count));
    for index in 0..count {
        let digit = index % 10;
        labels.push(digit);
        pixels.extend(draw(digit, &mut random));
    }
    let order = random.permutation(count);
    Samples { count, inputs: vec![pixels], labels }.chosen(&order)
}

/// One image.
fn draw(digit: usize, random: &mut Random) -> Vec<f32> {
    let strokes: Vec<Point> =
        STROKES[digit].iter().map(|&(x, y)| (x + random.between(-0.06, 0.06), y + random.between(-0.06, 0.06))).collect();
    // The cosine and sine of a small angle, by the tangent of its half.
    let half = random.between(-0.16, 0.16);
    let (cosine, sine) = ((1.0 - half * half) / (1.0 + half * half), 2.0 * half / (1.0 + half * half));
    let (width, height, slant) = (random.between(0.62, 1.05), random.between(0.75, 1.05), random.between(-0.3, 0.3));
    let (right, down) = (random.between(-1.6, 1.6), random.between(-1.6, 1.6));
    let size = 11.5;
    let middle = SIDE as f64 / 2.0;
    let placed = |&(x, y): &Point| {
        let (x, y) = ((x - 0.5) * width, (y - 0.5) * height);
        let x = x - slant * y;
        ((x * cosine - y * sine) * size + middle + right, (x * sine + y * cosine) * size + middle + down)
    };
    let strokes: Vec<Point> = strokes.iter().map(placed).collect();
    let (radius, ink) = (random.between(0.45, 1.15), random.between(0.65, 1.0));
    let across: Vec<(Point, Point)> = (0..random.below(3)).map(|_| scratch(random)).collect();
    let faint = random.between(0.25, 0.6);
    let mut image = Vec::with_capacity(SIDE * SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let pixel = (x as f64 + 0.5, y as f64 + 0.5);
            let near = strokes.windows(2).map(|ends| distance(pixel, ends[0], ends[1])).fold(f64::INFINITY, f64::min);
            let other = across.iter().map(|&(from, to)| distance(pixel, from, to)).fold(f64::INFINITY, f64::min);
            let written = (radius + 0.5 - near).clamp(0.0, 1.0) * ink;
            let scratched = (0.9 - other).clamp(0.0, 1.0) * faint;
            image.push((written.max(scratched) + 0.09 * random.normal()).clamp(0.0, 1.0) as f32);
        }
    }
    image
}

/// A short line anywhere.
fn scratch(random: &mut Random) -> (Point, Point) {
    let side = SIDE as f64;
    let from = (random.between(0.0, side), random.between(0.0, side));
    (from, (from.0 + random.between(-6.0, 6.0), from.1 + random.between(-6.0, 6.0)))
}

/// The distance of a point from a line between two others.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let (along, up) = (to.0 - from.0, to.1 - from.1);
    let length = along * along + up * up;
    let at = if length > 0.0 { (((point.0 - from.0) * along + (point.1 - from.1) * up) / length).clamp(0.0, 1.0) } else { 0.0 };
    let (dx, dy) = (point.0 - from.0 - at * along, point.1 - from.1 - at * up);
    (dx * dx + dy * dy).sqrt()
}
