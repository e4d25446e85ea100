//! Runs a graph of floats on the host: what a model computes before it is quantized.
//!
//! Sums are taken in `f32` in the order of LiteRT's reference kernels. Other engines take another order: results agree with
//! theirs to about `1e-6` of the largest term. Layers with integer weights and float activations (dynamic range
//! quantization) quantize what they read as LiteRT does.

mod elementwise;
mod error;
mod layer;
mod movement;
mod reduce;
mod window;

pub use error::FloatError;
use layer::Filter;
#[cfg(feature = "quantize")]
pub(crate) use layer::tap_of;
pub(super) use layer::window_of;

use crate::ir::movement as arrange;
use crate::ir::{Activation, DType, Data, Graph, Layer, Node, Op, Quantization, ResizeMode, Shape, TensorId};
use crate::valid;

/// A graph made ready to be run many times.
#[derive(Debug)]
pub struct Evaluator<'g> {
    graph: &'g Graph,
    /// For each node with weights, its filter as it is read, where it is not stored so.
    filters: Vec<Option<Filter>>,
}

impl<'g> Evaluator<'g> {
    /// Checks that the graph's structure holds together and that every op can be evaluated in floats.
    ///
    /// # Errors
    /// What [`valid::structure`] finds, or each op that computes with integers.
    pub fn new(graph: &'g Graph) -> Result<Self, crate::diag::Diagnostics> {
        Self::check(graph)?;
        let filters = graph.nodes.iter().map(|node| layer::prepare(graph, node)).collect();
        Ok(Self { graph, filters })
    }

    /// As [`Self::new`], without making anything ready.
    ///
    /// # Errors
    /// As [`Self::new`]'s.
    pub fn check(graph: &Graph) -> Result<(), crate::diag::Diagnostics> {
        valid::structure(graph)?;
        error::check(graph)
    }

    /// One inference: the outputs for the given inputs, row-major and of the model's dtypes.
    ///
    /// # Errors
    /// [`FloatError`] where the inputs are not those of the model.
    pub fn run(&self, inputs: &[Data]) -> Result<Vec<Data>, FloatError> {
        let values = self.run_all(inputs)?;
        let value = |id: &TensorId| values[id.0 as usize].clone().or_else(|| self.graph.value(*id).cloned());
        Ok(self.graph.outputs.iter().filter_map(value).collect())
    }

    /// As [`Self::run`], with the value of every tensor, by id; `None` for constants and for what no node makes.
    ///
    /// # Errors
    /// [`FloatError`] where the inputs are not those of the model.
    pub fn run_all(&self, inputs: &[Data]) -> Result<Vec<Option<Data>>, FloatError> {
        let graph = self.graph;
        if inputs.len() != graph.inputs.len() {
            return Err(FloatError::Count { expected: graph.inputs.len(), given: inputs.len() });
        }
        let mut values: Vec<Option<Data>> = vec![None; graph.tensors.len()];
        for (index, (&id, data)) in graph.inputs.iter().zip(inputs).enumerate() {
            let tensor = graph.tensor(id);
            if data.dtype() != tensor.dtype || data.len() != tensor.shape.elements() {
                let text = |dtype: DType, count: usize| format!("{}[{count}]", dtype.name());
                let expected = text(tensor.dtype, tensor.shape.elements());
                return Err(FloatError::Input { index, expected, given: text(data.dtype(), data.len()) });
            }
            values[id.0 as usize] = Some(data.clone());
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            let made = Frame { graph, node, values: &values, filter: self.filters[index].as_ref() }.run();
            for (&id, data) in node.outputs.iter().zip(made) {
                values[id.0 as usize] = Some(data);
            }
        }
        Ok(values)
    }
}

/// One node of a graph that an [`Evaluator`] takes, made ready to be run many times.
#[cfg(feature = "quantize")]
pub(crate) struct NodeRunner<'g> {
    graph: &'g Graph,
    node: &'g Node,
    filter: Option<Filter>,
}

#[cfg(feature = "quantize")]
impl<'g> NodeRunner<'g> {
    pub(crate) fn new(graph: &'g Graph, index: usize) -> Self {
        let node = &graph.nodes[index];
        Self { graph, node, filter: layer::prepare(graph, node) }
    }

