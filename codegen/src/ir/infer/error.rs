//! Why shapes do not fit, and the limits that they keep.

use crate::ir::{Shape, Window};

/// The most elements that a tensor may have: indices into it fit 32 bits with a sign.
pub const MAX_ELEMENTS: usize = i32::MAX as usize;

/// The most dimensions that a tensor may have.
pub const MAX_RANK: usize = 8;

/// Why the shapes around an op do not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant's message says what its fields are")]
pub enum ShapeError {
    /// A tensor has the wrong number of dimensions.
    #[error("the {what} has {given} dimensions, expected {expected}")]
    Rank { what: &'static str, expected: usize, given: usize },
    /// Two sizes that must be equal are not.
    #[error("{what} is {given}, expected {expected}")]
    Size { what: &'static str, expected: usize, given: usize },
    /// The channels do not come in whole groups.
    #[error("{what}: {given} is no multiple of {of}")]
    Multiple { what: &'static str, of: usize, given: usize },
    /// Shapes that neither equal each other nor broadcast.
    #[error("shapes {a} and {b} do not broadcast")]
    Broadcast { a: Shape, b: Shape },
    /// The shape that the model declares is not the one that the op makes.
    #[error("the output's shape is {given}, expected {expected}")]
    Declared { expected: Shape, given: Shape },
    /// The op makes any of several shapes, so the model must say which.
    #[error("the output's shape is not implied by the operator and is not given")]
    Undeclared,
    /// An axis that the tensor does not have.
    #[error("axis {axis} is outside a tensor of {rank} dimensions")]
    Axis { axis: usize, rank: usize },
    /// A list of axes that is not sorted and distinct, or a permutation that is none.
    #[error("{what} {given:?} over {rank} dimensions")]
    Axes { what: &'static str, given: Vec<usize>, rank: usize },
    /// A window with a stride or dilation of zero, or larger than the padded image.
    #[error("a kernel {:?} with stride {:?} and dilation {:?} does not fit an image {image:?} padded by {:?} and {:?}",
        window.kernel, window.stride, window.dilation, window.pad_before, window.pad_after)]
    Window { window: Window, image: [usize; 2] },
    /// A slice that starts or ends outside its tensor.
    #[error("a slice of {size} from {begin} by {stride} leaves axis {axis} of size {dim}")]
    Slice { axis: usize, begin: usize, stride: isize, size: usize, dim: usize },
    /// A mirrored border that is wider than what it mirrors.
    #[error("a mirrored border of {given} on axis {axis} is wider than {limit}")]
    Mirror { axis: usize, limit: usize, given: usize },
    /// Too few or too many tensors.
    #[error("{given} {what}, expected {expected}")]
    Count { what: &'static str, expected: usize, given: usize },
    /// A dimension of zero.
    #[error("shape {0} has a dimension of zero")]
    Zero(Shape),
    /// More dimensions than any kernel walks.
    #[error("shape {0} has more than {MAX_RANK} dimensions")]
    Deep(Shape),
    /// More elements than an index can count.
    #[error("shape {0} has more than {MAX_ELEMENTS} elements")]
    TooLarge(Shape),
}

impl Shape {
    /// Refuses what no stage can index: a dimension of zero, and more than [`MAX_RANK`] dimensions or [`MAX_ELEMENTS`]
    /// elements.
    pub fn check(&self) -> Result<(), ShapeError> {
        match self {
            Shape(dims) if dims.len() > MAX_RANK => Err(ShapeError::Deep(self.clone())),
            Shape(dims) if dims.contains(&0) => Err(ShapeError::Zero(self.clone())),
            shape if shape.elements() > MAX_ELEMENTS => Err(ShapeError::TooLarge(self.clone())),
            _ => Ok(()),
        }
    }
}
