//! Element-wise functions of two tensors, and those of one that are not plain tables.

use super::kernel::{BinaryFn, Kernel};
use super::{LowerError, Lowering};
use crate::ir::{Activation, BinaryKind, DType, TensorId};
use crate::options::Reference;
use crate::prepare::{binary, ort, unary, xnnpack};
use tinybake_runtime::kernels::binary::{BinaryOp, Maximum, Minimum};

impl Lowering<'_> {
    pub(super) fn binary(
        &mut self,
        kind: BinaryKind,
        a: TensorId,
        b: TensorId,
        activation: Activation,
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let function = self.binary_fn(kind, a, b, activation, output)?;
        self.with_shapes(function, a, b, output)
    }

    /// A table where one operand is a single constant, else the element-wise kernel for the two shapes.
    fn with_shapes(&mut self, function: BinaryFn, a: TensorId, b: TensorId, output: TensorId) -> Result<Kernel, LowerError> {
        let single = |id: TensorId| match self.graph.value(id).and_then(|data| data.as_i8()) {
            Some(&[value]) => Some(value),
            _ => None,
        };
        let label = format!("answers of {}", self.graph.tensor(output).name);
        let elements = |id: TensorId| self.shape(id).elements();
        if let Some(value) = single(b).filter(|_| elements(a) == elements(output)) {
            return Ok(self.table(&label, unary::tabulate(|x| apply(&function, x, value))));
        }
        if let Some(value) = single(a).filter(|_| elements(b) == elements(output)) {
            return Ok(self.table(&label, unary::tabulate(|x| apply(&function, value, x))));
        }
        let (a, b) = (self.shape(a), self.shape(b));
        let broadcast = if binary::same_elements(a, b) {
            None
        } else {
            Some(binary::broadcast(a, b).ok_or_else(|| LowerError::Shape { shape: format!("{a} with {b}") })?)
        };
        Ok(Kernel::Binary { function, broadcast })
    }

    fn binary_fn(
        &mut self,
        kind: BinaryKind,
        a: TensorId,
        b: TensorId,
        activation: Activation,
        output: TensorId,
    ) -> Result<BinaryFn, LowerError> {
        let (a, b, output) = (self.quantization(a), self.quantization(b), self.quantization(output));
        let checked = binary::check(kind, &a, &b, &output);
        if self.reference != Reference::Ort {
            checked.map_err(|reason| LowerError::Reference(reason.into()))?;
        }
        let refused = || LowerError::Reference(format!("XNNPACK does not take these scales in {kind:?}"));
        if let (Reference::Ort, Some(below)) = (self.reference, self.graph.zero_points_first) {
            match kind {
                BinaryKind::Add => {
                    let real = ort::sum(&a, &b, &output, activation, below);
                    let fixed = binary::add(&a, &b, &output, activation);
                    let same = checked.is_ok() && ort::equal(&real, &fixed);
                    return Ok(if same { BinaryFn::Add(fixed) } else { BinaryFn::RealSum(real) });
                }
                BinaryKind::Mul => {
                    let real = ort::product(&a, &b, &output, activation, below);
                    let fixed = binary::mul(&a, &b, &output, activation);
                    return Ok(if ort::equal(&real, &fixed) { BinaryFn::Mul(fixed) } else { BinaryFn::RealProduct(real) });
                }
                BinaryKind::Sub | BinaryKind::Maximum | BinaryKind::Minimum => {}
            }
        }
        Ok(match (kind, self.reference) {
            (BinaryKind::Add, Reference::Tflm) => BinaryFn::Add(binary::add(&a, &b, &output, activation)),
            (BinaryKind::Sub, Reference::Tflm) => BinaryFn::Sub(binary::sub(&a, &b, &output, activation)),
            (BinaryKind::Mul, Reference::Tflm) => BinaryFn::Mul(binary::mul(&a, &b, &output, activation)),
            (BinaryKind::Add, Reference::Xnnpack) => {
                BinaryFn::XnnAdd(binary::xnn_add(&a, &b, &output, activation, false).ok_or_else(refused)?)
            }
            (BinaryKind::Sub, Reference::Xnnpack) => {
                BinaryFn::XnnAdd(binary::xnn_add(&a, &b, &output, activation, true).ok_or_else(refused)?)
            }
            (BinaryKind::Mul, Reference::Xnnpack) => {
                BinaryFn::XnnMul(binary::xnn_mul(&a, &b, &output, activation).ok_or_else(refused)?)
            }
            (BinaryKind::Add, Reference::Ort) => {
                let (real, fixed) = (ort::add(&a, &b, &output, activation, 1.0), binary::add(&a, &b, &output, activation));
                let same = checked.is_ok() && ort::equal(&real, &fixed);
                if same { BinaryFn::Add(fixed) } else { BinaryFn::RealAdd(real) }
            }
            (BinaryKind::Sub, Reference::Ort) => {
                let (real, fixed) = (ort::add(&a, &b, &output, activation, -1.0), binary::sub(&a, &b, &output, activation));
                let same = checked.is_ok() && ort::equal(&real, &fixed);
                if same { BinaryFn::Sub(fixed) } else { BinaryFn::RealAdd(real) }
            }
            (BinaryKind::Mul, Reference::Ort) => {
                let (real, fixed) = (ort::mul(&a, &b, &output, activation), binary::mul(&a, &b, &output, activation));
                if ort::equal(&real, &fixed) { BinaryFn::Mul(fixed) } else { BinaryFn::RealMul(real) }
            }
            (BinaryKind::Maximum, Reference::Tflm | Reference::Xnnpack | Reference::Ort) => BinaryFn::Maximum,
            (BinaryKind::Minimum, Reference::Tflm | Reference::Xnnpack | Reference::Ort) => BinaryFn::Minimum,
        })
    }

    pub(super) fn prelu(&mut self, input: TensorId, alpha: TensorId, output: TensorId, _: &str) -> Result<Kernel, LowerError> {
        let [from, slope, to] = [input, alpha, output].map(|id| self.quantization(id));
        let fixed = unary::prelu(&from, &slope, &to);
        if self.reference == Reference::Ort && !ort::equal(&ort::prelu(&from, &slope, &to), &fixed) {
            let reason = "its slopes and scales round otherwise in fixed point than in ONNX Runtime: export a LeakyRelu";
            return Err(LowerError::Reference(reason.into()));
        }
        let function = BinaryFn::Prelu(fixed);
        self.with_shapes(function, input, alpha, output)
    }

    pub(super) fn quantize(&mut self, input: TensorId, output: TensorId, name: &str) -> Kernel {
        let (from, to) = (self.quantization(input), self.quantization(output));
        match (self.graph.tensor(input).dtype, self.graph.tensor(output).dtype) {
            (DType::F32, DType::I8) if self.reference == Reference::Ort => Kernel::QuantizeToEven(unary::affine(&to)),
            (DType::F32, DType::I8) if self.reference == Reference::Xnnpack => Kernel::QuantizeByInverse(xnnpack::inverse(&to)),
            (DType::F32, _) => Kernel::Quantize(unary::affine(&to)),
            (DType::I8, DType::I8) if self.reference == Reference::Ort => {
                self.table(&format!("answers of {name}"), ort::table(|x| x, &from, &to))
            }
            (DType::I8, DType::I8) => {
                let theirs =
                    if self.reference == Reference::Xnnpack { unary::xnnpack_requantize_table(&from, &to) } else { None };
                self.table(&format!("answers of {name}"), theirs.unwrap_or_else(|| unary::requantize_table(&from, &to)))
            }
            (DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 | DType::Bool, _) => {
                Kernel::Requantize(unary::requantize(&from, &to))
            }
        }
    }
}

/// One application of an element-wise function, by the runtime's own arithmetic.
pub(crate) fn apply(function: &BinaryFn, a: i8, b: i8) -> i8 {
    match function {
        BinaryFn::Add(op) => op.apply(a, b),
        BinaryFn::Sub(op) => op.apply(a, b),
        BinaryFn::Mul(op) => op.apply(a, b),
        BinaryFn::Maximum => Maximum.apply(a, b),
        BinaryFn::Minimum => Minimum.apply(a, b),
        BinaryFn::Prelu(op) => op.apply(a, b),
        BinaryFn::XnnAdd(op) => op.apply(a, b),
        BinaryFn::XnnMul(op) => op.apply(a, b),
        BinaryFn::RealAdd(op) => op.apply(a, b),
        BinaryFn::RealMul(op) => op.apply(a, b),
        BinaryFn::RealSum(op) => op.apply(a, b),
        BinaryFn::RealProduct(op) => op.apply(a, b),
    }
}
