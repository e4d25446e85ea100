//! TOML text to a [`Topology`], collecting every problem of its tables before stopping.

use super::error::{NativeError, clip, nearest};
use super::pair;
use super::topology::{Input, Layout, Made, OPS, Output, Spec};
use crate::diag::{Diagnostic, Explain, Place};
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// The only version of the format.
pub(super) const FORMAT: i64 = 1;

/// The longest topology that is read; one of a thousand ops takes about 200 kB. It bounds what the
/// TOML parser's tokens take, a hundred bytes for each byte of hostile text.
pub(super) const MAX_TOPOLOGY: usize = 1 << 19;

/// At most this many problems are told of one model.
pub(super) const MAX_PROBLEMS: usize = 32;

/// A topology with the places of its tables.
#[derive(Debug)]
pub(super) struct Topology {
    pub(super) layout: Layout,
    pub(super) inputs: Vec<Input>,
    pub(super) ops: Vec<OpTable>,
    /// Absent: the outputs of the last op.
    pub(super) outputs: Option<Vec<String>>,
}

/// One `[[op]]`.
#[derive(Debug)]
pub(super) struct OpTable {
    /// Its key.
    pub(super) key: &'static str,
    /// `None` where the table is wrong, which is among the problems.
    pub(super) spec: Option<Spec>,
    pub(super) outputs: Vec<Output>,
}

/// Other fields' names for operations, and what to write.
const ALIASES: &[(&str, &str)] = &[
    ("linear", "`fully_connected` is the layer's name here"),
    ("dense", "`fully_connected` is the layer's name here"),
    ("flatten", "`reshape` with the output's `shape` flattens; the next `fully_connected` says `flatten = \"chw\"`"),
    ("batch_norm", "fold the batch normalization into the convolution before it when exporting"),
    ("batch_norm2d", "fold the batch normalization into the convolution before it when exporting"),
    ("sigmoid", "`logistic` is the function's name here"),
    ("squeeze", "`reshape` with the output's `shape` removes axes"),
    ("expand_dims", "`reshape` with the output's `shape` adds axes"),
    ("cat", "`concatenation` is the operator's name here"),
    ("global_average_pool", "`mean` with `axes = [1, 2]` averages an image"),
    ("dropout", "leave it out: it does nothing at inference"),
];

/// Reads the text; all problems are pushed, and what could be read is returned.
pub(super) fn parse(text: &str, problems: &mut Vec<Diagnostic>) -> Option<Topology> {
    let mut parser = Parser { text, problems };
    if text.len() > MAX_TOPOLOGY {
        parser.push(NativeError::TopologyTooLarge { given: text.len(), limit: MAX_TOPOLOGY }, Place::default());
        return None;
    }
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let (line, column) = parser.position(error.span().unwrap_or_default().start);
            parser.push(NativeError::Toml { line, column, reason: clip(error.message()) }, Place::default());
            return None;
        }
    };
    parser.topology(table)
}

struct Parser<'a> {
    text: &'a str,
    problems: &'a mut Vec<Diagnostic>,
}

