//! From exact 32-bit accumulators to 8-bit outputs, as each reference does it.

/// The stored range of an output and where its zero lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clamp {
    /// Added to the scaled accumulator. In `[-128, 127]`.
    pub zero_point: i32,
    /// Least stored value.
    pub min: i8,
    /// Greatest stored value; at least `min`.
    pub max: i8,
}

impl Clamp {
    /// Adds the zero point and clamps.
    #[inline(always)]
    pub fn apply(&self, scaled: i32) -> i8 {
        // Not `clamp`, which panics where min > max.
        scaled.wrapping_add(self.zero_point).max(self.min as i32).min(self.max as i32) as i8
    }
}

/// A rule that scales the accumulator of an output channel to the output's units, rounds, and clamps.
pub trait Requantize: Copy {
    /// The stored output for accumulator `acc` of output channel `channel`. A channel for which the rule has no scale
    /// gives the scale zero.
    fn requantize(self, acc: i32, channel: usize, clamp: &Clamp) -> i8;

    /// The same, with the arithmetic in one copy for all who call it: smaller, slower.
    #[inline(always)]
    fn requantize_outlined(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        self.requantize(acc, channel, clamp)
    }
}

/// `multiplier * 2^(shift - 31)`: reference `tflm`, one scale for all channels.
///
/// Two roundings: TFLM `kernels/internal/common.cc`, `MultiplyByQuantizedMultiplier` with double rounding, on gemmlowp's
/// `SaturatingRoundingDoublingHighMul` and `RoundingDivideByPOT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier {
    /// Q31 significand, in `[0, 2^31)`; usually at least `2^30`.
    pub multiplier: i32,
    /// Power of two, in `[-31, 30]`; positive is a left shift.
    pub shift: i8,
}

impl Multiplier {
    /// `x` times the real multiplier. A left shift wraps, as it does in the reference.
    #[inline(always)]
    pub const fn apply(self, x: i32) -> i32 {
        if self.shift >= 0 {
            return high_mul(x.wrapping_shl(self.shift as u32), self.multiplier);
        }
        rounding_shift_right(high_mul(x, self.multiplier), self.shift.unsigned_abs() as u32)
    }
}

impl Requantize for Multiplier {
    #[inline(always)]
    fn requantize(self, acc: i32, _channel: usize, clamp: &Clamp) -> i8 {
        clamp.apply(self.apply(acc))
    }

    #[inline(always)]
    fn requantize_outlined(self, acc: i32, _channel: usize, clamp: &Clamp) -> i8 {
        clamp.apply(apply_outlined(acc, self.multiplier, self.shift))
    }
}

/// [`Multiplier::apply`].
#[inline(never)]
fn apply_outlined(x: i32, multiplier: i32, shift: i8) -> i32 {
    Multiplier { multiplier, shift }.apply(x)
}

/// The high half of `2 * a * b`, ties rounded up. But for `a == b == i32::MIN` it equals gemmlowp's
/// `SaturatingRoundingDoublingHighMul`, whose truncating division of a signed nudge comes to the same floor.
#[inline(always)]
pub(crate) const fn high_mul(a: i32, b: i32) -> i32 {
    ((a as i64 * b as i64 + (1 << 30)) >> 31) as i32
}

/// `x / 2^exponent` to the nearest, ties away from zero, for an exponent in `[1, 31]`: gemmlowp's `RoundingDivideByPOT`.
///
/// Exact for every `x` that [`high_mul`] gives: neither step can overflow on `[-2^31 + 1, 2^31 - 2]`.
#[inline(always)]
pub(crate) const fn rounding_shift_right(x: i32, exponent: u32) -> i32 {
    // Negative numbers are moved down by one so that the floor after adding one half rounds their ties down.
    let below = x.wrapping_add(x >> 31).wrapping_shr(exponent.wrapping_sub(1));
    below.wrapping_add(1) >> 1
}

/// Reference `tflm`, one scale per output channel; see [`Multiplier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerChannel<'a> {
    /// Q31 significands, one per output channel.
    pub multipliers: &'a [i32],
    /// Powers of two, one per output channel.
    pub shifts: &'a [i8],
}

impl PerChannel<'_> {
    /// The rule for one channel; zero for one that there is not.
    #[inline(always)]
    fn of(self, channel: usize) -> Multiplier {
        match (self.multipliers.get(channel), self.shifts.get(channel)) {
            (Some(&multiplier), Some(&shift)) => Multiplier { multiplier, shift },
            _ => Multiplier { multiplier: 0, shift: 0 },
        }
    }
}

