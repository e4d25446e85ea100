//! The messages of an ONNX file. Strings and messages lie inside the file. Field numbers: `onnx/onnx.proto`.

use super::error::Error;
use super::wire::fields;

/// A whole file.
pub(super) struct Model<'a> {
    pub(super) graph: Graph<'a>,
    /// The version of ONNX's own operators.
    pub(super) opset: i64,
}

/// One network. Nodes and tensors are messages that are read when their turn comes.
#[derive(Default)]
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<&'a [u8]>,
    pub(super) initializers: Vec<&'a [u8]>,
    pub(super) inputs: Vec<&'a [u8]>,
    pub(super) outputs: Vec<&'a [u8]>,
}

/// One operation.
#[derive(Default)]
pub(super) struct Node<'a> {
    pub(super) inputs: Vec<&'a str>,
    pub(super) outputs: Vec<&'a str>,
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) domain: &'a str,
    pub(super) attributes: Vec<&'a [u8]>,
}

/// A named parameter of a node.
#[derive(Default)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) float: Option<f32>,
    pub(super) integer: Option<i64>,
    pub(super) text: Option<&'a [u8]>,
    pub(super) tensor: Option<&'a [u8]>,
    pub(super) floats: Vec<f32>,
    pub(super) integers: Vec<i64>,
}

/// Constant data.
#[derive(Default)]
pub(super) struct Tensor<'a> {
    pub(super) name: &'a str,
    pub(super) dims: Vec<i64>,
    pub(super) data_type: i64,
    pub(super) raw: Option<&'a [u8]>,
    pub(super) floats: Vec<f32>,
    pub(super) integers: Vec<i64>,
    pub(super) external: bool,
}

/// A port of the network. `dims` has -1 where a size is open; `None` where the shape is not told at all.
#[derive(Default)]
pub(super) struct Port<'a> {
    pub(super) name: &'a str,
    pub(super) data_type: i64,
    pub(super) dims: Option<Vec<i64>>,
}

impl<'a> Model<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.starts_with(b"version https://git-lfs") {
            return Err(Error::Pointer);
        }
        let (mut graph, mut opset) = (None, 0);
        for field in fields(bytes) {
            match field? {
                (7, field) => graph = Some(Graph::read(field.bytes()?)?),
                (8, field) => {
                    let (mut domain, mut version) = ("", 0);
                    for field in fields(field.bytes()?) {
                        match field? {
                            (1, field) => domain = field.text()?,
                            (2, field) => version = field.integer()?,
                            _ => {}
                        }
                    }
                    if domain.is_empty() || domain == "ai.onnx" {
                        opset = version;
                    }
                }
                _ => {}
            }
        }
        Ok(Self { graph: graph.ok_or(Error::NoGraph)?, opset })
    }
}

impl<'a> Graph<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut graph = Self::default();
        for field in fields(bytes) {
            match field? {
                (1, field) => graph.nodes.push(field.bytes()?),
                (5, field) => graph.initializers.push(field.bytes()?),
                (11, field) => graph.inputs.push(field.bytes()?),
                (12, field) => graph.outputs.push(field.bytes()?),
                (15, _) => return Err(Error::Unsupported { what: "a sparse constant".into() }),
                _ => {}
            }
        }
        Ok(graph)
    }
}

impl<'a> Node<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut node = Self::default();
        for field in fields(bytes) {
            match field? {
                (1, field) => node.inputs.push(field.text()?),
                (2, field) => node.outputs.push(field.text()?),
                (3, field) => node.name = field.text()?,
                (4, field) => node.kind = field.text()?,
                (5, field) => node.attributes.push(field.bytes()?),
                (7, field) => node.domain = field.text()?,
                _ => {}
            }
        }
        Ok(node)
    }
}

impl<'a> Attribute<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut attribute = Self::default();
        for field in fields(bytes) {
            match field? {
                (1, field) => attribute.name = field.text()?,
                (2, field) => attribute.float = Some(field.float()?),
                (3, field) => attribute.integer = Some(field.integer()?),
                (4, field) => attribute.text = Some(field.bytes()?),
                (5, field) => attribute.tensor = Some(field.bytes()?),
                (7, field) => field.floats(&mut attribute.floats)?,
                (8, field) => field.integers(&mut attribute.integers)?,
                _ => {}
            }
        }
        Ok(attribute)
    }
}

impl<'a> Tensor<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut tensor = Self::default();
        for field in fields(bytes) {
            match field? {
                (1, field) => field.integers(&mut tensor.dims)?,
                (2, field) => tensor.data_type = field.integer()?,
                (4, field) => field.floats(&mut tensor.floats)?,
                (5 | 7, field) => field.integers(&mut tensor.integers)?,
                (8, field) => tensor.name = field.text()?,
                (9, field) => tensor.raw = Some(field.bytes()?),
                (14, field) => tensor.external = field.integer()? == 1,
                _ => {}
            }
        }
        Ok(tensor)
    }
}

impl<'a> Port<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut port = Self::default();
        let mut kind: &[u8] = &[];
        for field in fields(bytes) {
            match field? {
                (1, field) => port.name = field.text()?,
                (2, field) => kind = field.bytes()?,
                _ => {}
            }
        }
        for field in fields(kind) {
            let (1, field) = field? else { continue };
            for field in fields(field.bytes()?) {
                match field? {
                    (1, field) => port.data_type = field.integer()?,
                    (2, field) => port.dims = Some(dims(field.bytes()?)?),
                    _ => {}
                }
            }
        }
        Ok(port)
    }
}

fn dims(bytes: &[u8]) -> Result<Vec<i64>, Error> {
    let mut dims = Vec::new();
    for field in fields(bytes) {
        let (1, field) = field? else { continue };
        let mut dim = -1;
        for field in fields(field.bytes()?) {
            if let (1, field) = field? {
                dim = field.integer()?;
            }
        }
        dims.push(dim);
    }
    Ok(dims)
}
