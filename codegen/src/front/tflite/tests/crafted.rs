//! Small files that are right: forms that the real models do not have.

use super::writer::{ModelSpec, OpSpec, TensorSpec, Value};
use crate::front::tflite::read;
use crate::ir::{DType, Data, Graph, Op, Window};

fn graph(model: &ModelSpec) -> Graph {
    read(&model.write(), "crafted").unwrap_or_else(|problems| panic!("{problems}"))
}

/// One call that reads tensor 0 (and constants, the rest but the last) and writes the last tensor.
pub(super) fn single(op: OpSpec, tensors: Vec<TensorSpec>) -> ModelSpec {
    let outputs = op.outputs.clone();
    ModelSpec { tensors, ops: vec![op], inputs: vec![0], outputs, ..ModelSpec::default() }
}

/// A fully connected layer of 4 inputs and 2 outputs.
pub(super) fn dense() -> ModelSpec {
    let filter = TensorSpec { scales: vec![0.5, 0.25], zero_points: vec![0, 0], ..TensorSpec::int8(&[2, 4], 1.0, 0) };
    let tensors = vec![
        TensorSpec::int8(&[1, 4], 0.5, -1),
        filter.with(vec![1, 2, 3, 4, 255, 254, 253, 252]),
        TensorSpec { scales: vec![0.25, 0.125], axis: 3, ..TensorSpec::int32(&[2], &[10, -10]) },
        TensorSpec::int8(&[1, 2], 1.0, 3),
    ];
    single(OpSpec::new(9, &[0, 1, 2], &[3]).options(8, vec![(0, Value::byte(1))]), tensors)
}

#[test]
fn a_dense_layer_reads_as_its_text_form_says() {
    let expected = "\
graph \"crafted\" (%0) -> (%1)
  %0 \"t0\" int8[1, 4] scale 0.5 zero_point -1
  %1 \"t3\" int8[1, 2] scale 1.0 zero_point 3
  %2 \"t1\" int8[2, 4] 2 scales on axis 0 = weight 0
  %3 \"t2\" int32[2] 2 scales on axis 0 = weight 1
  %1 = FullyConnected { input: TensorId(0), filter: TensorId(2), bias: Some(TensorId(3)), activation: Relu }
";
    let graph = graph(&dense());
    assert_eq!(graph.to_string(), expected);
    assert_eq!(graph.weights[0].data, Data::I8(vec![1, 2, 3, 4, -1, -2, -3, -4]));
    assert_eq!(graph.weights[1].data, Data::I32(vec![10, -10]));
}

#[test]
fn alignment_does_not_matter_and_nothing_after_the_file_is_read() {
    let bytes = dense().write();
    let expected = read(&bytes, "crafted");
    for shift in 1..8 {
        let shifted: Vec<u8> = std::iter::repeat_n(0, shift).chain(bytes.iter().copied()).collect();
        assert_eq!(read(&shifted[shift..], "crafted"), expected);
    }
}

#[test]
fn an_absent_bias_may_be_minus_one_or_left_out() {
    for inputs in [&[0, 1, -1][..], &[0, 1]] {
        let mut model = dense();
        model.ops[0].inputs = inputs.into();
        assert!(matches!(graph(&model).nodes[0].op, Op::FullyConnected { bias: None, .. }));
    }
}

#[test]
fn a_bias_of_senseless_quantization_has_none() {
    for scales in [vec![0.0], vec![f32::NAN, 1.0], vec![1.0; 5], vec![]] {
        let mut model = dense();
        model.tensors[2].scales = scales;
        let graph = graph(&model);
        assert_eq!(graph.tensors.iter().find(|tensor| tensor.name == "t2").unwrap().quantization, None);
    }
}

#[test]
fn either_field_of_the_operator_code_counts() {
    for fields in [vec![(0, Value::byte(9))], vec![(3, Value::int(9))], vec![(0, Value::byte(9)), (3, Value::int(0))]] {
        let mut model = dense();
        model.fields.push((1, Value::Tables(vec![Value::Table(fields)])));
        assert_eq!(graph(&model).nodes[0].op.name(), "fully_connected");
    }
}

#[test]
fn data_outside_the_flatbuffer_and_int4_weights_read() {
    let mut model = dense();
    model.tensors[1].element_type = 17;
    model.tensors[1].data = None;
    model.tensors[1].fields.push((2, Value::int(2)));
    // Written once to learn the length, which the offset does not change.
    let with_offset = |offset: u64| {
        let mut model = model.clone();
        model.buffers = vec![Value::Table(vec![(1, Value::long(offset)), (2, Value::long(4))])];
        model.write()
    };
    let offset = with_offset(2).len();
    let mut bytes = with_offset(offset as u64);
    bytes.extend([0x21, 0x43, 0xef, 0xcd]);
    let graph = read(&bytes, "crafted").unwrap();
    assert_eq!(graph.weights[0].data, Data::I8(vec![1, 2, 3, 4, -1, -2, -3, -4]));
    assert_eq!(graph.tensors[2].dtype, DType::I8);
}

#[test]
fn an_open_batch_becomes_one() {
    let mut model = dense();
    model.tensors[0].shape = vec![-1, 4];
    model.tensors[0].fields.push((7, Value::ints(&[-1, 4])));
    assert_eq!(graph(&model).tensor(graph(&model).inputs[0]).shape.0, [1, 4]);
}

