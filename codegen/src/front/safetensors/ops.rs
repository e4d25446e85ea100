//! One operation of the topology to one of the graph.

use super::build::{Builder, Meaning, Stop};
use super::error::{NativeError, clip};
use super::topology::{
    Along, Binary, Concatenation, Convolution, Flatten, FullyConnected, Layout, LeakyRelu, Mirror, MirrorPad, Output, Pack, Pad,
    Pool, Prelu, Reduce, Resize, Slice, Softmax, Spec, Transpose, Unary,
};
use super::values::{Operand, Padding, Pair};
use super::weights::Turn;
use crate::ir::{
    Activation, BinaryKind, DType, Graph, MirrorMode, Op, PoolKind, ReduceKind, ResizeMode, Shape, TensorId, UnaryKind, Window,
};

/// An op, and the shapes that the topology states for its outputs or that its attributes imply.
pub(super) struct Built {
    pub(super) op: Op,
    pub(super) shapes: Vec<Option<Shape>>,
}

/// Builds op number `index`.
pub(super) fn build(b: &mut Builder<'_, '_>, index: usize, spec: Spec, outputs: &[Output]) -> Result<Built, Stop> {
    let mut shapes = Vec::with_capacity(outputs.len());
    for output in outputs {
        let sized = |dim: &i64| usize::try_from(*dim).ok();
        let shape = match &output.shape {
            Some(dims) if matches!(spec, Spec::Reshape(_)) => Some(reshaped(b, index, &spec, dims)?),
            Some(dims) => Some(dims.iter().map(sized).collect::<Option<Vec<_>>>().ok_or_else(|| NativeError::WrongShape {
                name: clip(&output.name),
                expected: "no negative dimension".into(),
                given: clip(&format!("{dims:?}")),
            })?),
            None => None,
        };
        shapes.push(shape.map(Shape));
    }
    let op = match spec {
        Spec::Conv2d(spec) => convolution(b, index, spec, Kind::Conv2d, &mut shapes)?,
        Spec::DepthwiseConv2d(spec) => convolution(b, index, spec, Kind::Depthwise, &mut shapes)?,
        Spec::TransposeConv(spec) => convolution(b, index, spec, Kind::Transpose, &mut shapes)?,
        Spec::FullyConnected(spec) => fully_connected(b, index, spec)?,
        Spec::Add(spec) => binary(b, index, spec, BinaryKind::Add)?,
        Spec::Sub(spec) => binary(b, index, spec, BinaryKind::Sub)?,
        Spec::Mul(spec) => binary(b, index, spec, BinaryKind::Mul)?,
        Spec::Maximum(spec) => binary(b, index, spec, BinaryKind::Maximum)?,
        Spec::Minimum(spec) => binary(b, index, spec, BinaryKind::Minimum)?,
        Spec::Logistic(spec) => unary(b, index, spec, UnaryKind::Logistic)?,
        Spec::Tanh(spec) => unary(b, index, spec, UnaryKind::Tanh)?,
        Spec::Relu(spec) => unary(b, index, spec, UnaryKind::Relu)?,
        Spec::Relu6(spec) => unary(b, index, spec, UnaryKind::Relu6)?,
        Spec::ReluN1To1(spec) => unary(b, index, spec, UnaryKind::ReluN1To1)?,
        Spec::HardSwish(spec) => unary(b, index, spec, UnaryKind::HardSwish)?,
        Spec::LeakyRelu(LeakyRelu { input, alpha }) => {
            unary(b, index, Unary { input }, UnaryKind::LeakyRelu { alpha: alpha as f32 })?
        }
        Spec::Prelu(Prelu { input, alpha }) => Op::Prelu { input: b.operand(index, &input)?, alpha: b.operand(index, &alpha)? },
        Spec::AveragePool2d(spec) => pool(b, index, spec, PoolKind::Average)?,
        Spec::MaxPool2d(spec) => pool(b, index, spec, PoolKind::Max)?,
        Spec::Mean(spec) => reduce(b, index, spec, ReduceKind::Mean, &mut shapes)?,
        Spec::ReduceMax(spec) => reduce(b, index, spec, ReduceKind::Max, &mut shapes)?,
        Spec::Softmax(Softmax { input, beta }) => {
            Op::Softmax { input: b.operand(index, &input)?, beta: beta.unwrap_or(1.0) as f32 }
        }
        Spec::ArgMax(spec) => along(b, index, spec, |input, axis| Op::ArgMax { input, axis })?,
        Spec::Pad(spec) => pad(b, index, spec)?,
        Spec::MirrorPad(MirrorPad { input, before, after, mode }) => {
            let mode = match mode {
                Mirror::Reflect => MirrorMode::Reflect,
                Mirror::Symmetric => MirrorMode::Symmetric,
            };
            Op::MirrorPad { input: b.operand(index, &input)?, before, after, mode }
        }
        Spec::Concatenation(Concatenation { inputs, axis: given, activation }) => {
            let inputs = operands(b, index, &inputs)?;
            let axis = axis(given, rank(&b.graph, &inputs))?;
            Op::Concatenation { inputs, axis, activation: clamp(activation) }
        }
        Spec::Split(spec) => along(b, index, spec, |input, axis| Op::Split { input, axis })?,
        Spec::Slice(Slice { input, begin, size, stride }) => {
            let stride = stride.unwrap_or_else(|| vec![1; size.len()]);
            Op::Slice { input: b.operand(index, &input)?, begin, stride, size }
        }
        Spec::Transpose(Transpose { input, perm }) => Op::Transpose { input: b.operand(index, &input)?, perm },
        Spec::Reshape(Unary { input }) => Op::Reshape { input: b.operand(index, &input)? },
        Spec::Pack(Pack { inputs, axis: given }) => {
            let inputs = operands(b, index, &inputs)?;
            let axis = axis(given, rank(&b.graph, &inputs) + 1)?;
            Op::Pack { inputs, axis }
        }
        Spec::Unpack(spec) => along(b, index, spec, |input, axis| Op::Unpack { input, axis })?,
        Spec::Shape(Unary { input }) => Op::Shape { input: b.operand(index, &input)? },
        Spec::ResizeNearestNeighbor(spec) => resize(b, index, spec, ResizeMode::NearestNeighbor)?,
        Spec::ResizeBilinear(spec) => resize(b, index, spec, ResizeMode::Bilinear)?,
        Spec::Quantize(Unary { input }) => Op::Quantize { input: b.operand(index, &input)? },
        Spec::Dequantize(Unary { input }) => Op::Dequantize { input: b.operand(index, &input)? },
    };
    Ok(Built { op, shapes })
}

