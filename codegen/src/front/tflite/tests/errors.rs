//! Files that are wrong: each error has one that gives it.

use super::crafted::{dense, single};
use super::writer::{ModelSpec, OpSpec, TensorSpec, Value};
use crate::diag::Diagnostic;
use crate::front::tflite::{budget, read};

fn problems(bytes: &[u8]) -> Vec<Diagnostic> {
    let problems = read(bytes, "crafted").unwrap_err().0;
    assert!(problems.iter().all(|problem| !problem.help.is_empty() && !problem.message.is_empty()), "{problems:?}");
    problems
}

/// The file has one problem, of that code.
#[track_caller]
fn refused(bytes: &[u8], code: &str) -> Diagnostic {
    match &problems(bytes)[..] {
        [problem] => {
            assert_eq!(problem.code, code, "{problem}");
            problem.clone()
        }
        problems => panic!("{problems:?}"),
    }
}

/// The dense layer, changed, has one problem, of that code.
#[track_caller]
fn dense_with(code: &str, change: impl FnOnce(&mut ModelSpec)) -> Diagnostic {
    let mut model = dense();
    change(&mut model);
    refused(&model.write(), code)
}

fn activation(shape: &[i32]) -> TensorSpec {
    TensorSpec::int8(shape, 1.0, 0)
}

#[test]
fn every_truncation_is_refused() {
    let bytes = dense().write();
    for length in 0..bytes.len() {
        problems(&bytes[..length]);
    }
    refused(&bytes[..20], "tflite::truncated");
}

#[test]
fn files_of_another_program_name_it() {
    let code = |name: &str| Value::Table(vec![(0, Value::byte(32)), (1, Value::string(name)), (3, Value::int(32))]);
    for name in ["ethos-u", "edgetpu-custom-op", "XC_conv2d_v2"] {
        // One diagnostic, whatever else is wrong.
        let problem = dense_with("tflite::compiled", |model| {
            model.fields.push((1, Value::Tables(vec![code(name)])));
            model.tensors[0].element_type = 18;
        });
        assert!(problem.help.contains("from before that compiler"), "{problem}");
    }
    let select = dense_with("tflite::operator", |model| model.fields.push((1, Value::Tables(vec![code("FlexErf")]))));
    assert!(select.help.contains("SELECT_TF_OPS"), "{select}");
    let compressed = dense_with("tflite::compressed", |model| {
        let entry = Value::Table(vec![(0, Value::string("COMPRESSION_METADATA")), (1, Value::int(0))]);
        model.fields.push((6, Value::Tables(vec![entry])));
        // The weights are indices of fewer bits.
        model.tensors[1].data = Some(vec![0; 2]);
    });
    assert!(compressed.help.contains("before compression"), "{compressed}");
}

#[test]
fn a_scale_of_zero_is_no_damage() {
    let problem = dense_with("tflite::scale", |model| model.tensors[0].scales = vec![0.0]);
    assert!(problem.help.contains("only zeros") && !problem.help.contains("damaged"), "{problem}");
    assert!(dense_with("tflite::scale", |model| model.tensors[0].scales = vec![-1.0]).help.contains("damaged"));
}

#[test]
fn what_follows_from_an_operator_that_cannot_be_read_is_not_named() {
    let computed = |shape: &[i32]| TensorSpec { data: None, ..TensorSpec::int32(shape, &[]) };
    let tensors = vec![
        activation(&[1, 4]),
        computed(&[2]),
        TensorSpec::int32(&[1], &[0]),
        computed(&[1]),
        computed(&[2]),
        activation(&[1, 4]),
    ];
    // WHERE has no counterpart; GATHER and PACK on what it makes are arithmetic on shapes, and RESHAPE reads them.
    let ops = vec![
        OpSpec::new(109, &[0], &[1]),
        OpSpec::new(36, &[1, 2], &[3]),
        OpSpec::new(92, &[3], &[4]),
        OpSpec::new(22, &[0, 4], &[5]),
    ];
    let model = ModelSpec { tensors, ops, inputs: vec![0], outputs: vec![5], ..ModelSpec::default() };
    assert!(refused(&model.write(), "tflite::operator").message.starts_with("WHERE"));
}

#[test]
fn other_files_are_told_apart() {
    assert!(refused(b"version https://git-lfs.github.com/spec/v1", "tflite::identifier").help.contains("git lfs pull"));
    refused(b"\x08\x08\x12\x07pytorch", "tflite::identifier");
    assert!(refused(b"", "tflite::identifier").help.contains("empty"));
}

#[test]
fn faults_of_the_whole_file() {
    dense_with("tflite::version", |model| model.fields.push((0, Value::int(2))));
    dense_with("tflite::no_subgraph", |model| model.fields.push((2, Value::Tables(vec![]))));
    dense_with("tflite::index", |model| model.inputs = vec![99]);
    dense_with("tflite::index", |model| model.outputs = vec![-1]);
    dense_with("tflite::index", |model| model.ops[0].inputs[1] = -2);
    dense_with("tflite::index", |model| model.fields.push((1, Value::Tables(vec![]))));
    let many = vec![activation(&[1]); budget::OBJECTS + 1];
    refused(&ModelSpec { tensors: many, ..ModelSpec::default() }.write(), "tflite::too_many");
}

