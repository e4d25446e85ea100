//! The memory plan as a picture: time to the right, addresses upwards, a rectangle for each piece of memory in use.

use super::{Detail, escape, number, size};
use crate::lower::Program;
use crate::plan::{ALIGN, Place, Plan, Storage, storages};
use core::fmt::Write as _;

/// Pixels of the picture's height, of the axis beside it and of the one below.
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 64.0;
const BELOW: f64 = 34.0;

/// A storage and the first byte of it in the `Model` struct.
struct Placed {
    storage: Storage,
    offset: usize,
}

pub(super) fn memory(detail: &Detail) -> String {
    let Some((_, compiled)) = detail.compiled.first() else { return String::new() };
    let (program, plan) = (&compiled.program, &compiled.plan);
    let placed = placed(program, plan);
    let overlaps = plan.steps.iter().filter(|planned| planned.lies_over_input()).count();
    let saved = match overlaps {
        0 => String::new(),
        _ => format!(
            " {overlaps} steps write their output over the input that they consume, row by row or channel by channel, where \
             rectangles overlap: without it the arena would have {} bytes.",
            number(plan.arena_bytes_apart as u64)
        ),
    };
    let text = format!(
        "<h3>Memory plan</h3>\n<p class=\"quiet\">{} bytes of RAM. At least {} bytes are needed for {} tensors at one moment; the \
         arena for them has {}.{saved} Each rectangle is memory in use: from left to right the steps, from below upwards the \
         addresses.</p>\n",
        number(plan.ram_bytes() as u64),
        number(plan.arena_lower_bound as u64),
        plan.arena_dtype.name(),
        number(plan.arena_bytes as u64),
    );
    text + &picture(program, plan, &placed)
}

/// The arena's storages where the plan puts them, and above the arena the others.
fn placed(program: &Program, plan: &Plan) -> Vec<Placed> {
    let mut end = plan.arena_bytes;
    let place = |storage: Storage| {
        let offset = match storage.tensors.first().and_then(|&id| plan.place(id)) {
            Some(Place::Arena { offset, bytes: _ }) => offset,
            Some(Place::Field { .. }) | None => {
                end += storage.bytes.next_multiple_of(ALIGN);
                end - storage.bytes.next_multiple_of(ALIGN)
            }
        };
        Placed { storage, offset }
    };
    storages(program).into_iter().map(place).collect()
}

fn picture(program: &Program, plan: &Plan, placed: &[Placed]) -> String {
    let moments = program.steps.len() + 2;
    let column = (900.0 / moments as f64).clamp(16.0, 56.0);
    let (width, total) = (column * moments as f64, plan.ram_bytes().max(1) as f64);
    let (all_width, all_height) = (LEFT + width + 8.0, HEIGHT + BELOW + 10.0);
    let mut svg = format!(
        "<div class=\"scroll\"><svg class=\"memory\" width=\"{all_width:.0}\" height=\"{all_height:.0}\" \
         viewBox=\"0 0 {all_width:.0} {all_height:.0}\" role=\"img\"><title>Memory plan</title>\n<g transform=\"translate(0 8)\">\n"
    );
    for part in 0..=4 {
        let bytes = plan.ram_bytes() as u64 * part / 4;
        let y = HEIGHT - HEIGHT * bytes as f64 / total;
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT + width,
            LEFT - 6.0,
            y + 4.0,
            size(bytes)
        );
    }
    for Placed { storage, offset } in placed {
        let x = LEFT + column * storage.first as f64;
        let (w, h) = (column * (storage.last - storage.first + 1) as f64, HEIGHT * storage.bytes as f64 / total);
        let y = HEIGHT - HEIGHT * *offset as f64 / total - h;
        let class = class(program, storage);
        let names: Vec<String> = storage.tensors.iter().map(|&id| short(&program.tensor(id).name)).collect();
        let _ = write!(
            svg,
            "<g><title>{}\nbytes {} to {} ({}), in use {} to {}</title>\
             <rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.2}\"/>",
            escape(&names.join("\n")),
            number(*offset as u64),
            number((offset + storage.bytes) as u64),
            number(storage.bytes as u64),
            moment(storage.first, moments),
            moment(storage.last, moments),
            x + 0.5,
            (w - 1.0).max(0.5),
            h.max(0.75),
        );
        let label = size(storage.bytes as u64);
        if h > 13.0 && w > 7.0 * label.len() as f64 {
            let _ = write!(
                svg,
                "<text class=\"in\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
                x + w / 2.0,
                y + h / 2.0 + 4.0
            );
        }
        svg.push_str("</g>\n");
    }
    for at in 0..moments {
        let name = match at {
            0 => "in".to_string(),
            at if at == moments - 1 => "out".into(),
            at => (at - 1).to_string(),
        };
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
            LEFT + column * (at as f64 + 0.5),
            HEIGHT + 16.0
        );
    }
    let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\">step</text>", LEFT + 4.0, HEIGHT + 32.0);
    svg.push_str("</g>\n</svg></div>\n");
    svg + "<p class=\"legend\"><span><i class=\"input\"></i>holds an input</span> <span><i class=\"between\"></i>between steps</span> \
           <span><i class=\"output\"></i>holds an output</span></p>\n"
}

fn class(program: &Program, storage: &Storage) -> &'static str {
    let holds = |ids: &[crate::ir::TensorId]| storage.tensors.iter().any(|id| ids.contains(id));
    if holds(&program.outputs) {
        "output"
    } else if holds(&program.inputs) {
        "input"
    } else {
        "between"
    }
}

fn moment(at: usize, moments: usize) -> String {
    match at {
        0 => "before the first step".into(),
        at if at == moments - 1 => "after the last step".into(),
        at => format!("step {}", at - 1),
    }
}

/// The first of the names that a converter has joined.
pub(super) fn short(name: &str) -> String {
    name.split(';').next().unwrap_or(name).to_string()
}
