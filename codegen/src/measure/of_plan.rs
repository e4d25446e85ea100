//! The program of a plan, as measuring wants it.

use super::{Port, Program};
use crate::emit::{Emitter, accessors};
use crate::plan::{self, Plan};
use crate::text;

impl Program {
    /// Emits `plan`, with all constants in the source.
    pub fn of_plan(plan: &Plan) -> Self {
        let accessors = accessors(plan);
        let port = |(port, method): (&plan::Port, &String)| Port {
            accessor: format!("model.{method}()"),
            dtype: port.dtype,
            elements: port.elements(),
        };
        Self {
            source: text::file(&Emitter::default().emit(plan)),
            inputs: plan.inputs.iter().zip(&accessors.inputs).map(port).collect(),
            outputs: plan.outputs.iter().zip(&accessors.outputs).map(port).collect(),
        }
    }
}
