//! The macro's arguments: `[attributes] [visibility mod NAME =] "PATH" [, KEY = "VALUE"]*`.

use crate::Mistake;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use std::iter::Peekable;
use tinybake_codegen::Options;
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::diag::{Diagnostics, Explain};
use tinybake_codegen::nearest::did_you_mean;
use tinybake_codegen::plan::{self, Plan};

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

/// What the user wrote.
pub(crate) struct Arguments {
    pub(crate) attributes: Vec<TokenStream>,
    pub(crate) visibility: TokenStream,
    pub(crate) name: Option<Ident>,
    pub(crate) path: String,
    pub(crate) path_span: Span,
    pub(crate) options: Options,
    pub(crate) crate_path: TokenStream,
    catalogue: Catalogue,
    target: Option<String>,
}

const FORM: &str = "expected `include_model!(\"MODEL\")` or `include_model!(pub mod NAME = \"MODEL\", KEY = \"VALUE\", ...)`";
const KEYS: [&str; 9] =
    ["target", "optimize", "reference", "interface", "max_flash", "max_ram", "weights_section", "arena_section", "crate"];

/// The keys, for messages.
fn keys() -> String {
    let (last, others) = KEYS.split_last().unwrap_or((&"", &[]));
    format!("`{}` or `{last}`", others.join("`, `"))
}

impl Arguments {
    pub(crate) fn parse(input: TokenStream) -> Result<Self, Mistake> {
        let mut tokens = input.into_iter().peekable();
        let attributes = attributes(&mut tokens);
        let visibility = visibility(&mut tokens);
        let name = match tokens.peek() {
            Some(TokenTree::Ident(word)) if *word == "mod" => {
                tokens.next();
                let name = match tokens.next() {
                    Some(TokenTree::Ident(name)) => name,
                    other => return Err(Mistake::new(span_of(other.as_ref()), FORM)),
                };
                punct(&mut tokens, '=')?;
                Some(name)
            }
            other if !visibility.is_empty() => return Err(Mistake::new(span_of(other), FORM)),
            _ => None,
        };
        let (path, path_span) = string(&mut tokens, FORM)?;
        let mut arguments = Self {
            attributes,
            visibility,
            name,
            path,
            path_span,
            options: Options::default(),
            crate_path: quote!(::tinybake),
            catalogue: Catalogue::builtin(),
            target: None,
        };
        while tokens.peek().is_some() {
            punct(&mut tokens, ',')?;
            if tokens.peek().is_some() {
                arguments.key(&mut tokens)?;
            }
        }
        Ok(arguments)
    }

    /// Checks that the plan fits the board, where the target is one.
    pub(crate) fn fit(&self, plan: &Plan) -> Result<(), Diagnostics> {
        let target = self.target.as_ref().and_then(|name| self.catalogue.find(name).ok());
        match target.and_then(|target| target.board) {
            Some(board) => plan::fit(plan, board, &self.catalogue),
            None => Ok(()),
        }
    }

    fn key(&mut self, tokens: &mut Tokens) -> Result<(), Mistake> {
        let key = match tokens.next() {
            Some(TokenTree::Ident(key)) => key,
            other => return Err(Mistake::new(span_of(other.as_ref()), format!("expected {}", keys()))),
        };
        punct(tokens, '=')?;
        let (value, span) = match key.to_string().as_str() {
            "max_flash" | "max_ram" => bytes(tokens)?,
            _ => string(tokens, "expected a string literal")?,
        };
        let mistake = |error: &dyn core::fmt::Display| Mistake::new(span, error.to_string());
        match key.to_string().as_str() {
            "target" => {
                let class = self.catalogue.class_of(&value);
                self.options.core = class.map_err(|error| mistake(&format!("{error}\n  help: {}", error.help())))?;
                self.target = Some(value);
            }
            "optimize" => self.options.optimize = value.parse().map_err(|error| mistake(&error))?,
            "reference" => self.options.reference = Some(value.parse().map_err(|error| mistake(&error))?),
            "interface" => self.options.interface = value.parse().map_err(|error| mistake(&error))?,
            "max_flash" => self.options.max_flash = Some(value.parse().map_err(|error| mistake(&error))?),
            "max_ram" => self.options.max_ram = Some(value.parse().map_err(|error| mistake(&error))?),
            "weights_section" => self.options.placement.weights = Some(value.parse().map_err(|error| mistake(&error))?),
            "arena_section" => self.options.placement.arena = Some(value.parse().map_err(|error| mistake(&error))?),
            "crate" => self.crate_path = value.parse().map_err(|error| mistake(&error))?,
            other => {
                let meant = did_you_mean(other, KEYS);
                let message = format!("`{other}` is no option of include_model!; {meant}expected {}", keys());
                return Err(Mistake::new(key.span(), message));
            }
        }
        Ok(())
    }
}

