//! One function a step.

use super::kernel;
use super::names::ident;
use super::unrolled;
use crate::lower::{Kernel, little_endian};
use crate::plan::{Form, Plan, PlannedStep};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The name of a step's function; `None` for a step of no code.
pub(super) fn name(index: usize, planned: &PlannedStep) -> Option<Ident> {
    match planned.step.kernel {
        Kernel::View => None,
        _ => Some(ident(&format!("step{index}_{}", planned.step.op))),
    }
}

/// The function of a step, with a line that says what it is.
pub(super) fn function(plan: &Plan, index: usize, planned: &PlannedStep, rt: &TokenStream) -> TokenStream {
    let Some(name) = name(index, planned) else { return TokenStream::new() };
    let constants = planned.constants().iter().map(|id| little_endian(&plan.constants[id.0 as usize].data).len()).sum::<usize>();
    let mut doc = format!(
        " {index} `{}` {}: {} {}, {}",
        planned.step.op,
        super::snake_case(&planned.step.origin.name),
        planned.step.kernel.name(),
        planned.form,
        planned.shapes
    );
    if planned.step.macs > 0 {
        doc.push_str(&format!(", {} multiply-accumulates", planned.step.macs));
    }
    if constants > 0 {
        doc.push_str(&format!(", {constants} bytes of constants"));
    }
    let (body, inline) = match planned.form {
        Form::Shared if !planned.over_input => (kernel::calls(plan, planned, rt), quote!(#[inline])),
        // Apart from each other, so that no step's registers and stack weigh on another's.
        Form::Shared
        | Form::Specialized
        | Form::Packed(_)
        | Form::Blocked(_)
        | Form::Sparse(_)
        | Form::SparseLanes(_)
        | Form::SparsePairs(_)
        | Form::Palettized(_) => (kernel::calls(plan, planned, rt), quote!(#[inline(never)])),
        Form::Unrolled => (unrolled::body(plan, planned, rt), quote!(#[inline(never)])),
    };
    quote! {
        #[doc = #doc]
        #inline
        fn #name(model: &mut Model) {
            #body
        }
    }
}
