//! Pools, reductions and softmax.

use super::kernel::Kernel;
use super::{LowerError, Lowering};
use crate::ir::{Activation, Data, PoolKind, ReduceKind, TensorId, Window};
use crate::options::Reference;
use crate::prepare::{reduce, softmax};
use tinybake_runtime::kernels::average_pool2d::AveragePool2d;
use tinybake_runtime::kernels::max_pool2d::MaxPool2d;

impl Lowering<'_> {
    pub(super) fn pool2d(
        &mut self,
        kind: PoolKind,
        input: TensorId,
        window: &Window,
        activation: Activation,
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let (input, output_dims) = (self.dims(input)?, self.dims(output)?);
        let (kernel, stride, pad) = (self.pair(window.kernel)?, self.pair(window.stride)?, self.pair(window.pad_before)?);
        let clamp = self.clamp(output, activation);
        let (min, max, output) = (clamp.min, clamp.max, output_dims);
        Ok(match kind {
            PoolKind::Average => Kernel::AveragePool2d(AveragePool2d { input, output, kernel, stride, pad, min, max }),
            PoolKind::Max => Kernel::MaxPool2d(MaxPool2d { input, output, kernel, stride, pad, min, max }),
        })
    }

    pub(super) fn reduce(
        &mut self,
        kind: ReduceKind,
        input: TensorId,
        axes: &[usize],
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let shape_error = || LowerError::Shape { shape: self.shape(input).to_string() };
        let shape = reduce::reduce(self.shape(input), axes).ok_or_else(shape_error)?;
        let (from, to) = (self.quantization(input), self.quantization(output));
        match kind {
            ReduceKind::Mean => {
                let params = reduce::mean(self.shape(input), axes, &from, &to).ok_or_else(shape_error)?;
                Ok(Kernel::Mean { shape, params })
            }
            ReduceKind::Max => {
                reduce::check_max(&from, &to).map_err(|reason| LowerError::Reference(reason.into()))?;
                Ok(Kernel::ReduceMax(shape))
            }
        }
    }

    pub(super) fn softmax(&mut self, input: TensorId, beta: f32, output: TensorId, name: &str) -> Result<Kernel, LowerError> {
        let to = self.quantization(output);
        if to.zero_point() != -128 || to.scale() != 1.0 / 256.0 {
            let given =
                format!("softmax needs an output of scale 1/256 and zero point -128, not {} and {}", to.scale(), to.zero_point());
            return Err(LowerError::Reference(given));
        }
        let depth = self.shape(input).0.last().copied().unwrap_or(1);
        let u32 = |value: usize| u32::try_from(value).map_err(|_| LowerError::Shape { shape: self.shape(input).to_string() });
        let (rows, depth) = (u32(self.shape(input).elements() / depth.max(1))?, u32(depth)?);
        let scale = self.quantization(input).scale();
        let params = softmax::softmax(rows, depth, scale, beta);
        Ok(match self.reference {
            Reference::Tflm => Kernel::Softmax(params),
            Reference::Xnnpack => {
                let table = Data::F32(softmax::exp_table(scale, beta).to_vec());
                Kernel::SoftmaxF32 { params, table: self.constants.add(format!("exponentials of {name}"), table) }
            }
        })
    }
}
