//! The `Model` struct of a generated module: its memory, its inputs and outputs, and the run through all steps.

use super::literal::{float, number, signed};
use super::names::{Namer, camel_case, escaped, ident, quoted};
use super::operands::{element, field, view};
use super::step;
use crate::ir::DType;
use crate::options::Optimize;
use crate::plan::{Place, Plan, PlannedStep, Port};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::collections::{BTreeMap, BTreeSet};

/// How code that is written for one plan reaches its inputs and outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accessors {
    /// The method that gives `&mut` each input, in order.
    pub inputs: Vec<String>,
    /// The method that gives `&` each output, in order.
    pub outputs: Vec<String>,
    /// The constant that tells of each output, in order.
    pub output_infos: Vec<String>,
}

/// The methods of the generated `Model`.
pub fn accessors(plan: &Plan) -> Accessors {
    let names = |ports: &[Named]| ports.iter().map(|port| port.method.to_string()).collect();
    let outputs = outputs(plan);
    let output_infos = outputs.iter().map(|port| port.info.to_string()).collect();
    Accessors { inputs: names(&inputs(plan)), outputs: names(&outputs), output_infos }
}

/// A port with the names of everything that is written for it.
struct Named<'a> {
    port: &'a Port,
    /// `input_mut` or `left_mut`; `output` or `scores`.
    method: Ident,
    /// The argument of `infer`.
    argument: Ident,
    /// `Input` or `LeftInput`.
    alias: Ident,
    /// `INPUT` or `LEFT_INPUT`.
    info: Ident,
}

fn inputs(plan: &Plan) -> Vec<Named<'_>> {
    let mut namer = Namer::default();
    named(&plan.inputs, &mut namer, "input", "_mut")
}

fn outputs(plan: &Plan) -> Vec<Named<'_>> {
    let mut namer = Namer::default();
    named(&plan.outputs, &mut namer, "output", "")
}

fn named<'a>(ports: &'a [Port], namer: &mut Namer, role: &str, suffix: &str) -> Vec<Named<'a>> {
    let one = ports.len() == 1;
    let name = |port: &'a Port, namer: &mut Namer| if one { role.to_string() } else { namer.name(&port.name) };
    ports
        .iter()
        .map(|port| {
            let name = name(port, namer);
            let role = camel_case(role);
            let (alias, info) = if one { (role, name.clone()) } else { (camel_case(&name) + &role, format!("{name}_{role}")) };
            // Methods of outputs and inputs share one namespace with `Model`'s own; an input's ends in `_mut`.
            let method = if one || !suffix.is_empty() { format!("{name}{suffix}") } else { format!("{name}_output") };
            Named {
                port,
                method: ident(&method),
                argument: ident(&escaped(name)),
                alias: ident(&alias),
                info: ident(&info.to_ascii_uppercase()),
            }
        })
        .collect()
}

