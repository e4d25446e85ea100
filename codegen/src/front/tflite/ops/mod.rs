//! One reader for each operator: operands and options of the file to an [`Op`].

mod convolution;
mod decode;
mod dilation;
mod elementwise;
mod fold;
mod movement;
mod reduction;
mod shapes;
mod slice;

use super::budget::{self, Budget};
pub(super) use dilation::Phases;

use super::builtin;
use super::error::{Error, Outcome};
use super::flatbuffer::{Table, Vector};
use super::reader::Reader;
use super::schema::{Operator, OperatorCode};
use crate::ir::{Activation, DType, Data, Op, PoolKind, ReduceKind, ResizeMode, Shape, TensorId, UnaryKind};

/// The code of the diagnostic for an operator that is not supported.
pub(super) const UNSUPPORTED: &str = "tflite::operator";

/// The code of `CUSTOM`, which [`OperatorCode::custom`] names.
const CUSTOM: i32 = 32;

/// Reads one call: the operation and the tensors that it makes; `None` for a call whose results are constants, which it then
/// adds. `name` becomes the name of the first tensor made.
pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    operator: &Operator<'a>,
    code: &OperatorCode<'_>,
    name: &mut String,
) -> Outcome<Option<(Op, Vec<TensorId>)>> {
    if let Some(first) = operator.outputs.get(0) {
        *name = reader.name(first)?;
    }
    let mut call = Call { reader, operator, stated: None };
    let kind = builtin::name(code.builtin);
    if let Some(kind) = kind
        && let Some(constants) = if code.builtin == CUSTOM && code.custom == decode::NAME {
            Some(decode::read(&mut call)?)
        } else {
            fold::call(&mut call, kind)?
        }
    {
        call.define(constants)?;
        return Ok(None);
    }
    if let Some(kind) = kind
        && let Some(op) = dilation::read(&mut call, kind)?
    {
        let outputs = call.outputs(false)?;
        return Ok(op.map(|op| (op, outputs)));
    }
    let op = match kind {
        Some("CONV_2D") => convolution::conv2d(&mut call),
        Some("DEPTHWISE_CONV_2D") => convolution::depthwise_conv2d(&mut call),
        Some("TRANSPOSE_CONV") => convolution::transpose_conv(&mut call),
        Some("FULLY_CONNECTED") => convolution::fully_connected(&mut call),
        Some("AVERAGE_POOL_2D") => convolution::pool2d(&mut call, PoolKind::Average),
        Some("MAX_POOL_2D") => convolution::pool2d(&mut call, PoolKind::Max),
        Some(name @ ("ADD" | "SUB" | "MUL" | "MAXIMUM" | "MINIMUM")) => elementwise::binary_named(&mut call, name),
        Some("LOGISTIC") => elementwise::unary(&mut call, UnaryKind::Logistic),
        Some("TANH") => elementwise::unary(&mut call, UnaryKind::Tanh),
        Some("RELU") => elementwise::unary(&mut call, UnaryKind::Relu),
        Some("RELU6") => elementwise::unary(&mut call, UnaryKind::Relu6),
        Some("RELU_N1_TO_1") => elementwise::unary(&mut call, UnaryKind::ReluN1To1),
        Some("HARD_SWISH") => elementwise::unary(&mut call, UnaryKind::HardSwish),
        Some("LEAKY_RELU") => elementwise::leaky_relu(&mut call),
        Some("PRELU") => elementwise::prelu(&mut call),
        Some("SOFTMAX") => elementwise::softmax(&mut call),
        Some("QUANTIZE") => Ok(Op::Quantize { input: call.input(0, "input")? }),
        Some("DEQUANTIZE") => Ok(Op::Dequantize { input: call.input(0, "input")? }),
        Some("MEAN") => reduction::reduce(&mut call, ReduceKind::Mean),
        Some("REDUCE_MAX") => reduction::reduce(&mut call, ReduceKind::Max),
        Some("ARG_MAX") => reduction::arg_max(&mut call),
        Some("PAD" | "PADV2") => movement::pad(&mut call),
        Some("MIRROR_PAD") => movement::mirror_pad(&mut call),
        Some("CONCATENATION") => movement::concatenation(&mut call),
        Some("SPLIT") => movement::split(&mut call, 1, 0),
        Some("SPLIT_V") => movement::split(&mut call, 0, 2),
        Some("TRANSPOSE") => movement::transpose(&mut call),
        Some("RESHAPE") => movement::reshape(&mut call),
        Some("SQUEEZE") => movement::squeeze(&mut call),
        Some("EXPAND_DIMS") => movement::expand_dims(&mut call),
        Some("PACK") => movement::pack(&mut call),
        Some("UNPACK") => movement::unpack(&mut call),
        Some("RESIZE_NEAREST_NEIGHBOR") => movement::resize(&mut call, ResizeMode::NearestNeighbor),
        Some("RESIZE_BILINEAR") => movement::resize(&mut call, ResizeMode::Bilinear),
        Some("STRIDED_SLICE") => slice::strided_slice(&mut call),
        Some("SLICE") => slice::slice(&mut call),
        Some(name) if code.builtin != CUSTOM => Err(Error::Operator { operator: name.into() }.into()),
        Some(_) => {
            let custom = call.reader.text(code.custom)?;
            Err(Error::Operator { operator: format!("custom operator {custom:?}") }.into())
        }
        None => Err(Error::Operator { operator: format!("operator code {}", code.builtin) }.into()),
    }?;
    let outputs = call.outputs(matches!(op, Op::Split { .. } | Op::Unpack { .. }))?;
    shapes::settle(&mut call, &op, &outputs)?;
    match fold::node(&call.reader.graph, &op, &outputs) {
        Some(constants) => call.define(constants).map(|()| None),
        None => Ok(Some((op, outputs))),
    }
}

