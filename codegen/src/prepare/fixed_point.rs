//! The logistic function and the hyperbolic tangent in 32-bit fixed point, to the bit as gemmlowp computes them.
//!
//! A raw value of `m` integer bits stands for `raw / 2^(31 - m)`. Source: gemmlowp `fixedpoint/fixedpoint.h`.

/// High half of twice the product, rounded, saturated: `a * b / 2^31`. Half is rounded away from zero upwards only.
fn multiply(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((product + nudge) / (1 << 31)) as i32
}

/// Right shift, rounding half away from zero. `exponent` is 0 to 31.
pub(super) fn divide_by_power_of_two(x: i32, exponent: u32) -> i32 {
    let mask = ((1i64 << exponent) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> exponent) + i32::from(x & mask > threshold)
}

/// Left shift that saturates at the ends. `exponent` is 1 to 30.
fn shift_left(x: i32, exponent: u32) -> i32 {
    let threshold = (1 << (31 - exponent)) - 1;
    match x {
        x if x > threshold => i32::MAX,
        x if x < -threshold => i32::MIN,
        x => x << exponent,
    }
}

/// `(a + b) / 2`, half away from zero.
fn half_sum(a: i32, b: i32) -> i32 {
    let sum = i64::from(a) + i64::from(b);
    ((sum + if sum >= 0 { 1 } else { -1 }) / 2) as i32
}

/// `exp(a)` with no integer bits, for `a` in `[-1/4, 0)` with none: a Taylor polynomial about -1/8.
fn exp_of_small(a: i32) -> i32 {
    let constant_term = 1_895_147_668;
    let one_third = 715_827_883;
    let x = a.wrapping_add(1 << 28);
    let x2 = multiply(x, x);
    let x3 = multiply(x2, x);
    let x4 = multiply(x2, x2);
    let tail = multiply(divide_by_power_of_two(x4, 2).wrapping_add(x3), one_third).wrapping_add(x2);
    let polynomial = x.wrapping_add(divide_by_power_of_two(tail, 1));
    multiply(constant_term, polynomial).wrapping_add(constant_term)
}

/// `exp(a)` with no integer bits, for `a <= 0` with `integer_bits` (2 to 5).
fn exp_of_negative(a: i32, integer_bits: u32) -> i32 {
    /// `exp(-2^(i - 2))` with no integer bits.
    const FACTORS: [i32; 7] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
    if a == 0 {
        return i32::MAX;
    }
    let quarter = 1i32 << (31 - integer_bits - 2);
    let small = (a & (quarter - 1)) - quarter;
    let remainder = small.wrapping_sub(a);
    let mut result = exp_of_small(shift_left(small, integer_bits));
    for (index, factor) in FACTORS.into_iter().enumerate().take(integer_bits as usize + 2) {
        if remainder & (quarter << index) != 0 {
            result = multiply(result, factor);
        }
    }
    result
}

/// `1 / half_denominator` with two integer bits, by three Newton-Raphson steps from a line.
fn reciprocal(half_denominator: i32) -> i32 {
    let (constant_48_over_17, constant_neg_32_over_17) = (1_515_870_810i32, -1_010_580_540);
    let mut x = constant_48_over_17.wrapping_add(multiply(half_denominator, constant_neg_32_over_17));
    for _ in 0..3 {
        let error = (1i32 << 29).wrapping_sub(multiply(half_denominator, x));
        x = x.wrapping_add(shift_left(multiply(x, error), 2));
    }
    x
}

/// `1 / (1 + exp(-a))` with no integer bits, for `a` with four.
pub(super) fn logistic(a: i32) -> i32 {
    if a == 0 {
        return 1 << 30;
    }
    let magnitude = a.wrapping_abs();
    let exp = exp_of_negative(magnitude.wrapping_neg(), 4);
    // Read with one integer bit, the reciprocal of half the denominator is that of the denominator.
    let positive = shift_left(reciprocal(half_sum(exp, i32::MAX)), 1);
    if a > 0 { positive } else { i32::MAX.wrapping_sub(positive) }
}

/// `tanh(a)` with no integer bits, for `a` with four.
pub(super) fn tanh(a: i32) -> i32 {
    if a == 0 {
        return 0;
    }
    let negative = if a < 0 { a } else { a.wrapping_neg() };
    // Read with five integer bits, the raw value is doubled.
    let exp = exp_of_negative(negative, 5);
    let result = shift_left(reciprocal(half_sum(exp, i32::MAX)).wrapping_sub(1 << 29), 2);
    if a < 0 { result.wrapping_neg() } else { result }
}
