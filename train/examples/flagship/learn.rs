//! The steps in which a network learns.

use super::Data;
use tinybake_codegen::diag::{Diagnostics, Explain, Place};
use tinybake_codegen::ir::Graph;
use tinybake_codegen::prune::{How, Pattern, Pruner, Scope};
use tinybake_train::checkpoint::State;
use tinybake_train::data::Samples;
use tinybake_train::error::TrainError;
use tinybake_train::loss::{Distillation, Lessons};
use tinybake_train::network::Network;
use tinybake_train::parameters::Parameters;
use tinybake_train::quantized::quantized;
use tinybake_train::trainer::{Next, Settings, evaluate, train};

const BATCH: usize = 32;

/// How long, how fast, and from which start a network learns.
pub(crate) struct Lesson {
    pub(crate) epochs: usize,
    pub(crate) rate: f64,
    pub(crate) seed: u64,
}

/// A trained float network.
pub(crate) struct Taught {
    pub(crate) graph: Graph,
    /// Numbers that are not pruned.
    pub(crate) parameters: usize,
    /// Share of the test digits.
    pub(crate) accuracy: f64,
}

/// Trains a network on labels.
pub(crate) fn taught(graph: Graph, samples: &Samples, data: &Data, lesson: &Lesson) -> Result<Taught, Diagnostics> {
    let parameters = Parameters::of_floats(&graph).map_err(plain)?;
    let parameters = trained(&graph, parameters, samples, data, None, lesson)?;
    judged(&graph, &parameters, data)
}

/// Trains a network on labels and on what a teacher says.
pub(crate) fn distilled(
    graph: Graph,
    teacher: &Graph,
    samples: &Samples,
    data: &Data,
    lesson: &Lesson,
) -> Result<Taught, Diagnostics> {
    let parameters = trained(&graph, Parameters::of_floats(&graph).map_err(plain)?, samples, data, Some(teacher), lesson)?;
    judged(&graph, &parameters, data)
}

/// Trains a pruned network on, its zeros kept.
pub(crate) fn fine_tuned(graph: Graph, teacher: &Graph, data: &Data) -> Result<Taught, Diagnostics> {
    let mut parameters = Parameters::of_floats(&graph).map_err(plain)?;
    parameters.keep_zeros(&graph);
    let lesson = Lesson { epochs: 12, rate: 0.004, seed: 1 };
    let parameters = trained(&graph, parameters, &data.all, data, Some(teacher), &lesson)?;
    judged(&graph, &parameters, data)
}

/// The int8 network of a float one, trained as what it is going to be; its accuracy is that of training's own arithmetic.
pub(crate) fn for_int8(graph: &Graph, teacher: &Graph, data: &Data) -> Result<Taught, Diagnostics> {
    let begun = quantized(graph, &data.all)?;
    let mut parameters = begun.parameters;
    parameters.keep_zeros(&begun.graph);
    let lesson = Lesson { epochs: 4, rate: 0.001, seed: 1 };
    let parameters = trained(&begun.graph, parameters, &data.all, data, Some(teacher), &lesson)?;
    judged(&begun.graph, &parameters, data)
}

/// Takes channels out of a network until `kept` of its weights are left: those that add least to what follows them on the samples. What
/// stays is fitted to what the whole network makes.
pub(crate) fn pruned(graph: &Graph, kept: f64, samples: &Samples) -> Result<Graph, Diagnostics> {
    let how = How { pattern: Pattern::Channels, scope: Scope::Global, sparsity: 1.0 - kept, steps: 1, ..How::default() };
    Ok(Pruner::new(graph, &samples.dataset(graph)?)?.prune(&how, true)?.graph)
}

fn trained(
    graph: &Graph,
    parameters: Parameters,
    samples: &Samples,
    data: &Data,
    teacher: Option<&Graph>,
    lesson: &Lesson,
) -> Result<Parameters, Diagnostics> {
    let network = Network::new(graph)?;
    let lessons = match teacher {
        Some(teacher) => {
            let how = Distillation { temperature: 3.0, mix: 0.8, matches: Vec::new(), match_weight: 0.0 };
            let (listened, theirs) = (Network::new(teacher)?, Parameters::of_floats(teacher).map_err(plain)?);
            Some(Lessons::learn(&listened, &theirs, graph, &samples.inputs, samples.count, BATCH, &how).map_err(plain)?)
        }
        None => None,
    };
    let settings =
        Settings { epochs: lesson.epochs, batch: BATCH, rate: lesson.rate, decay: 1e-4, seed: lesson.seed, patience: None };
    let mut state = State::new(parameters);
    train(&network, &mut state, samples, &data.validation, lessons.as_ref(), &settings, |_| Ok(Next::Go))?;
    Ok(state.chosen())
}

fn judged(graph: &Graph, parameters: &Parameters, data: &Data) -> Result<Taught, Diagnostics> {
    let network = Network::new(graph)?;
    let figures = evaluate(&network, parameters, &data.test).map_err(plain)?;
    Ok(Taught { graph: parameters.export(graph), parameters: parameters.count(), accuracy: figures.accuracy })
}

fn plain(error: TrainError) -> Diagnostics {
    error.at(Place::default()).into()
}
