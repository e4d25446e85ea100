//! Labels of samples: class indices, or the values that outputs should have.

use super::arrays::Array;
use super::{SampleError as Error, check_count};
use safetensors::Dtype;

/// What labels say of an output.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Labels {
    /// The element that should be greatest, for each sample.
    Classes(Vec<usize>),
    /// Every element, sample after sample.
    Targets(Vec<f32>),
}

/// The labels of an output of `elements`: integers `[samples]` are class indices if the output has several elements; floats or integers
/// `[samples, elements]` are targets, as are those `[samples]` of an output of one.
pub(super) fn labels(view: &Array<'_>, count: usize, elements: usize) -> Result<Labels, Error> {
    let each = view.shape.iter().skip(1).fold(1usize, |each, &dim| each.saturating_mul(dim));
    let Some(&given) = view.shape.first() else {
        return Err(Error::Shape { expected: "[1]".into(), given: format!("{:?}", view.shape) });
    };
    let integers = integers(view);
    if each == 1
        && elements != 1
        && let Some(integers) = integers
    {
        check_count(integers.len(), Some(count))?;
        let label = |(sample, given): (usize, i64)| {
            usize::try_from(given).ok().filter(|&label| label < elements).ok_or(Error::Label { sample, given, classes: elements })
        };
        return integers.into_iter().enumerate().map(label).collect::<Result<_, _>>().map(Labels::Classes);
    }
    let values = match integers {
        Some(integers) => integers.into_iter().map(|value| value as f32).collect(),
        None => floats(view)?,
    };
    check_count(given, Some(count))?;
    if each != elements {
        return Err(Error::Shape { expected: format!("[{elements}]"), given: format!("{:?}", view.shape) });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(Error::NotFinite { sample: at / elements.max(1), index: at % elements.max(1), value: values[at] }),
        None => Ok(Labels::Targets(values)),
    }
}

fn integers(view: &Array<'_>) -> Option<Vec<i64>> {
    fn each<const N: usize>(bytes: &[u8], from: fn([u8; N]) -> i64) -> Vec<i64> {
        bytes.as_chunks::<N>().0.iter().map(|chunk| from(*chunk)).collect()
    }
    let bytes = view.data.as_ref();
    Some(match view.dtype {
        Dtype::I64 => each(bytes, i64::from_le_bytes),
        Dtype::I32 => each(bytes, |chunk| i32::from_le_bytes(chunk).into()),
        Dtype::I16 => each(bytes, |chunk| i16::from_le_bytes(chunk).into()),
        Dtype::I8 => each(bytes, |chunk| i8::from_le_bytes(chunk).into()),
        // What is beyond i64 is no class of any output.
        Dtype::U64 => each(bytes, |chunk| u64::from_le_bytes(chunk).try_into().unwrap_or(i64::MAX)),
        Dtype::U32 => each(bytes, |chunk| u32::from_le_bytes(chunk).into()),
        Dtype::U16 => each(bytes, |chunk| u16::from_le_bytes(chunk).into()),
        Dtype::U8 | Dtype::BOOL => each(bytes, |[byte]| byte.into()),
        _ => return None,
    })
}

fn floats(view: &Array<'_>) -> Result<Vec<f32>, Error> {
    match view.dtype {
        Dtype::F32 => Ok(view.data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
        Dtype::F64 => Ok(view.data.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect()),
        other => Err(Error::Type { expected: "float32, float64 or integers", given: other.to_string() }),
    }
}
