//! The form of each kernel: shared, specialized or unrolled, by a cost model of bytes and instructions.

use super::blocked;
use super::packed::{self, Arranged};
use super::sparse::{self, Thinned};
use crate::lower::{ConstId, Constant, Kernel, Program, Requantizer, Step, Weights, little_endian};
use crate::options::{CoreClass, Optimize, Options};
use core::fmt;

/// How a kernel is instantiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One outlined copy for all layers of its kind, dimensions as arguments.
    Shared,
    /// Inlined with literal dimensions.
    Specialized,
    /// One outlined copy over constants in an arrangement of its own, for the core's widest multiplications.
    Packed(Packed),
    /// Inlined with literal dimensions, its constants in one stream, for cores with vectors.
    Blocked(ConstId),
    /// One outlined copy over the weights that are not zero.
    Sparse(Sparse),
    /// Straight-line code written from the weights.
    Unrolled,
}

/// What a step of the form [`Form::Packed`] is given in place of its kernel's constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The module of the runtime's `kernels` that has the kernel.
    pub module: &'static str,
    /// Weights, as words.
    pub filter: ConstId,
    /// Four numbers an output channel: what makes outputs of sums.
    pub scales: ConstId,
    /// Words of the stack that the kernel is lent.
    pub words: usize,
}

/// What a step of the form [`Form::Sparse`] is given in place of its kernel's filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sparse {
    /// Weights that are not zero, with the steps between them.
    pub filter: ConstId,
    /// Elements of the window of four pixels that the kernel is lent.
    pub window: usize,
    /// Bytes of that window.
    pub lent: usize,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Shared => "shared",
            Form::Specialized => "specialized",
            Form::Packed(_) => "packed",
            Form::Blocked(_) => "blocked",
            Form::Sparse(_) => "sparse",
            Form::Unrolled => "unrolled",
        })
    }
}

/// What a form of a step is estimated to take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Bytes of code and constants that only this step needs.
    pub bytes: f64,
    /// Instructions of one inference.
    pub instructions: f64,
}

/// Multiplications that one step may be unrolled into; above it compile time and flash grow without end.
const UNROLLED_PRODUCTS: usize = 512;

/// Inputs that an unrolled step may have: they live in registers or on the stack.
const UNROLLED_INPUTS: u32 = 32;

/// The form of a step, with what it needs.
pub(super) enum Choice {
    /// Nothing more.
    Plain(Form),
    /// The form [`Form::Packed`].
    Packed(Arranged),
    /// The form [`Form::Blocked`], with its stream.
    Blocked(Constant),
    /// The form [`Form::Sparse`].
    Sparse(Thinned),
}

impl Choice {
    /// The form, with its constants added to those of the plan, which give each an identity.
    pub(super) fn form(self, constant: &mut impl FnMut(Constant) -> ConstId) -> Form {
        match self {
            Choice::Plain(form) => form,
            Choice::Packed(Arranged { module, filter, scales, words }) => {
                Form::Packed(Packed { module, filter: constant(filter), scales: constant(scales), words })
            }
            Choice::Blocked(stream) => Form::Blocked(constant(stream)),
            Choice::Sparse(Thinned { filter, window, lent, products: _ }) => {
                Form::Sparse(Sparse { filter: constant(filter), window, lent })
            }
        }
    }
}

/// The form of each step, in order.
pub(super) fn choose(program: &Program, options: &Options) -> Vec<Choice> {
    let cheapest_total: f64 = program.steps.iter().map(|step| specialized(step, options.core).instructions).sum();
    // In balanced code, a byte is worth what it saves where it saves one part in 30,000 of an inference.
    let instructions_per_byte = match options.optimize {
        Optimize::Size => f64::INFINITY,
        Optimize::Speed => 0.0,
        Optimize::Balanced => cheapest_total / 30_000.0,
    };
    let score = |cost: Cost| match options.optimize {
        Optimize::Size => cost.bytes,
        Optimize::Speed | Optimize::Balanced => cost.instructions + instructions_per_byte * cost.bytes,
    };
    let form = |step: &Step| {
        let mut best = (Form::Shared, score(shared(step, options.core)));
        let others =
            [(Form::Specialized, Some(specialized(step, options.core))), (Form::Unrolled, unrolled(program, step, options))];
        for (form, cost) in others {
            if let Some(cost) = cost.map(score).filter(|&cost| cost < best.1) {
                best = (form, cost);
            }
        }
        let mut best = (Choice::Plain(best.0), best.1);
        // One layer rarely saves what the code of the packed kernels takes.
        if options.optimize != Optimize::Size
            && let Some(arranged) = packed::arrange(program, step, options.core)
            && let cost = score(packed(program, step, &arranged))
            && cost < best.1
        {
            best = (Choice::Packed(arranged), cost);
        }
        if let Some(thinned) = sparse::thin(program, step, options.core)
            && let cost = score(sparse(program, step, &thinned, options.core))
            && cost < best.1
        {
            best = (Choice::Sparse(thinned), cost);
        }
        if let Some(stream) = (options.core == CoreClass::Mve).then(|| blocked::stream(program, step)).flatten()
            && score(blocked(step)) < best.1
        {
            best.0 = Choice::Blocked(stream);
        }
        best.0
    };
    program.steps.iter().map(form).collect()
}

