//! Makes two tables in a row one.

use super::Removal;
use crate::ir::{Data, TensorId};
use crate::lower::{ConstId, Constant, Kernel, Operand, Program, Step};

/// Replaces each table that reads what another table writes, and nobody else reads, by the table of both. Unlike the other passes
/// it works on kernels: no operator of the graph stands for an arbitrary table.
pub fn compose_tables(program: &mut Program) -> Vec<Removal> {
    let mut removals = Vec::new();
    let mut second = 0;
    while second < program.steps.len() {
        let Some((first, table)) = composed(program, second) else {
            second += 1;
            continue;
        };
        let label = format!("answers of {} of answers", program.steps[second].origin.name);
        program.constants.push(Constant { label, data: Data::I8(table) });
        let removed = program.steps.remove(first);
        second -= 1;
        let step = &mut program.steps[second];
        step.kernel = Kernel::Lut(ConstId(program.constants.len() as u32 - 1));
        step.reads = removed.reads;
        let what = format!("{} `{}`", removed.op, removed.origin.name);
        removals.push(Removal { pass: "compose_tables", what, why: "the table after it holds the answers of both" });
        second += 1;
    }
    removals
}

/// The table whose answers the table at `second` alone reads, which comes before it, and the answers of both.
fn composed(program: &Program, second: usize) -> Option<(usize, Vec<i8>)> {
    let (between, outer) = table(program, &program.steps[second])?;
    let first = program.steps.iter().take(second).position(|step| step.writes == [between])?;
    let (_, inner) = table(program, &program.steps[first])?;
    let reads = program.steps.iter().flat_map(|step| &step.reads).filter(|&&read| read == Operand::Activation(between));
    if reads.count() != 1 || program.outputs.contains(&between) {
        return None;
    }
    let answer = |&value: &i8| outer.get(usize::from(value as u8)).copied();
    Some((first, inner.iter().map(answer).collect::<Option<_>>()?))
}

/// What a table of an activation reads, and its answers.
fn table<'a>(program: &'a Program, step: &Step) -> Option<(TensorId, &'a [i8])> {
    match (&step.kernel, step.reads.as_slice()) {
        (Kernel::Lut(table), &[Operand::Activation(read)]) => Some((read, program.constant(*table).data.as_i8()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{DType, Graph, Node, Op, Origin, Quantization, Shape, Tensor, UnaryKind};
    use crate::options::Reference;
    use crate::{eval, lower, valid};

    /// A chain of tables; `twice` reads the first one's answers again, as an output.
    fn chain(twice: bool) -> Program {
        let mut graph = Graph::default();
        let scales = [(0.1, -10), (0.05, 3), (0.02, 20), (0.03, -100)];
        let tensor = |(scale, zero_point)| Tensor {
            name: String::new(),
            shape: Shape(vec![1, 256]),
            dtype: DType::I8,
            quantization: Some(Quantization::per_tensor(scale, zero_point)),
            value: None,
        };
        let ids: Vec<TensorId> = scales.into_iter().map(|scale| graph.add_tensor(tensor(scale))).collect();
        let leaky = |alpha, input| Op::Unary { kind: UnaryKind::LeakyRelu { alpha }, input };
        let ops = [leaky(0.5, ids[0]), leaky(-0.3, ids[1]), Op::Quantize { input: ids[2] }];
        for (op, &output) in ops.into_iter().zip(&ids[1..]) {
            graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 0, name: String::new() } });
        }
        graph.inputs.push(ids[0]);
        graph.outputs.push(ids[3]);
        graph.outputs.extend(twice.then_some(ids[1]));
        let facts = valid::check(&graph).expect("a valid graph");
        lower::lower(&graph, &facts, Reference::Tflm).expect("kernels")
    }

    #[test]
    fn a_chain_of_tables_is_one() {
        for (twice, left) in [(false, 1), (true, 2)] {
            let before = chain(twice);
            let mut after = before.clone();
            assert_eq!(compose_tables(&mut after).len(), 3 - left);
            assert_eq!(after.steps.len(), left);
            let every = Data::I8((i8::MIN..=i8::MAX).collect());
            let run = |program: &Program| eval::run(program, std::slice::from_ref(&every)).expect("an input that fits");
            assert_eq!(run(&after), run(&before));
        }
    }
}