/// Types, constants, the struct, its functions, and the trait.
pub(super) fn model(plan: &Plan, crate_path: &TokenStream, rt: &TokenStream) -> TokenStream {
    let (inputs, outputs) = (inputs(plan), outputs(plan));
    let facts = facts(plan, &inputs, &outputs, crate_path, rt);
    let structure = structure(plan, rt);
    let functions = functions(plan, &inputs, &outputs, rt);
    let implementation = implementation(&inputs, &outputs, crate_path);
    let placed = plan.options.placement.arena.as_ref().map(|section| {
        let name = section.name();
        quote!(#crate_path::place_model!(#name);)
    });
    quote!(#facts #structure #functions #implementation #placed)
}

/// Type aliases and constants.
fn facts(plan: &Plan, inputs: &[Named], outputs: &[Named], crate_path: &TokenStream, rt: &TokenStream) -> TokenStream {
    let ports =
        inputs.iter().map(|port| ("input", port)).chain(outputs.iter().map(|port| ("output", port))).map(|(role, named)| {
            let Named { port, alias, info, .. } = named;
            let (element, count) = (element(port.dtype), number(port.elements()));
            let (name, shape) = (&port.name, port.shape.iter().map(|&dim| number(dim)));
            let shown = quoted(name);
            let (dtype, scale, zero_point) = (dtype(port.dtype), float(port.scale), signed(port.zero_point.into()));
            let (alias_doc, info_doc) = (
                format!(" The {role} {shown}, row-major {:?}.", port.shape),
                format!(" Name, shape, type and quantization of the {role} {shown}."),
            );
            quote! {
                #[doc = #alias_doc]
                pub type #alias = [#element; #count];
                #[doc = #info_doc]
                pub const #info: #crate_path::TensorInfo =
                    #crate_path::TensorInfo::new(#name, &[#(#shape),*], #crate_path::DType::#dtype, #scale, #zero_point);
            }
        });
    let (weights, ram) = (number(plan.weight_bytes()), number(plan.ram_bytes()));
    let stack = stack(plan, rt);
    let macs = proc_macro2::Literal::u64_unsuffixed(plan.macs);
    let (sha256, reference) = (super::header::hex(&plan.source_sha256), plan.options.reference().name());
    quote! {
        #(#ports)*
        /// Bytes of weights, biases, multipliers and tables in flash.
        pub const WEIGHT_BYTES: usize = #weights;
        /// Bytes of RAM: the size of [`Model`]. [`STACK_BYTES`] come on top.
        pub const RAM_BYTES: usize = #ram;
        /// Bytes of stack that [`Model::run`] takes at most in an optimized build, on the core that this is compiled for.
        #[allow(dead_code)]
        pub const STACK_BYTES: usize = #stack;
        /// Multiply-accumulates of one inference.
        pub const MACS: u64 = #macs;
        /// SHA-256 of the model file that this module was generated from.
        #[allow(dead_code)]
        pub const SOURCE_SHA256: &str = #sha256;
        /// The engine whose outputs this module equals to the bit.
        #[allow(dead_code)]
        pub const REFERENCE: &str = #reference;
    }
}

/// The bound of the stack: that of the deepest kernel, which only the compiler of the module knows, since it knows the core.
fn stack(plan: &Plan, rt: &TokenStream) -> TokenStream {
    let row = |name: &str| ident(&name.to_ascii_uppercase());
    let (lent, plain): (Vec<&PlannedStep>, Vec<&PlannedStep>) = plan.steps.iter().partition(|step| step.lent_bytes() > 0);
    let plain: BTreeSet<&str> = plain.into_iter().map(PlannedStep::frames).collect();
    let mut most = BTreeMap::new();
    for step in lent {
        let bytes = most.entry(step.frames()).or_insert(0);
        *bytes = step.lent_bytes().max(*bytes);
    }
    let plain = plain.into_iter().map(row);
    let (lent, bytes): (Vec<Ident>, Vec<_>) = most.into_iter().map(|(name, bytes)| (row(name), number(bytes))).unzip();
    let size = plan.options.optimize == Optimize::Size;
    quote!(#rt::stack::deepest(#size, &[#(#rt::stack::#plain),*], &[#((#rt::stack::#lent, #bytes)),*]))
}

fn structure(plan: &Plan, rt: &TokenStream) -> TokenStream {
    let (arena, arena_element) = (number(plan.arena_bytes / plan.arena_dtype.size()), element(plan.arena_dtype));
    let names: Vec<Ident> = (0..plan.fields.len()).map(field).collect();
    let types = plan.fields.iter().map(|field| {
        let (element, count) = (element(field.dtype), number(field.elements));
        quote!([#element; #count])
    });
    let zeros = plan.fields.iter().map(|field| {
        let (zero, count) = (zero(field.dtype), number(field.elements));
        quote!([#zero; #count])
    });
    quote! {
        /// The network and all the memory that it works in.
        pub struct Model {
            arena: #rt::Aligned<[#arena_element; #arena]>,
            #(#names: #rt::Aligned<#types>,)*
        }
        const _: () = ::core::assert!(::core::mem::size_of::<Model>() == RAM_BYTES);
        impl Model {
            /// A model before its first inference: all zero bytes, so that a static of it lies in `.bss`.
            pub const fn new() -> Self {
                Self { arena: #rt::Aligned([0; #arena]), #(#names: #rt::Aligned(#zeros),)* }
            }
        }
        impl ::core::default::Default for Model {
            fn default() -> Self {
                Self::new()
            }
        }
    }
}

fn functions(plan: &Plan, inputs: &[Named], outputs: &[Named], rt: &TokenStream) -> TokenStream {
    let accessors = inputs.iter().map(|Named { port, method, alias, .. }| {
        let doc =
            format!(" The input {}, to be filled before every [`Self::run`]: the run reuses its memory.", quoted(&port.name));
        let place = place(plan, port, rt, true);
        quote!(#[doc = #doc] #[inline] pub fn #method(&mut self) -> &mut #alias { #place })
    });
    let readers = outputs.iter().map(|Named { port, method, alias, .. }| {
        let doc = format!(" The output {} of the last run.", quoted(&port.name));
        let place = place(plan, port, rt, false);
        quote!(#[doc = #doc] #[inline] pub fn #method(&self) -> &#alias { #place })
    });
    let steps = plan.steps.iter().enumerate().filter_map(|(index, planned)| step::name(index, planned));
    let (methods, aliases): (Vec<_>, Vec<_>) = outputs.iter().map(|named| (&named.method, &named.alias)).unzip();
    let (result_type, result) = match outputs {
        [one] => {
            let (alias, method) = (&one.alias, &one.method);
            (quote!(&#alias), quote!(self.#method()))
        }
        _ => (quote!((#(&#aliases),*)), quote!((#(self.#methods()),*))),
    };
    let (arguments, input_aliases): (Vec<_>, Vec<_>) = inputs.iter().map(|named| (&named.argument, &named.alias)).unzip();
    let fillers = inputs.iter().map(|named| &named.method);
    let infer = if inputs.len() == 1 && outputs.len() == 1 {
        quote!(pub fn infer(&mut self, #(#arguments: &#input_aliases),*) -> #result_type)
    } else {
        quote!(#[allow(clippy::too_many_arguments, clippy::type_complexity)] pub fn infer(&mut self, #(#arguments: &#input_aliases),*) -> #result_type)
    };
    quote! {
        impl Model {
            #(#accessors)*
            #(#readers)*
            /// Computes the outputs from what the inputs hold. It cannot fail, and it allocates nothing.
            #[allow(clippy::type_complexity)]
            pub fn run(&mut self) -> #result_type {
                #(#steps(self);)*
                #result
            }
            /// Copies the inputs in and runs.
            #infer {
                #(*self.#fillers() = *#arguments;)*
                self.run()
            }
        }
    }
}

/// The trait, for code that is generic over models.
fn implementation(inputs: &[Named], outputs: &[Named], crate_path: &TokenStream) -> TokenStream {
    let list = |named: &[Named]| {
        let aliases: Vec<_> = named.iter().map(|named| named.alias.clone()).collect();
        match aliases.as_slice() {
            [one] => quote!(&'a #one),
            _ => quote!((#(&'a #aliases),*)),
        }
    };
    let (input_type, output_type) = (list(inputs), list(outputs));
    let infos = |named: &[Named]| named.iter().map(|named| named.info.clone()).collect::<Vec<_>>();
    let (input_infos, output_infos) = (infos(inputs), infos(outputs));
    let call = match inputs {
        [_] => quote!(Model::infer(self, inputs)),
        several => {
            let arguments: Vec<Ident> = (0..several.len()).map(|index| format_ident!("input{index}")).collect();
            quote!({ let (#(#arguments),*) = inputs; Model::infer(self, #(#arguments),*) })
        }
    };
    quote! {
        impl #crate_path::Model for Model {
            type Inputs<'a> = #input_type;
            type Outputs<'a> = #output_type;
            const INPUTS: &'static [#crate_path::TensorInfo] = &[#(#input_infos),*];
            const OUTPUTS: &'static [#crate_path::TensorInfo] = &[#(#output_infos),*];
            const RAM_BYTES: usize = RAM_BYTES;
            const WEIGHT_BYTES: usize = WEIGHT_BYTES;
            const MACS: u64 = MACS;
            const NEW: Self = Self::new();
            fn infer<'a>(&'a mut self, inputs: Self::Inputs<'_>) -> Self::Outputs<'a> {
                #call
            }
        }
    }
}

/// The expression of a port's memory.
fn place(plan: &Plan, port: &Port, rt: &TokenStream, mutable: bool) -> TokenStream {
    let bytes_of = plan.arena_dtype.size();
    let size = number(plan.arena_bytes / bytes_of);
    match (port.place, mutable) {
        (Place::Arena { .. }, _) if port.dtype != plan.arena_dtype => {
            let (place, element) = (view(port.place, port.dtype), element(port.dtype));
            if mutable {
                quote!(#rt::view_mut::<_, #element, #place, #size>(&mut self.arena))
            } else {
                quote!(#rt::view::<_, #element, #place, #size>(&self.arena))
            }
        }
        (Place::Arena { offset, bytes }, _) => {
            let (offset, length) = (number(offset / bytes_of), number(bytes / bytes_of));
            if mutable {
                quote!(#rt::tensor_mut::<_, #offset, #length, #size>(&mut self.arena.0))
            } else {
                quote!(#rt::tensor::<_, #offset, #length, #size>(&self.arena.0))
            }
        }
        (Place::Field { index }, true) => {
            let field = field(index);
            quote!(&mut self.#field.0)
        }
        (Place::Field { index }, false) => {
            let field = field(index);
            quote!(&self.#field.0)
        }
    }
}

fn zero(dtype: DType) -> TokenStream {
    match dtype {
        DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 => quote!(0),
        DType::F32 => quote!(0.0),
        DType::Bool => quote!(false),
    }
}

/// The variant of the runtime's `DType`.
fn dtype(dtype: DType) -> Ident {
    ident(match dtype {
        DType::I8 => "I8",
        DType::U8 => "U8",
        DType::I16 => "I16",
        DType::I32 => "I32",
        DType::I64 => "I64",
        DType::F32 => "F32",
        DType::Bool => "Bool",
    })
}
