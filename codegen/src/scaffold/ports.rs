//! Inputs and outputs, as the program of a project fills and tells them.

use crate::ir::{DType, Data};
use crate::plan::Port;
use crate::text;

/// An input.
pub(super) struct Input {
    /// Method of the model that gives it.
    pub(super) method: String,
    /// Name of the static with its samples.
    pub(super) variable: String,
    /// Name of the file with its samples.
    pub(super) file: String,
    /// Bytes of a sample.
    pub(super) bytes: usize,
    /// Bytes of an element.
    pub(super) width: usize,
    /// Its name, type, shape and quantization.
    pub(super) about: String,
    dtype: DType,
}

impl Input {
    pub(super) fn new(port: &Port, method: String) -> Self {
        let stem = method.strip_suffix("_mut").unwrap_or(&method).to_string();
        Self {
            variable: stem.to_ascii_uppercase(),
            file: format!("{stem}.bin"),
            bytes: port.elements() * port.dtype.size(),
            width: port.dtype.size(),
            about: about(port),
            dtype: port.dtype,
            method,
        }
    }

    pub(super) fn is_i8(&self) -> bool {
        self.dtype == DType::I8
    }

    /// An element of `byte`, or of `bytes` where it has several.
    pub(super) fn element(&self) -> &'static str {
        match self.dtype {
            DType::I8 => "byte.cast_signed()",
            DType::U8 => "byte",
            DType::Bool => "byte != 0",
            DType::I16 => "i16::from_le_bytes(bytes)",
            DType::I32 => "i32::from_le_bytes(bytes)",
            DType::I64 => "i64::from_le_bytes(bytes)",
            DType::F32 => "f32::from_le_bytes(bytes)",
        }
    }
}

/// An output.
pub(super) struct Output {
    /// Its name, type, shape and quantization.
    pub(super) about: String,
    method: String,
    info: String,
    /// What lines begin with, where there are several outputs.
    prefix: String,
    says: Says,
    /// Elements are integers that stand for reals.
    quantized: bool,
    elements: usize,
    scale: f32,
    zero_point: i32,
}

/// What is told of an output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// The greatest element and its index, and all of them where they are few.
    Class { all: bool },
    /// The one element.
    Value,
    /// How many there are, and the first ones.
    First,
}

/// So many elements are told in full.
const FEW: usize = 32;
const FIRST: usize = 8;

impl Output {
    /// `inputs` has the numbers of elements of the inputs: what has as many is no vector of scores.
    pub(super) fn new(port: &Port, method: String, info: String, inputs: &[usize], alone: bool) -> Self {
        let elements = port.elements();
        let classes = port.shape.last().copied().unwrap_or(1);
        let says = match elements {
            0 | 1 => Says::Value,
            _ if classes == elements && !inputs.contains(&elements) => Says::Class { all: elements <= FEW },
            _ => Says::First,
        };
        let quantized = matches!(port.dtype, DType::I8 | DType::U8 | DType::I16);
        let prefix = if alone { String::new() } else { format!("{}: ", method.strip_suffix("_output").unwrap_or(&method)) };
        Self {
            about: about(port),
            method,
            info,
            prefix,
            says,
            quantized,
            elements,
            scale: port.scale,
            zero_point: port.zero_point,
        }
    }

    /// The statements that tell it with the macro `log`, formatted as rustfmt does.
    pub(super) fn lines(&self, log: Log) -> Vec<String> {
        let Self { method, info, prefix, quantized, elements, .. } = self;
        let real = |value: &str| match quantized {
            true => vec![format!("let {value} = network::{info}.dequantize({value});")],
            false => Vec::new(),
        };
        match self.says {
            Says::Class { all } => {
                let mut lines = vec![format!("let (class, score) = tinybake::argmax(model.{method}());")];
                lines.extend(real("score"));
                lines.push(log.call(&format!("{prefix}class {{}}, score {{}}"), &["class", "score"]));
                if all {
                    lines.push(format!("let outputs = model.{method}();"));
                    lines.push(log.call(&format!("{prefix}outputs {{:?}}"), &["outputs"]));
                }
                lines
            }
            Says::Value => {
                let mut lines = vec![format!("let [value] = *model.{method}();")];
                lines.extend(real("value"));
                lines.push(log.call(&format!("{prefix}value {{}}"), &["value"]));
                lines
            }
            Says::First => vec![
                format!("let first = &model.{method}()[..{}];", FIRST.min(*elements)),
                log.call(&format!("{prefix}{elements} outputs, the first {{:?}}"), &["first"]),
            ],
        }
    }

    /// What these statements print for `data`.
    pub(super) fn told(&self, data: &Data) -> Vec<String> {
        let (prefix, values) = (&self.prefix, elements(data));
        let real = |index: usize| match data.integers() {
            Some(integers) if self.quantized => {
                let steps = integers.get(index).copied().unwrap_or_default() - i64::from(self.zero_point);
                (steps as f32 * self.scale).to_string()
            }
            Some(_) | None => values.get(index).cloned().unwrap_or_default(),
        };
        match self.says {
            Says::Class { all } => {
                let class = greatest(data);
                let mut lines = vec![format!("{prefix}class {class}, score {}", real(class))];
                if all {
                    lines.push(format!("{prefix}outputs [{}]", values.join(", ")));
                }
                lines
            }
            Says::Value => vec![format!("{prefix}value {}", real(0))],
            Says::First => {
                let first: Vec<_> = values.iter().take(FIRST).cloned().collect();
                vec![format!("{prefix}{} outputs, the first [{}]", self.elements, first.join(", "))]
            }
        }
    }
}

/// Elements as `{:?}` prints them.
fn elements(data: &Data) -> Vec<String> {
    match data {
        Data::F32(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Data::Bool(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) => {
            data.integers().unwrap_or_default().iter().map(i64::to_string).collect()
        }
    }
}

/// Index of the first greatest element, as `tinybake::argmax` has it.
fn greatest(data: &Data) -> usize {
    match data {
        Data::F32(values) => tinybake_runtime::argmax_slice(values).map_or(0, |(index, _)| index),
        Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => {
            tinybake_runtime::argmax_slice(&data.integers().unwrap_or_default()).map_or(0, |(index, _)| index)
        }
    }
}

/// The macro that tells.
pub(super) struct Log {
    /// Its name, with the `!`.
    pub(super) name: &'static str,
    /// Whether variables can stand in the format.
    pub(super) inline: bool,
}

impl Log {
    /// A call with the values of variables, for each `{...}` of `format` one.
    fn call(&self, format: &str, variables: &[&str]) -> String {
        let name = self.name;
        if !self.inline {
            return format!("{name}(\"{format}\", {});", variables.join(", "));
        }
        let filled = variables.iter().fold(format.to_string(), |text, variable| match text.contains("{}") {
            true => text.replacen("{}", &format!("{{{variable}}}"), 1),
            false => text.replacen("{:", &format!("{{{variable}:"), 1),
        });
        format!("{name}(\"{filled}\");")
    }
}

/// A port for a table, as `image: int8 [1, 8, 8, 1], scale 0.0627451, zero point -128`.
fn about(port: &Port) -> String {
    let Port { name, shape, dtype, scale, zero_point, .. } = port;
    let quantization = match dtype {
        DType::I8 | DType::U8 | DType::I16 => format!(", scale {scale}, zero point {zero_point}"),
        DType::I32 | DType::I64 | DType::F32 | DType::Bool => String::new(),
    };
    format!("`{}`: {} {shape:?}{quantization}", text::line(name).replace(['`', '|'], "?"), dtype.name())
}
