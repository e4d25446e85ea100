//! The tensors and nodes that ops build with.

use super::{Builder, Call, OBJECTS};
use crate::front::onnx::error::Error;
use crate::front::onnx::quantized::carried;
use crate::front::onnx::value::{Constant, IMAGE, IMAGE_ORDER, LINE, LINE_ORDER, Value, moves_nothing};
use crate::ir::{self, DType, Data, Op, Origin, Quantization, Shape, Tensor, TensorId, Weight};

/// Elements of one activation, as no board holds more.
const ELEMENTS: usize = 1 << 24;

/// Stands in a permutation for an axis of size 1 that the file does not have.
const NEW: usize = usize::MAX;

/// A value as an image of the graph.
pub(in crate::front::onnx) struct Image {
    /// The NHWC tensor.
    pub(in crate::front::onnx) id: TensorId,
    /// `[batch, height, width, channels]`
    pub(in crate::front::onnx) dims: [usize; 4],
    /// The order of another image with the file's axes of this one.
    pub(in crate::front::onnx) order: Vec<usize>,
}

impl Builder<'_, '_> {
    /// Adds an activation.
    pub(in crate::front::onnx) fn typed(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        dtype: DType,
        quantization: Option<Quantization>,
    ) -> Result<TensorId, Error> {
        let shape = Shape(shape);
        shape.check()?;
        if shape.elements() > ELEMENTS {
            return Err(Error::Shape(ir::ShapeError::TooLarge(shape)));
        }
        Ok(self.graph.add_tensor(Tensor { name: name.into(), shape, dtype, quantization, value: None }))
    }

    /// Adds a float constant.
    pub(in crate::front::onnx) fn constant(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        values: Vec<f32>,
    ) -> Result<TensorId, Error> {
        self.charge(values.len().saturating_mul(4))?;
        let value = self.graph.add_weight(Weight { name: name.into(), data: Data::F32(values) });
        let shape = Shape(shape);
        Ok(self.graph.add_tensor(Tensor { name: name.into(), shape, dtype: DType::F32, quantization: None, value: Some(value) }))
    }

    /// Adds a constant of another shape, with the quantization that it has.
    pub(in crate::front::onnx) fn of_constant(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        constant: Constant,
    ) -> Result<TensorId, Error> {
        let Constant { shape: _, data, quantization } = constant;
        let dtype = data.dtype();
        self.charge(data.len().saturating_mul(dtype.size()))?;
        let value = self.graph.add_weight(Weight { name: name.into(), data });
        Ok(self.graph.add_tensor(Tensor { name: name.into(), shape: Shape(shape), dtype, quantization, value: Some(value) }))
    }

    /// Adds a node of one output, whose shape follows from the op or is `declared`.
    pub(in crate::front::onnx) fn add(
        &mut self,
        call: &Call<'_, '_>,
        op: Op,
        declared: Option<Vec<usize>>,
    ) -> Result<TensorId, Error> {
        let made = self.add_all(call, op, vec![declared])?;
        made.first().copied().ok_or(Error::Malformed { what: "a node without outputs" })
    }

    /// Adds a node of several outputs.
    pub(in crate::front::onnx) fn add_all(
        &mut self,
        call: &Call<'_, '_>,
        op: Op,
        declared: Vec<Option<Vec<usize>>>,
    ) -> Result<Vec<TensorId>, Error> {
        let kind = self.kind(&op)?;
        self.add_as(call, op, declared, kind)
    }

    /// Adds a node whose outputs are of a type and quantization.
    fn add_as(
        &mut self,
        call: &Call<'_, '_>,
        op: Op,
        declared: Vec<Option<Vec<usize>>>,
        (dtype, quantization): (DType, Option<Quantization>),
    ) -> Result<Vec<TensorId>, Error> {
        if self.graph.nodes.len() >= OBJECTS {
            return Err(Error::TooMany { what: "nodes", expected: OBJECTS, given: self.graph.nodes.len() + 1 });
        }
        let declared: Vec<Option<Shape>> = declared.into_iter().map(|dims| dims.map(Shape)).collect();
        for shape in declared.iter().flatten() {
            shape.check()?;
        }
        let unsigned = op.inputs().iter().any(|input| self.unsigned.contains(input));
        let shapes = ir::infer(&op, &self.graph, &declared)?;
        let single = shapes.len() == 1;
        let mut outputs = Vec::with_capacity(shapes.len());
        for (index, Shape(dims)) in shapes.into_iter().enumerate() {
            let name = call.outputs.get(if single { 0 } else { index }).copied().unwrap_or_default();
            let id = self.typed(name, dims, dtype, quantization.clone())?;
            if unsigned && dtype == DType::I8 {
                self.unsigned.insert(id);
            }
            outputs.push(id);
        }
        self.graph.nodes.push(ir::Node { op, outputs: outputs.clone(), origin: call.origin.clone() });
        Ok(outputs)
    }

