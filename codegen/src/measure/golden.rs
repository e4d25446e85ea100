//! Recorded inputs and outputs: what engines that are not ours say of a model.

use super::{Converted, Port, Samples};
use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::ir::{DType, Data};
use crate::options::Reference;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use tinybake_runtime::kernels::quantize;

/// A golden file: safetensors with `input.J` and `output.J.ENGINE`, each `[samples, ...]` in the model's own type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Golden {
    tensors: BTreeMap<String, Recorded>,
}

/// One tensor of a golden file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Recorded {
    dtype: Option<DType>,
    shape: Vec<usize>,
    data: Vec<u8>,
}

/// What can be wrong with a golden file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoldenError {
    /// The bytes are not safetensors.
    #[error("not a safetensors file: {message}")]
    Syntax {
        /// The reader's message.
        message: String,
    },
    /// A tensor is not there.
    #[error("there is no such tensor in the recording")]
    Missing {
        /// The tensors that are there.
        present: Vec<String>,
    },
    /// No outputs of an engine are there.
    #[error("there are no outputs of the engine `{engine}` in the recording")]
    NoEngine {
        /// The engine asked for.
        engine: String,
        /// The engines that are there.
        present: Vec<String>,
    },
    /// The elements are of another type.
    #[error("{expected} elements expected, {given} given")]
    Type {
        /// The model's type.
        expected: &'static str,
        /// The recording's type.
        given: &'static str,
    },
    /// The elements are too many or too few.
    #[error("shape [samples, ...] with {elements} elements a sample expected, {given:?} given")]
    Shape {
        /// The model's elements.
        elements: usize,
        /// The recording's shape.
        given: Vec<usize>,
    },
    /// Tensors do not have the same number of samples.
    #[error("{expected} samples expected, {given} given")]
    Count {
        /// Samples of the first input or of the run.
        expected: usize,
        /// Samples of this tensor.
        given: usize,
    },
}

impl Explain for GoldenError {
    fn code(&self) -> &'static str {
        match self {
            GoldenError::Syntax { .. } => "golden::syntax",
            GoldenError::Missing { .. } => "golden::missing",
            GoldenError::NoEngine { .. } => "golden::no_engine",
            GoldenError::Type { .. } => "golden::type",
            GoldenError::Shape { .. } => "golden::shape",
            GoldenError::Count { .. } => "golden::count",
        }
    }

    fn help(&self) -> String {
        match self {
            GoldenError::Syntax { .. } => "a recording is a safetensors file with tensors `input.0`, `output.0.ENGINE`".into(),
            GoldenError::Missing { present } => format!("the recording has {}", list(present)),
            GoldenError::NoEngine { present, .. } => format!("the recording has outputs of {}", list(present)),
            GoldenError::Type { .. } | GoldenError::Shape { .. } => "check that the recording is of this model".into(),
            GoldenError::Count { .. } => "record every input and output for the same samples".into(),
        }
    }
}

/// Names for a sentence.
fn list(names: &[String]) -> String {
    const MOST: usize = 12;
    match names.len() {
        0 => "none".into(),
        count if count > MOST => format!("{} and {} more", names[..MOST].join(", "), count - MOST),
        _ => names.join(", "),
    }
}

