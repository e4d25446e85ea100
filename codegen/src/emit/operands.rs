//! The tensors of a step as variables: `a`, `b` to read and `y` to write.

use super::constants;
use super::literal::number;
use super::names::ident;
use crate::ir::DType;
use crate::lower::Operand;
use crate::plan::{Place, Plan, PlannedStep};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// Variables bound, and the expressions that name the operands.
pub(super) struct Operands {
    /// `let` statements.
    pub(super) bindings: TokenStream,
    /// One expression a read; the operand worked on in place has none that may be used.
    pub(super) reads: Vec<TokenStream>,
    /// The variable that is written.
    pub(super) write: Ident,
}

/// Binds the given reads and one write of a step.
pub(super) fn bind(plan: &Plan, planned: &PlannedStep, reads: &[usize], write: usize, rt: &TokenStream) -> Operands {
    let bytes_of = plan.arena_dtype.size();
    let size = number(plan.arena_bytes / bytes_of);
    let write_place = planned.writes[write];
    let mut bindings = TokenStream::new();
    let mut expressions = Vec::with_capacity(reads.len());
    let mut in_arena: Vec<(Place, DType, Ident)> = Vec::new();
    for (position, &index) in reads.iter().enumerate() {
        let variable = format_ident!("{}", ["a", "b"].get(position).copied().unwrap_or("c"));
        match (&planned.step.reads[index], planned.reads[index]) {
            (Operand::Constant(id), _) => expressions.push(constants::read(plan, *id, rt)),
            (Operand::Activation(_), Some(place)) if planned.in_place == Some(index) => {
                expressions.push(quote!());
                debug_assert_eq!(place, write_place);
            }
            (Operand::Activation(_), Some(Place::Field { index })) => {
                let field = field(index);
                expressions.push(quote!(&model.#field.0));
            }
            (Operand::Activation(id), Some(place @ Place::Arena { .. })) => {
                match in_arena.iter().find(|(known, ..)| *known == place) {
                    Some((.., known)) => expressions.push(quote!(#known)),
                    None => {
                        expressions.push(quote!(#variable));
                        in_arena.push((place, plan.dtype(*id), variable));
                    }
                }
            }
            (Operand::Activation(_), None) => expressions.push(quote!()),
        }
    }
    let region = |place: Place| match place {
        Place::Arena { offset, bytes } => {
            let (offset, length) = (number(offset / bytes_of), number(bytes / bytes_of));
            quote!(#offset, #length)
        }
        Place::Field { .. } => quote!(),
    };
    let y = ident("y");
    let written = plan.dtype(planned.step.writes[write]);
    let own = |dtype: DType| dtype == plan.arena_dtype;
    match write_place {
        Place::Arena { .. } => {
            let out = region(write_place);
            bindings.extend(match in_arena.as_slice() {
                [] if own(written) => quote!(let #y = #rt::tensor_mut::<_, #out, #size>(&mut model.arena.0);),
                [] => {
                    let out = view(write_place, written);
                    let element = element(written);
                    quote!(let #y = #rt::view_mut::<_, #element, #out, #size>(&mut model.arena);)
                }
                [(place, dtype, a)] if own(*dtype) && own(written) => {
                    let place = region(*place);
                    quote!(let (#a, #y) = #rt::tensors::<_, #place, #out, #size>(&mut model.arena.0);)
                }
                [(place, dtype, a)] => {
                    let (place, out) = (view(*place, *dtype), view(write_place, written));
                    let (read, write) = (element(*dtype), element(written));
                    quote!(let (#a, #y) = #rt::views::<_, #read, #write, #place, #out, #size>(&mut model.arena);)
                }
                [(first, dtype, a), (second, _, b), ..] if !own(*dtype) => {
                    // What kernels of two operands read and write is of one type.
                    let (first, second, out) = (view(*first, *dtype), view(*second, *dtype), view(write_place, *dtype));
                    let element = element(*dtype);
                    quote!(let (#a, #b, #y) = #rt::views3::<_, #element, #first, #second, #out, #size>(&mut model.arena);)
                }
                [(first, _, a), (second, _, b), ..] => {
                    let (first, second) = (region(*first), region(*second));
                    quote!(let (#a, #b, #y) = #rt::tensors3::<_, #first, #second, #out, #size>(&mut model.arena.0);)
                }
            });
        }
        Place::Field { index } => {
            let field = field(index);
            for (place, dtype, variable) in &in_arena {
                let (place, element) = (view(*place, *dtype), element(*dtype));
                bindings.extend(quote!(let #variable = #rt::view::<_, #element, #place, #size>(&model.arena);));
            }
            bindings.extend(quote!(let #y = &mut model.#field.0;));
        }
    }
    Operands { bindings, reads: expressions, write: y }
}

/// The first byte of a place in the arena and its number of elements, as views take them.
pub(super) fn view(place: Place, dtype: DType) -> TokenStream {
    match place {
        Place::Arena { offset, bytes } => {
            let (offset, length) = (number(offset), number(bytes / dtype.size()));
            quote!(#offset, #length)
        }
        Place::Field { .. } => quote!(),
    }
}

/// The Rust type of an element.
pub(super) fn element(dtype: DType) -> Ident {
    ident(match dtype {
        DType::I8 => "i8",
        DType::U8 => "u8",
        DType::I16 => "i16",
        DType::I32 => "i32",
        DType::I64 => "i64",
        DType::F32 => "f32",
        DType::Bool => "bool",
    })
}

/// The struct's field of a buffer outside the arena.
pub(super) fn field(index: usize) -> Ident {
    format_ident!("buffer{index}")
}