impl Requantize for PerChannel<'_> {
    #[inline(always)]
    fn requantize(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        self.of(channel).requantize(acc, channel, clamp)
    }

    #[inline(always)]
    fn requantize_outlined(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        self.of(channel).requantize_outlined(acc, channel, clamp)
    }
}

/// A rule of reference `tflm` whose accumulators lie within `-2^30..2^30` and whose shifts are all to the right, as the
/// generator proves of a layer from its weights. It gives the same outputs in fewer instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounded<R>(pub R);

impl Bounded<Multiplier> {
    /// [`Multiplier::apply`] for `x` in `-2^30..2^30` and a shift in `[-31, -1]`; anything, without a panic, elsewhere.
    #[inline(always)]
    pub const fn apply(self, x: i32) -> i32 {
        let high = self.high(x);
        let below = high.wrapping_add(high >> 31).wrapping_shr(!self.0.shift as u32);
        below.wrapping_add(1) >> 1
    }

    /// The high half of `2 * x * multiplier`, ties rounded up.
    #[inline(always)]
    const fn high(self, x: i32) -> i32 {
        // Twice `x` is representable, so the high word of a product rounded at bit 32 is the doubling high multiply: one
        // instruction where there is `smmulr`.
        let product = x.wrapping_shl(1) as i64 * self.0.multiplier as i64;
        if cfg!(target_arch = "riscv32") { carried(product) } else { ((product + (1 << 31)) >> 32) as i32 }
    }

    /// The output of a sum where those of negative sums are clamped to the zero point, however their ties round.
    #[inline(always)]
    const fn positive(self, acc: i32, zero_point: i32) -> i32 {
        // Adding twice the zero point before the last bit goes is adding it once after.
        self.high(acc).wrapping_shr(!self.0.shift as u32).wrapping_add(1 + 2 * zero_point) >> 1
    }
}

/// The high word of a product rounded at bit 32: what rounding carries is the highest bit of the low word, which takes less than adding to
/// both where there are no wide sums.
#[inline(always)]
const fn carried(product: i64) -> i32 {
    ((product >> 32) as i32).wrapping_add((product as u32 >> 31) as i32)
}

impl Requantize for Bounded<Multiplier> {
    #[inline(always)]
    fn requantize(self, acc: i32, _channel: usize, clamp: &Clamp) -> i8 {
        if cfg!(target_arch = "riscv32") && clamp.min as i32 >= clamp.zero_point {
            let output = self.positive(acc, clamp.zero_point);
            return output.max(clamp.min as i32).min(clamp.max as i32) as i8;
        }
        clamp.apply(self.apply(acc))
    }

    #[inline(always)]
    fn requantize_outlined(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        self.0.requantize_outlined(acc, channel, clamp)
    }
}

impl Requantize for Bounded<PerChannel<'_>> {
    #[inline(always)]
    fn requantize(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        Bounded(self.0.of(channel)).requantize(acc, channel, clamp)
    }

    #[inline(always)]
    fn requantize_outlined(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        self.0.requantize_outlined(acc, channel, clamp)
    }
}

/// `floor(acc * multiplier / 2^(31 - shift) + 1/2)`, rounded once, of accumulators within `-2^30..2^30` and a shift to the right: what
/// the generator puts in place of [`Rint`] where it has proved of every accumulator that there can be that both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once<R>(pub R);

impl Once<Multiplier> {
    /// The scaled accumulator.
    #[inline(always)]
    pub const fn apply(self, x: i32) -> i32 {
        // Twice `x` is representable. The half is added to what the floor of the product is, which is the same.
        let high = ((x.wrapping_shl(1) as i64 * self.0.multiplier as i64) >> 32) as i32;
        let below = high.wrapping_shr(!self.0.shift as u32);
        below.wrapping_add(1) >> 1
    }
}

/// [`Once::apply`].
#[inline(never)]
fn apply_once(x: i32, multiplier: i32, shift: i8) -> i32 {
    Once(Multiplier { multiplier, shift }).apply(x)
}

impl Requantize for Once<Multiplier> {
    #[inline(always)]
    fn requantize(self, acc: i32, _channel: usize, clamp: &Clamp) -> i8 {
        clamp.apply(self.apply(acc))
    }

