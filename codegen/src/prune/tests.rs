//! Pruned graphs against dense ones with zeros for what went, by evaluation.

use super::*;
use crate::diag::Diagnostics;
use crate::eval::float::{Evaluator, reals_of};
use crate::ir::{Activation, BinaryKind, DType, Data, Origin, PoolKind, Tensor, Weight, Window};
use crate::judge::{Judge, Task};
use crate::pipeline::{compile_graph, read};
use crate::script::Files;
use std::path::{Path, PathBuf};

/// Reals from -1 to 1, the same each time.
fn reals_like(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn outputs(graph: &Graph, seed: u32) -> Vec<f32> {
    let inputs: Vec<Data> =
        graph.inputs.iter().map(|&id| Data::F32(reals_like(seed, graph.tensor(id).shape.elements()))).collect();
    let made = Evaluator::new(graph).unwrap().run(&inputs).unwrap();
    made.iter().flat_map(|output| reals_of(output, None)).collect()
}

/// Asserts that two graphs make the same of some inputs, within `1e-5` of the greatest output.
fn assert_equal(a: &Graph, b: &Graph, name: &str) {
    for seed in 1..4 {
        let (a, b) = (outputs(a, seed), outputs(b, seed));
        let most = a.iter().fold(1f32, |most, value| most.max(value.abs()));
        let apart = a.iter().zip(&b).fold(0f32, |most, (a, b)| most.max((a - b).abs()));
        assert_eq!(a.len(), b.len(), "{name}");
        assert!(apart <= 1e-5 * most, "{name}: {apart} of {most}");
    }
}

fn model(path: &Path) -> Option<Graph> {
    let shown = path.display().to_string();
    let files = Files::read(path).ok()?;
    Some(read(&files.source(&shown)).unwrap())
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Float models: the repository's own, and the public ones where they are.
fn models() -> Vec<(String, Graph)> {
    let own = ["tests/data/float/graph_residual.tflite", "tests/data/float/graph_separable.tflite", "tests/data/torch/cnn.onnx"];
    let own = own.map(|path| (path.to_string(), model(&repository(path)).unwrap()));
    let public = ["kws_ref_model_float32", "pretrainedResnet", "vww_96_float"].into_iter().filter_map(|name| {
        let graph = model(&repository(&format!("../shared/models/mlperf-tiny/{name}.tflite")));
        if graph.is_none() {
            println!("skipped: {name} is not there");
        }
        Some((name.to_string(), graph?))
    });
    own.into_iter().chain(public).collect()
}

fn how(pattern: Pattern, scope: Scope, sparsity: f64) -> How {
    How { pattern, scope, sparsity, keep: Vec::new(), steps: 1 }
}

struct Maker {
    graph: Graph,
    seed: u32,
}

impl Maker {
    fn new(shape: &[usize]) -> Self {
        let mut made = Self { graph: Graph::default(), seed: 7 };
        let input = made.activation("input", shape);
        made.graph.inputs.push(input);
        made
    }

    fn activation(&mut self, name: &str, shape: &[usize]) -> TensorId {
        let tensor =
            Tensor { name: name.into(), shape: Shape(shape.to_vec()), dtype: DType::F32, quantization: None, value: None };
        self.graph.add_tensor(tensor)
    }

    fn constant(&mut self, name: &str, shape: &[usize]) -> TensorId {
        self.seed += 1;
        let data = Data::F32(reals_like(self.seed, shape.iter().product()));
        let value = Some(self.graph.add_weight(Weight { name: name.into(), data }));
        let tensor = Tensor { name: name.into(), shape: Shape(shape.to_vec()), dtype: DType::F32, quantization: None, value };
        self.graph.add_tensor(tensor)
    }

    fn node(&mut self, name: &str, op: Op, shape: &[usize]) -> TensorId {
        let output = self.activation(name, shape);
        let origin = Origin { index: self.graph.nodes.len(), name: name.into() };
        self.graph.nodes.push(Node { op, outputs: vec![output], origin });
        output
    }

    /// A 3x3 convolution that keeps an 8x8 image's size.
    fn conv(&mut self, name: &str, input: TensorId, ins: usize, outs: usize) -> TensorId {
        let filter = self.constant(&format!("{name}.weight"), &[outs, 3, 3, ins]);
        let bias = Some(self.constant(&format!("{name}.bias"), &[outs]));
        let window = Window::same([3, 3], [1, 1], [1, 1], [8, 8]);
        self.node(name, Op::Conv2d { input, filter, bias, window, activation: Activation::Relu }, &[1, 8, 8, outs])
    }

    fn depthwise(&mut self, name: &str, input: TensorId, outs: usize) -> TensorId {
        let filter = self.constant(&format!("{name}.weight"), &[1, 3, 3, outs]);
        let bias = Some(self.constant(&format!("{name}.bias"), &[outs]));
        let window = Window::same([3, 3], [1, 1], [1, 1], [8, 8]);
        self.node(name, Op::DepthwiseConv2d { input, filter, bias, window, activation: Activation::Relu6 }, &[1, 8, 8, outs])
    }

    fn dense(&mut self, name: &str, input: TensorId, ins: usize, outs: usize) -> TensorId {
        let filter = self.constant(&format!("{name}.weight"), &[outs, ins]);
        let bias = Some(self.constant(&format!("{name}.bias"), &[outs]));
        self.node(name, Op::FullyConnected { input, filter, bias, activation: Activation::None }, &[1, outs])
    }
}

/// A sum of two branches, joined with a third behind a depthwise convolution and a function that does not keep zero, pooled and flattened
/// into a fully connected layer.
fn branching() -> Graph {
    let mut made = Maker::new(&[1, 8, 8, 3]);
    let input = made.graph.inputs[0];
    let stem = made.conv("stem", input, 3, 12);
    let left = made.conv("left", stem, 12, 12);
    let sum =
        made.node("sum", Op::Binary { kind: BinaryKind::Add, a: stem, b: left, activation: Activation::Relu }, &[1, 8, 8, 12]);
    let side = made.conv("side", sum, 12, 8);
    let deep = made.depthwise("deep", side, 16);
    let bent = made.node("bent", Op::Unary { kind: crate::ir::UnaryKind::Logistic, input: deep }, &[1, 8, 8, 16]);
    let joined = Op::Concatenation { inputs: vec![sum, bent], axis: 3, activation: Activation::None };
    let joined = made.node("joined", joined, &[1, 8, 8, 28]);
    let window = Window::valid([4, 4], [4, 4], [1, 1]);
    let pool = Op::Pool2d { kind: PoolKind::Max, input: joined, window, activation: Activation::None };
    let pooled = made.node("pooled", pool, &[1, 2, 2, 28]);
    let flat = made.node("flat", Op::Reshape { input: pooled }, &[1, 112]);
    let hidden = made.dense("hidden", flat, 112, 20);
    let scores = made.dense("scores", hidden, 20, 5);
    made.graph.outputs = vec![scores];
    made.graph
}

#[test]
fn channels_leave_through_sums_joins_and_flattened_images() {
    let graph = branching();
    for scope in [Scope::Global, Scope::Layer] {
        let pruned = prune(&graph, &how(Pattern::Channels, scope, 0.5)).unwrap();
        assert_equal(&pruned.masked, &pruned.graph, "branching");
        let shape = |name: &str| {
            let graph = &pruned.graph;
            let made = graph.nodes.iter().find(|node| node.origin.name == name).unwrap().outputs[0];
            graph.tensor(made).shape.0.clone()
        };
        let last = |name: &str| shape(name).last().copied().unwrap();
        assert_eq!((last("stem"), last("left")), (last("sum"), last("sum")));
        assert_eq!(last("deep"), 2 * last("side"));
        assert_eq!(last("joined"), last("sum") + last("deep"));
        assert_eq!(last("flat"), 4 * last("joined"));
        assert!(last("joined") < 28 && last("hidden") < 20 && last("scores") == 5, "{:?}", pruned.layers);
        assert!(pruned.sparsity() >= 0.5, "{}", pruned.sparsity());
        let apart = |a: &Graph| outputs(a, 1).iter().zip(outputs(&graph, 1)).any(|(a, b)| (a - b).abs() > 1e-3);
        assert!(apart(&pruned.graph), "nothing was taken out");
    }
}

#[test]
fn shrunk_models_equal_masked_ones() {
    for (name, graph) in models() {
        for scope in [Scope::Global, Scope::Layer] {
            let pruned = prune(&graph, &how(Pattern::Channels, scope, 0.4)).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            assert_equal(&pruned.masked, &pruned.graph, &name);
            assert!(pruned.sparsity() >= 0.4, "{name}: {}", pruned.sparsity());
            assert!(pruned.layers.iter().any(|lost| lost.after.elements() < lost.before.elements()), "{name}");
        }
    }
}

#[test]
fn as_many_weights_go_as_asked_for() {
    for (name, graph) in models() {
        for (pattern, scope) in [
            (Pattern::Scattered, Scope::Global),
            (Pattern::Scattered, Scope::Layer),
            (Pattern::Block { outs: 1, ins: 4 }, Scope::Global),
            (Pattern::Block { outs: 2, ins: 2 }, Scope::Layer),
        ] {
            let how = how(pattern, scope, 0.6);
            let pruned = prune(&graph, &how).unwrap();
            let dense = dense(&graph).unwrap();
            let nodes = candidates(&dense, &how).unwrap();
            let zeros = |node: &usize| pruned.mask.node(*node).iter().filter(|&&kept| !kept).count();
            let all: usize = nodes.iter().map(|&node| pruned.mask.node(node).len()).sum();
            let gone: usize = nodes.iter().map(zeros).sum();
            let tile = match pattern {
                Pattern::Block { outs, ins } => outs * ins,
                Pattern::Scattered | Pattern::OfGroup { .. } | Pattern::Channels => 1,
            };
            let wanted = (0.6 * all as f64) as usize;
            // Weights that were zero before are among those that stay, too.
            let zeros_before: usize =
                nodes.iter().map(|&node| Mask::of(&dense).node(node).iter().filter(|&&kept| !kept).count()).sum();
            assert!(gone <= wanted + zeros_before && gone + tile >= wanted, "{name} {pattern}: {gone} of {all}");
            if scope == Scope::Layer && pattern == Pattern::Scattered {
                for &node in &nodes {
                    let share = zeros(&node) as f64 / pruned.mask.node(node).len() as f64;
                    assert!((share - 0.6).abs() < 0.03, "{name}: {share}");
                }
            }
            // Every layer goes on computing.
            assert!(nodes.iter().all(|&node| pruned.mask.node(node).contains(&true)), "{name} {pattern}");
        }
    }
}

#[test]
fn the_least_weights_go() {
    let graph = branching();
    let pruned = prune(&graph, &how(Pattern::Scattered, Scope::Layer, 0.5)).unwrap();
    let dense = dense(&graph).unwrap();
    for node in candidates(&dense, &How::default()).unwrap() {
        let weights = dense.floats(dense.nodes[node].op.layer().unwrap().filter);
        let of =
            |kept: bool| weights.iter().zip(pruned.mask.node(node)).filter(move |(_, of)| **of == kept).map(|(w, _)| w.abs());
        assert!(of(false).fold(0f32, f32::max) <= of(true).fold(f32::INFINITY, f32::min));
    }
}

#[test]
fn groups_keep_the_greatest_of_their_weights() {
    let graph = branching();
    for (kept, of) in [(2, 4), (1, 4)] {
        let pruned = prune(&graph, &how(Pattern::OfGroup { kept, of }, Scope::Global, 0.0)).unwrap();
        let dense = dense(&graph).unwrap();
        for node in candidates(&dense, &How::default()).unwrap() {
            let filter = dense.nodes[node].op.layer().unwrap().filter;
            let row = dense.floats(filter).len() / dense.tensor(filter).shape.0[0];
            let rows = dense.floats(filter).chunks(row).zip(pruned.mask.node(node).chunks(row));
            for (weights, mask) in rows.flat_map(|(weights, mask)| weights.chunks(of).zip(mask.chunks(of))) {
                let there = mask.iter().filter(|&&kept| kept).count();
                assert_eq!(there, (kept * mask.len()).div_ceil(of));
                let least =
                    weights.iter().zip(mask).filter(|(_, kept)| **kept).fold(f32::INFINITY, |least, (w, _)| least.min(w.abs()));
                assert!(weights.iter().zip(mask).all(|(w, &kept)| kept || w.abs() <= least));
            }
        }
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let graph = branching();
    let code = |how: &How| prune(&graph, how).map(|_| ()).map_err(|Diagnostics(all)| all[0].code).unwrap_err();
    assert_eq!(code(&how(Pattern::Scattered, Scope::Global, 1.0)), "prune::sparsity");
    assert_eq!(code(&how(Pattern::Scattered, Scope::Global, f64::NAN)), "prune::sparsity");
    assert_eq!(code(&how(Pattern::Channels, Scope::Global, 0.9999)), "prune::too_much");
    let keep = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let kept = How { keep: keep(&["nowhere"]), ..how(Pattern::Scattered, Scope::Global, 0.5) };
    assert_eq!(code(&kept), "prune::unknown");
    let all = ["stem", "left", "side", "deep", "hidden", "scores"];
    assert_eq!(code(&How { keep: keep(&all), ..kept.clone() }), "prune::nothing");
    assert_eq!(code(&How { keep: keep(&all), ..how(Pattern::Channels, Scope::Global, 0.5) }), "prune::nothing");
    // What is kept stays whole.
    let pruned = prune(&graph, &How { keep: keep(&["left.weight"]), ..kept }).unwrap();
    assert!(
        pruned
            .layers
            .iter()
            .all(|lost| (lost.weights_after == lost.weights_before)
                == (lost.name == "left.weight" || lost.op == "depthwise_conv2d"))
    );
}

/// Samples for a graph of one input.
fn samples(graph: &Graph, count: usize) -> Dataset {
    let shape = &graph.tensor(graph.inputs[0]).shape;
    let bytes: Vec<u8> = reals_like(11, count * shape.elements()).iter().flat_map(|value| value.to_le_bytes()).collect();
    let shape: Vec<usize> = core::iter::once(count).chain(shape.0.iter().copied()).collect();
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, &bytes).unwrap();
    let file = safetensors::serialize([("input.0", view)], None).unwrap();
    Dataset::parse(&file, graph, &[]).unwrap()
}

#[test]
fn fitting_brings_the_outputs_closer_and_keeps_zeros() {
    let graph = branching();
    let data = samples(&graph, 48);
    let pruner = Pruner::new(&graph, &data).unwrap();
    let judge = Judge::new(pruner.dense(), &data, 48, Task::Regression).unwrap();
    let patterns =
        [Pattern::Scattered, Pattern::OfGroup { kept: 2, of: 4 }, Pattern::Block { outs: 2, ins: 2 }, Pattern::Channels];
    for pattern in patterns {
        let how = how(pattern, Scope::Global, 0.3);
        let plain = pruner.prune(&how, false).unwrap();
        let fitted = pruner.prune(&how, true).unwrap();
        assert!(plain.mask == fitted.mask, "{pattern}");
        assert_equal(&fitted.masked, &fitted.graph, "fitted");
        let (before, after) = (judge.score_graph(&plain.graph).unwrap(), judge.score_graph(&fitted.graph).unwrap());
        assert!(after.mean_squared_error < 0.8 * before.mean_squared_error, "{pattern}: {before:?} {after:?}");
    }
    // Nothing gone leaves nothing to fit.
    let same = judge.score_graph(&pruner.prune(&how(Pattern::Scattered, Scope::Global, 0.0), true).unwrap().graph).unwrap();
    assert!(same.relative_error() < 1e-6, "{same:?}");
}

#[test]
fn sensitivity_is_of_one_layer_at_a_time() {
    let graph = branching();
    let data = samples(&graph, 24);
    let pruner = Pruner::new(&graph, &data).unwrap();
    let judge = Judge::new(pruner.dense(), &data, 24, Task::Regression).unwrap();
    let rows = pruner.sensitivity(&How::default(), false, &[0.2, 0.8], &judge, |_, _| {}).unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["stem.weight", "left.weight", "side.weight", "hidden.weight", "scores.weight"]);
    for row in &rows {
        let [(_, few), (_, many)] = &row.points[..] else { panic!("{row:?}") };
        assert!(few.relative_error() > 0.0 && few.relative_error() < many.relative_error(), "{row:?}");
    }
    let how = how(Pattern::Channels, Scope::Global, 0.0);
    let rows = pruner.sensitivity(&how, true, &[0.5], &judge, |_, _| {}).unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["stem.weight", "left.weight", "side.weight", "hidden.weight"], "the outputs stay");
}

