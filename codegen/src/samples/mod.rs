//! Samples of a model's inputs, and labels.

mod arrays;
mod error;
mod labels;
mod outliers;

pub use error::SampleError;
use error::SampleError as Error;
pub use outliers::Outlier;

use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::ir::{Data, Graph};
use arrays::{Array, Arrays};
use labels::Labels;
use safetensors::Dtype;

/// Samples in memory, checked to fit a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// Number of samples; at least one.
    pub count: usize,
    /// For each input of the model, that many times its elements.
    pub(crate) inputs: Vec<Vec<f32>>,
    /// The class of each sample: the index of the element of the first output that should be greatest.
    pub labels: Option<Vec<usize>>,
    /// For each output of the model, what its elements should be, sample after sample, where that is known.
    pub targets: Vec<Option<Vec<f32>>>,
}

impl Dataset {
    /// Reads a safetensors, npz or npy file, whichever its bytes are: input `J` is the array of the input's name, `input.J`, or `x` for the
    /// first, float32 `[samples, ...]`; `labels` or `y` (of output `J` above 0, `labels.J`) may be absent: integers `[samples]`, the class of
    /// each, or values `[samples, ...]` that the output should have. A npy file is the first input. Inputs for which `turned` says so are
    /// stored as NCHW or NCW images, as ONNX models take them.
    /// The bytes are not trusted.
    ///
    /// # Errors
    /// Everything wrong with the arrays, before anything is computed.
    pub fn parse(bytes: &[u8], graph: &Graph, turned: &[bool]) -> Result<Self, Diagnostics> {
        let mut file = Arrays::open(bytes)?;
        let free = |short: &str| !graph.inputs.iter().any(|&id| graph.tensor(id).name == short);
        let mut problems: Vec<Diagnostic> = Vec::new();
        let mut inputs = Vec::new();
        let mut expected = None;
        for (index, &id) in graph.inputs.iter().enumerate() {
            let tensor = graph.tensor(id);
            let short = (index == 0 && free("x")).then(|| "x".to_string());
            let names = [tensor.name.clone(), format!("input.{index}")].into_iter().chain(short);
            let made = find(&mut file, names).and_then(|found| {
                let (name, array) = found.ok_or_else(|| missing(index, &tensor.name, &file).at(at(&format!("input.{index}"))))?;
                let made = image(&array, &tensor.shape.0, expected, turned.get(index) == Some(&true));
                made.map_err(|error| error.at(at(&name)).into())
            });
            match made {
                Ok((values, count)) => {
                    expected.get_or_insert(count);
                    inputs.push(values);
                }
                Err(error) => problems.extend(error.0),
            }
        }
        let (mut classes, mut targets) = (None, vec![None; graph.outputs.len()]);
        for (index, &output) in graph.outputs.iter().enumerate() {
            let (shape, Some(count)) = (&graph.tensor(output).shape, expected) else { continue };
            let name = if index == 0 { "labels".to_string() } else { format!("labels.{index}") };
            let short = (index == 0 && free("y")).then(|| "y".to_string());
            let made = find(&mut file, [name].into_iter().chain(short)).and_then(|found| {
                let Some((name, array)) = found else { return Ok(None) };
                let labels = labels::labels(&array, count, shape.elements()).map_err(|error| error.at(at(&name)))?;
                if index > 0 && matches!(labels, Labels::Classes(_)) {
                    let given = format!("{:?}", array.shape);
                    return Err(Error::Shape { expected: format!("{:?}", shape.0), given }.at(at(&name)).into());
                }
                Ok(Some(labels))
            });
            match made {
                Ok(Some(Labels::Classes(labels))) => classes = Some(labels),
                Ok(Some(Labels::Targets(values))) => targets[index] = Some(values),
                Ok(None) => {}
                Err(error) => problems.extend(error.0),
            }
        }
        match (problems.is_empty(), expected) {
            (true, Some(count)) => Ok(Self { count, inputs, labels: classes, targets }),
            _ => Err(Diagnostics(problems)),
        }
    }

    /// The first `count` samples; all where there are no more, and one where `count` is zero.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        self.chosen(&(0..count.clamp(1, self.count)).collect::<Vec<_>>())
    }

    /// The samples of these indices, in their order.
    #[must_use]
    pub fn chosen(&self, order: &[usize]) -> Self {
        let gather = |values: &Vec<f32>| {
            let size = values.len() / self.count.max(1);
            order.iter().flat_map(|&sample| &values[sample * size..(sample + 1) * size]).copied().collect()
        };
        Self {
            count: order.len(),
            inputs: self.inputs.iter().map(gather).collect(),
            labels: self.labels.as_ref().map(|labels| order.iter().map(|&sample| labels[sample]).collect()),
            targets: self.targets.iter().map(|targets| targets.as_ref().map(gather)).collect(),
        }
    }

    /// What output `index` should be for a sample, where that is known.
    pub fn target(&self, index: usize, sample: usize) -> Option<&[f32]> {
        let values = self.targets.get(index)?.as_ref()?;
        let size = values.len() / self.count.max(1);
        values.get(sample * size..(sample + 1) * size)
    }

    /// The elements of one input of a sample.
    pub fn input(&self, index: usize, sample: usize) -> &[f32] {
        let Some(values) = self.inputs.get(index) else { return &[] };
        let size = values.len() / self.count.max(1);
        values.get(sample * size..(sample + 1) * size).unwrap_or(&[])
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

/// The first array that is there, of any of these names.
fn find<'a>(file: &mut Arrays<'a>, names: impl Iterator<Item = String>) -> Result<Option<(String, Array<'a>)>, Diagnostics> {
    for name in names {
        if let Some(array) = file.get(&name).map_err(|error| error.at(at(&name)))? {
            return Ok(Some((name, array)));
        }
    }
    Ok(None)
}

fn at(name: &str) -> Place {
    Place { tensor: Some(name.into()), ..Place::default() }
}

fn missing(index: usize, name: &str, file: &Arrays<'_>) -> Error {
    let present: Vec<String> = file.names().into_iter().take(12).map(|name| format!("`{name}`")).collect();
    let present = if present.is_empty() { "none".into() } else { present.join(", ") };
    Error::Missing { index, name: name.into(), present }
}

/// As [`reals`], turned from NCHW or NCW where `turned`.
fn image(view: &Array<'_>, shape: &[usize], expected: Option<usize>, turned: bool) -> Result<(Vec<f32>, usize), Error> {
    let (&[one, ref sides @ .., channels], true) = (shape, turned) else { return reals(view, shape, expected) };
    let (values, count) = reals(view, &[&[one, channels], sides].concat(), expected)?;
    let pixels = sides.iter().product::<usize>();
    let turn = |image: &[f32]| (0..pixels * channels).map(|at| image[at % channels * pixels + at / channels]).collect::<Vec<_>>();
    Ok((values.chunks_exact(pixels * channels).flat_map(turn).collect(), count))
}

/// The samples of one input, and their number.
fn reals(view: &Array<'_>, shape: &[usize], expected: Option<usize>) -> Result<(Vec<f32>, usize), Error> {
    if view.dtype != Dtype::F32 {
        return Err(Error::Type { expected: "float32", given: view.dtype.to_string() });
    }
    let wrong = || Error::Shape { expected: format!("{shape:?}"), given: format!("{:?}", view.shape) };
    let (&count, each) = view.shape.split_first().ok_or_else(wrong)?;
    // The model's own batch of 1 may be left out.
    if each != shape && Some(each) != shape.strip_prefix(&[1]) {
        return Err(wrong());
    }
    check_count(count, expected)?;
    let values: Vec<f32> = view.data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
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
