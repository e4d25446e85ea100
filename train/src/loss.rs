//! What training makes small: cross entropy with labels, divergence from a teacher, distance of features.

use crate::error::TrainError as Error;
use crate::network::{Network, Pass, inference_device, logits, tensor};
use crate::parameters::Parameters;
use burn_tensor::{Device, Tensor, activation};
use tinybake_codegen::ir::{Graph, TensorId};

/// How a teacher is listened to.
#[derive(Clone, Debug, PartialEq)]
pub struct Distillation {
    /// What logits are divided by before their softmax: above 1 it tells more of the classes that are not the greatest.
    pub temperature: f32,
    /// The teacher's share of the loss, 0 to 1; the labels have the rest.
    pub mix: f32,
    /// Pairs of a tensor of the student and one of the teacher that should look alike.
    pub matches: Vec<(String, String)>,
    /// The weight of each such pair.
    pub match_weight: f32,
}

/// What a teacher says of all samples, worked out once.
#[derive(Clone, Debug)]
pub struct Lessons {
    temperature: f32,
    mix: f32,
    match_weight: f32,
    /// Softmax at the temperature, `[samples, classes]`.
    probabilities: Vec<f32>,
    features: Vec<Feature>,
}

#[derive(Clone, Debug)]
struct Feature {
    student: TensorId,
    kind: Likeness,
    /// `[samples, length]`.
    values: Vec<f32>,
    length: usize,
}

/// How two tensors are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Likeness {
    /// Element by element: their shapes are equal.
    Elements,
    /// By where their images are active. Source: S. Zagoruyko and N. Komodakis, *Paying More Attention to Attention*, ICLR 2017,
    /// equation 2 with the sum of squares: channels may differ in number.
    Attention { channels: usize },
}

/// The squares of an image summed over channels, of length 1: `[samples, pixels]`.
fn attention(values: Tensor<2>, channels: usize) -> Tensor<2> {
    let [samples, elements] = values.dims();
    let map = values
        .reshape([samples, elements / channels, channels])
        .powi_scalar(2)
        .sum_dim(2)
        .reshape([samples, elements / channels]);
    let length = map.clone().powi_scalar(2).sum_dim(1).sqrt().add_scalar(1e-6);
    map / length
}

impl Likeness {
    fn of(self, values: Tensor<2>) -> Tensor<2> {
        match self {
            Likeness::Elements => values,
            Likeness::Attention { channels } => attention(values, channels),
        }
    }
}

fn named(graph: &Graph, name: &str) -> Result<TensorId, Error> {
    let found = graph.tensors.iter().position(|tensor| tensor.name == name && tensor.value.is_none());
    found.map(|index| TensorId(index as u32)).ok_or_else(|| Error::NoTensor { model: graph.name.clone(), name: name.into() })
}

