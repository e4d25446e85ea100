//! Adam with decoupled weight decay.

use crate::parameters::{Parameters, Stored};

/// The moments of every parameter.
///
/// Source: I. Loshchilov and F. Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019, algorithm 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Steps taken.
    pub steps: u64,
    /// Mean of gradients, by parameter.
    pub first: Vec<Vec<f32>>,
    /// Mean of squared gradients, by parameter.
    pub second: Vec<Vec<f32>>,
}

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

impl Adam {
    /// All moments zero.
    pub fn new(parameters: &Parameters) -> Self {
        let zeros: Vec<Vec<f32>> = parameters.list.iter().map(|parameter| vec![0.0; parameter.values.len()]).collect();
        Self { steps: 0, first: zeros.clone(), second: zeros }
    }

    /// One step along `gradients`, of length `rate`; what is kept zero stays zero, and what is fixed stays as it is.
    pub fn step(&mut self, parameters: &mut Parameters, gradients: &[Vec<f32>], rate: f32, decay: f32) {
        self.steps += 1;
        let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let correct_first = 1.0 / (1.0 - f64::from(BETA_1).powi(steps)) as f32;
        let correct_second = 1.0 / (1.0 - f64::from(BETA_2).powi(steps)) as f32;
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((parameter, gradient), (first, second)) in parameters.list.iter_mut().zip(gradients).zip(moments) {
            // Biases, and scales of channels, are not pulled towards zero.
            let decay = match parameter.stored {
                Stored::Fixed => continue,
                Stored::Bias { .. } => 0.0,
                Stored::Float | Stored::Filter { .. } => decay,
            };
            for (index, (value, &gradient)) in parameter.values.iter_mut().zip(gradient).enumerate() {
                if parameter.kept.as_ref().is_some_and(|kept| !kept[index]) {
                    *value = 0.0;
                    continue;
                }
                first[index] += (1.0 - BETA_1) * (gradient - first[index]);
                second[index] += (1.0 - BETA_2) * (gradient * gradient - second[index]);
                let along = first[index] * correct_first / ((second[index] * correct_second).sqrt() + EPSILON);
                *value -= rate * (along + decay * *value);
            }
        }
    }
}
