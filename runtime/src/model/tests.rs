use super::*;
use fixed::types::{I1F15, I4F4, I16F16, I32F32, I64F64, U8F8};

/// One value in so many is tried by Miri, which is slow.
const SHARE: usize = if cfg!(miri) { 5000 } else { 1 };

const fn info(scale: f32, zero_point: i32) -> TensorInfo {
    TensorInfo::new("x", &[1, 4], DType::I8, scale, zero_point)
}

#[test]
fn quantize_rounds_and_saturates() {
    let half = info(0.5, -3);
    for (real, stored) in
        [(0.0, -3), (0.25, -2), (-0.25, -4), (0.24, -3), (1e9, 127), (-1e9, -128), (f32::NAN, -3), (f32::INFINITY, 127)]
    {
        assert_eq!(half.quantize(real), stored, "{real}");
    }
    let wide = info(0.5, 0);
    for (real, stored) in [(0.25, 1), (-16384.0, -32768), (16383.25, 32767), (1e9, 32767), (f32::NAN, 0), (8191.2, 16382)] {
        assert_eq!(wide.quantize_i16(real), stored, "{real}");
        if !real.is_nan() {
            assert_eq!(wide.quantize_fixed_i16(I32F32::saturating_from_num(real)), stored, "{real}");
        }
    }
    assert_eq!(half.dequantize(1i8), 2.0);
    assert_eq!(half.elements(), 4);
}

#[test]
fn fixed_agrees_with_float_arithmetic() {
    for scale in [0.5, 1.0, 0.0627, 1.0 / 256.0, 3.7e-3, 12.25, 1e-20, 1e20, f32::MIN_POSITIVE / 4.0] {
        for zero_point in [-128, -3, 0, 127] {
            let info = info(scale, zero_point);
            for stored in (i8::MIN..=i8::MAX).step_by(SHARE.min(51)) {
                let real = (stored as i32 - zero_point) as f64 * scale as f64;
                let expected = I16F16::saturating_from_num((real * 65536.0).round() / 65536.0);
                assert_eq!(info.dequantize_fixed::<I16F16>(stored), expected, "{scale} {zero_point} {stored}");
                let wide = I64F64::saturating_from_num(real);
                let difference = info.dequantize_fixed::<I64F64>(stored).saturating_sub(wide).saturating_abs();
                assert!(difference <= I64F64::DELTA, "{scale} {zero_point} {stored}: {difference}");
            }
            for bits in (i32::MIN..i32::MAX).step_by(98_765_431 * SHARE.min(7)).chain((-70_000..70_000).step_by(SHARE)) {
                let real = I16F16::from_bits(bits);
                // Exact: both factors have few bits, and the tie is decided on the rounded quotient of f64.
                let steps = (real.to_num::<f64>() / scale as f64).round();
                let expected = (steps + zero_point as f64).clamp(-128.0, 127.0) as i8;
                assert_eq!(info.quantize_fixed(real), expected, "{scale} {zero_point} {real}");
                assert_eq!(info.quantize_fixed(I32F32::from(real)), expected, "{scale} {zero_point} {real}");
                assert_eq!(info.quantize_fixed(I64F64::from(real)), expected, "{scale} {zero_point} {real}");
            }
        }
    }
}

#[test]
fn narrow_and_unsigned_types_saturate() {
    let info = info(1.0, 0);
    assert_eq!(info.dequantize_fixed::<I4F4>(100i8), I4F4::MAX);
    assert_eq!(info.dequantize_fixed::<I4F4>(-100i8), I4F4::MIN);
    assert_eq!(info.dequantize_fixed::<U8F8>(-1i8), U8F8::MIN);
    assert_eq!(info.quantize_fixed(U8F8::MAX), 127);
    assert_eq!(info.quantize_fixed(I1F15::MIN), -1);
    assert_eq!(info.dequantize_fixed::<I1F15>(1i8), I1F15::MAX);
    assert_eq!(self::info(0.0, 5).quantize_fixed(I16F16::ONE), 5);
    assert_eq!(self::info(0.0, 5).dequantize_fixed::<I16F16>(7i8), I16F16::ZERO);
}

#[test]
fn argmax_is_the_first_of_equals() {
    assert_eq!(argmax(&[3, 7, 7, -1]), (1, 7));
    assert_eq!(argmax(&[f32::NAN, 1.0, f32::NAN, 2.0, f32::NAN]), (3, 2.0));
    assert_eq!(argmax(&[f32::NAN, f32::NEG_INFINITY]).0, 1);
    assert_eq!(argmax_slice::<i8>(&[]), None);
    assert_eq!(argmax_slice(&[-5i8, -2]), Some((1, -2)));
}

/// The code that the emitter writes fits the trait, and generic code fits what it writes.
#[test]
fn models_can_be_used_generically() {
    struct Negate {
        output: [i8; 3],
    }
    impl Model for Negate {
        type Inputs<'a> = &'a [i8; 3];
        type Outputs<'a> = &'a [i8; 3];
        const INPUTS: &'static [TensorInfo] = &[info(1.0, 0)];
        const OUTPUTS: &'static [TensorInfo] = &[info(1.0, 0)];
        const RAM_BYTES: usize = 3;
        const WEIGHT_BYTES: usize = 0;
        const MACS: u64 = 0;
        const NEW: Self = Negate { output: [0; 3] };
        fn infer<'a>(&'a mut self, inputs: &[i8; 3]) -> &'a [i8; 3] {
            self.output = inputs.map(|x| x.saturating_neg());
            &self.output
        }
    }
    fn run<M, const I: usize, const O: usize>(input: &[i8; I]) -> (usize, i8)
    where
        M: for<'a> Model<Inputs<'a> = &'a [i8; I], Outputs<'a> = &'a [i8; O]>,
    {
        let mut model = M::NEW;
        let mut copy = [0; I];
        copy.copy_from_slice(input);
        argmax(model.infer(&copy))
    }
    assert_eq!(run::<Negate, 3, 3>(&[1, -2, 3]), (1, 2));
}
