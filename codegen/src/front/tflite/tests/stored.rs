//! Constants that are not stored as they are computed with, and what is computed of shapes.

use super::crafted::{dense, single};
use super::writer::{ModelSpec, OpSpec, TensorSpec, Value};
use crate::front::tflite::read;
use crate::ir::{DType, Data, Graph, Op};

fn graph(model: &ModelSpec) -> Graph {
    read(&model.write(), "crafted").unwrap_or_else(|problems| panic!("{problems}"))
}

/// The filter of the one layer.
fn filter(graph: &Graph) -> &Data {
    let [node] = graph.nodes.as_slice() else { panic!("{graph}") };
    graph.value(node.op.layer().unwrap().filter).unwrap()
}

/// The dense layer in floats, whose filter an operator makes of a constant.
fn float_dense(code: i32, weights: TensorSpec) -> ModelSpec {
    let float =
        |shape: &[i32]| TensorSpec { element_type: 0, scales: vec![], zero_points: vec![], ..TensorSpec::int8(shape, 1.0, 0) };
    let mut model = dense();
    model.tensors[0] = float(&[1, 4]);
    model.tensors[1] = float(&[2, 4]);
    model.tensors[2] = float(&[2]).with([1f32, 2.0].iter().flat_map(|value| value.to_le_bytes()).collect());
    model.tensors[3] = float(&[1, 2]);
    model.tensors.push(weights);
    model.ops.insert(0, OpSpec::new(code, &[4], &[1]));
    model
}

#[test]
fn weights_of_float16_are_floats() {
    let halves = [0x3c00u16, 0xc000, 0x3555, 0x0001, 0x7bff, 0, 0x8000, 0x3800];
    let bytes = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    let weights = TensorSpec { element_type: 1, scales: vec![], zero_points: vec![], ..TensorSpec::int8(&[2, 4], 1.0, 0) };
    let graph = graph(&float_dense(6, weights.with(bytes)));
    let Data::F32(values) = filter(&graph) else { panic!("{graph}") };
    assert_eq!(values[..4], [1.0, -2.0, 0.333_251_95, 2f32.powi(-24)]);
    assert_eq!(values[4], 65504.0);
}

#[test]
fn weights_of_int8_and_int4_are_floats() {
    let weights = TensorSpec { scales: vec![0.5, 0.25], zero_points: vec![0, 0], ..TensorSpec::int8(&[2, 4], 1.0, 0) };
    let whole = graph(&float_dense(6, weights.clone().with(vec![1, 2, 3, 4, 255, 254, 253, 252])));
    assert_eq!(filter(&whole), &Data::F32(vec![0.5, 1.0, 1.5, 2.0, -0.25, -0.5, -0.75, -1.0]));
    let packed = TensorSpec { element_type: 17, ..weights }.with(vec![0x21, 0x43, 0xef, 0xcd]);
    assert_eq!(filter(&graph(&float_dense(6, packed))), filter(&whole));
}

/// The example of TFLite's sparsity parameters: 4x4 in blocks of 2x2, rows of blocks dense, columns of them compressed.
#[test]
fn sparse_constants_are_made_dense() {
    let dense_level = |size: i32| Value::Table(vec![(0, Value::byte(0)), (1, Value::int(size))]);
    let vector = |values: &[u8]| Value::Table(vec![(0, Value::bytes(values))]);
    let compressed = |segments: &[u8], indices: &[u8]| {
        let fields =
            vec![(0, Value::byte(1)), (2, Value::byte(3)), (3, vector(segments)), (4, Value::byte(3)), (5, vector(indices))];
        Value::Table(fields)
    };
    let sparsity = |levels: Vec<Value>| {
        Value::Table(vec![(0, Value::ints(&[0, 1, 2, 3])), (1, Value::ints(&[0, 1])), (2, Value::Tables(levels))])
    };
    let levels = vec![dense_level(2), compressed(&[0, 1, 3], &[1, 0, 1]), dense_level(2), dense_level(2)];
    let weights = TensorSpec::int8(&[4, 4], 1.0, 0).with((1..=12).collect());
    let model = |levels: Vec<Value>, direct: bool| {
        let mut model = dense();
        model.tensors[2] = TensorSpec::int32(&[4], &[0; 4]);
        model.tensors[3] = TensorSpec::int8(&[1, 4], 1.0, 0);
        model.tensors[1] = TensorSpec::int8(&[4, 4], 1.0, 0);
        let stored = weights.clone().field(6, sparsity(levels));
        if direct {
            model.tensors[1] = stored;
        } else {
            model.tensors.push(stored);
            model.ops.insert(0, OpSpec::new(124, &[4], &[1]));
        }
        model
    };
    let expected = Data::I8(vec![0, 0, 1, 2, 0, 0, 3, 4, 5, 6, 9, 10, 7, 8, 11, 12]);
    for direct in [true, false] {
        assert_eq!(filter(&graph(&model(levels.clone(), direct))), &expected);
    }
    // Indices outside, segments that run backwards, more elements than are stored, and levels without an end.
    let wrong = [
        vec![dense_level(2), compressed(&[0, 1, 3], &[1, 0, 9]), dense_level(2), dense_level(2)],
        vec![dense_level(2), compressed(&[0, 3, 1], &[1, 0, 1]), dense_level(2), dense_level(2)],
        vec![dense_level(2), compressed(&[0, 1, 4], &[1, 0, 1, 1]), dense_level(2), dense_level(2)],
        vec![dense_level(i32::MAX), dense_level(i32::MAX), dense_level(0), dense_level(2)],
        vec![dense_level(-1), dense_level(2), dense_level(2), dense_level(2)],
        vec![dense_level(2); 9],
    ];
    for levels in wrong {
        assert!(read(&model(levels, true).write(), "crafted").is_err());
    }
}

