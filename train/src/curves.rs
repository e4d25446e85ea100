//! Learning curves, as CSV and as SVG.

use std::fmt::Write as _;

/// The figures of one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// The rate of its last step.
    pub rate: f64,
    /// Mean loss of the batches trained on, as they were met.
    pub loss: f64,
    /// Share of the training samples that were right as they were met.
    pub accuracy: f64,
    /// Cross entropy with the labels on the validation samples, after the epoch.
    pub validation_loss: f64,
    /// Share of the validation samples that are right.
    pub validation_accuracy: f64,
}

impl Epoch {
    pub(crate) const NUMBERS: usize = 5;

    pub(crate) fn numbers(self) -> [f64; Self::NUMBERS] {
        let Self { rate, loss, accuracy, validation_loss, validation_accuracy } = self;
        [rate, loss, accuracy, validation_loss, validation_accuracy]
    }

    pub(crate) fn of_numbers([rate, loss, accuracy, validation_loss, validation_accuracy]: [f64; Self::NUMBERS]) -> Self {
        Self { rate, loss, accuracy, validation_loss, validation_accuracy }
    }
}

/// A line for each epoch, counted from 1.
pub fn csv(epochs: &[Epoch]) -> String {
    let mut text = String::from("epoch,rate,loss,accuracy,validation_loss,validation_accuracy\n");
    for (index, epoch) in epochs.iter().enumerate() {
        let numbers: Vec<String> = epoch.numbers().iter().map(f64::to_string).collect();
        let _ = writeln!(text, "{},{}", index + 1, numbers.join(","));
    }
    text
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 40.0;

/// One picture: losses above, accuracies below, training and validation in each.
pub fn svg(epochs: &[Epoch], title: &str) -> String {
    let height = 2.0 * (HEIGHT + TOP) + 40.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" viewBox=\"0 0 {} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<style>\n  text {{ fill: #333 }} .axis {{ stroke: #999 }} \
         .training {{ stroke: #2563a8; fill: none }} .validation {{ stroke: #b8432f; fill: none }}\n  \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} .axis {{ stroke: #777 }} .training {{ stroke: #7db4ee }} \
         .validation {{ stroke: #f0907e }} }}\n</style>\n<text x=\"{LEFT}\" y=\"18\">{}</text>\n",
        WIDTH + LEFT + 130.0,
        WIDTH + LEFT + 130.0,
        escaped(title)
    );
    let losses =
        [("training", column(epochs, |epoch| epoch.loss)), ("validation", column(epochs, |epoch| epoch.validation_loss))];
    let accuracies =
        [("training", column(epochs, |epoch| epoch.accuracy)), ("validation", column(epochs, |epoch| epoch.validation_accuracy))];
    chart(&mut text, TOP, "loss", &losses);
    chart(&mut text, 2.0 * TOP + HEIGHT, "accuracy", &accuracies);
    let _ =
        writeln!(text, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">epoch {}</text>", LEFT + WIDTH, height - 16.0, epochs.len());
    text.push_str("</svg>\n");
    text
}

fn column(epochs: &[Epoch], of: impl Fn(&Epoch) -> f64) -> Vec<f64> {
    epochs.iter().map(of).collect()
}

fn chart(text: &mut String, top: f64, name: &str, lines: &[(&str, Vec<f64>)]) {
    let all = || lines.iter().flat_map(|(_, values)| values.iter().copied()).filter(|value| value.is_finite());
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = if low < high {
        (low, high)
    } else if low.is_finite() {
        (low - 0.5, low + 0.5)
    } else {
        (0.0, 1.0)
    };
    let bottom = top + HEIGHT;
    let _ = writeln!(text, "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {top}V{bottom}H{}\"/>", LEFT + WIDTH);
    let _ = writeln!(text, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{high:.3}</text>", LEFT - 6.0, top + 4.0);
    let _ = writeln!(text, "<text x=\"{}\" y=\"{bottom}\" text-anchor=\"end\">{low:.3}</text>", LEFT - 6.0);
    let _ = writeln!(text, "<text x=\"{}\" y=\"{}\">{name}</text>", LEFT + 6.0, top - 6.0);
    for (index, (class, values)) in lines.iter().enumerate() {
        let step = WIDTH / (values.len().max(2) - 1) as f64;
        let place = |(index, value): (usize, &f64)| {
            format!("{:.1},{:.1}", LEFT + step * index as f64, bottom - (value - low) / (high - low) * HEIGHT)
        };
        let points: Vec<String> = values.iter().enumerate().filter(|(_, value)| value.is_finite()).map(place).collect();
        let _ = writeln!(text, "<polyline class=\"{class}\" stroke-width=\"2\" points=\"{}\"/>", points.join(" "));
        let (x, y) = (LEFT + WIDTH + 12.0, top + 14.0 + 20.0 * index as f64);
        let _ = writeln!(
            text,
            "<path class=\"{class}\" stroke-width=\"2\" d=\"M{x} {y}h20\"/><text x=\"{}\" y=\"{}\">{class}</text>",
            x + 26.0,
            y + 4.0
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
