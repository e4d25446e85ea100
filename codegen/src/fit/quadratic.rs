//! The squared difference of a layer's sums to what they should be, as a function of its weights.

/// `sum over pixels of (w . x - y)^2` for rows of weights `w` that share the inputs `x`, of which the last is 1: the last weight is the bias.
#[derive(Clone, Debug)]
pub(crate) struct Quadratic {
    /// Weights of a row, the bias among them.
    size: usize,
    /// The sum of `x x^T`, `[size, size]`; its upper triangle until it is finished.
    inputs: Vec<f64>,
    /// The sum of `y x`, `[rows, size]`.
    targets: Vec<f64>,
    /// Number of pixels.
    count: usize,
    /// Inputs of pixels that `inputs` lacks yet: several are added at a time.
    waiting: Vec<f32>,
}

/// Pixels that are added at a time.
const AT_A_TIME: usize = 4;

impl Quadratic {
    pub(super) fn new(size: usize, rows: usize) -> Self {
        Self { size, inputs: vec![0.0; size * size], targets: vec![0.0; rows * size], count: 0, waiting: Vec::new() }
    }

    /// One pixel: its inputs, and what each row should make of them. After the last one comes [`Self::settle`].
    pub(super) fn add(&mut self, x: &[f32], y: &[f64]) {
        self.count += 1;
        self.waiting.extend(x);
        if self.waiting.len() == AT_A_TIME * self.size {
            self.settle();
        }
        for (line, y) in self.targets.chunks_exact_mut(self.size).zip(y) {
            line.iter_mut().zip(x).for_each(|(sum, x)| *sum += y * f64::from(*x));
        }
    }

    /// Adds the pixels that wait. Matrices outgrow caches: a line that is there takes all pixels.
    pub(super) fn settle(&mut self) {
        let Self { size, inputs, waiting, .. } = self;
        let Some(size) = core::num::NonZero::new(*size) else { return };
        waiting.resize(AT_A_TIME * size.get(), 0.0);
        let mut pixels =
            waiting.chunks_exact(size.get()).map(|pixel| pixel.iter().map(|&value| f64::from(value)).collect::<Vec<_>>());
        let [a, b, c, d]: [Vec<f64>; AT_A_TIME] = core::array::from_fn(|_| pixels.next().unwrap_or_default());
        for (row, line) in inputs.chunks_exact_mut(size.get()).enumerate() {
            let [in_a, in_b, in_c, in_d] = [&a, &b, &c, &d].map(|pixel| pixel[row]);
            if [in_a, in_b, in_c, in_d] == [0.0; AT_A_TIME] {
                continue;
            }
            let others = a[row..].iter().zip(&b[row..]).zip(&c[row..]).zip(&d[row..]);
            for (sum, (((a, b), c), d)) in line[row..].iter_mut().zip(others) {
                *sum += (in_a * a + in_b * b) + (in_c * c + in_d * d);
            }
        }
        waiting.clear();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.inputs.iter_mut().zip(&other.inputs).for_each(|(sum, other)| *sum += other);
        self.targets.iter_mut().zip(&other.targets).for_each(|(sum, other)| *sum += other);
    }

    /// How strongly weights are drawn to where they were: as if there were so many more pixels with inputs of the mean power, `weight`
    /// for each weight of the row.
    pub(crate) fn ridge(&self, weight: f64) -> f64 {
        let trace: f64 = (0..self.size - 1).map(|k| self.inputs[k * self.size + k]).sum();
        let mean = trace / ((self.size - 1).max(1) * self.count.max(1)) as f64;
        weight * self.size as f64 * mean.max(1e-12)
    }

    /// The coefficient of two weights.
    pub(crate) fn both(&self, a: usize, b: usize) -> f64 {
        self.inputs[a.min(b) * self.size + a.max(b)]
    }

    /// The linear coefficient of a row's weight.
    pub(crate) fn target(&self, row: usize, k: usize) -> f64 {
        self.targets[row * self.size + k]
    }

    /// Takes the bias out: what is left is the least error over all biases, as a function of the other weights. Fills the lower triangle.
    pub(crate) fn centre(&mut self) {
        let last = self.size - 1;
        let means: Vec<f64> = (0..self.size).map(|k| self.both(k, last) / self.count.max(1) as f64).collect();
        for (row, mean) in means.iter().enumerate().take(last) {
            for column in row..last {
                self.inputs[row * self.size + column] -= mean * self.both(column, last);
            }
        }
        for line in self.targets.chunks_exact_mut(self.size) {
            let sum = line[last];
            line.iter_mut().zip(&means).take(last).for_each(|(target, mean)| *target -= mean * sum);
        }
        for row in 0..self.size {
            for column in 0..row {
                self.inputs[row * self.size + column] = self.inputs[column * self.size + row];
            }
        }
    }

    /// The bias of least error for the other weights of a row.
    pub(crate) fn bias(&self, row: usize, weights: &[f64]) -> f64 {
        let last = self.size - 1;
        let made: f64 = weights.iter().enumerate().map(|(k, weight)| weight * self.both(k, last)).sum();
        (self.target(row, last) - made) / self.count.max(1) as f64
    }

