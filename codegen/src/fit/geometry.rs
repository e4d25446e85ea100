//! Which inputs and weights a layer's sums are made of.

use super::Quadratic;
use crate::eval::float::tap_of;
use crate::ir::{Data, Graph, Node, Op, Window};

/// A layer as sums of products: those of every output pixel are of the same weights.
#[derive(Clone, Debug)]
pub(crate) struct Geometry {
    /// How it moves over an image; absent for a fully connected layer.
    image: Option<Image>,
    outs: usize,
    size: usize,
    pixels: usize,
}

#[derive(Clone, Copy, Debug)]
struct Image {
    window: Window,
    height: usize,
    width: usize,
    channels: usize,
    out_width: usize,
    /// Output channels of each input channel, of a depthwise convolution.
    multiplier: Option<usize>,
}

impl Geometry {
    /// `None` for what is no layer, for transposed convolutions and those in groups, and for weights that are not constant floats.
    pub(crate) fn of(graph: &Graph, node: &Node) -> Option<Self> {
        let layer = node.op.layer()?;
        let (filter, input) = (&graph.tensor(layer.filter).shape.0, &graph.tensor(layer.input).shape.0);
        let Some(Data::F32(_)) = graph.value(layer.filter) else { return None };
        let output = &graph.tensor(*node.outputs.first()?).shape.0;
        let image = |window: &Window, multiplier| {
            let (&[1, height, width, channels], &[1, _, out_width, _]) = (input.as_slice(), output.as_slice()) else {
                return None;
            };
            Some(Image { window: *window, height, width, channels, out_width, multiplier })
        };
        let pixels = output.iter().rev().skip(1).product();
        match &node.op {
            Op::Conv2d { window, .. } => {
                let image = image(window, None)?;
                let &[outs, kernel_h, kernel_w, depth] = filter.as_slice() else { return None };
                let size = kernel_h * kernel_w * depth;
                (depth == image.channels).then_some(Self { image: Some(image), outs, size, pixels })
            }
            Op::DepthwiseConv2d { window, .. } => {
                let &[_, kernel_h, kernel_w, outs] = filter.as_slice() else { return None };
                let channels = *input.last()?;
                let multiplier = outs.checked_div(channels).filter(|&multiplier| multiplier > 0)?;
                Some(Self { image: Some(image(window, Some(multiplier))?), outs, size: kernel_h * kernel_w, pixels })
            }
            Op::FullyConnected { .. } => {
                let &[outs, size] = filter.as_slice() else { return None };
                let pixels = input.iter().product::<usize>().checked_div(size)?;
                Some(Self { image: None, outs, size, pixels })
            }
            _ => None,
        }
    }

    /// Weights of one sum.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Output channels.
    pub(crate) fn outs(&self) -> usize {
        self.outs
    }

    /// Sums of each output channel.
    pub(super) fn pixels(&self) -> usize {
        self.pixels
    }

    fn is_depthwise(&self) -> bool {
        self.image.is_some_and(|image| image.multiplier.is_some())
    }

    /// Output channels whose sums are of the same inputs: all, or of a depthwise convolution one.
    pub(super) fn outs_of_group(&self) -> usize {
        if self.is_depthwise() { 1 } else { self.outs }
    }

    /// Groups of output channels whose sums are of the same inputs.
    pub(crate) fn groups(&self) -> usize {
        if self.is_depthwise() { self.outs } else { 1 }
    }

    /// One quadratic for each group of output channels.
    pub(super) fn quadratics(&self) -> Vec<Quadratic> {
        (0..self.groups()).map(|_| Quadratic::new(self.size + 1, self.outs_of_group())).collect()
    }

    /// The bytes that [`Geometry::quadratics`] take.
    pub(crate) fn quadratic_bytes(&self) -> usize {
        let size = self.size.saturating_add(1);
        let each = size.saturating_add(self.outs_of_group()).saturating_mul(size);
        each.saturating_mul(self.groups()).saturating_mul(size_of::<f64>())
    }

    /// The quadratic of an output channel among [`Geometry::quadratics`], and its row there.
    pub(crate) fn slot(&self, out: usize) -> (usize, usize) {
        if self.is_depthwise() { (out, 0) } else { (0, out) }
    }

    /// Index into the filter of weight `k` of an output channel.
    pub(crate) fn weight(&self, out: usize, k: usize) -> usize {
        if self.is_depthwise() { k * self.outs + out } else { out * self.size + k }
    }

    /// The places in the filter of the weights of an output channel, where they are neighbours.
    pub(crate) fn row_of(&self, out: usize) -> Option<core::ops::Range<usize>> {
        (!self.is_depthwise()).then(|| out * self.size..(out + 1) * self.size)
    }

    /// Weight `index` of the filter is of output channel `index / inner % outs`.
    pub(crate) fn inner(&self) -> usize {
        if self.is_depthwise() { 1 } else { self.size }
    }

    /// The inputs of the sums of a group at an output pixel, in the order of the weights; zero in the padding.
    pub(super) fn row(&self, input: &[f32], pixel: usize, group: usize, row: &mut [f32]) {
        let Some(Image { window, height, width, channels, out_width, multiplier }) = self.image else {
            row.copy_from_slice(&input[pixel * self.size..][..self.size]);
            return;
        };
        let (y, x) = (pixel / out_width, pixel % out_width);
        let [kernel_h, kernel_w] = window.kernel;
        let (first, depth) = multiplier.map_or((0, channels), |multiplier| (group / multiplier, 1));
        for ky in 0..kernel_h {
            let line = tap_of(y, ky, &window, 0, height);
            for kx in 0..kernel_w {
                let part = &mut row[(ky * kernel_w + kx) * depth..][..depth];
                match line.zip(tap_of(x, kx, &window, 1, width)) {
                    Some((line, column)) => {
                        part.copy_from_slice(&input[(line * width + column) * channels + first..][..depth]);
                    }
                    None => part.fill(0.0),
                }
            }
        }
    }
}