    /// The node's outputs for what earlier nodes have made.
    pub(crate) fn run(&self, values: &[Option<Data>]) -> Vec<Data> {
        Frame { graph: self.graph, node: self.node, values, filter: self.filter.as_ref() }.run()
    }
}

/// One node about to be run.
struct Frame<'a> {
    graph: &'a Graph,
    node: &'a Node,
    values: &'a [Option<Data>],
    filter: Option<&'a Filter>,
}

impl Frame<'_> {
    fn data(&self, id: TensorId) -> &Data {
        const NONE: &Data = &Data::F32(Vec::new());
        self.values[id.0 as usize].as_ref().or_else(|| self.graph.value(id)).unwrap_or(NONE)
    }

    fn reals(&self, id: TensorId) -> &[f32] {
        match self.data(id) {
            Data::F32(values) => values,
            Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => &[],
        }
    }

    fn shape(&self, id: TensorId) -> &Shape {
        &self.graph.tensor(id).shape
    }

    /// The four dimensions of an image or a filter.
    fn image(&self, id: TensorId) -> [usize; 4] {
        self.shape(id).0.as_slice().try_into().unwrap_or([0; 4])
    }

    fn output(&self) -> TensorId {
        self.node.outputs[0]
    }

    /// The values of the node's outputs, in order.
    fn run(&self) -> Vec<Data> {
        match &self.node.op {
            Op::Conv2d { input: _, filter: _, bias: _, window, activation } => {
                self.layer(|layer| layer::conv2d(self, layer, window), *activation)
            }
            Op::DepthwiseConv2d { input: _, filter: _, bias: _, window, activation } => {
                self.layer(|layer| layer::depthwise_conv2d(self, layer, window), *activation)
            }
            Op::TransposeConv { input: _, filter: _, bias: _, window, activation } => {
                self.layer(|layer| layer::transpose_conv(self, layer, window), *activation)
            }
            Op::FullyConnected { input: _, filter: _, bias: _, activation } => {
                self.layer(|layer| layer::fully_connected(self, layer), *activation)
            }
            Op::Binary { kind, a, b, activation } => self.one(elementwise::binary(self, *kind, *a, *b), *activation),
            Op::Unary { kind, input } => self.one(elementwise::unary(*kind, self.reals(*input)), Activation::None),
            Op::Prelu { input, alpha } => self.one(elementwise::prelu(self, *input, *alpha), Activation::None),
            Op::Pool2d { kind, input, window, activation } => self.one(window::pool(self, *kind, *input, window), *activation),
            Op::Reduce { kind, input, axes } => {
                self.one(reduce::reduce(*kind, self.reals(*input), self.shape(*input), axes), Activation::None)
            }
            Op::Softmax { input, beta } => {
                self.one(reduce::softmax(self.reals(*input), self.shape(*input), *beta), Activation::None)
            }
            Op::ArgMax { input, axis } => {
                vec![reduce::arg_max(self.reals(*input), self.shape(*input), *axis, self.graph.tensor(self.output()).dtype)]
            }
            Op::Resize { mode, input, align_corners, half_pixel_centers } => {
                let [from, to] = [self.image(*input), self.image(self.output())];
                match mode {
                    ResizeMode::NearestNeighbor => {
                        vec![movement::nearest(self.data(*input), from, to, *align_corners, *half_pixel_centers)]
                    }
                    ResizeMode::Bilinear => {
                        let made = window::bilinear(self.reals(*input), from, to, *align_corners, *half_pixel_centers);
                        self.one(made, Activation::None)
                    }
                }
            }
            Op::Concatenation { inputs, axis, activation } => {
                let made = movement::concatenation(self, inputs, *axis);
                match made {
                    Data::F32(values) => self.one(values, *activation),
                    other => vec![other],
                }
            }
            Op::Pad { input, before, after, value } => {
                vec![movement::pad(self.data(*input), self.shape(*input), before, after, *value)]
            }
            Op::MirrorPad { input, before, after, mode } => {
                vec![movement::mirror_pad(self.data(*input), self.shape(*input), before, after, *mode)]
            }
            Op::Split { input, axis } => movement::split(self, *input, *axis),
            Op::Unpack { input, axis } => movement::unpack(self, *input, *axis),
            Op::Pack { inputs, axis } => vec![movement::pack(self, inputs, *axis)],
            Op::Slice { input, begin, stride, size } => {
                vec![arrange::slice(self.data(*input), self.shape(*input), begin, stride, size)]
            }
            Op::Transpose { input, perm } => vec![arrange::transpose(self.data(*input), self.shape(*input), perm)],
            Op::Reshape { input } => vec![self.data(*input).clone()],
            Op::Shape { input } => {
                let dims = &self.shape(*input).0;
                vec![match self.graph.tensor(self.output()).dtype {
                    DType::I64 => Data::I64(dims.iter().map(|&dim| dim as i64).collect()),
                    DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::F32 | DType::Bool => {
                        Data::I32(dims.iter().map(|&dim| dim as i32).collect())
                    }
                }]
            }
            Op::Quantize { input } => {
                let reals = reals_of(self.data(*input), self.graph.tensor(*input).quantization.as_ref());
                let to = self.graph.tensor(self.output());
                vec![stored_of(&reals, to.dtype, to.quantization.as_ref())]
            }
            Op::Dequantize { input } => {
                vec![Data::F32(reals_of(self.data(*input), self.graph.tensor(*input).quantization.as_ref()))]
            }
        }
    }

    /// The output of an op with weights.
    fn layer(&self, run: impl Fn(&Layer) -> Vec<f32>, activation: Activation) -> Vec<Data> {
        self.one(self.node.op.layer().map(|layer| run(&layer)).unwrap_or_default(), activation)
    }

    /// One output of reals, clamped.
    fn one(&self, mut values: Vec<f32>, activation: Activation) -> Vec<Data> {
        elementwise::activate(&mut values, activation);
        vec![Data::F32(values)]
    }
}