/// The axis that `given` means in a tensor of `rank` dimensions, where -1 is the last.
pub(super) fn axis(given: i64, rank: usize) -> Result<usize, NativeError> {
    let counted = if given < 0 { given.saturating_add(rank as i64) } else { given };
    usize::try_from(counted).ok().filter(|&axis| axis < rank).ok_or(NativeError::Axis { given, rank })
}

fn operands(b: &mut Builder<'_, '_>, index: usize, operands: &[Operand]) -> Result<Vec<TensorId>, Stop> {
    operands.iter().map(|operand| b.operand(index, operand)).collect()
}

fn rank(graph: &Graph, inputs: &[TensorId]) -> usize {
    inputs.first().map_or(0, |&id| graph.tensor(id).shape.rank())
}

fn clamp(activation: Option<super::values::Activation>) -> Activation {
    activation.map_or(Activation::None, |activation| activation.0)
}

fn unary(b: &mut Builder<'_, '_>, index: usize, spec: Unary, kind: UnaryKind) -> Result<Op, Stop> {
    Ok(Op::Unary { kind, input: b.operand(index, &spec.input)? })
}

fn binary(b: &mut Builder<'_, '_>, index: usize, spec: Binary, kind: BinaryKind) -> Result<Op, Stop> {
    let Binary { a, b: second, activation } = spec;
    Ok(Op::Binary { kind, a: b.operand(index, &a)?, b: b.operand(index, &second)?, activation: clamp(activation) })
}

fn along(b: &mut Builder<'_, '_>, index: usize, spec: Along, op: impl Fn(TensorId, usize) -> Op) -> Result<Op, Stop> {
    let input = b.operand(index, &spec.input)?;
    Ok(op(input, axis(spec.axis, b.graph.tensor(input).shape.rank())?))
}

fn resize(b: &mut Builder<'_, '_>, index: usize, spec: Resize, mode: ResizeMode) -> Result<Op, Stop> {
    let Resize { input, align_corners, half_pixel_centers } = spec;
    let input = b.operand(index, &input)?;
    let flag = |given: Option<bool>| given.unwrap_or(false);
    Ok(Op::Resize { mode, input, align_corners: flag(align_corners), half_pixel_centers: flag(half_pixel_centers) })
}

