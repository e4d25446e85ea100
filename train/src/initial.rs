//! Networks before they are trained: a topology whose weights are not in a file yet.

use crate::error::TrainError as Error;
use crate::parameters::Parameters;
use crate::random::Random;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::collections::BTreeMap;
use tinybake_codegen::diag::{Diagnostics, Explain, Place};
use tinybake_codegen::front::safetensors::read;
use tinybake_codegen::ir::{BinaryKind, Graph, Op, TensorId};

/// The stream of random numbers that weights begin with.
const STREAM: u64 = 1;
/// Elements of one weight; a topology cannot ask for more.
const MAX_ELEMENTS: usize = 1 << 26;

/// Reads a topology in which every weight states its shape, as the file will hold it: `weights = { tensor = "NAME", shape = [...] }`. Its
/// weights are drawn from `seed`.
///
/// # Errors
/// What the reader of the format says; a constant without a shape is a tensor that is not there.
pub fn from_topology(text: &str, name: &str, seed: u64) -> Result<Graph, Diagnostics> {
    let wrong = |what: String| Diagnostics::from(Error::Topology { what }.at(Place::default()));
    let mut shapes = BTreeMap::new();
    let mut table: toml::Table = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    for (key, value) in table.iter_mut() {
        if key == "op" {
            collect(value, &mut shapes).map_err(wrong)?;
        }
    }
    let text = toml::to_string(&table).map_err(|error| wrong(error.to_string()))?;
    let zeros: BTreeMap<&String, Vec<u8>> = shapes
        .iter()
        .map(|(name, shape): (&String, &Vec<usize>)| (name, vec![0u8; shape.iter().product::<usize>() * 4]))
        .collect();
    let mut views = Vec::new();
    for (name, bytes) in &zeros {
        let view = TensorView::new(Dtype::F32, shapes[*name].clone(), bytes).map_err(|error| wrong(error.to_string()))?;
        views.push((name.as_str(), view));
    }
    let file = safetensors::serialize(views, None).map_err(|error| wrong(error.to_string()))?;
    let mut graph = read(&file, Some(&text), name)?;
    draw(&mut graph, seed).map_err(|error| error.at(Place::default()))?;
    Ok(graph)
}

/// Takes the `shape` out of every `{ tensor = ..., shape = ... }`.
fn collect(value: &mut toml::Value, shapes: &mut BTreeMap<String, Vec<usize>>) -> Result<(), String> {
    match value {
        toml::Value::Array(values) => values.iter_mut().try_for_each(|value| collect(value, shapes)),
        toml::Value::Table(table) => {
            if let (Some(toml::Value::String(name)), Some(toml::Value::Array(dims))) = (table.get("tensor"), table.get("shape")) {
                let dim = |dim: &toml::Value| dim.as_integer().and_then(|dim| usize::try_from(dim).ok()).filter(|&dim| dim > 0);
                let shape: Option<Vec<usize>> = dims.iter().map(dim).collect();
                let elements = |shape: &Vec<usize>| shape.iter().try_fold(1usize, |all, &dim| all.checked_mul(dim));
                let shape = shape.filter(|shape| elements(shape).is_some_and(|elements| elements <= MAX_ELEMENTS));
                let shape = shape.ok_or_else(|| format!("the shape of `{name}` is no list of positive sizes"))?;
                if shapes.insert(name.clone(), shape.clone()).is_some_and(|other| other != shape) {
                    return Err(format!("`{name}` has two shapes"));
                }
                table.remove("shape");
            }
            table.iter_mut().try_for_each(|(_, value)| collect(value, shapes))
        }
        toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => Ok(()),
    }
}

/// Draws weights anew: those of layers normal, of variance 2 over what they add up, biases zero; factors one, terms zero, slopes a
/// quarter.
///
/// Source: K. He et al., *Delving Deep into Rectifiers*, ICCV 2015, equation 10.
///
/// # Errors
/// A network of integers.
pub fn draw(graph: &mut Graph, seed: u64) -> Result<(), Error> {
    let mut random = Random::new(seed, STREAM);
    let mut parameters = Parameters::of_floats(graph)?;
    let find = |id: TensorId, parameters: &Parameters| {
        parameters.list.iter().position(|parameter| Some(parameter.weight) == graph.tensor(id).value)
    };
    for node in &graph.nodes {
        if let Some(layer) = node.op.layer() {
            let dims = &graph.tensor(layer.filter).shape.0;
            let channels = dims.get(layer.channel_axis).copied().unwrap_or(1).max(1);
            let summed = dims.iter().product::<usize>() / channels;
            let deviation = (2.0 / summed.max(1) as f64).sqrt();
            if let Some(index) = find(layer.filter, &parameters) {
                parameters.list[index].values.iter_mut().for_each(|value| *value = (random.normal() * deviation) as f32);
            }
            if let Some(index) = layer.bias.and_then(|bias| find(bias, &parameters)) {
                parameters.list[index].values.fill(0.0);
            }
            continue;
        }
        let start = match &node.op {
            Op::Binary { kind: BinaryKind::Mul, .. } => 1.0,
            Op::Prelu { .. } => 0.25,
            _ => 0.0,
        };
        for id in node.op.inputs() {
            if let Some(index) = find(id, &parameters) {
                parameters.list[index].values.fill(start);
            }
        }
    }
    *graph = parameters.export(graph);
    Ok(())
}
