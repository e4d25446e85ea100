//! How well pruned networks do against their flash, as a picture.

use crate::text::number;
use core::fmt::Write as _;
use serde::Serialize;

/// One pruned network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The share of the dense network's weights that are gone.
    pub sparsity: f64,
    /// Weights that are left.
    pub weights: usize,
    /// Bytes of flash of the int8 network.
    pub flash_bytes: u64,
    /// Whether an image was linked; `flash_bytes` are those of the constants alone where not.
    pub measured: bool,
    /// The [`Measure`], 1 at best.
    pub score: f64,
    /// The squared error of the outputs relative to their variance.
    pub relative_error: f64,
}

/// The measure that networks of a curve are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The share of samples with the class of their label.
    Accuracy,
    /// The share of samples with the class of the dense network.
    Agreement,
    /// The least R² of an output, with respect to the targets.
    TargetR2,
    /// The least R² of an output, with respect to the dense network.
    R2,
}

impl Measure {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Agreement => "agreement with the dense network",
            Self::TargetR2 => "R2 to the targets",
            Self::R2 => "R2 to the dense network",
        }
    }

    /// As the start of a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy",
            Self::Agreement => "Agreement with the dense network",
            Self::TargetR2 => "R2 to the targets",
            Self::R2 => "R2 to the dense network",
        }
    }

    /// As the head of a column.
    pub fn short(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Agreement => "agreement",
            Self::TargetR2 | Self::R2 => "R2",
        }
    }

    /// One value.
    pub fn shown(self, score: f64) -> String {
        match self {
            Self::Accuracy | Self::Agreement => format!("{:.1}%", 100.0 * score),
            Self::TargetR2 | Self::R2 => format!("{score:.4}"),
        }
    }
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 56.0;

/// An SVG file of its own, light and dark: flash on `target` to the right, and the measure up. Points have their sparsity beside them.
pub fn curve(title: &str, target: &str, measure: Measure, points: &[CurvePoint]) -> String {
    let of_flash = || points.iter().map(|point| point.flash_bytes);
    let (least, most) = (of_flash().min().unwrap_or(0) as f64, of_flash().max().unwrap_or(1) as f64);
    let step = round_step((most - least) / 5.0);
    // One step more at the left, where a curve of one size would have none.
    let start = ((least / step).ceil() - 1.0).max(0.0) * step;
    let end = ((most / step).ceil() * step).max(start + step);
    let lowest = points.iter().map(|point| point.score).fold(1.0, f64::min);
    let base = (lowest * 10.0).floor().clamp(0.0, 9.0) / 10.0;
    let x = |bytes: f64| LEFT + (bytes - start) / (end - start) * (WIDTH - LEFT - RIGHT);
    let y = |score: f64| TOP + (1.0 - score.max(base)) / (1.0 - base) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n<title>{title}</title>\n\
         <style>text{{font:13px system-ui,sans-serif;fill:#333}}.title{{font-size:16px;font-weight:600}}.grid{{stroke:#ddd}}\
         .line{{fill:none;stroke:#0969da;stroke-width:2}}circle{{fill:#0969da}}.back{{fill:#fff}}\
         @media(prefers-color-scheme:dark){{text{{fill:#ddd}}.grid{{stroke:#444}}.line{{stroke:#6cb6ff}}circle{{fill:#6cb6ff}}\
         .back{{fill:#1c1c1c}}}}</style>\n<rect class=\"back\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"26\">{title}</text>\n",
        title = escape(title),
    );
    let rows = ((1.0 - base) * 10.0).round().max(1.0) as usize;
    for row in 0..=rows {
        let score = base + (1.0 - base) * row as f64 / rows as f64;
        let (at, right) = (y(score), WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.0,
            match measure {
                Measure::Accuracy | Measure::Agreement => format!("{:.0}%", 100.0 * score),
                Measure::TargetR2 | Measure::R2 => format!("{score:.1}"),
            }
        );
    }
    let columns = ((end - start) / step).round() as usize;
    for column in 0..=columns {
        let bytes = start + step * column as f64;
        let (at, bottom) = (x(bytes), HEIGHT - BOTTOM);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 18.0,
            number(bytes as u64)
        );
    }
    let bytes = if points.iter().all(|point| point.measured) { "flash" } else { "constants in flash" };
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">bytes of {bytes} on {}; up: {}</text>",
        WIDTH - RIGHT,
        HEIGHT - 14.0,
        escape(target),
        measure.name()
    );
    let at = |point: &CurvePoint| (x(point.flash_bytes as f64), y(point.score));
    let line: Vec<String> = points.iter().map(at).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(svg, "<polyline class=\"line\" points=\"{}\"/>", line.join(" "));
    let mut beside: Vec<(f64, f64)> = Vec::new();
    for point in points {
        let (x, y) = at(point);
        let gone = 100.0 * point.sparsity;
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>sparsity {gone:.1}%: {} bytes, {}</title></circle>",
            number(point.flash_bytes),
            measure.shown(point.score)
        );
        // Where points crowd, only some say how much is gone.
        if beside.iter().all(|(other_x, other_y)| (x - other_x).abs() > 36.0 || (y - other_y).abs() > 16.0) {
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{gone:.0}%</text>", y + 18.0);
            beside.push((x, y));
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= least).unwrap_or(10.0 * power)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
