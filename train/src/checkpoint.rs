//! The state of a run in a file.
//!
//! It is written beside its place and renamed at the end of each epoch, so that whatever ends the program leaves a whole one. What an epoch
//! does depends on the state and the run's options only, so a run that goes on from one gives the bytes of a run that was never ended.

use crate::curves::Epoch;
use crate::error::TrainError as Error;
use crate::optimizer::Adam;
use crate::parameters::Parameters;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::HashMap;

const KEY: &str = "tinybake.checkpoint";

/// Everything that a run changes.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The numbers that are trained.
    pub parameters: Parameters,
    /// The optimizer's.
    pub adam: Adam,
    /// The figures of the epochs done.
    pub epochs: Vec<Epoch>,
    /// The numbers after the best epoch.
    pub best: Vec<Vec<f32>>,
    /// The best epoch, counted from 0; absent before the first.
    pub best_epoch: Option<usize>,
}

impl State {
    /// The start of a run.
    pub fn new(parameters: Parameters) -> Self {
        let adam = Adam::new(&parameters);
        let best = parameters.list.iter().map(|parameter| parameter.values.clone()).collect();
        Self { parameters, adam, epochs: Vec::new(), best, best_epoch: None }
    }

    /// The parameters of the best epoch.
    pub fn chosen(&self) -> Parameters {
        let mut chosen = self.parameters.clone();
        for (parameter, values) in chosen.list.iter_mut().zip(&self.best) {
            parameter.values.clone_from(values);
        }
        chosen
    }

    /// The bytes of a checkpoint; `run` tells this run from others.
    pub fn to_bytes(&self, run: &[u8; 32]) -> Vec<u8> {
        let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let mut tensors: Vec<(String, Dtype, usize, Vec<u8>)> = Vec::new();
        let lists = [("first", &self.adam.first), ("second", &self.adam.second), ("best", &self.best)];
        for (index, parameter) in self.parameters.list.iter().enumerate() {
            tensors.push((format!("value.{index}"), Dtype::F32, parameter.values.len(), floats(&parameter.values)));
            for (name, list) in lists {
                tensors.push((format!("{name}.{index}"), Dtype::F32, list[index].len(), floats(&list[index])));
            }
        }
        let epochs: Vec<u8> = self.epochs.iter().flat_map(|epoch| epoch.numbers()).flat_map(f64::to_le_bytes).collect();
        tensors.push(("epochs".into(), Dtype::F64, epochs.len() / 8, epochs));
        let best = self.best_epoch.map_or(u64::MAX, |epoch| epoch as u64);
        let counts: Vec<u8> = [self.adam.steps, best].into_iter().flat_map(u64::to_le_bytes).collect();
        tensors.push(("counts".into(), Dtype::U64, 2, counts));
        let views = tensors
            .iter()
            .filter_map(|(name, dtype, count, bytes)| Some((name.as_str(), TensorView::new(*dtype, vec![*count], bytes).ok()?)));
        let metadata = HashMap::from([(KEY.to_string(), hexadecimal(run))]);
        safetensors::serialize(views, Some(metadata)).unwrap_or_default()
    }

    /// Goes on from the bytes of a checkpoint of the run that `run` tells.
    ///
    /// # Errors
    /// Bytes that are no checkpoint, or one of another run.
    pub fn resume(&mut self, bytes: &[u8], run: &[u8; 32]) -> Result<(), Error> {
        let wrong = |error: safetensors::SafeTensorError| Error::Checkpoint { what: error.to_string() };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(wrong)?;
        let given = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        match given {
            None => return Err(Error::Checkpoint { what: format!("it has no `{KEY}`") }),
            Some(given) if *given != hexadecimal(run) => {
                return Err(Error::OtherRun { what: "the options, the network or the data are not those that it began with" });
            }
            Some(_) => {}
        }
        let file = SafeTensors::deserialize(bytes).map_err(wrong)?;
        let floats = |name: String, count: usize| {
            let view = file.tensor(&name).map_err(wrong)?;
            let values: Vec<f32> = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            if values.len() == count { Ok(values) } else { Err(Error::Checkpoint { what: format!("`{name}` has another size") }) }
        };
        let mut state = self.clone();
        for index in 0..self.parameters.list.len() {
            let count = self.parameters.list[index].values.len();
            state.parameters.list[index].values = floats(format!("value.{index}"), count)?;
            state.adam.first[index] = floats(format!("first.{index}"), count)?;
            state.adam.second[index] = floats(format!("second.{index}"), count)?;
            state.best[index] = floats(format!("best.{index}"), count)?;
        }
        let words = |name: &str| {
            let view = file.tensor(name).map_err(wrong)?;
            Ok(view.data().as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect::<Vec<u64>>())
        };
        let numbers: Vec<f64> = words("epochs")?.into_iter().map(f64::from_bits).collect();
        state.epochs = numbers.as_chunks::<{ Epoch::NUMBERS }>().0.iter().map(|numbers| Epoch::of_numbers(*numbers)).collect();
        match words("counts")?[..] {
            [steps, best] => {
                state.adam.steps = steps;
                state.best_epoch = usize::try_from(best).ok().filter(|&best| best < state.epochs.len());
            }
            _ => return Err(Error::Checkpoint { what: "`counts` has another size".into() }),
        }
        *self = state;
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
