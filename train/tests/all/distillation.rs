//! A student with a teacher against the same student without, over five seeds.

use crate::SMALL;
use crate::drawn::digits;
use tinybake_codegen::ir::Graph;
use tinybake_train::checkpoint::State;
use tinybake_train::data::Samples;
use tinybake_train::initial::from_topology;
use tinybake_train::loss::{Distillation, Lessons};
use tinybake_train::network::Network;
use tinybake_train::parameters::Parameters;
use tinybake_train::trainer::{Next, Settings, evaluate, train};

/// What the teacher is: the small network with more channels.
fn teacher_topology() -> String {
    let wider = [("[6, 3, 3, 1]", "[16, 3, 3, 1]"), ("shape = [6]", "shape = [16]"), ("[1, 3, 3, 6]", "[1, 3, 3, 16]")];
    let deeper = [("[12, 1, 1, 6]", "[48, 1, 1, 16]"), ("shape = [12]", "shape = [48]"), ("[10, 192]", "[10, 768]")];
    wider.iter().chain(&deeper).fold(SMALL.to_string(), |text, (from, to)| text.replace(from, to))
}

struct Data {
    training: Samples,
    validation: Samples,
    test: Samples,
}

/// The right answers on the test digits of a network trained on few, and the network.
fn right(topology: &str, seed: u64, epochs: usize, training: &Samples, data: &Data, teacher: Option<&Graph>) -> (usize, Graph) {
    let graph = from_topology(topology, "network", seed).unwrap();
    let network = Network::new(&graph).unwrap();
    let lessons = teacher.map(|teacher| {
        let how = Distillation { temperature: 3.0, mix: 0.8, matches: vec![("c1".into(), "c1".into())], match_weight: 0.1 };
        let (listened, parameters) = (Network::new(teacher).unwrap(), Parameters::of_floats(teacher).unwrap());
        Lessons::learn(&listened, &parameters, &graph, &training.inputs, training.count, 64, &how).unwrap()
    });
    let settings = Settings { epochs, batch: 32, rate: 0.01, decay: 1e-4, seed, patience: None };
    let mut state = State::new(Parameters::of_floats(&graph).unwrap());
    train(&network, &mut state, training, &data.validation, lessons.as_ref(), &settings, |_| Ok(Next::Go)).unwrap();
    let parameters = state.chosen();
    (evaluate(&network, &parameters, &data.test).unwrap().right, parameters.export(&graph))
}

fn mean_and_spread(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let spread = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt();
    (mean, spread)
}

#[test]
fn a_teacher_helps() {
    let data = Data { training: digits(11, 3000), validation: digits(12, 300), test: digits(13, 1000) };
    let few = data.training.first(600);
    let (theirs, teacher) = right(&teacher_topology(), 1, 6, &data.training, &data, None);
    let percent = |right: usize| right as f64 / 10.0;
    let runs: Vec<(f64, f64)> = (1..=5)
        .map(|seed| {
            let alone = right(SMALL, seed, 10, &few, &data, None).0;
            let taught = right(SMALL, seed, 10, &few, &data, Some(&teacher)).0;
            (percent(alone), percent(taught))
        })
        .collect();
    let (alone, taught): (Vec<f64>, Vec<f64>) = runs.iter().copied().unzip();
    let ((mean_alone, spread_alone), (mean_taught, spread_taught)) = (mean_and_spread(&alone), mean_and_spread(&taught));
    println!(
        "teacher {:.1} %; student {mean_alone:.2} ± {spread_alone:.2} % alone, {mean_taught:.2} ± {spread_taught:.2} % taught: {runs:?}",
        percent(theirs)
    );
    assert!(mean_taught > mean_alone, "{runs:?}");
}
