//! What a step costs in each form: bytes and instructions, from a table of rates and the step's own numbers of products, outputs
//! and elements.

mod table;

use crate::lower::{self, ConstId, Constant, Int16, Kernel, Step};
use crate::options::{CoreClass, FormKind as Kind, Optimize};
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
    /// Passes of the loop around the inner ones: rows of windows, for each pixel, in convolutions; output channels in other layers.
    pub passes: f64,
}

/// What a form of a kind of layer costs on a kind of core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Flash of code that is compiled for size (`opt-level = "s"`), as [`Optimize::Size`] assumes.
    pub size: Code,
    /// Flash of code that is compiled for speed (`opt-level = 3`), as the other settings assume.
    pub speed: Code,
    /// Instructions, compiled for speed.
    pub instructions: Instructions,
}

/// Bytes of flash that a form takes beyond the constants of its layers: code, tables of the kernel's own, and padding.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Code {
    /// Shared by all layers of the form, of whatever kind.
    pub form: f64,
    /// Shared by all layers of the form that are of one kind.
    pub kind: f64,
    /// Of each layer.
    pub layer: f64,
    /// Of each nonzero weight: where layers are unrolled.
    pub weight: f64,
}

/// Instructions of one inference of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Instructions {
    /// Of a layer, whatever its size.
    pub layer: f64,
    /// Of a product.
    pub product: f64,
    /// Of an element that is gathered.
    pub gathered: f64,
    /// Of an output.
    pub output: f64,
    /// Of a pass of the loop around the inner ones.
    pub pass: f64,
}

/// A row of the table: a form of a kind of layer, and its rates on the kinds of cores that have it.
pub(super) struct Row {
    form: Kind,
    layer: Layer,
    rates: &'static [(CoreClass, Rate)],
}

/// Kinds of cores that have rates.
pub const CORES: [CoreClass; 6] =
    [CoreClass::Host, CoreClass::Armv6M, CoreClass::Armv7M, CoreClass::Dsp, CoreClass::Mve, CoreClass::Riscv32];