#[test]
fn zeros_stay_zeros_and_take_no_flash() {
    let graph = branching();
    let data = samples(&graph, 24);
    let pruner = Pruner::new(&graph, &data).unwrap();
    let bytes = |graph: &Graph| {
        let mut bytes = Vec::new();
        for equalize in [quantize::Choice::Off, quantize::Choice::On] {
            let options = quantize::Options { equalize, ..quantize::Options::default() };
            let int8 = quantize::quantize(graph, &data, &options, |_, _| {}).unwrap().graph;
            let layers = |graph: &Graph| graph.nodes.iter().filter_map(|node| node.op.layer()).collect::<Vec<_>>();
            for (float, stored) in layers(graph).iter().zip(layers(&int8)) {
                let stored = int8.value(stored.filter).unwrap().as_i8().unwrap();
                let gone = graph.floats(float.filter).iter().zip(stored).filter(|(weight, _)| **weight == 0.0);
                assert!(gone.into_iter().all(|(_, &stored)| stored == 0));
            }
            let options =
                crate::Options { optimize: crate::Optimize::Size, core: crate::CoreClass::Dsp, ..crate::Options::default() };
            bytes.push(compile_graph(int8, &options, [0; 32]).unwrap().plan.parameter_bytes());
        }
        bytes
    };
    let dense = bytes(pruner.dense());
    for how in [how(Pattern::Scattered, Scope::Global, 0.8), how(Pattern::OfGroup { kept: 1, of: 4 }, Scope::Layer, 0.0)] {
        let pruned = bytes(&pruner.prune(&how, true).unwrap().graph);
        assert!(pruned.iter().zip(&dense).all(|(pruned, dense)| 10 * pruned < 7 * dense), "{pruned:?} of {dense:?}");
    }
}

