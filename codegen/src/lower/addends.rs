//! Biases in floats, which ONNX Runtime adds to sums in floats: what they come to on integers.

use super::layer::Scaling;
use super::{LowerError, Lowering, SMALL};
use crate::ir::{Data, Quantization, TensorId};
use crate::options::Reference;
use crate::prepare::multiplier::quantize_multiplier;
use crate::prepare::offsets;
use crate::prepare::ort;
use crate::prepare::steps::{self, Sums};
use crate::valid::AccumulatorRange;
use std::borrow::Cow;
use tinybake_runtime::requantize::{Clamp, Multiplier};

/// The real that a channel makes of a sum, in steps of the output: `factor * sum + addend`.
pub(super) struct Added {
    factor: f64,
    addend: f64,
}

impl Added {
    /// In single precision.
    pub(super) fn rounded(&self) -> (f32, f32) {
        (self.factor as f32, self.addend as f32)
    }
}

impl<'a> Lowering<'a> {
    /// The factor and the addend of each channel of a layer whose bias is in floats; `None` where it is not, or the reference adds
    /// nothing in floats. The scales are those of the input and the output.
    pub(super) fn addends(
        &self,
        bias: Option<TensorId>,
        input: f32,
        filter: &Quantization,
        output: f32,
        channels: usize,
    ) -> Option<Vec<Added>> {
        let biases = self.float32(bias).filter(|_| self.reference == Reference::Ort)?;
        let of_channel = |channel: usize| Added {
            factor: f64::from(input) * f64::from(filter.scale_at(channel)) / f64::from(output),
            addend: f64::from(biases.get(channel).copied().unwrap_or(0.0)) / f64::from(output),
        };
        Some((0..channels).map(of_channel).collect())
    }

    /// Scaling of sums with a bias in floats: each output is the nearest integer of the exact real. Where whole biases do as well, they
    /// are taken, since more kernels have them.
    pub(super) fn with_addends(&self, channels: Vec<Added>, bias: &mut [i32], clamp: &Clamp) -> Scaling {
        if self.sums.len() != channels.len() || bias.len() != channels.len() {
            return Scaling::Added(channels);
        }
        let sums = |sum: &AccumulatorRange| Some(Sums { min: i32::try_from(sum.min).ok()?, max: i32::try_from(sum.max).ok()? });
        let Some(sums) = self.sums.iter().map(sums).collect::<Option<Vec<_>>>() else { return Scaling::Added(channels) };
        let rule = |added: &Added, sum: i32| ort::nearest(f64::from(sum) * added.factor + added.addend, clamp);
        let whole = |(added, sums): (&Added, &Sums)| {
            let more = (added.addend / added.factor).round() as i32;
            let [min, max] = [sums.min, sums.max].map(|sum| i64::from(sum) + i64::from(more));
            if -SMALL >= min || max >= SMALL {
                return None;
            }
            let Multiplier { multiplier: _, shift } = quantize_multiplier(added.factor);
            let right = u32::try_from(-i32::from(shift)).ok().filter(|right| (1..=31).contains(right))?;
            let moved = Sums { min: min as i32, max: max as i32 };
            let multiplier = steps::multiplier(|sum| rule(added, sum - more), clamp, moved, right, added.factor)?;
            Some((more, Multiplier { multiplier, shift }))
        };
        let add = |bias: &mut [i32], more: &mut dyn Iterator<Item = i32>| {
            bias.iter_mut().zip(more).for_each(|(bias, more)| *bias = bias.wrapping_add(more));
        };
        if let Some(found) = channels.iter().zip(&sums).map(whole).collect::<Option<Vec<_>>>() {
            add(bias, &mut found.iter().map(|&(more, _)| more));
            return Scaling::Once(found.into_iter().map(|(_, multiplier)| multiplier).collect());
        }
        let fit = |(added, &sums): (&Added, &Sums)| offsets::fit(|sum| rule(added, sum), clamp, sums, added.factor, added.addend);
        match channels.iter().zip(&sums).map(fit).collect::<Option<Vec<_>>>() {
            Some(fits) => {
                add(bias, &mut fits.iter().map(|fit| fit.bias));
                Scaling::Offset(fits)
            }
            None => Scaling::Added(channels),
        }
    }

    /// A bias as whole accumulators: one in floats is rounded to them where the reference adds nothing in floats, and else none of it is.
    pub(super) fn int32(&self, input: TensorId, filter: TensorId, bias: Option<TensorId>) -> Result<Cow<'_, [i32]>, LowerError> {
        let Some(biases) = self.float32(bias) else {
            return Ok(bias.and_then(|id| self.graph.value(id)).and_then(|data| data.as_i32()).unwrap_or(&[]).into());
        };
        if self.reference == Reference::Ort {
            return Ok(Cow::Borrowed(&[]));
        }
        let (input, filter) = (self.quantization(input).scale(), self.quantization(filter));
        let whole = |(channel, (&real, sum)): (usize, (&f32, &AccumulatorRange))| {
            let whole = (f64::from(real) / (f64::from(input) * f64::from(filter.scale_at(channel)))).round_ties_even();
            let fits = |sum: i64| (sum as f64 + whole).abs() < SMALL as f64;
            (fits(sum.min) && fits(sum.max)).then_some(whole as i32)
        };
        let whole: Option<Vec<i32>> = biases.iter().zip(self.sums).enumerate().map(whole).collect();
        let reason = || LowerError::Reference("its bias in floats does not fit int32 accumulators: use reference ort".into());
        whole.map(Cow::Owned).ok_or_else(reason)
    }

    /// A bias in floats.
    fn float32(&self, bias: Option<TensorId>) -> Option<&'a [f32]> {
        match self.graph.value(bias?)? {
            Data::F32(values) => Some(values),
            Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => None,
        }
    }
}
