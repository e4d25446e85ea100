//! The tensors of a step as variables: `a`, `b` to read and `y` to write.

use super::constants;
use super::literal::number;
use super::names::ident;
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
    let element = plan.arena_dtype.size();
    let size = number(plan.arena_bytes / element);
    let write_place = planned.writes[write];
    let mut bindings = TokenStream::new();
    let mut expressions = Vec::with_capacity(reads.len());
    let mut in_arena: Vec<(Place, Ident)> = Vec::new();
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
            (Operand::Activation(_), Some(place @ Place::Arena { .. })) => {
                match in_arena.iter().find(|(known, _)| *known == place) {
                    Some((_, known)) => expressions.push(quote!(#known)),
                    None => {
                        expressions.push(quote!(#variable));
                        in_arena.push((place, variable));
                    }
                }
            }
            (Operand::Activation(_), None) => expressions.push(quote!()),
        }
    }
    let region = |place: Place| match place {
        Place::Arena { offset, bytes } => {
            let (offset, length) = (number(offset / element), number(bytes / element));
            quote!(#offset, #length)
        }
        Place::Field { .. } => quote!(),
    };
    let y = ident("y");
    match write_place {
        Place::Arena { .. } => {
            let out = region(write_place);
            bindings.extend(match in_arena.as_slice() {
                [] => quote!(let #y = #rt::tensor_mut::<_, #out, #size>(&mut model.arena.0);),
                [(place, a)] => {
                    let place = region(*place);
                    quote!(let (#a, #y) = #rt::tensors::<_, #place, #out, #size>(&mut model.arena.0);)
                }
                [(first, a), (second, b), ..] => {
                    let (first, second) = (region(*first), region(*second));
                    quote!(let (#a, #b, #y) = #rt::tensors3::<_, #first, #second, #out, #size>(&mut model.arena.0);)
                }
            });
        }
        Place::Field { index } => {
            let field = field(index);
            for (place, variable) in &in_arena {
                let place = region(*place);
                bindings.extend(quote!(let #variable = #rt::tensor::<_, #place, #size>(&model.arena.0);));
            }
            bindings.extend(quote!(let #y = &mut model.#field.0;));
        }
    }
    Operands { bindings, reads: expressions, write: y }
}

/// The struct's field of a buffer outside the arena.
pub(super) fn field(index: usize) -> Ident {
    format_ident!("buffer{index}")
}
