//! Several sparsities: for a curve, and for the least that fits.

use super::flash::{Flash, Size};
use super::report::least;
use super::weights;
use crate::cli::session::Session;
use crate::diag::{Diagnostics, Explain, Place};
use crate::judge::Judge;
use crate::prune::{How, Pattern, PruneError, Pruned, Pruner};
use crate::report::CurvePoint;

/// Sparsities of a curve.
const CURVE: [f64; 11] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
/// The greatest sparsity that is tried for a model to fit.
const MOST: f64 = 0.98;
/// Halvings of the sparsities that are left: to about 1 %.
const STEPS: usize = 7;

/// Whether more was asked for than can go.
fn too_much(diagnostics: &Diagnostics) -> bool {
    diagnostics.0.iter().any(|diagnostic| diagnostic.code == "prune::too_much")
}

/// A graph to be pruned again and again.
pub(super) struct Job<'a> {
    pub(super) pruner: &'a Pruner<'a>,
    /// How to prune in one step.
    pub(super) how: &'a How,
    /// Steps for the network that is written.
    pub(super) steps: usize,
    pub(super) refit: bool,
    pub(super) flash: &'a Flash<'a>,
}

impl Job<'_> {
    /// Prunes to one sparsity, in one step.
    fn at(&self, sparsity: f64) -> Result<(Pruned, Size), Diagnostics> {
        self.in_steps(sparsity, 1)
    }

    /// Prunes to one sparsity, in as many steps as are allowed.
    pub(super) fn best(&self, sparsity: f64) -> Result<(Pruned, Size), Diagnostics> {
        self.in_steps(sparsity, self.steps)
    }

    fn in_steps(&self, sparsity: f64, steps: usize) -> Result<(Pruned, Size), Diagnostics> {
        let nothing = sparsity == 0.0 && !matches!(self.how.pattern, Pattern::OfGroup { .. });
        let steps = if nothing { 1 } else { steps };
        let pruned = self.pruner.prune(&How { sparsity, steps, ..self.how.clone() }, self.refit && !nothing)?;
        let size = self.flash.of(&pruned.graph)?;
        Ok((pruned, size))
    }

    /// Accuracy against flash, up to what can go.
    pub(super) fn curve(&self, session: &Session, judge: &Judge<'_>) -> Result<Vec<CurvePoint>, Diagnostics> {
        let progress = session.progress(CURVE.len());
        let mut points = Vec::new();
        for sparsity in CURVE {
            let (pruned, size) = match self.at(sparsity) {
                Err(problems) if too_much(&problems) => break,
                made => made?,
            };
            let Size { flash: flash_bytes, measured, .. } = size;
            let score = judge.score_graph(&pruned.graph)?;
            points.push(CurvePoint {
                sparsity: pruned.sparsity(),
                weights: weights(&pruned),
                flash_bytes,
                measured,
                score: least(&score),
                relative_error: score.relative_error(),
            });
            progress.tick();
        }
        Ok(points)
    }

    /// The graph that loses least and fits.
    pub(super) fn fit(&self, session: &Session, bytes: Option<u64>, ram: Option<u64>) -> Result<(Pruned, Size), Diagnostics> {
        let progress = session.progress(STEPS + 2);
        let try_at = |sparsity: f64| {
            let made = self.at(sparsity);
            progress.tick();
            made
        };
        let fits =
            |size: &Size| bytes.is_none_or(|bytes| size.flash <= bytes) && ram.is_none_or(|ram| size.ram + size.stack <= ram);
        let whole = try_at(0.0)?;
        if fits(&whole.1) {
            return Ok(whole);
        }
        // The sparsities between which the least that fits lies, and what it makes.
        let (mut low, mut high) = (0.0, MOST);
        let mut best: Option<(Pruned, Size)> = None;
        let (mut least_flash, mut least_ram) = (whole.1.flash, whole.1.ram + whole.1.stack);
        let mut sparsest = 0.0;
        for step in 0..=STEPS {
            let sparsity = if step == 0 { high } else { (low + high) / 2.0 };
            match try_at(sparsity) {
                Ok(made) if fits(&made.1) => {
                    high = sparsity;
                    best = Some(made);
                }
                Ok(made) => {
                    if made.1.flash < least_flash {
                        (least_flash, sparsest) = (made.1.flash, made.0.sparsity());
                    }
                    least_ram = least_ram.min(made.1.ram + made.1.stack);
                    // Nothing that goes further is known to fit.
                    if step == 0 {
                        break;
                    }
                    low = sparsity;
                }
                // More than can go: less may do.
                Err(problems) if too_much(&problems) => high = sparsity,
                Err(problems) => return Err(problems),
            }
        }
        if best.is_some() && self.steps > 1 {
            // The same share in more steps is better; it is taken if it fits as well.
            match self.best(high) {
                Ok(made) if fits(&made.1) => best = Some(made),
                Ok(_) | Err(_) => {}
            }
        }
        best.ok_or_else(|| {
            let error = match (bytes, ram) {
                (_, Some(wanted)) if least_ram > wanted => PruneError::Ram { wanted, least: least_ram },
                (bytes, _) => PruneError::Flash { wanted: bytes.unwrap_or_default(), least: least_flash, sparsity: sparsest },
            };
            error.at(Place::default()).into()
        })
    }
}