    /// Adds a node that makes stored integers of one quantization, which are `uint8` in the file or not.
    pub(in crate::front::onnx) fn quantize(
        &mut self,
        call: &Call<'_, '_>,
        input: TensorId,
        quantization: &Quantization,
        unsigned: bool,
    ) -> Result<TensorId, Error> {
        let kind = (DType::I8, Some(quantization.clone()));
        let made = self.add_as(call, Op::Quantize { input }, vec![None], kind)?;
        let id = made.first().copied().ok_or(Error::Malformed { what: "a node without outputs" })?;
        if unsigned {
            self.unsigned.insert(id);
        }
        Ok(id)
    }

    /// The tensor of `int8` for one that is given as `uint8`.
    pub(in crate::front::onnx) fn signed(
        &mut self,
        call: &Call<'_, '_>,
        id: TensorId,
        quantization: &Quantization,
    ) -> Result<TensorId, Error> {
        if self.graph.tensor(id).dtype != DType::U8 {
            return Ok(id);
        }
        if let Some(&made) = self.shifted.get(&id) {
            return Ok(made);
        }
        let stored = quantization.zero_points.iter().map(|zero_point| zero_point + 128).collect();
        self.graph.tensor_mut(id).quantization = Some(Quantization { zero_points: stored, ..quantization.clone() });
        let made = self.quantize(call, id, quantization, true)?;
        self.shifted.insert(id, made);
        Ok(made)
    }

    /// The type and quantization of what an op makes: reals, but where elements only move.
    fn kind(&self, op: &Op) -> Result<(DType, Option<Quantization>), Error> {
        let tensor = |id: TensorId| self.graph.tensor(id);
        if let Some(id) = carried(op) {
            return Ok((tensor(id).dtype, tensor(id).quantization.clone()));
        }
        let given = op.inputs().into_iter().map(tensor).filter(|tensor| tensor.value.is_none()).map(|tensor| tensor.dtype);
        match op {
            Op::ArgMax { .. } => Ok((DType::I32, None)),
            Op::Dequantize { .. } => Ok((DType::F32, None)),
            _ => match given.into_iter().find(|&dtype| dtype != DType::F32) {
                None => Ok((DType::F32, None)),
                Some(dtype) => Err(Error::ElementType { given: dtype.name() }),
            },
        }
    }

    pub(in crate::front::onnx) fn shape(&self, id: TensorId) -> &Shape {
        &self.graph.tensor(id).shape
    }

    /// The file's shape of a value.
    pub(in crate::front::onnx) fn dims(&self, value: &Value) -> Vec<usize> {
        value.shape(self.shape(value.id))
    }

    /// A value of 4 axes, or of 3 with a height of 1, as an image for `what`.
    pub(in crate::front::onnx) fn image(&mut self, value: &Value, what: &str) -> Result<Image, Error> {
        let (id, order) = match value.order.len() {
            4 => (self.arrange(value, &IMAGE)?, IMAGE_ORDER.to_vec()),
            3 if value.is_image() => (value.id, LINE_ORDER.to_vec()),
            3 => (self.line(value)?, LINE_ORDER.to_vec()),
            axes => return Err(Error::Unsupported { what: format!("{what} of {axes} axes") }),
        };
        match *self.shape(id).0.as_slice() {
            [batch, height, width, channels] => Ok(Image { id, dims: [batch, height, width, channels], order }),
            _ => Err(Error::Malformed { what: "an image without four axes" }),
        }
    }

    /// An NCW value as an NHWC tensor with a height of 1.
    fn line(&mut self, value: &Value) -> Result<TensorId, Error> {
        let rows = self.arrange(value, &LINE)?;
        let key = (rows, vec![0, NEW, 1, 2]);
        if let Some(&made) = self.arranged.get(&key) {
            return Ok(made);
        }
        let mut dims = self.shape(rows).0.clone();
        dims.insert(1, 1);
        let made = self.silent(rows, Op::Reshape { input: rows }, dims)?;
        self.arranged.insert(key, made);
        self.lines.insert(rows);
        Ok(made)
    }

