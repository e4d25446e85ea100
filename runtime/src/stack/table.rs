//! Bytes of stack by kernel and kind of core. Measured and written by `cargo test --test stack -- --ignored`.

use super::Frames;

/// `arg_max`
pub const ARG_MAX: Frames = Frames { size: [264, 192, 192, 520, 64], speed: [264, 192, 192, 520, 64] };

/// `average_pool2d`
pub const AVERAGE_POOL2D: Frames = Frames { size: [848, 760, 760, 704, 616], speed: [848, 760, 760, 704, 616] };

/// `bilinear`
pub const BILINEAR: Frames = Frames { size: [328, 280, 280, 296, 216], speed: [328, 280, 280, 296, 216] };

/// `broadcast`
pub const BROADCAST: Frames = Frames { size: [392, 312, 312, 312, 224], speed: [392, 312, 312, 312, 224] };

/// `conv2d`
pub const CONV2D: Frames = Frames { size: [1936, 1776, 2216, 1800, 1736], speed: [1936, 1776, 2216, 1800, 1736] };

/// `copy`
pub const COPY: Frames = Frames { size: [736, 720, 720, 760, 304], speed: [736, 720, 720, 760, 304] };

/// `depthwise_conv2d`
pub const DEPTHWISE_CONV2D: Frames = Frames { size: [944, 824, 888, 1080, 736], speed: [944, 824, 888, 1248, 736] };

/// `dequantize`
pub const DEQUANTIZE: Frames = Frames { size: [296, 176, 176, 176, 96], speed: [296, 176, 176, 176, 96] };

/// `elementwise`
pub const ELEMENTWISE: Frames = Frames { size: [264, 200, 200, 384, 120], speed: [264, 200, 200, 384, 120] };

/// `fully_connected`
pub const FULLY_CONNECTED: Frames = Frames { size: [904, 800, 1656, 800, 640], speed: [904, 800, 1656, 1104, 640] };

/// `lanes`
pub const LANES: Frames = Frames { size: [2376, 2376, 2376, 2376, 2376], speed: [2376, 2376, 2376, 2376, 2376] };

/// `lut`
pub const LUT: Frames = Frames { size: [264, 176, 176, 176, 176], speed: [264, 176, 176, 176, 176] };

/// `max_pool2d`
pub const MAX_POOL2D: Frames = Frames { size: [552, 504, 504, 496, 376], speed: [552, 504, 504, 496, 376] };

/// `mean`
pub const MEAN: Frames = Frames { size: [664, 584, 584, 288, 200], speed: [664, 584, 584, 288, 200] };

/// `mirror_pad`
pub const MIRROR_PAD: Frames = Frames { size: [312, 304, 304, 304, 224], speed: [312, 304, 304, 304, 224] };

/// `nearest_neighbor`
pub const NEAREST_NEIGHBOR: Frames = Frames { size: [264, 184, 184, 176, 136], speed: [264, 184, 184, 176, 136] };

/// `packed`
pub const PACKED: Frames = Frames { size: [1216, 1216, 1216, 1216, 1216], speed: [1216, 1216, 1216, 1216, 1216] };

/// `quantize`
pub const QUANTIZE: Frames = Frames { size: [296, 176, 176, 200, 136], speed: [296, 176, 176, 200, 136] };

/// `reduce_max`
pub const REDUCE_MAX: Frames = Frames { size: [424, 416, 416, 288, 168], speed: [424, 416, 416, 288, 168] };

/// `requantize`
pub const REQUANTIZE: Frames = Frames { size: [1936, 1776, 2216, 1800, 1736], speed: [1936, 1776, 2216, 1800, 1736] };

/// `softmax`
pub const SOFTMAX: Frames = Frames { size: [312, 200, 200, 208, 224], speed: [312, 200, 200, 208, 224] };

/// `softmax_f32`
pub const SOFTMAX_F32: Frames = Frames { size: [1936, 1776, 2216, 1800, 1736], speed: [1936, 1776, 2216, 1800, 1736] };

/// `transpose_conv`
pub const TRANSPOSE_CONV: Frames = Frames { size: [984, 904, 920, 904, 760], speed: [984, 904, 920, 904, 760] };

/// `unrolled`
pub const UNROLLED: Frames = Frames { size: [576, 296, 312, 176, 312], speed: [576, 296, 312, 176, 312] };

/// `view`
pub const VIEW: Frames = Frames { size: [264, 176, 176, 176, 64], speed: [264, 176, 176, 176, 64] };

/// `sparse`
pub const SPARSE: Frames = Frames { size: [1216, 1216, 1216, 1216, 1216], speed: [1216, 1216, 1216, 1216, 1216] };
