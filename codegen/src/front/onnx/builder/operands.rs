//! What the operands of a node are.

use super::{Builder, Call};
use crate::front::onnx::error::Error;
use crate::front::onnx::value::{Constant, Known, Value};
use crate::ir::Data;
use std::rc::Rc;

impl Builder<'_, '_> {
    /// What input `index` of a node stands for; `None` where it is left out.
    pub(in crate::front::onnx) fn known<'c>(&self, call: &'c Call<'_, '_>, index: usize) -> Option<&'c Known> {
        call.inputs.get(index)?.as_ref()
    }

    /// An input that the network computes.
    pub(in crate::front::onnx) fn computed(&self, call: &Call<'_, '_>, index: usize, what: &'static str) -> Result<Value, Error> {
        match self.known(call, index) {
            Some(Known::Computed(value)) => Ok(value.clone()),
            Some(Known::Constant(_)) => Err(Error::Unsupported { what: format!("{} of a constant", call.kind) }),
            Some(Known::Wrong) | None => Err(Error::Missing { index, what }),
        }
    }

    /// An input that is constant; `None` where it is left out.
    pub(in crate::front::onnx) fn optional(
        &self,
        call: &Call<'_, '_>,
        index: usize,
        what: &'static str,
    ) -> Result<Option<Rc<Constant>>, Error> {
        match self.known(call, index) {
            Some(Known::Constant(constant)) => Ok(Some(constant.clone())),
            Some(Known::Computed(_) | Known::Wrong) => Err(Error::NotConstant { what }),
            None => Ok(None),
        }
    }

    /// The floats of an input that is constant.
    pub(in crate::front::onnx) fn floats(
        &self,
        call: &Call<'_, '_>,
        index: usize,
        what: &'static str,
    ) -> Result<(Vec<usize>, Vec<f32>), Error> {
        let constant = self.optional(call, index, what)?.ok_or(Error::Missing { index, what })?;
        match constant.floats() {
            Some(values) => Ok((constant.shape.clone(), values.into_owned())),
            None => Err(Error::ElementType { given: constant.data.dtype().name() }),
        }
    }

    /// The weights of a layer: floats, or integers that stand for reals and lie about zero.
    pub(in crate::front::onnx) fn weights(&self, call: &Call<'_, '_>, index: usize) -> Result<Constant, Error> {
        let what = "the weights";
        let constant = self.optional(call, index, what)?.ok_or(Error::Missing { index, what })?;
        match (&constant.data, &constant.quantization) {
            (Data::F32(_), _) => Ok((*constant).clone()),
            (Data::I8(_), Some(_)) => Ok(constant.centered()),
            (data, _) => Err(Error::ElementType { given: data.dtype().name() }),
        }
    }

    /// The integers of an input that is constant; `None` where it is left out.
    pub(in crate::front::onnx) fn integers(
        &self,
        call: &Call<'_, '_>,
        index: usize,
        what: &'static str,
    ) -> Result<Option<Vec<i64>>, Error> {
        Ok(self.optional(call, index, what)?.and_then(|constant| constant.data.integers()))
    }
}
