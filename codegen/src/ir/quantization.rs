//! The affine map between stored integers and the reals they stand for.

use super::{Data, Shape};

/// `real = scale * (q - zero_point)`, per tensor or per slice of one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantization {
    /// One scale, or one for each index of `axis`. Finite and positive.
    pub scales: Vec<f32>,
    /// One zero point for each scale.
    pub zero_points: Vec<i32>,
    /// The axis that the scales run along; 0 where there is one scale.
    pub axis: usize,
}

impl Quantization {
    /// One scale and zero point for the whole tensor.
    pub fn per_tensor(scale: f32, zero_point: i32) -> Self {
        Self { scales: vec![scale], zero_points: vec![zero_point], axis: 0 }
    }

    /// Whether one scale holds for the whole tensor.
    pub fn is_per_tensor(&self) -> bool {
        self.scales.len() == 1
    }

    /// The scale of a per-tensor quantization, or the first of several.
    pub fn scale(&self) -> f32 {
        self.scales[0]
    }

    /// The zero point of a per-tensor quantization, or the first of several.
    pub fn zero_point(&self) -> i32 {
        self.zero_points[0]
    }

    /// The scale at `index` along the axis; the one scale where there is one.
    pub fn scale_at(&self, index: usize) -> f32 {
        if self.is_per_tensor() { self.scales[0] } else { self.scales[index] }
    }

    /// The reals, in f32, that the integers of a constant stand for; `None` for floats and for truth values.
    pub fn reals(&self, data: &Data, shape: &Shape) -> Option<Vec<f32>> {
        let inner: usize = shape.0.iter().skip(self.axis + 1).product();
        let count = self.scales.len().max(1);
        let real = |index: usize, value: i64| {
            let at = index / inner.max(1) % count;
            let zero_point = self.zero_points.get(at).copied().unwrap_or(0);
            value.wrapping_sub(zero_point.into()) as f32 * self.scales.get(at).copied().unwrap_or(0.0)
        };
        fn each<T: Copy + Into<i64>>(values: &[T], real: impl Fn(usize, i64) -> f32) -> Vec<f32> {
            values.iter().enumerate().map(|(index, &value)| real(index, value.into())).collect()
        }
        match data {
            Data::I8(values) => Some(each(values, real)),
            Data::U8(values) => Some(each(values, real)),
            Data::I16(values) => Some(each(values, real)),
            Data::I32(values) => Some(each(values, real)),
            Data::I64(values) => Some(each(values, real)),
            Data::F32(_) | Data::Bool(_) => None,
        }
    }
}
