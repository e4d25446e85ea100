//! Shapes of what an operator makes, in files that leave them open.

use super::Call;
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::{Op, Shape, TensorId, infer};

/// Replaces the shapes of open outputs by those that follow from what the operator reads.
///
/// Where a size is open, a converter writes 1 for it. Such a shape stays where it is one that the operator can make, so that only
/// files in which it is none are read otherwise than before.
pub(super) fn settle(call: &mut Call<'_, '_>, op: &Op, outputs: &[TensorId]) -> Outcome<()> {
    let graph = &call.reader.graph;
    let declared: Vec<Option<Shape>> = outputs.iter().map(|&id| Some(graph.tensor(id).shape.clone())).collect();
    if !outputs.iter().any(|&id| call.reader.open(id)) || infer(op, graph, &declared).is_ok() {
        return Ok(());
    }
    let stated: Vec<Option<Shape>> = match (op, &call.stated) {
        (_, Some(stated)) => vec![Some(stated.clone())],
        // The axis that is split is as long as is said; the others are those of the input.
        (Op::Split { input, axis }, None) => {
            let with = |part: &Shape| {
                let mut dims = graph.tensor(*input).shape.clone();
                *dims.0.get_mut(*axis)? = *part.0.get(*axis)?;
                Some(dims)
            };
            declared.iter().map(|part| with(part.as_ref()?)).collect()
        }
        (_, None) => vec![None; outputs.len()],
    };
    let shapes = infer(op, graph, &stated).map_err(|error| Error::Open { reason: error.to_string() })?;
    for (&id, shape) in outputs.iter().zip(shapes) {
        call.reader.graph.tensor_mut(id).shape = shape;
    }
    Ok(())
}
