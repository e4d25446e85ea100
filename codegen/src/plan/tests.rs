//! The checker on steps whose output lies over their input: it accepts the least distance and rejects one byte less.

use super::*;
use crate::ir::Origin;
use crate::lower::{Kernel, Operand, Requantizer, Step, Weights};
use std::collections::BTreeSet;
use tinybake_runtime::kernels::average_pool2d::AveragePool2d;
use tinybake_runtime::kernels::conv2d::Conv2d;
use tinybake_runtime::kernels::depthwise_conv2d::DepthwiseConv2d;
use tinybake_runtime::kernels::fully_connected::FullyConnected;
use tinybake_runtime::kernels::max_pool2d::MaxPool2d;
use tinybake_runtime::kernels::{Dims, rows::Rows};
use tinybake_runtime::requantize::{Clamp, Multiplier};

const CLAMP: Clamp = Clamp { zero_point: 0, min: -128, max: 127 };

/// A plan of one step from an input at `from` to an output at `to`.
fn one_step(kernel: &Kernel, rows: &Rows, from: usize, to: usize) -> Plan {
    let place = |offset: usize, rows: usize, bytes: usize| Place::Arena { offset, bytes: rows * bytes };
    let (read, write) = (place(from, rows.input, rows.input_bytes), place(to, rows.output, rows.output_bytes));
    let port = |id: u32, place: Place| Port {
        id: TensorId(id),
        name: String::new(),
        shape: Vec::new(),
        dtype: DType::I8,
        scale: 1.0,
        zero_point: 0,
        place,
    };
    let step = Step {
        origin: Origin { index: 0, name: String::new() },
        op: "step",
        kernel: kernel.clone(),
        reads: vec![Operand::Activation(TensorId(0))],
        writes: vec![TensorId(1)],
        macs: 0,
        bounded: false,
    };
    let over_input = read.intersects(write);
    let planned = PlannedStep {
        step,
        form: Form::Shared,
        reads: vec![Some(read)],
        writes: vec![write],
        in_place: None,
        over_input,
        by_channels: false,
        shapes: String::new(),
    };
    Plan {
        name: String::new(),
        options: Options::default(),
        source_sha256: [0; 32],
        inputs: vec![port(0, read)],
        outputs: vec![port(1, write)],
        dtypes: vec![DType::I8; 2],
        arena_dtype: DType::I8,
        arena_bytes: 1 << 16,
        arena_lower_bound: 0,
        arena_bytes_apart: 0,
        fields: Vec::new(),
        steps: vec![planned],
        constants: Vec::new(),
        macs: 0,
        flash_estimate: 0,
    }
}

/// Kernels of random small shapes with what their rows depend on.
fn kernels() -> Vec<(Kernel, Rows)> {
    let mut state = 3u64;
    let mut next = |least: usize, most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (least + (state >> 33) as usize % (most - least + 1)) as u16
    };
    let weights = Weights {
        filter: ConstId(0),
        bias: ConstId(0),
        requantizer: Requantizer::Multiplier(Multiplier { multiplier: 0, shift: 0 }),
    };
    let mut kernels = Vec::new();
    for _ in 0..300 {
        let kernel = [next(1, 4), next(1, 3)];
        let (dilation, stride, pad) = ([next(1, 2), 1], [next(1, 3), 1], [next(0, 2), 0]);
        let input = Dims { height: next(1, 9), width: next(1, 4), channels: next(1, 4) };
        let output = Dims { height: next(1, 7), width: next(1, 4), channels: next(1, 4) };
        let conv = Conv2d { input, output, kernel, stride, dilation, pad, groups: 1, input_zero_point: 0, clamp: CLAMP };
        kernels.push((Kernel::Conv2d { params: conv, weights }, conv.rows()));
        let same = Dims { channels: input.channels, ..output };
        let depthwise = DepthwiseConv2d {
            input,
            output: same,
            kernel,
            stride,
            dilation,
            pad,
            multiplier: 1,
            input_zero_point: 0,
            clamp: CLAMP,
        };
        kernels.push((Kernel::DepthwiseConv2d { params: depthwise, weights }, depthwise.rows()));
        let average = AveragePool2d { input, output: same, kernel, stride, pad, min: -128, max: 127 };
        kernels.push((Kernel::AveragePool2d(average), average.rows()));
        let most = MaxPool2d { input, output: same, kernel, stride, pad, min: -128, max: 127 };
        kernels.push((Kernel::MaxPool2d(most), most.rows()));
        let dense =
            FullyConnected { rows: next(1, 12).into(), depth: next(1, 9).into(), columns: next(1, 9).into(), clamp: CLAMP };
        kernels.push((Kernel::FullyConnected { params: dense, weights }, dense.rows()));
    }
    kernels
}

