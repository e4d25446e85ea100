//! The edges of the network: constants of the file, inputs, outputs.

use super::{Builder, OBJECTS};
use crate::front::onnx::constants;
use crate::front::onnx::error::Error;
use crate::front::onnx::schema::{Port, Tensor as Stored};
use crate::front::onnx::value::{IMAGE, Known, LINE, Value};
use crate::ir::{DType, Node, Op, Origin, Quantization, Tensor, TensorId};

/// Tensors from an input to what is read as an image: at most `uint8`, `int8`, and reals twice.
const CHAIN: usize = 4;

impl Builder<'_, '_> {
    pub(super) fn initializer(&mut self, message: &[u8]) -> Result<(), Error> {
        let stored = Stored::read(message)?;
        let constant = constants::constant(&stored)?;
        self.charge(constant.data.len().saturating_mul(constant.data.dtype().size()))?;
        self.define(stored.name, Known::Constant(constant.into()))
    }

    pub(super) fn input(&mut self, message: &[u8]) -> Result<(), Error> {
        let port = Port::read(message)?;
        if self.names.contains_key(port.name) {
            // Files before version 4 list constants among the inputs.
            return Ok(());
        }
        let dtype = match port.data_type {
            1 => DType::F32,
            2 => DType::U8,
            3 => DType::I8,
            given @ (4 | 5) => return Err(Error::SixteenBits { given: constants::type_name(given) }),
            other => return Err(Error::ElementType { given: constants::type_name(other) }),
        };
        if self.graph.inputs.len() >= OBJECTS / 16 {
            return Err(Error::TooMany { what: "inputs", expected: OBJECTS / 16, given: self.graph.inputs.len() + 1 });
        }
        let dims = port.dims.ok_or(Error::NoShape)?;
        let mut shape = Vec::with_capacity(dims.len());
        for (axis, &dim) in dims.iter().enumerate() {
            match usize::try_from(dim) {
                Ok(size) if size > 0 => shape.push(size),
                _ if axis == 0 => shape.push(1),
                _ => return Err(Error::Dynamic { given: dims }),
            }
        }
        let id = self.typed(port.name, shape.clone(), dtype, None)?;
        self.graph.inputs.push(id);
        self.define(port.name, Known::Computed(Value::plain(id, shape.len())))
    }

    pub(super) fn output(&mut self, message: &[u8]) -> Result<(), Error> {
        let port = Port::read(message)?;
        let value = match self.names.get(port.name) {
            Some(Known::Computed(value)) => value.clone(),
            Some(Known::Constant(_)) => return Err(Error::ConstantOutput { name: port.name.into() }),
            Some(Known::Wrong) | None => return Err(Error::Unknown { name: port.name.into() }),
        };
        // An image leaves the network as it is stored; everything else in the file's order.
        let image = value.is_image();
        self.turned.outputs.push(image);
        let id = if image { self.compact(&value)?.id } else { self.plain(&value)? };
        let id = if self.unsigned.contains(&id) { self.as_unsigned(id, port.name)? } else { id };
        self.graph.outputs.push(id);
        Ok(())
    }

    /// A copy of a tensor that is `uint8` in the file, as that.
    fn as_unsigned(&mut self, id: TensorId, name: &str) -> Result<TensorId, Error> {
        let Tensor { shape, quantization, .. } = self.graph.tensor(id).clone();
        let quantization = quantization.map(|quantization| Quantization {
            zero_points: quantization.zero_points.iter().map(|zero_point| zero_point + 128).collect(),
            ..quantization
        });
        let made = self.typed(name, shape.0, DType::U8, quantization)?;
        let index = self.graph.nodes.last().map_or(0, |node| node.origin.index);
        let origin = Origin { index, name: name.into() };
        self.graph.nodes.push(Node { op: Op::Quantize { input: id }, outputs: vec![made], origin });
        Ok(made)
    }

    /// Makes images that are only ever read as NHWC be given so. What is read may be their quantized elements.
    pub(super) fn turn_inputs(&mut self) {
        for index in 0..self.graph.inputs.len() {
            let turned = self.turn_input(index);
            self.turned.inputs.push(turned);
        }
    }

    /// Turns one input; whether it is one that turns.
    fn turn_input(&mut self, index: usize) -> bool {
        let mut chain = vec![self.graph.inputs[index]];
        while let Some(&last) = chain.last() {
            let graph = &self.graph;
            let mut readers = (0..graph.nodes.len()).filter(|&n| graph.nodes[n].op.inputs().contains(&last));
            let (Some(reader), None) = (readers.next(), readers.next()) else { return false };
            let &[made] = graph.nodes[reader].outputs.as_slice() else { return false };
            if graph.outputs.contains(&last) || chain.len() > CHAIN {
                return false;
            }
            let line = self.lines.contains(&made) && self.arranged.get(&(last, LINE.to_vec())) == Some(&made);
            if line || self.arranged.get(&(last, IMAGE.to_vec())) == Some(&made) {
                self.graph.nodes.remove(reader);
                let shape = self.graph.tensor(made).shape.clone();
                for &id in &chain {
                    self.graph.tensor_mut(id).shape = shape.clone();
                }
                let read = |id: &mut TensorId| {
                    if *id == made {
                        *id = last;
                    }
                };
                self.graph.nodes.iter_mut().for_each(|node| node.op.for_each_input(read));
                self.graph.outputs.iter_mut().for_each(read);
                return true;
            }
            match graph.nodes[reader].op {
                Op::Quantize { .. } | Op::Dequantize { .. } => chain.push(made),
                _ => return false,
            }
        }
        false
    }
}
