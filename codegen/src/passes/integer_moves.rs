//! Moves integers where a file moves the floats that they stand for.
//!
//! Converters leave some operators in floats, between a `dequantize` and a `quantize`. Those that only move elements move the
//! stored integers as well, and a `quantize` of a `dequantize` is then a table of 256 answers, or nothing.

use super::Removal;
use crate::ir::{Activation, DType, Graph, Node, Op, Tensor, TensorId, UnaryKind};

/// Rewrites nodes between `dequantize` and `quantize` that only move elements, as far as they are found in the graph's order. The
/// floats stay for other readers, and are dead otherwise.
pub fn integer_moves(graph: &mut Graph) -> Vec<Removal> {
    let mut pass = Pass { stands_for: vec![None; graph.tensors.len()], removals: Vec::new() };
    let mut nodes = Vec::with_capacity(graph.nodes.len());
    for node in core::mem::take(&mut graph.nodes) {
        pass.node(graph, node, &mut nodes);
    }
    graph.nodes = nodes;
    pass.removals
}

/// What is known on the way through the nodes.
struct Pass {
    /// For each tensor of floats, the stored integers that it is made of, element by element.
    stands_for: Vec<Option<Source>>,
    removals: Vec<Removal>,
}

/// Where floats come from.
#[derive(Clone)]
enum Source {
    /// A tensor of `int8` or `int16`.
    Stored(TensorId),
    /// A concatenation or a pack, of which nothing is made before it is known how the whole is quantized.
    Joined(Op, Vec<TensorId>),
}

impl Pass {
    fn source(&self, id: TensorId) -> Option<&Source> {
        self.stands_for.get(id.0 as usize)?.as_ref()
    }

    fn stored(&self, id: TensorId) -> Option<TensorId> {
        match self.source(id)? {
            Source::Stored(stored) => Some(*stored),
            Source::Joined(..) => None,
        }
    }

    fn note(&mut self, id: TensorId, source: Source) {
        if let Some(slot) = self.stands_for.get_mut(id.0 as usize) {
            *slot = Some(source);
        }
    }

    fn removed(&mut self, node: &Node, why: &'static str) {
        let what = format!("{} `{}`", node.op.name(), node.origin.name);
        self.removals.push(Removal { pass: "integer_moves", what, why });
    }

    /// Adds `node` to `nodes`, and before it what does its work on integers.
    fn node(&mut self, graph: &mut Graph, node: Node, nodes: &mut Vec<Node>) {
        match &node.op {
            Op::Dequantize { input } => {
                let tensor = graph.tensor(*input);
                let plain = tensor.quantization.as_ref().is_some_and(|quantization| quantization.is_per_tensor());
                if let (&[output], true, DType::I8 | DType::I16) = (node.outputs.as_slice(), plain, tensor.dtype) {
                    self.note(output, Source::Stored(*input));
                }
            }
            Op::Slice { input, .. }
            | Op::Transpose { input, .. }
            | Op::Reshape { input }
            | Op::Split { input, .. }
            | Op::Unpack { input, .. } => {
                if let Some(stored) = self.stored(*input) {
                    let outputs: Vec<TensorId> = node.outputs.iter().map(|&id| like(graph, id, stored)).collect();
                    for (&float, &integer) in node.outputs.iter().zip(&outputs) {
                        self.note(float, Source::Stored(integer));
                    }
                    let mut op = node.op.clone();
                    op.for_each_input(|id| *id = stored);
                    nodes.push(Node { op, outputs, origin: node.origin.clone() });
                    self.removed(&node, "it moves stored integers as well as floats");
                    self.again(graph, &node, nodes);
                    return;
                }
            }
            Op::Concatenation { inputs, axis: _, activation: Activation::None } | Op::Pack { inputs, axis: _ } => {
                let parts: Option<Vec<TensorId>> = inputs.iter().map(|&id| self.stored(id)).collect();
                if let (Some(parts), &[output]) = (parts, node.outputs.as_slice()) {
                    self.note(output, Source::Joined(node.op.clone(), parts));
                }
            }
            Op::Quantize { input } if graph.tensor(*input).dtype == DType::F32 => {
                if let (Some(source), &[output]) = (self.source(*input).cloned(), node.outputs.as_slice())
                    && self.quantize(graph, &node, source, output, nodes)
                {
                    return;
                }
            }
            _ => {}
        }
        nodes.push(node);
    }

