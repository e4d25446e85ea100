//! Small files that ask for much: each way that work or memory could grow faster than the file.

use crate::writer::{ModelSpec, OpSpec, TensorSpec, Value};

fn int8(shape: &[i32]) -> TensorSpec {
    TensorSpec::int8(shape, 1.0, 0)
}

/// All such files, by name.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("a constant padded to a million, thousands of times".into(), padded_constants(2000).write()),
        ("a constant reshaped thousands of times".into(), reshaped_constant(2000).write()),
        ("a constant reshaped as often as is taken".into(), reshaped_constant(7).write()),
        ("one large filter in thousands of layers".into(), shared_filter(2000).write()),
        ("a convolution of constants".into(), constant_convolution().write()),
        ("a concatenation of the same tensor".into(), wide_concatenation(60_000).write()),
        ("concatenations that share their operands".into(), many_concatenations(3000).write()),
        ("as many of them as are taken".into(), many_concatenations(79).write()),
        ("one filter in as many layers as are taken".into(), shared_filter(6).write()),
        ("an input split into thousands".into(), wide_split(3_000).write()),
        ("an image resized to millions of rows".into(), long_resize(16_000_000).write()),
        ("thousands of relus".into(), chain(2048).write()),
        ("more relus".into(), chain(4000).write()),
        ("thousands of pads".into(), pads(2000).write()),
        ("one tensor in thousands of slots".into(), repeated_tensor(65_000).write()),
    ];
    for rank in [0, 8, 9, 100_000] {
        let tensors = vec![int8(&vec![1; rank]), int8(&vec![1; rank])];
        let model = ModelSpec {
            tensors,
            ops: vec![OpSpec::new(19, &[0], &[1])],
            inputs: vec![0],
            outputs: vec![1],
            ..Default::default()
        };
        files.push((format!("tensors of {rank} dimensions"), model.write()));
    }
    files
}

/// Every output is a constant of a million elements, made from one.
fn padded_constants(count: i32) -> ModelSpec {
    let mut model = ModelSpec { tensors: vec![int8(&[1]), int8(&[1]).with(vec![7])], inputs: vec![0], ..Default::default() };
    for index in 0..count {
        let at = model.tensors.len() as i32;
        model.tensors.push(TensorSpec::int32(&[1, 2], &[index, 1_000_000 - index]));
        model.tensors.push(int8(&[1_000_001]));
        model.ops.push(OpSpec::new(34, &[1, at], &[at + 1]));
        model.outputs.push(at + 1);
    }
    model
}

fn reshaped_constant(count: i32) -> ModelSpec {
    let large = int8(&[1_000_000]).with(vec![7; 1_000_000]);
    let mut model = ModelSpec { tensors: vec![int8(&[1]), large], inputs: vec![0], ..Default::default() };
    for _ in 0..count {
        model.tensors.push(int8(&[1000, 1000]));
        let output = model.tensors.len() as i32 - 1;
        model.ops.push(OpSpec::new(22, &[1], &[output]));
        model.outputs.push(output);
    }
    model
}

fn shared_filter(count: i32) -> ModelSpec {
    let filter = int8(&[1024, 1024]).with(vec![1; 1 << 20]);
    let mut model = ModelSpec { tensors: vec![filter, int8(&[1, 1024])], inputs: vec![1], ..Default::default() };
    for index in 0..count {
        model.tensors.push(int8(&[1, 1024]));
        model.ops.push(OpSpec::new(9, &[index + 1, 0, -1], &[index + 2]));
    }
    model.outputs.push(count + 1);
    model
}

/// 16 thousand million multiply-accumulates on constants.
fn constant_convolution() -> ModelSpec {
    let tensors = vec![
        int8(&[1]),
        int8(&[1, 128, 128, 1]).with(vec![1; 128 * 128]),
        int8(&[64, 127, 127, 1]).with(vec![1; 64 * 127 * 127]),
        int8(&[1, 128, 128, 64]),
    ];
    let options = vec![(1, Value::int(1)), (2, Value::int(1))];
    let ops = vec![OpSpec::new(3, &[1, 2], &[3]).options(1, options)];
    ModelSpec { tensors, ops, inputs: vec![0], outputs: vec![3], ..Default::default() }
}

fn wide_concatenation(count: i32) -> ModelSpec {
    let ops = vec![OpSpec::new(2, &vec![0; count as usize], &[1]).options(10, vec![(0, Value::int(1))])];
    let tensors = vec![int8(&[1, 16]), int8(&[1, 16 * count])];
    ModelSpec { tensors, ops, inputs: vec![0], outputs: vec![1], ..Default::default() }
}

fn many_concatenations(count: i32) -> ModelSpec {
    let mut model = ModelSpec { tensors: vec![int8(&[1, 1])], inputs: vec![0], ..Default::default() };
    for index in 0..count {
        model.tensors.push(int8(&[1, 100]));
        model.ops.push(OpSpec::new(2, &[0; 100], &[index + 1]).options(10, vec![(0, Value::int(1))]));
        model.outputs.push(index + 1);
    }
    model
}

fn wide_split(count: i32) -> ModelSpec {
    let mut model = ModelSpec { tensors: vec![int8(&[1, count]), TensorSpec::int32(&[], &[1])], ..Default::default() };
    let outputs: Vec<i32> = (2..count + 2).collect();
    model.tensors.extend(outputs.iter().map(|_| int8(&[1, 1])));
    model.ops.push(OpSpec::new(49, &[1, 0], &outputs));
    ModelSpec { inputs: vec![0], outputs, ..model }
}

fn long_resize(rows: i32) -> ModelSpec {
    let tensors = vec![int8(&[1, 2, 1, 1]), TensorSpec::int32(&[2], &[rows, 1]), int8(&[1, rows, 1, 1])];
    let ops = vec![OpSpec::new(23, &[0, 1], &[2])];
    ModelSpec { tensors, ops, inputs: vec![0], outputs: vec![2], ..Default::default() }
}

fn chain(count: i32) -> ModelSpec {
    let ops = (0..count).map(|index| OpSpec::new(19, &[index], &[index + 1])).collect();
    let tensors = (0..=count).map(|_| int8(&[1, 1000])).collect();
    ModelSpec { tensors, ops, inputs: vec![0], outputs: vec![count], ..Default::default() }
}

fn pads(count: i32) -> ModelSpec {
    let mut model = ModelSpec { tensors: vec![TensorSpec::int32(&[1, 2], &[0, 1]), int8(&[1])], ..Default::default() };
    for index in 0..count {
        model.tensors.push(int8(&[index + 2]));
        model.ops.push(OpSpec::new(34, &[index + 1, 0], &[index + 2]));
    }
    ModelSpec { inputs: vec![1], outputs: vec![count + 1], ..model }
}

fn repeated_tensor(count: i32) -> ModelSpec {
    let operands: Vec<i32> = (1..count).collect();
    let mut model = ModelSpec { tensors: vec![int8(&[1, 1])], ..Default::default() };
    model.ops.push(OpSpec::new(2, &operands, &[0]));
    let tensor = vec![(0, Value::ints(&[1, 1])), (1, Value::byte(9)), (3, Value::string("a name of some length"))];
    let subgraph = vec![
        (0, Value::Repeated(Box::new(Value::Table(tensor)), count as usize)),
        (1, Value::ints(&operands)),
        (2, Value::ints(&[0])),
        (3, Value::Tables(vec![Value::Table(vec![(1, Value::ints(&operands)), (2, Value::ints(&[0]))])])),
    ];
    model.fields.push((2, Value::Tables(vec![Value::Table(subgraph)])));
    model
}
