//! What forms of layers cost. Measured and written by `cargo test --test cost -- --ignored`.

use super::{CORES, Kind, Layer, Rate};

/// Of each form of each kind of layer, the rate on each kind of core.
pub(super) const RATES: &[(Kind, Layer, [Option<Rate>; CORES.len()])] = &[
    (
        Kind::Shared,
        Layer::Conv2d,
        [
            Some(Rate { once: 2630.0, bytes: 182.0, weight: 0.0, layer: 12744.1, product: 3.376, gathered: 16.143, output: 161.55, channel: 0.0 }),
            Some(Rate { once: 2826.0, bytes: 186.0, weight: 0.0, layer: 0.0, product: 2.380, gathered: 12.267, output: 80.52, channel: 0.0 }),
            Some(Rate { once: 2826.0, bytes: 186.0, weight: 0.0, layer: 6031.9, product: 1.272, gathered: 10.715, output: 84.07, channel: 0.0 }),
            Some(Rate { once: 2826.0, bytes: 186.0, weight: 0.0, layer: 18085.5, product: 0.000, gathered: 7.863, output: 66.57, channel: 0.0 }),
            Some(Rate { once: 2644.0, bytes: 240.0, weight: 0.0, layer: 0.0, product: 3.248, gathered: 14.757, output: 87.68, channel: 0.0 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::Conv2d,
        [
            Some(Rate { once: 3314.0, bytes: 1118.0, weight: 0.0, layer: 0.0, product: 3.584, gathered: 8.239, output: 108.73, channel: 0.0 }),
            Some(Rate { once: 3422.0, bytes: 2006.0, weight: 0.0, layer: 0.0, product: 2.736, gathered: 3.936, output: 35.33, channel: 0.0 }),
            Some(Rate { once: 3422.0, bytes: 2006.0, weight: 0.0, layer: 0.0, product: 1.096, gathered: 7.108, output: 39.60, channel: 0.0 }),
            Some(Rate { once: 3422.0, bytes: 2006.0, weight: 0.0, layer: 0.0, product: 0.044, gathered: 4.352, output: 25.41, channel: 0.0 }),
            Some(Rate { once: 3826.0, bytes: 2418.0, weight: 0.0, layer: 0.0, product: 2.742, gathered: 6.898, output: 30.24, channel: 0.0 }),
        ],
    ),
    (
        Kind::Packed,
        Layer::Conv2d,
        [
            Some(Rate { once: 3017.0, bytes: 916.0, weight: 0.0, layer: 4113.0, product: 2.493, gathered: 9.752, output: 24.62, channel: 0.0 }),
            None,
            Some(Rate { once: 1124.0, bytes: 3388.0, weight: 0.0, layer: 0.0, product: 0.661, gathered: 6.054, output: 15.76, channel: 0.0 }),
            None,
            Some(Rate { once: 2908.5, bytes: 1551.5, weight: 0.0, layer: 0.0, product: 1.807, gathered: 8.463, output: 14.95, channel: 0.0 }),
        ],
    ),
    (
        Kind::Blocked,
        Layer::Conv2d,
        [
            None,
            None,
            None,
            Some(Rate { once: 1672.0, bytes: 836.0, weight: 0.0, layer: 0.0, product: 0.058, gathered: 3.906, output: 2.67, channel: 0.0 }),
            None,
        ],
    ),
    (
        Kind::Sparse,
        Layer::Conv2d,
        [
            Some(Rate { once: 1373.0, bytes: 318.0, weight: 0.0, layer: 0.0, product: 3.315, gathered: 13.796, output: 130.73, channel: 0.0 }),
            Some(Rate { once: 1561.0, bytes: 330.0, weight: 0.0, layer: 0.0, product: 3.274, gathered: 11.989, output: 72.11, channel: 0.0 }),
            Some(Rate { once: 1561.0, bytes: 330.0, weight: 0.0, layer: 0.0, product: 1.318, gathered: 11.553, output: 65.52, channel: 0.0 }),
            Some(Rate { once: 1561.0, bytes: 330.0, weight: 0.0, layer: 0.0, product: 3.677, gathered: 8.600, output: 61.30, channel: 0.0 }),
            Some(Rate { once: 1113.0, bytes: 366.0, weight: 0.0, layer: 0.0, product: 4.686, gathered: 8.837, output: 58.42, channel: 0.0 }),
        ],
    ),
    (
        Kind::Palettized,
        Layer::Conv2d,
        [
            Some(Rate { once: 3077.0, bytes: 255.0, weight: 0.0, layer: 0.0, product: 8.087, gathered: 14.773, output: 125.72, channel: 0.0 }),
            Some(Rate { once: 3347.0, bytes: 261.0, weight: 0.0, layer: 0.0, product: 5.258, gathered: 8.251, output: 63.56, channel: 0.0 }),
            Some(Rate { once: 3347.0, bytes: 261.0, weight: 0.0, layer: 0.0, product: 4.128, gathered: 8.547, output: 70.91, channel: 0.0 }),
            Some(Rate { once: 3347.0, bytes: 261.0, weight: 0.0, layer: 0.0, product: 1.794, gathered: 10.442, output: 60.00, channel: 0.0 }),
            Some(Rate { once: 3139.0, bytes: 309.0, weight: 0.0, layer: 0.0, product: 7.054, gathered: 7.210, output: 55.45, channel: 0.0 }),
        ],
    ),
    (
        Kind::SparseLanes,
        Layer::Conv2d,
        [
            Some(Rate { once: 1714.0, bytes: 604.0, weight: 0.0, layer: 0.0, product: 1.671, gathered: 35.932, output: 42.15, channel: 0.0 }),
            None,
            Some(Rate { once: 1892.0, bytes: 698.0, weight: 0.0, layer: 0.0, product: 0.856, gathered: 25.603, output: 19.83, channel: 0.0 }),
            None,
            Some(Rate { once: 1721.0, bytes: 1165.0, weight: 0.0, layer: 0.0, product: 1.937, gathered: 18.873, output: 25.16, channel: 0.0 }),
        ],
    ),
    (
        Kind::SparsePairs,
        Layer::Conv2d,
        [
            None,
            None,
            Some(Rate { once: 1434.0, bytes: 950.0, weight: 0.0, layer: 0.0, product: 1.054, gathered: 16.301, output: 14.74, channel: 0.0 }),
            None,
            None,
        ],
    ),
    (
        Kind::Shared,
        Layer::DepthwiseConv2d,
        [
            Some(Rate { once: 1780.0, bytes: 68.0, weight: 0.0, layer: 0.0, product: 17.118, gathered: 0.000, output: 99.73, channel: 0.0 }),
            Some(Rate { once: 1896.0, bytes: 80.0, weight: 0.0, layer: 0.0, product: 13.180, gathered: 0.000, output: 43.09, channel: 0.0 }),
            Some(Rate { once: 1896.0, bytes: 80.0, weight: 0.0, layer: 0.0, product: 12.846, gathered: 0.000, output: 43.76, channel: 0.0 }),
            Some(Rate { once: 1896.0, bytes: 80.0, weight: 0.0, layer: 0.0, product: 7.602, gathered: 0.000, output: 40.58, channel: 0.0 }),
            Some(Rate { once: 1598.0, bytes: 94.0, weight: 0.0, layer: 0.0, product: 12.389, gathered: 0.000, output: 51.65, channel: 0.0 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::DepthwiseConv2d,
        [
            Some(Rate { once: 1190.0, bytes: 1146.0, weight: 0.0, layer: 0.0, product: 15.934, gathered: 0.000, output: 9.78, channel: 111.3 }),
            Some(Rate { once: 1402.0, bytes: 1010.0, weight: 0.0, layer: 0.0, product: 7.597, gathered: 0.000, output: 0.00, channel: 50.6 }),
            Some(Rate { once: 1402.0, bytes: 1010.0, weight: 0.0, layer: 0.0, product: 7.254, gathered: 0.000, output: 0.00, channel: 19.0 }),
            Some(Rate { once: 1402.0, bytes: 1010.0, weight: 0.0, layer: 0.0, product: 5.099, gathered: 0.000, output: 0.00, channel: 62.4 }),
            Some(Rate { once: 666.0, bytes: 1298.0, weight: 0.0, layer: 0.0, product: 8.882, gathered: 0.000, output: 0.00, channel: 51.5 }),
        ],
    ),
    (
        Kind::Packed,
        Layer::DepthwiseConv2d,
        [
            Some(Rate { once: 1748.0, bytes: 176.0, weight: 0.0, layer: 2966.7, product: 7.432, gathered: 5.650, output: 0.00, channel: 825.9 }),
            None,
            Some(Rate { once: 4996.0, bytes: 96.0, weight: 0.0, layer: 616.5, product: 2.208, gathered: 3.664, output: 0.00, channel: 311.6 }),
            None,
            Some(Rate { once: 1732.0, bytes: 168.0, weight: 0.0, layer: 0.0, product: 3.825, gathered: 5.652, output: 0.00, channel: 301.6 }),
        ],
    ),
    (
        Kind::Blocked,
        Layer::DepthwiseConv2d,
        [
            None,
            None,
            None,
            Some(Rate { once: 2814.0, bytes: 1226.0, weight: 0.0, layer: 989.9, product: 1.354, gathered: 0.000, output: 0.00, channel: 0.0 }),
            None,
        ],
    ),
    (
        Kind::Shared,
        Layer::Pointwise,
        [
            Some(Rate { once: 1609.0, bytes: 135.0, weight: 0.0, layer: 0.0, product: 3.566, gathered: 3.691, output: 148.99, channel: 97.6 }),
            Some(Rate { once: 1861.0, bytes: 155.0, weight: 0.0, layer: 0.0, product: 2.595, gathered: 3.152, output: 67.77, channel: 79.4 }),
            Some(Rate { once: 1861.0, bytes: 155.0, weight: 0.0, layer: 0.0, product: 1.404, gathered: 3.132, output: 75.33, channel: 83.9 }),
            Some(Rate { once: 1861.0, bytes: 155.0, weight: 0.0, layer: 0.0, product: 0.000, gathered: 2.757, output: 67.82, channel: 78.5 }),
            Some(Rate { once: 1749.0, bytes: 167.0, weight: 0.0, layer: 0.0, product: 3.426, gathered: 4.103, output: 74.76, channel: 101.6 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::Pointwise,
        [
            Some(Rate { once: 671.0, bytes: 425.0, weight: 0.0, layer: 0.0, product: 3.743, gathered: 0.546, output: 103.78, channel: 0.0 }),
            Some(Rate { once: 1111.0, bytes: 677.0, weight: 0.0, layer: 0.0, product: 2.738, gathered: 0.545, output: 34.67, channel: 0.0 }),
            Some(Rate { once: 1111.0, bytes: 677.0, weight: 0.0, layer: 0.0, product: 0.986, gathered: 1.485, output: 31.99, channel: 78.8 }),
            Some(Rate { once: 1111.0, bytes: 677.0, weight: 0.0, layer: 0.0, product: 0.111, gathered: 0.221, output: 23.20, channel: 26.3 }),
            Some(Rate { once: 905.0, bytes: 803.0, weight: 0.0, layer: 0.0, product: 2.838, gathered: 0.052, output: 25.00, channel: 115.6 }),
        ],
    ),
    (
        Kind::Packed,
        Layer::Pointwise,
        [
            Some(Rate { once: 977.0, bytes: 909.0, weight: 0.0, layer: 0.0, product: 2.049, gathered: 2.625, output: 22.83, channel: 1507.5 }),
            None,
            Some(Rate { once: 1008.0, bytes: 2604.0, weight: 0.0, layer: 0.0, product: 0.742, gathered: 1.897, output: 8.40, channel: 49.2 }),
            None,
            Some(Rate { once: 1407.5, bytes: 1522.5, weight: 0.0, layer: 0.0, product: 1.599, gathered: 2.992, output: 13.31, channel: 751.5 }),
        ],
    ),
    (
        Kind::Blocked,
        Layer::Pointwise,
        [
            None,
            None,
            None,
            Some(Rate { once: 1162.0, bytes: 346.0, weight: 0.0, layer: 0.0, product: 0.088, gathered: 0.000, output: 4.08, channel: 17.8 }),
            None,
        ],
    ),
    (
        Kind::Sparse,
        Layer::Pointwise,
        [
            Some(Rate { once: 851.0, bytes: 464.0, weight: 0.0, layer: 0.0, product: 4.243, gathered: 4.585, output: 114.68, channel: 571.0 }),
            Some(Rate { once: 1029.0, bytes: 442.0, weight: 0.0, layer: 0.0, product: 4.236, gathered: 2.030, output: 61.09, channel: 506.0 }),
            Some(Rate { once: 1029.0, bytes: 442.0, weight: 0.0, layer: 0.0, product: 2.247, gathered: 2.459, output: 51.80, channel: 289.4 }),
            Some(Rate { once: 1029.0, bytes: 442.0, weight: 0.0, layer: 0.0, product: 4.312, gathered: 2.513, output: 50.28, channel: 462.6 }),
            Some(Rate { once: 573.0, bytes: 478.0, weight: 0.0, layer: 0.0, product: 5.055, gathered: 4.252, output: 49.84, channel: 535.2 }),
        ],
    ),
    (
        Kind::Palettized,
        Layer::Pointwise,
        [
            Some(Rate { once: 2091.0, bytes: 229.0, weight: 0.0, layer: 0.0, product: 4.109, gathered: 0.000, output: 163.38, channel: 1391.6 }),
            Some(Rate { once: 2359.0, bytes: 245.0, weight: 0.0, layer: 0.0, product: 3.142, gathered: 0.000, output: 80.41, channel: 941.0 }),
            Some(Rate { once: 2359.0, bytes: 245.0, weight: 0.0, layer: 0.0, product: 1.946, gathered: 0.000, output: 87.50, channel: 1015.5 }),
            Some(Rate { once: 2359.0, bytes: 245.0, weight: 0.0, layer: 0.0, product: 0.046, gathered: 0.000, output: 80.87, channel: 554.7 }),
            Some(Rate { once: 2177.0, bytes: 315.0, weight: 0.0, layer: 0.0, product: 4.199, gathered: 0.269, output: 80.06, channel: 1129.5 }),
        ],
    ),
    (
        Kind::SparseLanes,
        Layer::Pointwise,
        [
            Some(Rate { once: 1546.0, bytes: 516.0, weight: 0.0, layer: 0.0, product: 2.102, gathered: 5.423, output: 25.86, channel: 717.1 }),
            None,
            Some(Rate { once: 1820.0, bytes: 586.0, weight: 0.0, layer: 0.0, product: 0.951, gathered: 4.001, output: 13.18, channel: 164.2 }),
            None,
            Some(Rate { once: 1586.0, bytes: 1064.0, weight: 0.0, layer: 0.0, product: 2.015, gathered: 5.745, output: 16.46, channel: 461.5 }),
        ],
    ),
    (
        Kind::SparsePairs,
        Layer::Pointwise,
        [
            None,
            None,
            Some(Rate { once: 790.0, bytes: 890.0, weight: 0.0, layer: 0.0, product: 0.688, gathered: 7.543, output: 16.57, channel: 28.1 }),
            None,
            None,
        ],
    ),
    (
        Kind::Shared,
        Layer::FullyConnected,
        [
            Some(Rate { once: 1475.0, bytes: 153.0, weight: 0.0, layer: 423.7, product: 3.770, gathered: 0.000, output: 131.73, channel: 0.0 }),
            Some(Rate { once: 1767.0, bytes: 149.0, weight: 0.0, layer: 355.2, product: 2.768, gathered: 0.000, output: 52.70, channel: 0.0 }),
            Some(Rate { once: 1767.0, bytes: 149.0, weight: 0.0, layer: 345.1, product: 1.578, gathered: 0.000, output: 61.21, channel: 0.0 }),
            Some(Rate { once: 1767.0, bytes: 149.0, weight: 0.0, layer: 321.7, product: 0.162, gathered: 0.032, output: 55.63, channel: 0.0 }),
            Some(Rate { once: 1779.0, bytes: 129.0, weight: 0.0, layer: 464.9, product: 3.651, gathered: 0.000, output: 54.71, channel: 0.0 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::FullyConnected,
        [
            Some(Rate { once: 585.0, bytes: 415.0, weight: 0.0, layer: 7.5, product: 3.740, gathered: 0.000, output: 104.98, channel: 0.0 }),
            Some(Rate { once: 847.0, bytes: 385.0, weight: 0.0, layer: 0.0, product: 2.744, gathered: 0.000, output: 32.45, channel: 0.0 }),
            Some(Rate { once: 847.0, bytes: 385.0, weight: 0.0, layer: 0.0, product: 1.560, gathered: 0.000, output: 36.11, channel: 0.0 }),
            Some(Rate { once: 847.0, bytes: 385.0, weight: 0.0, layer: 0.0, product: 0.153, gathered: 0.028, output: 21.56, channel: 0.0 }),
            Some(Rate { once: 461.0, bytes: 535.0, weight: 0.0, layer: 0.0, product: 3.621, gathered: 0.000, output: 33.93, channel: 0.0 }),
        ],
    ),
    (
        Kind::Packed,
        Layer::FullyConnected,
        [
            None,
            None,
            Some(Rate { once: 0.0, bytes: 3602.0, weight: 0.0, layer: 317.3, product: 0.984, gathered: 2.194, output: 8.52, channel: 0.0 }),
            None,
            None,
        ],
    ),
    (
        Kind::Blocked,
        Layer::FullyConnected,
        [
            None,
            None,
            None,
            Some(Rate { once: 848.0, bytes: 144.0, weight: 0.0, layer: 39.9, product: 0.144, gathered: 0.000, output: 4.32, channel: 0.0 }),
            None,
        ],
    ),
    (
        Kind::Sparse,
        Layer::FullyConnected,
        [
            Some(Rate { once: 549.0, bytes: 437.0, weight: 0.0, layer: 108.8, product: 16.344, gathered: 0.000, output: 125.67, channel: 0.0 }),
            Some(Rate { once: 681.0, bytes: 425.0, weight: 0.0, layer: 95.3, product: 11.751, gathered: 0.000, output: 61.47, channel: 0.0 }),
            Some(Rate { once: 681.0, bytes: 425.0, weight: 0.0, layer: 92.1, product: 10.216, gathered: 0.000, output: 58.58, channel: 0.0 }),
            Some(Rate { once: 681.0, bytes: 425.0, weight: 0.0, layer: 97.9, product: 11.243, gathered: 0.000, output: 56.21, channel: 0.0 }),
            Some(Rate { once: 353.0, bytes: 429.0, weight: 0.0, layer: 114.9, product: 12.779, gathered: 0.000, output: 61.36, channel: 0.0 }),
        ],
    ),
    (
        Kind::Palettized,
        Layer::FullyConnected,
        [
            Some(Rate { once: 1985.0, bytes: 243.0, weight: 0.0, layer: 129.1, product: 9.920, gathered: 2.572, output: 297.54, channel: 0.0 }),
            Some(Rate { once: 2225.0, bytes: 255.0, weight: 0.0, layer: 148.7, product: 7.864, gathered: 1.502, output: 161.92, channel: 0.0 }),
            Some(Rate { once: 2225.0, bytes: 255.0, weight: 0.0, layer: 145.3, product: 6.773, gathered: 1.572, output: 166.21, channel: 0.0 }),
            Some(Rate { once: 2225.0, bytes: 255.0, weight: 0.0, layer: 340.5, product: 1.777, gathered: 0.854, output: 121.56, channel: 0.0 }),
            Some(Rate { once: 2143.0, bytes: 289.0, weight: 0.0, layer: 355.5, product: 10.307, gathered: 1.220, output: 155.81, channel: 0.0 }),
        ],
    ),
    (
        Kind::Unrolled,
        Layer::FullyConnected,
        [
            Some(Rate { once: 0.0, bytes: 0.0, weight: 14.7, layer: 0.0, product: 0.000, gathered: 22.042, output: 107.71, channel: 0.0 }),
            Some(Rate { once: 0.0, bytes: 0.0, weight: 13.7, layer: 0.0, product: 0.000, gathered: 14.354, output: 45.46, channel: 0.0 }),
            Some(Rate { once: 0.0, bytes: 0.0, weight: 13.7, layer: 0.0, product: 0.000, gathered: 14.687, output: 41.00, channel: 0.0 }),
            Some(Rate { once: 0.0, bytes: 0.0, weight: 13.7, layer: 0.0, product: 2.595, gathered: 0.000, output: 5.62, channel: 0.0 }),
            Some(Rate { once: 0.0, bytes: 0.0, weight: 14.6, layer: 0.0, product: 3.139, gathered: 4.000, output: 16.00, channel: 0.0 }),
        ],
    ),
    (
        Kind::Shared,
        Layer::TransposeConv,
        [
            Some(Rate { once: 1917.0, bytes: 139.0, weight: 0.0, layer: 199067.8, product: 6.101, gathered: 0.000, output: 304.25, channel: 0.0 }),
            Some(Rate { once: 2047.0, bytes: 153.0, weight: 0.0, layer: 146567.6, product: 5.229, gathered: 0.000, output: 160.20, channel: 0.0 }),
            Some(Rate { once: 2047.0, bytes: 153.0, weight: 0.0, layer: 155704.5, product: 5.188, gathered: 0.000, output: 159.87, channel: 0.0 }),
            Some(Rate { once: 2047.0, bytes: 153.0, weight: 0.0, layer: 73651.5, product: 0.000, gathered: 0.000, output: 123.61, channel: 0.0 }),
            Some(Rate { once: 1707.0, bytes: 169.0, weight: 0.0, layer: 48377.3, product: 7.777, gathered: 0.000, output: 191.46, channel: 0.0 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::TransposeConv,
        [
            Some(Rate { once: 1919.0, bytes: 173.0, weight: 0.0, layer: 199083.6, product: 6.101, gathered: 0.000, output: 304.25, channel: 0.0 }),
            Some(Rate { once: 2039.0, bytes: 201.0, weight: 0.0, layer: 146582.2, product: 5.229, gathered: 0.000, output: 160.19, channel: 0.0 }),
            Some(Rate { once: 2039.0, bytes: 201.0, weight: 0.0, layer: 155719.2, product: 5.188, gathered: 0.000, output: 159.87, channel: 0.0 }),
            Some(Rate { once: 2039.0, bytes: 201.0, weight: 0.0, layer: 73663.7, product: 0.000, gathered: 0.000, output: 123.61, channel: 0.0 }),
            Some(Rate { once: 1673.0, bytes: 263.0, weight: 0.0, layer: 48464.5, product: 7.777, gathered: 0.000, output: 191.46, channel: 0.0 }),
        ],
    ),
];