    #[inline(always)]
    fn requantize_outlined(self, acc: i32, _channel: usize, clamp: &Clamp) -> i8 {
        clamp.apply(apply_once(acc, self.0.multiplier, self.0.shift))
    }
}

impl Requantize for Once<PerChannel<'_>> {
    #[inline(always)]
    fn requantize(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        Once(self.0.of(channel)).requantize(acc, channel, clamp)
    }

    #[inline(always)]
    fn requantize_outlined(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        Once(self.0.of(channel)).requantize_outlined(acc, channel, clamp)
    }
}

/// `(floor(acc * multiplier / 2^31) + offset) >> shift`, of accumulators within `-2^30..2^30`: sums to which a real is added after they
/// are scaled. The offset of each channel holds the zero point, the half that rounds and, together with the accumulator's bias, that
/// real; the generator finds both, and proves the outputs of every accumulator that there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset<'a> {
    /// Q31 significands, one per output channel.
    pub multipliers: &'a [i32],
    /// Powers of two, one per output channel, in `[-31, -1]`: shifts to the right.
    pub shifts: &'a [i8],
    /// What is added before the shift, within `-2^30..2^30`, one per output channel.
    pub offsets: &'a [i32],
}

impl Requantize for Offset<'_> {
    #[inline(always)]
    fn requantize(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        let (Some(&multiplier), Some(&shift), Some(&offset)) =
            (self.multipliers.get(channel), self.shifts.get(channel), self.offsets.get(channel))
        else {
            return clamp.apply(0);
        };
        // Twice the accumulator is representable.
        let high = ((acc.wrapping_shl(1) as i64 * multiplier as i64) >> 32) as i32;
        let scaled = high.wrapping_add(offset).wrapping_shr(shift.unsigned_abs().into());
        scaled.max(clamp.min.into()).min(clamp.max.into()) as i8
    }
}

/// `rint(f32(acc) * scale)`, ties to even: reference `xnnpack`, one scale for all channels.
///
/// Source: XNNPACK `xnn_qs8_requantize_fp32` and its micro-kernels with `fmagic` rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rint {
    /// `input_scale * filter_scale / output_scale`, computed in f32.
    pub scale: f32,
}

impl Requantize for Rint {
    #[inline(always)]
    fn requantize(self, acc: i32, _channel: usize, clamp: &Clamp) -> i8 {
        nearest(acc as f32 * self.scale, clamp)
    }
}

/// The nearest integer, ties to even, plus the zero point, within the range.
#[inline(always)]
fn nearest(scaled: f32, clamp: &Clamp) -> i8 {
    /// `1.5 * 2^23`: a float of this size has no bits below one, so adding it rounds to an integer, ties to even.
    const MAGIC: f32 = 12_582_912.0;
    // Clamping first is the same as clamping last, the bounds being integers, and keeps the sum in MAGIC's binade.
    let low = (clamp.min as i32).wrapping_sub(clamp.zero_point) as f32;
    let high = (clamp.max as i32).wrapping_sub(clamp.zero_point) as f32;
    let scaled = scaled.max(low).min(high) + MAGIC;
    clamp.apply((scaled.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32))
}

/// Reference `xnnpack`, one scale per output channel; see [`Rint`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RintPerChannel<'a> {
    /// One scale per output channel.
    pub scales: &'a [f32],
}

impl Requantize for RintPerChannel<'_> {
    #[inline(always)]
    fn requantize(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        let Some(&scale) = self.scales.get(channel) else {
            return clamp.apply(0);
        };
        Rint { scale }.requantize(acc, channel, clamp)
    }
}

/// `rint(f32(acc) * scale + addend)`, ties to even, where no [`Offset`] gives the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RintAdded<'a> {
    /// One scale per output channel.
    pub scales: &'a [f32],
    /// One addend per output channel, in steps of the output.
    pub addends: &'a [f32],
}

impl Requantize for RintAdded<'_> {
    #[inline(always)]
    fn requantize(self, acc: i32, channel: usize, clamp: &Clamp) -> i8 {
        match (self.scales.get(channel), self.addends.get(channel)) {
            (Some(&scale), Some(&addend)) => nearest(acc as f32 * scale + addend, clamp),
            _ => clamp.apply(0),
        }
    }
}

#[cfg(test)]
mod tests;