#[test]
fn tensors_of_one_buffer_share_their_constant() {
    let mut model = dense();
    model.tensors.push(model.tensors[1].clone());
    model.tensors[4].data = None;
    model.tensors[4].fields.push((2, Value::int(1)));
    model.tensors.push(TensorSpec::int8(&[1, 2], 1.0, 0));
    model.ops.push(OpSpec::new(9, &[0, 4, -1], &[5]));
    let graph = graph(&model);
    assert_eq!((graph.weights.len(), graph.nodes.len()), (2, 2));
}

#[test]
fn what_nothing_refers_to_is_not_read() {
    let mut model = dense();
    model.tensors.push(TensorSpec { element_type: 5, ..TensorSpec::int8(&[-1, -1], -1.0, 999) });
    model.buffers.push(Value::Table(vec![(1, Value::long(u64::MAX)), (2, Value::long(u64::MAX))]));
    assert_eq!(graph(&model), graph(&dense()));
}

#[test]
fn absent_options_have_the_schemas_defaults() {
    let activation = |shape: &[i32]| TensorSpec::int8(shape, 1.0, 0);
    let softmax = graph(&single(OpSpec::new(25, &[0], &[1]), vec![activation(&[1, 3]), activation(&[1, 3])]));
    assert_eq!(softmax.nodes[0].op, Op::Softmax { input: softmax.inputs[0], beta: 0.0 });
    let filter = activation(&[1, 3, 3, 1]).with(vec![1; 9]);
    let options = vec![(1, Value::int(2)), (2, Value::int(1))];
    let tensors = vec![activation(&[1, 6, 6, 1]), filter, activation(&[1, 6, 3, 1])];
    let conv = graph(&single(OpSpec::new(3, &[0, 1], &[2]).options(1, options), tensors));
    let Op::Conv2d { window, .. } = conv.nodes[0].op else { panic!("{conv}") };
    assert_eq!(window, Window::same([3, 3], [1, 2], [1, 1], [6, 6]));
}

#[test]
fn padding_is_with_the_zero_point_or_the_value_given() {
    let activation = |shape: &[i32]| TensorSpec::int8(shape, 1.0, -7);
    let mut tensors = vec![activation(&[2]), TensorSpec::int32(&[1, 2], &[1, 2]), activation(&[5])];
    let op = |graph: &Graph| graph.nodes[0].op.clone();
    let pad = graph(&single(OpSpec::new(34, &[0, 1], &[2]), tensors.clone()));
    assert_eq!(op(&pad), Op::Pad { input: pad.inputs[0], before: vec![1], after: vec![2], value: -7 });
    tensors.push(activation(&[1]).with(vec![0xfe]));
    let pad = graph(&single(OpSpec::new(60, &[0, 1, 3], &[2]), tensors));
    assert_eq!(op(&pad), Op::Pad { input: pad.inputs[0], before: vec![1], after: vec![2], value: -2 });
}

#[test]
fn axes_count_from_the_end_and_sort() {
    let activation = |shape: &[i32]| TensorSpec::int8(shape, 1.0, 0);
    let tensors = vec![activation(&[1, 2, 3, 4]), TensorSpec::int32(&[3], &[-2, 1, 2]), activation(&[1, 4])];
    let mean = graph(&single(OpSpec::new(40, &[0, 1], &[2]), tensors));
    assert!(matches!(&mean.nodes[0].op, Op::Reduce { axes, .. } if *axes == [1, 2]), "{mean}");
    let tensors = vec![activation(&[1, 4]), activation(&[1, 2]), activation(&[1, 2]), TensorSpec::int32(&[], &[-1])];
    let split = graph(&single(OpSpec::new(49, &[3, 0], &[1, 2]), tensors));
    assert!(matches!(split.nodes[0].op, Op::Split { axis: 1, .. }), "{split}");
    assert_eq!(split.nodes[0].outputs.len(), 2);
}

#[test]
fn a_flatten_whose_shape_is_computed_reads() {
    let activation = |shape: &[i32]| TensorSpec::int8(shape, 1.0, 0);
    let int = |shape: &[i32], values: &[i32]| TensorSpec::int32(shape, values);
    let computed = |shape: &[i32]| TensorSpec { data: None, ..TensorSpec::int32(shape, &[]) };
    let tensors = vec![
        activation(&[1, 2, 2, 3]),
        computed(&[4]),
        int(&[1], &[0]),
        int(&[1], &[1]),
        int(&[1], &[1]),
        computed(&[]),
        int(&[], &[12]),
        computed(&[2]),
        activation(&[1, 12]),
    ];
    let ops = vec![
        OpSpec::new(77, &[0], &[1]),
        OpSpec::new(45, &[1, 2, 3, 4], &[5]).options(32, vec![(4, Value::int(1))]),
        OpSpec::new(83, &[5, 6], &[7]).options(59, vec![(0, Value::int(2))]),
        OpSpec::new(22, &[0, 7], &[8]),
    ];
    let graph = graph(&ModelSpec { tensors, ops, inputs: vec![0], outputs: vec![8], ..ModelSpec::default() });
    let names: Vec<_> = graph.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(names, ["reshape"]);
}