/// The shipped digits network, and its training samples: for pruning, and others to judge by.
fn digits() -> (Graph, Dataset, Dataset) {
    let graph = model(&repository("examples/models/digits-float.safetensors")).unwrap();
    let file = std::fs::read(repository("examples/models/digits.train.safetensors")).unwrap();
    let data = Dataset::parse(&file, &graph, &[]).unwrap();
    let others: Vec<usize> = (moments::SAMPLES..data.count).collect();
    (graph, data.first(moments::SAMPLES), data.chosen(&others))
}

#[test]
fn iterative_steps_keep_more_digits_right_than_one() {
    let (graph, data, others) = digits();
    let pruner = Pruner::new(&graph, &data).unwrap();
    let judge = Judge::new(pruner.dense(), &others, others.count, Task::Classification).unwrap();
    let made = |steps| pruner.prune(&How { steps, ..how(Pattern::Channels, Scope::Global, 0.75) }, true).unwrap();
    let (once, iterative) = (made(1), made(STEPS));
    let right = |pruned: &Pruned| judge.score_graph(&pruned.graph).unwrap().correct.unwrap();
    let (a, b) = (right(&once), right(&iterative));
    println!("{a} of {} in one step, {b} in {}", others.count, iterative.steps);
    assert_eq!(once.steps, 1);
    assert!(iterative.steps > 1 && b >= a, "{a} in one step, {b} in {}", iterative.steps);
}

