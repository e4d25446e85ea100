//! Generated modules as text.

use crate::emit::Emitted;
use quote::quote;

/// The text of a file that holds the module's items: `mod kws { include!(...); }` or `mod kws;` makes the module.
#[cfg(feature = "pretty")]
pub fn file(emitted: &Emitted) -> String {
    let items = &emitted.items;
    let code = match syn::parse2(quote!(#items)) {
        Ok(file) => prettyplease::unparse(&file),
        Err(_) => items.to_string(),
    };
    head(emitted) + &code
}

/// The text of a file that holds the module's items, on few lines.
#[cfg(not(feature = "pretty"))]
pub fn file(emitted: &Emitted) -> String {
    let items = &emitted.items;
    head(emitted) + &quote!(#items).to_string()
}

/// The header as plain comments: an included file may not start with inner doc comments.
fn head(emitted: &Emitted) -> String {
    let lines = emitted.header.iter().map(|line| format!("//{line}\n"));
    lines.collect::<String>() + "\n"
}
