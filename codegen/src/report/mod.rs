//! What is told of models, as data: faces draw it as tables or JSON; and as a page.

mod comparison;
mod curve;
mod difference;
mod growth;
mod html;
mod inspection;

pub use comparison::{Comparison, ComparisonError, Figures, Row};
pub use curve::{CurvePoint, Measure, curve};
pub use difference::{Difference, Differences, Pair, TITLES as DIFFERENCE_TITLES, of_models, of_versions};
pub use growth::{Change, Growth, growth};
pub use html::{Detail, html};
pub use inspection::{Inspection, OpInspection};