impl Golden {
    /// Reads a golden file; its bytes are not trusted.
    ///
    /// # Errors
    /// [`GoldenError::Syntax`], as a diagnostic.
    pub fn parse(bytes: &[u8]) -> Result<Self, Diagnostics> {
        let file = SafeTensors::deserialize(bytes)
            .map_err(|error| GoldenError::Syntax { message: error.to_string() }.at(Place::default()))?;
        let record = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
            let data = view.data().to_owned();
            (name, Recorded { dtype: dtype(view.dtype()), shape: view.shape().to_owned(), data })
        };
        Ok(Self { tensors: file.tensors().into_iter().map(record).collect() })
    }

    /// Turns images that are recorded as NCHW or NCW, `[samples, 1, c, h, w]`, to NHWC or NWC: those inputs and outputs for which the
    /// lists say so. ONNX models have the one, graphs the other.
    pub fn channels_last(&mut self, inputs: &[bool], outputs: &[bool]) {
        for (name, recorded) in &mut self.tensors {
            let mut parts = name.split('.');
            let ports = match parts.next() {
                Some("input") => inputs,
                Some("output") => outputs,
                _ => continue,
            };
            let turned = parts.next().and_then(|index| ports.get(index.parse::<usize>().ok()?)).is_some_and(|&turned| turned);
            let &[samples, one, channels, ref sides @ ..] = recorded.shape.as_slice() else { continue };
            let Some(dtype) = recorded.dtype.filter(|_| turned && !sides.is_empty()) else { continue };
            let (size, pixels) = (dtype.size(), sides.iter().product::<usize>());
            let index = |at: usize| {
                let (image, rest) = (at / (channels * pixels), at % (channels * pixels));
                image * channels * pixels + rest % channels * pixels + rest / channels
            };
            let count = samples * one * channels * pixels;
            let elements = (0..count).filter_map(|at| recorded.data.get(index(at) * size..(index(at) + 1) * size));
            recorded.data = elements.flatten().copied().collect();
            recorded.shape[2..].rotate_left(1);
        }
    }

    /// The engines whose outputs are recorded, in alphabetical order.
    pub fn engines(&self) -> Vec<String> {
        let mut engines: Vec<_> = self
            .tensors
            .keys()
            .filter_map(|name| name.strip_prefix("output.")?.split_once('.').map(|(_, engine)| engine.to_owned()))
            .collect();
        engines.sort();
        engines.dedup();
        engines
    }

    /// The recorded inputs for `ports`, at most `limit` samples.
    ///
    /// # Errors
    /// A diagnostic for every input that is missing or does not fit.
    pub fn samples(&self, ports: &[Port], limit: Option<usize>) -> Result<Samples, Diagnostics> {
        let names: Vec<String> = (0..ports.len()).map(|index| format!("input.{index}")).collect();
        let tensors = self.tensors(&names, ports, None)?;
        let count = tensors.first().map_or(0, |tensor| tensor.shape.first().copied().unwrap_or_default());
        let count = limit.map_or(count, |limit| limit.min(count));
        let cut = |(tensor, port): (&&Recorded, &Port)| {
            tensor.quantized(port).unwrap_or_else(|| tensor.data.clone()).into_iter().take(count * port.bytes()).collect()
        };
        Ok(Samples { count, inputs: tensors.iter().zip(ports).map(cut).collect() })
    }

    /// What `engine` says for `ports`, for the first `count` samples: little-endian elements of each output, and their type: float32 where a
    /// port is converted, as the recording is.
    pub(super) fn outputs<'a>(
        &'a self,
        ports: &[Port],
        engine: &str,
        count: usize,
    ) -> Result<Vec<(DType, &'a [u8])>, Diagnostics> {
        let present = self.engines();
        if !present.iter().any(|name| name == engine) {
            return Err(GoldenError::NoEngine { engine: engine.into(), present }.at(Place::default()).into());
        }
        let names: Vec<String> = (0..ports.len()).map(|index| format!("output.{index}.{engine}")).collect();
        let tensors = self.tensors(&names, ports, Some(count))?;
        let cut = |(tensor, port): (&'a Recorded, &Port)| -> (DType, &'a [u8]) {
            let dtype = tensor.dtype.unwrap_or(port.dtype);
            let end = tensor.data.len().min(count.saturating_mul(port.elements).saturating_mul(dtype.size()));
            (dtype, &tensor.data[..end])
        };
        Ok(tensors.into_iter().zip(ports).map(cut).collect())
    }

    /// The tensors called `names`, checked against `ports`, with at least `count` samples, or all with as many as the first.
    fn tensors(&self, names: &[String], ports: &[Port], count: Option<usize>) -> Result<Vec<&Recorded>, Diagnostics> {
        let mut found = Vec::new();
        let mut wrong: Vec<Diagnostic> = Vec::new();
        let mut expected = count;
        for (name, port) in names.iter().zip(ports) {
            let result = match self.tensors.get(name) {
                None => Err(GoldenError::Missing { present: self.tensors.keys().cloned().collect() }),
                Some(tensor) => check(tensor, port, expected, count.is_some()).map(|given| (tensor, given)),
            };
            match result {
                Ok((tensor, given)) => {
                    expected = expected.or(Some(given));
                    found.push(tensor);
                }
                Err(error) => wrong.push(error.at(Place { tensor: Some(name.clone()), ..Place::default() })),
            }
        }
        if wrong.is_empty() { Ok(found) } else { Err(Diagnostics(wrong)) }
    }
}