/// Whether there are rows between taps.
fn gaps(kernel: &Kernel) -> bool {
    match kernel {
        Kernel::Conv2d { params, .. } => params.dilation[0] > 1,
        Kernel::DepthwiseConv2d { params, .. } => params.dilation[0] > 1,
        _ => false,
    }
}

#[test]
fn the_least_distance_is_accepted_and_one_byte_less_is_not() {
    let (mut below, mut above) = (0, 0);
    for (kernel, rows) in kernels() {
        let (input, output) = (rows.input * rows.input_bytes, rows.output * rows.output_bytes);
        let base = input.max(output);
        let given = |to: usize| check(&one_step(&kernel, &rows, base, to));
        assert_eq!(given(base - rows.below(1)), Ok(()), "{kernel:?}");
        assert_eq!(given(base + rows.above(1)), Ok(()), "{kernel:?}");
        // Input rows that nothing reads may be written over: the planner does not use that.
        let read = (0..rows.output).all(|y| rows.needed_from(y) < rows.needed_to(y));
        let all_read = read && rows.stride <= rows.span && !gaps(&kernel);
        if all_read && rows.below(1) > 1 {
            let wrong = PlanError::ReadWhileWritten { step: 0, op: "step" };
            assert_eq!(given(base - rows.below(1) + 1), Err(wrong), "{kernel:?}");
            below += 1;
        }
        // At distance 0 the order would be the other one.
        if all_read && rows.above(1) > 1 {
            let wrong = PlanError::ReadWhileWritten { step: 0, op: "step" };
            assert_eq!(given(base + rows.above(1) - 1), Err(wrong), "{kernel:?}");
            above += 1;
        }
    }
    assert!(below > 100 && above > 100, "{below} {above}");
}

/// Channel by channel, an output may begin where its input does, and nowhere else.
#[test]
fn channels_are_made_in_the_place_of_the_input_only() {
    let (mut accepted, mut rejected) = (0, 0);
    for (kernel, rows) in kernels() {
        let Kernel::DepthwiseConv2d { params, .. } = &kernel else { continue };
        let given = |to: usize| {
            let mut plan = one_step(&kernel, &rows, 64, to);
            (plan.steps[0].over_input, plan.steps[0].by_channels) = (false, true);
            check(&plan)
        };
        // Pixels of one channel: of what a row reads for the first time, nothing may lie under a row made before.
        let (width, row) = (usize::from(params.input.width), usize::from(params.output.width));
        let dilation = usize::from(params.dilation[0]);
        let (mut copied, mut made) = (BTreeSet::new(), 0);
        let safe = (0..rows.output).all(|y| {
            let taps =
                (0..usize::from(params.kernel[0])).filter_map(|tap| (y * rows.stride + tap * dilation).checked_sub(rows.pad));
            let pixels = taps.filter(|&line| line < rows.input).flat_map(|line| line * width..(line + 1) * width);
            let fresh: Vec<usize> = pixels.filter(|&pixel| copied.insert(pixel)).collect();
            let whole = fresh.iter().all(|&pixel| pixel >= made);
            made += row;
            whole
        });
        // Such kernels have no rows between taps.
        if dilation > 1 {
            continue;
        }
        assert!(safe || !rows.in_place(), "{kernel:?}");
        let wrong = Err(PlanError::ReadWhileWritten { step: 0, op: "step" });
        // Rows that no output depends on are copied with the others.
        if safe && rows.stride <= rows.span {
            assert_eq!(given(64), Ok(()), "{kernel:?}");
            accepted += 1;
        } else if !safe {
            assert_eq!(given(64), wrong, "{kernel:?}");
            rejected += 1;
        }
        assert_eq!(given(60), wrong, "{kernel:?}");
    }
    assert!(accepted >= 50 && rejected >= 20, "{accepted} {rejected}");
}

