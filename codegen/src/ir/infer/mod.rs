//! Shapes of what an op makes, from the shapes of what it reads. Readers that are not told a shape ask here, and
//! [`crate::valid`] checks what every graph declares.

mod error;
mod rules;

use super::{Graph, MirrorMode, Op, Shape, TensorId};
pub use error::{MAX_ELEMENTS, MAX_RANK, ShapeError};
use rules::*;

/// The shapes of the tensors that `op` makes, one for each entry of `declared`.
///
/// `declared` says what the model itself states about each output, and so how many there are. A stated shape must be one
/// that the op can make: it is returned as it stands, or refused. Unstated ones are inferred; `reshape` and the two
/// resizes then fail with [`ShapeError::Undeclared`]. Where ops leave a choice, the unstated one is: `fully_connected`
/// `[rows, out]`, reductions and `arg_max` without the reduced axes, `slice` with all axes, `split` into equal parts,
/// `transpose_conv` the smallest image that convolves to the input.
///
/// # Panics
/// Where `op` reads a tensor that `graph` does not have.
pub fn infer(op: &Op, graph: &Graph, declared: &[Option<Shape>]) -> Result<Vec<Shape>, ShapeError> {
    let shape = |id: &TensorId| graph.tensor(*id).shape.0.as_slice();
    let one = |made: Vec<usize>| settle(declared, &[made]);
    match op {
        Op::Conv2d { input, filter, bias, window, activation: _ } => {
            let ([n, h, w, c], [out, kh, kw, depth]) = (image("input", shape(input))?, image("filter", shape(filter))?);
            multiple("input channels by the filter's", c, depth)?;
            multiple("output channels by groups", out, c / depth)?;
            kernel(window, [kh, kw])?;
            check_bias(bias.as_ref().map(shape), out)?;
            let [oh, ow] = slide(window, [h, w])?;
            one(vec![n, oh, ow, out])
        }
        Op::DepthwiseConv2d { input, filter, bias, window, activation: _ } => {
            let ([n, h, w, c], [first, kh, kw, out]) = (image("input", shape(input))?, image("filter", shape(filter))?);
            same("the depthwise filter's first dimension", 1, first)?;
            multiple("filter channels by the input's", out, c)?;
            kernel(window, [kh, kw])?;
            check_bias(bias.as_ref().map(shape), out)?;
            let [oh, ow] = slide(window, [h, w])?;
            one(vec![n, oh, ow, out])
        }
        Op::TransposeConv { input, filter, bias, window, activation: _ } => {
            let ([n, h, w, c], [out, kh, kw, depth]) = (image("input", shape(input))?, image("filter", shape(filter))?);
            same("the filter's input depth", c, depth)?;
            kernel(window, [kh, kw])?;
            check_bias(bias.as_ref().map(shape), out)?;
            let size = match declared {
                [Some(Shape(dims))] => {
                    let [_, oh, ow, _] = image("output", dims)?;
                    [oh, ow]
                }
                _ => unslide(window, [h, w]).ok_or(ShapeError::Window { window: *window, image: [h, w] })?,
            };
            let back = slide(window, size)?;
            same("the height that the output convolves to", h, back[0])?;
            same("the width that the output convolves to", w, back[1])?;
            one(vec![n, size[0], size[1], out])
        }
        Op::FullyConnected { input, filter, bias, activation: _ } => {
            let &[out, depth] = shape(filter) else { return Err(rank("filter", 2, shape(filter))) };
            let elements = graph.tensor(*input).shape.elements();
            multiple("input elements by the filter's columns", elements, depth)?;
            check_bias(bias.as_ref().map(shape), out)?;
            let rows = elements / depth;
            settle_if(declared, vec![rows, out], |given| given.last() == Some(&out) && product(given) == rows.saturating_mul(out))
        }
        Op::Binary { kind: _, a, b, activation: _ } => one(broadcast(shape(a), shape(b))?),
        Op::Prelu { input, alpha } => {
            let (a, b) = (shape(input), shape(alpha));
            match broadcast(a, b)? {
                made if made == a => one(made),
                _ => Err(ShapeError::Broadcast { a: Shape(a.to_vec()), b: Shape(b.to_vec()) }),
            }
        }
        Op::Unary { kind: _, input } | Op::Quantize { input } | Op::Dequantize { input } => one(shape(input).to_vec()),
        Op::Softmax { input, beta: _ } => {
            check_axis(0, shape(input))?;
            one(shape(input).to_vec())
        }
        Op::Pool2d { kind: _, input, window, activation: _ } => {
            let [n, h, w, c] = image("input", shape(input))?;
            let [oh, ow] = slide(window, [h, w])?;
            one(vec![n, oh, ow, c])
        }
        Op::Reduce { kind: _, input, axes } => reduced(declared, shape(input), axes),
        Op::ArgMax { input, axis } => reduced(declared, shape(input), &[*axis]),
        Op::Pad { input, before, after, value: _ } => one(padded(shape(input), before, after, |_| usize::MAX)?),
        Op::MirrorPad { input, before, after, mode } => {
            let edge = match mode {
                MirrorMode::Reflect => 1,
                MirrorMode::Symmetric => 0,
            };
            one(padded(shape(input), before, after, |dim| dim.saturating_sub(edge))?)
        }
        Op::Concatenation { inputs, axis, activation: _ } => {
            let mut made = first("inputs", inputs.first().map(shape))?.to_vec();
            check_axis(*axis, &made)?;
            for input in &inputs[1..] {
                let given = shape(input);
                let total = made[*axis].saturating_add(*given.get(*axis).ok_or(rank("input", made.len(), given))?);
                made[*axis] = given[*axis];
                equal(&made, given)?;
                made[*axis] = total;
            }
            one(made)
        }
        Op::Pack { inputs, axis } => {
            let mut made = first("inputs", inputs.first().map(shape))?.to_vec();
            inputs.iter().try_for_each(|input| equal(&made, shape(input)))?;
            match *axis {
                axis if axis > made.len() => return Err(ShapeError::Axis { axis, rank: made.len() + 1 }),
                axis => made.insert(axis, inputs.len()),
            }
            one(made)
        }
        Op::Split { input, axis } => {
            check_axis(*axis, shape(input))?;
            split(declared, shape(input), *axis)
        }
        Op::Unpack { input, axis } => {
            let mut made = shape(input).to_vec();
            check_axis(*axis, &made)?;
            count("outputs", made.remove(*axis), declared.len())?;
            settle(declared, &vec![made; declared.len()])
        }
        Op::Slice { input, begin, stride, size } => {
            check_slice(shape(input), begin, stride, size)?;
            settle_if(declared, size.clone(), |given| drops_ones(size, given))
        }
        Op::Transpose { input, perm } => {
            let dims = shape(input);
            let mut sorted = perm.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().eq(0..dims.len()) {
                return Err(ShapeError::Axes { what: "no permutation:", given: perm.clone(), rank: dims.len() });
            }
            one(perm.iter().map(|&axis| dims[axis]).collect())
        }
        Op::Reshape { input } => {
            let [Some(given)] = declared else { return Err(ShapeError::Undeclared) };
            same("the number of elements", graph.tensor(*input).shape.elements(), given.elements())?;
            one(given.0.clone())
        }
        Op::Shape { input } => one(vec![shape(input).len()]),
        Op::Resize { mode: _, input, align_corners: _, half_pixel_centers: _ } => {
            let [n, _, _, c] = image("input", shape(input))?;
            let [Some(Shape(given))] = declared else { return Err(ShapeError::Undeclared) };
            let [_, oh, ow, _] = image("output", given)?;
            one(vec![n, oh, ow, c])
        }
    }
}