/// The samples of `tensor`, where it fits `port` and has `expected` samples, or, with `more`, at least as many.
fn check(tensor: &Recorded, port: &Port, expected: Option<usize>, more: bool) -> Result<usize, GoldenError> {
    let Recorded { dtype, shape, data: _ } = tensor;
    let converted = port.converted.is_some() && matches!(dtype, Some(DType::F32 | DType::U8));
    if *dtype != Some(port.dtype) && !converted {
        let given = dtype.map_or("another type", DType::name);
        return Err(GoldenError::Type { expected: port.dtype.name(), given });
    }
    let shape_error = GoldenError::Shape { elements: port.elements, given: shape.clone() };
    let Some((&samples, rest)) = shape.split_first() else { return Err(shape_error) };
    if rest.iter().try_fold(1usize, |product, &size| product.checked_mul(size)) != Some(port.elements) {
        return Err(shape_error);
    }
    match expected {
        Some(expected) if samples < expected || (samples != expected && !more) => {
            Err(GoldenError::Count { expected, given: samples })
        }
        Some(_) | None => Ok(samples),
    }
}

impl Recorded {
    /// Elements as the integers that the model's own operator makes of them, where `port` leaves that to the caller.
    fn quantized(&self, port: &Port) -> Option<Vec<u8>> {
        let Converted { affine, reference } = port.converted.filter(|_| self.dtype != Some(port.dtype))?;
        let Data::F32(reals) = elements(self.dtype?, &self.data) else { return Some(shifted(&self.data)) };
        let (mut bytes, mut halves) = (vec![0i8; reals.len()], vec![0i16; reals.len()]);
        Some(match (port.dtype, reference) {
            (DType::I16, _) => {
                quantize::quantize(&affine, &reals, &mut halves);
                halves.iter().flat_map(|half| half.to_le_bytes()).collect()
            }
            (_, Reference::Ort) => {
                quantize::quantize_to_even(&affine, &reals, &mut bytes);
                bytes.iter().map(|byte| byte.cast_unsigned()).collect()
            }
            (_, Reference::Xnnpack) => {
                let inverse = quantize::Affine { scale: 1.0 / affine.scale, ..affine };
                quantize::quantize_by_inverse(&inverse, &reals, &mut bytes);
                bytes.iter().map(|byte| byte.cast_unsigned()).collect()
            }
            (_, Reference::Tflm) => {
                quantize::quantize(&affine, &reals, &mut bytes);
                bytes.iter().map(|byte| byte.cast_unsigned()).collect()
            }
        })
    }
}

/// `uint8` as the `int8` of a zero point that is 128 less, or back.
pub(super) fn shifted(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ 0x80).collect()
}

impl Samples {
    /// The inputs of sample `index`, which are `ports`; those that are missing are empty.
    pub fn sample(&self, ports: &[Port], index: usize) -> Vec<Data> {
        let one = |(port, bytes): (&Port, &Vec<u8>)| {
            let start = index.saturating_mul(port.bytes());
            elements(port.dtype, bytes.get(start..start.saturating_add(port.bytes())).unwrap_or_default())
        };
        ports.iter().zip(&self.inputs).map(one).collect()
    }
}

/// Elements from little-endian bytes.
pub(crate) fn elements(dtype: DType, bytes: &[u8]) -> Data {
    fn each<const N: usize, T>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|chunk| from(*chunk)).collect()
    }
    match dtype {
        DType::I8 => Data::I8(each(bytes, i8::from_le_bytes)),
        DType::U8 => Data::U8(bytes.to_vec()),
        DType::I16 => Data::I16(each(bytes, i16::from_le_bytes)),
        DType::I32 => Data::I32(each(bytes, i32::from_le_bytes)),
        DType::I64 => Data::I64(each(bytes, i64::from_le_bytes)),
        DType::F32 => Data::F32(each(bytes, f32::from_le_bytes)),
        DType::Bool => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect()),
    }
}

