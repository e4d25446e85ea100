//! Writes the Rust of a plan, and nothing else; cannot fail.
//!
//! The module that comes out is `no_std`, has no `unsafe` but the attributes of link sections that a user asks for, uses absolute
//! paths only, and is the same for the same plan.

mod blob;
mod constants;
mod header;
mod int16;
mod kernel;
mod literal;
mod model;
mod names;
mod operands;
mod step;
mod unrolled;

pub use blob::Blob;
pub use header::GENERATED;
pub use model::{Accessors, accessors};
pub use names::snake_case;

use crate::plan::Plan;
use proc_macro2::TokenStream;
use quote::quote;

/// How constants are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blobs {
    /// All as byte strings in the source.
    Inline,
    /// Those of at least this many bytes in one file beside the source.
    Beside {
        /// The least size of a constant in the file.
        least: usize,
    },
}

/// A generated module.
#[derive(Clone, Debug)]
pub struct Emitted {
    /// The items of the module, without the `mod` around them.
    pub items: TokenStream,
    /// The header, one doc line an entry.
    pub header: Vec<String>,
    /// The file that the items include.
    pub blob: Option<Blob>,
}

/// Path of the crate that generated code calls.
#[derive(Clone, Debug)]
pub struct Emitter {
    /// `::tinybake`, or what the user has renamed it to.
    pub crate_path: TokenStream,
    /// How constants are written.
    pub blobs: Blobs,
}

impl Default for Emitter {
    fn default() -> Self {
        Self { crate_path: quote!(::tinybake), blobs: Blobs::Inline }
    }
}

impl Emitter {
    /// Writes the module of `plan`.
    pub fn emit(&self, plan: &Plan) -> Emitted {
        let rt = {
            let path = &self.crate_path;
            quote!(#path::generated)
        };
        let (constants, blob) = constants::constants(plan, &rt, self.blobs);
        let model = model::model(plan, &self.crate_path, &rt);
        let steps = plan.steps.iter().enumerate().map(|(index, planned)| step::function(plan, index, planned, &rt));
        let interface = tinybake_runtime::generated::INTERFACE;
        let items = quote! {
            #model
            #(#steps)*
            #constants
            const _: () = ::core::assert!(
                #rt::INTERFACE == #interface,
                "this module was generated for another version of tinybake; generate it again"
            );
        };
        Emitted { items, header: header::lines(plan), blob }
    }
}
