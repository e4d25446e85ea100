//! What a step costs in each form: bytes and instructions, from a table of rates and the step's own numbers of products, outputs
//! and elements.

mod table;

use crate::lower::{self, ConstId, Constant, Int16, Kernel, Step};
use crate::options::{CoreClass, FormKind as Kind};
use tinybake_runtime::kernels::Dims;

/// What a form of a step is estimated to take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Bytes of code and constants that only this step needs.
    pub bytes: f64,
    /// Instructions of one inference.
    pub instructions: f64,
}

/// Layers of like cost: those with weights, by what their kernels do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Convolutions that are not [`Layer::Pointwise`].
    Conv2d,
    /// Depthwise convolutions.
    DepthwiseConv2d,
    /// Fully connected layers of several rows, and 1x1 convolutions of stride 1.
    Pointwise,
    /// Fully connected layers of one row.
    FullyConnected,
    /// Transposed convolutions.
    TransposeConv,
}

/// What one inference does in a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Multiply-accumulates; in forms that skip weights that are zero, those with the others.
    pub products: f64,
    /// Elements of the input that are read for the first output channel, as often as they are.
    pub gathered: f64,
    /// Elements of the output.
    pub outputs: f64,
    /// Channels of the output.
    pub channels: f64,
}

/// What a form of a kind of layer costs on a kind of core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Bytes of code that all layers of the form share.
    pub once: f64,
    /// Bytes of code that a layer adds.
    pub bytes: f64,
    /// Bytes of code that a weight that is not zero adds: where layers are unrolled.
    pub weight: f64,
    /// Instructions that a layer takes, whatever its size.
    pub layer: f64,
    /// Instructions of a product.
    pub product: f64,
    /// Instructions of an element that is gathered.
    pub gathered: f64,
    /// Instructions of an output.
    pub output: f64,
    /// Instructions of an output channel, whatever its size.
    pub channel: f64,
}

/// A row of the table: a form of a kind of layer, and the fields of its [`Rate`] on each kind of core.
type Row = (Kind, Layer, [Option<[f64; 8]>; CORES.len()]);

/// Kinds of cores that have rates, in the order of the table's columns.
pub const CORES: [CoreClass; 5] = [CoreClass::Armv6M, CoreClass::Armv7M, CoreClass::Dsp, CoreClass::Mve, CoreClass::Riscv32];

impl Layer {
    /// The kind of a kernel's layer, of which those of 16 bits are taken for those of 8; `None` for kernels without weights.
    pub fn of(kernel: &Kernel) -> Option<Self> {
        if let Kernel::Int16(kernel) = kernel {
            return Self::of_int16(kernel);
        }
        Some(match kernel.layer()?.0 {
            lower::Layer::Conv2d(_) => Layer::Conv2d,
            lower::Layer::DepthwiseConv2d(_) => Layer::DepthwiseConv2d,
            lower::Layer::FullyConnected(params) if params.rows == 1 => Layer::FullyConnected,
            lower::Layer::FullyConnected(_) => Layer::Pointwise,
            lower::Layer::TransposeConv(_) => Layer::TransposeConv,
        })
    }

    fn of_int16(kernel: &Int16) -> Option<Self> {
        match kernel {
            Int16::Conv2d { .. } => Some(Layer::Conv2d),
            Int16::DepthwiseConv2d { .. } => Some(Layer::DepthwiseConv2d),
            Int16::FullyConnected { params, .. } if params.rows == 1 => Some(Layer::FullyConnected),
            Int16::FullyConnected { .. } => Some(Layer::Pointwise),
            Int16::TransposeConv { .. } => Some(Layer::TransposeConv),
            Int16::AveragePool2d(_)
            | Int16::MaxPool2d(_)
            | Int16::Binary { .. }
            | Int16::Rectifier(_)
            | Int16::Logistic(_)
            | Int16::Tanh(_)
            | Int16::Softmax(_) => None,
        }
    }

    /// The kind of layer whose code its kernels are: one row is computed by the code for several.
    pub(super) fn code(self) -> Self {
        match self {
            Layer::FullyConnected => Layer::Pointwise,
            Layer::Conv2d | Layer::DepthwiseConv2d | Layer::Pointwise | Layer::TransposeConv => self,
        }
    }
}

