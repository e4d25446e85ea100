//! The `Model` trait, and what is said of a model's inputs and outputs.

#[cfg(feature = "fixed")]
mod fixed_point;

/// A generated model, so that code can be generic over models.
///
/// Generated types have the same as inherent functions; the trait is for code that does not know which model it runs:
/// ```
/// use tinybake_runtime::Model;
///
/// /// Runs any model of one input of 64 bytes and one output of 10.
/// fn classify<M>(model: &mut M, image: &[i8; 64]) -> usize
/// where
///     M: for<'a> Model<Inputs<'a> = &'a [i8; 64], Outputs<'a> = &'a [i8; 10]>,
/// {
///     tinybake_runtime::argmax(model.infer(image)).0
/// }
/// ```
pub trait Model: Sized + 'static {
    /// A reference to the one input, or a tuple of references in the model's order.
    type Inputs<'a>;
    /// A reference to the one output, or a tuple of references in the model's order.
    type Outputs<'a>;
    /// Of each input, in the model's order.
    const INPUTS: &'static [TensorInfo];
    /// Of each output, in the model's order.
    const OUTPUTS: &'static [TensorInfo];
    /// Bytes of RAM that the model holds: the size of `Self`.
    const RAM_BYTES: usize;
    /// Bytes of constant weights.
    const WEIGHT_BYTES: usize;
    /// Multiply-accumulates of one inference.
    const MACS: u64;
    /// A model before its first inference: all zero bytes, so a static of it takes no flash.
    const NEW: Self;

    /// Runs the model. It cannot fail, and it allocates nothing.
    fn infer<'a>(&'a mut self, inputs: Self::Inputs<'_>) -> Self::Outputs<'a>;
}

/// Element type of an input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// `i8`.
    I8,
    /// `u8`.
    U8,
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `f32`.
    F32,
    /// `bool`.
    Bool,
}

/// What is known of an input or output: `real = scale * (stored - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorInfo {
    /// The model's own name of it.
    pub name: &'static str,
    /// Dimensions, outermost first.
    pub shape: &'static [usize],
    /// Element type.
    pub dtype: DType,
    /// The real difference between neighbouring stored values. Positive, or 0 where the tensor is not quantized.
    pub scale: f32,
    /// The stored value that stands for zero.
    pub zero_point: i32,
}

impl TensorInfo {
    /// Of a tensor with the given name, shape, element type and quantization.
    pub const fn new(name: &'static str, shape: &'static [usize], dtype: DType, scale: f32, zero_point: i32) -> Self {
        Self { name, shape, dtype, scale, zero_point }
    }

    /// Elements in the tensor.
    pub const fn elements(&self) -> usize {
        let (mut product, mut axis) = (1, 0);
        while axis < self.shape.len() {
            product *= self.shape[axis];
            axis += 1;
        }
        product
    }

    /// The real that `stored` stands for.
    pub fn dequantize(&self, stored: impl Into<i32>) -> f32 {
        stored.into().wrapping_sub(self.zero_point) as f32 * self.scale
    }

    /// The `i8` nearest to `real`, ties away from zero, saturated; not a number gives the zero point.
    ///
    /// Source: TFLite `QuantizeLinear`: `round(real / scale) + zero_point`, the division in f32.
    pub fn quantize(&self, real: f32) -> i8 {
        saturate(self.steps(real), self.zero_point)
    }

    /// [`Self::quantize`] for inputs of 16 bits: the `i16` nearest to `real`.
    pub fn quantize_i16(&self, real: f32) -> i16 {
        saturate_i16(self.steps(real), self.zero_point)
    }

    /// `real / scale` to the nearest integer, ties away from zero, where that is within reach of 16 bits; beyond, a number that is not.
    fn steps(&self, real: f32) -> i64 {
        // Wider than any stored value less any zero point, and small enough that halves are exact.
        let steps = (real / self.scale).clamp(-131_072.0, 131_072.0);
        // A NaN passes the clamp and becomes 0 here.
        let whole = steps as i32;
        let rest = steps - whole as f32;
        (whole + (rest >= 0.5) as i32 - (rest <= -0.5) as i32) as i64
    }
}

/// `steps + zero_point` as an `i8`.
fn saturate(steps: i64, zero_point: i32) -> i8 {
    steps.saturating_add(zero_point as i64).clamp(i8::MIN as i64, i8::MAX as i64) as i8
}

/// `steps + zero_point` as an `i16`.
fn saturate_i16(steps: i64, zero_point: i32) -> i16 {
    steps.saturating_add(zero_point as i64).clamp(i16::MIN as i64, i16::MAX as i64) as i16
}

/// Index and value of the greatest of `scores`, the first of equals. What compares with nothing, such as a NaN, is never
/// the greatest unless all are.
///
/// An empty array does not compile:
/// ```compile_fail
/// tinybake_runtime::argmax::<i8, 0>(&[]);
/// ```
pub fn argmax<T: PartialOrd + Copy, const N: usize>(scores: &[T; N]) -> (usize, T) {
    const { assert!(N > 0, "argmax of an empty array") };
    let mut best = (0, scores[0]);
    for (index, &score) in scores.iter().enumerate() {
        if score > best.1 || (is_unordered(&best.1) && !is_unordered(&score)) {
            best = (index, score);
        }
    }
    best
}

/// [`argmax`] of a slice; `None` where it is empty.
pub fn argmax_slice<T: PartialOrd + Copy>(scores: &[T]) -> Option<(usize, T)> {
    let mut best = (0, *scores.first()?);
    for (index, &score) in scores.iter().enumerate() {
        if score > best.1 || (is_unordered(&best.1) && !is_unordered(&score)) {
            best = (index, score);
        }
    }
    Some(best)
}

/// Whether `x` does not even compare with itself.
fn is_unordered<T: PartialOrd>(x: &T) -> bool {
    x.partial_cmp(x).is_none()
}

#[cfg(all(test, feature = "fixed"))]
mod tests;
