//! `SPACE_TO_BATCH_ND` and `BATCH_TO_SPACE_ND` around a convolution, which are its dilation.
//!
//! The first makes a batch of a feature map: one image for each phase of its pixels by a block. A convolution of stride 1 over each
//! of those images is one over the whole map whose taps lie a block apart. A converter folds the three operators itself where the
//! batch is fixed, and leaves them where it is open. The padding is the real zero, as LiteRT's reference kernel has it (TFLite
//! `reference_ops.h`, `SpaceToBatchND`).

use super::{Call, convolution, elementwise};
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::{Op, Shape, TensorId, UnaryKind, Window, infer};

/// A tensor whose batch is the phases of a feature map.
#[derive(Clone, Debug)]
pub(in crate::front::tflite) struct Phases {
    /// The whole map.
    image: TensorId,
    /// Distance of two neighbours of one phase, along every axis but the first and the last.
    blocks: Vec<usize>,
    /// Padding around the map, in its pixels, along those axes.
    before: Vec<usize>,
    after: Vec<usize>,
}

impl Phases {
    /// Whether the operator that makes the phases pads the map.
    pub(in crate::front::tflite) fn padded(&self) -> bool {
        self.before.iter().chain(&self.after).any(|&padding| padding > 0)
    }

    /// Phases of `image` after an operator that works on each pixel.
    fn of(self, image: TensorId) -> Self {
        Self { image, ..self }
    }
}

/// Reads the two operators, and those on what the first one makes: the operation on the whole map, or nothing where the operator
/// makes the phases. `None` for any other operator.
pub(super) fn read(call: &mut Call<'_, '_>, name: &str) -> Outcome<Option<Option<Op>>> {
    if name == "SPACE_TO_BATCH_ND" {
        return to_batch(call).map(|()| Some(None));
    }
    // Nothing is looked up in files that do not have the operator.
    if call.reader.phases.is_empty() {
        return match name {
            "BATCH_TO_SPACE_ND" => Err(between("BATCH_TO_SPACE_ND without SPACE_TO_BATCH_ND")),
            _ => Ok(None),
        };
    }
    let count = if matches!(name, "ADD" | "SUB" | "MUL" | "MAXIMUM" | "MINIMUM") { 2 } else { 1 };
    let mut found = None;
    for position in 0..count.min(call.operator.inputs.len()) {
        let Some(index) = call.operand(position) else { continue };
        let id = call.reader.tensor(index)?;
        if let Some(phases) = call.reader.phases.get(&id) {
            found = Some(phases.clone());
        }
    }
    let Some(phases) = found else {
        return match name {
            "BATCH_TO_SPACE_ND" => Err(between("BATCH_TO_SPACE_ND without SPACE_TO_BATCH_ND")),
            _ => Ok(None),
        };
    };
    if name == "BATCH_TO_SPACE_ND" {
        return to_space(call, &phases).map(|op| Some(Some(op)));
    }
    let (op, phases) = within(call, name, phases)?;
    let output = call.output()?;
    let declared: Vec<Option<Shape>> = vec![call.stated.clone()];
    let shapes = infer(&op, &call.reader.graph, &declared).map_err(|error| Error::Open { reason: error.to_string() })?;
    if let [shape] = shapes.as_slice() {
        call.reader.graph.tensor_mut(output).shape = shape.clone();
    }
    call.reader.phases.insert(output, phases.of(output));
    Ok(Some(Some(op)))
}

fn between(operator: impl Into<String>) -> Box<crate::diag::Diagnostic> {
    Error::Operator { operator: operator.into() }.into()
}

