use super::*;
use crate::kernels::dims::Dims;

/// Sizes of all parameters that a run is made of: small ones, and those whose products leave 32 or 64 bits.
const SIZES: [u16; 6] = [0, 1, 3, 17, 4096, u16::MAX];

/// The sizes that the length checks before the assembly rely on, without overflow.
fn check(run: &Run, channels: usize) {
    let [vectors, segments, step, columns] = [run.vectors(), run.segments(), run.step(), channels].map(|size| size as u128);
    assert!(vectors > 0 && segments > 0, "{run:?}");
    assert_eq!(run.elements() as u128, 16 * vectors * segments, "{run:?}");
    assert_eq!(run.block() as u128, 16 * vectors * segments + 12, "{run:?}");
    assert_eq!(run.span() as u128, (segments - 1) * step + 16 * vectors, "{run:?}");
    // They fit 32 bits, as `usize` of the cores whose assembly reads so much.
    let whole = columns / 4 * (16 * vectors * segments + 12);
    assert!([run.span(), run.block()].iter().all(|&size| size < 1 << 26) && whole < 1 << 42, "{run:?}");
}

#[test]
fn runs_of_any_depth_say_what_they_read() {
    for depth in (0..2000).chain((0..usize::BITS).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1])).chain([usize::MAX])
    {
        match Run::of_depth(depth) {
            Some(run) => {
                check(&run, 65_535);
                assert!(run.elements() >= depth && depth > 0, "{depth}: {run:?}");
            }
            None => assert!(depth == 0 || depth > LONGEST, "{depth}"),
        }
    }
}

#[test]
fn runs_of_any_convolution_say_what_they_read() {
    let mut some = 0;
    for index in 0..SIZES.len().pow(6) {
        let size = |place: u32| SIZES[index / SIZES.len().pow(place) % SIZES.len()];
        let p = Conv2d {
            input: Dims { height: 9, width: size(0), channels: size(1) },
            output: Dims { height: 9, width: 9, channels: size(2) },
            kernel: [size(3), size(4)],
            stride: [1, 1],
            dilation: [size(5), 1],
            pad: [0, 0],
            groups: 1,
            input_zero_point: 0,
            clamp: Clamp { zero_point: 0, min: -128, max: 127 },
        };
        let Some((run, in_image)) = Run::of_conv2d(&p) else { continue };
        some += 1;
        check(&run, p.output.channels.into());
        let window = u128::from(p.kernel[0]) * u128::from(p.kernel[1]) * u128::from(p.input.channels);
        assert!(run.elements() as u128 >= window, "{p:?}: {run:?}");
        let line = u128::from(p.input.width) * u128::from(p.input.channels) * u128::from(p.dilation[0]);
        assert!(!in_image || run.step() as u128 == line, "{p:?}: {run:?}");
    }
    assert!(some > 1000, "{some}");
}

/// Parameters whose sizes overflow make nothing, and neither do streams and inputs that are too short.
#[test]
fn what_overflows_is_not_made() {
    let clamp = Clamp { zero_point: 0, min: -128, max: 127 };
    let most = Dims { height: u16::MAX, width: u16::MAX, channels: u16::MAX };
    let p = Conv2d {
        input: most,
        output: Dims { height: 1, width: 1, channels: 4 },
        kernel: [u16::MAX; 2],
        stride: [u16::MAX; 2],
        dilation: [u16::MAX, 1],
        pad: [0, 0],
        groups: 1,
        input_zero_point: 0,
        clamp,
    };
    let mut out = [7; 4];
    conv2d(&p, &[1; 64], &[1; 64], &mut out);
    let layer = super::super::fully_connected::FullyConnected { rows: 1, depth: u32::MAX, columns: 4, clamp };
    fully_connected(&layer, &[1; 64], &[1; 64], &mut out);
    assert_eq!(out, [7; 4]);
}
