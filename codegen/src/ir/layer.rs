//! What the ops with weights have in common.

use super::{Activation, Op, TensorId};

/// The operands of a convolution of any kind or a fully connected layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What the weights are applied to.
    pub input: TensorId,
    /// The weights.
    pub filter: TensorId,
    /// The bias, one number a channel.
    pub bias: Option<TensorId>,
    /// The axis of the filter that output channels run along.
    pub channel_axis: usize,
}

/// The same, to change.
#[derive(Debug)]
pub struct LayerMut<'a> {
    /// What the weights are applied to.
    pub input: &'a mut TensorId,
    /// The weights.
    pub filter: &'a mut TensorId,
    /// The bias, one number a channel.
    pub bias: &'a mut Option<TensorId>,
    /// The fused activation.
    pub activation: &'a mut Activation,
    /// The axis of the filter that output channels run along.
    pub channel_axis: usize,
}

impl Op {
    /// The operands of an op with weights; `None` for any other.
    pub fn layer(&self) -> Option<Layer> {
        let mut op = self.clone();
        let layer = op.layer_mut()?;
        Some(Layer { input: *layer.input, filter: *layer.filter, bias: *layer.bias, channel_axis: layer.channel_axis })
    }

    /// The operands of an op with weights, to change; `None` for any other.
    pub fn layer_mut(&mut self) -> Option<LayerMut<'_>> {
        match self {
            Op::Conv2d { input, filter, bias, window: _, activation }
            | Op::TransposeConv { input, filter, bias, window: _, activation }
            | Op::FullyConnected { input, filter, bias, activation } => {
                Some(LayerMut { input, filter, bias, activation, channel_axis: 0 })
            }
            Op::DepthwiseConv2d { input, filter, bias, window: _, activation } => {
                Some(LayerMut { input, filter, bias, activation, channel_axis: 3 })
            }
            Op::Binary { .. }
            | Op::Unary { .. }
            | Op::Prelu { .. }
            | Op::Pool2d { .. }
            | Op::Reduce { .. }
            | Op::Softmax { .. }
            | Op::ArgMax { .. }
            | Op::Pad { .. }
            | Op::MirrorPad { .. }
            | Op::Concatenation { .. }
            | Op::Split { .. }
            | Op::Slice { .. }
            | Op::Transpose { .. }
            | Op::Reshape { .. }
            | Op::Pack { .. }
            | Op::Unpack { .. }
            | Op::Shape { .. }
            | Op::Resize { .. }
            | Op::Quantize { .. }
            | Op::Dequantize { .. } => None,
        }
    }
}