/// Operand 1 holds the block, operand 2 the paddings.
fn to_batch(call: &mut Call<'_, '_>) -> Outcome<()> {
    let (image, output) = (call.input(0, "input")?, call.output()?);
    let dims = call.shape(image).0.clone();
    let blocks = blocks(call, dims.len())?;
    let (before, after) = pairs(call, 2, "paddings", blocks.len())?;
    for (((&dim, &block), &before), &after) in dims.iter().skip(1).zip(&blocks).zip(&before).zip(&after) {
        let padded = dim.saturating_add(before).saturating_add(after);
        if padded.checked_rem(block) != Some(0) {
            let field = "the size of a padded axis";
            return Err(Error::Value { field, expected: "a multiple of the block", given: padded as i64 }.into());
        }
    }
    // A batch of phases of phases is none that a dilation makes.
    if call.reader.phases.contains_key(&image) {
        return Err(between("SPACE_TO_BATCH_ND behind SPACE_TO_BATCH_ND"));
    }
    call.reader.phases.insert(output, Phases { image, blocks, before, after });
    Ok(())
}

/// Operand 1 holds the block, operand 2 the crops.
fn to_space(call: &mut Call<'_, '_>, phases: &Phases) -> Outcome<Op> {
    let input = phases.image;
    let dims = call.shape(input).0.clone();
    if blocks(call, dims.len())? != phases.blocks {
        return Err(between("BATCH_TO_SPACE_ND with another block than SPACE_TO_BATCH_ND"));
    }
    let (before, after) = pairs(call, 2, "crops", phases.blocks.len())?;
    let output = call.output()?;
    let (mut begin, mut size) = (vec![0; dims.len()], dims.clone());
    let (mut pad_before, mut pad_after) = (begin.clone(), begin.clone());
    for (at, axis) in (1..dims.len().saturating_sub(1)).enumerate() {
        // Pixels of the padding are cropped before pixels of the map; what is left of the padding is made here.
        let [first, last] = [before[at], after[at]];
        begin[axis] = first.saturating_sub(phases.before[at]);
        pad_before[axis] = phases.before[at].saturating_sub(first);
        let cut = last.saturating_sub(phases.after[at]);
        pad_after[axis] = phases.after[at].saturating_sub(last);
        let left = dims[axis].checked_sub(begin[axis]).and_then(|rest| rest.checked_sub(cut)).filter(|&size| size > 0);
        size[axis] = left.ok_or(Error::Value { field: "a crop", expected: "smaller than the axis", given: last as i64 })?;
    }
    if pad_before.iter().chain(&pad_after).any(|&padding| padding > 0) {
        return Err(between("BATCH_TO_SPACE_ND right behind SPACE_TO_BATCH_ND"));
    }
    call.reader.graph.tensor_mut(output).shape = Shape(size.clone());
    let whole = size == dims;
    Ok(if whole { Op::Reshape { input } } else { Op::Slice { input, begin, stride: vec![1; size.len()], size } })
}

/// The block along every axis but the first and the last.
fn blocks(call: &mut Call<'_, '_>, rank: usize) -> Result<Vec<usize>, Error> {
    let given = call.integers(1, "block_shape")?;
    let middle = rank.saturating_sub(2);
    if given.len() > middle {
        return Err(Error::OperandLength { operand: "block_shape", expected: middle, given: given.len() });
    }
    let size = |&given: &i64| usize::try_from(given).ok().filter(|&size| (1..=1 << 16).contains(&size));
    let wrong = |given: i64| Error::Value { field: "a block", expected: "1 to 65536", given };
    let mut blocks = given.iter().map(|given| size(given).ok_or(wrong(*given))).collect::<Result<Vec<_>, _>>()?;
    blocks.resize(middle, 1);
    Ok(blocks)
}

/// Counts of pixels before and after each of `axes` axes; 0 where the operand has no more.
fn pairs(
    call: &mut Call<'_, '_>,
    position: usize,
    operand: &'static str,
    axes: usize,
) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let given = call.integers(position, operand)?;
    if given.len() > axes.saturating_mul(2) || given.len() % 2 != 0 {
        return Err(Error::OperandLength { operand, expected: axes.saturating_mul(2), given: given.len() });
    }
    let size = |given: i64| {
        let size = u32::try_from(given).ok().and_then(|size| usize::try_from(size).ok());
        size.ok_or(Error::Value { field: operand, expected: "counts of 32 bits", given })
    };
    let mut made = (vec![0; axes], vec![0; axes]);
    for (at, &[before, after]) in given.as_chunks().0.iter().enumerate() {
        (made.0[at], made.1[at]) = (size(before)?, size(after)?);
    }
    Ok(made)
}

