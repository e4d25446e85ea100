//! The calls of kernels of 16-bit activations.

use super::kernel::Call;
use super::literal::params;
use super::operands::bind;
use super::{constants, names};
use crate::lower::{Function, Int16, Scaled};
use core::fmt::Debug;
use proc_macro2::TokenStream;
use quote::quote;

impl Call<'_> {
    /// The statements of a step of 16 bits.
    pub(super) fn of_int16(&self, kernel: &Int16) -> TokenStream {
        let shared = self.shared();
        let module = || quote!(int16 #shared);
        match kernel {
            Int16::Conv2d { params, weights } => self.int16_layer("conv2d", params, weights),
            Int16::DepthwiseConv2d { params, weights } => self.int16_layer("depthwise_conv2d", params, weights),
            Int16::FullyConnected { params, weights } => self.int16_layer("fully_connected", params, weights),
            Int16::TransposeConv { params, weights } => self.int16_layer("transpose_conv", params, weights),
            Int16::AveragePool2d(params) => self.simple(quote!(int16 #shared::average_pool2d), params),
            Int16::MaxPool2d(params) => self.simple(quote!(int16 #shared::max_pool2d), params),
            Int16::Binary { function, broadcast } => self.binary(literal(function), broadcast.as_ref().map(params)),
            Int16::Rectifier(value) => self.in_place_or_not(module(), "rectifier", &params(value)),
            Int16::Logistic(value) => self.in_place_or_not(module(), "logistic", &params(value)),
            Int16::Tanh(value) => self.in_place_or_not(module(), "tanh", &params(value)),
            Int16::Softmax(value) => self.in_place_or_not(module(), "softmax", &params(value)),
        }
    }

    fn int16_layer(&self, name: &str, shape: &impl Debug, weights: &Scaled) -> TokenStream {
        let (rt, name, shared, shape) = (self.rt, names::ident(name), self.shared(), params(shape));
        let constant = |id| constants::read(self.plan, id, rt);
        let (filter, bias) = (constant(weights.filter), constant(weights.bias));
        let (rule, multipliers, shifts) =
            (names::ident(weights.rule.name()), constant(weights.multipliers), constant(weights.shifts));
        let rule = quote!(#rt::kernels::int16::#rule { multipliers: #multipliers, shifts: #shifts });
        let (path, weights) = (quote!(int16 #shared::#name), quote!(#filter, #bias, #rule,));
        if self.planned.over_input {
            return self.over_input(&path, &shape, &weights);
        }
        let operands = bind(self.plan, self.planned, &[0], 0, rt);
        let (bindings, a, y, scope) = (&operands.bindings, &operands.reads[0], &operands.write, self.scope());
        quote!(#scope #bindings #rt::kernels::#path(&#shape, #a, #weights #y);)
    }
}

/// The literal of an element-wise function.
fn literal(function: &Function) -> TokenStream {
    match function {
        Function::Add(value) => params(value),
        Function::Sub(value) => params(value),
        Function::Mul(value) => params(value),
        Function::Maximum => quote!(Maximum),
        Function::Minimum => quote!(Minimum),
    }
}
