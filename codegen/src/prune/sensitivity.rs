//! What the network loses by the pruning of one layer at a time.

use super::moments::Moments;
use super::refit::refit_alone;
use super::{Amount, How, Masked, Pattern, PruneError, Pruner, candidates, plain, scattered, shrunk};
use crate::diag::Diagnostics;
use crate::ir::TensorId;
use crate::judge::{Judge, Score};
use std::sync::{Mutex, PoisonError};

/// One layer, and what the network is like when only it is pruned.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// The name of its weights.
    pub name: String,
    /// Its op.
    pub op: &'static str,
    /// Number of its weights.
    pub weights: usize,
    /// Sparsities of the layer, or shares of its channels, and what is left of the network.
    pub points: Vec<(f64, Score)>,
}

impl Pruner<'_> {
    /// Prunes every layer by itself to each of `sparsities` (below 1) and scores the network; for [`Pattern::OfGroup`] to its own. Layers whose
    /// output channels have to stay are left out under [`Pattern::Channels`]. Calls `step` with the layers done and those to do.
    ///
    /// # Errors
    /// As [`super::prune`]; what keeps a graph from being run; fitting that takes too much memory.
    pub fn sensitivity(
        &self,
        how: &How,
        refit: bool,
        sparsities: &[f64],
        judge: &Judge<'_>,
        step: impl Fn(usize, usize) + Sync,
    ) -> Result<Vec<Sensitivity>, Diagnostics> {
        let own = how.share().map_err(plain)?;
        let sparsities = match how.pattern {
            Pattern::OfGroup { .. } => &[own][..],
            Pattern::Scattered | Pattern::Block { .. } | Pattern::Channels => sparsities,
        };
        let nodes = candidates(&self.dense, how).map_err(plain)?;
        let moments = if refit { Some(Moments::of(&self.dense, self.data)?) } else { None };
        let waiting = Mutex::new(nodes.iter().copied().rev().collect::<Vec<_>>());
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    loop {
                        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
                        let Some(node) = next else { break };
                        let result = self.of_layer(node, how, moments.as_ref(), sparsities, judge);
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        done.push((node, result));
                        step(done.len(), nodes.len());
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(node, _)| *node);
        done.into_iter().filter_map(|(_, result)| result.transpose()).collect()
    }

    /// One layer; `None` where nothing of it can go.
    fn of_layer(
        &self,
        node: usize,
        how: &How,
        moments: Option<&Moments>,
        sparsities: &[f64],
        judge: &Judge<'_>,
    ) -> Result<Option<Sensitivity>, Diagnostics> {
        let (dense, powers) = (&self.dense, Some(&self.powers));
        let Some(filter) = dense.nodes[node].op.layer().map(|layer| layer.filter) else { return Ok(None) };
        let mut points = Vec::new();
        for &sparsity in sparsities {
            let made: Result<Masked, PruneError> = match how.pattern {
                Pattern::Scattered | Pattern::OfGroup { .. } | Pattern::Block { .. } => {
                    scattered(dense, vec![node], how, sparsity, powers)
                }
                Pattern::Channels => {
                    let outputs = &dense.nodes[node].outputs;
                    let allowed = |group: &[(TensorId, usize)]| group.iter().any(|(id, _)| outputs.contains(id));
                    shrunk(dense, None, allowed, how.scope, Amount::OfGroups(sparsity), powers)
                }
            };
            match made {
                Ok(mut masked) => {
                    if let Some(moments) = moments {
                        refit_alone(dense, &mut masked.graph, moments);
                    }
                    points.push((sparsity, judge.score_graph(&masked.graph)?));
                }
                Err(PruneError::Nothing) => return Ok(None),
                Err(error) => return Err(plain(error)),
            }
        }
        let tensor = dense.tensor(filter);
        Ok(Some(Sensitivity {
            name: tensor.name.clone(),
            op: dense.nodes[node].op.name(),
            weights: tensor.shape.elements(),
            points,
        }))
    }
}
