//! The parameters of a node by name.

use super::error::Error;
use super::schema::Attribute;

/// What a node may have of parameters; far more than any operator defines.
const MOST: usize = 64;

/// The attributes of one node.
pub(super) struct Attributes<'a>(Vec<Attribute<'a>>);

impl<'a> Attributes<'a> {
    pub(super) fn read(messages: &[&'a [u8]]) -> Result<Self, Error> {
        if messages.len() > MOST {
            return Err(Error::TooMany { what: "attributes", expected: MOST, given: messages.len() });
        }
        Ok(Self(messages.iter().map(|message| Attribute::read(message)).collect::<Result<_, _>>()?))
    }

    fn get(&self, name: &str) -> Option<&Attribute<'a>> {
        self.0.iter().find(|attribute| attribute.name == name)
    }

    pub(super) fn integer(&self, name: &str, default: i64) -> i64 {
        self.get(name).and_then(|attribute| attribute.integer).unwrap_or(default)
    }

    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.get(name).and_then(|attribute| attribute.float).unwrap_or(default)
    }

    pub(super) fn optional_float(&self, name: &str) -> Option<f32> {
        self.get(name).and_then(|attribute| attribute.float)
    }

    pub(super) fn integers(&self, name: &str) -> Option<&[i64]> {
        self.get(name).map(|attribute| attribute.integers.as_slice())
    }

    pub(super) fn floats(&self, name: &str) -> Option<&[f32]> {
        self.get(name).map(|attribute| attribute.floats.as_slice()).filter(|floats| !floats.is_empty())
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(|attribute| core::str::from_utf8(attribute.text?).ok())
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&'a [u8]> {
        self.get(name).and_then(|attribute| attribute.tensor)
    }

    /// `count` numbers of at least `least` each, or `default` of them.
    pub(super) fn sizes<const N: usize>(&self, name: &'static str, least: i64, default: usize) -> Result<[usize; N], Error> {
        let Some(given) = self.integers(name).filter(|given| !given.is_empty()) else { return Ok([default; N]) };
        let wrong = || Error::Value { what: name, expected: "one number for each side of an image", given: format!("{given:?}") };
        let sizes: [i64; N] = given.try_into().map_err(|_| wrong())?;
        if sizes.iter().any(|&size| size < least || size > i64::from(u16::MAX)) {
            return Err(wrong());
        }
        Ok(sizes.map(|size| size as usize))
    }
}
