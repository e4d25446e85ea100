//! Fully connected steps as straight-line code: zeros vanish, weights are immediates.

use super::literal::{number, params, signed};
use super::operands::bind;
use crate::ir::Data;
use crate::lower::{Kernel, Requantizer};
use crate::plan::{Plan, PlannedStep};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use tinybake_runtime::requantize::Multiplier;

/// One statement an output: `y[column] = requantize(bias + x0 * w0 + ...)`.
pub(super) fn body(plan: &Plan, planned: &PlannedStep, rt: &TokenStream) -> TokenStream {
    let Kernel::FullyConnected { params: shape, weights } = &planned.step.kernel else { return TokenStream::new() };
    let filter = plan.constants[weights.filter.0 as usize].data.as_i8().unwrap_or(&[]);
    let bias = plan.constants[weights.bias.0 as usize].data.as_i32().unwrap_or(&[]);
    let depth = (shape.depth as usize).max(1);
    let operands = bind(plan, planned, &[0], 0, rt);
    let (bindings, a, y) = (&operands.bindings, &operands.reads[0], &operands.write);
    let read: Vec<usize> =
        (0..depth).filter(|&index| filter.iter().skip(index).step_by(depth).any(|&weight| weight != 0)).collect();
    let variable = |index: usize| format_ident!("x{index}");
    let loads = read.iter().map(|&index| {
        let (name, index) = (variable(index), number(index));
        quote!(let #name = #a[#index] as i32;)
    });
    let clamp = params(&shape.clamp);
    let outputs = filter.chunks_exact(depth).enumerate().map(|(column, row)| {
        let terms = row.iter().enumerate().filter(|&(_, &weight)| weight != 0).map(|(index, &weight)| {
            let x = variable(index);
            match weight {
                1 => quote!(+ #x),
                -1 => quote!(- #x),
                weight if weight < 0 => {
                    let weight = number(weight.unsigned_abs().into());
                    quote!(- #x * #weight)
                }
                weight => {
                    let weight = number(weight.unsigned_abs().into());
                    quote!(+ #x * #weight)
                }
            }
        });
        let bias = signed(bias.get(column).copied().unwrap_or(0).into());
        let rule = multiplier(plan, &weights.requantizer, column);
        let bounded = planned.step.bounded && rule.shift < 0;
        let rule = params(&rule);
        let rule = if bounded { quote!(#rt::Bounded(#rule)) } else { rule };
        let column = number(column);
        quote!(#y[#column] = #rt::Requantize::requantize(#rule, #bias #(#terms)*, 0, &CLAMP);)
    });
    quote! {
        #[allow(unused_imports)]
        use #rt::params::*;
        const CLAMP: Clamp = #clamp;
        #bindings
        #(#loads)*
        #(#outputs)*
    }
}

/// The multiplier of one column; only steps of reference `tflm` are unrolled.
fn multiplier(plan: &Plan, requantizer: &Requantizer, column: usize) -> Multiplier {
    let zero = Multiplier { multiplier: 0, shift: 0 };
    match requantizer {
        Requantizer::Multiplier(multiplier) => *multiplier,
        Requantizer::PerChannel { multipliers, shifts } => {
            let multiplier = match &plan.constants[multipliers.0 as usize].data {
                Data::I32(values) => values.get(column).copied(),
                _ => None,
            };
            let shift = plan.constants[shifts.0 as usize].data.as_i8().and_then(|values| values.get(column).copied());
            multiplier.zip(shift).map_or(zero, |(multiplier, shift)| Multiplier { multiplier, shift })
        }
        Requantizer::Once(_)
        | Requantizer::OncePerChannel { .. }
        | Requantizer::Rint(_)
        | Requantizer::RintPerChannel(_)
        | Requantizer::Offset { .. }
        | Requantizer::RintAdded { .. } => zero,
    }
}
