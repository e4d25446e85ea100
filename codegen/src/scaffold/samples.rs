//! Inputs to try a model with.

use crate::diag::Diagnostics;
use crate::emit::accessors;
use crate::ir::{DType, Data};
use crate::measure::{Golden, Port, Samples};
use crate::plan::Plan;

/// No more samples than that go into a project, nor more bytes, but always one.
const MOST: usize = 3;
const MOST_BYTES: usize = 16 << 10;

/// The first inputs of a recording, or one that is noise.
pub(super) fn samples(plan: &Plan, golden: Option<&Golden>) -> Result<Samples, Diagnostics> {
    let ports: Vec<Port> =
        plan.inputs.iter().zip(accessors(plan).inputs).map(|(port, accessor)| Port::of_plan(plan, port, accessor)).collect();
    let bytes: usize = ports.iter().map(Port::bytes).sum();
    let most = (MOST_BYTES / bytes.max(1)).clamp(1, MOST);
    let recorded = golden.map(|golden| golden.samples(&ports, Some(most))).transpose()?;
    Ok(recorded.filter(|samples| samples.count > 0).unwrap_or_else(|| Samples::arbitrary(&ports, 1)))
}

/// One sample of `samples` as the evaluator takes it.
pub(super) fn data(plan: &Plan, samples: &Samples, index: usize) -> Vec<Data> {
    let data = |(port, bytes): (&crate::plan::Port, &Vec<u8>)| {
        let size = port.elements() * port.dtype.size();
        typed(port.dtype, bytes.get(index * size..(index + 1) * size).unwrap_or_default())
    };
    plan.inputs.iter().zip(&samples.inputs).map(data).collect()
}

/// Elements from little-endian bytes.
fn typed(dtype: DType, bytes: &[u8]) -> Data {
    match dtype {
        DType::I8 => Data::I8(bytes.iter().map(|&byte| byte.cast_signed()).collect()),
        DType::U8 => Data::U8(bytes.to_vec()),
        DType::I16 => Data::I16(bytes.as_chunks().0.iter().map(|&bytes| i16::from_le_bytes(bytes)).collect()),
        DType::I32 => Data::I32(bytes.as_chunks().0.iter().map(|&bytes| i32::from_le_bytes(bytes)).collect()),
        DType::I64 => Data::I64(bytes.as_chunks().0.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect()),
        DType::F32 => Data::F32(bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()),
        DType::Bool => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect()),
    }
}