#[test]
fn more_steps_are_never_further_from_the_dense_network() {
    let graph = branching();
    let data = samples(&graph, 8);
    let pruner = Pruner::new(&graph, &data).unwrap();
    let judge = Judge::new(pruner.dense(), &data, data.count, Task::Regression).unwrap();
    for pattern in
        [Pattern::Scattered, Pattern::OfGroup { kept: 1, of: 4 }, Pattern::Block { outs: 2, ins: 2 }, Pattern::Channels]
    {
        for refit in [false, true] {
            let made = |steps| pruner.prune(&How { steps, ..how(pattern, Scope::Global, 0.6) }, refit).unwrap();
            let error = |pruned: &Pruned| judge.score_graph(&pruned.masked).unwrap().relative_error();
            let (once, more) = (made(1), made(2));
            assert!(error(&more) <= error(&once), "{pattern}");
            assert_equal(&more.masked, &more.graph, "in steps");
            // Steps take as much as one does.
            let unit = if pattern == Pattern::Channels { 0.15 } else { 0.01 };
            assert!((more.sparsity() - once.sparsity()).abs() < unit, "{pattern}: {} {}", more.sparsity(), once.sparsity());
        }
    }
}

#[test]
fn what_went_stays_away_in_later_steps() {
    let graph = branching();
    let data = samples(&graph, 8);
    let pruner = Pruner::new(&graph, &data).unwrap();
    for pattern in
        [Pattern::Scattered, Pattern::OfGroup { kept: 1, of: 4 }, Pattern::Block { outs: 2, ins: 2 }, Pattern::Channels]
    {
        let schedule = steps::schedule(&how(pattern, Scope::Global, 0.6), 0.6, 3);
        let first = pruner.follow(&schedule[..1], true).unwrap();
        let all = pruner.follow(&schedule, true).unwrap();
        let (first, all) = (Mask::of(&first.graph), Mask::of(&all.graph));
        let back = (0..graph.nodes.len()).flat_map(|node| first.node(node).iter().zip(all.node(node)));
        let (mut back, mut gone) = (back.collect::<Vec<_>>(), 0);
        back.retain(|(before, after)| {
            gone += usize::from(**before && !**after);
            !**before && **after
        });
        assert!(back.is_empty() && gone > 0, "{pattern}: {} of {gone} came back", back.len());
    }
}