fn attributes(tokens: &mut Tokens) -> Vec<TokenStream> {
    let mut attributes = Vec::new();
    while matches!(tokens.peek(), Some(TokenTree::Punct(hash)) if hash.as_char() == '#') {
        let hash = tokens.next();
        let group = tokens.next();
        attributes.push(hash.into_iter().chain(group).collect());
    }
    attributes
}

fn visibility(tokens: &mut Tokens) -> TokenStream {
    let Some(TokenTree::Ident(word)) = tokens.peek() else { return TokenStream::new() };
    if *word != "pub" {
        return TokenStream::new();
    }
    let mut visibility: Vec<TokenTree> = tokens.next().into_iter().collect();
    if matches!(tokens.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis) {
        visibility.extend(tokens.next());
    }
    visibility.into_iter().collect()
}

fn punct(tokens: &mut Tokens, expected: char) -> Result<(), Mistake> {
    match tokens.next() {
        Some(TokenTree::Punct(punct)) if punct.as_char() == expected => Ok(()),
        other => Err(Mistake::new(span_of(other.as_ref()), format!("expected `{expected}`"))),
    }
}

/// A number of bytes: `20000`, `"20000"` or `"20k"`.
fn bytes(tokens: &mut Tokens) -> Result<(String, Span), Mistake> {
    const EXPECTED: &str = "expected a number of bytes, as `20000`, `\"20000\"` or `\"20k\"`";
    let number = |literal: &proc_macro2::Literal| {
        let digits = literal.to_string().replace('_', "");
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| (digits, literal.span()))
    };
    let found = match tokens.peek() {
        Some(TokenTree::Literal(literal)) => number(literal),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => match inner(group).next() {
            Some(TokenTree::Literal(literal)) => number(&literal),
            _ => None,
        },
        _ => None,
    };
    match found {
        Some(found) => {
            tokens.next();
            Ok(found)
        }
        None => string(tokens, EXPECTED),
    }
}

/// A string literal, which a macro may have wrapped in an invisible group.
fn string(tokens: &mut Tokens, expected: &str) -> Result<(String, Span), Mistake> {
    match tokens.next() {
        Some(TokenTree::Literal(literal)) => {
            let text = literal.to_string();
            let value =
                unquote(&text).ok_or_else(|| Mistake::new(literal.span(), format!("expected a string literal, not {text}")))?;
            Ok((value, literal.span()))
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => string(&mut inner(&group), expected),
        other => Err(Mistake::new(span_of(other.as_ref()), expected)),
    }
}

fn inner(group: &Group) -> Tokens {
    group.stream().into_iter().peekable()
}

/// The value of a plain or raw string literal; of escapes, those that a path can need.
fn unquote(text: &str) -> Option<String> {
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let fence = &raw[..hashes];
        let body = raw.strip_prefix(fence)?.strip_suffix(fence)?;
        return body.strip_prefix('"')?.strip_suffix('"').map(str::to_string);
    }
    let body = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = String::with_capacity(body.len());
    let mut characters = body.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next()? {
                escaped @ ('\\' | '"' | '\'') => value.push(escaped),
                _ => return None,
            },
            character => value.push(character),
        }
    }
    Some(value)
}

fn span_of(token: Option<&TokenTree>) -> Span {
    token.map_or_else(Span::call_site, TokenTree::span)
}