#[test]
fn tables_that_share_their_bytes_run_out_of_budget() {
    let tensors: Vec<_> = (0..100).map(|buffer| activation(&[1, 100_000]).field(2, Value::int(buffer))).collect();
    let mut model = single(OpSpec::new(2, &(0..100).collect::<Vec<_>>(), &[0]), tensors);
    let buffer = Value::Table(vec![(0, Value::bytes(&[0; 100_000]))]);
    model.fields.push((4, Value::Repeated(Box::new(buffer), 100)));
    assert!(model.write().len() < 200_000);
    refused(&model.write(), "tflite::budget");
}

#[test]
fn faults_of_a_tensor() {
    let place = dense_with("tflite::element_type", |model| model.tensors[1].element_type = 18).place;
    dense_with("tflite::element_type", |model| model.tensors[0].element_type = 1);
    assert_eq!(place.tensor.as_deref(), Some("t1"));
    assert_eq!(place.op.map(|(origin, kind)| (origin.index, origin.name, kind)), Some((0, "t3".into(), "FULLY_CONNECTED")));
    dense_with("tflite::element_type", |model| model.tensors[0].element_type = 17);
    dense_with("tflite::dynamic", |model| model.tensors[0].shape = vec![1, -1]);
    dense_with("tflite::dynamic", |model| model.tensors[0].fields.push((7, Value::ints(&[1, -1]))));
    dense_with("tflite::too_many", |model| model.tensors[0].shape = vec![1; budget::RANK + 1]);
    dense_with("tflite::too_large", |model| model.tensors[0].shape = vec![i32::MAX; 4]);
    dense_with("tflite::buffer_size", |model| model.tensors[1].shape = vec![2, 5]);
    dense_with("tflite::external", |model| model.tensors[1].fields.push((10, Value::int(1))));
    dense_with("tflite::value", |model| model.tensors[1].fields.push((6, Value::Table(vec![]))));
    dense_with("tflite::buffer_outside", |model| {
        model.tensors[1].data = None;
        model.tensors[1].fields.push((2, Value::int(2)));
        model.buffers.push(Value::Table(vec![(1, Value::long(u64::MAX)), (2, Value::long(8))]));
    });
}

#[test]
fn faults_of_a_quantization() {
    let details = vec![(2, Value::floats(&[1.0])), (4, Value::byte(2)), (5, Value::Table(vec![]))];
    dense_with("tflite::quantization_kind", |model| model.tensors[1].fields.push((4, Value::Table(details))));
    dense_with("tflite::scale_count", |model| model.tensors[1].axis = 1);
    dense_with("tflite::scale_count", |model| model.tensors[1].axis = 2);
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        dense_with("tflite::scale", |model| model.tensors[1].scales[1] = scale);
    }
    dense_with("tflite::zero_point_count", |model| model.tensors[1].zero_points = vec![0; 3]);
    dense_with("tflite::zero_point", |model| model.tensors[0].zero_points = vec![128]);
}

#[test]
fn faults_of_a_call() {
    dense_with("tflite::operand", |model| model.ops[0].inputs = vec![0]);
    dense_with("tflite::outputs", |model| model.ops[0].outputs = vec![]);
    dense_with("tflite::outputs", |model| model.ops[0].outputs = vec![3, 3]);
    dense_with("tflite::options", |model| model.ops[0].options = Some((1, vec![])));
    dense_with("tflite::value", |model| model.ops[0].options = Some((8, vec![(0, Value::byte(9))])));
    dense_with("tflite::form", |model| model.ops[0].options = Some((8, vec![(0, Value::byte(4))])));
    dense_with("tflite::form", |model| model.ops[0].options = Some((8, vec![(1, Value::byte(1))])));
    dense_with("tflite::rank", |model| model.ops[0] = OpSpec::new(3, &[0, 1], &[3]).options(1, vec![]));
    let mean =
        |axes: TensorSpec| single(OpSpec::new(40, &[0, 1], &[2]), vec![activation(&[1, 4]), axes, activation(&[1])]).write();
    refused(&mean(TensorSpec::int32(&[1], &[2])), "tflite::axis");
    refused(&mean(TensorSpec { data: None, ..TensorSpec::int32(&[1], &[]) }), "tflite::not_constant");
    refused(&mean(TensorSpec { element_type: 0, ..TensorSpec::int32(&[1], &[1]) }), "tflite::not_integers");
    let perm = TensorSpec::int32(&[1], &[0]);
    let transpose = single(OpSpec::new(39, &[0, 1], &[2]), vec![activation(&[1, 4]), perm, activation(&[4, 1])]);
    refused(&transpose.write(), "tflite::operand_length");
}

#[test]
fn unsupported_operators_are_all_named_once() {
    let mut model = dense();
    for code in [36, 16, 36, 32, 79, 209, 4_000_000, 36] {
        model.ops.push(OpSpec::new(code, &[0], &[3]));
    }
    let messages: Vec<_> = problems(&model.write()).into_iter().map(|problem| problem.message).collect();
    assert_eq!(
        messages,
        [
            "GATHER is not supported (3 of them)",
            "LSTM is not supported",
            "custom operator \"custom\" is not supported",
            "ARG_MIN is not supported",
            "STABLEHLO_CASE is not supported",
            "operator code 4000000 is not supported",
        ]
    );
}
