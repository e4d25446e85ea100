//! How much goes at each step of iterative pruning.

use super::{How, Pattern};

/// What to prune to at each of `count` steps, so that `share` is gone after the last. Steps that would take nothing are left out.
///
/// The share rises fast at first and slowly at the end: `share * (1 - (1 - step / count)^3)`. Source of the formula: Zhu and Gupta, *To prune, or
/// not to prune*, 2017.
pub(super) fn schedule(how: &How, share: f64, count: usize) -> Vec<How> {
    let mut steps: Vec<How> = Vec::new();
    for step in 1..=count {
        let gone = if step == count { share } else { share * (1.0 - (1.0 - step as f64 / count as f64).powi(3)) };
        let pattern = match how.pattern {
            Pattern::OfGroup { kept, of } if step < count => {
                Pattern::OfGroup { kept: (((1.0 - gone) * of as f64).round() as usize).clamp(kept, of), of }
            }
            Pattern::OfGroup { .. } | Pattern::Scattered | Pattern::Block { .. } | Pattern::Channels => how.pattern,
        };
        let idle = match (pattern, steps.last()) {
            (Pattern::OfGroup { kept, of }, None) => kept == of,
            (Pattern::OfGroup { .. }, Some(last)) => last.pattern == pattern,
            _ => false,
        };
        if !idle {
            steps.push(How { pattern, sparsity: gone, ..how.clone() });
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(how: &How, count: usize) -> Vec<f64> {
        schedule(how, 0.8, count).iter().map(|step| step.sparsity).collect()
    }

    #[test]
    fn shares_rise_to_what_is_asked_for() {
        assert_eq!(shares(&How::default(), 1), [0.8]);
        let four = shares(&How::default(), 4);
        assert!(four.len() == 4 && four[3] == 0.8, "{four:?}");
        let gone: Vec<f64> = [0.0].iter().chain(&four).zip(&four).map(|(before, after)| after - before).collect();
        assert!(gone.windows(2).all(|pair| pair[0] > pair[1] && pair[1] > 0.0), "{gone:?}");
    }

    #[test]
    fn groups_lose_whole_weights() {
        let kept = |kept, of, count| {
            let how = How { pattern: Pattern::OfGroup { kept, of }, ..How::default() };
            let kept = |step: &How| match step.pattern {
                Pattern::OfGroup { kept, .. } => kept,
                _ => 0,
            };
            schedule(&how, 1.0 - kept_share(&how), count).iter().map(kept).collect::<Vec<_>>()
        };
        assert_eq!(kept(2, 4, 1), [2]);
        assert_eq!(kept(2, 4, 8), [3, 2]);
        assert_eq!(kept(1, 4, 8), [3, 2, 1]);
    }

    fn kept_share(how: &How) -> f64 {
        1.0 - how.share().unwrap_or(0.0)
    }
}
