//! Generated modules as text, and numbers.

use crate::emit::Emitted;
use quote::quote;
use std::borrow::Cow;

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

/// A text from a file, fit for one line of a terminal or a comment: characters that do something instead of being seen are spelled out.
pub fn line(text: &str) -> Cow<'_, str> {
    spelled(text, is_active)
}

/// As [`line`], where line breaks and tabs are meant.
pub fn lines(text: &str) -> Cow<'_, str> {
    spelled(text, |character| is_active(character) && !matches!(character, '\n' | '\t'))
}

fn spelled(text: &str, active: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&active) {
        return text.into();
    }
    let spell = |character: char| match active(character) {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    text.chars().map(spell).collect::<String>().into()
}

/// Whether a character moves the cursor, ends a line, changes the direction of writing, or is not seen at all.
pub fn is_active(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(character, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
