//! What the dense graph's layers read on the samples.

use crate::diag::Diagnostics;
use crate::fit::{self, Geometry, Quadratic};
use crate::ir::Graph;
use crate::samples::Dataset;

/// Samples that these are of, and that weights are fitted on.
pub(super) const SAMPLES: usize = 256;

/// For each node that is a layer whose sums are known, its squared differences as a function of its weights.
pub(super) struct Moments(Vec<Option<(Geometry, Vec<Quadratic>)>>);

impl Moments {
    /// Runs the dense graph on samples.
    ///
    /// # Errors
    /// What keeps it from being run; outputs that are not finite.
    pub(super) fn of(dense: &Graph, data: &Dataset) -> Result<Self, Diagnostics> {
        let mut all: Vec<Option<(Geometry, Vec<Quadratic>)>> = dense.nodes.iter().map(|_| None).collect();
        let settle = |_, _: &mut _| {};
        fit::walk(dense, &mut dense.clone(), data, SAMPLES, settle, |_, index, geometry, quadratics| {
            all[index] = Some((geometry.clone(), quadratics));
        })?;
        Ok(Self(all))
    }

    pub(super) fn node(&self, index: usize) -> Option<&(Geometry, Vec<Quadratic>)> {
        self.0.get(index)?.as_ref()
    }

    /// The mean square of what each weight of a node's filter is multiplied with, in the order in which the filter lies; `None` where it
    /// is not known.
    pub(super) fn powers(&self, index: usize) -> Option<Vec<f64>> {
        let (geometry, quadratics) = self.node(index)?;
        let mut powers = vec![0.0; geometry.outs() * geometry.size()];
        for out in 0..geometry.outs() {
            let quadratic = quadratics.get(geometry.slot(out).0)?;
            for k in 0..geometry.size() {
                *powers.get_mut(geometry.weight(out, k))? = quadratic.mean_square(k);
            }
        }
        Some(powers)
    }
}
