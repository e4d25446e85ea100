//! One step: each kernel's call, on data of the host.

use super::{int8 as host, int16};
use crate::ir::Data;
use crate::lower::{BinaryFn, ConstId, Kernel, Program, Requantizer, Weights};
use tinybake_runtime::kernels::binary::{BinaryOp, Broadcast, Maximum, Minimum};
use tinybake_runtime::kernels::resize::Tap;
use tinybake_runtime::kernels::{
    arg_max, average_pool_reals, average_pool2d, binary, copy, depthwise_conv2d, lut, max_pool2d, mirror_pad, quantize, reduce,
    resize, softmax, softmax_reals, transpose_conv,
};
use tinybake_runtime::requantize::{Offset, Once, PerChannel, Rint, RintAdded, RintPerChannel};

/// Calls a layer's kernel with the requantizer that its weights name; a closure cannot be generic over it.
macro_rules! layer {
    ($program:expr, $weights:expr, $input:expr, $output:expr, $kernel:path, $params:expr) => {{
        let (program, weights): (&Program, &Weights) = ($program, $weights);
        let (filter, bias) = (int8(program, weights.filter), int32(program, weights.bias));
        if let (Some(Data::I8(input)), Data::I8(output)) = ($input, $output) {
            match weights.requantizer {
                Requantizer::Multiplier(multiplier) => $kernel($params, input, filter, bias, multiplier, output),
                Requantizer::PerChannel { multipliers, shifts } => {
                    let (multipliers, shifts) = (int32(program, multipliers), int8(program, shifts));
                    $kernel($params, input, filter, bias, PerChannel { multipliers, shifts }, output)
                }
                Requantizer::Once(multiplier) => $kernel($params, input, filter, bias, Once(multiplier), output),
                Requantizer::OncePerChannel { multipliers, shifts } => {
                    let (multipliers, shifts) = (int32(program, multipliers), int8(program, shifts));
                    $kernel($params, input, filter, bias, Once(PerChannel { multipliers, shifts }), output)
                }
                Requantizer::Rint(scale) => $kernel($params, input, filter, bias, Rint { scale }, output),
                Requantizer::RintPerChannel(scales) => {
                    let scales = float32(program, scales);
                    $kernel($params, input, filter, bias, RintPerChannel { scales }, output)
                }
                Requantizer::Offset { multipliers, shifts, offsets } => {
                    let (multipliers, shifts) = (int32(program, multipliers), int8(program, shifts));
                    let rule = Offset { multipliers, shifts, offsets: int32(program, offsets) };
                    $kernel($params, input, filter, bias, rule, output)
                }
                Requantizer::RintAdded { scales, addends } => {
                    let rule = RintAdded { scales: float32(program, scales), addends: float32(program, addends) };
                    $kernel($params, input, filter, bias, rule, output)
                }
            }
        }
    }};
}

