//! Each mistake has its diagnostic, with where and what to do.

use super::{Data, Diagnostics, counting, example, file, one, read};

const OUTPUT: &str = "output = { name = 'y', quantization = { scale = 1.0, zero_point = 0 } }";

/// The example with a piece of its topology replaced.
fn changed(from: &str, to: &str) -> Diagnostics {
    let (bytes, toml) = example();
    assert!(toml.contains(from), "{from}");
    read(&bytes, Some(&toml.replacen(from, to, 1)), "digits").expect_err(to)
}

#[track_caller]
fn is(problems: &Diagnostics, code: &str, message: &str, help: &str) {
    assert_eq!(problems.0.len(), 1, "{problems}");
    let problem = &problems.0[0];
    assert_eq!(problem.code, code, "{problems}");
    assert!(problem.message.contains(message), "{problems}");
    assert!(problem.help.contains(help), "{problems}");
}

#[test]
fn the_container() {
    is(&read(&[1, 2], None, "").expect_err("short"), "native::header", "shorter than 8 bytes", "save_file");
    let (bytes, toml) = example();
    is(&read(&bytes, None, "").expect_err("no topology"), "native::no_topology", "no topology", "NAME.toml");
    let cut = &bytes[..bytes.len() - 1];
    is(&read(cut, Some(&toml), "").expect_err("cut"), "native::header", "the file is cut short", "save_file");
    let wrong = [&[2, 0, 0, 0, 0, 0, 0, 0][..], b"[]"].concat();
    is(&read(&wrong, Some(&toml), "").expect_err("json"), "native::header", "expected a safetensors header", "");
    let huge = [&(5u64 << 20).to_le_bytes()[..], &vec![b' '; 5 << 20]].concat();
    is(&read(&huge, Some(&toml), "").expect_err("header"), "native::header_too_large", "5242880 bytes", "");
}

#[test]
fn hostile_sizes_in_the_header() {
    let read = |header: &str| {
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        read(&bytes, Some("format = 1"), "").expect_err("hostile")
    };
    // Tensors of 2^61 bytes whose offsets add up past the end of the address space.
    let tensors: Vec<_> = (0u128..8)
        .map(|i| {
            format!(
                "\"{i}\":{{\"dtype\":\"I8\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                1u64 << 61,
                i << 61,
                ((i + 1) << 61).min(u64::MAX.into())
            )
        })
        .collect();
    is(&read(&format!("{{{}}}", tensors.join(","))), "native::header", "cut short", "");
    is(
        &read("{\"a\":{\"dtype\":\"I8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}"),
        "native::header",
        "takes 0 bytes",
        "",
    );
    is(&read("{\"a\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[3,2]}}"), "native::header", "cut short", "");
    is(
        &read("{\"a\":{\"dtype\":\"I8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,0]}}"),
        "native::header",
        "at most 8",
        "",
    );
    let twice = "\"a\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    is(&read(&format!("{{{twice},{twice}}}")), "native::header", "there twice", "");
}

#[test]
fn the_toml() {
    is(&changed("shape = [1, 8, 8, 1]", "shape = [1, 8, 8, 1"), "native::toml", "line 7, column 1", "correct the TOML");
    is(&changed("format = 1", "format = 2"), "native::format", "has format 2, expected 1", "format = 1");
    is(&changed("format = 1", ""), "native::format", "has format absent", "format = 1");
    is(&changed("layout = \"torch\"", "layout = \"pytorch\""), "native::schema", "unknown variant `pytorch`", "`torch`");
    let problems = changed("layout", "layuot");
    assert!(problems.0[0].message.contains("`layout` is absent"), "{problems}");
    assert!(problems.0[1].help.contains("did you mean `layout`?"), "{problems}");
    is(&changed("[[input]]", "outptus = []\n[[input]]"), "native::schema", "unknown key `outptus`", "did you mean `output");
    let long = format!("format = 1\n#{}", " ".repeat(1 << 19));
    is(&read(&example().0, Some(&long), "").expect_err("long"), "native::topology_too_large", "524300 bytes", ".scale");
}

#[test]
fn the_operators() {
    is(&changed("max_pool2d", "max_pool_2d"), "native::unknown_op", "line 14, column 1 has an unknown operator", "`max_pool2d`");
    is(&changed("fully_connected", "linear"), "native::unknown_op", "`linear`", "`fully_connected`");
    is(&changed("stride =", "strides ="), "native::schema", "line 10, column 76: unknown field `strides`", "`stride`");
    is(&changed("\"same\"", "\"full\""), "native::schema", "\"same\", \"valid\" or [top", "");
    is(&changed("\"relu\"", "\"gelu\""), "native::schema", "\"relu6\"", "");
    is(&changed("kernel = [2, 2]", "kernel = [2, -2]"), "native::schema", "`-2`", "");
    is(&changed("weights = \"conv1.weight\", ", ""), "native::schema", "missing field `weights`", "");
    is(&changed("output = { name = \"flat\"", "#"), "native::schema", "either `output` or `outputs`", "");
    is(&changed("softmax = { input = \"logits\" }", ""), "native::schema", "exactly one operator", "");
}

