//! Outputs of a model on recorded samples: of generated code, and as evaluated in this process.

use crate::diag::{Diagnostics, Explain, Place};
use crate::ir::{Data, Graph, TensorId};
use crate::lower::Program;
use crate::measure::{Port, Run, Samples};
use crate::{eval, lower, parallel};

/// The outputs of a quantized program for all samples.
pub(super) fn of_program(program: &Program, inputs: &[Port], samples: &Samples) -> Result<Run, Diagnostics> {
    let outputs = program.outputs.len();
    run(outputs, inputs, samples, |sample| {
        eval::run(program, sample).map_err(|error| {
            // The samples fit the ports, which are the program's own.
            Diagnostics::from(crate::diag::Diagnostic {
                code: "verify::samples",
                message: error.to_string(),
                place: Place::default(),
                help: "check that the recording is of this model".into(),
            })
        })
    })
}

/// The outputs of a float graph for all samples.
pub(super) fn of_floats(graph: &Graph, inputs: &[Port], samples: &Samples) -> Result<Run, Diagnostics> {
    let evaluator = eval::float::Evaluator::new(graph)?;
    run(graph.outputs.len(), inputs, samples, |sample| {
        evaluator.run(sample).map_err(|error| Diagnostics::from(error.at(Place::default())))
    })
}

/// Inputs and outputs of a graph as ports.
pub(super) fn ports(graph: &Graph) -> [Vec<Port>; 2] {
    [&graph.inputs, &graph.outputs].map(|ids| {
        let port = |id: &TensorId| {
            let tensor = graph.tensor(*id);
            Port { accessor: tensor.name.clone(), dtype: tensor.dtype, elements: tensor.shape.elements(), converted: None }
        };
        ids.iter().map(port).collect()
    })
}

fn run(
    outputs: usize,
    inputs: &[Port],
    samples: &Samples,
    infer: impl Fn(&[Data]) -> Result<Vec<Data>, Diagnostics> + Sync,
) -> Result<Run, Diagnostics> {
    let mut made = vec![Vec::new(); outputs];
    for results in parallel::each(samples.count, |index| infer(&samples.sample(inputs, index)))? {
        for (made, data) in made.iter_mut().zip(&results) {
            made.extend(lower::little_endian(data));
        }
    }
    let (instructions, stack_bytes, stack_bound_bytes) = (None, None, None);
    Ok(Run {
        samples: samples.count,
        outputs: made,
        instructions,
        ram_bytes: 0,
        stack_bytes,
        stack_bound_bytes,
        image: Default::default(),
    })
}