/// Runs `kernel`; what is not of the dtype that the kernel works on is left as it is, which validation rules out.
pub(super) fn run(program: &Program, kernel: &Kernel, reads: &[&Data], writes: &mut [Data]) {
    if let Kernel::Copy { fill, pieces } = kernel {
        return copies(*fill, pieces, reads, writes);
    }
    let Some(output) = writes.first_mut() else { return };
    let input = reads.first().copied();
    match kernel {
        Kernel::Conv2d { params, weights } => layer!(program, weights, input, output, host::conv2d, params),
        Kernel::DepthwiseConv2d { params, weights } => {
            layer!(program, weights, input, output, depthwise_conv2d::shared::depthwise_conv2d, params)
        }
        Kernel::FullyConnected { params, weights } => {
            layer!(program, weights, input, output, host::fully_connected, params)
        }
        Kernel::TransposeConv { params, weights } => {
            layer!(program, weights, input, output, transpose_conv::shared::transpose_conv, params)
        }
        Kernel::AveragePool2d(params) => int8_to_int8(input, output, |x, y| average_pool2d::average_pool2d(params, x, y)),
        Kernel::MaxPool2d(params) => int8_to_int8(input, output, |x, y| max_pool2d::max_pool2d(params, x, y)),
        Kernel::Softmax(params) => int8_to_int8(input, output, |x, y| softmax::softmax(params, x, y)),
        Kernel::SoftmaxF32 { params, table } => {
            if let Ok(table) = float32(program, *table).try_into() {
                int8_to_int8(input, output, |x, y| softmax::softmax_f32(params, table, x, y));
            }
        }
        Kernel::AveragePoolReals(params) => {
            int8_to_int8(input, output, |x, y| average_pool_reals::average_pool_reals(params, x, y));
        }
        Kernel::SoftmaxReals { params, output: quantization } => match (input, output) {
            (Some(Data::I8(x)), Data::I8(y)) => softmax_reals::softmax_reals(params, quantization, x, y),
            (Some(Data::I8(x)), Data::F32(y)) => softmax_reals::softmax_reals(params, quantization, x, y),
            _ => {}
        },
        Kernel::Lut(table) => {
            if let Ok(table) = int8(program, *table).try_into() {
                int8_to_int8(input, output, |x, y| lut::lut(table, x, y));
            }
        }
        Kernel::Binary { function, broadcast } => {
            if let (Some(Data::I8(a)), Some(Data::I8(b)), Data::I8(y)) = (input, reads.get(1).copied(), output) {
                binary_fn(function, broadcast.as_ref(), a, b, y);
            }
        }
        Kernel::Mean { shape, params } => match (input, output) {
            (Some(Data::I8(x)), Data::I8(y)) => reduce::mean(shape, params, x, y),
            (Some(Data::I16(x)), Data::I16(y)) => reduce::mean(shape, params, x, y),
            _ => {}
        },
        Kernel::MeanReal { shape, params } => int8_to_int8(input, output, |x, y| reduce::mean_real(shape, params, x, y)),
        Kernel::ReduceMax(shape) => int8_to_int8(input, output, |x, y| reduce::reduce_max(shape, x, y)),
        Kernel::ArgMax(params) => match (input, output) {
            (Some(Data::I8(x)), Data::I32(y)) => arg_max::arg_max(params, x, y),
            (Some(Data::I8(x)), Data::I64(y)) => arg_max::arg_max(params, x, y),
            _ => {}
        },
        Kernel::MirrorPad(params) => int8_to_int8(input, output, |x, y| mirror_pad::mirror_pad(params, x, y)),
        Kernel::ResizeNearestNeighbor { params, rows, columns } => {
            let indices = |id: ConstId| int16(program, id).iter().map(|&index| index as u16).collect::<Vec<_>>();
            let (rows, columns) = (indices(*rows), indices(*columns));
            match (input, output) {
                (Some(Data::I8(x)), Data::I8(y)) => resize::nearest_neighbor(params, &rows, &columns, x, y),
                (Some(Data::I16(x)), Data::I16(y)) => resize::nearest_neighbor(params, &rows, &columns, x, y),
                _ => {}
            }
        }
        Kernel::ResizeBilinear { params, rows, columns } => {
            let tap = |tap: &[i16]| Tap { lower: tap[0] as u16, upper: tap[1] as u16, fraction: tap[2] };
            let taps = |id: ConstId| int16(program, id).chunks_exact(3).map(tap).collect::<Vec<_>>();
            let (rows, columns) = (taps(*rows), taps(*columns));
            int8_to_int8(input, output, |x, y| resize::bilinear(params, &rows, &columns, x, y));
        }
        Kernel::Quantize(params) => match (input, output) {
            (Some(Data::F32(x)), Data::I8(y)) => quantize::quantize(params, x, y),
            (Some(Data::F32(x)), Data::I16(y)) => quantize::quantize(params, x, y),
            _ => {}
        },
        Kernel::QuantizeToEven(params) => {
            if let (Some(Data::F32(x)), Data::I8(y)) = (input, output) {
                quantize::quantize_to_even(params, x, y);
            }
        }
        Kernel::QuantizeByInverse(params) => {
            if let (Some(Data::F32(x)), Data::I8(y)) = (input, output) {
                quantize::quantize_by_inverse(params, x, y);
            }
        }
        Kernel::Dequantize(params) => match (input, output) {
            (Some(Data::I8(x)), Data::F32(y)) => quantize::dequantize(params, x, y),
            (Some(Data::I16(x)), Data::F32(y)) => quantize::dequantize(params, x, y),
            _ => {}
        },
        Kernel::Requantize(params) => match (input, output) {
            (Some(Data::U8(x)), Data::I8(y)) => quantize::requantize(params, x, y),
            (Some(Data::I16(x)), Data::I8(y)) => quantize::requantize(params, x, y),
            (Some(Data::I16(x)), Data::I16(y)) => quantize::requantize(params, x, y),
            (Some(Data::I8(x)), Data::U8(y)) => quantize::requantize(params, x, y),
            (Some(Data::I8(x)), Data::I16(y)) => quantize::requantize(params, x, y),
            _ => {}
        },
        Kernel::Int16(kernel) => int16::run(program, kernel, reads, output),
        Kernel::View => {
            if let Some(input) = input {
                *output = input.clone();
            }
        }
        Kernel::Copy { fill: _, pieces: _ } => {}
    }
}

