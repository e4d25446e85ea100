//! Layers with weights: convolutions and fully connected layers.

use super::addends::Added;
use super::kernel::{Kernel, Requantizer, Weights};
use super::{ConstId, LowerError, Lowering, SMALL};
use crate::ir::{Activation, Data, Shape, TensorId, Window};
use crate::options::Reference;
use crate::prepare::convolution::{
    channels_first, convolution_multipliers, fold_bias, fold_depthwise_bias, fully_connected_multiplier, xnnpack_scales,
};
use crate::prepare::multiplier::{activation_range, quantize_multiplier, xnnpack_activation_range};
use crate::prepare::offsets::Fit;
use crate::prepare::ort;
use crate::prepare::steps::{self, Sums};
use crate::valid::AccumulatorRange;
use tinybake_runtime::kernels::Dims;
use tinybake_runtime::kernels::conv2d::Conv2d;
use tinybake_runtime::kernels::depthwise_conv2d::DepthwiseConv2d;
use tinybake_runtime::kernels::fully_connected::FullyConnected;
use tinybake_runtime::kernels::transpose_conv::TransposeConv;
use tinybake_runtime::requantize::{Clamp, Multiplier, Requantize, Rint};

impl Lowering<'_> {
    pub(super) fn conv2d(
        &mut self,
        input: TensorId,
        filter: TensorId,
        bias: Option<TensorId>,
        window: &Window,
        activation: Activation,
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let (channels, depth) = (self.dim(filter, 0), self.dim(filter, 3));
        let zero_point = self.quantization(input).zero_point();
        let folded = fold_bias(&self.int32(input, filter, bias)?, self.int8(filter), zero_point, channels);
        let multipliers = self.convolution(input, filter, bias, output, channels)?;
        let clamp = self.clamp(output, activation);
        let weights = self.weights(filter, folded, multipliers, &clamp);
        if self.graph.is_matrix_product(input, filter, window) {
            let rows = self.shape(output).elements() / channels.max(1);
            return Ok(Kernel::FullyConnected { params: self.fully_connected_params(rows, depth, channels, clamp)?, weights });
        }
        let groups = self.dim(input, 3).checked_div(depth).unwrap_or(1);
        let params = Conv2d {
            input: self.dims(input)?,
            output: self.dims(output)?,
            kernel: self.pair(window.kernel)?,
            stride: self.pair(window.stride)?,
            dilation: self.pair(window.dilation)?,
            pad: self.pair(window.pad_before)?,
            groups: self.u16(groups)?,
            input_zero_point: zero_point as i8,
            clamp,
        };
        Ok(Kernel::Conv2d { params, weights })
    }

    pub(super) fn depthwise_conv2d(
        &mut self,
        input: TensorId,
        filter: TensorId,
        bias: Option<TensorId>,
        window: &Window,
        activation: Activation,
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let channels = self.dim(filter, 3);
        let zero_point = self.quantization(input).zero_point();
        let folded = fold_depthwise_bias(&self.int32(input, filter, bias)?, self.int8(filter), zero_point, channels);
        let multipliers = self.convolution(input, filter, bias, output, channels)?;
        if self.dim(input, 3) == 1 {
            // All channels read the same one, as those of a convolution do, whose kernel loads it once for several.
            let params = Conv2d {
                input: self.dims(input)?,
                output: self.dims(output)?,
                kernel: self.pair(window.kernel)?,
                stride: self.pair(window.stride)?,
                dilation: self.pair(window.dilation)?,
                pad: self.pair(window.pad_before)?,
                groups: 1,
                input_zero_point: zero_point as i8,
                clamp: self.clamp(output, activation),
            };
            let transposed = Data::I8(channels_first(self.int8(filter), channels));
            let weights = self.weights_of(filter, transposed, folded, multipliers, &params.clamp);
            return Ok(Kernel::Conv2d { params, weights });
        }
        let weights = self.weights(filter, folded, multipliers, &self.clamp(output, activation));
        let params = DepthwiseConv2d {
            input: self.dims(input)?,
            output: self.dims(output)?,
            kernel: self.pair(window.kernel)?,
            stride: self.pair(window.stride)?,
            dilation: self.pair(window.dilation)?,
            pad: self.pair(window.pad_before)?,
            multiplier: self.u16(channels.checked_div(self.dim(input, 3)).unwrap_or(1))?,
            input_zero_point: zero_point as i8,
            clamp: self.clamp(output, activation),
        };
        Ok(Kernel::DepthwiseConv2d { params, weights })
    }

    pub(super) fn transpose_conv(
        &mut self,
        input: TensorId,
        filter: TensorId,
        bias: Option<TensorId>,
        window: &Window,
        activation: Activation,
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let skips = window.kernel.iter().zip(window.stride).any(|(&kernel, stride)| kernel < stride);
        if skips && self.reference == Reference::Xnnpack {
            let reason = "LiteRT computes a transposed convolution whose stride exceeds its kernel otherwise: use reference tflm";
            return Err(LowerError::Reference(reason.into()));
        }
        let channels = self.dim(filter, 0);
        let mut plain = self.int32(input, filter, bias)?.into_owned();
        plain.resize(channels, 0);
        let multipliers = self.convolution(input, filter, bias, output, channels)?;
        let weights = self.weights(filter, plain, multipliers, &self.clamp(output, activation));
        let params = TransposeConv {
            input: self.dims(input)?,
            output: self.dims(output)?,
            kernel: self.pair(window.kernel)?,
            stride: self.pair(window.stride)?,
            pad: self.pair(window.pad_before)?,
            input_zero_point: self.quantization(input).zero_point() as i8,
            clamp: self.clamp(output, activation),
        };
        Ok(Kernel::TransposeConv { params, weights })
    }

    pub(super) fn fully_connected(
        &mut self,
        input: TensorId,
        filter: TensorId,
        bias: Option<TensorId>,
        activation: Activation,
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let (columns, depth) = (self.dim(filter, 0), self.dim(filter, 1));
        let zero_point = self.quantization(input).zero_point();
        let folded = fold_bias(&self.int32(input, filter, bias)?, self.int8(filter), zero_point, columns);
        let filter_quantization = self.quantization(filter);
        let multipliers = if filter_quantization.is_per_tensor() && self.reference == Reference::Tflm {
            let (input, output) = (self.quantization(input).scale(), self.quantization(output).scale());
            Scaling::Tflm(vec![fully_connected_multiplier(input, filter_quantization.scale(), output)])
        } else {
            self.convolution(input, filter, bias, output, columns)?
        };
        let weights = self.weights(filter, folded, multipliers, &self.clamp(output, activation));
        let rows = self.shape(output).elements() / columns.max(1);
        let params = self.fully_connected_params(rows, depth, columns, self.clamp(output, activation))?;
        Ok(Kernel::FullyConnected { params, weights })
    }

    fn fully_connected_params(
        &self,
        rows: usize,
        depth: usize,
        columns: usize,
        clamp: Clamp,
    ) -> Result<FullyConnected, LowerError> {
        let u32 =
            |value: usize| u32::try_from(value).map_err(|_| LowerError::Shape { shape: format!("[{rows}, {depth}, {columns}]") });
        Ok(FullyConnected { rows: u32(rows)?, depth: u32(depth)?, columns: u32(columns)?, clamp })
    }

    /// Scaling of a convolution of any kind, one a channel.
    fn convolution(
        &self,
        input: TensorId,
        filter: TensorId,
        bias: Option<TensorId>,
        output: TensorId,
        channels: usize,
    ) -> Result<Scaling, LowerError> {
        /// XNNPACK `operators/convolution-nhwc.c` refuses to make an operator of this scale, and LiteRT the model.
        const MOST: f32 = 256.0;
        let (input, output) = (self.quantization(input).scale(), self.quantization(output).scale());
        if let Some(channels) = self.addends(bias, input, &self.quantization(filter), output, channels) {
            return Ok(Scaling::Added(channels));
        }
        let scales = || xnnpack_scales(input, &self.quantization(filter), output, channels);
        match self.reference {
            Reference::Tflm => Ok(Scaling::Tflm(convolution_multipliers(input, &self.quantization(filter), output, channels))),
            Reference::Ort => Ok(Scaling::Xnnpack(scales())),
            Reference::Xnnpack => match scales() {
                scales if scales.iter().all(|&scale| scale < MOST) => Ok(Scaling::Xnnpack(scales)),
                _ => Err(LowerError::Reference("XNNPACK refuses layers that scale their sums by 256 or more".into())),
            },
        }
    }

    /// Constants of a layer; equal scales of all channels become one.
    fn weights(&mut self, filter: TensorId, bias: Vec<i32>, scaling: Scaling, clamp: &Clamp) -> Weights {
        let data = self.graph.value(filter).cloned().unwrap_or(Data::I8(Vec::new()));
        self.weights_of(filter, data, bias, scaling, clamp)
    }

    /// [`Self::weights`] with the filter's elements in the order of `data`.
    fn weights_of(&mut self, filter: TensorId, data: Data, bias: Vec<i32>, scaling: Scaling, clamp: &Clamp) -> Weights {
        let name = self.graph.tensor(filter).name.clone();
        let filter = self.constants.add(format!("filter {name}"), data);
        let mut bias = bias;
        let scaling = self.in_fixed_point(scaling, &mut bias, clamp);
        let bias = self.constants.add(format!("bias with folded zero point, of {name}"), Data::I32(bias));
        let requantizer = match scaling {
            Scaling::Tflm(multipliers) => match multipliers.split_first() {
                Some((first, rest)) if rest.iter().all(|other| other == first) => Requantizer::Multiplier(*first),
                _ => {
                    let (multipliers, shifts) = self.tables(&name, &multipliers);
                    Requantizer::PerChannel { multipliers, shifts }
                }
            },
            Scaling::Once(multipliers) => match multipliers.split_first() {
                Some((first, rest)) if rest.iter().all(|other| other == first) => Requantizer::Once(*first),
                _ => {
                    let (multipliers, shifts) = self.tables(&name, &multipliers);
                    Requantizer::OncePerChannel { multipliers, shifts }
                }
            },
            Scaling::Xnnpack(scales) => match scales.split_first() {
                Some((first, rest)) if rest.iter().all(|other| other == first) => Requantizer::Rint(*first),
                _ => Requantizer::RintPerChannel(self.constants.add(format!("scales of {name}"), Data::F32(scales))),
            },
            Scaling::Offset(fits) => {
                let multiplier = |fit: &Fit| Multiplier { multiplier: fit.multiplier, shift: fit.shift };
                let (multipliers, shifts) = self.tables(&name, &fits.iter().map(multiplier).collect::<Vec<_>>());
                let offsets = Data::I32(fits.iter().map(|fit| fit.offset).collect());
                Requantizer::Offset { multipliers, shifts, offsets: self.constants.add(format!("offsets of {name}"), offsets) }
            }
            Scaling::Added(channels) => {
                let (scales, addends) = channels.iter().map(Added::rounded).unzip();
                let scales = self.constants.add(format!("scales of {name}"), Data::F32(scales));
                Requantizer::RintAdded { scales, addends: self.constants.add(format!("addends of {name}"), Data::F32(addends)) }
            }
        };
        Weights { filter, bias, requantizer }
    }

    /// Multipliers and shifts of the channels of a layer.
    fn tables(&mut self, name: &str, multipliers: &[Multiplier]) -> (ConstId, ConstId) {
        let (values, shifts) = multipliers.iter().map(|multiplier| (multiplier.multiplier, multiplier.shift)).unzip();
        let values = self.constants.add(format!("multipliers of {name}"), Data::I32(values));
        (values, self.constants.add(format!("shifts of {name}"), Data::I8(shifts)))
    }

    /// Scaling in floats as multipliers that give the same outputs for all sums that there can be, where there are such for every
    /// channel; what adds in floats rounds no more exactly than to the nearest.
    fn in_fixed_point(&self, scaling: Scaling, bias: &mut [i32], clamp: &Clamp) -> Scaling {
        let scales = match scaling {
            Scaling::Xnnpack(scales) => scales,
            Scaling::Added(channels) => return self.with_addends(channels, bias, clamp),
            Scaling::Tflm(_) | Scaling::Once(_) | Scaling::Offset(_) => return scaling,
        };
        let bounded = self.sums.iter().all(|sum| -SMALL < sum.min && sum.max < SMALL);
        if !bounded || self.sums.len() != scales.len() {
            return Scaling::Xnnpack(scales);
        }
        let rule = |(&scale, sum): (&f32, &AccumulatorRange)| {
            let Multiplier { multiplier: _, shift } = quantize_multiplier(scale.into());
            let right = u32::try_from(-i32::from(shift)).ok().filter(|right| (1..=31).contains(right))?;
            let sums = Sums { min: i32::try_from(sum.min).ok()?, max: i32::try_from(sum.max).ok()? };
            let single = |sum: i32| Rint { scale }.requantize(sum, 0, clamp);
            let multiplier = steps::multiplier(single, clamp, sums, right, scale.into()).or_else(|| {
                let nearest = |sum: i32| ort::nearest(f64::from(sum) * f64::from(scale), clamp);
                let wanted = self.graph.sums_in_floats && self.reference == Reference::Ort;
                wanted.then(|| steps::multiplier(nearest, clamp, sums, right, scale.into())).flatten()
            })?;
            Some(Multiplier { multiplier, shift })
        };
        match scales.iter().zip(self.sums).map(rule).collect::<Option<Vec<_>>>() {
            Some(multipliers) => Scaling::Once(multipliers),
            None => Scaling::Xnnpack(scales),
        }
    }

    pub(super) fn clamp(&self, output: TensorId, activation: Activation) -> Clamp {
        let quantization = self.quantization(output);
        let range = match self.reference {
            Reference::Tflm => activation_range,
            Reference::Xnnpack => xnnpack_activation_range,
            Reference::Ort => ort::activation_range,
        };
        let (min, max) = range(activation, quantization.scale(), quantization.zero_point());
        Clamp { zero_point: quantization.zero_point(), min, max }
    }

    fn int8(&self, id: TensorId) -> &[i8] {
        self.graph.value(id).and_then(|data| data.as_i8()).unwrap_or(&[])
    }

    pub(super) fn dim(&self, id: TensorId, axis: usize) -> usize {
        self.shape(id).0.get(axis).copied().unwrap_or(0)
    }

    /// Height, width and channels of an NHWC image.
    pub(super) fn dims(&self, id: TensorId) -> Result<Dims, LowerError> {
        let Shape(dims) = self.shape(id);
        match dims.as_slice() {
            &[1, height, width, channels] => {
                Ok(Dims { height: self.u16(height)?, width: self.u16(width)?, channels: self.u16(channels)? })
            }
            _ => Err(LowerError::Shape { shape: self.shape(id).to_string() }),
        }
    }

    pub(super) fn pair(&self, pair: [usize; 2]) -> Result<[u16; 2], LowerError> {
        Ok([self.u16(pair[0])?, self.u16(pair[1])?])
    }

    pub(super) fn u16(&self, value: usize) -> Result<u16, LowerError> {
        u16::try_from(value).map_err(|_| LowerError::Shape { shape: value.to_string() })
    }
}

/// Scales of the channels of one layer in the terms of the reference.
pub(super) enum Scaling {
    Tflm(Vec<Multiplier>),
    Once(Vec<Multiplier>),
    Xnnpack(Vec<f32>),
    Added(Vec<Added>),
    Offset(Vec<Fit>),
}
