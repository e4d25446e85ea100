//! Generated modules as text, and numbers.

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

/// A number with commas between thousands.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
