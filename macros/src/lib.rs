//! The `include_model!` macro of tinybake: parses its arguments, calls the compiler, and reports what is wrong at the literal.
#![forbid(unsafe_code)]

mod arguments;

use arguments::Arguments;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use std::path::{Path, PathBuf};
use tinybake_codegen::diag::Diagnostics;
use tinybake_codegen::emit::{Emitter, snake_case};
use tinybake_codegen::pipeline::compile;
use tinybake_codegen::script::Files;

/// Embeds a quantized network as a module of specialized `no_std` Rust.
///
/// ```ignore
/// tinybake::include_model!("models/kws.tflite");                    // a private `mod kws`, after the file's stem
/// tinybake::include_model!(pub mod kws = "models/kws.tflite");      // reads like `pub mod kws;`
/// tinybake::include_model!(pub mod kws = "models/kws.tflite",
///     target = "cortex-m4", optimize = "size", reference = "tflm"); // all optional
/// ```
///
/// The path is relative to the crate's `Cargo.toml`. `target` is a core, a board or a target triple; `optimize` is `size`,
/// `speed` or `balanced` (the default); `reference` is `tflm` (the default) or `xnnpack`; `interface` is `model`
/// (the default: the file's element types) or `int8` (without its own quantize and dequantize operators); `max_flash` and
/// `max_ram` are the most bytes that the model may take, as `20000` or `"20k"`; `weights_section` and
/// `arena_section` are link sections for the weights and for the model's memory, which the module's `take` hands out; `crate` is the path of the `tinybake`
/// crate where it has another name.
#[proc_macro]
pub fn include_model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let result = Arguments::parse(input.into()).and_then(|arguments| expand(&arguments));
    match result {
        Ok(tokens) => tokens.into(),
        Err(mistake) => mistake.into_compile_error().into(),
    }
}

/// What is wrong, and the token to underline.
struct Mistake {
    span: Span,
    message: String,
}

impl Mistake {
    fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }

    fn of_model(span: Span, diagnostics: &Diagnostics) -> Self {
        Self::new(span, diagnostics.to_string())
    }

    fn into_compile_error(self) -> TokenStream {
        let message = self.message;
        quote_spanned!(self.span => ::core::compile_error! { #message })
    }
}

fn expand(arguments: &Arguments) -> Result<TokenStream, Mistake> {
    let span = arguments.path_span;
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let file = root.join(&arguments.path);
    let files = Files::read(&file).map_err(|diagnostics| Mistake::of_model(span, &relative(diagnostics, &arguments.path)))?;
    let source = files.source(&arguments.path);
    let compiled = compile(&source, &arguments.options).map_err(|diagnostics| Mistake::of_model(span, &diagnostics))?;
    arguments.fit(&compiled.plan).map_err(|diagnostics| Mistake::of_model(span, &relative(diagnostics, &arguments.path)))?;
    let emitter = Emitter { crate_path: arguments.crate_path.clone(), ..Emitter::default() };
    let emitted = emitter.emit(&compiled.plan);
    let stem = Path::new(&arguments.path).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = arguments.name.clone().unwrap_or_else(|| Ident::new(&snake_case(&stem), span));
    let (attributes, visibility, items, header) = (&arguments.attributes, &arguments.visibility, &emitted.items, &emitted.header);
    // The compiler notes every file that `include_bytes!` names, so that a changed model rebuilds; the bytes go nowhere.
    let watched = files.watched().into_iter().map(|file| Literal::string(&file.to_string_lossy()));
    Ok(quote! {
        #(#attributes)*
        #(#[doc = #header])*
        #[allow(dead_code)]
        #visibility mod #name {
            #items
            #(const _: &[u8] = ::core::include_bytes!(#watched);)*
        }
    })
}

/// Shows the path as the user wrote it, not where this machine keeps it.
fn relative(mut diagnostics: Diagnostics, path: &str) -> Diagnostics {
    for diagnostic in &mut diagnostics.0 {
        diagnostic.place.file = Some(path.to_string());
    }
    diagnostics
}
