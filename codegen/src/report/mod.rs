//! What is told of a model, as data: faces draw it as tables or JSON.

mod inspection;

pub use inspection::{Inspection, OpInspection};
