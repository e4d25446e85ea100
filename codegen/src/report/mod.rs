//! What is told of models, as data: faces draw it as tables or JSON.

mod comparison;
mod growth;
mod inspection;

pub use comparison::{Comparison, ComparisonError, Figures, Row};
pub use growth::{Change, Growth, growth};
pub use inspection::{Inspection, OpInspection};
