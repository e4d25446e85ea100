//! Steps of 16-bit activations, on data of the host.

use super::step::{int8, int32};
use crate::ir::Data;
use crate::lower::{ConstId, Function, Int16, Program, Rule, Scaled};
use tinybake_runtime::kernels::binary::{self, BinaryOp, Broadcast, Maximum, Minimum};
use tinybake_runtime::kernels::int16::{self, Narrow, Twice, Wide};

/// Calls a layer's kernel with the rule that its weights name; a closure cannot be generic over it.
macro_rules! layer {
    ($program:expr, $weights:expr, $kernel:path, $params:expr, $input:expr, $output:expr) => {{
        let (program, weights): (&Program, &Scaled) = ($program, $weights);
        let (filter, multipliers, shifts) =
            (int8(program, weights.filter), int32(program, weights.multipliers), int8(program, weights.shifts));
        match weights.rule {
            Rule::Wide => $kernel($params, $input, filter, int64(program, weights.bias), Wide { multipliers, shifts }, $output),
            Rule::Narrow => {
                $kernel($params, $input, filter, int32(program, weights.bias), Narrow { multipliers, shifts }, $output)
            }
            Rule::Twice => $kernel($params, $input, filter, int32(program, weights.bias), Twice { multipliers, shifts }, $output),
        }
    }};
}

/// Runs `kernel`; what is not of 16 bits is left as it is, which validation rules out.
pub(super) fn run(program: &Program, kernel: &Int16, reads: &[&Data], output: &mut Data) {
    let (Some(Data::I16(x)), Data::I16(y)) = (reads.first(), output) else { return };
    match kernel {
        Int16::Conv2d { params, weights } => layer!(program, weights, int16::shared::conv2d, params, x, y),
        Int16::DepthwiseConv2d { params, weights } => layer!(program, weights, int16::shared::depthwise_conv2d, params, x, y),
        Int16::FullyConnected { params, weights } => layer!(program, weights, int16::shared::fully_connected, params, x, y),
        Int16::TransposeConv { params, weights } => layer!(program, weights, int16::shared::transpose_conv, params, x, y),
        Int16::AveragePool2d(params) => int16::average_pool2d(params, x, y),
        Int16::MaxPool2d(params) => int16::max_pool2d(params, x, y),
        Int16::Binary { function, broadcast } => {
            let Some(Data::I16(b)) = reads.get(1) else { return };
            match function {
                Function::Add(op) => call(op, broadcast.as_ref(), x, b, y),
                Function::Sub(op) => call(op, broadcast.as_ref(), x, b, y),
                Function::Mul(op) => call(op, broadcast.as_ref(), x, b, y),
                Function::Maximum => call(&Maximum, broadcast.as_ref(), x, b, y),
                Function::Minimum => call(&Minimum, broadcast.as_ref(), x, b, y),
            }
        }
        Int16::Rectifier(params) => int16::rectifier(params, x, y),
        Int16::Logistic(params) => int16::logistic(params, x, y),
        Int16::Tanh(params) => int16::tanh(params, x, y),
        Int16::Softmax(params) => int16::softmax(params, x, y),
    }
}

fn call(op: &impl BinaryOp<i16>, shape: Option<&Broadcast>, a: &[i16], b: &[i16], y: &mut [i16]) {
    match shape {
        Some(shape) => binary::broadcast(op, shape, a, b, y),
        None => binary::elementwise(op, a, b, y),
    }
}

fn int64(program: &Program, id: ConstId) -> &[i64] {
    match &program.constant(id).data {
        Data::I64(values) => values,
        Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::F32(_) | Data::Bool(_) => &[],
    }
}
