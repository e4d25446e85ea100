//! The kernels that generated code calls. Each is exact, allocates nothing, and has no path that panics.

pub mod arg_max;
pub mod average_pool2d;
pub mod average_pool_reals;
pub mod binary;
pub mod blocked;
pub mod conv2d;
pub mod copy;
pub mod depthwise_conv2d;
mod dims;
pub mod fully_connected;
mod gather;
pub mod int16;
pub mod lanes;
pub mod lut;
pub mod max_pool2d;
pub mod mirror_pad;
pub mod packed;
pub mod palettized;
mod pixels;
pub mod prelu;
pub mod quantize;
pub mod reals;
pub mod reduce;
pub mod resize;
pub mod rows;
pub mod softmax;
pub mod softmax_reals;
pub mod sparse;
pub mod sparse_lanes;
pub mod sparse_pairs;
pub mod tiles;
pub mod transpose_conv;
mod windows;

pub use dims::Dims;
