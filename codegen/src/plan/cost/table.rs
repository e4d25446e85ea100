//! What forms of layers cost. Measured and written by `cargo test --release --test cost -- --ignored`.
#![allow(clippy::approx_constant, reason = "what is measured may be near any number")]

use super::{Code, CoreClass, Instructions, Kind, Layer, Rate, Row};

/// Rates of each form of each kind of layer.
pub(super) const RATES: &[Row] = &[
    Row {
        form: Kind::Shared,
        layer: Layer::Conv2d,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 1404.0, kind: 2190.0, layer: 208.0, weight: 0.0 },
                    speed: Code { form: 1413.0, kind: 2470.0, layer: 1008.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.245, gathered: 0.000, output: 82.91, pass: 135.9 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 1492.0, layer: 112.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 1822.0, layer: 114.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.096, gathered: 0.000, output: 146.41, pass: 211.7 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 1480.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1762.0, layer: 118.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.681, gathered: 3.526, output: 69.23, pass: 131.4 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 1480.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1762.0, layer: 118.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.707, gathered: 0.000, output: 72.91, pass: 152.9 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 1480.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1762.0, layer: 118.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.360, gathered: 0.000, output: 61.16, pass: 141.6 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 1678.0, layer: 132.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 1872.0, layer: 140.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.510, gathered: 6.579, output: 79.47, pass: 116.6 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Specialized,
        layer: Layer::Conv2d,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 340.5, kind: 4706.5, layer: 1520.0, weight: 0.0 },
                    speed: Code { form: 132.0, kind: 1528.0, layer: 2176.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.158, gathered: 0.000, output: 42.67, pass: 45.4 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 112.0, kind: 2812.0, layer: 908.0, weight: 0.0 },
                    speed: Code { form: 122.0, kind: 638.0, layer: 1428.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.790, gathered: 2.193, output: 98.91, pass: 89.9 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 388.0, kind: 2304.0, layer: 1604.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1368.0, layer: 1764.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.814, gathered: 0.000, output: 32.10, pass: 66.3 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 388.0, kind: 2304.0, layer: 1604.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1368.0, layer: 1764.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.284, gathered: 0.000, output: 34.44, pass: 108.8 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 388.0, kind: 2304.0, layer: 1604.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1368.0, layer: 1764.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.204, gathered: 0.000, output: 18.09, pass: 74.7 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 682.0, kind: 3222.0, layer: 1912.0, weight: 0.0 },
                    speed: Code { form: 200.0, kind: 0.0, layer: 3348.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.966, gathered: 0.000, output: 23.04, pass: 92.8 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Packed,
        layer: Layer::Conv2d,
        rates: &[
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 876.5, kind: 4751.0, layer: 136.5, weight: 0.0 },
                    speed: Code { form: 876.5, kind: 4751.0, layer: 136.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.690, gathered: 0.000, output: 13.54, pass: 160.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 3000.0, kind: 7386.0, layer: 142.0, weight: 0.0 },
                    speed: Code { form: 3000.0, kind: 7386.0, layer: 142.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.832, gathered: 0.000, output: 8.60, pass: 109.9 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 2262.0, kind: 4686.0, layer: 242.0, weight: 0.0 },
                    speed: Code { form: 2262.0, kind: 4686.0, layer: 242.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.834, gathered: 2.878, output: 11.62, pass: 90.8 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Blocked,
        layer: Layer::Conv2d,
        rates: &[(
            CoreClass::Mve,
            Rate {
                size: Code { form: 0.0, kind: 0.0, layer: 1156.0, weight: 0.0 },
                speed: Code { form: 0.0, kind: 0.0, layer: 1846.0, weight: 0.0 },
                instructions: Instructions { layer: 0.0, product: 0.168, gathered: 0.000, output: 0.00, pass: 80.2 },
            },
        )],
    },
    Row {
        form: Kind::Sparse,
        layer: Layer::Conv2d,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 301.0, kind: 1652.5, layer: 344.5, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 2494.5, layer: 1128.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.521, gathered: 3.277, output: 54.25, pass: 108.6 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 181.0, kind: 953.5, layer: 184.5, weight: 0.0 },
                    speed: Code { form: 185.0, kind: 1465.5, layer: 208.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.420, gathered: 5.873, output: 115.05, pass: 143.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 0.0, kind: 1176.5, layer: 186.5, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1710.5, layer: 184.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.288, gathered: 4.459, output: 58.93, pass: 131.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 1176.5, layer: 186.5, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1710.5, layer: 184.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.301, gathered: 4.384, output: 52.34, pass: 131.3 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 0.0, kind: 1176.5, layer: 186.5, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1710.5, layer: 184.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.308, gathered: 3.471, output: 53.68, pass: 86.7 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 175.0, kind: 1127.5, layer: 232.5, weight: 0.0 },
                    speed: Code { form: 147.0, kind: 1401.5, layer: 246.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.041, gathered: 5.582, output: 54.08, pass: 54.3 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Palettized,
        layer: Layer::Conv2d,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 2391.0, kind: 1984.0, layer: 340.0, weight: 0.0 },
                    speed: Code { form: 2817.0, kind: 1924.0, layer: 1148.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.952, gathered: 0.000, output: 73.32, pass: 157.7 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 1310.0, kind: 1418.0, layer: 140.0, weight: 0.0 },
                    speed: Code { form: 2106.0, kind: 1582.0, layer: 144.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 8.493, gathered: 0.000, output: 124.88, pass: 210.1 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 1346.0, kind: 1402.0, layer: 156.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1576.0, layer: 154.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.357, gathered: 0.000, output: 57.57, pass: 167.7 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1346.0, kind: 1402.0, layer: 156.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1576.0, layer: 154.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.256, gathered: 0.000, output: 64.22, pass: 169.5 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 1346.0, kind: 1402.0, layer: 156.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1576.0, layer: 154.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.125, gathered: 0.000, output: 53.45, pass: 147.3 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1932.0, kind: 1360.0, layer: 188.0, weight: 0.0 },
                    speed: Code { form: 1932.0, kind: 1416.0, layer: 212.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.980, gathered: 0.000, output: 55.66, pass: 165.6 },
                },
            ),
        ],
    },
    Row {
        form: Kind::SparseLanes,
        layer: Layer::Conv2d,
        rates: &[
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 1502.0, kind: 1811.0, layer: 175.0, weight: 0.0 },
                    speed: Code { form: 1502.0, kind: 1811.0, layer: 175.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.107, gathered: 31.189, output: 33.25, pass: 111.6 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1716.0, kind: 2334.0, layer: 168.0, weight: 0.0 },
                    speed: Code { form: 1716.0, kind: 2334.0, layer: 168.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.964, gathered: 22.098, output: 16.07, pass: 85.5 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 3134.0, kind: 1375.0, layer: 241.0, weight: 0.0 },
                    speed: Code { form: 3134.0, kind: 1375.0, layer: 241.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.893, gathered: 16.626, output: 19.98, pass: 51.3 },
                },
            ),
        ],
    },
    Row {
        form: Kind::SparsePairs,
        layer: Layer::Conv2d,
        rates: &[(
            CoreClass::Dsp,
            Rate {
                size: Code { form: 3094.0, kind: 1758.0, layer: 172.0, weight: 0.0 },
                speed: Code { form: 3094.0, kind: 1758.0, layer: 172.0, weight: 0.0 },
                instructions: Instructions { layer: 0.0, product: 0.596, gathered: 9.980, output: 15.39, pass: 145.1 },
            },
        )],
    },
    Row {
        form: Kind::Shared,
        layer: Layer::DepthwiseConv2d,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 1404.0, kind: 896.0, layer: 208.0, weight: 0.0 },
                    speed: Code { form: 1413.0, kind: 987.0, layer: 856.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 10.067, gathered: 0.000, output: 45.57, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 490.0, layer: 118.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 1114.0, layer: 114.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 16.973, gathered: 0.000, output: 103.36, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 492.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1324.0, layer: 140.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 13.051, gathered: 0.000, output: 46.33, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 492.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1324.0, layer: 140.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 12.714, gathered: 0.000, output: 47.05, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 492.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1324.0, layer: 140.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.462, gathered: 0.000, output: 44.08, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 388.0, layer: 138.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 550.0, layer: 146.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 12.293, gathered: 0.000, output: 54.05, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Specialized,
        layer: Layer::DepthwiseConv2d,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 2580.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 5572.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.850, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 112.0, kind: 140.0, layer: 1452.0, weight: 0.0 },
                    speed: Code { form: 122.0, kind: 484.0, layer: 1010.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 16.995, gathered: 0.000, output: 0.00, pass: 183.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 388.0, kind: 92.0, layer: 1092.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 700.0, layer: 1772.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 8.082, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 388.0, kind: 92.0, layer: 1092.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 700.0, layer: 1772.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.590, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 388.0, kind: 92.0, layer: 1092.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 700.0, layer: 1772.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.642, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 244.0, kind: 0.0, layer: 1564.0, weight: 0.0 },
                    speed: Code { form: 634.0, kind: 2474.0, layer: 1012.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 9.327, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Packed,
        layer: Layer::DepthwiseConv2d,
        rates: &[
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 876.5, kind: 2701.5, layer: 134.0, weight: 0.0 },
                    speed: Code { form: 876.5, kind: 2701.5, layer: 134.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.888, gathered: 7.447, output: 0.00, pass: 885.1 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 3000.0, kind: 2234.0, layer: 166.0, weight: 0.0 },
                    speed: Code { form: 3000.0, kind: 2234.0, layer: 166.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 4.169, output: 18.55, pass: 345.2 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 2262.0, kind: 2642.0, layer: 204.0, weight: 0.0 },
                    speed: Code { form: 2262.0, kind: 2642.0, layer: 204.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.727, gathered: 5.796, output: 0.00, pass: 321.5 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Blocked,
        layer: Layer::DepthwiseConv2d,
        rates: &[(
            CoreClass::Mve,
            Rate {
                size: Code { form: 0.0, kind: 3160.0, layer: 956.0, weight: 0.0 },
                speed: Code { form: 26.0, kind: 3676.0, layer: 1406.0, weight: 0.0 },
                instructions: Instructions { layer: 0.0, product: 1.467, gathered: 0.000, output: 0.00, pass: 0.0 },
            },
        )],
    },
    Row {
        form: Kind::Shared,
        layer: Layer::Pointwise,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 1404.0, kind: 705.0, layer: 204.0, weight: 0.0 },
                    speed: Code { form: 1413.0, kind: 370.0, layer: 1132.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.963, gathered: 4.034, output: 81.46, pass: 81.5 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 356.0, layer: 100.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 460.0, layer: 100.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.530, gathered: 6.202, output: 151.01, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 494.0, layer: 98.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 502.0, layer: 106.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.554, gathered: 5.751, output: 68.87, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 494.0, layer: 98.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 502.0, layer: 106.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.355, gathered: 5.419, output: 74.83, pass: 92.5 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 494.0, layer: 98.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 502.0, layer: 106.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 3.652, output: 69.70, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 620.0, layer: 114.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 602.0, layer: 122.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.348, gathered: 8.054, output: 73.67, pass: 87.2 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Specialized,
        layer: Layer::Pointwise,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 340.5, kind: 131.5, layer: 532.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 1668.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.109, gathered: 0.000, output: 41.20, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 112.0, kind: 6.0, layer: 310.0, weight: 0.0 },
                    speed: Code { form: 122.0, kind: 8.0, layer: 450.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.738, gathered: 0.998, output: 103.35, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 388.0, kind: 590.0, layer: 654.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 320.0, layer: 844.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.744, gathered: 0.000, output: 33.99, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 388.0, kind: 590.0, layer: 654.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 320.0, layer: 844.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.907, gathered: 1.446, output: 32.71, pass: 222.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 388.0, kind: 590.0, layer: 654.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 320.0, layer: 844.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.131, gathered: 0.000, output: 23.15, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 682.0, kind: 402.0, layer: 804.0, weight: 0.0 },
                    speed: Code { form: 634.0, kind: 408.0, layer: 998.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.833, gathered: 1.066, output: 24.69, pass: 75.1 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Packed,
        layer: Layer::Pointwise,
        rates: &[
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 876.5, kind: 2309.0, layer: 123.5, weight: 0.0 },
                    speed: Code { form: 876.5, kind: 2309.0, layer: 123.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.953, gathered: 5.487, output: 30.12, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 3000.0, kind: 3658.0, layer: 138.0, weight: 0.0 },
                    speed: Code { form: 3000.0, kind: 3658.0, layer: 138.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.596, gathered: 2.541, output: 9.04, pass: 248.3 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 2262.0, kind: 2924.0, layer: 202.0, weight: 0.0 },
                    speed: Code { form: 2262.0, kind: 2924.0, layer: 202.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.698, gathered: 3.752, output: 14.91, pass: 18.3 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Blocked,
        layer: Layer::Pointwise,
        rates: &[(
            CoreClass::Mve,
            Rate {
                size: Code { form: 0.0, kind: 272.0, layer: 628.0, weight: 0.0 },
                speed: Code { form: 26.0, kind: 168.0, layer: 694.0, weight: 0.0 },
                instructions: Instructions { layer: 0.0, product: 0.090, gathered: 0.000, output: 4.18, pass: 14.2 },
            },
        )],
    },
    Row {
        form: Kind::Sparse,
        layer: Layer::Pointwise,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 301.0, kind: 1427.0, layer: 296.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1248.0, layer: 1304.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.373, gathered: 0.000, output: 51.65, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 181.0, kind: 853.0, layer: 168.0, weight: 0.0 },
                    speed: Code { form: 185.0, kind: 1593.0, layer: 180.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.074, gathered: 4.571, output: 110.27, pass: 197.3 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 0.0, kind: 1000.0, layer: 154.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1650.0, layer: 168.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.982, gathered: 2.004, output: 58.08, pass: 111.3 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 1000.0, layer: 154.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1650.0, layer: 168.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.667, gathered: 2.472, output: 49.70, pass: 92.2 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 0.0, kind: 1000.0, layer: 154.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1650.0, layer: 168.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.939, gathered: 2.366, output: 47.94, pass: 84.5 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 175.0, kind: 983.0, layer: 216.0, weight: 0.0 },
                    speed: Code { form: 147.0, kind: 1281.0, layer: 226.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.773, gathered: 4.065, output: 47.30, pass: 88.5 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Palettized,
        layer: Layer::Pointwise,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 2391.0, kind: 592.0, layer: 320.0, weight: 0.0 },
                    speed: Code { form: 2577.0, kind: 0.0, layer: 1280.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.064, gathered: 0.000, output: 87.19, pass: 285.1 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 1310.0, kind: 360.0, layer: 130.0, weight: 0.0 },
                    speed: Code { form: 2106.0, kind: 336.0, layer: 130.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.634, gathered: 0.000, output: 157.57, pass: 408.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 1346.0, kind: 424.0, layer: 134.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 384.0, layer: 146.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.499, gathered: 0.000, output: 77.54, pass: 210.7 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1346.0, kind: 424.0, layer: 134.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 384.0, layer: 146.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.338, gathered: 0.000, output: 82.91, pass: 266.7 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 1346.0, kind: 424.0, layer: 134.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 384.0, layer: 146.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.284, gathered: 0.000, output: 75.07, pass: 236.9 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1932.0, kind: 400.0, layer: 176.0, weight: 0.0 },
                    speed: Code { form: 1932.0, kind: 404.0, layer: 184.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.615, gathered: 0.000, output: 77.66, pass: 251.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::SparseLanes,
        layer: Layer::Pointwise,
        rates: &[
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 1502.0, kind: 1316.0, layer: 144.0, weight: 0.0 },
                    speed: Code { form: 1502.0, kind: 1316.0, layer: 144.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.336, gathered: 6.521, output: 28.90, pass: 42.8 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1716.0, kind: 1278.0, layer: 160.0, weight: 0.0 },
                    speed: Code { form: 1716.0, kind: 1278.0, layer: 160.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.059, gathered: 4.473, output: 13.32, pass: 12.9 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 3134.0, kind: 878.0, layer: 224.0, weight: 0.0 },
                    speed: Code { form: 3134.0, kind: 878.0, layer: 224.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.131, gathered: 6.440, output: 14.35, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::SparsePairs,
        layer: Layer::Pointwise,
        rates: &[(
            CoreClass::Dsp,
            Rate {
                size: Code { form: 3094.0, kind: 766.0, layer: 168.0, weight: 0.0 },
                speed: Code { form: 3094.0, kind: 766.0, layer: 168.0, weight: 0.0 },
                instructions: Instructions { layer: 0.0, product: 0.624, gathered: 8.138, output: 16.34, pass: 93.1 },
            },
        )],
    },
    Row {
        form: Kind::Shared,
        layer: Layer::FullyConnected,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 1404.0, kind: 1284.0, layer: 191.0, weight: 0.0 },
                    speed: Code { form: 1413.0, kind: 1445.0, layer: 483.0, weight: 0.0 },
                    instructions: Instructions { layer: 282.1, product: 2.136, gathered: 0.000, output: 78.53, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 681.0, layer: 81.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 743.0, layer: 83.0, weight: 0.0 },
                    instructions: Instructions { layer: 424.1, product: 3.760, gathered: 0.000, output: 136.91, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 719.0, layer: 91.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 717.0, layer: 93.0, weight: 0.0 },
                    instructions: Instructions { layer: 395.5, product: 2.769, gathered: 0.000, output: 52.62, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 719.0, layer: 91.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 717.0, layer: 93.0, weight: 0.0 },
                    instructions: Instructions { layer: 415.4, product: 1.589, gathered: 0.000, output: 57.26, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 719.0, layer: 91.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 717.0, layer: 93.0, weight: 0.0 },
                    instructions: Instructions { layer: 339.7, product: 0.162, gathered: 0.000, output: 56.09, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 1111.0, layer: 77.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 1113.0, layer: 95.0, weight: 0.0 },
                    instructions: Instructions { layer: 474.5, product: 3.651, gathered: 0.000, output: 57.92, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Specialized,
        layer: Layer::FullyConnected,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 599.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 1598.5, weight: 0.0 },
                    instructions: Instructions { layer: 73.3, product: 2.105, gathered: 0.000, output: 39.29, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 381.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 779.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.790, gathered: 0.000, output: 97.23, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 337.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 677.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.684, gathered: 0.000, output: 31.23, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 337.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 677.0, weight: 0.0 },
                    instructions: Instructions { layer: 6.0, product: 1.586, gathered: 0.000, output: 32.82, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 337.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 677.0, weight: 0.0 },
                    instructions: Instructions { layer: 37.0, product: 0.152, gathered: 0.000, output: 20.10, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 503.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 907.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.591, gathered: 0.000, output: 34.03, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Packed,
        layer: Layer::FullyConnected,
        rates: &[(
            CoreClass::Dsp,
            Rate {
                size: Code { form: 3000.0, kind: 974.0, layer: 0.0, weight: 0.0 },
                speed: Code { form: 3000.0, kind: 974.0, layer: 0.0, weight: 0.0 },
                instructions: Instructions { layer: 346.4, product: 0.913, gathered: 2.138, output: 16.14, pass: 0.0 },
            },
        )],
    },
    Row {
        form: Kind::Blocked,
        layer: Layer::FullyConnected,
        rates: &[(
            CoreClass::Mve,
            Rate {
                size: Code { form: 0.0, kind: 466.0, layer: 60.0, weight: 0.0 },
                speed: Code { form: 26.0, kind: 430.0, layer: 110.0, weight: 0.0 },
                instructions: Instructions { layer: 113.0, product: 0.148, gathered: 0.000, output: 0.00, pass: 0.0 },
            },
        )],
    },
    Row {
        form: Kind::Sparse,
        layer: Layer::FullyConnected,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 301.0, kind: 1173.0, layer: 255.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1506.0, layer: 535.0, weight: 0.0 },
                    instructions: Instructions { layer: 57.5, product: 14.157, gathered: 0.000, output: 70.21, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 181.0, kind: 681.0, layer: 109.0, weight: 0.0 },
                    speed: Code { form: 185.0, kind: 779.0, layer: 107.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 16.146, gathered: 0.000, output: 130.89, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 0.0, kind: 756.0, layer: 115.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 828.0, layer: 111.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 11.578, gathered: 0.000, output: 65.14, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 756.0, layer: 115.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 828.0, layer: 111.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 10.103, gathered: 0.000, output: 64.02, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 0.0, kind: 756.0, layer: 115.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 828.0, layer: 111.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 11.133, gathered: 0.000, output: 60.96, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 175.0, kind: 889.0, layer: 139.0, weight: 0.0 },
                    speed: Code { form: 147.0, kind: 1111.0, layer: 141.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 12.665, gathered: 0.000, output: 68.19, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Palettized,
        layer: Layer::FullyConnected,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 2391.0, kind: 2765.0, layer: 323.0, weight: 0.0 },
                    speed: Code { form: 2817.0, kind: 2061.0, layer: 635.0, weight: 0.0 },
                    instructions: Instructions { layer: 663.6, product: 8.354, gathered: 0.000, output: 129.13, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 1310.0, kind: 1677.0, layer: 109.0, weight: 0.0 },
                    speed: Code { form: 2106.0, kind: 1007.0, layer: 115.0, weight: 0.0 },
                    instructions: Instructions { layer: 931.0, product: 9.910, gathered: 0.000, output: 271.38, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 1346.0, kind: 1689.0, layer: 121.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1011.0, layer: 127.0, weight: 0.0 },
                    instructions: Instructions { layer: 685.3, product: 7.907, gathered: 0.000, output: 135.18, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1346.0, kind: 1689.0, layer: 121.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1011.0, layer: 127.0, weight: 0.0 },
                    instructions: Instructions { layer: 653.4, product: 6.833, gathered: 0.000, output: 141.04, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 1346.0, kind: 1689.0, layer: 121.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1011.0, layer: 127.0, weight: 0.0 },
                    instructions: Instructions { layer: 571.3, product: 1.757, gathered: 0.000, output: 127.85, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1932.0, kind: 1817.0, layer: 147.0, weight: 0.0 },
                    speed: Code { form: 1932.0, kind: 1359.0, layer: 161.0, weight: 0.0 },
                    instructions: Instructions { layer: 912.1, product: 10.253, gathered: 0.000, output: 132.33, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Unrolled,
        layer: Layer::FullyConnected,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 14.3 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 13.6 },
                    instructions: Instructions { layer: 97.1, product: 3.057, gathered: 0.000, output: 7.17, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 10.3 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 10.2 },
                    instructions: Instructions { layer: 22.7, product: 4.904, gathered: 0.000, output: 47.74, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 9.4 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 9.6 },
                    instructions: Instructions { layer: 9.9, product: 2.997, gathered: 0.000, output: 11.31, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 9.4 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 9.6 },
                    instructions: Instructions { layer: 10.1, product: 2.865, gathered: 0.000, output: 9.14, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 9.4 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 9.6 },
                    instructions: Instructions { layer: 10.7, product: 2.453, gathered: 0.000, output: 8.06, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 12.1 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 11.8 },
                    instructions: Instructions { layer: 0.0, product: 3.565, gathered: 2.147, output: 10.29, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Shared,
        layer: Layer::TransposeConv,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 1404.0, kind: 1085.0, layer: 213.0, weight: 0.0 },
                    speed: Code { form: 1413.0, kind: 1239.0, layer: 901.0, weight: 0.0 },
                    instructions: Instructions { layer: 186060.5, product: 2.202, gathered: 0.000, output: 120.44, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 503.0, layer: 135.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 873.0, layer: 137.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.678, gathered: 0.000, output: 385.84, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 487.0, layer: 131.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 771.0, layer: 139.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.329, gathered: 0.000, output: 226.23, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 487.0, layer: 131.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 771.0, layer: 139.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.346, gathered: 0.000, output: 230.95, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 487.0, layer: 131.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 771.0, layer: 139.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 0.000, output: 174.09, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 645.0, layer: 107.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 643.0, layer: 123.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 8.274, gathered: 0.000, output: 199.28, pass: 0.0 },
                },
            ),
        ],
    },
    Row {
        form: Kind::Specialized,
        layer: Layer::TransposeConv,
        rates: &[
            (
                CoreClass::Host,
                Rate {
                    size: Code { form: 340.5, kind: 2128.5, layer: 281.0, weight: 0.0 },
                    speed: Code { form: 132.0, kind: 2500.0, layer: 985.0, weight: 0.0 },
                    instructions: Instructions { layer: 186058.2, product: 2.202, gathered: 0.000, output: 120.45, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 112.0, kind: 1045.0, layer: 169.0, weight: 0.0 },
                    speed: Code { form: 122.0, kind: 1453.0, layer: 167.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.678, gathered: 0.000, output: 385.85, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 388.0, kind: 717.0, layer: 185.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1071.0, layer: 195.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.329, gathered: 0.000, output: 226.23, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 388.0, kind: 717.0, layer: 185.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1071.0, layer: 195.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.346, gathered: 0.000, output: 230.96, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 388.0, kind: 717.0, layer: 185.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1071.0, layer: 195.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 0.000, output: 174.10, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 682.0, kind: 963.0, layer: 201.0, weight: 0.0 },
                    speed: Code { form: 634.0, kind: 1071.0, layer: 209.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 8.275, gathered: 0.000, output: 199.33, pass: 0.0 },
                },
            ),
        ],
    },
];