/// The element type; `None` where no model of ours has it.
fn dtype(dtype: Dtype) -> Option<DType> {
    match dtype {
        Dtype::I8 => Some(DType::I8),
        Dtype::U8 => Some(DType::U8),
        Dtype::I16 => Some(DType::I16),
        Dtype::I32 => Some(DType::I32),
        Dtype::I64 => Some(DType::I64),
        Dtype::F32 => Some(DType::F32),
        Dtype::BOOL => Some(DType::Bool),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::TensorView;

    fn golden(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> Golden {
        let views = tensors
            .iter()
            .map(|&(name, dtype, shape, data)| (name.to_owned(), TensorView::new(dtype, shape.to_vec(), data).unwrap()));
        Golden::parse(&safetensors::serialize(views, None).unwrap()).unwrap()
    }

    fn port(dtype: DType, elements: usize) -> Port {
        Port { accessor: String::new(), dtype, elements, converted: None }
    }

    #[test]
    fn samples_are_cut_to_the_limit() {
        let golden = golden(&[
            ("input.0", Dtype::I8, &[3, 1, 2], &[1, 2, 3, 4, 5, 6]),
            ("output.0.tflm", Dtype::U8, &[3, 1], &[7, 8, 9]),
            ("output.0.xnnpack", Dtype::U8, &[3, 1], &[7, 8, 9]),
        ]);
        assert_eq!(golden.engines(), ["tflm", "xnnpack"]);
        let samples = golden.samples(&[port(DType::I8, 2)], Some(2)).unwrap();
        assert_eq!(samples, Samples { count: 2, inputs: vec![vec![1, 2, 3, 4]] });
        assert_eq!(golden.outputs(&[port(DType::U8, 1)], "tflm", 2).unwrap(), [(DType::U8, &[7, 8][..])]);
    }

    /// Halves tell the engines' rounding apart.
    #[test]
    fn float_recordings_are_quantized_as_the_model_does() {
        let reals: Vec<u8> = [0.25f32, 0.75, -0.25, -0.75, 1e9, f32::NAN].iter().flat_map(|real| real.to_le_bytes()).collect();
        let golden = golden(&[("input.0", Dtype::F32, &[1, 6], &reals), ("output.0.tflm", Dtype::F32, &[1, 6], &reals)]);
        let affine = tinybake_runtime::kernels::quantize::Affine { scale: 0.5, zero_point: 3 };
        let port = |dtype, reference| Port { converted: Some(Converted { affine, reference }), ..port(dtype, 6) };
        let bytes = |port: Port| golden.samples(&[port], None).unwrap().inputs.concat();
        let signed = |bytes: Vec<u8>| bytes.into_iter().map(u8::cast_signed).collect::<Vec<i8>>();
        assert_eq!(signed(bytes(port(DType::I8, Reference::Tflm))), [4, 5, 2, 1, 127, 3]);
        assert_eq!(signed(bytes(port(DType::I8, Reference::Ort)))[..5], [3, 5, 3, 1, 127]);
        assert_eq!(bytes(port(DType::I16, Reference::Tflm))[..4], [4, 0, 5, 0]);
        assert!(golden.samples(&[self::port(DType::I8, 6)], None).is_err(), "an int8 model has no recording of floats");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let golden = golden(&[
            ("input.0", Dtype::I8, &[2, 2], &[1, 2, 3, 4]),
            ("input.1", Dtype::I8, &[3, 1], &[1, 2, 3]),
            ("output.0.tflm", Dtype::U8, &[1, 1], &[7]),
        ]);
        let codes = |result: Result<_, Diagnostics>| -> Vec<&'static str> {
            let Err(Diagnostics(all)) = result.map(|_| ()) else { panic!("it fits") };
            all.iter().map(|diagnostic| diagnostic.code).collect()
        };
        let one = port(DType::I8, 1);
        assert_eq!(
            codes(golden.samples(&[port(DType::I16, 2), one.clone(), one.clone()], None).map(|_| ())),
            ["golden::type", "golden::missing"]
        );
        assert_eq!(codes(golden.samples(std::slice::from_ref(&one), None).map(|_| ())), ["golden::shape"]);
        assert_eq!(codes(golden.samples(&[port(DType::I8, 2), one], None).map(|_| ())), ["golden::count"]);
        assert_eq!(codes(golden.outputs(&[port(DType::U8, 1)], "ort", 1).map(|_| ())), ["golden::no_engine"]);
        assert_eq!(codes(golden.outputs(&[port(DType::U8, 1)], "tflm", 2).map(|_| ())), ["golden::count"]);
        assert!(Golden::parse(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}").is_err());
    }
}