/// The value is an integer as stored, or a real where the input holds reals.
fn pad(b: &mut Builder<'_, '_>, index: usize, spec: Pad) -> Result<Op, Stop> {
    let Pad { input, before, after, value } = spec;
    let input = b.operand(index, &input)?;
    let tensor = b.graph.tensor(input);
    let zero_point = tensor.quantization.as_ref().map_or(0, |quantization| quantization.zero_point());
    let value = match (value, tensor.dtype) {
        (None, _) => zero_point,
        (Some(value), DType::F32) => (value as f32).to_bits() as i32,
        (Some(given), DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 | DType::Bool) => {
            let stored = given as i32;
            if f64::from(stored) != given {
                return Err(NativeError::PadValue { given }.into());
            }
            stored
        }
    };
    Ok(Op::Pad { input, before, after, value })
}

/// Axes from either end, in any order; the shape says whether they stay.
fn reduce(
    b: &mut Builder<'_, '_>,
    index: usize,
    spec: Reduce,
    kind: ReduceKind,
    shapes: &mut [Option<Shape>],
) -> Result<Op, Stop> {
    let Reduce { input, axes, keep_dims } = spec;
    let input = b.operand(index, &input)?;
    let mut dims = b.graph.tensor(input).shape.0.clone();
    let mut axes = axes.into_iter().map(|given| axis(given, dims.len())).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    if let ([shape @ None], Some(true)) = (shapes, keep_dims) {
        axes.iter().for_each(|&axis| dims[axis] = 1);
        *shape = Some(Shape(dims));
    }
    Ok(Op::Reduce { kind, input, axes })
}

fn pool(b: &mut Builder<'_, '_>, index: usize, spec: Pool, kind: PoolKind) -> Result<Op, Stop> {
    let Pool { input, kernel: Pair(kernel), stride, padding, activation } = spec;
    let input = b.operand(index, &input)?;
    let stride = stride.map_or(kernel, |Pair(stride)| stride);
    let window = window(kernel, stride, [1, 1], padding, image(&b.graph, input));
    Ok(Op::Pool2d { kind, input, window, activation: clamp(activation) })
}

/// Height and width of an image; zeros where it is none, which the inference of shapes then refuses.
fn image(graph: &Graph, id: TensorId) -> [usize; 2] {
    match graph.tensor(id).shape.0[..] {
        [_, height, width, _] => [height, width],
        _ => [0, 0],
    }
}