/// An operator on phases as one on the whole map, and what it makes phases of.
fn within(call: &mut Call<'_, '_>, name: &str, phases: Phases) -> Outcome<(Op, Phases)> {
    let image = phases.image;
    let refused = || between(format!("{name} between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND"));
    // Zeros of the padding stay zeros under these, so that the padding can be made later.
    let keeps_zero = matches!(name, "QUANTIZE" | "DEQUANTIZE" | "RELU" | "RELU6" | "RESHAPE" | "SQUEEZE" | "EXPAND_DIMS");
    match name {
        "CONV_2D" | "DEPTHWISE_CONV_2D" => {
            let (&[batch, height, width, depth], &[block_h, block_w]) =
                (call.shape(image).0.as_slice(), phases.blocks.as_slice())
            else {
                return Err(refused());
            };
            let [before, after] = [&phases.before, &phases.after].map(|padding| [padding[0], padding[1]]);
            let small = [(height + before[0] + after[0]) / block_h, (width + before[1] + after[1]) / block_w];
            let of_phase = [batch, small[0], small[1], depth];
            let mut op = match name {
                "CONV_2D" => convolution::conv2d_of(call, image, of_phase)?,
                _ => convolution::depthwise_conv2d_of(call, image, of_phase)?,
            };
            let blocks = [block_h, block_w];
            if let Op::Conv2d { window, .. } | Op::DepthwiseConv2d { window, .. } = &mut op {
                if window.stride != [1, 1] {
                    return Err(between(format!("{name} with a stride between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND")));
                }
                let spread = |padding: [usize; 2], outside: [usize; 2]| {
                    [0, 1].map(|axis| padding[axis].saturating_mul(blocks[axis]).saturating_add(outside[axis]))
                };
                *window = Window {
                    dilation: [0, 1].map(|axis| window.dilation[axis].saturating_mul(blocks[axis])),
                    pad_before: spread(window.pad_before, before),
                    pad_after: spread(window.pad_after, after),
                    ..*window
                };
            }
            let none = vec![0; phases.blocks.len()];
            Ok((op, Phases { before: none.clone(), after: none, ..phases }))
        }
        _ if phases.padded() && !keeps_zero => Err(refused()),
        "RELU" => Ok((Op::Unary { kind: UnaryKind::Relu, input: image }, phases)),
        "RELU6" => Ok((Op::Unary { kind: UnaryKind::Relu6, input: image }, phases)),
        "RELU_N1_TO_1" => Ok((Op::Unary { kind: UnaryKind::ReluN1To1, input: image }, phases)),
        "LOGISTIC" => Ok((Op::Unary { kind: UnaryKind::Logistic, input: image }, phases)),
        "TANH" => Ok((Op::Unary { kind: UnaryKind::Tanh, input: image }, phases)),
        "HARD_SWISH" => Ok((Op::Unary { kind: UnaryKind::HardSwish, input: image }, phases)),
        "QUANTIZE" => Ok((Op::Quantize { input: image }, phases)),
        "DEQUANTIZE" => Ok((Op::Dequantize { input: image }, phases)),
        "LEAKY_RELU" => {
            let mut op = elementwise::leaky_relu(call)?;
            op.for_each_input(|id| *id = image);
            Ok((op, phases))
        }
        "ADD" | "SUB" | "MUL" | "MAXIMUM" | "MINIMUM" => {
            let mut op = elementwise::binary_named(call, name)?;
            let mut same = true;
            for id in op.inputs() {
                same &= match call.reader.phases.get(&id) {
                    Some(other) => other.blocks == phases.blocks && !other.padded(),
                    // The same for every pixel.
                    None => call.shape(id).0.iter().rev().skip(1).all(|&dim| dim == 1),
                };
            }
            if !same {
                return Err(refused());
            }
            op.for_each_input(|id| *id = call.reader.phases.get(id).map_or(*id, |phases| phases.image));
            Ok((op, phases))
        }
        "RESHAPE" | "SQUEEZE" | "EXPAND_DIMS" => reshape(call, name, phases),
        _ => Err(refused()),
    }
}