/// The checker follows the bytes of the memory, whatever is in them: a third tensor between the two is seen as well.
#[test]
fn another_tensor_in_the_way_is_seen() {
    let clamp = CLAMP;
    let dense = FullyConnected { rows: 10, depth: 4, columns: 4, clamp };
    let weights = Weights {
        filter: ConstId(0),
        bias: ConstId(0),
        requantizer: Requantizer::Multiplier(Multiplier { multiplier: 0, shift: 0 }),
    };
    let mut plan = one_step(&Kernel::FullyConnected { params: dense, weights }, &dense.rows(), 8, 0);
    assert_eq!(check(&plan), Ok(()));
    let mut third = plan.inputs[0].clone();
    (third.id, third.place) = (TensorId(2), Place::Arena { offset: 4, bytes: 4 });
    plan.inputs.push(third.clone());
    assert_eq!(check(&plan), Ok(()));
    plan.outputs.push(third);
    assert_eq!(check(&plan), Err(PlanError::OutputLost { index: 1 }));
}

/// Lists every variant: a new one does not compile until it is named here, and fails the test until a plan provokes it.
macro_rules! variants {
    ($($name:ident),* $(,)?) => {
        const VARIANTS: &[&str] = &[$(stringify!($name)),*];

        fn variant(error: &PlanError) -> &'static str {
            match error {
                $(PlanError::$name { .. } => stringify!($name),)*
            }
        }
    };
}

variants!(Overwritten, ReadWhileWritten, Outside, OutputLost, InputsShare);

/// 4 bytes at an offset.
fn at(offset: usize) -> Place {
    Place::Arena { offset, bytes: 4 }
}

/// Steps that each take the tensor of their index, and other tensors named beside them, to the next one, all of 4 bytes at the given
/// offsets; the last is the output.
fn chain(offsets: &[usize], kernel: &Kernel) -> Plan {
    let (small, rows) = kernels().swap_remove(0);
    let mut plan = one_step(&small, &rows, 0, 0);
    let step = plan.steps.remove(0);
    plan.arena_bytes = 16;
    for (index, pair) in offsets.windows(2).enumerate() {
        let mut step = step.clone();
        step.step.kernel = kernel.clone();
        step.step.reads = vec![Operand::Activation(TensorId(index as u32))];
        step.step.writes = vec![TensorId(index as u32 + 1)];
        (step.reads, step.writes) = (vec![Some(at(pair[0]))], vec![at(pair[1])]);
        (step.over_input, step.in_place) = (false, (pair[0] == pair[1]).then_some(0));
        plan.steps.push(step);
    }
    plan.inputs[0].place = at(offsets[0]);
    let last = offsets.len() - 1;
    (plan.outputs[0].id, plan.outputs[0].place) = (TensorId(last as u32), at(offsets[last]));
    plan.dtypes = vec![DType::I8; offsets.len()];
    plan
}

/// A kernel that works element by element, and one that does not.
fn lut() -> Kernel {
    Kernel::Lut(ConstId(0))
}

fn copy() -> Kernel {
    Kernel::Copy { fill: None, pieces: Vec::new() }
}

fn changed(mut plan: Plan, change: impl FnOnce(&mut Plan)) -> Plan {
    change(&mut plan);
    plan
}

