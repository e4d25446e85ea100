use super::*;

/// One round in so many is run by Miri, which is slow.
const SHARE: usize = if cfg!(miri) { 40 } else { 1 };

/// gemmlowp `fixedpoint.h` and TFLM `common.cc`, written as there.
fn reference(x: i32, multiplier: i32, shift: i32) -> i32 {
    let left = shift.max(0);
    let right = (-shift).max(0);
    let product = x.wrapping_mul(1 << left) as i64 * multiplier as i64;
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    let high = ((product + nudge) / (1i64 << 31)) as i32;
    let mask = ((1i64 << right) - 1) as i32;
    let threshold = (mask >> 1) + (high < 0) as i32;
    (high >> right) + ((high & mask) > threshold) as i32
}

/// Accumulators and channels, the last of which there is not, with what a rule's arithmetic gives before the zero point.
fn check<R: Requantize>(rule: R, apply: impl Fn(i32, usize) -> i32) {
    for clamp in [Clamp { zero_point: -7, min: -90, max: 100 }, Clamp { zero_point: -128, min: -128, max: 127 }] {
        for (round, channel) in (0..1200).zip((0..4).cycle()) {
            let acc = (round - 600) * (round % 97) * 11;
            let expected = (apply(acc, channel) + clamp.zero_point).clamp(clamp.min.into(), clamp.max.into()) as i8;
            assert_eq!(rule.requantize(acc, channel, &clamp), expected, "{acc} of channel {channel}");
            assert_eq!(rule.requantize_outlined(acc, channel, &clamp), expected, "{acc} of channel {channel}, outlined");
        }
    }
}

/// Every rule clamps what its own arithmetic gives, with one scale or one a channel, inlined or not.
#[test]
fn rules_apply_the_scale_of_the_channel_and_clamp() {
    let (multipliers, shifts) = ([1 << 30, i32::MAX, 1_234_567_890], [-7, -11, -9]);
    let of = |channel: usize| multipliers.get(channel).zip(shifts.get(channel));
    let rule = |channel| {
        of(channel).map_or(Multiplier { multiplier: 0, shift: 0 }, |(&multiplier, &shift)| Multiplier { multiplier, shift })
    };
    let channels = PerChannel { multipliers: &multipliers, shifts: &shifts };
    let reference = |acc, channel| of(channel).map_or(0, |(&multiplier, &shift)| self::reference(acc, multiplier, shift.into()));
    let once = |acc: i32, channel: usize| {
        of(channel).map_or(0, |(&multiplier, &shift)| {
            let shift = u32::from(shift.unsigned_abs());
            ((acc as i64 * multiplier as i64 + (1i64 << (30 + shift))) >> (31 + shift)) as i32
        })
    };
    for channel in 0..3 {
        check(rule(channel), |acc, _| reference(acc, channel));
        check(Bounded(rule(channel)), |acc, _| reference(acc, channel));
        check(Once(rule(channel)), |acc, _| once(acc, channel));
    }
    check(channels, reference);
    check(Once(channels), once);
    // Without a shift to the right, a rule with bounds is not used.
    for channel in 0..3 {
        let one = PerChannel { multipliers: &multipliers[channel..=channel], shifts: &shifts[channel..=channel] };
        check(Bounded(one), |acc, at| if at == 0 { reference(acc, channel) } else { 0 });
    }
    check(Rint { scale: 0.0123 }, |acc, _| (acc as f32 * 0.0123).round_ties_even() as i32);
    let scales = [0.5, 0.0625, 0.011];
    check(RintPerChannel { scales: &scales }, |acc, channel| {
        scales.get(channel).map_or(0, |scale| (acc as f32 * scale).round_ties_even() as i32)
    });
}

/// The forms for cores without wide sums equal the others, on any core.
#[test]
fn forms_for_narrow_cores_equal_the_others() {
    let mut state = 3u64;
    for round in 0..20_000 / SHARE {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let x = (((state >> 32) as i32) >> 1).clamp(-(1 << 30) + 1, (1 << 30) - 1) >> (round % 30);
        let multiplier = [i32::MAX, 1 << 30, (state >> 5) as i32 & i32::MAX][round % 3];
        let product = x.wrapping_shl(1) as i64 * multiplier as i64;
        assert_eq!(carried(product), ((product + (1 << 31)) >> 32) as i32, "{x} {multiplier}");
        let rule = Multiplier { multiplier, shift: -((round % 31) as i8) - 1 };
        let zero_point = (round % 256) as i32 - 128;
        let clamp = Clamp { zero_point, min: zero_point as i8, max: 127 };
        let output = Bounded(rule).positive(x, zero_point).clamp(zero_point, 127);
        assert_eq!(output, i32::from(clamp.apply(rule.apply(x))), "{x} {rule:?} {zero_point}");
    }
}

