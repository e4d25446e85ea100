//! What forms of layers cost. Measured and written by `cargo test --test cost -- --ignored`.

use super::{CORES, Kind, Layer, Rate};

/// Of each form of each kind of layer, the rate on each kind of core.
pub(super) const RATES: &[(Kind, Layer, [Option<Rate>; CORES.len()])] = &[
    (
        Kind::Shared,
        Layer::Conv2d,
        [
            Some(Rate { bytes: 60.0, layer: 60.0, product: 6.00, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 2.50, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 2.50, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 1.00, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 4.00, gathered: 0.00, output: 12.00 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::Conv2d,
        [
            Some(Rate { bytes: 600.0, layer: 20.0, product: 5.20, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 600.0, layer: 20.0, product: 2.10, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 600.0, layer: 20.0, product: 1.60, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 600.0, layer: 20.0, product: 0.65, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 600.0, layer: 20.0, product: 3.00, gathered: 0.00, output: 9.00 }),
        ],
    ),
    (
        Kind::Packed,
        Layer::Conv2d,
        [
            Some(Rate { bytes: 120.0, layer: 200.0, product: 2.50, gathered: 0.00, output: 35.00 }),
            None,
            Some(Rate { bytes: 120.0, layer: 200.0, product: 0.80, gathered: 0.00, output: 12.00 }),
            None,
            None,
        ],
    ),
    (
        Kind::Blocked,
        Layer::Conv2d,
        [None, None, None, Some(Rate { bytes: 1200.0, layer: 100.0, product: 0.14, gathered: 0.00, output: 4.00 }), None],
    ),
    (
        Kind::Sparse,
        Layer::Conv2d,
        [
            Some(Rate { bytes: 420.0, layer: 200.0, product: 4.60, gathered: 20.00, output: 65.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 3.80, gathered: 9.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 2.40, gathered: 9.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 3.80, gathered: 9.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 5.20, gathered: 12.00, output: 35.00 }),
        ],
    ),
    (
        Kind::Shared,
        Layer::DepthwiseConv2d,
        [
            Some(Rate { bytes: 60.0, layer: 60.0, product: 25.00, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 17.00, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 17.00, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 17.00, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 20.00, gathered: 0.00, output: 12.00 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::DepthwiseConv2d,
        [
            Some(Rate { bytes: 900.0, layer: 20.0, product: 14.00, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 900.0, layer: 20.0, product: 7.80, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 900.0, layer: 20.0, product: 7.30, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 900.0, layer: 20.0, product: 4.00, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 900.0, layer: 20.0, product: 7.00, gathered: 0.00, output: 9.00 }),
        ],
    ),
    (
        Kind::Packed,
        Layer::DepthwiseConv2d,
        [
            Some(Rate { bytes: 120.0, layer: 200.0, product: 3.20, gathered: 0.00, output: 35.00 }),
            None,
            Some(Rate { bytes: 120.0, layer: 200.0, product: 1.00, gathered: 0.00, output: 12.00 }),
            None,
            None,
        ],
    ),
    (
        Kind::Blocked,
        Layer::DepthwiseConv2d,
        [None, None, None, Some(Rate { bytes: 1200.0, layer: 100.0, product: 1.00, gathered: 0.00, output: 4.00 }), None],
    ),
    (
        Kind::Shared,
        Layer::Pointwise,
        [
            Some(Rate { bytes: 60.0, layer: 60.0, product: 6.00, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 2.50, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 2.50, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 1.00, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 4.00, gathered: 0.00, output: 12.00 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::Pointwise,
        [
            Some(Rate { bytes: 350.0, layer: 20.0, product: 5.20, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 350.0, layer: 20.0, product: 2.10, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 350.0, layer: 20.0, product: 1.60, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 350.0, layer: 20.0, product: 0.65, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 350.0, layer: 20.0, product: 3.00, gathered: 0.00, output: 9.00 }),
        ],
    ),
    (
        Kind::Packed,
        Layer::Pointwise,
        [
            Some(Rate { bytes: 120.0, layer: 200.0, product: 2.50, gathered: 0.00, output: 35.00 }),
            None,
            Some(Rate { bytes: 120.0, layer: 200.0, product: 0.80, gathered: 0.00, output: 12.00 }),
            None,
            None,
        ],
    ),
    (
        Kind::Blocked,
        Layer::Pointwise,
        [None, None, None, Some(Rate { bytes: 1200.0, layer: 100.0, product: 0.14, gathered: 0.00, output: 4.00 }), None],
    ),
    (
        Kind::Sparse,
        Layer::Pointwise,
        [
            Some(Rate { bytes: 420.0, layer: 200.0, product: 4.60, gathered: 20.00, output: 65.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 3.80, gathered: 9.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 2.40, gathered: 9.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 3.80, gathered: 9.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 5.20, gathered: 12.00, output: 35.00 }),
        ],
    ),
    (
        Kind::Shared,
        Layer::FullyConnected,
        [
            Some(Rate { bytes: 60.0, layer: 60.0, product: 6.00, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 2.50, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 2.50, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 1.00, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 4.00, gathered: 0.00, output: 12.00 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::FullyConnected,
        [
            Some(Rate { bytes: 350.0, layer: 20.0, product: 5.20, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 350.0, layer: 20.0, product: 2.10, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 350.0, layer: 20.0, product: 2.10, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 350.0, layer: 20.0, product: 0.65, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 350.0, layer: 20.0, product: 3.00, gathered: 0.00, output: 9.00 }),
        ],
    ),
    (
        Kind::Packed,
        Layer::FullyConnected,
        [
            Some(Rate { bytes: 120.0, layer: 200.0, product: 2.50, gathered: 0.00, output: 35.00 }),
            None,
            Some(Rate { bytes: 120.0, layer: 200.0, product: 0.80, gathered: 0.00, output: 12.00 }),
            None,
            None,
        ],
    ),
    (
        Kind::Blocked,
        Layer::FullyConnected,
        [None, None, None, Some(Rate { bytes: 1200.0, layer: 100.0, product: 0.14, gathered: 0.00, output: 4.00 }), None],
    ),
    (
        Kind::Sparse,
        Layer::FullyConnected,
        [
            Some(Rate { bytes: 420.0, layer: 200.0, product: 9.00, gathered: 0.00, output: 65.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 8.00, gathered: 0.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 8.00, gathered: 0.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 8.00, gathered: 0.00, output: 30.00 }),
            Some(Rate { bytes: 420.0, layer: 200.0, product: 9.00, gathered: 0.00, output: 35.00 }),
        ],
    ),
    (
        Kind::Unrolled,
        Layer::FullyConnected,
        [
            Some(Rate { bytes: 20.0, layer: 0.0, product: 2.60, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 20.0, layer: 0.0, product: 2.00, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 20.0, layer: 0.0, product: 2.00, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 20.0, layer: 0.0, product: 1.50, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 20.0, layer: 0.0, product: 2.60, gathered: 0.00, output: 9.00 }),
        ],
    ),
    (
        Kind::Shared,
        Layer::TransposeConv,
        [
            Some(Rate { bytes: 60.0, layer: 60.0, product: 6.00, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 2.50, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 2.50, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 1.00, gathered: 0.00, output: 12.00 }),
            Some(Rate { bytes: 60.0, layer: 60.0, product: 4.00, gathered: 0.00, output: 12.00 }),
        ],
    ),
    (
        Kind::Specialized,
        Layer::TransposeConv,
        [
            Some(Rate { bytes: 600.0, layer: 20.0, product: 5.20, gathered: 0.00, output: 75.00 }),
            Some(Rate { bytes: 600.0, layer: 20.0, product: 2.10, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 600.0, layer: 20.0, product: 1.60, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 600.0, layer: 20.0, product: 0.65, gathered: 0.00, output: 9.00 }),
            Some(Rate { bytes: 600.0, layer: 20.0, product: 3.00, gathered: 0.00, output: 9.00 }),
        ],
    ),
];