#[test]
fn every_plan_error_has_a_plan_that_provokes_it() {
    let read = |plan: &mut Plan, step: usize, tensor: u32, place: Place| {
        plan.steps[step].step.reads.push(Operand::Activation(TensorId(tensor)));
        plan.steps[step].reads.push(Some(place));
    };
    let written = |step| PlanError::ReadWhileWritten { step, op: "step" };
    let overwritten = |step, tensor| PlanError::Overwritten { step, op: "step", tensor };
    let outside = |step| PlanError::Outside { step, op: "step" };
    let cases: Vec<(Plan, Result<(), PlanError>)> = vec![
        (chain(&[0, 4, 8], &copy()), Ok(())),
        // In place of what is read: by a kernel that can.
        (chain(&[0, 0, 0], &lut()), Ok(())),
        (chain(&[0, 0, 4], &copy()), Err(written(0))),
        (changed(chain(&[0, 0, 4], &lut()), |plan| plan.steps[0].in_place = None), Err(written(0))),
        // Over part of what is read.
        (chain(&[0, 2, 8], &lut()), Err(written(0))),
        (changed(chain(&[0, 2, 8], &lut()), |plan| plan.steps[0].in_place = Some(0)), Err(written(0))),
        // In place of one operand and over another.
        (
            changed(chain(&[0, 4, 8], &lut()), |plan| {
                read(plan, 1, 0, at(0));
                (plan.steps[1].writes[0], plan.outputs[0].place) = (at(0), at(0));
                plan.steps[1].in_place = Some(0);
            }),
            Err(written(1)),
        ),
        // The input is read again: it is there, has been written over, in part, or lies elsewhere.
        (changed(chain(&[0, 4, 8], &copy()), |plan| read(plan, 1, 0, at(0))), Ok(())),
        (changed(chain(&[0, 0, 8], &lut()), |plan| read(plan, 1, 0, at(0))), Err(overwritten(1, 0))),
        (changed(chain(&[0, 4, 2, 8], &copy()), |plan| read(plan, 2, 0, at(0))), Err(written(1))),
        (changed(chain(&[2, 8, 4, 12], &copy()), |plan| read(plan, 2, 0, at(2))), Err(overwritten(2, 0))),
        (changed(chain(&[4, 8, 0, 12], &copy()), |plan| read(plan, 2, 0, at(4))), Ok(())),
        (changed(chain(&[0, 4, 8], &copy()), |plan| plan.steps[1].reads[0] = Some(at(0))), Err(overwritten(1, 1))),
        (changed(chain(&[0, 4, 8], &copy()), |plan| plan.steps[1].reads[0] = Some(at(3))), Err(overwritten(1, 1))),
        (changed(chain(&[0, 4, 8], &copy()), |plan| plan.steps[1].reads[0] = Some(at(12))), Err(overwritten(1, 1))),
        // A tensor that nothing has written.
        (changed(chain(&[0, 4, 8], &copy()), |plan| read(plan, 0, 2, at(8))), Err(overwritten(0, 2))),
        // To the end of the arena, and beyond it.
        (chain(&[0, 12, 4], &copy()), Ok(())),
        (chain(&[0, 13, 4], &copy()), Err(outside(0))),
        (chain(&[0, 4, 16], &copy()), Err(outside(1))),
        (changed(chain(&[0, 4], &copy()), |plan| plan.steps[0].writes[0] = Place::Field { index: 0 }), Err(outside(0))),
        // A view is its input, in the same place only.
        (chain(&[4, 4, 8], &Kernel::View), Err(outside(1))),
        (chain(&[4, 4, 4], &Kernel::View), Ok(())),
        // Two outputs of one step in one place.
        (
            changed(chain(&[0, 4], &copy()), |plan| {
                plan.steps[0].step.writes.push(TensorId(2));
                plan.steps[0].writes.push(at(6));
            }),
            Err(written(0)),
        ),
        (changed(chain(&[0, 4, 8], &copy()), |plan| plan.outputs.push(plan.inputs[0].clone())), Ok(())),
        (
            changed(chain(&[4, 8, 4], &copy()), |plan| plan.outputs.insert(0, plan.inputs[0].clone())),
            Err(PlanError::OutputLost { index: 0 }),
        ),
        (changed(chain(&[0, 4], &copy()), |plan| plan.outputs[0].place = at(5)), Err(PlanError::OutputLost { index: 0 })),
        (changed(chain(&[0, 4], &copy()), |plan| plan.outputs[0].id = TensorId(7)), Err(PlanError::OutputLost { index: 0 })),
        (
            changed(chain(&[0, 4], &copy()), |plan| {
                plan.inputs.push(Port { id: TensorId(5), place: at(2), ..plan.inputs[0].clone() })
            }),
            Err(PlanError::InputsShare { index: 0 }),
        ),
        (
            changed(chain(&[0, 4], &copy()), |plan| {
                plan.inputs.push(Port { id: TensorId(5), place: at(4), ..plan.inputs[0].clone() })
            }),
            Ok(()),
        ),
        (
            changed(chain(&[0, 4], &copy()), |plan| {
                plan.inputs.push(Port { id: TensorId(5), place: at(14), ..plan.inputs[0].clone() })
            }),
            Err(PlanError::InputsShare { index: 1 }),
        ),
    ];
    let mut seen = BTreeSet::new();
    for (index, (plan, expected)) in cases.into_iter().enumerate() {
        let found = check(&plan);
        assert_eq!(found, expected, "case {index}: {plan}");
        seen.extend(found.err().as_ref().map(variant));
    }
    assert_eq!(seen, VARIANTS.iter().copied().collect(), "errors that no plan here provokes");
}

