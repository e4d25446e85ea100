//! Labelled samples.
//!
//! Files are safetensors or npz, with float32 `input.J` (or the input's name, or `x` for the first) `[samples, ...]` and integer `labels`
//! (or `y`) `[samples]`. All of it is checked against the model before anything is computed, by the reader that `tinybake quantize` has.

use crate::error::TrainError as Error;
use crate::random::Random;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::path::Path;
use tinybake_codegen::diag::{Diagnostic, Diagnostics, Explain, Place};
use tinybake_codegen::ir::Graph;
use tinybake_codegen::samples::Dataset;

/// The stream of random numbers that samples are split by.
const STREAM: u64 = 2;

/// Samples in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// How many; at least one.
    pub count: usize,
    /// For each input of the model, that many times its elements.
    pub inputs: Vec<Vec<f32>>,
    /// The class of each.
    pub labels: Vec<usize>,
}

impl Samples {
    /// Reads a file, as samples of the inputs of `graph`; those inputs for which `turned` says so are stored as NCHW.
    ///
    /// # Errors
    /// A file that cannot be read, and everything wrong with its tensors: missing, of another shape or type, empty, not finite, labels
    /// that the model has no output for.
    pub fn read(file: &Path, graph: &Graph, turned: &[bool]) -> Result<Self, Diagnostics> {
        let in_file = |mut diagnostics: Diagnostics| {
            diagnostics.0.iter_mut().for_each(|one| one.place.file = Some(file.display().to_string()));
            diagnostics
        };
        let bytes = std::fs::read(file).map_err(|error| {
            let place = Place { file: Some(file.display().to_string()), ..Place::default() };
            Diagnostic { code: "read::file", message: format!("cannot read it: {error}"), place, help: "check the path".into() }
        })?;
        Self::parse(&bytes, graph, turned).map_err(in_file)
    }

    /// As [`Self::read`], from the bytes of a file; they are not trusted.
    ///
    /// # Errors
    /// As [`Self::read`]'s.
    pub fn parse(bytes: &[u8], graph: &Graph, turned: &[bool]) -> Result<Self, Diagnostics> {
        let data = Dataset::parse(bytes, graph, turned)?;
        let labels = data.labels.clone().ok_or_else(|| Error::NoLabels.at(Place::default()))?;
        let input = |index| (0..data.count).flat_map(|sample| data.input(index, sample)).copied().collect();
        let inputs = (0..graph.inputs.len()).map(input).collect();
        Ok(Self { count: data.count, inputs, labels })
    }

    /// The first `count` samples, or all where there are fewer.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        self.chosen(&(0..count.min(self.count)).collect::<Vec<_>>())
    }

    /// The samples of these indices, in their order.
    #[must_use]
    pub fn chosen(&self, order: &[usize]) -> Self {
        Self {
            count: order.len(),
            inputs: (0..self.inputs.len()).map(|input| self.gather(input, order)).collect(),
            labels: order.iter().map(|&sample| self.labels[sample]).collect(),
        }
    }

    /// The values of one input for these samples, one after the other.
    pub fn gather(&self, input: usize, order: &[usize]) -> Vec<f32> {
        let values = &self.inputs[input];
        let size = values.len() / self.count;
        order.iter().flat_map(|&sample| &values[sample * size..(sample + 1) * size]).copied().collect()
    }

    /// Splits a share of the samples, drawn by `seed`, off for validation: training, then validation.
    ///
    /// # Errors
    /// Either part would be empty.
    pub fn split(&self, share: f64, seed: u64) -> Result<(Self, Self), Error> {
        let validation = (self.count as f64 * share).round() as usize;
        let training = self.count.saturating_sub(validation);
        if validation == 0 || training == 0 {
            return Err(Error::Split { samples: self.count, validation, training });
        }
        let order = Random::new(seed, STREAM).permutation(self.count);
        let (validation, training) = order.split_at(validation);
        Ok((self.chosen(training), self.chosen(validation)))
    }

    /// The samples as `quantize` takes them.
    ///
    /// # Errors
    /// None that [`Self::parse`] has not found.
    pub fn dataset(&self, graph: &Graph) -> Result<Dataset, Diagnostics> {
        Dataset::parse(&self.to_bytes(graph), graph, &[])
    }

    /// The samples as a safetensors file, for inputs of `graph`.
    pub fn to_bytes(&self, graph: &Graph) -> Vec<u8> {
        let mut arrays = Vec::new();
        for (index, (&id, values)) in graph.inputs.iter().zip(&self.inputs).enumerate() {
            let mut shape = vec![self.count];
            shape.extend(graph.tensor(id).shape.0.iter().skip(1));
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            arrays.push((format!("input.{index}"), Dtype::F32, shape, bytes));
        }
        let labels = self.labels.iter().flat_map(|&label| (label as i64).to_le_bytes()).collect();
        arrays.push(("labels".into(), Dtype::I64, vec![self.count], labels));
        let views = arrays
            .iter()
            .filter_map(|(name, dtype, shape, bytes)| Some((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).ok()?)));
        safetensors::serialize(views, None).unwrap_or_default()
    }
}
