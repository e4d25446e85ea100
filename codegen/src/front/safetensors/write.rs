//! A graph to a safetensors file and its topology.

use super::error::NativeError;
use super::header::TOPOLOGY_KEY;
use super::images::Images;
use super::parse::{FORMAT, parse};
use super::topology::Layout;
use super::weights::{Turn, bytes};
use super::{defaults, pair, print};
use crate::diag::{Diagnostics, Explain, Place};
use crate::ir::{Data, Graph, Node, Op, Quantization, Tensor, TensorId, infer};
use print::{Inline, number, quote};
use safetensors::tensor::{Dtype, View};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

/// Writes a graph as a safetensors file and the text of the TOML file to put beside it, which [`super::read`] reads back
/// to an equal graph, but for names that were empty or not unique, the order of tensors, and the biases' quantizations.
///
/// # Errors
/// Where the graph has what the format cannot say: an output that is a constant, or a constant that does not fill its
/// shape.
pub fn write(graph: &Graph, layout: Layout) -> Result<(Vec<u8>, String), Diagnostics> {
    let (tensors, rest) = render(graph, layout).map_err(|error| Diagnostics(vec![error.at(Place::default())]))?;
    let pair = pair::line(&serialize(&tensors, None)?, &rest);
    let topology = format!("format = {FORMAT}\n{pair}{rest}");
    let weights = serialize(&tensors, Some(HashMap::from([(TOPOLOGY_KEY.to_owned(), topology.clone())])))?;
    Ok((weights, topology))
}

/// As [`write()`], without the text beside the file, whose metadata has it.
///
/// # Errors
/// As [`write()`]'s.
pub fn write_embedded(graph: &Graph, layout: Layout) -> Result<Vec<u8>, Diagnostics> {
    write(graph, layout).map(|(weights, _)| weights)
}

/// Whether a text is a topology as [`write()`] makes it, and not one with comments, which somebody else has written.
pub fn is_written_topology(text: &str) -> bool {
    let keys: Vec<&str> = text.lines().take(4).filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
    let mut problems = Vec::new();
    (keys == ["format", pair::KEY, "layout", "outputs"] || keys.starts_with(&["format", "layout", "outputs"]))
        && !text.lines().any(|line| line.trim_start().starts_with('#'))
        && parse(text, &mut problems).is_some()
        && problems.is_empty()
}

fn serialize(tensors: &BTreeMap<String, Stored>, metadata: Option<HashMap<String, String>>) -> Result<Vec<u8>, Diagnostics> {
    safetensors::serialize(tensors, metadata)
        .map_err(|error| Diagnostics(vec![NativeError::Unwritable { reason: error.to_string() }.at(Place::default())]))
}

/// A tensor of the file.
struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for &Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The file and the topology under construction.
pub(super) struct Writer<'g> {
    pub(super) graph: &'g Graph,
    pub(super) layout: Layout,
    pub(super) images: Images,
    taken: BTreeSet<String>,
    activations: BTreeMap<TensorId, String>,
    constants: BTreeMap<(TensorId, Turn, usize), String>,
    tensors: BTreeMap<String, Stored>,
}

fn render(graph: &Graph, layout: Layout) -> Result<(BTreeMap<String, Stored>, String), NativeError> {
    let mut writer = Writer {
        graph,
        layout,
        images: Images::default(),
        taken: BTreeSet::new(),
        activations: BTreeMap::new(),
        constants: BTreeMap::new(),
        tensors: BTreeMap::new(),
    };
    for &id in graph.inputs.iter().chain(graph.nodes.iter().flat_map(|node| &node.outputs)) {
        let name = writer.name(&graph.tensor(id).name);
        writer.activations.insert(id, name);
    }
    let mut text = String::new();
    let _ = writeln!(text, "layout = {}", quote(if layout == Layout::Torch { "torch" } else { "tflite" }));
    let mut outputs = Vec::new();
    for id in &graph.outputs {
        let name = writer
            .activations
            .get(id)
            .ok_or_else(|| NativeError::Unwritable { reason: format!("output `{}` is a constant", graph.tensor(*id).name) })?;
        outputs.push(quote(name));
    }
    let _ = writeln!(text, "outputs = [{}]", outputs.join(", "));
    for &id in &graph.inputs {
        writer.images.input(graph, id);
        let Tensor { name: _, shape, dtype, quantization, value: _ } = graph.tensor(id);
        let name = writer.activations.get(&id).map_or("", String::as_str);
        let _ = write!(text, "\n[[input]]\nname = {}\nshape = {shape}\ndtype = {}\n", quote(name), quote(dtype.name()));
        if let Some(quantization) = quantization {
            let _ = writeln!(text, "quantization = {}", activation(quantization));
        }
    }
    for node in &graph.nodes {
        text.push_str(&writer.node(node)?);
        writer.images.node(graph, &node.op, &node.outputs);
    }
    Ok((writer.tensors, text))
}