#[test]
fn shapes_that_are_left_open_follow_from_what_is_read() {
    let open = |shape: &[i32], signature: &[i32]| TensorSpec::int8(shape, 1.0, 0).field(7, Value::ints(signature));
    let computed = |shape: &[i32]| TensorSpec { data: None, ..TensorSpec::int32(shape, &[]) };
    // SHAPE, GATHER of the first two sizes, REDUCE_PROD of them, PACK with -1, RESHAPE.
    let tensors = vec![
        open(&[1, 3, 4], &[-1, 3, 4]),
        computed(&[3]),
        TensorSpec::int32(&[2], &[0, 1]),
        computed(&[2]),
        TensorSpec::int32(&[1], &[0]),
        computed(&[]),
        TensorSpec::int32(&[], &[-1]),
        computed(&[2]),
        open(&[1, 1], &[-1, -1]),
    ];
    let ops = vec![
        OpSpec::new(77, &[0], &[1]),
        OpSpec::new(36, &[1, 2], &[3]),
        OpSpec::new(81, &[3, 4], &[5]),
        OpSpec::new(83, &[5, 6], &[7]).options(59, vec![(0, Value::int(2))]),
        OpSpec::new(22, &[0, 7], &[8]),
    ];
    let graph = graph(&ModelSpec { tensors, ops, inputs: vec![0], outputs: vec![8], ..ModelSpec::default() });
    assert_eq!(graph.nodes.len(), 1, "{graph}");
    assert_eq!(graph.tensor(graph.outputs[0]).shape.0, [3, 4]);
}

/// What one operator on constants of int32 makes.
fn folded(code: i32, operands: &[(&[i32], &[i32])], options: Option<(i8, Vec<(usize, Value)>)>) -> (Vec<usize>, Data) {
    let open = TensorSpec { data: None, ..TensorSpec::int32(&[1], &[]) }.field(7, Value::ints(&[-1]));
    let mut tensors = vec![open];
    tensors.extend(operands.iter().map(|(shape, values)| TensorSpec::int32(shape, values)));
    let inputs: Vec<i32> = (1..=operands.len() as i32).collect();
    let op = OpSpec { options, ..OpSpec::new(code, &inputs, &[0]) };
    let graph = graph(&ModelSpec { tensors, ops: vec![op], inputs: vec![], outputs: vec![0], ..ModelSpec::default() });
    assert!(graph.nodes.is_empty(), "{graph}");
    (graph.tensor(graph.outputs[0]).shape.0.clone(), graph.value(graph.outputs[0]).unwrap().clone())
}

#[test]
fn arithmetic_on_shapes_is_that_of_the_operators() {
    let list = |values: &[i32]| (vec![values.len()], Data::I32(values.to_vec()));
    let of = |values: &'static [i32]| (&[3][..], values);
    let one = |value: &'static [i32]| (&[][..], value);
    assert_eq!(folded(94, &[(&[2], &[1, 3]), one(&[7])], None), (vec![1, 3], Data::I32(vec![7; 3])));
    assert_eq!(folded(69, &[(&[2], &[1, 2]), (&[1], &[2])], None), list(&[1, 2, 1, 2]));
    assert_eq!(folded(130, &[(&[2, 1], &[1, 2]), (&[2], &[2, 3])], None), (vec![2, 3], Data::I32(vec![1, 1, 1, 2, 2, 2])));
    assert_eq!(folded(96, &[one(&[1]), one(&[8]), one(&[3])], None), list(&[1, 4, 7]));
    assert_eq!(folded(96, &[one(&[8]), one(&[1]), one(&[-3])], None), list(&[8, 5, 2]));
    assert_eq!(folded(90, &[of(&[7, -7, 6]), one(&[2])], None), list(&[3, -4, 3]));
    assert_eq!(folded(95, &[of(&[7, -7, 6]), one(&[2])], None), list(&[1, 1, 0]));
    assert_eq!(folded(81, &[of(&[7, -7, 6]), (&[1], &[0])], Some((27, vec![(0, Value::byte(1))]))), list(&[-294]));
    assert_eq!(folded(74, &[of(&[7, -7, 6]), (&[1], &[-1])], None), (vec![], Data::I32(vec![6])));
    assert_eq!(folded(0, &[of(&[1, 2, 3]), one(&[10])], None), list(&[11, 12, 13]));
    assert_eq!(folded(0, &[(&[2, 1], &[1, 2]), (&[2], &[10, 20])], None), (vec![2, 2], Data::I32(vec![11, 21, 12, 22])));
    let gathered = folded(36, &[(&[2, 2], &[1, 2, 3, 4]), (&[1], &[-1])], Some((23, vec![(0, Value::int(1))])));
    assert_eq!(gathered, (vec![2, 1], Data::I32(vec![2, 4])));
    assert_eq!(folded(2, &[(&[1], &[1]), (&[2], &[2, 3])], Some((10, vec![]))), list(&[1, 2, 3]));
    // Of no sizes at all: their product is 1.
    assert_eq!(folded(81, &[(&[0], &[]), (&[1], &[0])], None), (vec![], Data::I32(vec![1])));
}

