//! Bytes of stack by kernel and kind of core. Measured and written by `cargo test --test stack -- --ignored`.

use super::Frames;

/// `arg_max`
pub const ARG_MAX: Frames = Frames { size: [264, 192, 192, 176, 64], speed: [264, 176, 176, 520, 64] };

/// `average_pool2d`
pub const AVERAGE_POOL2D: Frames = Frames { size: [776, 704, 704, 688, 560], speed: [848, 760, 760, 704, 616] };

/// `average_pool_reals`
pub const AVERAGE_POOL_REALS: Frames = Frames { size: [832, 704, 696, 568, 552], speed: [832, 704, 696, 640, 656] };

/// `bilinear`
pub const BILINEAR: Frames = Frames { size: [328, 280, 280, 296, 216], speed: [280, 224, 224, 240, 200] };

/// `broadcast`
pub const BROADCAST: Frames = Frames { size: [416, 312, 312, 456, 264], speed: [296, 176, 176, 424, 160] };

/// `conv2d`
pub const CONV2D: Frames = Frames { size: [1304, 1160, 1168, 1376, 1096], speed: [1688, 1536, 2048, 1592, 1896] };

/// `copy`
pub const COPY: Frames = Frames { size: [800, 768, 776, 760, 360], speed: [264, 200, 200, 200, 144] };

/// `depthwise_conv2d`
pub const DEPTHWISE_CONV2D: Frames = Frames { size: [856, 840, 864, 1032, 624], speed: [864, 800, 840, 1392, 696] };

/// `dequantize`
pub const DEQUANTIZE: Frames = Frames { size: [600, 544, 616, 480, 480], speed: [592, 536, 608, 528, 464] };

/// `elementwise`
pub const ELEMENTWISE: Frames = Frames { size: [344, 288, 256, 368, 200], speed: [280, 216, 176, 280, 176] };

/// `fully_connected`
pub const FULLY_CONNECTED: Frames = Frames { size: [904, 824, 880, 984, 640], speed: [896, 768, 1664, 1104, 640] };

/// `int16`
pub const INT16: Frames = Frames { size: [1288, 1200, 1216, 1184, 1120], speed: [1248, 1160, 1016, 984, 904] };

/// `lanes`
pub const LANES: Frames = Frames { size: [64, 64, 64, 64, 64], speed: [3784, 64, 64, 64, 64] };

/// `lut`
pub const LUT: Frames = Frames { size: [264, 176, 176, 176, 64], speed: [264, 176, 176, 176, 176] };

/// `max_pool2d`
pub const MAX_POOL2D: Frames = Frames { size: [496, 456, 456, 448, 312], speed: [552, 504, 504, 496, 376] };

/// `mean`
pub const MEAN: Frames = Frames { size: [1056, 1568, 1568, 312, 232], speed: [264, 176, 176, 176, 136] };

/// `mean_real`
pub const MEAN_REAL: Frames = Frames { size: [1448, 1568, 1568, 1376, 1240], speed: [3784, 1536, 2048, 1592, 2064] };

/// `mirror_pad`
pub const MIRROR_PAD: Frames = Frames { size: [312, 304, 304, 304, 224], speed: [264, 184, 184, 192, 176] };

/// `nearest_neighbor`
pub const NEAREST_NEIGHBOR: Frames = Frames { size: [264, 184, 184, 176, 88], speed: [264, 176, 176, 176, 136] };

/// `packed`
pub const PACKED: Frames = Frames { size: [64, 64, 64, 64, 64], speed: [64, 64, 1304, 64, 64] };

/// `palettized`
pub const PALETTIZED: Frames = Frames { size: [1600, 1480, 1480, 1560, 1400], speed: [1760, 1632, 1632, 1720, 1544] };

/// `quantize`
pub const QUANTIZE: Frames = Frames { size: [296, 176, 176, 200, 136], speed: [264, 176, 176, 176, 128] };

/// `quantize_by_inverse`
pub const QUANTIZE_BY_INVERSE: Frames = Frames { size: [1448, 1568, 1568, 1376, 1240], speed: [3784, 1536, 2048, 1592, 2064] };

