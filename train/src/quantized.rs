//! Quantization-aware training: the float network as the int8 network that it is going to be.

use crate::data::Samples;
use crate::error::TrainError as Error;
use crate::parameters::{Parameters, Stored, is_integer, unshare};
use tinybake_codegen::diag::{Diagnostics, Explain, Place};
use tinybake_codegen::eval::float::{reals_of, stored_of};
use tinybake_codegen::ir::{Data, Graph, Node, TensorId};
use tinybake_codegen::options::Reference;
use tinybake_codegen::quantize::{self, Choice, Evaluation, Options};
use tinybake_codegen::{eval, lower, valid};

/// Samples that ranges of activations are picked on.
const CALIBRATED: usize = 256;

/// An int8 graph, and the floats behind its integers.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The int8 graph; its activations keep their quantization, its constants are those of the start.
    pub graph: Graph,
    /// What is trained.
    pub parameters: Parameters,
}

/// Makes an int8 graph of a float one, on samples; ranges and equalization are those of the best recipe of
/// [`quantize::quantize`]. Biases begin uncorrected: training moves them. A graph that is int8 already is taken as it is.
///
/// # Errors
/// What keeps the graph from being quantized.
pub fn quantized(graph: &Graph, samples: &Samples) -> Result<Quantized, Diagnostics> {
    let plain = |error: Error| Diagnostics::from(error.at(Place::default()));
    if is_integer(graph) {
        let mut graph = graph.clone();
        unshare(&mut graph);
        let parameters = Parameters::of_integers(&graph).map_err(plain)?;
        return Ok(Quantized { graph, parameters });
    }
    let data = samples.first(CALIBRATED).dataset(graph)?;
    let evaluation = Evaluation::Calibration;
    let options = Options { correct_biases: Choice::Off, fit_weights: Choice::Off, evaluation, ..Options::default() };
    let made = quantize::quantize(graph, &data, &options, |_, _| {})?;
    let mut graph = made.graph;
    unshare(&mut graph);
    let mut parameters = Parameters::of_integers(&graph).map_err(plain)?;
    take(&mut parameters, &graph, &made.float);
    Ok(Quantized { graph, parameters })
}

/// The floats of the layers of `float`, which `graph` was made of, in place of those that its integers stand for.
fn take(parameters: &mut Parameters, graph: &Graph, float: &Graph) {
    let layers = |graph: &Graph| graph.nodes.iter().filter(|node| node.op.layer().is_some()).cloned().collect::<Vec<Node>>();
    let values = |id: TensorId| match float.value(id) {
        Some(Data::F32(values)) => Some(values.clone()),
        _ => None,
    };
    for (ours, theirs) in layers(graph).iter().zip(layers(float)) {
        let (Some(ours), Some(theirs)) = (ours.op.layer(), theirs.op.layer()) else { continue };
        for (own, other) in [(Some(ours.filter), Some(theirs.filter)), (ours.bias, theirs.bias)] {
            let (Some(own), Some(other)) = (own, other) else { continue };
            let weight = graph.tensor(own).value;
            let parameter = parameters.list.iter_mut().find(|parameter| Some(parameter.weight) == weight);
            if let (Some(parameter), Some(values)) = (parameter, values(other))
                && values.len() == parameter.values.len()
                && parameter.stored != Stored::Fixed
            {
                parameter.values = values;
            }
        }
    }
}

/// Samples whose greatest output, the first of equals, is their class, by the arithmetic that generated code has: the graph lowered and run
/// on the host.
///
/// # Errors
/// What validation or lowering says of the graph.
pub fn right(graph: &Graph, samples: &Samples, reference: Reference) -> Result<usize, Diagnostics> {
    let facts = valid::check(graph)?;
    let program = lower::lower(graph, &facts, reference)?;
    let Some(&output) = graph.outputs.first() else { return Err(Error::NoOutput.at(Place::default()).into()) };
    let mut right = 0;
    for sample in 0..samples.count {
        let stored = |(index, &id): (usize, &TensorId)| {
            let tensor = graph.tensor(id);
            stored_of(&samples.gather(index, &[sample]), tensor.dtype, tensor.quantization.as_ref())
        };
        let inputs: Vec<Data> = graph.inputs.iter().enumerate().map(stored).collect();
        let outputs =
            eval::run(&program, &inputs).map_err(|error| Error::Run { what: error.to_string() }.at(Place::default()))?;
        let scores = outputs.first().map(|data| reals_of(data, graph.tensor(output).quantization.as_ref())).unwrap_or_default();
        let greatest = (1..scores.len()).fold(0, |best, index| if scores[index] > scores[best] { index } else { best });
        right += usize::from(greatest == samples.labels[sample]);
    }
    Ok(right)
}