#[test]
fn results_that_do_not_fit_are_refused() {
    let tensors = vec![
        TensorSpec { data: None, ..TensorSpec::int32(&[1], &[]) },
        TensorSpec::int32(&[4], &[i32::MAX; 4]),
        TensorSpec::int32(&[1], &[0]),
    ];
    // A product beyond 32 bits, a shape of too many elements, an index outside.
    for (code, inputs) in [(81, [1, 2]), (94, [1, 2]), (36, [1, 1]), (69, [1, 1]), (130, [1, 1])] {
        let ops = vec![OpSpec::new(code, &inputs, &[0])];
        let model = ModelSpec { tensors: tensors.clone(), ops, inputs: vec![], outputs: vec![0], ..ModelSpec::default() };
        assert!(read(&model.write(), "crafted").is_err(), "{code}");
    }
}

#[test]
fn batches_of_phases_are_a_dilation() {
    let open = |shape: &[i32]| TensorSpec::int8(shape, 1.0, 0).field(7, Value::ints(&[-1, shape[1], shape[2], shape[3]]));
    let filter = TensorSpec::int8(&[2, 3, 3, 1], 1.0, 0).with(vec![1; 18]);
    // 7 rows and 6 columns, padded by 2 before and 3 or 2 behind, in blocks of 2; one row too many is cropped.
    let tensors = vec![
        open(&[1, 7, 6, 1]),
        TensorSpec::int32(&[2], &[2, 2]),
        TensorSpec::int32(&[2, 2], &[2, 3, 2, 2]),
        TensorSpec::int32(&[2, 2], &[0, 1, 0, 0]),
        filter,
        open(&[1, 6, 5, 1]),
        open(&[1, 4, 3, 2]),
        open(&[1, 7, 6, 2]),
    ];
    let conv = |fields: Vec<(usize, Value)>| OpSpec::new(3, &[5, 4, -1], &[6]).options(1, fields);
    let model = |conv: OpSpec| {
        let ops = vec![OpSpec::new(38, &[0, 1, 2], &[5]), conv, OpSpec::new(37, &[6, 1, 3], &[7])];
        ModelSpec { tensors: tensors.clone(), ops, inputs: vec![0], outputs: vec![7], ..ModelSpec::default() }
    };
    let valid = |stride: i32| vec![(0, Value::byte(1)), (1, Value::int(stride)), (2, Value::int(stride))];
    let read_graph = graph(&model(conv(valid(1))));
    let Op::Conv2d { window, .. } = &read_graph.nodes[0].op else { panic!("{read_graph}") };
    assert_eq!((window.dilation, window.pad_before, window.pad_after), ([2, 2], [2, 2], [3, 2]));
    assert!(matches!(&read_graph.nodes[1].op, Op::Slice { size, .. } if *size == [1, 7, 6, 2]), "{read_graph}");
    // Every stride, and every operator that mixes phases, is refused by its name.
    for wrong in [conv(valid(2)), OpSpec::new(17, &[5], &[6]).options(5, vec![(1, Value::int(1)), (2, Value::int(1))])] {
        let problems = read(&model(wrong).write(), "crafted").unwrap_err();
        assert!(problems.0.iter().any(|problem| problem.message.contains("between SPACE_TO_BATCH_ND")), "{problems}");
    }
}

#[test]
fn indices_of_64_bits_are_those_of_32() {
    let index = |element_type: i8| TensorSpec { element_type, data: None, ..TensorSpec::int32(&[1], &[]) };
    let tensors = |element_type: i8| vec![TensorSpec::int8(&[1, 5], 1.0, 0), TensorSpec::int32(&[], &[-1]), index(element_type)];
    for (element_type, dtype) in [(2, DType::I32), (4, DType::I64)] {
        let graph = graph(&single(OpSpec::new(56, &[0, 1], &[2]), tensors(element_type)));
        let facts = crate::valid::check(&graph).unwrap_or_else(|problems| panic!("{problems}"));
        let program = crate::lower::lower(&graph, &facts, crate::Reference::Tflm).unwrap_or_else(|problems| panic!("{problems}"));
        let made = crate::eval::run(&program, &[Data::I8(vec![3, -4, 9, 9, 2])]).unwrap();
        assert_eq!((made[0].dtype(), made[0].integers()), (dtype, Some(vec![2])));
    }
}