fn copies(fill: Option<i16>, pieces: &[crate::lower::Piece], reads: &[&Data], writes: &mut [Data]) {
    match (fill, writes.first_mut()) {
        (Some(value), Some(Data::I8(output))) => copy::fill(value as i8, output),
        (Some(value), Some(Data::I16(output))) => copy::fill(value, output),
        _ => {}
    }
    for piece in pieces {
        match (reads.get(piece.read), writes.get_mut(piece.write)) {
            (Some(Data::I8(x)), Some(Data::I8(y))) => copy::copy(&piece.copy, x, y),
            (Some(Data::I16(x)), Some(Data::I16(y))) => copy::copy(&piece.copy, x, y),
            (Some(Data::I32(x)), Some(Data::I32(y))) => copy::copy(&piece.copy, x, y),
            (Some(Data::F32(x)), Some(Data::F32(y))) => copy::copy(&piece.copy, x, y),
            _ => {}
        }
    }
}

fn binary_fn(function: &BinaryFn, shape: Option<&Broadcast>, a: &[i8], b: &[i8], y: &mut [i8]) {
    fn call<O: BinaryOp>(op: &O, shape: Option<&Broadcast>, a: &[i8], b: &[i8], y: &mut [i8]) {
        match shape {
            Some(shape) => binary::broadcast(op, shape, a, b, y),
            None => binary::elementwise(op, a, b, y),
        }
    }
    match function {
        BinaryFn::Add(op) => call(op, shape, a, b, y),
        BinaryFn::Sub(op) => call(op, shape, a, b, y),
        BinaryFn::Mul(op) => call(op, shape, a, b, y),
        BinaryFn::Maximum => call(&Maximum, shape, a, b, y),
        BinaryFn::Minimum => call(&Minimum, shape, a, b, y),
        BinaryFn::Prelu(op) => call(op, shape, a, b, y),
        BinaryFn::XnnAdd(op) => call(op, shape, a, b, y),
        BinaryFn::XnnMul(op) => call(op, shape, a, b, y),
        BinaryFn::RealAdd(op) => call(op, shape, a, b, y),
        BinaryFn::RealMul(op) => call(op, shape, a, b, y),
        BinaryFn::RealSum(op) => call(op, shape, a, b, y),
        BinaryFn::RealProduct(op) => call(op, shape, a, b, y),
    }
}

fn int8_to_int8(input: Option<&Data>, output: &mut Data, run: impl FnOnce(&[i8], &mut [i8])) {
    if let (Some(Data::I8(x)), Data::I8(y)) = (input, output) {
        run(x, y);
    }
}

pub(super) fn int8(program: &Program, id: ConstId) -> &[i8] {
    program.constant(id).data.as_i8().unwrap_or(&[])
}

pub(super) fn int32(program: &Program, id: ConstId) -> &[i32] {
    program.constant(id).data.as_i32().unwrap_or(&[])
}

fn int16(program: &Program, id: ConstId) -> &[i16] {
    match &program.constant(id).data {
        Data::I16(values) => values,
        Data::I8(_) | Data::U8(_) | Data::I32(_) | Data::I64(_) | Data::F32(_) | Data::Bool(_) => &[],
    }
}

fn float32(program: &Program, id: ConstId) -> &[f32] {
    match &program.constant(id).data {
        Data::F32(values) => values,
        Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => &[],
    }
}