impl Lessons {
    /// Lets `teacher` look at all samples, `batch` at a time.
    ///
    /// # Errors
    /// Classes or matched tensors that do not fit.
    pub fn learn(
        teacher: &Network<'_>,
        parameters: &Parameters,
        student: &Graph,
        inputs: &[Vec<f32>],
        count: usize,
        batch: usize,
        how: &Distillation,
    ) -> Result<Self, Error> {
        let (theirs, ours) = (logits(teacher.graph())?, logits(student)?);
        let classes = |graph: &Graph, id: TensorId| graph.tensor(id).shape.elements();
        let (given, expected) = (classes(teacher.graph(), theirs), classes(student, ours));
        if given != expected {
            return Err(Error::Classes { teacher: given, student: expected });
        }
        let mut features = Vec::new();
        for (own, other) in &how.matches {
            let (own_id, other_id) = (named(student, own)?, named(teacher.graph(), other)?);
            let (a, b) = (&student.tensor(own_id).shape.0, &teacher.graph().tensor(other_id).shape.0);
            let (kind, seen) = match (&a[..], &b[..]) {
                (a, b) if a == b => (Likeness::Elements, Likeness::Elements),
                (&[_, h, w, own], &[_, y, x, other]) if (h, w) == (y, x) => {
                    (Likeness::Attention { channels: own }, Likeness::Attention { channels: other })
                }
                _ => {
                    let shapes = (format!("{a:?}"), format!("{b:?}"));
                    return Err(Error::Match { student: own.clone(), teacher: other.clone(), given: shapes.0, other: shapes.1 });
                }
            };
            features.push((Feature { student: own_id, kind, values: Vec::new(), length: 0 }, seen, other_id));
        }
        let mut probabilities = Vec::with_capacity(count * given);
        let device = inference_device();
        let vector = |values: Tensor<2>| values.try_into_vec_as::<f32>().unwrap_or_default();
        for start in (0..count).step_by(batch.max(1)) {
            let samples = batch.max(1).min(count - start);
            let pass = teacher.run(parameters, &slices(inputs, count, start, samples), samples, &device);
            if let Some(logits) = pass.value(theirs) {
                probabilities.extend(vector(activation::softmax(logits.div_scalar(how.temperature), 1)));
            }
            for (feature, seen, id) in &mut features {
                if let Some(values) = pass.value(*id) {
                    let values = seen.of(values);
                    feature.length = values.dims()[1];
                    feature.values.extend(vector(values));
                }
            }
        }
        Ok(Self {
            temperature: how.temperature,
            mix: how.mix,
            match_weight: how.match_weight,
            probabilities,
            features: features.into_iter().map(|(feature, _, _)| feature).collect(),
        })
    }
}

/// The inputs of `samples` samples from `start` on, of `count`.
pub(crate) fn slices(inputs: &[Vec<f32>], count: usize, start: usize, samples: usize) -> Vec<Vec<f32>> {
    let slice = |values: &Vec<f32>| {
        let size = values.len() / count;
        values[start * size..(start + samples) * size].to_vec()
    };
    inputs.iter().map(slice).collect()
}

/// Rows of `values`, of which there are `length` numbers a sample.
fn rows(values: &[f32], length: usize, chosen: &[usize], device: &Device) -> Tensor<2> {
    let gathered: Vec<f32> = chosen.iter().flat_map(|&sample| &values[sample * length..(sample + 1) * length]).copied().collect();
    tensor(gathered, [chosen.len(), length], device)
}

/// The loss of a batch, the mean over its samples: `(1 - mix) * cross entropy + mix * T^2 * divergence + weight * distances`. The
/// divergence is without the teacher's own entropy, which training does not change.
///
/// Source: G. Hinton, O. Vinyals and J. Dean, *Distilling the Knowledge in a Neural Network*, 2015, section 2.
pub fn loss(
    pass: &Pass,
    logits: TensorId,
    labels: &[usize],
    chosen: &[usize],
    lessons: Option<&Lessons>,
    device: &Device,
) -> Tensor<1> {
    let Some(made) = pass.value(logits) else { return Tensor::zeros([1], device) };
    let [samples, classes] = made.dims();
    let share = 1.0 / samples as f32;
    let mut wanted = vec![0f32; samples * classes];
    for (row, &sample) in chosen.iter().enumerate() {
        wanted[row * classes + labels[sample]] = 1.0;
    }
    let wanted = tensor(wanted, [samples, classes], device);
    let cross = |wanted: Tensor<2>, made: Tensor<2>| (wanted * activation::log_softmax(made, 1)).sum().neg().mul_scalar(share);
    let by_labels = cross(wanted, made.clone());
    let Some(lessons) = lessons else { return by_labels };
    let Lessons { temperature, mix, match_weight, probabilities, features } = lessons;
    let by_teacher = cross(rows(probabilities, classes, chosen, device), made.div_scalar(*temperature));
    let mut total = by_labels.mul_scalar(1.0 - mix) + by_teacher.mul_scalar(mix * temperature * temperature);
    for Feature { student, kind, values, length } in features {
        if let Some(made) = pass.value(*student) {
            let distance = kind.of(made) - rows(values, *length, chosen, device);
            let distance = match kind {
                Likeness::Elements => distance.powi_scalar(2).mean(),
                Likeness::Attention { .. } => distance.powi_scalar(2).sum().mul_scalar(share),
            };
            total = total + distance.mul_scalar(*match_weight);
        }
    }
    total
}
