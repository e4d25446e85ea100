//! Weights, biases, multipliers and tables as statics.

use super::blob::Builder;
use super::literal::number;
use super::names::ident;
use super::{Blob, Blobs};
use crate::ir::Data;
use crate::lower::{ConstId, Constant, Kernel, little_endian};
use crate::plan::Plan;
use crate::text;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::BTreeSet;
use tinybake_runtime::generated::blob;

/// The name of the static that holds a constant.
pub(super) fn name(id: ConstId) -> Ident {
    ident(&format!("C{}", id.0))
}

/// The statics of everything that the steps refer to, and the file that they include.
pub(super) fn constants(plan: &Plan, rt: &TokenStream, blobs: Blobs) -> (TokenStream, Option<Blob>) {
    let used: BTreeSet<ConstId> =
        plan.steps.iter().filter(|planned| !inline(&planned.step.kernel)).flat_map(|p| p.constants()).collect();
    let section = plan.options.placement.weights.as_ref().map(|section| {
        let name = section.name();
        quote!(#[unsafe(link_section = #name)])
    });
    let mut builder = Builder::default();
    let statics = used.into_iter().map(|id| {
        let constant = &plan.constants[id.0 as usize];
        let bytes = little_endian(&constant.data);
        let source = match blobs {
            Blobs::Beside { least } if bytes.len() >= least => {
                let (length, at) = (number(bytes.len()), number(builder.push(&bytes)));
                quote!(#rt::blob::part::<#length>(CONSTANTS, #at))
            }
            Blobs::Beside { .. } | Blobs::Inline => {
                let literal = Literal::byte_string(&bytes);
                quote!(#literal)
            }
        };
        let item = item(id, constant, source, rt);
        quote!(#section #item)
    });
    let statics: Vec<TokenStream> = statics.collect();
    let blob = builder.build(&plan.name);
    let include = blob.as_ref().map(|blob| include(blob, rt));
    (quote!(#include #(#statics)*), blob)
}

/// The constant that includes the file, and the check that it is the one that this module was generated with.
fn include(blob: &Blob, rt: &TokenStream) -> TokenStream {
    let (file, length) = (&blob.file, number(blob.bytes.len()));
    let wrong = format!("`{file}` is not the file that this module was generated with; generate both again");
    let checks = (0..blob::pieces(&blob.bytes)).map(|piece| {
        let (index, sums) = (number(piece), blob::sums(&blob.bytes, piece).map(Literal::u128_unsuffixed));
        quote!(
            const _: () = ::core::assert!(#rt::blob::holds(CONSTANTS, #index, [#(#sums),*]), #wrong);
        )
    });
    quote! {
        /// The large constants, for the compiler alone: the statics that are used hold copies.
        const CONSTANTS: &[u8] = ::core::include_bytes!(#file);
        const _: () = ::core::assert!(CONSTANTS.len() == #length, #wrong);
        #(#checks)*
    }
}

/// Whether the constants of a kernel are written where it is called: index tables of another type than their data.
fn inline(kernel: &Kernel) -> bool {
    matches!(kernel, Kernel::ResizeNearestNeighbor { .. } | Kernel::ResizeBilinear { .. })
}

fn item(id: ConstId, constant: &Constant, source: TokenStream, rt: &TokenStream) -> TokenStream {
    let name = name(id);
    let count = number(constant.data.len());
    let doc = format!(" {}", text::line(&constant.label));
    match &constant.data {
        Data::I32(_) => quote!(#[doc = #doc] static #name: [i32; #count] = #rt::int32(#source);),
        Data::F32(_) => quote!(#[doc = #doc] static #name: [f32; #count] = #rt::float32(#source);),
        Data::I16(_) => quote!(#[doc = #doc] static #name: [i16; #count] = #rt::int16(#source);),
        Data::I64(_) => quote!(#[doc = #doc] static #name: [i64; #count] = #rt::int64(#source);),
        Data::I8(_) | Data::U8(_) | Data::Bool(_) => {
            let bytes = number(constant.data.len() * constant.data.dtype().size());
            quote!(#[doc = #doc] static #name: #rt::Aligned<[u8; #bytes]> = #rt::Aligned(*#source);)
        }
    }
}

/// The expression that reads a constant as its kernel wants it: an array of its elements by reference.
pub(super) fn read(plan: &Plan, id: ConstId, rt: &TokenStream) -> TokenStream {
    let name = name(id);
    match &plan.constants[id.0 as usize].data {
        Data::I32(_) | Data::F32(_) | Data::I16(_) | Data::I64(_) => quote!(&#name),
        Data::I8(_) | Data::U8(_) | Data::Bool(_) => quote!(#rt::int8(&#name)),
    }
}

/// The expression that reads a stream as the blocked kernels want it: `&[i32; N]`.
pub(super) fn stream(id: ConstId, rt: &TokenStream) -> TokenStream {
    let name = name(id);
    quote!(#rt::stream(&#name))
}