/// Instructions per product of the kernels: dimensions as arguments, and as literals. Counted in an emulator.
fn per_product(kernel: &Kernel, core: CoreClass) -> (f64, f64) {
    // Products are paired over rows, of which a plain fully connected layer has one.
    let one_row = matches!(kernel, Kernel::FullyConnected { params, .. } if params.rows == 1);
    match (matches!(kernel, Kernel::DepthwiseConv2d { .. }), core) {
        (false, CoreClass::Dsp) if one_row => (2.5, 2.1),
        (false, CoreClass::Generic | CoreClass::Armv7M) => (2.5, 2.1),
        (true, CoreClass::Generic | CoreClass::Armv7M) => (17.0, 7.8),
        (false, CoreClass::Dsp) => (2.5, 1.6),
        (true, CoreClass::Dsp) => (17.0, 7.3),
        (false, CoreClass::Armv6M) => (6.0, 5.2),
        (true, CoreClass::Armv6M) => (25.0, 14.0),
        (false, CoreClass::Riscv32) => (4.0, 3.0),
        (true, CoreClass::Riscv32) => (20.0, 7.0),
        (false, CoreClass::Mve) => (1.0, 0.65),
        (true, CoreClass::Mve) => (17.0, 4.0),
        (false, CoreClass::Host) => (0.5, 0.2),
        (true, CoreClass::Host) => (4.0, 0.5),
    }
}

/// Instructions per output: `others`, or what it takes to multiply without a wider product.
fn per_output(core: CoreClass, others: f64) -> f64 {
    match core {
        CoreClass::Armv6M => 75.0,
        CoreClass::Generic | CoreClass::Host | CoreClass::Armv7M | CoreClass::Dsp | CoreClass::Mve | CoreClass::Riscv32 => others,
    }
}

fn shared(step: &Step, core: CoreClass) -> Cost {
    let elements = elements(step);
    Cost {
        bytes: 60.0,
        instructions: 60.0 + step.macs as f64 * per_product(&step.kernel, core).0 + elements * per_output(core, 12.0),
    }
}

fn specialized(step: &Step, core: CoreClass) -> Cost {
    let bytes = match &step.kernel {
        Kernel::Conv2d { .. } | Kernel::TransposeConv { .. } => 600.0,
        Kernel::DepthwiseConv2d { .. } => 900.0,
        Kernel::FullyConnected { .. } => 350.0,
        Kernel::AveragePool2d(_) | Kernel::MaxPool2d(_) | Kernel::Softmax(_) | Kernel::SoftmaxF32 { .. } => 300.0,
        Kernel::Lut(_)
        | Kernel::Binary { .. }
        | Kernel::Mean { .. }
        | Kernel::ReduceMax(_)
        | Kernel::ArgMax(_)
        | Kernel::Copy { .. }
        | Kernel::MirrorPad(_)
        | Kernel::ResizeNearestNeighbor { .. }
        | Kernel::ResizeBilinear { .. }
        | Kernel::Quantize(_)
        | Kernel::Dequantize(_)
        | Kernel::Requantize(_)
        | Kernel::View => 120.0,
    };
    Cost {
        bytes,
        instructions: 20.0 + step.macs as f64 * per_product(&step.kernel, core).1 + elements(step) * per_output(core, 9.0),
    }
}

/// The packed form; instructions were counted in an emulator, and fitted to products and outputs.
fn packed(program: &Program, step: &Step, arranged: &Arranged) -> Cost {
    let (product, output) = match (arranged.module, &step.kernel) {
        ("lanes", Kernel::DepthwiseConv2d { .. }) => (3.2, 35.0),
        ("lanes", _) => (2.5, 35.0),
        (_, Kernel::DepthwiseConv2d { .. }) => (1.0, 12.0),
        _ => (0.8, 12.0),
    };
    let bytes = |constant: &Constant| little_endian(&constant.data).len() as f64;
    let plain: f64 = step.kernel.constants().into_iter().map(|id| bytes(program.constant(id))).sum();
    let growth = bytes(&arranged.filter) + bytes(&arranged.scales) - plain;
    Cost { bytes: 120.0 + growth, instructions: 200.0 + step.macs as f64 * product + elements(step) * output }
}

/// A step that has a blocked form; counted in an emulator.
fn blocked(step: &Step) -> Cost {
    let per_product = match &step.kernel {
        Kernel::DepthwiseConv2d { .. } => 1.0,
        _ => 0.14,
    };
    Cost { bytes: 1200.0, instructions: 100.0 + step.macs as f64 * per_product + elements(step) * 4.0 }
}