#[test]
fn the_share_is_of_the_prunable_weights_and_reached() {
    let graph = branching();
    let keep = vec!["left.weight".to_string()];
    for pattern in [Pattern::Scattered, Pattern::Block { outs: 1, ins: 2 }, Pattern::Channels] {
        for sparsity in [0.1, 0.33, 0.5] {
            let how = How { keep: keep.clone(), ..how(pattern, Scope::Global, sparsity) };
            let pruned = prune(&graph, &how).unwrap();
            let names: Vec<&str> = pruned.layers.iter().filter(|lost| lost.prunable).map(|lost| lost.name.as_str()).collect();
            let kept = pruned.layers.iter().find(|lost| lost.name == "left.weight").unwrap();
            assert!(kept.before == kept.after && kept.weights_before == kept.weights_after, "{pattern}: {kept:?}");
            // The sum ties the channels of the stem to those that are kept.
            let expected: &[&str] = match pattern {
                Pattern::Channels => &["side.weight", "deep.weight", "hidden.weight", "scores.weight"],
                _ => &["stem.weight", "side.weight", "hidden.weight", "scores.weight"],
            };
            assert_eq!(names, expected, "{pattern}");
            let (total, reached) = (pruned.prunable_weights() as f64, pruned.sparsity());
            // A group of the last 4 pixels times 2 channels has 8 columns of 20 in `hidden`, and its filters before that.
            let unit = match pattern {
                Pattern::Block { .. } => 2.0,
                Pattern::Channels => 400.0,
                _ => 1.0,
            };
            assert!((reached - sparsity).abs() <= unit / total + 1e-9, "{pattern}: {reached} for {sparsity}, of {total}");
            assert!(pattern != Pattern::Channels || reached >= sparsity, "{reached}");
        }
    }
}