    /// The sum over pixels of the squared sums of products with these weights, less their mean; of a quadratic whose bias was taken out.
    pub(crate) fn square(&self, weights: &[f64]) -> f64 {
        let line =
            |(k, weight): (usize, &f64)| weight * self.line(k).iter().zip(weights).map(|(both, other)| both * other).sum::<f64>();
        weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0).map(line).sum()
    }

    /// All coefficients of one weight with the others; of a quadratic whose bias was taken out.
    pub(crate) fn line(&self, k: usize) -> &[f64] {
        &self.inputs[k * self.size..][..self.size]
    }

    /// The row of least squares on the weights in `free`, drawn with `ridge` to `near`; the others are zero, the bias is always free and
    /// drawn nowhere. `None` where rounding leaves no answer.
    pub(crate) fn least(&self, row: usize, free: &[usize], near: &[f32], ridge: f64) -> Option<Vec<f64>> {
        let bias = self.size - 1;
        let all: Vec<usize> = free.iter().copied().chain([bias]).collect();
        let n = all.len();
        let mut matrix = vec![0.0; n * n];
        let mut right = vec![0.0; n];
        for (i, &a) in all.iter().enumerate() {
            for (j, &b) in all.iter().enumerate().take(i + 1) {
                matrix[i * n + j] = self.both(a, b);
            }
            right[i] = self.target(row, a);
            if a != bias {
                matrix[i * n + i] += ridge;
                right[i] += ridge * f64::from(near[a]);
            }
        }
        cholesky(&mut matrix, n)?;
        solve(&matrix, n, &mut right);
        let mut weights = vec![0.0; self.size];
        all.iter().zip(&right).for_each(|(&k, &weight)| weights[k] = weight);
        weights.iter().all(|weight| weight.is_finite()).then_some(weights)
    }
}

/// The lower triangle of a symmetric matrix to its Cholesky factor; `None` where it is not positive definite.
fn cholesky(matrix: &mut [f64], n: usize) -> Option<()> {
    for i in 0..n {
        let (before, from) = matrix.split_at_mut(i * n);
        let line = &mut from[..=i];
        for j in 0..i {
            let other = &before[j * n..][..=j];
            let dot: f64 = line[..j].iter().zip(&other[..j]).map(|(a, b)| a * b).sum();
            line[j] = (line[j] - dot) / other[j];
        }
        let square = line[i] - line[..i].iter().map(|value| value * value).sum::<f64>();
        if square.is_nan() || square <= 0.0 {
            return None;
        }
        line[i] = square.sqrt();
    }
    Some(())
}

/// Solves with a Cholesky factor, in place.
fn solve(factor: &[f64], n: usize, right: &mut [f64]) {
    for i in 0..n {
        let dot: f64 = factor[i * n..][..i].iter().zip(&right[..i]).map(|(a, b)| a * b).sum();
        right[i] = (right[i] - dot) / factor[i * n + i];
    }
    for i in (0..n).rev() {
        right[i] /= factor[i * n + i];
        let value = right[i];
        right[..i].iter_mut().zip(&factor[i * n..][..i]).for_each(|(right, factor)| *right -= value * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of three inputs, of which the third is the sum of the others with a little of its own.
    fn pixels() -> Vec<[f32; 4]> {
        (0..50)
            .map(|i| {
                let (a, b) = ((i * 7 % 11) as f32 - 5.0, (i * 5 % 13) as f32 - 4.0);
                [a, b, a + b + (i % 3) as f32, 1.0]
            })
            .collect()
    }

    fn quadratic(weights: [f64; 4]) -> Quadratic {
        let mut made = Quadratic::new(4, 1);
        for x in pixels() {
            let y: f64 = x.iter().zip(weights).map(|(x, w)| f64::from(*x) * w).sum();
            made.add(&x, &[y]);
        }
        made.settle();
        made
    }

    #[test]
    fn all_weights_are_found_again() {
        let weights = [0.5, -2.0, 0.25, 3.0];
        let found = quadratic(weights).least(0, &[0, 1, 2], &[0.0; 3], 0.0).unwrap();
        assert!(found.iter().zip(weights).all(|(a, b)| (a - b).abs() < 1e-8), "{found:?}");
    }

    #[test]
    fn weights_that_are_left_take_over() {
        let made = quadratic([0.0, 0.0, 1.0, 0.0]);
        let error = |weights: &[f64]| -> f64 {
            pixels()
                .iter()
                .map(|x| (0..4).map(|k| f64::from(x[k]) * weights[k]).sum::<f64>() - f64::from(x[2]))
                .map(|e| e * e)
                .sum()
        };
        let found = made.least(0, &[0, 1], &[0.0; 3], 0.0).unwrap();
        assert_eq!(found[2], 0.0);
        // The sum of the two others and a mean of the rest; nothing near it is better.
        assert!(error(&found) < error(&[1.0, 1.0, 0.0, 0.0]));
        for k in [0, 1, 3] {
            for step in [-1e-3, 1e-3] {
                let mut other = found.clone();
                other[k] += step;
                assert!(error(&other) >= error(&found));
            }
        }
        // A strong ridge keeps weights where they were.
        let kept = made.least(0, &[0, 1], &[0.25, -0.5, 0.0], 1e12).unwrap();
        assert!((kept[0] - 0.25).abs() < 1e-6 && (kept[1] + 0.5).abs() < 1e-6);
    }
}