impl Layer {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Conv2d, Self::DepthwiseConv2d, Self::Pointwise, Self::FullyConnected, Self::TransposeConv];

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
    /// What `step` does in a form on a core; `constants` are those of its program.
    pub fn of(step: &Step, kind: Kind, core: CoreClass, constants: &[Constant]) -> Self {
        let product = |dims: &[u16]| dims.iter().map(|&dim| f64::from(dim)).product::<f64>();
        let image = |dims: Dims| product(&[dims.height, dims.width, dims.channels]);
        let (outputs, passes, gathered) = match (&step.kernel, step.kernel.layer()) {
            // Of their forms none copies what it reads.
            (Kernel::Int16(kernel), _) => (kernel.outputs().unwrap_or(0.0), 1.0, 0.0),
            (_, None) => return Self::default(),
            (_, Some((layer, _))) => match layer {
                lower::Layer::Conv2d(p) => {
                    let rows = product(&[p.output.height, p.output.width, p.kernel[0]]);
                    (image(p.output), rows, rows * product(&[p.kernel[1], p.input.channels]))
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
        let whole = whole_passes(step, kind, core);
        Self { products: step.macs as f64 * left * whole, gathered, outputs: outputs * whole, passes }
    }
}

/// How often a kernel that makes several pixels at a time computes for each pixel that there is, since its last pass takes as long with
/// fewer pixels.
fn whole_passes(step: &Step, kind: Kind, core: CoreClass) -> f64 {
    let pixels = match step.kernel.layer() {
        Some((lower::Layer::Conv2d(p), _)) => usize::from(p.output.height) * usize::from(p.output.width),
        Some((lower::Layer::FullyConnected(p), _)) if p.rows > 1 => p.rows as usize,
        Some(_) | None => return 1.0,
    };
    let pass = pixels_of_pass(kind, core).unwrap_or(1);
    pixels.next_multiple_of(pass) as f64 / pixels.max(1) as f64
}

/// Pixels that one pass of a kernel of this form makes; `None` where that is not more than one.
pub(super) fn pixels_of_pass(kind: Kind, core: CoreClass) -> Option<usize> {
    match (kind, core) {
        (Kind::SparseLanes | Kind::Packed, CoreClass::Armv6M) => Some(8),
        (Kind::SparseLanes, CoreClass::Riscv32) => Some(14),
        (Kind::SparseLanes | Kind::SparsePairs, _) | (Kind::Packed, CoreClass::Riscv32) => Some(6),
        (Kind::Packed, CoreClass::Dsp) => Some(2),
        (Kind::Packed | Kind::Shared | Kind::Specialized | Kind::Blocked, _) => None,
        (Kind::Sparse | Kind::Palettized | Kind::Unrolled, _) => None,
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

/// The rate of a form of a kind of layer; `None` where the core has no such kernel. A core that is not known is taken for a
/// Cortex-M3.
pub(super) fn rate(kind: Kind, layer: Layer, core: CoreClass) -> Option<&'static Rate> {
    let core = if core == CoreClass::Generic { CoreClass::Armv7M } else { core };
    let row = table::RATES.iter().find(|row| row.form == kind && row.layer == layer)?;
    row.rates.iter().find(|(of, _)| *of == core).map(|(_, rate)| rate)
}

impl Rate {
    /// Flash as code is compiled for a setting.
    pub fn code(&self, optimize: Optimize) -> &Code {
        match optimize {
            Optimize::Size => &self.size,
            Optimize::Speed | Optimize::Balanced => &self.speed,
        }
    }

    /// The cost of a layer that does `work`, without the code that it shares with others, where its constants in this form take
    /// `growth` bytes more than its plain ones.
    pub(super) fn cost(&self, work: &Work, growth: f64, optimize: Optimize) -> Cost {
        let Instructions { layer, product, gathered, output, pass } = self.instructions;
        let inner = product * work.products + gathered * work.gathered;
        let code = self.code(optimize);
        Cost {
            bytes: code.layer + code.weight * work.products + growth,
            instructions: layer + inner + output * work.outputs + pass * work.passes,
        }
    }
}

/// The cost of a kernel without weights in the forms that it has, of so many outputs and one of so many of its name: measured on a
/// Cortex-M4, since it matters little.
pub(super) fn without_weights(kernel: &Kernel, kind: Kind, optimize: Optimize, outputs: f64, uses: usize) -> Option<Cost> {
    // Of shared code each step takes its part.
    let part = |bytes: f64| bytes / uses.max(1) as f64;
    let of_size = |shared: f64, specialized: f64, for_speed: [f64; 2]| match optimize {
        Optimize::Size => [shared, specialized],
        Optimize::Speed | Optimize::Balanced => for_speed,
    };
    let ([shared, specialized], slower) = match kernel {
        Kernel::AveragePool2d(_) | Kernel::MaxPool2d(_) | Kernel::AveragePoolReals(_) => {
            (of_size(60.0, 300.0, [64.0 + part(40.0), 100.0]), 0.0)
        }
        Kernel::Softmax(_) | Kernel::SoftmaxF32 { .. } | Kernel::SoftmaxReals { .. } => {
            (of_size(60.0, 300.0, [64.0 + part(40.0), 100.0]), 0.0)
        }
        // Where scales are literals, most of what they do to an element is folded.
        Kernel::Binary { .. } => (of_size(60.0, 120.0, [198.0 + part(150.0), 316.0]), 29.0),
        _ => (of_size(60.0, 120.0, [60.0 + part(60.0), 120.0]), 0.0),
    };
    match kind {
        Kind::Shared => Some(Cost { bytes: shared, instructions: 100.0 + slower * outputs }),
        Kind::Specialized => Some(Cost { bytes: specialized, instructions: 0.0 }),
        Kind::Packed | Kind::Blocked | Kind::Sparse | Kind::SparseLanes | Kind::SparsePairs => None,
        Kind::Palettized | Kind::Unrolled => None,
    }
}

/// Bytes of code that kernels without weights of one name take together in either form.
pub(super) fn code_without_weights(kernel: &Kernel, optimize: Optimize) -> f64 {
    let (for_size, for_speed) = match kernel {
        Kernel::AveragePool2d(_) | Kernel::MaxPool2d(_) | Kernel::AveragePoolReals(_) => (400.0, 1850.0),
        Kernel::Softmax(_) | Kernel::SoftmaxF32 { .. } | Kernel::SoftmaxReals { .. } => (700.0, 1050.0),
        _ => (0.0, 0.0),
    };
    if optimize == Optimize::Size { for_size } else { for_speed }
}
