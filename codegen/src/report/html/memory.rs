//! The memory plan as a picture: time to the right, addresses upwards, a rectangle for each piece of memory in use.

use super::size;
use crate::ir::TensorId;
use crate::lower::Program;
use crate::plan::{ALIGN, Place, Plan, Storage, storages};
use crate::text::number;
use askama::Template;

/// Pixels of the picture's height, of the axis beside it and of the one below.
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 64.0;
const BELOW: f64 = 34.0;

/// A plan's memory over its steps; lengths are pixels.
#[derive(Template)]
#[template(path = "memory.html")]
pub(super) struct MemoryPlan {
    /// Bytes: of the struct, needed at one moment at least, of the arena, and of one in which no output lies over an input.
    ram: String,
    least: String,
    arena: String,
    apart: String,
    /// What the arena's elements are.
    dtype: &'static str,
    /// Steps that write their output over the input that they consume.
    over_inputs: usize,
    width: f64,
    height: f64,
    left: f64,
    grid: Vec<GridLine>,
    pieces: Vec<Piece>,
    ticks: Vec<Text>,
    step: Text,
}

/// A line of equal addresses.
struct GridLine {
    right: f64,
    y: f64,
    label: String,
    label_x: f64,
    label_y: f64,
}

/// Memory in use.
struct Piece {
    /// What is in it, where, and when.
    told: String,
    class: &'static str,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// Its size, where there is room for it.
    label: Option<Text>,
}

struct Text {
    x: f64,
    y: f64,
    text: String,
}

/// A storage and the first byte of it in the `Model` struct.
struct Placed {
    storage: Storage,
    offset: usize,
}

/// Where moments and addresses are in the picture.
struct Scale {
    moments: usize,
    /// Width of a moment.
    column: f64,
    /// Bytes of the picture's height.
    total: f64,
}

impl MemoryPlan {
    pub(super) fn of(program: &Program, plan: &Plan) -> Self {
        let moments = program.steps.len() + 2;
        let column = (900.0 / moments as f64).clamp(16.0, 56.0);
        let scale = Scale { moments, column, total: plan.ram_bytes().max(1) as f64 };
        let width = column * moments as f64;
        let pieces = placed(program, plan).iter().map(|placed| piece(program, placed, &scale)).collect();
        Self {
            ram: number(plan.ram_bytes() as u64),
            least: number(plan.arena_lower_bound as u64),
            arena: number(plan.arena_bytes as u64),
            apart: number(plan.arena_bytes_apart as u64),
            dtype: plan.arena_dtype.name(),
            over_inputs: plan.steps.iter().filter(|planned| planned.lies_over_input()).count(),
            width: LEFT + width + 8.0,
            height: HEIGHT + BELOW + 10.0,
            left: LEFT,
            grid: (0..=4).map(|part| grid_line(plan.ram_bytes() as u64 * part / 4, width, &scale)).collect(),
            pieces,
            ticks: (0..moments).map(|at| tick(at, &scale)).collect(),
            step: Text { x: LEFT + 4.0, y: HEIGHT + 32.0, text: "step".into() },
        }
    }
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

fn grid_line(bytes: u64, width: f64, scale: &Scale) -> GridLine {
    let y = HEIGHT - HEIGHT * bytes as f64 / scale.total;
    GridLine { right: LEFT + width, y, label: size(bytes), label_x: LEFT - 6.0, label_y: y + 4.0 }
}

fn piece(program: &Program, Placed { storage, offset }: &Placed, scale: &Scale) -> Piece {
    let x = LEFT + scale.column * storage.first as f64;
    let width = scale.column * (storage.last - storage.first + 1) as f64;
    let height = HEIGHT * storage.bytes as f64 / scale.total;
    let y = HEIGHT - HEIGHT * *offset as f64 / scale.total - height;
    let names: Vec<&str> = storage.tensors.iter().map(|&id| short(&program.tensor(id).name)).collect();
    let told = format!(
        "{}\nbytes {} to {} ({}), in use {} to {}",
        names.join("\n"),
        number(*offset as u64),
        number((offset + storage.bytes) as u64),
        number(storage.bytes as u64),
        moment(storage.first, scale.moments),
        moment(storage.last, scale.moments),
    );
    let label = size(storage.bytes as u64);
    let room = height > 13.0 && width > 7.0 * label.len() as f64;
    Piece {
        told,
        class: class(program, storage),
        x: x + 0.5,
        y,
        width: (width - 1.0).max(0.5),
        height: height.max(0.75),
        label: room.then(|| Text { x: x + width / 2.0, y: y + height / 2.0 + 4.0, text: label }),
    }
}

fn tick(at: usize, scale: &Scale) -> Text {
    let text = match at {
        0 => "in".to_string(),
        at if at == scale.moments - 1 => "out".into(),
        at => (at - 1).to_string(),
    };
    Text { x: LEFT + scale.column * (at as f64 + 0.5), y: HEIGHT + 16.0, text }
}

fn class(program: &Program, storage: &Storage) -> &'static str {
    let holds = |ids: &[TensorId]| storage.tensors.iter().any(|id| ids.contains(id));
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
pub(super) fn short(name: &str) -> &str {
    name.split(';').next().unwrap_or(name)
}
