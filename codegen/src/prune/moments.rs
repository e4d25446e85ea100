//! What layers read on the samples.

use super::PruneError;
use crate::diag::{Diagnostics, Explain, Place};
use crate::fit::{self, Geometry, Quadratic, Visited};
use crate::ir::{Data, Graph, TensorId};
use crate::samples::Dataset;

/// Samples that these are of, and that weights are fitted on.
pub(super) const SAMPLES: usize = 256;

/// Bytes that [`Moments`] may take of a small network, and for each byte of the weights of a large one.
const MOMENT_BYTES: usize = 256 << 20;
const MOMENT_BYTES_PER_BYTE: usize = 4;

/// For each node that is a layer whose products are known, the mean squares of its inputs: as many numbers as a sum has weights.
#[derive(Clone)]
pub(super) struct Powers(Vec<Option<(Geometry, Vec<f64>)>>);

impl Powers {
    pub(super) fn unknown(graph: &Graph) -> Self {
        Self(graph.nodes.iter().map(|_| None).collect())
    }

    /// Runs a graph on samples.
    ///
    /// # Errors
    /// What keeps it from being run; outputs that are not finite.
    pub(super) fn of(graph: &Graph, data: &Dataset) -> Result<Self, Diagnostics> {
        let mut powers = Self::unknown(graph);
        fit::visit(graph, &mut graph.clone(), data, SAMPLES, unchanged, |_, layer| powers.note(layer))?;
        Ok(powers)
    }

    pub(super) fn note(&mut self, layer: &Visited<'_>) {
        if let Some(slot) = self.0.get_mut(layer.index) {
            *slot = Some((layer.geometry.clone(), layer.mean_squares()));
        }
    }

    /// The mean square of what each weight of a node's filter is multiplied with, in the order in which the filter lies; `None` where it
    /// is not known.
    pub(super) fn of_filter(&self, index: usize) -> Option<Vec<f64>> {
        let (geometry, squares) = self.0.get(index)?.as_ref()?;
        let mut powers = vec![0.0; geometry.outs() * geometry.size()];
        for out in 0..geometry.outs() {
            let squares = squares.get(geometry.slot(out).0 * geometry.size()..)?;
            for (k, square) in squares.iter().take(geometry.size()).enumerate() {
                *powers.get_mut(geometry.weight(out, k))? = *square;
            }
        }
        Some(powers)
    }
}

/// What [`fit::visit`] does with values: nothing.
pub(super) fn unchanged(_: TensorId, _: &mut Data) {}

/// For each node that is a layer whose sums are known, its squared differences as a function of its weights.
pub(super) struct Moments(Vec<Option<(Geometry, Vec<Quadratic>)>>);

impl Moments {
    /// Runs the dense graph on samples.
    ///
    /// # Errors
    /// What keeps it from being run; outputs that are not finite; matrices that take too much memory.
    pub(super) fn of(dense: &Graph, data: &Dataset) -> Result<Self, Diagnostics> {
        let geometries = dense.nodes.iter().filter_map(|node| Geometry::of(dense, node));
        let needed = geometries.map(|geometry| geometry.quadratic_bytes()).fold(0, usize::saturating_add);
        let weights: usize = dense.weights.iter().map(|weight| 4 * weight.data.len()).sum();
        let limit = MOMENT_BYTES.max(MOMENT_BYTES_PER_BYTE * weights);
        if needed > limit {
            return Err(PruneError::Memory { needed, limit }.at(Place::default()).into());
        }
        let mut all: Vec<Option<(Geometry, Vec<Quadratic>)>> = dense.nodes.iter().map(|_| None).collect();
        fit::walk(dense, &mut dense.clone(), data, SAMPLES, unchanged, |_, index, geometry, quadratics| {
            all[index] = Some((geometry.clone(), quadratics));
        })?;
        Ok(Self(all))
    }

    pub(super) fn node(&self, index: usize) -> Option<&(Geometry, Vec<Quadratic>)> {
        self.0.get(index)?.as_ref()
    }
}
