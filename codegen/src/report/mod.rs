//! What is told of models, as data: faces draw it as tables or JSON; and as a page.

mod comparison;
mod growth;
mod html;
mod inspection;

pub use comparison::{Comparison, ComparisonError, Figures, Row};
pub use growth::{Change, Growth, growth};
pub use html::{Detail, html};
pub use inspection::{Inspection, OpInspection};