/// The reals that stored integers stand for, `scale * (q - zero_point)`; floats as they are.
pub fn reals_of(data: &Data, quantization: Option<&Quantization>) -> Vec<f32> {
    let (scale, zero_point) = per_tensor(quantization);
    let real = |value: f64| (f64::from(scale) * (value - f64::from(zero_point))) as f32;
    match data {
        Data::F32(values) => values.clone(),
        Data::I8(values) => values.iter().map(|&value| real(value.into())).collect(),
        Data::U8(values) => values.iter().map(|&value| real(value.into())).collect(),
        Data::I16(values) => values.iter().map(|&value| real(value.into())).collect(),
        Data::I32(values) => values.iter().map(|&value| real(value.into())).collect(),
        Data::I64(values) => values.iter().map(|&value| real(value as f64)).collect(),
        Data::Bool(values) => values.iter().map(|&value| real(u8::from(value).into())).collect(),
    }
}

/// The integers of `dtype` that stand for reals: rounded half away from zero, saturated.
///
/// Source: TFLM `reference/quantize.h`, `AffineQuantize`.
pub fn stored_of(reals: &[f32], dtype: DType, quantization: Option<&Quantization>) -> Data {
    let (scale, zero_point) = per_tensor(quantization);
    let stored = |real: &f32| ((real / scale).round() as i64).saturating_add(zero_point.into());
    match dtype {
        DType::I8 => Data::I8(reals.iter().map(|real| stored(real).clamp(-128, 127) as i8).collect()),
        DType::U8 => Data::U8(reals.iter().map(|real| stored(real).clamp(0, 255) as u8).collect()),
        DType::I16 => Data::I16(reals.iter().map(|real| stored(real).clamp(-32768, 32767) as i16).collect()),
        DType::I32 => Data::I32(reals.iter().map(|real| stored(real).clamp(i32::MIN.into(), i32::MAX.into()) as i32).collect()),
        DType::I64 => Data::I64(reals.iter().map(stored).collect()),
        DType::Bool => Data::Bool(reals.iter().map(|&real| real != 0.0).collect()),
        DType::F32 => Data::F32(reals.to_vec()),
    }
}

fn per_tensor(quantization: Option<&Quantization>) -> (f32, i32) {
    let one = quantization.and_then(|quantization| Some((*quantization.scales.first()?, *quantization.zero_points.first()?)));
    one.unwrap_or((1.0, 0))
}
