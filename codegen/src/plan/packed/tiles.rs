//! Weights and scales in the arrangement of the runtime's `arch/tiles/`, for RV32.

use super::{Lanes, MOST_SHIFT, MOST_WEIGHT, Owner, WINDOWS};
use crate::lower::{Program, Weights};
use tinybake_runtime::kernels::tiles;
use tinybake_runtime::requantize::{Clamp, Multiplier, Offset, Once, Requantize};

/// How far from the layer's own a bias is tried. One in a few hundred makes up for the low word that a product loses, where the
/// sums at which outputs step up lie no closer to steps of that word than they are likely to.
const BIASES: i32 = 1 << 18;

/// Two channels at a time.
pub(super) const TWO_CHANNELS: Lanes = Lanes { module: "tiles", in_channels: true, runs: two_channels, scales };

/// Runs of each two channels, of `size` weights, the partner of an odd one being zeros.
fn two_channels(filter: &[i8], size: usize) -> (Vec<i8>, usize) {
    let words = if 3 * size <= 2 * WINDOWS { 3 } else { 2 };
    let zeros = vec![0; size];
    let mut bytes = Vec::with_capacity(filter.len() + filter.len() / 2);
    for two in filter.chunks(2 * size) {
        let (a, b) = two.split_at(size);
        let b = if b.is_empty() { &zeros } else { b };
        let mut rest: &[[i8; 2]] = &a.iter().zip(b).map(|(&a, &b)| [a, b]).collect::<Vec<_>>();
        while !rest.is_empty() {
            let mut sums = [0; 2];
            let fits = |pair: &&[i8; 2]| {
                sums = [0, 1].map(|channel| sums[channel] + i32::from(pair[channel]).abs());
                sums.iter().all(|&sum| sum <= MOST_WEIGHT)
            };
            // One always fits: no magnitude is above 128.
            let count = rest.iter().take(tiles::MOST_RUN).take_while(fits).count().max(1);
            let (run, after) = rest.split_at(count);
            bytes.extend(tiles::head(count, words).map(|byte| byte as i8));
            bytes.extend(run.as_flattened());
            rest = after;
        }
        bytes.push(0);
    }
    (bytes, words * size)
}

/// Of each channel, a scale of `tiles::finish` that is exact for all sums that its weights allow, for a whole number of pairs;
/// `None` where a channel has none. `channel` tells whose a weight of the filter is.
fn scales(program: &Program, weights: &Weights, clamp: &Clamp, channels: usize, channel: &Owner) -> Option<Vec<i32>> {
    let once = weights.requantizer.rounds_once();
    let (filter, rules) = (super::int8(program, weights)?, super::rules(program, weights, channels)?);
    let bias = program.constant(weights.bias).data.as_i32()?;
    let mut reach: Vec<[i64; 2]> = bias.iter().map(|&bias| [i64::from(bias); 2]).collect();
    for (at, &w) in filter.iter().enumerate() {
        let ends = [-128, 127].map(|x| x * i64::from(w));
        let [least, most] = reach.get_mut(channel(at))?;
        *least += ends[0].min(ends[1]);
        *most += ends[0].max(ends[1]);
    }
    let own = super::offsets(program, weights, channels)?;
    let mut scales = Vec::with_capacity(4 * rules.len().next_multiple_of(2));
    for (channel, ((&rule, &bias), reach)) in rules.iter().zip(bias).zip(reach).enumerate() {
        scales.extend(scale(rule, once, clamp, bias, reach, own.map(|own| own[channel]))?);
    }
    scales.resize(4 * rules.len().next_multiple_of(2), 0);
    Some(scales)
}

/// A scale with which `tiles::finish`, clamped, equals `rule`, rounding once or twice, or once with an offset `own`, for all sums from
/// `least` to `most`, bias included.
fn scale(rule: Multiplier, once: bool, clamp: &Clamp, bias: i32, [least, most]: [i64; 2], own: Option<i32>) -> Option<[i32; 4]> {
    let shift = u32::from(rule.shift.unsigned_abs());
    let within = |sum: i64| (-(1 << 29)..1 << 29).contains(&sum);
    if rule.shift >= 0 || shift > MOST_SHIFT || rule.multiplier < 0 || !within(least) || !within(most) {
        return None;
    }
    let (least, most) = (least as i32, most as i32);
    let positive = clamp.zero_point <= i32::from(clamp.min);
    let Multiplier { multiplier, shift: by } = rule;
    let reference = |sum: i32| match own {
        Some(own) => Offset { multipliers: &[multiplier], shifts: &[by], offsets: &[own] }.requantize(sum, 0, clamp),
        None if once => Once(rule).requantize(sum, 0, clamp),
        None => rule.requantize(sum, 0, clamp),
    };
    // Outputs grow with sums, in both: they are equal if they are where those of the reference step up, and before.
    let mut steps = vec![(least, reference(least)), (most, reference(most))];
    for output in reference(least)..reference(most) {
        let (mut below, mut above) = (least, most);
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            *if reference(middle) > output { &mut above } else { &mut below } = middle;
        }
        steps.extend([(below, reference(below)), (above, reference(above))]);
    }
    // What is to be added to the product of the sum, in both words: the half that rounds it, where it is rounded and that is not
    // computed, and what is added after.
    let offset = i64::from(own.unwrap_or_else(|| super::offset_of(clamp, shift))) + (128 << shift);
    let target = (offset << 32) + if positive && !once { 1 << 31 } else { 0 };
    let multiplier = rule.multiplier << 1;
    let exact = |more: i32| {
        let rest = target - i64::from(more) * i64::from(multiplier as u32);
        let scale = [bias.checked_add(more)?, multiplier, i32::try_from((rest + (1 << 31)) >> 32).ok()?, shift as i32];
        let given = |sum: i32| tiles::finish(sum + more, &scale, positive).max(clamp.min).min(clamp.max);
        steps.iter().all(|&(sum, output)| given(sum) == output).then_some(scale)
    };
    (0..BIASES).flat_map(|more| [more, -more]).find_map(exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_exact_for_every_sum() {
        let mut state = 3u64;
        let mut random = |end: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % end
        };
        let clamps = [(-128, -128, 127), (3, -128, 127), (-5, -5, 100), (127, -110, 90)];
        for round in 0..400 {
            let (zero_point, min, max) = clamps[round % 4];
            let clamp = Clamp { zero_point, min, max };
            let multiplier = if round % 16 == 0 { 1 << 30 } else { (1 << 30) + random(1 << 30) as i32 };
            let rule = Multiplier { multiplier, shift: -1 - random(12) as i8 };
            let bias = random(4000) as i32 - 2000;
            let (least, most) = (bias - random(60_000) as i32, bias + random(60_000) as i32);
            let (positive, reach) = (zero_point <= i32::from(min), [least.into(), most.into()]);
            let made = scale(rule, false, &clamp, bias, reach, None).expect("a bias that makes up for the lost word");
            let once = scale(rule, true, &clamp, bias, reach, None);
            assert!(once.is_some() || !positive, "{rule:?} {clamp:?}");
            for sum in least..=most {
                let given = |scale: &[i32; 4]| tiles::finish(sum + scale[0] - bias, scale, positive).max(min).min(max);
                assert_eq!(given(&made), rule.requantize(sum, 0, &clamp), "{sum} {rule:?} {clamp:?} {made:?}");
                if let Some(once) = &once {
                    assert_eq!(given(once), Once(rule).requantize(sum, 0, &clamp), "once: {sum} {rule:?} {clamp:?} {once:?}");
                }
            }
        }
    }
}