impl Work {
    /// What `step` does in a form; `constants` are those of its program.
    pub fn of(step: &Step, kind: Kind, constants: &[Constant]) -> Self {
        let product = |dims: &[u16]| dims.iter().map(|&dim| f64::from(dim)).product::<f64>();
        let image = |dims: Dims| product(&[dims.height, dims.width, dims.channels]);
        let (outputs, channels, gathered) = match (&step.kernel, step.kernel.layer()) {
            // Of their forms none copies what it reads.
            (Kernel::Int16(kernel), _) => (kernel.outputs().unwrap_or(0.0), 1.0, 0.0),
            (_, None) => return Self::default(),
            (_, Some((layer, _))) => match layer {
                lower::Layer::Conv2d(p) => {
                    let taps = product(&[p.output.height, p.output.width, p.kernel[0], p.kernel[1], p.input.channels]);
                    (image(p.output), f64::from(p.output.channels), taps)
                }
                lower::Layer::DepthwiseConv2d(p) => (image(p.output), f64::from(p.output.channels), image(p.input)),
                lower::Layer::TransposeConv(p) => (image(p.output), f64::from(p.output.channels), image(p.input)),
                lower::Layer::FullyConnected(p) => {
                    let [rows, depth, columns] = [p.rows, p.depth, p.columns].map(f64::from);
                    (rows * columns, columns, rows * depth)
                }
            },
        };
        let left = match kind {
            Kind::SparsePairs => step.kernel.filter().map_or(1.0, |filter| paired(filter, constants)),
            Kind::Sparse | Kind::SparseLanes | Kind::Unrolled => {
                step.kernel.filter().map_or(1.0, |filter| left(filter, constants))
            }
            Kind::Shared | Kind::Specialized | Kind::Packed | Kind::Blocked | Kind::Palettized => 1.0,
        };
        Self { products: step.macs as f64 * left, gathered, outputs, channels }
    }
}

/// The part of a filter's weights that are not zero.
fn left(filter: ConstId, constants: &[Constant]) -> f64 {
    let weights = constants.get(filter.0 as usize).and_then(|constant| constant.data.as_i8()).unwrap_or(&[]);
    weights.iter().filter(|&&weight| weight != 0).count() as f64 / weights.len().max(1) as f64
}

/// The part of a filter's weights that are in pairs of four neighbours that are not both zero.
fn paired(filter: ConstId, constants: &[Constant]) -> f64 {
    let weights = constants.get(filter.0 as usize).and_then(|constant| constant.data.as_i8()).unwrap_or(&[]);
    let pairs = |four: &[i8]| four.iter().filter(|&&weight| weight != 0).count().div_ceil(2);
    2.0 * weights.chunks(4).map(pairs).sum::<usize>() as f64 / weights.len().max(1) as f64
}

/// The rate of a form of a kind of layer; `None` where the core has no such kernel. A core that is not emulated, or not known, is
/// taken for a Cortex-M3.
pub(super) fn rate(kind: Kind, layer: Layer, core: CoreClass) -> Option<Rate> {
    let core = match core {
        CoreClass::Generic | CoreClass::Host => CoreClass::Armv7M,
        CoreClass::Armv6M | CoreClass::Armv7M | CoreClass::Dsp | CoreClass::Mve | CoreClass::Riscv32 => core,
    };
    let column = CORES.iter().position(|&known| known == core)?;
    let (_, _, rates) = table::RATES.iter().find(|(form, of, _)| *form == kind && *of == layer)?;
    rates[column].map(Rate::of)
}

impl Rate {
    /// A row of the table: the fields in their order.
    const fn of([once, bytes, weight, layer, product, gathered, output, channel]: [f64; 8]) -> Self {
        Self { once, bytes, weight, layer, product, gathered, output, channel }
    }

    /// The cost of a layer that does `work`, without what it shares with others, where its constants in this form take `growth` bytes
    /// more than its plain ones.
    pub(super) fn cost(&self, work: &Work, growth: f64) -> Cost {
        let instructions = self.layer + self.product * work.products + self.gathered * work.gathered + self.output * work.outputs;
        Cost { bytes: self.bytes + self.weight * work.products + growth, instructions }
    }
}

/// The cost of a kernel without weights in the forms that it has: it matters little.
pub(super) fn without_weights(kernel: &Kernel, kind: Kind) -> Option<Cost> {
    match (kind, kernel) {
        (Kind::Shared, _) => Some(Cost { bytes: 60.0, instructions: 828.0 }),
        (
            Kind::Specialized,
            Kernel::AveragePool2d(_)
            | Kernel::MaxPool2d(_)
            | Kernel::Softmax(_)
            | Kernel::SoftmaxF32 { .. }
            | Kernel::SoftmaxReals { .. }
            | Kernel::AveragePoolReals(_),
        ) => Some(Cost { bytes: 300.0, instructions: 596.0 }),
        (Kind::Specialized, _) => Some(Cost { bytes: 120.0, instructions: 596.0 }),
        (Kind::Packed | Kind::Blocked | Kind::Sparse | Kind::SparseLanes | Kind::SparsePairs, _) => None,
        (Kind::Palettized | Kind::Unrolled, _) => None,
    }
}
