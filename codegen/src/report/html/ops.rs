//! What a model consists of: facts, steps with their kernels and forms, and what the lossless passes took out.

use super::memory::short;
use super::{Detail, Table};
use crate::ir::TensorId;
use crate::lower::{Program, little_endian};
use crate::passes::Removal;
use crate::pipeline::Compiled;
use crate::plan::{Plan, Port};
use crate::report::Inspection;
use crate::text::number;
use askama::Template;

/// A model's steps, and what is gone from it.
#[derive(Template)]
#[template(path = "ops.html")]
pub(super) struct Ops<'a> {
    /// The core that the forms were chosen for.
    core: &'a str,
    steps: Table,
    /// Multiply-accumulates and parameters that were removed, of how many.
    macs: (String, String),
    params: (String, String),
    removed: Option<Table>,
}

impl<'a> Ops<'a> {
    /// `first` is the first of what was compiled.
    pub(super) fn of(detail: &'a Detail, first: &Compiled) -> Self {
        let Compiled { original, graph, removals, .. } = first;
        let (before, after) = (Inspection::of(original), Inspection::of(graph));
        let gone = |before: u64, after: u64| (number(before.saturating_sub(after)), number(before));
        let removal = |Removal { pass, what, why }: &Removal| vec![(*pass).to_string(), what.clone(), (*why).to_string()];
        let table = || Table::new(["pass", "removed", "why nothing changes"], 0..0, removals.iter().map(removal));
        Self {
            core: &detail.core,
            steps: steps(detail, first),
            macs: gone(before.macs, after.macs),
            params: gone(before.params as u64, after.params as u64),
            removed: (!removals.is_empty()).then(table),
        }
    }
}

/// A line of facts.
pub(super) fn facts(Compiled { original, plan, .. }: &Compiled) -> String {
    let ports = |ports: &[Port]| {
        let port = |port: &Port| format!("{}{:?}", port.dtype.name(), port.shape);
        ports.iter().map(port).collect::<Vec<_>>().join(", ")
    };
    format!(
        "{} in, {} out; {} operators, {} steps; {} multiply-accumulates; {} bytes of RAM + `STACK_BYTES` of stack; {} bytes of weights and \
         tables; exact against {}",
        ports(&plan.inputs),
        ports(&plan.outputs),
        original.nodes.len(),
        plan.steps.len(),
        number(plan.macs),
        number(plan.ram_bytes() as u64),
        number(plan.weight_bytes() as u64),
        plan.options.reference(),
    )
}

/// Steps of one model are the same however it is built; their forms are not.
fn steps(detail: &Detail, first: &Compiled) -> Table {
    let head = ["step", "operator", "name", "output", "MACs", "bytes", "kernel"].map(String::from);
    let forms = detail.compiled.iter().map(|(optimize, _)| format!("form for {optimize}"));
    let rows = first.plan.steps.iter().enumerate().map(|(index, planned)| {
        let step = &planned.step;
        let mut row = vec![
            index.to_string(),
            step.op.to_string(),
            short(&step.origin.name).to_string(),
            outputs(&first.program, &step.writes),
            number(step.macs),
            number(constant_bytes(&first.plan, index)),
            step.kernel.name().to_string(),
        ];
        let form = |(_, compiled): &(_, Compiled)| {
            compiled.plan.steps.get(index).map_or_else(String::new, |planned| planned.form.to_string())
        };
        row.extend(detail.compiled.iter().map(form));
        row
    });
    Table::new(head.into_iter().chain(forms), 4..6, rows)
}

/// Types and shapes of what a step makes.
fn outputs(program: &Program, writes: &[TensorId]) -> String {
    let one = |&id: &TensorId| format!("{}{}", program.tensor(id).dtype.name(), program.tensor(id).shape);
    writes.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Bytes of the constants that a step would carry if it were not unrolled.
fn constant_bytes(plan: &Plan, index: usize) -> u64 {
    let Some(planned) = plan.steps.get(index) else { return 0 };
    let constants = planned.step.kernel.constants().into_iter().filter_map(|id| plan.constants.get(id.0 as usize));
    constants.map(|constant| little_endian(&constant.data).len() as u64).sum()
}
