//! The call of a kernel: its path, its parameters, its operands.

use super::literal::{float, number, params, signed};
use super::operands::{bind, element};
use super::{constants, literal};
use crate::ir::{DType, Data};
use crate::lower::{BinaryFn, ConstId, Kernel, Operand, Piece, Requantizer, Weights};
use crate::plan::{Form, Place, Plan, PlannedStep};
use core::fmt::Debug;
use proc_macro2::TokenStream;
use quote::quote;

/// The statements of a step in shared or specialized form.
pub(super) fn calls(plan: &Plan, planned: &PlannedStep, rt: &TokenStream) -> TokenStream {
    let call = Call { plan, planned, rt };
    let shared = call.shared();
    let constant = |id: ConstId| constants::read(plan, id, rt);
    match &planned.step.kernel {
        Kernel::Conv2d { params, weights } => call.layer("conv2d", params, weights),
        Kernel::DepthwiseConv2d { params, weights } => call.layer("depthwise_conv2d", params, weights),
        Kernel::FullyConnected { params, weights } => call.layer("fully_connected", params, weights),
        Kernel::TransposeConv { params, weights } => call.layer("transpose_conv", params, weights),
        Kernel::AveragePool2d(params) => call.simple(quote!(average_pool2d #shared::average_pool2d), params),
        Kernel::AveragePoolReals(params) => call.simple(quote!(average_pool_reals #shared::average_pool_reals), params),
        Kernel::MaxPool2d(params) => call.simple(quote!(max_pool2d #shared::max_pool2d), params),
        Kernel::Softmax(params) => call.in_place_or_not(quote!(softmax #shared), "softmax", &literal::params(params)),
        Kernel::SoftmaxF32 { params, table } => {
            let (params, table) = (literal::params(params), constant(*table));
            call.one(quote!(softmax #shared::softmax_f32), &quote!(&#params, #table))
        }
        Kernel::SoftmaxReals { params, output } => {
            let (params, output) = (literal::params(params), literal::params(output));
            call.one(quote!(softmax_reals #shared::softmax_reals), &quote!(&#params, &#output))
        }
        Kernel::Lut(table) => call.lut(constant(*table)),
        Kernel::Binary { function, broadcast } => call.binary(binary_fn(function), broadcast.as_ref().map(literal::params)),
        Kernel::Mean { shape, params: mean } => {
            let (shape, mean) = (params(shape), params(mean));
            call.one(quote!(reduce #shared::mean), &quote!(&#shape, &#mean))
        }
        Kernel::MeanReal { shape, params: mean } => {
            let (shape, mean) = (params(shape), params(mean));
            call.one(quote!(reduce #shared::mean_real), &quote!(&#shape, &#mean))
        }
        Kernel::ReduceMax(shape) => call.simple(quote!(reduce #shared::reduce_max), shape),
        Kernel::ArgMax(params) => call.simple(quote!(arg_max #shared::arg_max), params),
        Kernel::Copy { fill, pieces } => call.copies(*fill, pieces),
        Kernel::MirrorPad(params) => call.simple(quote!(mirror_pad #shared::mirror_pad), params),
        Kernel::ResizeNearestNeighbor { params, rows, columns } => {
            let (params, rows, columns) = (literal::params(params), call.indices(*rows), call.indices(*columns));
            call.one(quote!(resize #shared::nearest_neighbor), &quote!(&#params, #rows, #columns))
        }
        Kernel::ResizeBilinear { params, rows, columns } => {
            let (params, rows, columns) = (literal::params(params), call.taps(*rows), call.taps(*columns));
            call.one(quote!(resize #shared::bilinear), &quote!(&#params, #rows, #columns))
        }
        Kernel::Quantize(params) => call.change_type("quantize", params),
        Kernel::QuantizeToEven(params) => call.change_type("quantize_to_even", params),
        Kernel::QuantizeByInverse(params) => call.change_type("quantize_by_inverse", params),
        Kernel::Dequantize(params) => call.change_type("dequantize", params),
        Kernel::Requantize(params) => call.simple(quote!(quantize #shared::requantize), params),
        Kernel::Int16(kernel) => call.of_int16(kernel),
        Kernel::View => TokenStream::new(),
    }
}

/// A step whose call is being written.
pub(super) struct Call<'a> {
    pub(super) plan: &'a Plan,
    pub(super) planned: &'a PlannedStep,
    pub(super) rt: &'a TokenStream,
}

impl Call<'_> {
    /// The module between the kernel's file and its function: that of the outlined copies, or none.
    pub(super) fn shared(&self) -> TokenStream {
        match self.planned.form {
            Form::Shared => quote!(::shared),
            Form::Specialized
            | Form::Packed(_)
            | Form::Blocked(_)
            | Form::Sparse(_)
            | Form::SparseLanes(_)
            | Form::SparsePairs(_)
            | Form::Palettized(_)
            | Form::Unrolled => {
                quote!()
            }
        }
    }

    /// `path(arguments, a, y)` for one read and one write.
    fn one(&self, path: TokenStream, arguments: &TokenStream) -> TokenStream {
        let rt = self.rt;
        let operands = bind(self.plan, self.planned, &[0], 0, rt);
        let (bindings, a, y) = (&operands.bindings, &operands.reads[0], &operands.write);
        let scope = self.scope();
        quote!(#scope #bindings #rt::kernels::#path(#arguments, #a, #y);)
    }

    /// A kernel of no weights.
    pub(super) fn simple(&self, path: TokenStream, value: &impl Debug) -> TokenStream {
        let value = params(value);
        if self.planned.over_input {
            return self.over_input(&path, &value, &quote!());
        }
        self.one(path, &quote!(&#value))
    }

    /// Float32 to integers or back, in the memory of the input or apart from it.
    fn change_type(&self, name: &str, value: &impl Debug) -> TokenStream {
        let (rt, shared, scope) = (self.rt, self.shared(), self.scope());
        let (true, Some(&Some(Place::Arena { offset, bytes: read })), Some(&Place::Arena { offset: _, bytes: written })) =
            (self.planned.in_place.is_some(), self.planned.reads.first(), self.planned.writes.first())
        else {
            let name = super::names::ident(name);
            return self.simple(quote!(quantize #shared::#name), value);
        };
        let ids = self.planned.step.reads.iter().filter_map(|read| match read {
            Operand::Activation(id) => Some(*id),
            Operand::Constant(_) => None,
        });
        let mut dtypes = ids.chain(self.planned.step.writes.iter().copied()).map(|id| self.plan.dtype(id));
        let integers = dtypes.find(|&dtype| dtype != DType::F32).map(element);
        let int8 = ["quantize_to_even", "quantize_by_inverse"].contains(&name);
        let generic = integers.filter(|_| !int8).map(|element| quote!(::<#element>));
        let name = super::names::ident(&format!("{name}_in_place"));
        let size = number(self.plan.arena_bytes / self.plan.arena_dtype.size());
        let (offset, bytes, value) = (number(offset), number(read.max(written)), params(value));
        quote! {
            #scope
            let y = #rt::view_mut::<_, u8, #offset, #bytes, #size>(&mut model.arena);
            #rt::kernels::quantize #shared::#name #generic(&#value, y);
        }
    }

    /// Brings the names of parameter types into scope.
    pub(super) fn scope(&self) -> TokenStream {
        let rt = self.rt;
        if let Kernel::Int16(_) = self.planned.step.kernel {
            return quote!(#[allow(unused_imports)] use #rt::kernels::int16::*;);
        }
        quote!(#[allow(unused_imports)] use #rt::params::*;)
    }

    fn layer(&self, name: &str, shape: &impl Debug, weights: &Weights) -> TokenStream {
        let (rt, name) = (self.rt, super::names::ident(name));
        let shape = params(shape);
        let (path, weights, lent) = match self.planned.form {
            Form::Blocked(stream) => {
                let stream = constants::stream(stream, rt);
                (quote!(blocked::#name), quote!(#stream,), quote!())
            }
            Form::Sparse(sparse) => {
                let (window, requantize) = (literal::number(sparse.window), self.requantizer(&weights.requantizer));
                let (filter, bias) = (constants::name(sparse.filter), constants::read(self.plan, weights.bias, rt));
                let filter = quote!(const { #rt::kernels::sparse::Sparse::new(&#filter.0) });
                let lent = quote!(let mut lent = [#rt::kernels::sparse::Four::ZERO; #window];);
                (quote!(sparse::#name), quote!(#filter, #bias, #requantize, &mut lent,), lent)
            }
            Form::Palettized(palettized) => {
                let (bits, requantize) = (literal::number(palettized.bits as usize), self.requantizer(&weights.requantizer));
                let (filter, bias) = (constants::name(palettized.filter), constants::read(self.plan, weights.bias, rt));
                let filter = quote!(const { #rt::kernels::palettized::Palette::new(#bits, &#filter.0) });
                (quote!(palettized::#name), quote!(#filter, #bias, #requantize,), quote!())
            }
            Form::SparseLanes(packed) => {
                let words = literal::number(packed.words);
                let (filter, scales) = (constants::name(packed.filter), constants::read(self.plan, packed.scales, rt));
                let filter = quote!(const { #rt::kernels::sparse_lanes::Nonzero::new(&#filter) });
                (quote!(sparse_lanes::#name), quote!(#filter, #scales, &mut lent,), quote!(let mut lent = [0; #words];))
            }
            Form::SparsePairs(packed) => {
                let words = literal::number(packed.words);
                let (filter, scales) = (constants::name(packed.filter), constants::read(self.plan, packed.scales, rt));
                let filter = quote!(const { #rt::kernels::sparse_pairs::Pairs::new(&#filter) });
                (quote!(sparse_pairs::#name), quote!(#filter, #scales, &mut lent,), quote!(let mut lent = [0; #words];))
            }
            Form::Packed(packed) => {
                let (module, words) = (super::names::ident(packed.module), literal::number(packed.words));
                let scales = constants::read(self.plan, packed.scales, rt);
                let filter = match packed.channels {
                    Some(words) => {
                        let (filter, words) = (constants::name(packed.filter), literal::number(words));
                        quote!(const { #rt::kernels::#module::Channels::<#words>::new(&#filter.0) })
                    }
                    None => constants::read(self.plan, packed.filter, rt),
                };
                let (path, weights) = (quote!(#module::#name), quote!(#filter, #scales, &mut lent,));
                let lent = quote!(let mut lent = [0; #words];);
                if self.planned.by_channels {
                    return self.by_channels(&path, &shape, &quote!(::core::option::Option::None, #weights), &lent);
                }
                (path, weights, lent)
            }
            Form::Shared | Form::Specialized | Form::Unrolled => {
                let (shared, requantize) = (self.shared(), self.requantizer(&weights.requantizer));
                let (filter, bias) =
                    (constants::read(self.plan, weights.filter, rt), constants::read(self.plan, weights.bias, rt));
                (quote!(#name #shared::#name), quote!(#filter, #bias, #requantize,), quote!())
            }
        };
        if self.planned.over_input {
            let bands = self.over_input(&path, &shape, &weights);
            return quote!(#lent #bands);
        }
        let operands = bind(self.plan, self.planned, &[0], 0, rt);
        let (bindings, a, y, scope) = (&operands.bindings, &operands.reads[0], &operands.write, self.scope());
        let a = self.input(a);
        quote!(#scope #bindings #lent #rt::kernels::#path(&#shape, #a, #weights #y);)
    }

    /// The input as the kernel of the step's form takes it: those that can work in its place take none then.
    fn input(&self, a: &TokenStream) -> TokenStream {
        match (self.planned.form, &self.planned.step.kernel) {
            (Form::Packed(_), Kernel::DepthwiseConv2d { .. }) => quote!(::core::option::Option::Some(#a)),
            _ => a.clone(),
        }
    }

    /// A step whose output begins where its input does, `arguments` being those between the shape and the output.
    fn by_channels(&self, path: &TokenStream, shape: &TokenStream, arguments: &TokenStream, lent: &TokenStream) -> TokenStream {
        let (rt, scope) = (self.rt, self.scope());
        let (Some(&Some(Place::Arena { offset, bytes: read })), Some(&Place::Arena { offset: _, bytes: written })) =
            (self.planned.reads.first(), self.planned.writes.first())
        else {
            return quote!(compile_error!("only the arena can be shared"));
        };
        let (offset, bytes, size) = (number(offset), number(read.max(written)), number(self.plan.arena_bytes));
        let kind = shape.clone().into_iter().next();
        quote! {
            #scope
            const P: #kind = #shape;
            const { assert!(P.rows().in_place(), "an output lies over input rows that are needed") }
            let y = #rt::tensor_mut::<_, #offset, #bytes, #size>(&mut model.arena.0);
            #lent
            #rt::kernels::#path(&P, #arguments y);
        }
    }

    /// A step whose output lies over its input: the runtime calls the kernel for bands of rows.
    pub(super) fn over_input(&self, path: &TokenStream, shape: &TokenStream, weights: &TokenStream) -> TokenStream {
        let (rt, scope) = (self.rt, self.scope());
        let (Some(&Some(Place::Arena { offset: from, .. })), Some(&Place::Arena { offset: to, .. })) =
            (self.planned.reads.first(), self.planned.writes.first())
        else {
            return quote!(compile_error!("only the arena can be shared"));
        };
        let element = self.plan.arena_dtype.size();
        let (from, to) = (number(from / element), number(to / element));
        // The first token of a struct's literal is its type.
        let kind = shape.clone().into_iter().next();
        let a = self.input(&quote!(a));
        quote! {
            #scope
            const P: #kind = #shape;
            const ROWS: Overlapping = P.rows().at(#from, #to);
            let mut left = ROWS.all();
            while let ::core::option::Option::Some((band, a, y)) = ROWS.next(&mut left, &mut model.arena.0) {
                #rt::kernels::#path(&P.of_band(&band), #a, #weights y);
            }
        }
    }

    fn requantizer(&self, requantizer: &Requantizer) -> TokenStream {
        let rt = self.rt;
        let constant = |id: ConstId| constants::read(self.plan, id, rt);
        let rule = |rule: TokenStream, bounded: bool| if bounded { quote!(#rt::Bounded(#rule)) } else { rule };
        match requantizer {
            Requantizer::Multiplier(multiplier) => rule(params(multiplier), self.planned.step.bounded && multiplier.shift < 0),
            Requantizer::PerChannel { multipliers, shifts } => {
                let right = self.plan.constants[shifts.0 as usize]
                    .data
                    .as_i8()
                    .is_some_and(|shifts| shifts.iter().all(|&shift| shift < 0));
                let (multipliers, shifts) = (constant(*multipliers), constant(*shifts));
                let per_channel = quote!(#rt::PerChannel { multipliers: #multipliers, shifts: #shifts });
                rule(per_channel, self.planned.step.bounded && right)
            }
            Requantizer::Once(multiplier) => {
                let multiplier = params(multiplier);
                quote!(#rt::Once(#multiplier))
            }
            Requantizer::OncePerChannel { multipliers, shifts } => {
                let (multipliers, shifts) = (constant(*multipliers), constant(*shifts));
                quote!(#rt::Once(#rt::PerChannel { multipliers: #multipliers, shifts: #shifts }))
            }
            Requantizer::Rint(scale) => {
                let scale = float(*scale);
                quote!(#rt::Rint { scale: #scale })
            }
            Requantizer::RintPerChannel(scales) => {
                let scales = constant(*scales);
                quote!(#rt::RintPerChannel { scales: #scales })
            }
            Requantizer::Offset { multipliers, shifts, offsets } => {
                let [multipliers, shifts, offsets] = [*multipliers, *shifts, *offsets].map(constant);
                quote!(#rt::Offset { multipliers: #multipliers, shifts: #shifts, offsets: #offsets })
            }
            Requantizer::RintAdded { scales, addends } => {
                let (scales, addends) = (constant(*scales), constant(*addends));
                quote!(#rt::RintAdded { scales: #scales, addends: #addends })
            }
        }
    }

    fn lut(&self, table: TokenStream) -> TokenStream {
        let (rt, shared) = (self.rt, self.shared());
        let operands = bind(self.plan, self.planned, &[0], 0, rt);
        let (bindings, a, y) = (&operands.bindings, &operands.reads[0], &operands.write);
        match self.planned.in_place {
            Some(_) => quote!(#bindings #rt::kernels::lut #shared::lut_in_place(#table, #y);),
            None => quote!(#bindings #rt::kernels::lut #shared::lut(#table, #a, #y);),
        }
    }

    pub(super) fn in_place_or_not(&self, module: TokenStream, function: &str, params: &TokenStream) -> TokenStream {
        let rt = self.rt;
        let operands = bind(self.plan, self.planned, &[0], 0, rt);
        let (bindings, a, y, scope) = (&operands.bindings, &operands.reads[0], &operands.write, self.scope());
        let (plain, in_place) = (super::names::ident(function), super::names::ident(&format!("{function}_in_place")));
        match self.planned.in_place {
            Some(_) => quote!(#scope #bindings #rt::kernels::#module::#in_place(&#params, #y);),
            None => quote!(#scope #bindings #rt::kernels::#module::#plain(&#params, #a, #y);),
        }
    }

    /// An element-wise function of two tensors, given by its literal.
    pub(super) fn binary(&self, function: TokenStream, broadcast: Option<TokenStream>) -> TokenStream {
        let (rt, shared, scope) = (self.rt, self.shared(), self.scope());
        let operands = bind(self.plan, self.planned, &[0, 1], 0, rt);
        let (bindings, a, b, y) = (&operands.bindings, &operands.reads[0], &operands.reads[1], &operands.write);
        let arguments = match &broadcast {
            Some(shape) => quote!(&#function, &#shape),
            None => quote!(&#function),
        };
        let name = if broadcast.is_some() { "broadcast" } else { "elementwise" };
        let (suffix, operands) = match self.planned.in_place {
            Some(0) => ("_in_place_a", quote!(#y, #b)),
            Some(_) => ("_in_place_b", quote!(#a, #y)),
            None => ("", quote!(#a, #b, #y)),
        };
        let name = super::names::ident(&format!("{name}{suffix}"));
        quote!(#scope #bindings #rt::kernels::binary #shared::#name(#arguments, #operands);)
    }

    fn copies(&self, fill: Option<i16>, pieces: &[Piece]) -> TokenStream {
        let (rt, shared) = (self.rt, self.shared());
        let scope = if pieces.is_empty() { quote!() } else { self.scope() };
        let fill = fill.map(|value| {
            let operands = bind(self.plan, self.planned, &[], 0, rt);
            let (bindings, y, value) = (&operands.bindings, &operands.write, signed(value.into()));
            quote!({ #bindings #rt::kernels::copy #shared::fill(#value, #y); })
        });
        let pieces = pieces.iter().map(|piece| {
            let operands = bind(self.plan, self.planned, &[piece.read], piece.write, rt);
            let (bindings, a, y, copy) = (&operands.bindings, &operands.reads[0], &operands.write, params(&piece.copy));
            quote!({ #bindings #rt::kernels::copy #shared::copy(&#copy, #a, #y); })
        });
        quote!(#scope #fill #(#pieces)*)
    }

    /// An `int16` table as `&[u16]`.
    fn indices(&self, id: ConstId) -> TokenStream {
        let values = self.int16(id).iter().map(|&value| signed(value.into()));
        quote!(&[#(#values),*])
    }

    /// Triples of an `int16` table as `&[Tap]`.
    fn taps(&self, id: ConstId) -> TokenStream {
        let taps = self.int16(id).chunks_exact(3).map(|tap| {
            let (lower, upper, fraction) = (signed(tap[0].into()), signed(tap[1].into()), signed(tap[2].into()));
            quote!(Tap { lower: #lower, upper: #upper, fraction: #fraction })
        });
        quote!(&[#(#taps),*])
    }

    fn int16(&self, id: ConstId) -> &[i16] {
        match &self.plan.constants[id.0 as usize].data {
            Data::I16(values) => values,
            Data::I8(_) | Data::U8(_) | Data::I32(_) | Data::I64(_) | Data::F32(_) | Data::Bool(_) => &[],
        }
    }
}

/// The literal of an element-wise function.
fn binary_fn(function: &BinaryFn) -> TokenStream {
    match function {
        BinaryFn::Add(value) => params(value),
        BinaryFn::Sub(value) => params(value),
        BinaryFn::Mul(value) => params(value),
        BinaryFn::Maximum => quote!(Maximum),
        BinaryFn::Minimum => quote!(Minimum),
        BinaryFn::Prelu(value) => params(value),
        BinaryFn::XnnAdd(value) => params(value),
        BinaryFn::XnnMul(value) => params(value),
        BinaryFn::RealAdd(value) => params(value),
        BinaryFn::RealMul(value) => params(value),
        BinaryFn::RealSum(value) => params(value),
        BinaryFn::RealProduct(value) => params(value),
    }
}
