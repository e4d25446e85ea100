//! Gradients against differences of the loss.

use tinybake_codegen::ir::Graph;
use tinybake_train::initial::from_topology;
use tinybake_train::loss::loss;
use tinybake_train::network::{Network, logits, training_device};
use tinybake_train::parameters::Parameters;
use tinybake_train::random::Random;

/// Smooth where it can be, so that differences are near gradients.
const TOPOLOGY: &str = r#"
format = 1
layout = "tflite"
[[input]]
name = "x"
shape = [1, 6, 5, 2]
[[op]]
conv2d = { input = "x", weights = { tensor = "c.w", shape = [4, 3, 3, 2] }, bias = { tensor = "c.b", shape = [4] }, stride = [2, 1], padding = "same" }
output = { name = "c" }
[[op]]
tanh = { input = "c" }
output = { name = "t" }
[[op]]
conv2d = { input = "t", weights = { tensor = "g.w", shape = [4, 1, 2, 2] }, bias = { tensor = "g.b", shape = [4] }, padding = "same", groups = 2 }
output = { name = "g" }
[[op]]
depthwise_conv2d = { input = "t", weights = { tensor = "d.w", shape = [1, 3, 3, 4] }, bias = { tensor = "d.b", shape = [4] }, padding = "same" }
output = { name = "d" }
[[op]]
mul = { a = "g", b = { tensor = "m", shape = [4] } }
output = { name = "scaled" }
[[op]]
add = { a = "scaled", b = "d" }
output = { name = "sum" }
[[op]]
concatenation = { inputs = ["sum", "t"], axis = 3 }
output = { name = "both" }
[[op]]
average_pool2d = { input = "both", kernel = 2, padding = "same" }
output = { name = "pooled" }
[[op]]
mean = { input = "pooled", axes = [1, 2] }
output = { name = "mean" }
[[op]]
fully_connected = { input = "mean", weights = { tensor = "f.w", shape = [3, 8] }, bias = { tensor = "f.b", shape = [3] } }
output = { name = "logits" }
"#;

fn value(network: &Network<'_>, parameters: &Parameters, inputs: &[Vec<f32>], labels: &[usize]) -> (f64, Vec<Vec<f32>>) {
    let device = training_device();
    let chosen: Vec<usize> = (0..labels.len()).collect();
    let pass = network.run(parameters, inputs, labels.len(), &device);
    let made = loss(&pass, logits(network.graph()).unwrap(), labels, &chosen, None, &device);
    let gradients = pass.gradients(parameters, &made.backward());
    (f64::from(made.into_scalar::<f32>()), gradients)
}

#[test]
fn gradients_are_the_slopes_of_the_loss() {
    let graph: Graph = from_topology(TOPOLOGY, "g", 3).unwrap();
    let network = Network::new(&graph).unwrap();
    let mut parameters = Parameters::of_floats(&graph).unwrap();
    let mut random = Random::new(1, 0);
    let inputs = vec![(0..4 * 60).map(|_| random.between(-1.0, 1.0) as f32).collect::<Vec<f32>>()];
    let labels = [0, 1, 2, 1];
    let (_, gradients) = value(&network, &parameters, &inputs, &labels);
    let mut checked = 0;
    for (index, gradient) in gradients.iter().enumerate() {
        let whole = gradient.iter().fold(0f32, |greatest, slope| greatest.max(slope.abs()));
        assert!(whole > 0.0, "`{}` has no gradient", parameters.list[index].name);
        for element in (0..parameters.list[index].values.len()).step_by(5) {
            let mut at = |shift: f32| {
                parameters.list[index].values[element] += shift;
                let loss = value(&network, &parameters, &inputs, &labels).0;
                parameters.list[index].values[element] -= shift;
                loss
            };
            let slope = (at(0.01) - at(-0.01)) / 0.02;
            let given = f64::from(gradient[element]);
            let name = &parameters.list[index].name;
            assert!(
                (slope - given).abs() < 2e-3 * (1.0 + slope.abs()),
                "`{name}`[{element}]: {given} where the slope is {slope}"
            );
            checked += 1;
        }
    }
    assert!(checked > 30);
}
