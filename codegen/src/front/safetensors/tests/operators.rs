//! Every operator is spelled, read, and written back to the same.

use super::super::topology::OPS;
use super::{Data, Graph, Layout, counting, one, read, write};

/// An operator: the shape of its input, its attributes beside the input, its output, and the shape expected.
type Case = (&'static str, &'static [usize], &'static str, &'static str, &'static [usize]);

const CASES: &[Case] = &[
    (
        "conv2d",
        &[1, 5, 6, 2],
        "weights = 'conv', bias = 'bias', stride = [2, 1], padding = 'same', dilation = 1",
        Q,
        &[1, 3, 6, 2],
    ),
    (
        "depthwise_conv2d",
        &[1, 5, 6, 2],
        "weights = 'deep', padding = [1, 0, 2, 1], activation = 'relu_n1_to_1'",
        Q,
        &[1, 4, 7, 2],
    ),
    ("transpose_conv", &[1, 5, 6, 2], "weights = 'conv', bias = 'bias', stride = 2, activation = 'relu6'", Q, &[1, 11, 13, 2]),
    ("fully_connected", &[3, 4], "weights = 'dense', bias = 'bias', activation = { min = -7, max = 90 }", Q, &[3, 2]),
    ("add", &[1, 2, 2, 3], "b = 'alpha', activation = 'none'", Q, &[1, 2, 2, 3]),
    ("sub", &[1, 2, 2, 3], "b = 'alpha'", Q, &[1, 2, 2, 3]),
    ("mul", &[1, 2, 1, 1], "b = 'alpha', activation = 'relu'", Q, &[1, 2, 1, 3]),
    ("maximum", &[1, 2, 2, 3], "b = { tensor = 'alpha' }", "", &[1, 2, 2, 3]),
    ("minimum", &[1, 2, 2, 3], "b = { tensor = 'alpha', quantization = { scale = 0.125, zero_point = 3 } }", "", &[1, 2, 2, 3]),
    ("logistic", &[1, 7], "", "", &[1, 7]),
    ("tanh", &[1, 7], "", "", &[1, 7]),
    ("relu", &[1, 7], "", Q, &[1, 7]),
    ("relu6", &[1, 7], "", Q, &[1, 7]),
    ("relu_n1_to_1", &[1, 7], "", Q, &[1, 7]),
    ("leaky_relu", &[1, 7], "alpha = 0.1", Q, &[1, 7]),
    ("hard_swish", &[1, 7], "", Q, &[1, 7]),
    ("prelu", &[1, 2, 2, 3], "alpha = 'alpha'", Q, &[1, 2, 2, 3]),
    ("average_pool2d", &[1, 5, 6, 2], "kernel = 2", "", &[1, 2, 3, 2]),
    ("max_pool2d", &[1, 5, 6, 2], "kernel = [3, 2], stride = 1, padding = 'same', activation = 'relu'", "", &[1, 5, 6, 2]),
    ("mean", &[1, 5, 6, 2], "axes = [2, 1]", Q, &[1, 2]),
    ("reduce_max", &[1, 5, 6, 2], "axes = [-1], keep_dims = true", "", &[1, 5, 6, 1]),
    ("softmax", &[1, 7], "beta = 0.3", "", &[1, 7]),
    ("arg_max", &[1, 7], "axis = -1", "dtype = 'int64'", &[1]),
    ("pad", &[1, 2, 3, 1], "before = [0, 1, 0, 0], after = [0, 0, 2, 0], value = -9", "", &[1, 3, 5, 1]),
    ("mirror_pad", &[1, 2, 3, 1], "before = [0, 1, 0, 0], after = [0, 0, 2, 0], mode = 'reflect'", "", &[1, 3, 5, 1]),
    ("concatenation", &[1, 2, 2, 3], "inputs = ['x', 'x'], axis = -1, activation = 'relu6'", "", &[1, 2, 2, 6]),
    ("split", &[1, 4, 2], "axis = 1", "shape = [1, 1, 2]", &[1, 1, 2]),
    ("slice", &[1, 4, 2], "begin = [0, 3, 1], size = [1, 2, 1], stride = [1, -2, 1]", "shape = [2]", &[2]),
    ("transpose", &[1, 4, 2], "perm = [2, 0, 1]", "", &[2, 1, 4]),
    ("reshape", &[1, 4, 2], "", "shape = [2, -1]", &[2, 4]),
    ("pack", &[4, 2], "inputs = ['x', 'x', 'x'], axis = 1", "", &[4, 3, 2]),
    ("unpack", &[3, 2], "axis = 0", "", &[2]),
    ("shape", &[3, 2], "", "", &[2]),
    ("resize_nearest_neighbor", &[1, 2, 3, 4], "align_corners = true", "shape = [1, 7, 5, 4]", &[1, 7, 5, 4]),
    ("resize_bilinear", &[1, 2, 3, 4], "half_pixel_centers = true", "shape = [1, 7, 5, 4]", &[1, 7, 5, 4]),
    ("quantize", &[1, 7], "", Q, &[1, 7]),
    ("dequantize", &[1, 7], "", "", &[1, 7]),
];

const Q: &str = "quantization = { scale = 0.1, zero_point = -5 }";

fn graph(case: &Case) -> Graph {
    let (name, shape, attributes, output, _) = *case;
    let input = match name {
        "concatenation" | "pack" => "",
        "add" | "sub" | "mul" | "maximum" | "minimum" => "a = 'x', ",
        _ => "input = 'x', ",
    };
    let list = [input, attributes].concat();
    let output = [Some(output)].into_iter().flatten().filter(|output| !output.is_empty()).map(|output| format!(", {output}"));
    let output = output.collect::<String>();
    let made = match name {
        "split" => format!("outputs = [{{ name = 'y'{output} }}, {{ name = 'z', shape = [1, 3, 2] }}]"),
        "unpack" => "outputs = [{ name = 'y' }, { name = 'z' }, { name = 'w' }]".into(),
        _ => format!("output = {{ name = 'y'{output} }}"),
    };
    let list = list.trim_end_matches(", ");
    let scale = || Data::F32(vec![0.1, 0.3]);
    let tensors = [
        ("conv", &[2, 2, 3, 3][..], counting(36)),
        ("conv.scale", &[2], scale()),
        ("deep", &[2, 1, 3, 3], counting(18)),
        ("deep.scale", &[2], scale()),
        ("dense", &[2, 4], counting(8)),
        ("dense.scale", &[1], Data::F32(vec![0.7])),
        ("bias", &[2], Data::I32(vec![5, -6])),
        ("alpha", &[3], counting(3)),
        ("alpha.scale", &[1], Data::F32(vec![0.01])),
        ("alpha.zero_point", &[1], Data::I8(vec![12])),
    ];
    match one(shape, &format!("{name} = {{ {list} }}\n{made}"), "torch", &tensors) {
        Ok(graph) => graph,
        Err(problems) => panic!("{name}: {problems}"),
    }
}

#[test]
fn there_is_a_case_for_each_operator() {
    let names: Vec<_> = CASES.iter().map(|case| case.0).collect();
    assert_eq!(names, OPS);
}

#[test]
fn operators_read_with_their_names_and_shapes() {
    for case in CASES {
        let graph = graph(case);
        assert_eq!(graph.nodes.len(), 1);
        assert_eq!(graph.nodes[0].op.name(), case.0);
        assert_eq!(graph.tensor(graph.nodes[0].outputs[0]).shape.0, case.4, "{}", case.0);
    }
}

#[test]
fn operators_are_written_and_read_to_the_same() {
    for case in CASES {
        let graph = graph(case);
        for layout in [Layout::Torch, Layout::Tflite] {
            let (bytes, topology) = write(&graph, layout).expect("it writes");
            let again = match read(&bytes, Some(&topology), "one") {
                Ok(graph) => graph,
                Err(problems) => panic!("{}: {problems}\n{topology}", case.0),
            };
            assert_eq!(again, graph, "{topology}");
        }
    }
}

#[test]
fn a_batch_is_refused_where_a_window_needs_one_image() {
    let op = "max_pool2d = { input = \"x\", kernel = 2 }\noutput = { name = \"y\" }";
    let pool = |batch: usize| crate::valid::batch(&one(&[batch, 4, 4, 3], op, "tflite", &[]).expect("it reads"));
    assert_eq!(pool(1), Ok(()));
    let problems = pool(2).expect_err("two images");
    assert_eq!(problems.0[0].code, "valid::batch", "{problems}");
}
