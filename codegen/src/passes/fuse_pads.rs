//! Moves a pad of zero points into the convolution after it.

use super::Removal;
use crate::ir::{Graph, Op, TensorId, Window};

/// Gives each `conv2d` and `depthwise_conv2d` that reads a `pad` of its input's zero point over height and width the padding
/// itself. The pad stays for other readers, and is dead otherwise.
///
/// A padded tap holds the zero point, which contributes nothing; a tap outside the image contributes nothing either.
pub fn fuse_pads(graph: &mut Graph) -> Vec<Removal> {
    let producers = graph.producers();
    let mut removals = Vec::new();
    for index in 0..graph.nodes.len() {
        let Some((input, window)) = padded(graph, &graph.nodes[index].op, &producers) else { continue };
        match &mut graph.nodes[index].op {
            Op::Conv2d { input: slot, window: old, .. } | Op::DepthwiseConv2d { input: slot, window: old, .. } => {
                *slot = input;
                *old = window;
            }
            _ => continue,
        }
        let what = format!("pad before {} `{}`", graph.nodes[index].op.name(), graph.nodes[index].origin.name);
        removals.push(Removal {
            pass: "fuse_pads",
            what,
            why: "its zero points are what the convolution assumes outside the image",
        });
    }
    removals
}

/// What the convolution reads and its window, once the pad before it is taken in.
fn padded(graph: &Graph, op: &Op, producers: &[Option<usize>]) -> Option<(TensorId, Window)> {
    let (padded, window) = match op {
        Op::Conv2d { input, window, .. } | Op::DepthwiseConv2d { input, window, .. } => (*input, *window),
        _ => return None,
    };
    let producer = producers.get(padded.0 as usize).copied().flatten()?;
    let Op::Pad { input, before, after, value } = &graph.nodes[producer].op else { return None };
    let (from, to) = (graph.tensor(*input), graph.tensor(padded));
    let zero_point = to.quantization.as_ref()?.zero_point();
    let same = from.quantization == to.quantization && *value == zero_point;
    let (&[0, top, left, 0], &[0, bottom, right, 0]) = (before.as_slice(), after.as_slice()) else { return None };
    // Without padding a pointwise convolution takes several images, with it one.
    let single = from.shape.0.first() == Some(&1);
    (same && single).then_some((
        *input,
        Window {
            pad_before: [window.pad_before[0] + top, window.pad_before[1] + left],
            pad_after: [window.pad_after[0] + bottom, window.pad_after[1] + right],
            ..window
        },
    ))
}