#[test]
fn multiplier_equals_gemmlowp() {
    let edges = [0, 1, -1, 2, -2, 3, -3, i32::MAX, i32::MAX - 1, i32::MIN, i32::MIN + 1, 1 << 30, -(1 << 30)];
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 32) as i32
    };
    for shift in -31..=30 {
        for round in 0..4000 / SHARE {
            let x = edges.get(round).copied().unwrap_or_else(|| random() >> (round % 31));
            let multiplier = match round % 4 {
                0 => i32::MAX,
                1 => 1 << 30,
                _ => random() & i32::MAX,
            };
            let given = Multiplier { multiplier, shift: shift as i8 }.apply(x);
            assert_eq!(given, reference(x, multiplier, shift), "{x} * {multiplier} * 2^{shift}");
        }
    }
}

#[test]
fn bounded_equals_multiplier() {
    let edges = [0, 1, -1, 2, -2, 3, -3, (1 << 30) - 1, -(1 << 30) + 1, 1 << 29, -(1 << 29)];
    let mut state = 7u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 32) as i32
    };
    for shift in -31..=-1 {
        for round in 0..8000 / SHARE {
            let x = edges.get(round).copied().unwrap_or((random() >> 1).max(-(1 << 30) + 1) >> (round % 30));
            let multiplier = match round % 4 {
                0 => i32::MAX,
                1 => 1 << 30,
                _ => random() & i32::MAX,
            };
            let rule = Multiplier { multiplier, shift };
            assert_eq!(Bounded(rule).apply(x), rule.apply(x), "{x} * {multiplier} * 2^{shift}");
        }
    }
}

#[test]
fn once_rounds_half_up_once() {
    let mut state = 11u64;
    for round in 0..200_000 / SHARE {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let x = (((state >> 32) as i32) >> 1).clamp(-(1 << 30) + 1, (1 << 30) - 1) >> (round % 30);
        let multiplier = [i32::MAX, 1 << 30, (state >> 5) as i32 & i32::MAX][round % 3];
        let shift = (round % 31) as u32 + 1;
        let exact = (x as i64 * multiplier as i64 + (1i64 << (30 + shift))) >> (31 + shift);
        assert_eq!(Once(Multiplier { multiplier, shift: -(shift as i8) }).apply(x), exact as i32, "{x} {multiplier} {shift}");
    }
}

#[test]
fn offsets_are_added_before_the_shift() {
    let clamp = Clamp { zero_point: 0, min: -128, max: 127 };
    let mut state = 5u64;
    for round in 0..100_000 / SHARE {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let acc = (((state >> 32) as i32) >> 1).clamp(-(1 << 30) + 1, (1 << 30) - 1) >> (round % 30);
        let (multiplier, shift) = ((state >> 5) as i32 & i32::MAX, (round % 20) as u32 + 1);
        let offset = (state >> 20) as i32 >> 2;
        let exact = ((acc as i64 * multiplier as i64 + ((offset as i64) << 31)) >> (31 + shift)).clamp(-128, 127);
        let rule = Offset { multipliers: &[multiplier], shifts: &[-(shift as i8)], offsets: &[offset] };
        assert_eq!(i64::from(rule.requantize(acc, 0, &clamp)), exact, "{acc} {rule:?}");
        assert_eq!(rule.requantize(acc, 1, &clamp), 0);
    }
}

#[test]
fn addends_round_with_the_scaled_sum() {
    let clamp = Clamp { zero_point: 3, min: -100, max: 120 };
    let rule = RintAdded { scales: &[0.5, 1.0], addends: &[0.25, -1e9] };
    for (acc, channel, expected) in [(0, 0, 3), (1, 0, 4), (-2, 0, 2), (5, 1, -100), (1 << 29, 0, 120), (5, 2, 3)] {
        assert_eq!(rule.requantize(acc, channel, &clamp), expected, "{acc} of {channel}");
    }
}

#[test]
fn rint_rounds_half_to_even_and_saturates() {
    let clamp = Clamp { zero_point: -3, min: -100, max: 120 };
    for (acc, scale, expected) in
        [(5, 0.5, -1), (7, 0.5, 1), (-5, 0.5, -5), (1 << 30, 1.0, 120), (i32::MIN, 1.0, -100), (6, 0.0, -3)]
    {
        assert_eq!(Rint { scale }.requantize(acc, 0, &clamp), expected, "{acc} * {scale}");
    }
    let given = RintPerChannel { scales: &[0.5] }.requantize(5, 1, &clamp);
    assert_eq!(given, -3);
}
