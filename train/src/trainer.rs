//! The loop: epochs of batches, validation, early stopping, checkpoints.

use crate::checkpoint::State;
use crate::curves::Epoch;
use crate::data::Samples;
use crate::error::TrainError as Error;
use crate::loss::{Lessons, loss, slices};
use crate::network::{Network, inference_device, logits, training_device};
use crate::parameters::Parameters;
use crate::random::Random;
use tinybake_codegen::diag::{Diagnostics, Explain, Place};

/// The stream of random numbers that samples are shuffled by.
const STREAM: u64 = 3;
/// Samples of a batch without gradients.
const EVALUATED: usize = 64;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Epochs: passes over the training samples.
    pub epochs: usize,
    /// Samples of a step.
    pub batch: usize,
    /// Learning rate at its peak: it rises over the first tenth of the steps and falls as a cosine to zero.
    pub rate: f64,
    /// Weight decay.
    pub decay: f64,
    /// What all random numbers come from.
    pub seed: u64,
    /// Epochs without a better one after which training stops; never where this is absent.
    pub patience: Option<usize>,
}

/// Whether training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It does.
    Go,
    /// It is left as it was at the end of the last epoch.
    Stop,
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Whole,
    /// No better epoch came in time.
    Early,
    /// The watcher stopped it.
    Stopped,
}

/// What is told while training goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// A batch is done: its index and how many there are in an epoch.
    Batch(usize, usize),
    /// An epoch is done.
    Epoch(&'a State),
}

/// Trains from `state` on, which is left as it is after the last whole epoch.
///
/// # Errors
/// A loss that is not finite; what `watch` says.
pub fn train(
    network: &Network<'_>,
    state: &mut State,
    training: &Samples,
    validation: &Samples,
    lessons: Option<&Lessons>,
    settings: &Settings,
    mut watch: impl FnMut(Event<'_>) -> Result<Next, Diagnostics>,
) -> Result<End, Diagnostics> {
    let plain = |error: Error| Diagnostics::from(error.at(Place::default()));
    let logits = logits(network.graph()).map_err(plain)?;
    let device = training_device();
    let batches = training.count.div_ceil(settings.batch);
    let total = (settings.epochs * batches).max(1) as f64;
    for index in state.epochs.len()..settings.epochs {
        if late(state, settings.patience) {
            return Ok(End::Early);
        }
        let order = Random::new(settings.seed, STREAM + ((index as u64) << 8)).permutation(training.count);
        let mut next = (state.parameters.clone(), state.adam.clone());
        let (mut sum, mut right, mut rate) = (0f64, 0usize, 0f64);
        for (batch, chosen) in order.chunks(settings.batch).enumerate() {
            let step = (index * batches + batch) as f64 + 0.5;
            rate = settings.rate * (step / (0.1 * total)).min(1.0) * 0.5 * (1.0 + (core::f64::consts::PI * step / total).cos());
            let inputs: Vec<Vec<f32>> = (0..training.inputs.len()).map(|input| training.gather(input, chosen)).collect();
            let pass = network.run(&next.0, &inputs, chosen.len(), &device);
            let made = loss(&pass, logits, &training.labels, chosen, lessons, &device);
            let gradients = made.backward();
            let gradients = pass.gradients(&next.0, &gradients);
            sum += f64::from(made.into_scalar::<f32>()) * chosen.len() as f64;
            let scores = pass.value(logits).and_then(|scores| scores.try_into_vec_as::<f32>().ok()).unwrap_or_default();
            right += hits(&scores, chosen.iter().map(|&sample| training.labels[sample]));
            next.1.step(&mut next.0, &gradients, rate as f32, settings.decay as f32);
            if watch(Event::Batch(batch, batches))? == Next::Stop {
                return Ok(End::Stopped);
            }
        }
        let figures = evaluate(network, &next.0, validation).map_err(plain)?;
        let count = training.count as f64;
        let (loss, accuracy) = (sum / count, right as f64 / count);
        let epoch = Epoch { rate, loss, accuracy, validation_loss: figures.loss, validation_accuracy: figures.accuracy };
        if !loss.is_finite() {
            return Err(plain(Error::Diverged { epoch: index + 1 }));
        }
        (state.parameters, state.adam) = next;
        state.epochs.push(epoch);
        if state.best_epoch.is_none_or(|best| better(&epoch, &state.epochs[best])) {
            state.best_epoch = Some(index);
            state.best = state.parameters.list.iter().map(|parameter| parameter.values.clone()).collect();
        }
        if watch(Event::Epoch(state))? == Next::Stop {
            return Ok(End::Stopped);
        }
    }
    Ok(End::Whole)
}

/// More validation samples are right; of as many, the lesser loss.
fn better(a: &Epoch, b: &Epoch) -> bool {
    (a.validation_accuracy, -a.validation_loss) > (b.validation_accuracy, -b.validation_loss)
}

fn late(state: &State, patience: Option<usize>) -> bool {
    patience.zip(state.best_epoch).is_some_and(|(patience, best)| state.epochs.len() > best + patience)
}

/// How good a network is on samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Mean cross entropy with the labels.
    pub loss: f64,
    /// Share of samples whose greatest output is their class.
    pub accuracy: f64,
    /// The samples that are right.
    pub right: usize,
}

/// Computes a network on all samples. What is compared is the network's own first output, so that of a quantized network the scores after
/// rounding; the first of equals is the greatest.
///
/// # Errors
/// A network without outputs.
pub fn evaluate(network: &Network<'_>, parameters: &Parameters, samples: &Samples) -> Result<Figures, Error> {
    let device = inference_device();
    let logits = logits(network.graph())?;
    let &output = network.graph().outputs.first().ok_or(Error::NoOutput)?;
    let (mut sum, mut right) = (0f64, 0usize);
    for start in (0..samples.count).step_by(EVALUATED) {
        let count = EVALUATED.min(samples.count - start);
        let chosen: Vec<usize> = (start..start + count).collect();
        let pass = network.run(parameters, &slices(&samples.inputs, samples.count, start, count), count, &device);
        let made = loss(&pass, logits, &samples.labels, &chosen, None, &device);
        sum += f64::from(made.into_scalar::<f32>()) * count as f64;
        let scores = pass.value(output).and_then(|scores| scores.try_into_vec_as::<f32>().ok()).unwrap_or_default();
        right += hits(&scores, samples.labels[start..start + count].iter().copied());
    }
    let count = samples.count as f64;
    Ok(Figures { loss: sum / count, accuracy: right as f64 / count, right })
}

/// Rows of scores whose greatest, the first of equals, is the label's.
fn hits(scores: &[f32], labels: impl ExactSizeIterator<Item = usize>) -> usize {
    let classes = (scores.len() / labels.len().max(1)).max(1);
    let greatest = |row: &[f32]| (1..row.len()).fold(0, |best, index| if row[index] > row[best] { index } else { best });
    scores.chunks(classes).zip(labels).filter(|(row, label)| greatest(row) == *label).count()
}
