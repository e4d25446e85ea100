//! Which rows of its inputs an operation needs for some rows of its output, and what it is on those alone.

use crate::ir::{Graph, Op, Shape, TensorId, Window};

/// Rows `start..end` of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Rows {
    /// All of both, and what lies between.
    pub(super) fn with(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub(super) fn count(self) -> usize {
        self.end - self.start
    }
}

/// Whether a tensor is one image, `[1, h, w, c]`.
pub(super) fn is_image(graph: &Graph, id: TensorId) -> bool {
    let tensor = graph.tensor(id);
    tensor.value.is_none() && matches!(tensor.shape.0.as_slice(), [1, rows, ..] if *rows > 0) && tensor.shape.rank() == 4
}

/// The images that `op` reads; `None` where rows of its output cannot be computed from rows of them.
pub(super) fn images(graph: &Graph, op: &Op) -> Option<Vec<TensorId>> {
    let images: Vec<TensorId> = match op {
        Op::Conv2d { input, .. } | Op::DepthwiseConv2d { input, .. } | Op::Pool2d { input, .. } => vec![*input],
        Op::Unary { input, kind: _ } | Op::Quantize { input } => vec![*input],
        Op::Binary { a, b, kind: _, activation: _ } => {
            if !(same_in_all_rows(graph, *a) || same_in_all_rows(graph, *b)) && graph.tensor(*a).shape != graph.tensor(*b).shape {
                return None;
            }
            [*a, *b].into_iter().filter(|&id| !same_in_all_rows(graph, id)).collect()
        }
        Op::Prelu { input, alpha } if same_in_all_rows(graph, *alpha) => vec![*input],
        Op::Concatenation { inputs, axis: 2 | 3, activation: _ } => inputs.clone(),
        Op::Prelu { .. }
        | Op::Concatenation { .. }
        | Op::TransposeConv { .. }
        | Op::FullyConnected { .. }
        | Op::Reduce { .. }
        | Op::Softmax { .. }
        | Op::ArgMax { .. }
        | Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Pack { .. }
        | Op::Unpack { .. }
        | Op::Shape { .. }
        | Op::Resize { .. }
        | Op::Dequantize { .. } => return None,
    };
    images.iter().all(|&id| is_image(graph, id)).then_some(images)
}

/// Whether a tensor is a constant that is broadcast over rows.
fn same_in_all_rows(graph: &Graph, id: TensorId) -> bool {
    let tensor = graph.tensor(id);
    let Shape(dims) = &tensor.shape;
    tensor.value.is_some() && dims.iter().rev().skip(2).all(|&dim| dim == 1)
}

/// The rows of each image of `op` that `rows` of its output need; `height` is that of the images. `None` where they need none.
pub(super) fn needed(op: &Op, rows: Rows, height: usize) -> Option<Rows> {
    let Some(window) = window(op) else { return Some(rows) };
    let (start, end) = reach(window, rows)?;
    let needed = Rows { start: start.max(0) as usize, end: (end.min(height as isize)).max(0) as usize };
    (needed.start < needed.end).then_some(needed)
}

/// `op` on the rows that it needs for `rows` of its output, its inputs replaced by `input`.
pub(super) fn banded(op: &Op, rows: Rows, height: usize, mut input: impl FnMut(TensorId) -> TensorId) -> Option<Op> {
    let mut op = op.clone();
    op.for_each_input(|id| *id = input(*id));
    match &mut op {
        Op::Conv2d { window, .. } | Op::DepthwiseConv2d { window, .. } | Op::Pool2d { window, .. } => {
            let (start, end) = reach(window, rows)?;
            window.pad_before[0] = (-start).max(0) as usize;
            window.pad_after[0] = (end - height as isize).max(0) as usize;
        }
        _ => {}
    }
    Some(op)
}

fn window(op: &Op) -> Option<&Window> {
    match op {
        Op::Conv2d { window, .. } | Op::DepthwiseConv2d { window, .. } | Op::Pool2d { window, .. } => Some(window),
        _ => None,
    }
}

/// The rows of the padded image that a window covers for `rows` of its output; those before the image are negative.
fn reach(window: &Window, rows: Rows) -> Option<(isize, isize)> {
    let (stride, pad) = (isize::try_from(window.stride[0]).ok()?, isize::try_from(window.pad_before[0]).ok()?);
    let span = isize::try_from(window.kernel[0].checked_sub(1)?.checked_mul(window.dilation[0])?).ok()?;
    let first = isize::try_from(rows.start).ok()?.checked_mul(stride)?.checked_sub(pad)?;
    let last = isize::try_from(rows.end.checked_sub(1)?).ok()?.checked_mul(stride)?.checked_sub(pad)?;
    Some((first, last.checked_add(span)?.checked_add(1)?))
}