/// Kinds of option tables: numbers of the schema's union `BuiltinOptions`.
mod kind {
    pub(super) const CONV_2D: u8 = 1;
    pub(super) const DEPTHWISE_CONV_2D: u8 = 2;
    pub(super) const POOL_2D: u8 = 5;
    pub(super) const FULLY_CONNECTED: u8 = 8;
    pub(super) const SOFTMAX: u8 = 9;
    pub(super) const CONCATENATION: u8 = 10;
    pub(super) const ADD: u8 = 11;
    pub(super) const RESIZE_BILINEAR: u8 = 15;
    pub(super) const MUL: u8 = 21;
    pub(super) const GATHER: u8 = 23;
    pub(super) const REDUCER: u8 = 27;
    pub(super) const SUB: u8 = 28;
    pub(super) const SQUEEZE: u8 = 30;
    pub(super) const STRIDED_SLICE: u8 = 32;
    pub(super) const TRANSPOSE_CONV: u8 = 49;
    pub(super) const PACK: u8 = 59;
    pub(super) const UNPACK: u8 = 64;
    pub(super) const RESIZE_NEAREST_NEIGHBOR: u8 = 74;
    pub(super) const LEAKY_RELU: u8 = 75;
    pub(super) const MIRROR_PAD: u8 = 77;
}

/// One call of an operator.
struct Call<'r, 'a> {
    reader: &'r mut Reader<'a>,
    operator: &'r Operator<'a>,
    /// The shape of the first output, where operands and options state it; for files that leave it open.
    stated: Option<Shape>,
}

