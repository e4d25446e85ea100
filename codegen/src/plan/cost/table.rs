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
                    instructions: Instructions { layer: 0.0, product: 2.183, gathered: 0.000, output: 79.47, pass: 168.5 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 1492.0, layer: 112.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 1822.0, layer: 114.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.950, gathered: 0.000, output: 141.29, pass: 273.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 1480.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1762.0, layer: 118.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.799, gathered: 0.000, output: 62.61, pass: 189.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 1480.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1762.0, layer: 118.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.645, gathered: 0.000, output: 69.00, pass: 187.9 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 1480.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1762.0, layer: 118.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.324, gathered: 0.000, output: 58.03, pass: 166.1 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 1678.0, layer: 132.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 1872.0, layer: 140.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.760, gathered: 0.000, output: 67.74, pass: 212.8 },
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
                    instructions: Instructions { layer: 0.0, product: 2.188, gathered: 0.000, output: 43.84, pass: 30.9 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 112.0, kind: 2812.0, layer: 908.0, weight: 0.0 },
                    speed: Code { form: 122.0, kind: 638.0, layer: 1428.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.732, gathered: 4.203, output: 102.08, pass: 60.2 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 388.0, kind: 2304.0, layer: 1604.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1368.0, layer: 1764.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.736, gathered: 3.936, output: 35.33, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 388.0, kind: 2304.0, layer: 1604.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1368.0, layer: 1764.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.332, gathered: 0.000, output: 29.61, pass: 112.9 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 388.0, kind: 2304.0, layer: 1604.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1368.0, layer: 1764.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.200, gathered: 0.000, output: 18.58, pass: 70.6 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 682.0, kind: 3222.0, layer: 1912.0, weight: 0.0 },
                    speed: Code { form: 200.0, kind: 0.0, layer: 3348.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.978, gathered: 0.000, output: 22.82, pass: 89.2 },
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
                    instructions: Instructions { layer: 0.0, product: 2.799, gathered: 0.000, output: 10.58, pass: 144.7 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 3000.0, kind: 7386.0, layer: 142.0, weight: 0.0 },
                    speed: Code { form: 3000.0, kind: 7386.0, layer: 142.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.842, gathered: 0.000, output: 9.26, pass: 94.7 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 2262.0, kind: 4686.0, layer: 242.0, weight: 0.0 },
                    speed: Code { form: 2262.0, kind: 4686.0, layer: 242.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.787, gathered: 4.590, output: 12.72, pass: 66.0 },
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
                instructions: Instructions { layer: 0.0, product: 0.172, gathered: 0.000, output: 0.00, pass: 71.4 },
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
                    instructions: Instructions { layer: 0.0, product: 6.799, gathered: 1.608, output: 51.17, pass: 134.7 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 181.0, kind: 953.5, layer: 184.5, weight: 0.0 },
                    speed: Code { form: 185.0, kind: 1465.5, layer: 208.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.681, gathered: 4.166, output: 112.11, pass: 170.2 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 0.0, kind: 1176.5, layer: 186.5, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1710.5, layer: 184.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.428, gathered: 3.242, output: 57.91, pass: 150.9 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 1176.5, layer: 186.5, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1710.5, layer: 184.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.392, gathered: 3.437, output: 51.40, pass: 148.3 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 0.0, kind: 1176.5, layer: 186.5, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1710.5, layer: 184.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.490, gathered: 2.562, output: 51.45, pass: 100.8 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 175.0, kind: 1127.5, layer: 232.5, weight: 0.0 },
                    speed: Code { form: 147.0, kind: 1401.5, layer: 246.5, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.256, gathered: 4.541, output: 51.53, pass: 69.9 },
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
                    instructions: Instructions { layer: 0.0, product: 5.155, gathered: 0.000, output: 67.15, pass: 108.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 1310.0, kind: 1418.0, layer: 140.0, weight: 0.0 },
                    speed: Code { form: 2106.0, kind: 1582.0, layer: 144.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 8.087, gathered: 14.773, output: 125.72, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 1346.0, kind: 1402.0, layer: 156.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1576.0, layer: 154.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.528, gathered: 0.000, output: 52.77, pass: 120.9 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1346.0, kind: 1402.0, layer: 156.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1576.0, layer: 154.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.414, gathered: 0.000, output: 58.91, pass: 128.7 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 1346.0, kind: 1402.0, layer: 156.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1576.0, layer: 154.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.181, gathered: 0.000, output: 47.20, pass: 132.3 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1932.0, kind: 1360.0, layer: 188.0, weight: 0.0 },
                    speed: Code { form: 1932.0, kind: 1416.0, layer: 212.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.272, gathered: 0.000, output: 46.20, pass: 108.5 },
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
                    instructions: Instructions { layer: 0.0, product: 1.380, gathered: 32.882, output: 32.76, pass: 109.9 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1716.0, kind: 2334.0, layer: 168.0, weight: 0.0 },
                    speed: Code { form: 1716.0, kind: 2334.0, layer: 168.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.836, gathered: 22.758, output: 15.65, pass: 78.5 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 3134.0, kind: 1375.0, layer: 241.0, weight: 0.0 },
                    speed: Code { form: 3134.0, kind: 1375.0, layer: 241.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.987, gathered: 16.309, output: 18.38, pass: 53.3 },
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
                instructions: Instructions { layer: 0.0, product: 0.000, gathered: 11.325, output: 18.69, pass: 176.4 },
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
                    instructions: Instructions { layer: 0.0, product: 10.283, gathered: 0.000, output: 40.16, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 490.0, layer: 118.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 1114.0, layer: 114.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 17.118, gathered: 0.000, output: 99.73, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 492.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1324.0, layer: 140.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 13.180, gathered: 0.000, output: 43.09, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 492.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1324.0, layer: 140.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 12.846, gathered: 0.000, output: 43.76, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 492.0, layer: 120.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 1324.0, layer: 140.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.602, gathered: 0.000, output: 40.58, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 388.0, layer: 138.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 550.0, layer: 146.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 12.389, gathered: 0.000, output: 51.65, pass: 0.0 },
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
                    instructions: Instructions { layer: 0.0, product: 6.573, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 112.0, kind: 140.0, layer: 1452.0, weight: 0.0 },
                    speed: Code { form: 122.0, kind: 484.0, layer: 1010.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 16.863, gathered: 0.000, output: 0.00, pass: 127.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 388.0, kind: 92.0, layer: 1092.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 700.0, layer: 1772.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.792, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 388.0, kind: 92.0, layer: 1092.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 700.0, layer: 1772.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.330, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 388.0, kind: 92.0, layer: 1092.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 700.0, layer: 1772.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.334, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 244.0, kind: 0.0, layer: 1564.0, weight: 0.0 },
                    speed: Code { form: 634.0, kind: 2474.0, layer: 1012.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 9.082, gathered: 0.000, output: 0.00, pass: 0.0 },
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
                    instructions: Instructions { layer: 0.0, product: 7.378, gathered: 6.199, output: 0.00, pass: 867.7 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 3000.0, kind: 2234.0, layer: 166.0, weight: 0.0 },
                    speed: Code { form: 3000.0, kind: 2234.0, layer: 166.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 3.782, output: 19.77, pass: 320.1 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 2262.0, kind: 2642.0, layer: 204.0, weight: 0.0 },
                    speed: Code { form: 2262.0, kind: 2642.0, layer: 204.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.825, gathered: 5.652, output: 0.00, pass: 301.6 },
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
                instructions: Instructions { layer: 0.0, product: 1.438, gathered: 0.000, output: 0.00, pass: 0.0 },
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
                    instructions: Instructions { layer: 0.0, product: 2.015, gathered: 2.220, output: 81.75, pass: 56.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 356.0, layer: 100.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 460.0, layer: 100.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.566, gathered: 3.691, output: 148.99, pass: 97.6 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 494.0, layer: 98.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 502.0, layer: 106.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.595, gathered: 3.152, output: 67.77, pass: 79.4 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 494.0, layer: 98.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 502.0, layer: 106.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.404, gathered: 3.132, output: 75.33, pass: 83.9 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 494.0, layer: 98.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 502.0, layer: 106.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 2.757, output: 67.82, pass: 78.5 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 620.0, layer: 114.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 602.0, layer: 122.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.426, gathered: 4.103, output: 74.76, pass: 101.6 },
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
                    instructions: Instructions { layer: 0.0, product: 2.069, gathered: 0.000, output: 45.67, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 112.0, kind: 6.0, layer: 310.0, weight: 0.0 },
                    speed: Code { form: 122.0, kind: 8.0, layer: 450.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.743, gathered: 0.546, output: 103.78, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 388.0, kind: 590.0, layer: 654.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 320.0, layer: 844.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.738, gathered: 0.545, output: 34.67, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 388.0, kind: 590.0, layer: 654.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 320.0, layer: 844.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.986, gathered: 1.485, output: 31.99, pass: 78.8 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 388.0, kind: 590.0, layer: 654.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 320.0, layer: 844.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.111, gathered: 0.221, output: 23.20, pass: 26.3 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 682.0, kind: 402.0, layer: 804.0, weight: 0.0 },
                    speed: Code { form: 634.0, kind: 408.0, layer: 998.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.841, gathered: 0.000, output: 25.02, pass: 113.4 },
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
                    instructions: Instructions { layer: 0.0, product: 1.949, gathered: 6.536, output: 28.77, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 3000.0, kind: 3658.0, layer: 138.0, weight: 0.0 },
                    speed: Code { form: 3000.0, kind: 3658.0, layer: 138.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.717, gathered: 2.428, output: 8.64, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 2262.0, kind: 2924.0, layer: 202.0, weight: 0.0 },
                    speed: Code { form: 2262.0, kind: 2924.0, layer: 202.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.704, gathered: 3.399, output: 15.04, pass: 23.2 },
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
                instructions: Instructions { layer: 0.0, product: 0.090, gathered: 0.000, output: 4.01, pass: 16.9 },
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
                    instructions: Instructions { layer: 0.0, product: 6.743, gathered: 0.000, output: 50.60, pass: 584.1 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 181.0, kind: 853.0, layer: 168.0, weight: 0.0 },
                    speed: Code { form: 185.0, kind: 1593.0, layer: 180.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.243, gathered: 4.585, output: 114.68, pass: 571.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 0.0, kind: 1000.0, layer: 154.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1650.0, layer: 168.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.236, gathered: 2.030, output: 61.09, pass: 506.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 1000.0, layer: 154.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1650.0, layer: 168.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.247, gathered: 2.459, output: 51.80, pass: 289.4 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 0.0, kind: 1000.0, layer: 154.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 1650.0, layer: 168.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.312, gathered: 2.513, output: 50.28, pass: 462.6 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 175.0, kind: 983.0, layer: 216.0, weight: 0.0 },
                    speed: Code { form: 147.0, kind: 1281.0, layer: 226.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 5.055, gathered: 4.252, output: 49.84, pass: 535.2 },
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
                    instructions: Instructions { layer: 0.0, product: 2.612, gathered: 0.000, output: 92.35, pass: 1174.5 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 1310.0, kind: 360.0, layer: 130.0, weight: 0.0 },
                    speed: Code { form: 2106.0, kind: 336.0, layer: 130.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.109, gathered: 0.000, output: 163.38, pass: 1391.6 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 1346.0, kind: 424.0, layer: 134.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 384.0, layer: 146.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 3.142, gathered: 0.000, output: 80.41, pass: 941.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1346.0, kind: 424.0, layer: 134.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 384.0, layer: 146.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.946, gathered: 0.000, output: 87.50, pass: 1015.5 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 1346.0, kind: 424.0, layer: 134.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 384.0, layer: 146.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 0.000, output: 82.20, pass: 599.4 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1932.0, kind: 400.0, layer: 176.0, weight: 0.0 },
                    speed: Code { form: 1932.0, kind: 404.0, layer: 184.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 4.211, gathered: 0.000, output: 80.17, pass: 1118.7 },
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
                    instructions: Instructions { layer: 0.0, product: 2.269, gathered: 6.091, output: 28.45, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1716.0, kind: 1278.0, layer: 160.0, weight: 0.0 },
                    speed: Code { form: 1716.0, kind: 1278.0, layer: 160.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 1.023, gathered: 4.203, output: 13.51, pass: 13.4 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 3134.0, kind: 878.0, layer: 224.0, weight: 0.0 },
                    speed: Code { form: 3134.0, kind: 878.0, layer: 224.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 2.183, gathered: 4.920, output: 17.59, pass: 0.0 },
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
                instructions: Instructions { layer: 0.0, product: 0.700, gathered: 7.455, output: 16.57, pass: 0.0 },
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
                    instructions: Instructions { layer: 0.0, product: 3.790, gathered: 0.000, output: 97.24, pass: 0.0 },
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
                    instructions: Instructions { layer: 6.0, product: 1.586, gathered: 0.000, output: 32.87, pass: 0.0 },
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
                instructions: Instructions { layer: 346.6, product: 0.913, gathered: 2.138, output: 16.10, pass: 0.0 },
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
                    instructions: Instructions { layer: 0.0, product: 14.355, gathered: 0.000, output: 76.66, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 181.0, kind: 681.0, layer: 109.0, weight: 0.0 },
                    speed: Code { form: 185.0, kind: 779.0, layer: 107.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 16.926, gathered: 0.000, output: 104.60, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 0.0, kind: 756.0, layer: 115.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 828.0, layer: 111.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 12.163, gathered: 0.000, output: 39.36, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 756.0, layer: 115.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 828.0, layer: 111.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 10.614, gathered: 0.000, output: 41.11, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 0.0, kind: 756.0, layer: 115.0, weight: 0.0 },
                    speed: Code { form: 0.0, kind: 828.0, layer: 111.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 11.595, gathered: 0.000, output: 38.13, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 175.0, kind: 889.0, layer: 139.0, weight: 0.0 },
                    speed: Code { form: 147.0, kind: 1111.0, layer: 141.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 13.113, gathered: 0.000, output: 45.02, pass: 0.0 },
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
                    instructions: Instructions { layer: 930.9, product: 9.910, gathered: 0.000, output: 271.42, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 1346.0, kind: 1689.0, layer: 121.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1011.0, layer: 127.0, weight: 0.0 },
                    instructions: Instructions { layer: 686.3, product: 7.906, gathered: 0.000, output: 135.14, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 1346.0, kind: 1689.0, layer: 121.0, weight: 0.0 },
                    speed: Code { form: 2086.0, kind: 1011.0, layer: 127.0, weight: 0.0 },
                    instructions: Instructions { layer: 653.4, product: 6.833, gathered: 0.000, output: 141.05, pass: 0.0 },
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
                    instructions: Instructions { layer: 9.9, product: 2.996, gathered: 0.000, output: 11.31, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 9.4 },
                    speed: Code { form: 0.0, kind: 0.0, layer: 0.0, weight: 9.6 },
                    instructions: Instructions { layer: 10.1, product: 2.864, gathered: 0.000, output: 9.14, pass: 0.0 },
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
                    instructions: Instructions { layer: 436115.3, product: 0.000, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 656.0, kind: 503.0, layer: 135.0, weight: 0.0 },
                    speed: Code { form: 688.0, kind: 873.0, layer: 137.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.411, gathered: 0.000, output: 409.11, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 640.0, kind: 487.0, layer: 131.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 771.0, layer: 139.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.221, gathered: 0.000, output: 236.40, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 640.0, kind: 487.0, layer: 131.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 771.0, layer: 139.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.243, gathered: 0.000, output: 240.65, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 640.0, kind: 487.0, layer: 131.0, weight: 0.0 },
                    speed: Code { form: 728.0, kind: 771.0, layer: 139.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 0.000, output: 176.10, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 1058.0, kind: 645.0, layer: 107.0, weight: 0.0 },
                    speed: Code { form: 1096.0, kind: 643.0, layer: 123.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 8.102, gathered: 0.000, output: 217.27, pass: 0.0 },
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
                    instructions: Instructions { layer: 436123.0, product: 0.000, gathered: 0.000, output: 0.00, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv6M,
                Rate {
                    size: Code { form: 112.0, kind: 1045.0, layer: 169.0, weight: 0.0 },
                    speed: Code { form: 122.0, kind: 1453.0, layer: 167.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 7.412, gathered: 0.000, output: 409.12, pass: 0.0 },
                },
            ),
            (
                CoreClass::Armv7M,
                Rate {
                    size: Code { form: 388.0, kind: 717.0, layer: 185.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1071.0, layer: 195.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.221, gathered: 0.000, output: 236.40, pass: 0.0 },
                },
            ),
            (
                CoreClass::Dsp,
                Rate {
                    size: Code { form: 388.0, kind: 717.0, layer: 185.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1071.0, layer: 195.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 6.243, gathered: 0.000, output: 240.66, pass: 0.0 },
                },
            ),
            (
                CoreClass::Mve,
                Rate {
                    size: Code { form: 388.0, kind: 717.0, layer: 185.0, weight: 0.0 },
                    speed: Code { form: 408.0, kind: 1071.0, layer: 195.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 0.000, gathered: 0.000, output: 176.11, pass: 0.0 },
                },
            ),
            (
                CoreClass::Riscv32,
                Rate {
                    size: Code { form: 682.0, kind: 963.0, layer: 201.0, weight: 0.0 },
                    speed: Code { form: 634.0, kind: 1071.0, layer: 209.0, weight: 0.0 },
                    instructions: Instructions { layer: 0.0, product: 8.102, gathered: 0.000, output: 217.32, pass: 0.0 },
                },
            ),
        ],
    },
];
