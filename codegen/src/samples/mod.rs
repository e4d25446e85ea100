//! Samples of a model's inputs, and labels.

mod error;

pub use error::SampleError;
use error::SampleError as Error;

use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::ir::{Data, Graph};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// Samples in memory, checked to fit a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Number of samples; at least one.
    pub count: usize,
    /// For each input of the model, that many times its elements.
    inputs: Vec<Vec<f32>>,
    /// The index of the output that should be greatest, for each sample.
    pub labels: Option<Vec<usize>>,
}

impl Dataset {
    /// Reads a safetensors file: input `J` is the tensor of the input's name or `input.J`, float32 `[samples, ...]`; `labels`
    /// `[samples]`, integers, may be absent. Inputs for which `turned` says so are stored as NCHW images, as ONNX models take them.
    /// The bytes are not trusted.
    ///
    /// # Errors
    /// Everything wrong with the tensors, before anything is computed.
    pub fn parse(bytes: &[u8], graph: &Graph, turned: &[bool]) -> Result<Self, Diagnostics> {
        let file =
            SafeTensors::deserialize(bytes).map_err(|error| Error::Syntax { message: error.to_string() }.at(Place::default()))?;
        let mut problems: Vec<Diagnostic> = Vec::new();
        let mut inputs = Vec::new();
        let mut expected = None;
        for (index, &id) in graph.inputs.iter().enumerate() {
            let tensor = graph.tensor(id);
            let (name, found) = [tensor.name.clone(), format!("input.{index}")]
                .into_iter()
                .find_map(|name| file.tensor(&name).ok().map(|view| (name, Some(view))))
                .unwrap_or((format!("input.{index}"), None));
            let made = found
                .ok_or_else(|| missing(index, &tensor.name, &file))
                .and_then(|view| image(&view, &tensor.shape.0, expected, turned.get(index) == Some(&true)));
            match made {
                Ok((values, count)) => {
                    expected.get_or_insert(count);
                    inputs.push(values);
                }
                Err(error) => problems.push(error.at(Place { tensor: Some(name), ..Place::default() })),
            }
        }
        let classes = graph.outputs.first().map_or(0, |&output| graph.tensor(output).shape.elements());
        let labels = match (file.tensor("labels"), expected) {
            (Ok(view), Some(count)) => labels(&view, count, classes).map(Some),
            _ => Ok(None),
        };
        let labels = labels.unwrap_or_else(|error| {
            problems.push(error.at(Place { tensor: Some("labels".into()), ..Place::default() }));
            None
        });
        match (problems.is_empty(), expected) {
            (true, Some(count)) => Ok(Self { count, inputs, labels }),
            _ => Err(Diagnostics(problems)),
        }
    }

    /// The first `count` samples; all where there are no more, and one where `count` is zero.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        let count = count.clamp(1, self.count);
        let inputs = self.inputs.iter().map(|values| values[..values.len() / self.count * count].to_vec()).collect();
        Self { count, inputs, labels: self.labels.as_ref().map(|labels| labels[..count].to_vec()) }
    }

    /// The inputs of one sample.
    pub fn sample(&self, index: usize) -> Vec<Data> {
        let one = |values: &Vec<f32>| {
            let size = values.len() / self.count;
            Data::F32(values[index * size..(index + 1) * size].to_vec())
        };
        self.inputs.iter().map(one).collect()
    }
}

fn missing(index: usize, name: &str, file: &SafeTensors<'_>) -> Error {
    let mut present: Vec<String> = file.names().into_iter().map(|name| format!("`{name}`")).collect();
    present.sort();
    present.truncate(12);
    let present = if present.is_empty() { "none".into() } else { present.join(", ") };
    Error::Missing { index, name: name.into(), present }
}

/// As [`reals`], turned from NCHW where `turned`.
fn image(view: &TensorView<'_>, shape: &[usize], expected: Option<usize>, turned: bool) -> Result<(Vec<f32>, usize), Error> {
    let (&[one, height, width, channels], true) = (shape, turned) else { return reals(view, shape, expected) };
    let (values, count) = reals(view, &[one, channels, height, width], expected)?;
    let pixels = height * width;
    let turn = |image: &[f32]| (0..pixels * channels).map(|at| image[at % channels * pixels + at / channels]).collect::<Vec<_>>();
    Ok((values.chunks_exact(pixels * channels).flat_map(turn).collect(), count))
}

/// The samples of one input, and their number.
fn reals(view: &TensorView<'_>, shape: &[usize], expected: Option<usize>) -> Result<(Vec<f32>, usize), Error> {
    if view.dtype() != Dtype::F32 {
        return Err(Error::Type { expected: "float32", given: view.dtype().to_string() });
    }
    let wrong = || Error::Shape { expected: format!("{shape:?}"), given: format!("{:?}", view.shape()) };
    let (&count, each) = view.shape().split_first().ok_or_else(wrong)?;
    // The model's own batch of 1 may be left out.
    if each != shape && Some(each) != shape.strip_prefix(&[1]) {
        return Err(wrong());
    }
    check_count(count, expected)?;
    let values: Vec<f32> = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let size = values.len() / count;
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(Error::NotFinite { sample: at / size, index: at % size, value: values[at] }),
        None => Ok((values, count)),
    }
}

fn check_count(given: usize, expected: Option<usize>) -> Result<(), Error> {
    match expected {
        _ if given == 0 => Err(Error::Empty),
        Some(expected) if expected != given => Err(Error::Count { expected, given }),
        Some(_) | None => Ok(()),
    }
}

fn labels(view: &TensorView<'_>, count: usize, classes: usize) -> Result<Vec<usize>, Error> {
    if view.shape().len() != 1 && view.shape().iter().skip(1).any(|&dim| dim != 1) {
        return Err(Error::Shape { expected: "[1]".into(), given: format!("{:?}", view.shape()) });
    }
    fn each<const N: usize>(bytes: &[u8], from: fn([u8; N]) -> i64) -> Vec<i64> {
        bytes.as_chunks::<N>().0.iter().map(|chunk| from(*chunk)).collect()
    }
    let bytes = view.data();
    let values = match view.dtype() {
        Dtype::I64 => each(bytes, i64::from_le_bytes),
        Dtype::I32 => each(bytes, |chunk| i32::from_le_bytes(chunk).into()),
        Dtype::I8 => each(bytes, |chunk| i8::from_le_bytes(chunk).into()),
        Dtype::U8 => each(bytes, |[byte]| byte.into()),
        other => return Err(Error::Type { expected: "int64, int32, int8 or uint8", given: other.to_string() }),
    };
    check_count(values.len(), Some(count))?;
    let label = |(sample, given): (usize, i64)| {
        usize::try_from(given).ok().filter(|&label| label < classes).ok_or(Error::Label { sample, given, classes })
    };
    values.into_iter().enumerate().map(label).collect()
}