impl<'a> Call<'_, 'a> {
    /// The file's index of an operand; `None` where it is absent.
    fn operand(&self, position: usize) -> Option<i32> {
        self.operator.inputs.get(position).filter(|&index| index != -1)
    }

    /// The file's index of an operand that must be there.
    fn required(&self, position: usize, operand: &'static str) -> Result<i32, Error> {
        self.operand(position).ok_or(Error::Operand { operand, given: self.operator.inputs.len() })
    }

    /// A tensor that is read.
    fn input(&mut self, position: usize, operand: &'static str) -> Outcome<TensorId> {
        let index = self.required(position, operand)?;
        self.reader.tensor(index)
    }

    /// A tensor that is read where it is there.
    fn optional(&mut self, position: usize) -> Outcome<Option<TensorId>> {
        self.operand(position).map(|index| self.reader.tensor(index)).transpose()
    }

    /// All operands.
    fn inputs(&mut self, operand: &'static str) -> Outcome<Vec<TensorId>> {
        let count = self.operator.inputs.len();
        self.reader.budget.charge(count.saturating_mul(4))?;
        (0..count.max(1)).map(|position| self.input(position, operand)).collect()
    }

    /// The tensors written: one, or, of an operator that has `several`, at least one.
    fn outputs(&mut self, several: bool) -> Outcome<Vec<TensorId>> {
        let count = self.operator.outputs.len();
        if count == 0 || (count > 1 && !several) {
            let expected = if several { "at least 1" } else { "1" };
            return Err(Error::Outputs { expected, given: count }.into());
        }
        self.reader.budget.charge(count.saturating_mul(4))?;
        self.operator.outputs.iter().map(|index| self.reader.tensor(index)).collect()
    }

    /// The first tensor written.
    fn output(&mut self) -> Outcome<TensorId> {
        let index = self.operator.outputs.get(0).ok_or(Error::Outputs { expected: "at least 1", given: 0 })?;
        self.reader.tensor(index)
    }

    /// The element type of the first tensor written.
    fn written(&mut self) -> Outcome<DType> {
        let output = self.output()?;
        Ok(self.reader.graph.tensor(output).dtype)
    }

    /// Makes the outputs constants.
    fn define(&mut self, constants: Vec<(Shape, Data)>) -> Outcome<()> {
        for (id, (shape, data)) in self.outputs(true)?.into_iter().zip(constants) {
            self.reader.define(id, shape, data)?;
        }
        Ok(())
    }

    /// A tensor's shape.
    fn shape(&self, id: TensorId) -> &Shape {
        &self.reader.graph.tensor(id).shape
    }

    /// A tensor's number of dimensions.
    fn rank(&self, id: TensorId) -> usize {
        self.shape(id).rank()
    }

    /// The shape of a tensor of four dimensions.
    fn four(&self, id: TensorId) -> Result<[usize; 4], Error> {
        let shape = self.shape(id);
        <[usize; 4]>::try_from(shape.0.as_slice()).map_err(|_| Error::Rank { expected: "4", given: shape.rank() })
    }

    /// The integers of a constant operand.
    fn integers(&mut self, position: usize, operand: &'static str) -> Result<Vec<i64>, Error> {
        let index = self.required(position, operand)?;
        self.reader.integers(index, operand)
    }

    /// The options, which must be of a kind where they are there.
    fn options(&self, expected: u8) -> Result<Options<'a>, Error> {
        match self.operator.options_kind {
            0 => Ok(Options(None)),
            given if given == expected => Ok(Options(self.operator.options)),
            given => Err(Error::Options { expected, given }),
        }
    }
}

/// An operator's options; absent ones have the schema's defaults.
struct Options<'a>(Option<Table<'a>>);

impl Options<'_> {
    fn int(&self, field: usize, default: i32, what: &'static str) -> Result<i32, Error> {
        self.0.map_or(Ok(default), |table| table.scalar(field, default, what))
    }

    fn ints(&self, field: usize, what: &'static str) -> Result<Vec<i32>, Error> {
        let Some(table) = self.0 else { return Ok(Vec::new()) };
        let values: Vector<'_, i32> = table.vector(field, what)?;
        Budget::limit("elements of an option", values.len(), budget::OPERAND)?;
        Ok(values.iter().collect())
    }

    fn byte(&self, field: usize, what: &'static str) -> Result<i8, Error> {
        self.0.map_or(Ok(0), |table| table.scalar(field, 0, what))
    }

    fn float(&self, field: usize, what: &'static str) -> Result<f32, Error> {
        self.0.map_or(Ok(0.0), |table| table.scalar(field, 0.0, what))
    }

    fn flag(&self, field: usize, what: &'static str) -> Result<bool, Error> {
        self.0.map_or(Ok(false), |table| table.flag(field, false, what))
    }

    /// A size or step of at least 1.
    fn positive(&self, field: usize, default: i32, what: &'static str) -> Result<usize, Error> {
        let given = self.int(field, default, what)?;
        let size = usize::try_from(given).ok().filter(|&size| size > 0);
        size.ok_or(Error::Value { field: what, expected: "at least 1", given: given.into() })
    }

    /// A fused activation (`ActivationFunctionType`).
    fn activation(&self, field: usize) -> Result<Activation, Error> {
        match self.byte(field, "the fused activation")? {
            0 => Ok(Activation::None),
            1 => Ok(Activation::Relu),
            2 => Ok(Activation::ReluN1To1),
            3 => Ok(Activation::Relu6),
            4 => Err(Error::Form { what: "a fused tanh" }),
            5 => Err(Error::Form { what: "a fused sign bit" }),
            given => Err(Error::Value { field: "the fused activation", expected: "0 to 5", given: given.into() }),
        }
    }
}

/// The axis that `given` means in a tensor of `rank` dimensions, where -1 is the last.
fn axis(given: i64, rank: usize) -> Result<usize, Error> {
    let counted = if given < 0 { given.saturating_add(rank as i64) } else { given };
    usize::try_from(counted).ok().filter(|&axis| axis < rank).ok_or(Error::Axis { expected: rank, given })
}

/// The one number of an operand.
fn single(values: &[i64], operand: &'static str) -> Result<i64, Error> {
    match values {
        [value] => Ok(*value),
        _ => Err(Error::OperandLength { operand, expected: 1, given: values.len() }),
    }
}
