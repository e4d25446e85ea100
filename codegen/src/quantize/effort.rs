//! How much is tried for a network of a size: every stage has a bound on its multiplications, so that large networks take seconds, too.

use super::Options;
use crate::fit;
use crate::ir::Graph;
use crate::valid;

/// Multiplications that recipes are compared with, all together.
const COMPARING: u64 = 160_000_000_000;
/// Multiplications of a pass over all samples, above which recipes that need another pass are left out.
const PASS: u64 = 80_000_000_000;
/// Multiplications of fitting weights: of running both networks, and of solving for weights, which take about four times as long each.
const FITTING: u64 = 120_000_000_000;
/// Multiplications of a pass, and samples, up to which recipes are compared on samples that do not calibrate them: four times the work.
const CROSSING: u64 = 4_000_000_000;
const CROSSED: usize = 256;
/// Samples that recipes are compared on, at the most; the others only calibrate.
const COMPARED: usize = 256;
/// Recipes whose weights are fitted, too, at the most: those that are best without.
const FITTED: usize = 6;
/// Samples that weights are fitted on, at the most, and with fewer of which that is left out, unless there are no more.
const FITTED_ON: usize = 256;
const LEAST_FITTED_ON: usize = 24;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effort {
    /// Samples that recipes are compared on.
    pub(super) compared: usize,
    /// Whether recipes are compared by cross-validation.
    pub(super) crosses: bool,
    /// Whether recipes with equalization are tried where they are not asked for.
    pub(super) equalizes: bool,
    /// Recipes whose weights are fitted.
    pub(super) fitted: usize,
    /// Samples that they are fitted on.
    pub(super) fitted_on: usize,
}

impl Effort {
    /// Whether recipes for a float network are compared by cross-validation.
    pub(super) fn crosses(graph: &Graph, samples: usize) -> bool {
        (2..CROSSED).contains(&samples) && macs(graph).saturating_mul(samples as u64) <= CROSSING
    }

    /// For a float network and its calibration samples.
    pub(super) fn of(graph: &Graph, samples: usize, recipes: usize, options: &Options) -> Self {
        let macs = macs(graph);
        let share = |bound: u64, each: u64| usize::try_from(bound / each.max(1)).unwrap_or(usize::MAX);
        let compared = share(COMPARING, macs.saturating_mul(recipes.max(1) as u64)).clamp(2, COMPARED).min(samples);
        let pass = macs.saturating_mul(samples as u64);
        let crosses = Self::crosses(graph, samples);
        let fits = |recipes: usize| {
            let bound = FITTING / recipes as u64;
            let on = |samples: usize| macs.saturating_mul(2 * samples as u64).saturating_add(4 * fit::effort(graph, samples));
            // Halved until it is within the bound.
            let mut fitted_on = samples.min(FITTED_ON);
            while fitted_on > LEAST_FITTED_ON && on(fitted_on) > bound {
                fitted_on = (fitted_on / 2).max(LEAST_FITTED_ON);
            }
            (on(fitted_on) * if crosses { 3 } else { 1 } <= bound).then_some((recipes, fitted_on))
        };
        let least = (1, samples.clamp(1, LEAST_FITTED_ON));
        let must = options.fit_weights == super::Choice::On || options.widths != super::Widths::Eight;
        let found = [FITTED, 3, 2, 1].into_iter().find_map(fits).or(must.then_some(least));
        let (fitted, fitted_on) = found.unwrap_or((0, 0));
        Self { compared: if crosses { samples } else { compared }, crosses, equalizes: pass <= PASS, fitted, fitted_on }
    }
}

/// Multiply-accumulates of a sample.
fn macs(graph: &Graph) -> u64 {
    graph.nodes.iter().map(|node| valid::macs(graph, node)).fold(0u64, u64::saturating_add).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Activation, DType, Data, Node, Op, Origin, Shape, Tensor, TensorId, Weight};

    /// Square fully connected layers of so many units, on so many rows; without their weights, which do not count.
    fn network(layers: usize, units: usize, rows: usize) -> Graph {
        let mut graph = Graph::default();
        let tensor = |shape: [usize; 2], value| Tensor {
            name: String::new(),
            shape: Shape(shape.to_vec()),
            dtype: DType::F32,
            quantization: None,
            value,
        };
        let mut input = graph.add_tensor(tensor([rows, units], None));
        graph.inputs.push(input);
        for index in 0..layers {
            let value = graph.add_weight(Weight { name: String::new(), data: Data::F32(Vec::new()) });
            let filter: TensorId = graph.add_tensor(tensor([units, units], Some(value)));
            let output = graph.add_tensor(tensor([rows, units], None));
            let op = Op::FullyConnected { input, filter, bias: None, activation: Activation::Relu };
            graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index, name: String::new() } });
            input = output;
        }
        graph.outputs.push(input);
        graph
    }

    #[test]
    fn small_networks_get_everything_and_large_ones_what_is_bounded() {
        let options = Options::default();
        assert!(Effort::of(&network(4, 64, 49), 8, 12, &options).crosses);
        let small = Effort::of(&network(4, 64, 49), 500, 12, &options);
        assert_eq!(small, Effort { compared: 256, crosses: false, equalizes: true, fitted: FITTED, fitted_on: 256 });
        // As ResNet-101: 8 billion multiply-accumulates a sample.
        let large = network(100, 900, 100);
        assert_eq!(
            Effort::of(&large, 16, 8, &options),
            Effort { compared: 2, crosses: false, equalizes: false, fitted: 0, fitted_on: 0 }
        );
        let asked = Options { fit_weights: super::super::Choice::On, ..Options::default() };
        assert_eq!(Effort::of(&large, 16, 8, &asked).fitted, 1);
        // In between, fewer recipes are fitted, on fewer samples.
        let middle = Effort::of(&network(20, 400, 50), 500, 12, &options);
        assert!((1..FITTED).contains(&middle.fitted) && (LEAST_FITTED_ON..256).contains(&middle.fitted_on), "{middle:?}");
    }
}