#[test]
fn the_names() {
    is(&changed("input = \"conv1\"", "input = \"conv2\""), "native::undefined", "no tensor `conv2`", "`conv1`");
    is(&changed("weights = \"fc.weight\"", "weights = \"fc.weights\""), "native::undefined", "`fc.weights`", "`fc.weight`");
    is(&changed("\"conv1.bias\"", "{ tensor = \"conv.bias\" }"), "native::missing_tensor", "`conv.bias`", "`conv1.bias`");
    is(&changed("name = \"scores\"", "name = \"conv1\""), "native::duplicate", "`conv1`", "");
    is(&changed("input = \"conv1\"", "input = \"logits\""), "native::out_of_order", "made, by operator 3", "order");
    is(&changed("input = \"conv1\"", "input = \"pool1\""), "native::out_of_order", "made, by operator 1", "loops");
    is(&changed("[[input]]", "outputs = [\"score\"]\n[[input]]"), "native::undefined", "`score`", "`scores`");
}

#[test]
fn the_shapes_and_quantizations() {
    is(
        &changed("shape = [1, 8, 8, 1]", "shape = [1, 8, 8, 3]"),
        "native::wrong_shape",
        "[4, 1, 3, 3], expected [4, 3, 3, 3]",
        "`groups`",
    );
    is(&changed("shape = [1, 8, 8, 1]", "shape = [1, 8, 0, 1]"), "native::shape", "dimension of zero", "");
    is(&changed("shape = [1, 8, 8, 1]", "shape = [1, 1e9, 8, 1]"), "native::schema", "expected usize", "");
    is(&changed("shape = [1, 8, 8, 1]", "shape = [1, 99999999, 99999999, 1]"), "native::shape", "elements", "");
    is(&changed("shape = [1, -1]", "shape = [1, 63]"), "native::shape", "the number of elements is 63, expected 64", "");
    is(&changed(", shape = [1, -1]", ""), "native::shape", "not given", "shape = [...]");
    is(&changed("kernel = [2, 2]", "kernel = [9, 2]"), "native::shape", "does not fit an image [8, 8]", "");
    is(&changed("\"conv1.bias\"", "\"fc.bias\""), "native::shape", "number of biases is 10, expected 4", "");
    is(&changed(", quantization = { scale = 0.15, zero_point = 4 }", ""), "native::no_quantization", "`logits`", "scale");
    is(&changed("scale = 0.15", "scale = -0.15"), "native::quantization", "a scale of -0.15", "positive");
    is(&changed("scale = 0.15", "scale = [0.1, 0.2]"), "native::quantization", "2 scales, expected 1", "");
    let tensors = [("w", &[2, 7][..], counting(14)), ("w.scale", &[3], Data::F32(vec![1.0; 3])), ("b", &[7], counting(7))];
    let op = format!("fully_connected = {{ input = 'x', weights = 'w' }}\n{OUTPUT}");
    is(&one(&[1, 7], &op, "torch", &tensors).expect_err("scales"), "native::quantization", "3 scales, expected 1 or 2", "");
    let op = format!("add = {{ a = 'x', b = 'b' }}\n{OUTPUT}");
    is(&one(&[1, 7], &op, "torch", &tensors).expect_err("scale"), "native::no_scale", "no scale", "`b.scale`");
}

#[test]
fn an_unknown_element_type() {
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F16, vec![2, 7], &[0; 28]).expect("a view");
    let bytes = safetensors::serialize([("w", view)], None).expect("a file");
    let text = "format = 1\nlayout = 'torch'\n[[input]]\nname = 'x'\nshape = [1, 7]\n[[op]]\n\
                fully_connected = { input = 'x', weights = 'w' }\noutput = { name = 'y' }";
    is(&read(&bytes, Some(text), "").expect_err("f16"), "native::dtype", "type F16", "float()");
}

#[test]
fn problems_are_collected_and_do_not_follow_from_each_other() {
    let (bytes, toml) = example();
    let toml = toml.replace("fc.bias", "fc.bais").replace("conv1.bias", "conv1.bais").replace("kernel", "kernal");
    let problems = read(&bytes, Some(&toml), "digits").expect_err("three mistakes");
    let codes: Vec<_> = problems.0.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["native::schema", "native::undefined"], "{problems}");
    assert!(problems.to_string().contains("operator 1 (max_pool2d)"), "{problems}");
    assert!(problems.to_string().contains("operator 0 (conv2d `conv1`): there is no tensor `conv1.bais`"), "{problems}");
}

#[test]
fn copies_of_weights_are_limited() {
    let mut op = String::new();
    for (index, (height, width)) in [(1, 64), (2, 32), (4, 16), (8, 8), (16, 4), (32, 2), (64, 1)].into_iter().enumerate() {
        op += &format!(
            "reshape = {{ input = 'x' }}\noutput = {{ name = 'i{index}', shape = [1, {height}, {width}, 8] }}\n[[op]]\n"
        );
        op += &format!("fully_connected = {{ input = 'i{index}', weights = 'w', flatten = 'chw' }}\n");
        op += &format!("output = {{ name = 'y{index}', quantization = {{ scale = 1, zero_point = 0 }} }}\n[[op]]\n");
    }
    let op = op.trim_end_matches("[[op]]\n");
    let tensors = [("w", &[4, 512][..], counting(2048)), ("w.scale", &[1], Data::F32(vec![1.0]))];
    let problems = one(&[1, 512], op, "torch", &tensors).expect_err("seven layouts");
    assert!(problems.0.iter().all(|problem| problem.code == "native::copies"), "{problems}");
    assert!(file(&tensors).len() * 4 < 2048 * 7);
}