fn window(kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2], padding: Option<Padding>, image: [usize; 2]) -> Window {
    match padding.unwrap_or_default() {
        Padding::Same => Window::same(kernel, stride, dilation, image),
        Padding::Valid => Window::valid(kernel, stride, dilation),
        Padding::Explicit([top, bottom, left, right]) => {
            Window { kernel, stride, dilation, pad_before: [top, left], pad_after: [bottom, right] }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Conv2d,
    Depthwise,
    Transpose,
}

fn convolution(
    b: &mut Builder<'_, '_>,
    index: usize,
    spec: Convolution,
    kind: Kind,
    shapes: &mut [Option<Shape>],
) -> Result<Op, Stop> {
    let Convolution { input, weights, bias, stride, padding, dilation, groups, activation } = spec;
    let input = b.operand(index, &input)?;
    let turn = match (b.layout, kind) {
        (Layout::Torch, Kind::Conv2d) => Turn::Convolution,
        (Layout::Torch, Kind::Depthwise | Kind::Transpose) => Turn::FirstLast,
        (Layout::Tflite, _) => Turn::None,
    };
    let axis = if kind == Kind::Depthwise { 3 } else { 0 };
    let filter = b.weights(index, &weights, turn, axis)?;
    let bias = b.bias(index, bias.as_ref())?;
    let Shape(dims) = &b.graph.tensor(filter).shape;
    let &[out, kernel_h, kernel_w, depth] = &dims[..] else {
        let expected = "4 dimensions".into();
        return Err(NativeError::WrongShape { name: clip(&weights.name), expected, given: format!("{dims:?}") }.into());
    };
    let channels = b.graph.tensor(input).shape.0.get(3).copied().unwrap_or(0);
    let (per_group, known) = match kind {
        Kind::Conv2d => (channels / groups.unwrap_or(1).max(1), depth),
        Kind::Depthwise => (1, out),
        Kind::Transpose => (channels, depth),
    };
    if per_group != known && channels != 0 {
        let expected = match (kind, b.layout) {
            (Kind::Conv2d, Layout::Torch) => format!("[{out}, {per_group}, {kernel_h}, {kernel_w}]"),
            (Kind::Conv2d, Layout::Tflite) => format!("[{out}, {kernel_h}, {kernel_w}, {per_group}]"),
            (Kind::Depthwise, Layout::Torch) => format!("[{depth}, 1, {kernel_h}, {kernel_w}]"),
            (Kind::Depthwise, Layout::Tflite) => format!("[1, {kernel_h}, {kernel_w}, {depth}]"),
            (Kind::Transpose, Layout::Torch) => format!("[{per_group}, {out}, {kernel_h}, {kernel_w}]"),
            (Kind::Transpose, Layout::Tflite) => format!("[{out}, {kernel_h}, {kernel_w}, {per_group}]"),
        };
        let given = b.store.entry(&weights.name).map_or_else(|_| format!("{dims:?}"), |entry| format!("{:?}", entry.shape));
        return Err(NativeError::WrongShape { name: clip(&weights.name), expected, given }.into());
    }
    let (stride, dilation) = (stride.map_or([1, 1], |Pair(stride)| stride), dilation.map_or([1, 1], |Pair(dilation)| dilation));
    let activation = clamp(activation);
    let seen = image(&b.graph, input);
    let make = |image| window([kernel_h, kernel_w], stride, dilation, padding, image);
    Ok(match kind {
        Kind::Conv2d => Op::Conv2d { input, filter, bias, window: make(seen), activation },
        Kind::Depthwise => Op::DepthwiseConv2d { input, filter, bias, window: make(seen), activation },
        Kind::Transpose => {
            if let ([shape @ None], Some(Padding::Same)) = (&mut *shapes, padding) {
                let grown = [seen[0].saturating_mul(stride[0]), seen[1].saturating_mul(stride[1])];
                *shape = Some(Shape(vec![1, grown[0], grown[1], out]));
            }
            let made = match shapes {
                [Some(Shape(dims))] => dims.get(1).copied().zip(dims.get(2).copied()),
                _ => None,
            };
            let made = made.map_or(seen, |(height, width)| [height, width]);
            Op::TransposeConv { input, filter, bias, window: make(made), activation }
        }
    })
}

fn fully_connected(b: &mut Builder<'_, '_>, index: usize, spec: FullyConnected) -> Result<Op, Stop> {
    let FullyConnected { input, weights, bias, flatten, activation } = spec;
    let input = b.operand(index, &input)?;
    // Weights that are not there are told before the order of their columns is judged.
    let (columns, stored) = match b.meaning(index, &weights)? {
        Meaning::Activation(id) => (b.graph.tensor(id).shape.0.get(1).copied(), false),
        Meaning::Stored => (b.store.entry(&weights.name)?.shape.get(1).copied(), true),
    };
    let columns = columns.unwrap_or(0);
    let image = b.images.get(input).filter(|image| stored && Shape(image.to_vec()).elements() == columns);
    let turn = match (flatten, image, b.layout) {
        (Some(Flatten::Chw), Some(image), _) => Turn::Columns { image },
        (Some(Flatten::Chw), None, _) => return Err(NativeError::NoImage { name: clip(&weights.name), columns }.into()),
        (None, Some(image @ [height, width, channels]), Layout::Torch) if height * width > 1 && channels > 1 => {
            return Err(NativeError::FlattenOrder { name: clip(&weights.name), image }.into());
        }
        (Some(Flatten::Hwc), _, _) | (None, _, _) => Turn::None,
    };
    let filter = b.weights(index, &weights, turn, 0)?;
    let bias = b.bias(index, bias.as_ref())?;
    Ok(Op::FullyConnected { input, filter, bias, activation: clamp(activation) })
}

/// The shape of a reshape's output, whose one entry of -1 takes the elements that the others leave.
fn reshaped(b: &mut Builder<'_, '_>, index: usize, spec: &Spec, given: &[i64]) -> Result<Vec<usize>, Stop> {
    let Spec::Reshape(Unary { input }) = spec else { return Ok(Vec::new()) };
    let input = b.operand(index, input)?;
    let elements = b.graph.tensor(input).shape.elements();
    let others = given.iter().filter(|&&dim| dim != -1).fold(1i64, |product, &dim| product.saturating_mul(dim));
    let rest = usize::try_from(others).ok().and_then(|others| elements.checked_div(others)).unwrap_or(0);
    let open = given.iter().filter(|&&dim| dim == -1).count();
    let dims: Option<Vec<usize>> =
        given.iter().map(|&dim| if dim == -1 && open == 1 { Some(rest) } else { usize::try_from(dim).ok() }).collect();
    dims.ok_or_else(|| {
        let expected = format!("dimensions of {elements} elements, at most one of them -1");
        let name = clip(&b.graph.tensor(input).name);
        NativeError::WrongShape { name, expected, given: clip(&format!("{given:?}")) }.into()
    })
}