    /// Floats for other readers, of the integers that a node has moved.
    fn again(&mut self, graph: &Graph, node: &Node, nodes: &mut Vec<Node>) {
        for &float in &node.outputs {
            if let (Some(input), DType::F32) = (self.stored(float), graph.tensor(float).dtype) {
                nodes.push(Node { op: Op::Dequantize { input }, outputs: vec![float], origin: node.origin.clone() });
            }
        }
    }

    /// Makes the output of a `quantize` of the integers that its input stands for; false where there is no exact way.
    fn quantize(&mut self, graph: &mut Graph, node: &Node, source: Source, output: TensorId, nodes: &mut Vec<Node>) -> bool {
        let parts = match &source {
            Source::Stored(stored) => core::slice::from_ref(stored),
            Source::Joined(_, parts) => parts.as_slice(),
        };
        let Some(ops) = parts.iter().map(|&part| requantized(graph, part, output)).collect::<Option<Vec<Op>>>() else {
            return false;
        };
        match source {
            Source::Stored(_) => {
                let origin = node.origin.clone();
                nodes.extend(ops.into_iter().map(|op| Node { op, outputs: vec![output], origin: origin.clone() }));
            }
            Source::Joined(op, parts) => {
                let mut joined = op;
                let mut made = Vec::with_capacity(parts.len());
                for (op, part) in ops.into_iter().zip(parts) {
                    let shape = graph.tensor(part).shape.clone();
                    let tensor = Tensor { shape, ..graph.tensor(output).clone() };
                    let id = graph.add_tensor(tensor);
                    nodes.push(Node { op, outputs: vec![id], origin: node.origin.clone() });
                    made.push(id);
                }
                let mut made = made.into_iter();
                joined.for_each_input(|id| *id = made.next().unwrap_or(*id));
                nodes.push(Node { op: joined, outputs: vec![output], origin: node.origin.clone() });
            }
        }
        self.removed(node, "each stored integer becomes one other, whatever it stands for");
        true
    }
}

/// A tensor of the shape of `float` that stores as `stored` does.
fn like(graph: &mut Graph, float: TensorId, stored: TensorId) -> TensorId {
    let (from, to) = (graph.tensor(stored), graph.tensor(float));
    let tensor = Tensor {
        name: to.name.clone(),
        shape: to.shape.clone(),
        dtype: from.dtype,
        quantization: from.quantization.clone(),
        value: None,
    };
    graph.add_tensor(tensor)
}