#[test]
fn zeros_count_and_go_first() {
    let mut graph = branching();
    let filter = graph.nodes[0].op.layer().unwrap().filter;
    // All but a few weights of the stem, 324 of 324 + 1296 + 864 + 2240 + 100.
    let total = 324 + 1296 + 864 + 2240 + 100;
    graph.floats_mut(filter)[..300].fill(0.0);
    for share in [0.05, 0.5] {
        let pruned = prune(&graph, &how(Pattern::Scattered, Scope::Global, share)).unwrap();
        let zeros = ((share * total as f64) as usize).max(300);
        assert_eq!(pruned.prunable_weights(), total);
        assert_eq!((pruned.sparsity() * total as f64).round() as usize, zeros, "{share}");
    }
}

#[test]
fn wide_layers_are_fitted_within_memory() {
    // 64 layers of 2048 inputs and one output: matrices of 33.6 MB each, of half a megabyte of weights.
    let mut made = Maker::new(&[1, 2048]);
    let input = made.graph.inputs[0];
    made.graph.outputs = (0..64).map(|layer| made.dense(&format!("d{layer}"), input, 2048, 1)).collect();
    let data = samples(&made.graph, 4);
    let pruner = Pruner::new(&made.graph, &data).unwrap();
    let judge = Judge::new(pruner.dense(), &data, data.count, Task::Regression).unwrap();
    let ask =
        |refit| pruner.sensitivity(&How::default(), refit, &[0.5], &judge, |_, _| {}).map_err(|problems| problems.0[0].code);
    assert_eq!(ask(true).map(|_| ()), Err("prune::memory"));
    assert_eq!(ask(false).unwrap().len(), 64);
}
