//! The program of a plan, as measuring wants it.

use super::{Converted, Port, Program};
use crate::emit::{Emitter, accessors};
use crate::ir::DType;
use crate::options::Interface;
use crate::plan::{self, Plan};
use crate::text;
use tinybake_runtime::kernels::quantize::Affine;

impl Program {
    /// Emits `plan`, with all constants in the source.
    pub fn of_plan(plan: &Plan) -> Self {
        let accessors = accessors(plan);
        let port = |(port, method): (&plan::Port, &String)| Port::of_plan(plan, port, format!("model.{method}()"));
        Self {
            source: text::file(&Emitter::default().emit(plan)),
            inputs: plan.inputs.iter().zip(&accessors.inputs).map(port).collect(),
            outputs: plan.outputs.iter().zip(&accessors.outputs).map(port).collect(),
        }
    }
}

impl Port {
    /// The port of a plan, behind an accessor.
    pub fn of_plan(plan: &Plan, port: &plan::Port, accessor: String) -> Self {
        let converted = match (plan.options.interface, port.dtype) {
            (Interface::Int8, DType::I8 | DType::I16) => {
                let affine = Affine { scale: port.scale, zero_point: port.zero_point };
                Some(Converted { affine, reference: plan.options.reference() })
            }
            _ => None,
        };
        Self { accessor, dtype: port.dtype, elements: port.elements(), converted }
    }
}
