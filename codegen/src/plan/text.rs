//! The stable text form of a plan: for `--emit plan` and for snapshots, where a change of memory, kernel or form is a diff.

use super::{Place, Plan, Port};
use crate::ir::DType;
use core::fmt;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Arena { offset, bytes } => write!(f, "[{offset}..{}]", offset + bytes),
            Place::Field { index } => write!(f, "field {index}"),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} {}{:?} scale {:?} zero_point {} at {}",
            self.name,
            self.dtype.name(),
            self.shape,
            self.scale,
            self.zero_point,
            self.place
        )
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        writeln!(
            f,
            "plan {:?} reference {} optimize {} core {}",
            self.name,
            options.reference(),
            options.optimize,
            options.core
        )?;
        writeln!(
            f,
            "  arena {} bytes{} (lower bound {}), ram {}, weights {}, macs {}",
            self.arena_bytes,
            if self.arena_dtype == DType::I16 { " of int16" } else { "" },
            self.arena_lower_bound,
            self.ram_bytes(),
            self.weight_bytes(),
            self.macs
        )?;
        for (index, field) in self.fields.iter().enumerate() {
            writeln!(f, "  field {index}: {}[{}]", field.dtype.name(), field.elements)?;
        }
        for port in &self.inputs {
            writeln!(f, "  input {port}")?;
        }
        for (index, planned) in self.steps.iter().enumerate() {
            let reads: Vec<String> =
                planned.reads.iter().map(|read| read.map_or("const".into(), |place| place.to_string())).collect();
            let writes: Vec<String> = planned.writes.iter().map(ToString::to_string).collect();
            write!(f, "  {index} {} {} {}", planned.step.op, planned.step.kernel.name(), planned.form)?;
            write!(f, " {} : {} -> {}", planned.shapes, reads.join(", "), writes.join(", "))?;
            let how = if planned.over_input { " over its input" } else { "" };
            writeln!(f, "{}", if planned.in_place.is_some() || planned.by_channels { " in place" } else { how })?;
        }
        for port in &self.outputs {
            writeln!(f, "  output {port}")?;
        }
        Ok(())
    }
}