    /// A value whose tensor has the file's axes only.
    pub(in crate::front::onnx) fn compact(&mut self, value: &Value) -> Result<Value, Error> {
        let stored = self.shape(value.id).0.clone();
        if stored.len() == value.order.len() {
            return Ok(value.clone());
        }
        let mut places = value.order.clone();
        places.sort_unstable();
        let order = value.order.iter().map(|place| places.iter().position(|other| other == place).unwrap_or(0)).collect();
        let key = (value.id, places.clone());
        if let Some(&made) = self.arranged.get(&key) {
            return Ok(Value::ordered(made, order));
        }
        let dims = places.iter().map(|&place| stored.get(place).copied().unwrap_or(1)).collect();
        let made = self.silent(value.id, Op::Reshape { input: value.id }, dims)?;
        self.arranged.insert(key, made);
        Ok(Value::ordered(made, order))
    }

    /// The tensor of a value with its axes stored in the order `axes` of the file's.
    pub(in crate::front::onnx) fn arrange(&mut self, value: &Value, axes: &[usize]) -> Result<TensorId, Error> {
        if let Some(image) = &value.flat
            && axes == [0, 1]
        {
            let rows = self.shape(value.id).0.clone();
            let plain = self.plain(image)?;
            return self.silent(value.id, Op::Reshape { input: plain }, rows);
        }
        let value = &self.compact(value)?;
        let perm: Vec<usize> = axes.iter().map(|&axis| value.order.get(axis).copied().unwrap_or(0)).collect();
        if perm.iter().copied().eq(0..perm.len()) {
            return Ok(value.id);
        }
        if let Some(&made) = self.arranged.get(&(value.id, perm.clone())) {
            return Ok(made);
        }
        let stored = self.shape(value.id).clone();
        let dims: Vec<usize> = perm.iter().map(|&axis| stored.0.get(axis).copied().unwrap_or(1)).collect();
        let op = match moves_nothing(&perm, &stored) {
            true => Op::Reshape { input: value.id },
            false => Op::Transpose { input: value.id, perm: perm.clone() },
        };
        let made = self.silent(value.id, op, dims)?;
        self.arranged.insert((value.id, perm), made);
        Ok(made)
    }

    /// A value in the file's own order.
    pub(in crate::front::onnx) fn plain(&mut self, value: &Value) -> Result<TensorId, Error> {
        self.arrange(value, &(0..value.order.len()).collect::<Vec<_>>())
    }

    /// A node that no node of the file stands for, named after the tensor that it rearranges.
    fn silent(&mut self, of: TensorId, op: Op, dims: Vec<usize>) -> Result<TensorId, Error> {
        let name = self.graph.tensor(of).name.clone();
        let shapes = ir::infer(&op, &self.graph, &[Some(Shape(dims))])?;
        let dims = shapes.into_iter().next().unwrap_or_default().0;
        let Tensor { dtype, quantization, .. } = self.graph.tensor(of).clone();
        let id = self.typed(&format!("{name}.arranged"), dims, dtype, quantization)?;
        if self.unsigned.contains(&of) {
            self.unsigned.insert(id);
        }
        let index = self.graph.nodes.last().map_or(0, |node| node.origin.index);
        self.graph.nodes.push(ir::Node { op, outputs: vec![id], origin: Origin { index, name } });
        Ok(id)
    }

    /// A constant operand of an element-wise op, laid out as `value` is stored, with ones where it repeats.
    pub(in crate::front::onnx) fn beside(&mut self, name: &str, constant: &Constant, value: &Value) -> Result<TensorId, Error> {
        let constant = match &constant.data {
            Data::I8(_) if constant.quantization.is_some() => constant.clone(),
            data => {
                let floats = constant.floats().ok_or(Error::ElementType { given: data.dtype().name() })?.into_owned();
                Constant::plain(constant.shape.clone(), Data::F32(floats))
            }
        };
        let (rank, stored) = (value.order.len(), self.shape(value.id).0.len());
        if constant.shape.len() > rank {
            return Err(Error::Unsupported { what: format!("an operand of {} axes beside one of {rank}", constant.shape.len()) });
        }
        if constant.data.len() == 1 {
            return self.of_constant(name, vec![1], constant);
        }
        let mut shape = vec![1; rank - constant.shape.len()];
        shape.extend(&constant.shape);
        let mut constant = constant.permuted(&shape, &value.axes());
        for place in (0..stored).filter(|place| !value.order.contains(place)) {
            constant.shape.insert(place, 1);
            if let Some(quantization) = constant.quantization.as_mut().filter(|quantization| quantization.axis >= place) {
                quantization.axis += 1;
            }
        }
        self.of_constant(name, constant.shape.clone(), constant)
    }
}
