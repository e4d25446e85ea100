//! An operation of the graph as the inline table that the topology spells it with.

use super::error::NativeError;
use super::print::{Inline, number, quote};
use super::topology::Layout;
use super::weights::Turn;
use super::write::Writer;
use crate::ir::{DType, MirrorMode, Op, TensorId, UnaryKind, Window};

impl Writer<'_> {
    pub(super) fn attributes(&mut self, op: &Op, outputs: &[TensorId]) -> Result<Inline, NativeError> {
        let mut inline = Inline::default();
        match op {
            Op::Conv2d { input, filter, bias, window, activation } => {
                let turn = if self.layout == Layout::Torch { Turn::Convolution } else { Turn::None };
                self.layer(&mut inline, [*input, *filter], *bias, turn, 0)?;
                self.window(&mut inline, window, *input, true);
                let (depth, channels) = (self.dim(*filter, 3), self.dim(*input, 3));
                if depth != channels && depth > 0 {
                    inline.put("groups", (channels / depth).to_string());
                }
                inline.activation(*activation);
            }
            Op::DepthwiseConv2d { input, filter, bias, window, activation } => {
                let turn = if self.layout == Layout::Torch { Turn::FirstLast } else { Turn::None };
                self.layer(&mut inline, [*input, *filter], *bias, turn, 3)?;
                self.window(&mut inline, window, *input, true);
                inline.activation(*activation);
            }
            Op::TransposeConv { input, filter, bias, window, activation } => {
                let turn = if self.layout == Layout::Torch { Turn::FirstLast } else { Turn::None };
                self.layer(&mut inline, [*input, *filter], *bias, turn, 0)?;
                if let Some(&output) = outputs.first() {
                    self.window(&mut inline, window, output, true);
                }
                inline.activation(*activation);
            }
            Op::FullyConnected { input, filter, bias, activation } => {
                let columns = self.dim(*filter, 1);
                let image = self.images.get(*input).filter(|image| image.iter().product::<usize>() == columns);
                let turn = match (self.layout, image) {
                    (Layout::Torch, Some(image)) if self.graph.value(*filter).is_some() => Turn::Columns { image },
                    _ => Turn::None,
                };
                self.layer(&mut inline, [*input, *filter], *bias, turn, 0)?;
                if turn != Turn::None {
                    inline.put("flatten", quote("chw"));
                }
                inline.activation(*activation);
            }
            Op::Binary { kind: _, a, b, activation } => {
                inline.put("a", self.operand(*a)?);
                inline.put("b", self.operand(*b)?);
                inline.activation(*activation);
            }
            Op::Unary { kind, input } => {
                inline.put("input", self.operand(*input)?);
                if let UnaryKind::LeakyRelu { alpha } = kind {
                    inline.put("alpha", number(*alpha));
                }
            }
            Op::Prelu { input, alpha } => {
                inline.put("input", self.operand(*input)?);
                inline.put("alpha", self.operand(*alpha)?);
            }
            Op::Pool2d { kind: _, input, window, activation } => {
                inline.put("input", self.operand(*input)?);
                inline.list("kernel", &window.kernel);
                self.window(&mut inline, window, *input, false);
                inline.activation(*activation);
            }
            Op::Reduce { kind: _, input, axes } => {
                inline.put("input", self.operand(*input)?);
                inline.list("axes", axes);
            }
            Op::Softmax { input, beta } => {
                inline.put("input", self.operand(*input)?);
                if *beta != 1.0 {
                    inline.put("beta", number(*beta));
                }
            }
            Op::ArgMax { input, axis } | Op::Split { input, axis } | Op::Unpack { input, axis } => {
                inline.put("input", self.operand(*input)?);
                inline.put("axis", axis.to_string());
            }
            Op::Pad { input, before, after, value } => {
                inline.put("input", self.operand(*input)?);
                inline.list("before", before);
                inline.list("after", after);
                inline.put(
                    "value",
                    match self.graph.tensor(*input).dtype {
                        DType::F32 => number(f32::from_bits(*value as u32)),
                        _ => value.to_string(),
                    },
                );
            }
            Op::MirrorPad { input, before, after, mode } => {
                inline.put("input", self.operand(*input)?);
                inline.list("before", before);
                inline.list("after", after);
                inline.put(
                    "mode",
                    quote(match mode {
                        MirrorMode::Reflect => "reflect",
                        MirrorMode::Symmetric => "symmetric",
                    }),
                );
            }
            Op::Concatenation { inputs, axis, activation } => {
                inline.put("inputs", self.operands(inputs)?);
                inline.put("axis", axis.to_string());
                inline.activation(*activation);
            }
            Op::Pack { inputs, axis } => {
                inline.put("inputs", self.operands(inputs)?);
                inline.put("axis", axis.to_string());
            }
            Op::Slice { input, begin, stride, size } => {
                inline.put("input", self.operand(*input)?);
                inline.list("begin", begin);
                inline.list("size", size);
                inline.list("stride", stride);
            }
            Op::Transpose { input, perm } => {
                inline.put("input", self.operand(*input)?);
                inline.list("perm", perm);
            }
            Op::Resize { mode: _, input, align_corners, half_pixel_centers } => {
                inline.put("input", self.operand(*input)?);
                inline.put("align_corners", align_corners.to_string());
                inline.put("half_pixel_centers", half_pixel_centers.to_string());
            }
            Op::Reshape { input } | Op::Shape { input } | Op::Quantize { input } | Op::Dequantize { input } => {
                inline.put("input", self.operand(*input)?);
            }
        }
        Ok(inline)
    }

    /// The input, weights and bias of a layer.
    fn layer(
        &mut self,
        inline: &mut Inline,
        [input, filter]: [TensorId; 2],
        bias: Option<TensorId>,
        turn: Turn,
        axis: usize,
    ) -> Result<(), NativeError> {
        inline.put("input", self.operand(input)?);
        inline.put("weights", self.constant(filter, turn, axis)?);
        if let Some(bias) = bias {
            inline.put("bias", self.operand(bias)?);
        }
        Ok(())
    }

    /// Strides, paddings and dilations over an image; those that are the format's defaults are left out.
    fn window(&self, inline: &mut Inline, window: &Window, image: TensorId, dilates: bool) {
        let Window { kernel, stride, dilation, pad_before, pad_after } = *window;
        inline.list("stride", &stride);
        let same = Window::same(kernel, stride, dilation, [self.dim(image, 1), self.dim(image, 2)]);
        if *window == Window::valid(kernel, stride, dilation) {
            inline.put("padding", quote("valid"));
        } else if *window == same {
            inline.put("padding", quote("same"));
        } else {
            inline.list("padding", &[pad_before[0], pad_after[0], pad_before[1], pad_after[1]]);
        }
        if dilates && dilation != [1, 1] {
            inline.list("dilation", &dilation);
        }
    }

    fn dim(&self, id: TensorId, axis: usize) -> usize {
        self.graph.tensor(id).shape.0.get(axis).copied().unwrap_or(0)
    }
}