/// The sparse form; instructions were counted in an emulator. Its bytes are those of its constants and, for a layer of average
/// size in a network of a few, of the code that all share.
fn sparse(program: &Program, step: &Step, thinned: &Thinned, core: CoreClass) -> Cost {
    let (one_row, pixels) = match &step.kernel {
        Kernel::FullyConnected { params, .. } => (params.rows == 1, f64::from(params.rows)),
        Kernel::Conv2d { params, .. } => (false, f64::from(params.output.height) * f64::from(params.output.width)),
        _ => return Cost { bytes: f64::INFINITY, instructions: f64::INFINITY },
    };
    // Of a product, of an element that is laid beside those of other pixels, and of an output.
    let (product, element, output) = match (core, one_row) {
        (CoreClass::Dsp, false) => (2.4, 9.0, 30.0),
        (CoreClass::Generic | CoreClass::Armv7M | CoreClass::Mve, false) => (3.8, 9.0, 30.0),
        (CoreClass::Armv6M, false) => (4.6, 20.0, 65.0),
        (CoreClass::Riscv32, false) => (5.2, 12.0, 35.0),
        (CoreClass::Host, _) => (1.2, 2.0, 10.0),
        (CoreClass::Generic | CoreClass::Armv7M | CoreClass::Dsp | CoreClass::Mve, true) => (8.0, 0.0, 30.0),
        (CoreClass::Armv6M, true) => (9.0, 0.0, 65.0),
        (CoreClass::Riscv32, true) => (9.0, 0.0, 35.0),
    };
    let dense = match &step.kernel {
        Kernel::FullyConnected { weights, .. } | Kernel::Conv2d { weights, .. } => program.constant(weights.filter).data.len(),
        _ => 0,
    };
    let growth = thinned.filter.data.len() as f64 - dense as f64;
    let products = pixels * (product * thinned.products as f64 + element * thinned.window as f64);
    Cost { bytes: 420.0 + growth, instructions: 200.0 + products + elements(step) * output }
}

/// Only fully connected steps of one row are unrolled: each weight is then used once.
fn unrolled(program: &Program, step: &Step, options: &Options) -> Option<Cost> {
    let Kernel::FullyConnected { params, weights: Weights { filter, requantizer, bias: _ } } = &step.kernel else { return None };
    match requantizer {
        Requantizer::Multiplier(_) | Requantizer::PerChannel { .. } => {}
        Requantizer::Rint(_) | Requantizer::RintPerChannel(_) => return None,
    }
    if params.rows != 1 || params.depth > UNROLLED_INPUTS {
        return None;
    }
    let products = program.constant(*filter).data.as_i8()?.iter().filter(|&&weight| weight != 0).count();
    let per_product = match options.core {
        CoreClass::Armv6M | CoreClass::Riscv32 => 2.6,
        CoreClass::Generic | CoreClass::Armv7M | CoreClass::Dsp => 2.0,
        CoreClass::Mve | CoreClass::Host => 1.5,
    };
    (products <= UNROLLED_PRODUCTS).then(|| {
        let columns = f64::from(params.columns);
        Cost {
            bytes: 20.0 + products as f64 * per_product * 3.4 + columns * 24.0,
            instructions: products as f64 * per_product + columns * per_output(options.core, 9.0),
        }
    })
}

/// Outputs of a layer, or a guess for what only moves elements: the form matters little there.
fn elements(step: &Step) -> f64 {
    match &step.kernel {
        Kernel::Conv2d { params, .. } => {
            f64::from(params.output.height) * f64::from(params.output.width) * f64::from(params.output.channels)
        }
        Kernel::DepthwiseConv2d { params, .. } => {
            f64::from(params.output.height) * f64::from(params.output.width) * f64::from(params.output.channels)
        }
        Kernel::FullyConnected { params, .. } => f64::from(params.rows) * f64::from(params.columns),
        Kernel::TransposeConv { params, .. } => {
            f64::from(params.output.height) * f64::from(params.output.width) * f64::from(params.output.channels)
        }
        Kernel::AveragePool2d(_)
        | Kernel::MaxPool2d(_)
        | Kernel::Softmax(_)
        | Kernel::SoftmaxF32 { .. }
        | Kernel::Lut(_)
        | Kernel::Binary { .. }
        | Kernel::Mean { .. }
        | Kernel::ReduceMax(_)
        | Kernel::ArgMax(_)
        | Kernel::Copy { .. }
        | Kernel::MirrorPad(_)
        | Kernel::ResizeNearestNeighbor { .. }
        | Kernel::ResizeBilinear { .. }
        | Kernel::Quantize(_)
        | Kernel::Dequantize(_)
        | Kernel::Requantize(_)
        | Kernel::View => 64.0,
    }
}
