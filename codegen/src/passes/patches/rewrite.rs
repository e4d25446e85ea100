//! The graph whose stage is computed in bands.

use super::rows::{self, Rows};
use crate::ir::{Activation, Graph, Node, Op, Origin, Shape, Tensor, TensorId};
use std::collections::BTreeMap;

/// `graph` with the nodes of `stage` computed for one band of `cut`'s rows after the other; `None` where a band needs no row of an
/// image, or the bands would be too many nodes.
pub(super) fn rewrite(graph: &Graph, stage: &[usize], cut: TensorId, bands: usize) -> Option<Graph> {
    /// Most nodes of the bands together.
    const MOST: usize = 2000;
    if stage.len().checked_mul(bands)? > MOST {
        return None;
    }
    let mut made = Graph { nodes: Vec::new(), ..graph.clone() };
    let height = graph.tensor(cut).shape.0[1];
    let mut pieces = Vec::with_capacity(bands);
    for band in 0..bands {
        let rows = Rows { start: band * height / bands, end: (band + 1) * height / bands };
        pieces.push(Band::new(graph, stage, cut, rows)?.write(&mut made, stage, cut)?);
    }
    let origin = Origin { index: 0, name: format!("{} of bands", graph.tensor(cut).name) };
    let op = Op::Concatenation { inputs: pieces, axis: 1, activation: Activation::None };
    made.nodes.push(Node { op, outputs: vec![cut], origin });
    made.nodes.extend(graph.nodes.iter().enumerate().filter(|(index, _)| !stage.contains(index)).map(|(_, node)| node.clone()));
    Some(made)
}

/// The rows of every image of the stage that one band of its last needs.
struct Band<'a> {
    graph: &'a Graph,
    needed: BTreeMap<TensorId, Rows>,
}

impl<'a> Band<'a> {
    fn new(graph: &'a Graph, stage: &[usize], cut: TensorId, rows: Rows) -> Option<Self> {
        let mut needed = BTreeMap::from([(cut, rows)]);
        for &index in stage.iter().rev() {
            let node = &graph.nodes[index];
            let made = *needed.get(node.outputs.first()?)?;
            for image in rows::images(graph, &node.op)? {
                let rows = rows::needed(&node.op, made, graph.tensor(image).shape.0[1])?;
                needed.entry(image).and_modify(|others| *others = others.with(rows)).or_insert(rows);
            }
        }
        Some(Self { graph, needed })
    }

    /// Adds the band's nodes; the tensor of its rows of `cut`.
    fn write(&self, made: &mut Graph, stage: &[usize], cut: TensorId) -> Option<TensorId> {
        let mut bands: BTreeMap<TensorId, TensorId> = BTreeMap::new();
        let mut slices: BTreeMap<(TensorId, usize, usize), TensorId> = BTreeMap::new();
        for &index in stage {
            let node = &self.graph.nodes[index];
            let output = *node.outputs.first()?;
            let rows = *self.needed.get(&output)?;
            let images = rows::images(self.graph, &node.op)?;
            let mut inputs = BTreeMap::new();
            for &image in &images {
                let height = self.graph.tensor(image).shape.0[1];
                let wanted = rows::needed(&node.op, rows, height)?;
                // An input of the graph is there as a whole; what the stage made, from its first needed row on.
                let (from, offset) = match bands.get(&image) {
                    Some(&band) => (band, self.needed.get(&image)?.start),
                    None => (image, 0),
                };
                let all = made.tensor(from).shape.0[1];
                let (start, count) = (wanted.start - offset, wanted.count());
                let id = match slices.get(&(from, start, count)) {
                    _ if (start, count) == (0, all) => from,
                    Some(&slice) => slice,
                    None => {
                        let slice = self.tensor(made, image, wanted);
                        let size = made.tensor(slice).shape.0.clone();
                        let op = Op::Slice { input: from, begin: vec![0, start, 0, 0], stride: vec![1; 4], size };
                        let name = made.tensor(slice).name.clone();
                        made.nodes.push(Node { op, outputs: vec![slice], origin: Origin { index: node.origin.index, name } });
                        slices.insert((from, start, count), slice);
                        slice
                    }
                };
                inputs.insert(image, id);
            }
            let height = images.first().map_or(0, |&image| self.graph.tensor(image).shape.0[1]);
            let op = rows::banded(&node.op, rows, height, |id| inputs.get(&id).copied().unwrap_or(id))?;
            let band = self.tensor(made, output, rows);
            let origin = Origin { index: node.origin.index, name: name(&node.origin.name, rows) };
            made.nodes.push(Node { op, outputs: vec![band], origin });
            bands.insert(output, band);
        }
        bands.get(&cut).copied()
    }

    /// A tensor for some rows of an image.
    fn tensor(&self, made: &mut Graph, image: TensorId, rows: Rows) -> TensorId {
        let whole = self.graph.tensor(image);
        let Shape(mut dims) = whole.shape.clone();
        dims[1] = rows.count();
        made.add_tensor(Tensor { name: name(&whole.name, rows), shape: Shape(dims), ..whole.clone() })
    }
}

/// A name with the rows that are meant.
fn name(of: &str, rows: Rows) -> String {
    format!("{of} rows {} to {}", rows.start, rows.end)
}
