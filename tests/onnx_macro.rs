//! ONNX files through the macro, as PyTorch's exporter and ONNX Runtime's quantizer write them: outputs equal ONNX Runtime's.

use safetensors::SafeTensors;

tinybake::include_model!(mod qdq = "tests/data/onnx_quantized/torch_cnn_qdq_int8_channels.onnx");
tinybake::include_model!(mod qop = "tests/data/onnx_quantized/torch_cnn_qop_uint8.onnx", optimize = "speed");

const QDQ: &[u8] = include_bytes!("data/onnx_quantized/torch_cnn_qdq_int8_channels.golden.safetensors");
const QOP: &[u8] = include_bytes!("data/onnx_quantized/torch_cnn_qop_uint8.golden.safetensors");

/// Channels of an image, and its pixels.
const CHANNELS: usize = 3;
const PIXELS: usize = 16 * 16;

/// Images of a recording, turned from NCHW to NHWC as the models take them, each with its outputs.
fn recorded(file: &[u8]) -> Vec<(Vec<f32>, Vec<f32>)> {
    let file = SafeTensors::deserialize(file).expect("a recording");
    let reals = |name: &str| -> Vec<f32> {
        let bytes = file.tensor(name).expect("a tensor of the recording").data().as_chunks::<4>().0;
        bytes.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    };
    let (images, outputs) = (reals("input.0"), reals("output.0.ort"));
    let turned = |image: &[f32]| (0..image.len()).map(|at| image[at % CHANNELS * PIXELS + at / CHANNELS]).collect();
    images.chunks(CHANNELS * PIXELS).zip(outputs.chunks(10)).map(|(image, output)| (turned(image), output.to_vec())).collect()
}

#[test]
fn files_of_both_forms_equal_onnx_runtime() {
    assert_eq!(qdq::REFERENCE, "ort");
    let (mut of_qdq, mut of_qop) = (qdq::Model::new(), qop::Model::new());
    let samples = recorded(QDQ);
    assert_eq!(samples.len(), 4);
    for (image, expected) in samples {
        of_qdq.input_mut().copy_from_slice(&image);
        assert_eq!(of_qdq.run()[..], expected);
    }
    for (image, expected) in recorded(QOP) {
        of_qop.input_mut().copy_from_slice(&image);
        assert_eq!(of_qop.run()[..], expected);
    }
}
