//! What a model consists of: facts, steps with their kernels and forms, and what the lossless passes took out.

use super::memory::short;
use super::{Detail, escape, number, table};
use crate::ir::TensorId;
use crate::lower::{Program, little_endian};
use crate::passes::Removal;
use crate::pipeline::Compiled;
use crate::plan::Plan;
use crate::report::Inspection;

/// A line of facts.
pub(super) fn facts(detail: &Detail) -> String {
    let Some((_, Compiled { original, plan, .. })) = detail.compiled.first() else { return String::new() };
    let ports = |ports: &[crate::plan::Port]| {
        let port = |port: &crate::plan::Port| format!("{}{:?}", port.dtype.name(), port.shape);
        ports.iter().map(port).collect::<Vec<_>>().join(", ")
    };
    let facts = format!(
        "{} in, {} out; {} operators, {} steps; {} multiply-accumulates; {} bytes of RAM and the stack; {} bytes of weights and \
         tables; exact against {}",
        ports(&plan.inputs),
        ports(&plan.outputs),
        original.nodes.len(),
        plan.steps.len(),
        number(plan.macs),
        number(plan.ram_bytes() as u64),
        number(plan.weight_bytes() as u64),
        plan.options.reference(),
    );
    format!("<p>{}</p>\n", escape(&facts))
}

pub(super) fn ops(detail: &Detail) -> String {
    let Some((_, first)) = detail.compiled.first() else { return String::new() };
    let mut head = vec!["step", "operator", "name", "output", "MACs", "bytes", "kernel"];
    let forms: Vec<String> = detail.compiled.iter().map(|(optimize, _)| format!("form for {optimize}")).collect();
    head.extend(forms.iter().map(String::as_str));
    // Steps of one model are the same however it is built; their forms are not.
    let rows = first.plan.steps.iter().enumerate().map(|(index, planned)| {
        let step = &planned.step;
        let mut row = vec![
            index.to_string(),
            step.op.to_string(),
            short(&step.origin.name),
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
    let steps = table(&head, 4..6, rows);
    format!(
        "<h3>Operators</h3>\n<p class=\"quiet\">Forms are those chosen for {}. Bytes are of weights and tables; an unrolled \
         step has its weights in code.</p>\n{steps}{}",
        escape(&detail.core),
        removed(first)
    )
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

fn removed(compiled: &Compiled) -> String {
    let Compiled { original, graph, removals, .. } = compiled;
    let (before, after) = (Inspection::of(original), Inspection::of(graph));
    let mut text = format!(
        "<h3>What the lossless passes removed</h3>\n<p>{} of {} multiply-accumulates, {} of {} parameters; no output bit \
         changes.</p>\n",
        number(before.macs.saturating_sub(after.macs)),
        number(before.macs),
        number(before.params.saturating_sub(after.params) as u64),
        number(before.params as u64),
    );
    if !removals.is_empty() {
        let rows = removals.iter().map(|Removal { pass, what, why }| vec![(*pass).to_string(), what.clone(), (*why).to_string()]);
        text.push_str(&table(&["pass", "removed", "why nothing changes"], 0..0, rows));
    }
    text
}
