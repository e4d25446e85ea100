//! Runs a lowered program on the host through the runtime's own kernels: the arithmetic that the device has.

pub mod float;
mod gemm;
mod int16;
mod int8;
mod step;

use crate::ir::{DType, Data, TensorId};
use crate::lower::{Operand, Program};
use thiserror::Error;

/// Inputs that do not fit the program.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum EvalError {
    /// More or fewer inputs than the model has.
    #[error("{given} inputs given, {expected} expected")]
    Count {
        /// Inputs of the model.
        expected: usize,
        /// Inputs given.
        given: usize,
    },
    /// Another dtype or number of elements.
    #[error("input {index} is {given}, expected {expected}")]
    Input {
        /// Index of the input.
        index: usize,
        /// Dtype and elements of the model.
        expected: String,
        /// Dtype and elements given.
        given: String,
    },
}

/// One inference: the outputs for the given inputs, each row-major and of the model's dtype.
///
/// # Errors
/// [`EvalError`] where the inputs are not those of the model.
pub fn run(program: &Program, inputs: &[Data]) -> Result<Vec<Data>, EvalError> {
    if inputs.len() != program.inputs.len() {
        return Err(EvalError::Count { expected: program.inputs.len(), given: inputs.len() });
    }
    let mut tensors: Vec<Option<Data>> = vec![None; program.tensors.len()];
    for (index, (&id, data)) in program.inputs.iter().zip(inputs).enumerate() {
        let tensor = program.tensor(id);
        let (elements, dtype) = (tensor.shape.elements(), tensor.dtype);
        if data.dtype() != dtype || data.len() != elements {
            let expected = format!("{}[{elements}]", dtype.name());
            return Err(EvalError::Input { index, expected, given: format!("{}[{}]", data.dtype().name(), data.len()) });
        }
        tensors[id.0 as usize] = Some(data.clone());
    }
    for step in &program.steps {
        let reads: Vec<&Data> = step
            .reads
            .iter()
            .filter_map(|read| match read {
                Operand::Activation(id) => tensors[id.0 as usize].as_ref(),
                Operand::Constant(id) => Some(&program.constant(*id).data),
            })
            .collect();
        let mut writes: Vec<Data> = step.writes.iter().map(|&id| zeros(program, id)).collect();
        step::run(program, &step.kernel, &reads, &mut writes);
        for (&id, data) in step.writes.iter().zip(writes) {
            tensors[id.0 as usize] = Some(data);
        }
    }
    Ok(program.outputs.iter().map(|&id| tensors[id.0 as usize].clone().unwrap_or_else(|| zeros(program, id))).collect())
}

fn zeros(program: &Program, id: TensorId) -> Data {
    let tensor = program.tensor(id);
    let count = tensor.shape.elements();
    match tensor.dtype {
        DType::I8 => Data::I8(vec![0; count]),
        DType::U8 => Data::U8(vec![0; count]),
        DType::I16 => Data::I16(vec![0; count]),
        DType::I32 => Data::I32(vec![0; count]),
        DType::I64 => Data::I64(vec![0; count]),
        DType::F32 => Data::F32(vec![0.0; count]),
        DType::Bool => Data::Bool(vec![false; count]),
    }
}
