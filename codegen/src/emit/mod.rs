//! Writes the Rust of a plan, and nothing else; cannot fail.
//!
//! The module that comes out is `no_std`, has no `unsafe` but the attributes of link sections that a user asks for, uses absolute
//! paths only, and is the same for the same plan.

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

pub use model::{Accessors, accessors};
pub use names::snake_case;

use crate::plan::Plan;
use proc_macro2::TokenStream;
use quote::quote;

/// A file that generated code includes, beside the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Blob {
    /// Its name, without a folder.
    pub file: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// How constants are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blobs {
    /// All as byte strings in the source.
    Inline,
    /// Those of at least this many bytes in files beside the source.
    Beside {
        /// The least size of a file.
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
    /// Files that the items include.
    pub blobs: Vec<Blob>,
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
        let (constants, blobs) = constants::constants(plan, &rt, self.blobs);
        let model = model::model(plan, &self.crate_path, &rt);
        let steps = plan.steps.iter().enumerate().map(|(index, planned)| step::function(plan, index, planned, &rt));
        let interface = tinybake_runtime::generated::INTERFACE;
        let items = quote! {
            #model
            #(#steps)*
            #(#constants)*
            const _: () = ::core::assert!(
                #rt::INTERFACE == #interface,
                "this module was generated for another version of tinybake; generate it again"
            );
        };
        Emitted { items, header: header::lines(plan), blobs }
    }
}