/// `quantize_to_even`
pub const QUANTIZE_TO_EVEN: Frames = Frames { size: [1448, 1568, 1568, 1376, 1240], speed: [3784, 1536, 2048, 1592, 2064] };

/// `reduce_max`
pub const REDUCE_MAX: Frames = Frames { size: [424, 416, 416, 288, 168], speed: [264, 176, 176, 176, 64] };

/// `requantize`
pub const REQUANTIZE: Frames = Frames { size: [264, 176, 176, 176, 80], speed: [264, 176, 176, 176, 64] };

/// `softmax`
pub const SOFTMAX: Frames = Frames { size: [304, 200, 200, 208, 224], speed: [312, 200, 200, 208, 224] };

/// `softmax_f32`
pub const SOFTMAX_F32: Frames = Frames { size: [360, 248, 176, 264, 168], speed: [376, 184, 176, 184, 168] };

/// `softmax_reals`
pub const SOFTMAX_REALS: Frames = Frames { size: [1448, 1568, 1568, 1376, 1240], speed: [3784, 1536, 2048, 1592, 2064] };

/// `sparse`
pub const SPARSE: Frames = Frames { size: [584, 456, 528, 456, 376], speed: [584, 456, 528, 64, 376] };

/// `sparse_lanes`
pub const SPARSE_LANES: Frames = Frames { size: [64, 64, 64, 64, 64], speed: [688, 64, 608, 64, 512] };

/// `sparse_pairs`
pub const SPARSE_PAIRS: Frames = Frames { size: [64, 64, 64, 64, 64], speed: [64, 64, 720, 64, 64] };

/// `tiles`
pub const TILES: Frames = Frames { size: [64, 64, 64, 64, 64], speed: [64, 64, 64, 64, 2064] };

/// `transpose_conv`
pub const TRANSPOSE_CONV: Frames = Frames { size: [904, 840, 848, 984, 720], speed: [1008, 904, 920, 1064, 760] };

/// `unrolled`
pub const UNROLLED: Frames = Frames { size: [816, 296, 312, 1208, 304], speed: [816, 296, 312, 1208, 304] };

/// `view`
pub const VIEW: Frames = Frames { size: [264, 176, 176, 176, 64], speed: [264, 176, 176, 176, 64] };

/// All rows, by the name of the kernel.
#[rustfmt::skip]
pub const ROWS: &[(&str, Frames)] = &[
    ("arg_max", ARG_MAX),
    ("average_pool2d", AVERAGE_POOL2D),
    ("average_pool_reals", AVERAGE_POOL_REALS),
    ("bilinear", BILINEAR),
    ("broadcast", BROADCAST),
    ("conv2d", CONV2D),
    ("copy", COPY),
    ("depthwise_conv2d", DEPTHWISE_CONV2D),
    ("dequantize", DEQUANTIZE),
    ("elementwise", ELEMENTWISE),
    ("fully_connected", FULLY_CONNECTED),
    ("int16", INT16),
    ("lanes", LANES),
    ("lut", LUT),
    ("max_pool2d", MAX_POOL2D),
    ("mean", MEAN),
    ("mean_real", MEAN_REAL),
    ("mirror_pad", MIRROR_PAD),
    ("nearest_neighbor", NEAREST_NEIGHBOR),
    ("packed", PACKED),
    ("palettized", PALETTIZED),
    ("quantize", QUANTIZE),
    ("quantize_by_inverse", QUANTIZE_BY_INVERSE),
    ("quantize_to_even", QUANTIZE_TO_EVEN),
    ("reduce_max", REDUCE_MAX),
    ("requantize", REQUANTIZE),
    ("softmax", SOFTMAX),
    ("softmax_f32", SOFTMAX_F32),
    ("softmax_reals", SOFTMAX_REALS),
    ("sparse", SPARSE),
    ("sparse_lanes", SPARSE_LANES),
    ("sparse_pairs", SPARSE_PAIRS),
    ("tiles", TILES),
    ("transpose_conv", TRANSPOSE_CONV),
    ("unrolled", UNROLLED),
    ("view", VIEW),
];