impl Parser<'_> {
    fn topology(&mut self, mut table: DeTable<'_>) -> Option<Topology> {
        let format = table.remove("format");
        let given = format.as_ref().and_then(|format| match format.get_ref() {
            DeValue::Integer(value) => value.to_string().parse().ok(),
            _ => None,
        });
        if given != Some(FORMAT) {
            let (line, column) = self.position(format.as_ref().map_or(0, |format| format.span().start));
            let given = format.map_or("absent".into(), |format| clip(self.text.get(format.span()).unwrap_or("unreadable")));
            self.push(NativeError::Format { line, column, expected: FORMAT, given }, Place::default());
            return None;
        }
        let layout = match table.remove("layout") {
            Some(value) => self.read(value, None),
            None => {
                self.schema(0..0, "`layout` is absent", "write `layout = \"torch\"` or `layout = \"tflite\"`".into(), None);
                None
            }
        };
        // See `pair`: it says nothing of the network.
        table.remove(pair::KEY);
        let inputs = self.tables(table.remove("input"), "[[input]]").into_iter().map(|value| self.read(value, None)).collect();
        let ops = self.tables(table.remove("op"), "[[op]]").into_iter().enumerate().map(|(i, value)| self.op(i, value)).collect();
        let listed: Option<Vec<String>> = table.remove("outputs").and_then(|value| self.read(value, None));
        let tabled = table.remove("output").map(|value| {
            let tables = self.tables(Some(value), "[[output]]");
            tables.into_iter().filter_map(|value| self.read::<Made>(value, None)).map(|output| output.name).collect()
        });
        for key in table.keys().take(MAX_PROBLEMS - self.problems.len()) {
            let hint = match nearest(key.get_ref(), ["layout", "input", "op", "outputs", "output"]) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "a topology has `format`, `layout`, `outputs`, [[input]], [[op]] and [[output]]".into(),
            };
            self.schema(key.span(), &format!("unknown key `{}`", clip(key.get_ref())), hint, None);
        }
        if listed.is_some() && tabled.is_some() {
            self.schema(0..0, "both `outputs` and [[output]] are given", "keep one of them".into(), None);
        }
        let inputs: Option<Vec<Input>> = inputs;
        Some(Topology { layout: layout?, inputs: inputs?, ops, outputs: listed.or(tabled) })
    }

    fn op(&mut self, index: usize, value: Spanned<DeValue<'_>>) -> OpTable {
        let span = value.span();
        let mut wrong = OpTable { key: "operator", spec: None, outputs: Vec::new() };
        let DeValue::Table(mut table) = value.into_inner() else {
            self.schema(span, "an [[op]] is a table", "write `[[op]]` and the operator below it".into(), None);
            return wrong;
        };
        let one = table.remove("output").map(|value| self.read(value, Some((index, "operator"))).into_iter().collect());
        let several = table.remove("outputs").map(|value| self.read(value, Some((index, "operator"))).unwrap_or_default());
        let outputs: Vec<Output> = match (one, several) {
            (Some(one), None) => one,
            (None, Some(several)) => several,
            (None, None) | (Some(_), Some(_)) => {
                let hint = "write `output = { name = \"...\" }`, or `outputs = [...]` for split and unpack";
                self.schema(span.clone(), "an [[op]] has either `output` or `outputs`", hint.into(), Some((index, "operator")));
                Vec::new()
            }
        };
        if outputs.is_empty() && self.problems.is_empty() {
            self.schema(
                span.clone(),
                "an [[op]] makes at least one tensor",
                "name it in `outputs`".into(),
                Some((index, "operator")),
            );
        }
        wrong.outputs = outputs;
        let unknown: Vec<_> = table.iter().map(|(key, _)| key).filter(|key| !OPS.contains(&key.get_ref().as_ref())).collect();
        for key in unknown.iter().take(MAX_PROBLEMS - self.problems.len()) {
            let (line, column) = self.position(key.span().start);
            let alias = ALIASES.iter().find(|(alias, _)| *alias == key.get_ref().as_ref());
            let hint = match (alias, nearest(key.get_ref(), OPS.iter().copied().chain(["output", "outputs"]))) {
                (Some((_, hint)), _) => (*hint).to_owned(),
                (None, Some(name)) => format!("did you mean `{name}`?"),
                (None, None) => format!("the operators are {}", OPS.join(", ")),
            };
            self.push(NativeError::UnknownOp { line, column, given: clip(key.get_ref()), hint }, place(index, "operator"));
        }
        if !unknown.is_empty() {
            return wrong;
        }
        let mut keys = table.into_iter();
        let (Some((key, value)), None) = (keys.next(), keys.next()) else {
            let hint = "write one operator below each [[op]], as `relu = { input = \"...\" }`";
            self.schema(span, "an [[op]] has exactly one operator", hint.into(), Some((index, "operator")));
            return wrong;
        };
        wrong.key = OPS.iter().find(|name| **name == key.get_ref().as_ref()).unwrap_or(&"operator");
        let single = Spanned::new(value.span(), DeValue::Table(DeTable::from_iter([(key, value)])));
        OpTable { spec: self.read(single, Some((index, wrong.key))), ..wrong }
    }

    /// The tables of an array of tables; none where it is absent.
    fn tables<'i>(&mut self, value: Option<Spanned<DeValue<'i>>>, what: &str) -> Vec<Spanned<DeValue<'i>>> {
        let Some(value) = value else { return Vec::new() };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(values) => values.into_iter().collect(),
            _ => {
                self.schema(span, &format!("{what} is an array of tables"), format!("write `{what}`, with two brackets"), None);
                Vec::new()
            }
        }
    }

    /// A value of the schema's type; a mistake is pushed, with the nearest of the names that serde expected.
    fn read<'de, T: Deserialize<'de>>(&mut self, value: Spanned<DeValue<'de>>, op: Option<(usize, &'static str)>) -> Option<T> {
        let span = value.span();
        let error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        if self.problems.len() >= MAX_PROBLEMS {
            return None;
        }
        let message = error.message();
        let mut names = message.split('`').skip(1).step_by(2);
        let hint = match names.next().filter(|_| message.starts_with("unknown")).and_then(|given| nearest(given, names)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "the format's documentation lists each operator's attributes".into(),
        };
        self.schema(error.span().unwrap_or(span), message, hint, op);
        None
    }

    fn schema(&mut self, span: Range<usize>, reason: &str, hint: String, op: Option<(usize, &'static str)>) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let (line, column) = self.position(span.start);
        let place = op.map_or_else(Place::default, |(index, kind)| place(index, kind));
        self.push(NativeError::Schema { line, column, reason: clip_long(reason), hint }, place);
    }

    fn push(&mut self, error: NativeError, place: Place) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(error.at(place));
        }
    }

    /// Line and column of a byte of the text, from 1.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
    }
}

fn place(index: usize, kind: &'static str) -> Place {
    Place { op: Some((crate::ir::Origin { index, name: String::new() }, kind)), ..Place::default() }
}

/// Serde's lists of expected fields are longer than names may be; only what hostile text could have put there is cut.
fn clip_long(message: &str) -> String {
    if message.len() <= 1000 { message.to_owned() } else { clip(message) }
}
