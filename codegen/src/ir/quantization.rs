//! The affine map between stored integers and the reals they stand for.

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
}
