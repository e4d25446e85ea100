//! Slices, normalised: begin inside the axis, size at least 1, end gone.

use super::{Call, kind};
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::{Op, Shape};

/// Operands 1 and 2 hold the begin and the size along each axis; a size of -1 reaches to the end.
pub(super) fn slice(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let dims = call.shape(input).0.clone();
    let begins = operand(call, 1, "begin", dims.len())?;
    let sizes = operand(call, 2, "size", dims.len())?;
    let (mut begin, mut size) = (Vec::new(), Vec::new());
    for ((&dim, &given), &count) in dims.iter().zip(&begins).zip(&sizes) {
        let outside = |field, given| Error::Value { field, expected: "inside the axis", given };
        let first = usize::try_from(given).ok().filter(|&first| first < dim).ok_or(outside("begin", given))?;
        let size_here = if count == -1 { Some(dim - first) } else { usize::try_from(count).ok() };
        begin.push(first);
        size.push(size_here.filter(|&size| size > 0 && size <= dim - first).ok_or(outside("size", count))?);
    }
    Ok(Op::Slice { input, begin, stride: vec![1; size.len()], size })
}

/// `StridedSliceOptions`: begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask, offset. Operands 1 to 3
/// hold begin, end and stride. Source: TFLite `internal/strided_slice_logic.h`, `StridedSliceStartForAxis` and
/// `StridedSliceEndForAxis`. Axes beyond the operands are taken whole.
pub(super) fn strided_slice(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let dims = call.shape(input).0.clone();
    let options = call.options(kind::STRIDED_SLICE)?;
    if options.int(2, 0, "ellipsis_mask")? != 0 {
        return Err(Error::Form { what: "an ellipsis in a slice" }.into());
    }
    if options.int(3, 0, "new_axis_mask")? != 0 {
        return Err(Error::Form { what: "a new axis in a slice" }.into());
    }
    let begins = call.integers(1, "begin")?;
    let given = begins.len();
    if given > dims.len() {
        return Err(Error::OperandLength { operand: "begin", expected: dims.len(), given }.into());
    }
    let ends = operand(call, 2, "end", given)?;
    let strides = operand(call, 3, "strides", given)?;
    let masks = [options.int(0, 0, "begin_mask")?, options.int(1, 0, "end_mask")?, options.int(4, 0, "shrink_axis_mask")?];
    let offset = options.flag(5, "offset")?;
    let (mut begin, mut stride, mut size) = (Vec::new(), Vec::new(), Vec::new());
    for (axis, &dim) in dims.iter().enumerate() {
        let [whole_begin, whole_end, shrink] = masks.map(|mask| mask >> axis & 1 != 0);
        let range = match (begins.get(axis), ends.get(axis), strides.get(axis)) {
            (Some(&begin), Some(&end), Some(&stride)) => {
                let range = Range { begin, end, stride, whole_begin, whole_end, shrink, offset };
                range.resolve(dim)?
            }
            _ => (0, 1, dim),
        };
        begin.push(range.0);
        stride.push(range.1);
        size.push(range.2);
    }
    let kept = size.iter().enumerate().filter(|(axis, _)| masks[2] >> axis & 1 == 0);
    call.stated = Some(Shape(kept.map(|(_, &size)| size).collect()));
    Ok(Op::Slice { input, begin, stride, size })
}

/// An operand of as many integers as another.
fn operand(call: &mut Call<'_, '_>, position: usize, operand: &'static str, expected: usize) -> Result<Vec<i64>, Error> {
    let values = call.integers(position, operand)?;
    if values.len() == expected { Ok(values) } else { Err(Error::OperandLength { operand, expected, given: values.len() }) }
}

/// What one axis of a strided slice asks for.
struct Range {
    begin: i64,
    end: i64,
    stride: i64,
    whole_begin: bool,
    whole_end: bool,
    shrink: bool,
    offset: bool,
}

impl Range {
    /// Begin, stride and size along an axis of `dim` elements.
    fn resolve(&self, dim: usize) -> Result<(usize, isize, usize), Error> {
        let invalid = |field, expected, given| Error::Value { field, expected, given };
        let stride = i32::try_from(self.stride).ok().filter(|&stride| stride != 0);
        let stride = i64::from(stride.ok_or(invalid("strides", "of 32 bits and not 0", self.stride))?);
        let dim = dim as i64;
        let (least, greatest) = if stride > 0 { (0, dim) } else { (-1, dim - 1) };
        let wrap = |index: i64| if index < 0 { index.saturating_add(dim) } else { index };
        let begin = match self.whole_begin {
            true if stride > 0 => 0,
            true => dim - 1,
            false => wrap(self.begin).max(least).min(greatest),
        };
        let end = match (self.shrink, self.whole_end) {
            (true, _) if stride > 0 => begin + 1,
            (true, _) => begin - 1,
            (false, true) if stride > 0 => dim,
            (false, true) => -1,
            (false, false) => {
                let end = if self.offset { self.end.saturating_add(begin) } else { self.end };
                wrap(end).max(least).min(greatest)
            }
        };
        let span = if stride > 0 { end - begin } else { begin - end };
        let size = if span > 0 && (0..dim).contains(&begin) { (span - 1) / stride.abs() + 1 } else { 0 };
        if size == 0 {
            return Err(invalid("the slice's size", "at least 1", 0));
        }
        // One element has no step: a slice that takes one has the step 1.
        let stride = if size == 1 { 1 } else { stride };
        let narrow = |value: i64| usize::try_from(value).map_err(|_| invalid("begin", "inside the axis", value));
        Ok((narrow(begin)?, stride as isize, narrow(size)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(begin: i64, end: i64, stride: i64) -> Range {
        Range { begin, end, stride, whole_begin: false, whole_end: false, shrink: false, offset: false }
    }

    #[test]
    fn ranges_follow_numpy() {
        assert_eq!(range(1, 5, 2).resolve(6), Ok((1, 2, 2)));
        assert_eq!(range(1, 6, 2).resolve(6), Ok((1, 2, 3)));
        assert_eq!(range(-3, -1, 1).resolve(6), Ok((3, 1, 2)));
        assert_eq!(range(5, 1, -2).resolve(6), Ok((5, -2, 2)));
        assert_eq!(range(99, -99, -1).resolve(6), Ok((5, -1, 6)));
        assert_eq!(Range { whole_end: true, ..range(-1, 0, -1) }.resolve(6), Ok((5, -1, 6)));
        assert_eq!(Range { whole_begin: true, ..range(9, 3, 1) }.resolve(6), Ok((0, 1, 3)));
        assert_eq!(Range { shrink: true, ..range(-1, 0, 1) }.resolve(6), Ok((5, 1, 1)));
        assert_eq!(Range { offset: true, ..range(2, 3, 1) }.resolve(6), Ok((2, 1, 3)));
    }

    #[test]
    fn empty_and_senseless_ranges_are_refused() {
        for (begin, end, stride) in [(3, 3, 1), (4, 2, 1), (0, 6, 0), (6, 9, 1), (0, 6, i64::MIN)] {
            assert!(matches!(range(begin, end, stride).resolve(6), Err(Error::Value { .. })), "{begin}:{end}:{stride}");
        }
        assert!(range(0, 1, 1).resolve(0).is_err());
    }
}
