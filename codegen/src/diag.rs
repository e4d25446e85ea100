//! Diagnostics: what is wrong with a model, where in it, and what to do.

use crate::ir::Origin;
use crate::text;
use core::fmt;

/// One problem, ready to be shown by a face: the macro underlines the path literal, the CLI draws it in colour.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Stable code of the kind of problem, as `tflite::truncated`: the stage that raises it and its name.
    pub code: &'static str,
    /// What is wrong, with the values expected and given.
    pub message: String,
    /// Where in the model.
    pub place: Place,
    /// What to do about it.
    pub help: String,
}

/// Where in a model something is wrong; what is unknown is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The file, as the user named it; filled in by the pipeline.
    pub file: Option<String>,
    /// The operator.
    pub op: Option<(Origin, &'static str)>,
    /// The tensor's name.
    pub tensor: Option<String>,
    /// Byte offset in the file.
    pub offset: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.file.clone());
        parts.extend(self.op.as_ref().map(|(origin, kind)| match origin.name.as_str() {
            "" => format!("operator {} ({kind})", origin.index),
            name => format!("operator {} ({kind} `{name}`)", origin.index),
        }));
        parts.extend(self.tensor.as_ref().map(|name| format!("tensor `{name}`")));
        parts.extend(self.offset.map(|offset| format!("byte {offset}")));
        f.write_str(&text::line(&parts.join(", ")))
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        write!(f, "{} [{}]", text::lines(&self.message), self.code)?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", text::lines(&self.help))?;
        }
        Ok(())
    }
}

/// An error that can tell its code, its place and what to do; its `Display` is the message.
pub trait Explain: fmt::Display {
    /// Stable code, `stage::name`.
    fn code(&self) -> &'static str;
    /// What to do about it.
    fn help(&self) -> String;

    /// The diagnostic of this error at `place`.
    fn at(&self, place: Place) -> Diagnostic {
        Diagnostic { code: self.code(), message: self.to_string(), place, help: self.help() }
    }
}

/// Everything that one stage found wrong; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl core::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}
