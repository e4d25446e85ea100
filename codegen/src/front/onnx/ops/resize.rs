//! Resizing of images.

use super::{Builder, Call, Error, Known, Made};
use crate::front::onnx::value::{IMAGE, IMAGE_ORDER, Value};
use crate::ir::{Op, ResizeMode};

pub(super) fn resize(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    let from = builder.dims(&value);
    let &[batch, channels, height, width] = from.as_slice() else {
        return Err(Error::Unsupported { what: format!("a resize of {} axes", from.len()) });
    };
    // Version 10 has the scales where later ones have the region of interest.
    let at = if builder.opset < 11 { 1 } else { 2 };
    let sizes = builder.integers(call, 3, "the sizes")?.filter(|sizes| !sizes.is_empty());
    let to: Vec<usize> = match sizes {
        Some(sizes) => sizes.iter().map(|&size| usize::try_from(size).unwrap_or(0)).collect(),
        None => {
            let (_, scales) = builder.floats(call, at, "the scales")?;
            from.iter().zip(&scales).map(|(&size, &scale)| (size as f32 * scale).floor() as usize).collect()
        }
    };
    let &[to_batch, to_channels, to_height, to_width] = to.as_slice() else {
        return Err(Error::Value { what: "the sizes", expected: "one for each axis", given: format!("{to:?}") });
    };
    if (to_batch, to_channels) != (batch, channels) || to_height == 0 || to_width == 0 {
        return Err(Error::Value { what: "the sizes", expected: "another height and width only", given: format!("{to:?}") });
    }
    let how = call.attributes.text("coordinate_transformation_mode").unwrap_or("half_pixel");
    let how = if builder.opset < 11 { "asymmetric" } else { how };
    let mode = call.attributes.text("mode").unwrap_or("nearest");
    let whole = |a: usize, b: usize| a.max(b).is_multiple_of(a.min(b).max(1));
    let pair = [(height, to_height), (width, to_width)];
    let (mode, align_corners, half_pixel_centers) = match (mode, how) {
        ("linear", "half_pixel") => (ResizeMode::Bilinear, false, true),
        ("linear", "pytorch_half_pixel") if to_height > 1 && to_width > 1 => (ResizeMode::Bilinear, false, true),
        ("linear", "asymmetric") => (ResizeMode::Bilinear, false, false),
        ("linear", "align_corners") => (ResizeMode::Bilinear, true, false),
        ("nearest", "asymmetric") if call.attributes.text("nearest_mode") == Some("floor") || builder.opset < 11 => {
            (ResizeMode::NearestNeighbor, false, false)
        }
        // Between the two ways to round there is no difference where every pixel becomes as many.
        ("nearest", "half_pixel") if pair.iter().all(|&(from, to)| to >= from && whole(from, to)) => {
            (ResizeMode::NearestNeighbor, false, true)
        }
        ("nearest", "asymmetric") if pair.iter().all(|&(from, to)| to == from || to == 2 * from) => {
            let rounds_down = call.attributes.text("nearest_mode").is_none_or(|mode| mode == "round_prefer_floor");
            if !rounds_down {
                return Err(Error::Unsupported { what: "this nearest_mode".into() });
            }
            (ResizeMode::NearestNeighbor, false, false)
        }
        (mode, how) => return Err(Error::Unsupported { what: format!("a resize of mode {mode} with {how} coordinates") }),
    };
    let input = builder.arrange(&value, &IMAGE)?;
    let op = Op::Resize { mode, input, align_corners, half_pixel_centers };
    let made = builder.add(call, op, Some(vec![batch, to_height, to_width, channels]))?;
    Ok(vec![Known::Computed(Value::ordered(made, IMAGE_ORDER.to_vec()))])
}