/// The operation from a stored tensor to the quantization of `output` that goes through floats; `None` where there is no kernel.
fn requantized(graph: &Graph, stored: TensorId, output: TensorId) -> Option<Op> {
    let (from, to) = (graph.tensor(stored), graph.tensor(output));
    if from.dtype == to.dtype && from.quantization == to.quantization {
        // `q - zero_point` is far below what f32 counts exactly, so that a division by the scale rounds to it.
        return Some(Op::Reshape { input: stored });
    }
    let table = from.dtype == DType::I8 && to.dtype == DType::I8 && to.quantization.is_some();
    table.then_some(Op::Unary { kind: UnaryKind::Rescale, input: stored })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Data, Origin, Quantization, Shape};
    use crate::{Options, eval, pipeline};

    /// A graph under construction.
    struct Net(Graph);

    impl Net {
        fn tensor(&mut self, dims: &[usize], quantization: Option<(f32, i32)>) -> TensorId {
            let dtype = if quantization.is_some() { DType::I8 } else { DType::F32 };
            let quantization = quantization.map(|(scale, zero_point)| Quantization::per_tensor(scale, zero_point));
            self.0.add_tensor(Tensor { name: String::new(), shape: Shape(dims.to_vec()), dtype, quantization, value: None })
        }

        fn node(&mut self, op: Op, outputs: &[TensorId]) {
            let origin = Origin { index: self.0.nodes.len(), name: String::new() };
            self.0.nodes.push(Node { op, outputs: outputs.to_vec(), origin });
        }

        /// What the network makes of all values of int8, by the whole pipeline.
        fn run(self, inputs: &[Data]) -> Vec<Data> {
            let compiled =
                pipeline::compile_graph(self.0, &Options::default(), [0; 32]).unwrap_or_else(|problems| panic!("{problems}"));
            let float = compiled.program.tensors.iter().zip(0..).any(|(tensor, id)| {
                tensor.dtype == DType::F32 && compiled.program.steps.iter().any(|step| step.writes.contains(&TensorId(id)))
            });
            assert!(!float, "floats are left");
            eval::run(&compiled.program, inputs).unwrap()
        }
    }

    /// As the reference's kernels in floats: TFLM `reference/dequantize.h` and `reference/quantize.h`.
    fn through_floats(q: i8, from: (f32, i32), to: (f32, i32)) -> i8 {
        let real = from.0 * (i32::from(q) - from.1) as f32;
        ((real / to.0).round() as i32 + to.1).clamp(-128, 127) as i8
    }

    fn all() -> Vec<i8> {
        (i8::MIN..=i8::MAX).collect()
    }

    #[test]
    fn a_split_in_floats_is_one_of_integers() {
        let (from, to) = ((0.031_f32, -7), (0.047_f32, 12));
        let mut net = Net(Graph::default());
        let x = net.tensor(&[1, 256], Some(from));
        let real = net.tensor(&[1, 256], None);
        let parts = [net.tensor(&[1, 128], None), net.tensor(&[1, 128], None)];
        let outputs = [net.tensor(&[1, 128], Some(from)), net.tensor(&[1, 128], Some(to))];
        net.node(Op::Dequantize { input: x }, &[real]);
        net.node(Op::Split { input: real, axis: 1 }, &parts);
        net.node(Op::Quantize { input: parts[0] }, &[outputs[0]]);
        net.node(Op::Quantize { input: parts[1] }, &[outputs[1]]);
        (net.0.inputs, net.0.outputs) = (vec![x], outputs.to_vec());
        let expected = all().into_iter().skip(128).map(|q| through_floats(q, from, to)).collect();
        let made = net.run(&[Data::I8(all())]);
        assert_eq!(made, [Data::I8(all().into_iter().take(128).collect()), Data::I8(expected)]);
    }

    #[test]
    fn a_concatenation_in_floats_is_one_of_tables() {
        let (a, b, to) = ((0.5_f32, 3), (0.11_f32, -20), (0.3_f32, 1));
        let mut net = Net(Graph::default());
        let [x, y] = [a, b].map(|quantization| net.tensor(&[1, 256], Some(quantization)));
        let [p, q] = [0; 2].map(|_| net.tensor(&[1, 256], None));
        let (joined, turned) = (net.tensor(&[1, 512], None), net.tensor(&[1, 512], Some(to)));
        net.node(Op::Dequantize { input: x }, &[p]);
        net.node(Op::Dequantize { input: y }, &[q]);
        net.node(Op::Concatenation { inputs: vec![p, q], axis: 1, activation: Activation::None }, &[joined]);
        net.node(Op::Quantize { input: joined }, &[turned]);
        (net.0.inputs, net.0.outputs) = (vec![x, y], vec![turned]);
        let expected =
            all().into_iter().map(|q| through_floats(q, a, to)).chain(all().into_iter().map(|q| through_floats(q, b, to)));
        assert_eq!(net.run(&[Data::I8(all()), Data::I8(all())]), [Data::I8(expected.collect())]);
    }

    #[test]
    fn floats_that_are_read_otherwise_stay() {
        let mut net = Net(Graph::default());
        let x = net.tensor(&[1, 4], Some((0.5, 0)));
        let (real, turned) = (net.tensor(&[1, 4], None), net.tensor(&[4, 1], None));
        net.node(Op::Dequantize { input: x }, &[real]);
        net.node(Op::Reshape { input: real }, &[turned]);
        (net.0.inputs, net.0.outputs) = (vec![x], vec![turned]);
        let compiled = pipeline::compile_graph(net.0, &Options::default(), [0; 32]).unwrap();
        let made = eval::run(&compiled.program, &[Data::I8(vec![1, -2, 3, 4])]).unwrap();
        assert_eq!(made, [Data::F32(vec![0.5, -1.0, 1.5, 2.0])]);
    }
}