/// A reshape that adds or drops axes of size 1.
fn reshape(call: &mut Call<'_, '_>, name: &str, phases: Phases) -> Outcome<(Op, Phases)> {
    let refused = || between(format!("{name} between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND"));
    let dims = call.shape(phases.image).0.clone();
    let rank = dims.len();
    // The shape of one phase, with a batch that no other axis can be taken for.
    let sizes = dims.iter().skip(1).zip(&phases.blocks).zip(phases.before.iter().zip(&phases.after));
    let mut small: Vec<usize> = vec![0];
    small.extend(sizes.map(|((&dim, &block), (&before, &after))| (dim + before + after) / block));
    small.extend(dims.last());
    let to = target(call, name, &small).ok_or_else(refused)?;
    let (mut whole, mut blocks, mut before, mut after) = (vec![dims[0]], Vec::new(), Vec::new(), Vec::new());
    let mut from = 1;
    for (at, &size) in to.iter().enumerate().skip(1) {
        let last = at + 1 == to.len();
        // Axes of size 1 that the target does not have are dropped, where they are no phases.
        while from + 1 < rank && (last || (small[from] == 1 && size != 1)) && dims[from] == 1 {
            from += 1;
        }
        let given = small.get(from) == Some(&size) && (last == (from + 1 == rank));
        let (dim, block, padding) = match given {
            true if last => (dims[from], 1, [0, 0]),
            true => (dims[from], phases.blocks[from - 1], [phases.before[from - 1], phases.after[from - 1]]),
            false if size == 1 && !last => (1, 1, [0, 0]),
            false => return Err(refused()),
        };
        from += usize::from(given);
        whole.push(dim);
        if !last {
            blocks.push(block);
            before.push(padding[0]);
            after.push(padding[1]);
        }
    }
    if from != rank {
        return Err(refused());
    }
    call.stated = Some(Shape(whole));
    Ok((Op::Reshape { input: phases.image }, Phases { image: phases.image, blocks, before, after }))
}

/// The shape that a reshape makes of one phase, whose batch is 0.
fn target(call: &mut Call<'_, '_>, name: &str, small: &[usize]) -> Option<Vec<usize>> {
    let mut dims = small.to_vec();
    match name {
        "EXPAND_DIMS" => {
            let given = *call.integers(1, "axis").ok()?.first()?;
            let axis = super::axis(given, dims.len() + 1).ok()?;
            dims.insert(axis, 1);
        }
        "SQUEEZE" => {
            let given = call.options(super::kind::SQUEEZE).ok()?.ints(0, "squeeze_dims").ok()?;
            let mut axes: Vec<usize> =
                given.iter().map(|&given| super::axis(given.into(), dims.len()).ok()).collect::<Option<_>>()?;
            axes.sort_unstable();
            for axis in axes.into_iter().rev() {
                (dims.get(axis) == Some(&1)).then(|| dims.remove(axis))?;
            }
        }
        _ => {
            let given = call.integers(1, "shape").ok()?;
            // The batch is what is left over.
            let rest = given.iter().skip(1).map(|&size| usize::try_from(size).ok());
            dims = core::iter::once(Some(0)).chain(rest).collect::<Option<_>>()?;
        }
    }
    (dims.first() == Some(&0) && dims.len() > 2).then_some(dims)
}