/// A field holds one tensor at a time, as bytes of the arena do.
#[test]
fn fields_are_followed_too() {
    let field = |index| Place::Field { index };
    let mut plan = chain(&[0, 4, 8], &copy());
    plan.fields = vec![Field { dtype: DType::I64, elements: 1 }; 2];
    (plan.steps[0].writes[0], plan.steps[1].reads[0]) = (field(0), Some(field(0)));
    assert_eq!(check(&plan), Ok(()));
    plan.steps[1].reads[0] = Some(field(1));
    assert_eq!(check(&plan), Err(PlanError::Overwritten { step: 1, op: "step", tensor: 1 }));
    (plan.steps[1].reads[0], plan.steps[1].writes[0]) = (Some(field(0)), field(1));
    assert_eq!(check(&plan), Err(PlanError::OutputLost { index: 0 }));
    plan.outputs[0].place = field(1);
    assert_eq!(check(&plan), Ok(()));
    plan.steps[1].writes[0] = field(0);
    assert_eq!(check(&plan), Err(PlanError::ReadWhileWritten { step: 1, op: "step" }));
}

/// Where only the type changes, the other type begins where the one does, and nowhere else.
#[test]
fn types_change_in_place_from_the_same_byte_on() {
    use tinybake_runtime::kernels::quantize::Affine;
    let affine = Affine { scale: 1.0, zero_point: 0 };
    for kernel in [Kernel::Quantize, Kernel::QuantizeToEven, Kernel::QuantizeByInverse, Kernel::Dequantize].map(|of| of(affine)) {
        let plan = |from: usize, to: usize| {
            changed(chain(&[from, to], &kernel), |plan| {
                plan.inputs[0].place = Place::Arena { offset: from, bytes: 8 };
                plan.steps[0].reads[0] = Some(plan.inputs[0].place);
                plan.steps[0].in_place = Some(0);
            })
        };
        assert_eq!(check(&plan(4, 4)), Ok(()));
        assert_eq!(check(&plan(4, 12)), Ok(()));
        assert_eq!(check(&plan(4, 8)), Err(PlanError::ReadWhileWritten { step: 0, op: "step" }));
        let mut apart = plan(4, 4);
        apart.steps[0].in_place = None;
        assert_eq!(check(&apart), Err(PlanError::ReadWhileWritten { step: 0, op: "step" }));
    }
}
