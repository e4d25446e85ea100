//! The stable text form of a graph: one line a tensor, constant and node; for `--emit ir`, snapshots and reviews.

use super::{Graph, Quantization, TensorId};
use core::fmt;

impl fmt::Display for TensorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Display for Quantization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_per_tensor() {
            write!(f, "scale {:?} zero_point {}", self.scale(), self.zero_point())
        } else {
            write!(f, "{} scales on axis {}", self.scales.len(), self.axis)
        }
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |ids: &[TensorId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        writeln!(f, "graph {:?} ({}) -> ({})", self.name, list(&self.inputs), list(&self.outputs))?;
        for (index, tensor) in self.tensors.iter().enumerate() {
            write!(f, "  %{index} {:?} {}{}", tensor.name, tensor.dtype.name(), tensor.shape)?;
            if let Some(quantization) = &tensor.quantization {
                write!(f, " {quantization}")?;
            }
            if let Some(weight) = tensor.value {
                write!(f, " = weight {}", weight.0)?;
            }
            writeln!(f)?;
        }
        for node in &self.nodes {
            writeln!(f, "  {} = {:?}", list(&node.outputs), node.op)?;
        }
        Ok(())
    }
}