impl Writer<'_> {
    /// A name that nothing else has, and beside which the names of its scales are free.
    fn name(&mut self, wanted: &str) -> String {
        let wanted = if wanted.is_empty() { "tensor" } else { wanted };
        let with = |name: &str| [name.to_owned(), format!("{name}.scale"), format!("{name}.zero_point")];
        let free = |name: &str| name != "__metadata__" && with(name).iter().all(|name| !self.taken.contains(name));
        let name = match free(wanted) {
            true => wanted.to_owned(),
            false => (1..).map(|n| format!("{wanted}_{n}")).find(|name| free(name)).unwrap_or_default(),
        };
        self.taken.extend(with(&name));
        name
    }

    fn node(&mut self, node: &Node) -> Result<String, NativeError> {
        let Node { op, outputs, origin: _ } = node;
        let attributes = self.attributes(op, outputs)?;
        let mut text = format!("\n[[op]]\n{} = {attributes}\n", op.name());
        let unstated = vec![None; outputs.len()];
        let implied = match op {
            // What `padding = "same"` implies depends on the output, so it is always stated.
            Op::TransposeConv { .. } => None,
            _ => infer(op, self.graph, &unstated).ok(),
        };
        let shape = |id: &TensorId| &self.graph.tensor(*id).shape;
        let stated = !implied.is_some_and(|implied| implied.iter().eq(outputs.iter().map(shape)));
        let made: Vec<String> = outputs
            .iter()
            .map(|&id| {
                let Tensor { name: _, shape, dtype, quantization, value: _ } = self.graph.tensor(id);
                let mut output = Inline::default();
                output.put("name", quote(self.activations.get(&id).map_or("", String::as_str)));
                if stated {
                    output.put("shape", shape.to_string());
                }
                if defaults::dtype(op, self.graph) != *dtype {
                    output.put("dtype", quote(dtype.name()));
                }
                if let Some(quantization) = quantization {
                    output.put("quantization", activation(quantization));
                }
                output.to_string()
            })
            .collect();
        match (&made[..], op) {
            ([one], _) => {
                let _ = writeln!(text, "output = {one}");
            }
            _ => {
                let _ = writeln!(text, "outputs = [\n    {},\n]", made.join(",\n    "));
            }
        }
        Ok(text)
    }

    pub(super) fn operand(&mut self, id: TensorId) -> Result<String, NativeError> {
        self.constant(id, Turn::None, 0)
    }

    pub(super) fn operands(&mut self, ids: &[TensorId]) -> Result<String, NativeError> {
        let names = ids.iter().map(|&id| self.operand(id)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("[{}]", names.join(", ")))
    }

    /// How the topology refers to a tensor; a constant is put into the file, turned, with its scales beside it where they
    /// run along `axis`.
    pub(super) fn constant(&mut self, id: TensorId, turn: Turn, axis: usize) -> Result<String, NativeError> {
        if let Some(name) = self.activations.get(&id) {
            return Ok(quote(name));
        }
        if let Some(reference) = self.constants.get(&(id, turn, axis)) {
            return Ok(reference.clone());
        }
        let Tensor { name, shape, dtype: _, quantization, value: _ } = self.graph.tensor(id);
        let unwritable = |reason: &str| NativeError::Unwritable { reason: format!("tensor `{name}` {reason}") };
        let data = self.graph.value(id).ok_or_else(|| unwritable("is read and never made"))?;
        if data.len() != shape.elements() {
            return Err(unwritable("does not fill its shape"));
        }
        let quantization = quantization.as_ref().filter(|_| !matches!(data, Data::I32(_) | Data::I64(_)));
        let name = self.name(name);
        let (data, stored) = turn.write(data, &shape.0);
        self.put(&name, &data, stored);
        let mut reference = quote(&name);
        match quantization {
            Some(quantization) if quantization.is_per_tensor() || quantization.axis == axis => self.beside(&name, quantization),
            Some(quantization) => {
                let mut inline = Inline::default();
                inline.put("tensor", quote(&name));
                inline.put("quantization", per_axis(quantization));
                reference = inline.to_string();
            }
            None => {}
        }
        self.constants.insert((id, turn, axis), reference.clone());
        Ok(reference)
    }

    fn beside(&mut self, name: &str, quantization: &Quantization) {
        let Quantization { scales, zero_points, axis: _ } = quantization;
        let count = vec![scales.len()];
        self.put(&format!("{name}.scale"), &Data::F32(scales.clone()), count.clone());
        if zero_points.iter().any(|&zero_point| zero_point != 0) {
            self.put(&format!("{name}.zero_point"), &Data::I32(zero_points.clone()), count);
        }
    }

    fn put(&mut self, name: &str, data: &Data, shape: Vec<usize>) {
        let (dtype, bytes) = bytes(data);
        self.tensors.insert(name.to_owned(), Stored { dtype, shape, bytes });
    }
}

/// The quantization of an activation.
fn activation(quantization: &Quantization) -> String {
    format!("{{ scale = {}, zero_point = {} }}", number(quantization.scale()), quantization.zero_point())
}

/// A quantization whose axis is not the one that its place implies.
fn per_axis(quantization: &Quantization) -> String {
    let Quantization { scales, zero_points, axis } = quantization;
    let mut inline = Inline::default();
    inline.put("scale", format!("[{}]", scales.iter().map(|&scale| number(scale)).collect::<Vec<_>>().join(", ")));
    inline.list("zero_point", zero_points);
    inline.put("axis", axis.to_string());
    inline.to_string()
}
