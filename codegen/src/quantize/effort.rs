//! How much is tried for a network of a size: every stage has a bound on its multiplications, so that large networks take seconds, too.

use super::Options;
use crate::fit;
use crate::ir::Graph;
use crate::valid;

/// Multiplications that recipes are compared with, all together.
const COMPARING: u64 = 160_000_000_000;
/// Multiplications of a pass over all samples, above which recipes that need another pass are left out.
const PASS: u64 = 40_000_000_000;
/// Multiplications of fitting weights: of running both networks, and of solving for weights, which take about four times as long each.
const FITTING: u64 = 120_000_000_000;
/// Samples that recipes are compared on, at the most; the others only calibrate.
const COMPARED: usize = 256;
/// Recipes whose weights are fitted, too, at the most: those that are best without.
const FITTED: usize = 6;
/// Samples that weights are fitted on, at the most, and with fewer of which that is left out, unless there are no more.
const FITTED_ON: usize = 256;
const LEAST_FITTED_ON: usize = 24;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effort {
    /// Samples that recipes are compared on.
    pub(super) compared: usize,
    /// Whether recipes with equalization are tried where they are not asked for.
    pub(super) equalizes: bool,
    /// Recipes whose weights are fitted.
    pub(super) fitted: usize,
    /// Samples that they are fitted on.
    pub(super) fitted_on: usize,
}

impl Effort {
    /// For a float network and its calibration samples.
    pub(super) fn of(graph: &Graph, samples: usize, recipes: usize, options: &Options) -> Self {
        let macs = graph.nodes.iter().map(|node| valid::macs(graph, node)).fold(0u64, u64::saturating_add).max(1);
        let share = |bound: u64, each: u64| usize::try_from(bound / each.max(1)).unwrap_or(usize::MAX);
        let compared = share(COMPARING, macs.saturating_mul(recipes.max(1) as u64)).clamp(2, COMPARED).min(samples);
        let fits = |recipes: usize| {
            let bound = FITTING / recipes as u64;
            let on = |samples: usize| macs.saturating_mul(2 * samples as u64).saturating_add(4 * fit::effort(graph, samples));
            // Halved until it is within the bound.
            let mut fitted_on = samples.min(FITTED_ON);
            while fitted_on > LEAST_FITTED_ON && on(fitted_on) > bound {
                fitted_on = (fitted_on / 2).max(LEAST_FITTED_ON);
            }
            (on(fitted_on) <= bound).then_some((recipes, fitted_on))
        };
        let least = (1, samples.clamp(1, LEAST_FITTED_ON));
        let must = options.fit_weights == super::Choice::On || options.widths != super::Widths::Eight;
        let found = [FITTED, 3, 2, 1].into_iter().find_map(fits).or(must.then_some(least));
        let (fitted, fitted_on) = found.unwrap_or((0, 0));
        Self { compared, equalizes: macs.saturating_mul(samples as u64) <= PASS, fitted, fitted_on }
    }
}
