//! Writes small TensorFlow Lite files for tests: any field of any table, right or wrong.

/// A value of a flatbuffer. Objects are written after whatever names them, unaligned.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A number in the table itself, as its little-endian bytes.
    Inline(Vec<u8>),
    /// A table of numbered fields.
    Table(Vec<(usize, Value)>),
    /// A vector of numbers or a string: how many, and their little-endian bytes.
    Vector(usize, Vec<u8>),
    /// A vector of tables.
    Tables(Vec<Value>),
    /// A vector of so many tables that are all the same bytes.
    Repeated(Box<Value>, usize),
}

impl Value {
    pub(crate) fn byte(value: i8) -> Self {
        Self::Inline(value.to_le_bytes().into())
    }

    pub(crate) fn int(value: i32) -> Self {
        Self::Inline(value.to_le_bytes().into())
    }

    pub(crate) fn long(value: u64) -> Self {
        Self::Inline(value.to_le_bytes().into())
    }

    pub(crate) fn float(value: f32) -> Self {
        Self::Inline(value.to_le_bytes().into())
    }

    pub(crate) fn string(value: &str) -> Self {
        Self::Vector(value.len(), value.as_bytes().into())
    }

    pub(crate) fn bytes(value: &[u8]) -> Self {
        Self::Vector(value.len(), value.into())
    }

    pub(crate) fn ints(values: &[i32]) -> Self {
        Self::Vector(values.len(), values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub(crate) fn longs(values: &[i64]) -> Self {
        Self::Vector(values.len(), values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub(crate) fn floats(values: &[f32]) -> Self {
        Self::Vector(values.len(), values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }
}

/// A whole file with `root` as its root table.
pub(crate) fn file(root: &Value) -> Vec<u8> {
    let mut bytes = b"\0\0\0\0TFL3".to_vec();
    let start = write(&mut bytes, root);
    patch(&mut bytes, 0, start);
    bytes
}

/// Makes the offset at `at` name `target`.
fn patch(bytes: &mut [u8], at: usize, target: usize) {
    bytes[at..at + 4].copy_from_slice(&((target - at) as u32).to_le_bytes());
}

/// Writes an object and all that it names; returns its position.
fn write(bytes: &mut Vec<u8>, value: &Value) -> usize {
    match value {
        Value::Inline(_) => unreachable!("numbers lie in tables"),
        Value::Vector(count, items) => {
            let start = bytes.len();
            bytes.extend((*count as u32).to_le_bytes());
            bytes.extend(items);
            start
        }
        Value::Tables(items) => {
            let start = bytes.len();
            bytes.extend((items.len() as u32).to_le_bytes());
            bytes.resize(start + 4 + 4 * items.len(), 0);
            for (index, item) in items.iter().enumerate() {
                let target = write(bytes, item);
                patch(bytes, start + 4 + 4 * index, target);
            }
            start
        }
        Value::Repeated(item, count) => {
            let start = bytes.len();
            bytes.extend((*count as u32).to_le_bytes());
            bytes.resize(start + 4 + 4 * count, 0);
            let target = write(bytes, item);
            (0..*count).for_each(|index| patch(bytes, start + 4 + 4 * index, target));
            start
        }
        Value::Table(fields) => {
            let entries = fields.iter().map(|(field, _)| field + 1).max().unwrap_or(0);
            let mut offsets = vec![0u16; entries];
            let mut body = vec![0u8; 4];
            for (field, value) in fields {
                offsets[*field] = body.len() as u16;
                match value {
                    Value::Inline(number) => body.extend(number),
                    _ => body.extend([0; 4]),
                }
            }
            let vtable = bytes.len();
            bytes.extend((4 + 2 * entries as u16).to_le_bytes());
            bytes.extend((body.len() as u16).to_le_bytes());
            bytes.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
            let start = bytes.len();
            body[..4].copy_from_slice(&((start - vtable) as i32).to_le_bytes());
            bytes.extend(body);
            for (field, value) in fields {
                if !matches!(value, Value::Inline(_)) {
                    let target = write(bytes, value);
                    patch(bytes, start + usize::from(offsets[*field]), target);
                }
            }
            start
        }
    }
}

/// A tensor, and its constant data where it has some.
#[derive(Clone, Debug)]
pub(crate) struct TensorSpec {
    pub(crate) shape: Vec<i32>,
    /// Code of the schema's `TensorType`: 0 float32, 2 int32, 9 int8.
    pub(crate) element_type: i8,
    pub(crate) data: Option<Vec<u8>>,
    pub(crate) scales: Vec<f32>,
    pub(crate) zero_points: Vec<i64>,
    pub(crate) axis: i32,
    /// Fields of the table that replace the above.
    pub(crate) fields: Vec<(usize, Value)>,
}

impl TensorSpec {
    /// An `int8` activation.
    pub(crate) fn int8(shape: &[i32], scale: f32, zero_point: i64) -> Self {
        let (scales, zero_points) = (vec![scale], vec![zero_point]);
        Self { shape: shape.into(), element_type: 9, data: None, scales, zero_points, axis: 0, fields: Vec::new() }
    }

    /// An `int32` constant.
    pub(crate) fn int32(shape: &[i32], values: &[i32]) -> Self {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { element_type: 2, scales: Vec::new(), zero_points: Vec::new(), ..Self::int8(shape, 1.0, 0) }.with(data)
    }

    /// This tensor with constant data.
    pub(crate) fn with(self, data: Vec<u8>) -> Self {
        Self { data: Some(data), ..self }
    }

    /// This tensor with one field of its table replaced.
    pub(crate) fn field(mut self, field: usize, value: Value) -> Self {
        self.fields.push((field, value));
        self
    }

    fn table(&self, index: usize, buffer: i32) -> Value {
        let quantization =
            vec![(2, Value::floats(&self.scales)), (3, Value::longs(&self.zero_points)), (6, Value::int(self.axis))];
        let mut fields = vec![
            (0, Value::ints(&self.shape)),
            (1, Value::byte(self.element_type)),
            (2, Value::int(buffer)),
            (3, Value::string(&format!("t{index}"))),
            (4, Value::Table(quantization)),
        ];
        for (field, value) in &self.fields {
            fields.retain(|(known, _)| known != field);
            fields.push((*field, value.clone()));
        }
        Value::Table(fields)
    }
}

/// A call of an operator.
#[derive(Clone, Debug)]
pub(crate) struct OpSpec {
    /// Code of the schema's `BuiltinOperator`.
    pub(crate) code: i32,
    pub(crate) inputs: Vec<i32>,
    pub(crate) outputs: Vec<i32>,
    /// Kind of the options in the schema's union, and their fields.
    pub(crate) options: Option<(i8, Vec<(usize, Value)>)>,
}

impl OpSpec {
    /// A call without options.
    pub(crate) fn new(code: i32, inputs: &[i32], outputs: &[i32]) -> Self {
        Self { code, inputs: inputs.into(), outputs: outputs.into(), options: None }
    }

    /// This call with options.
    pub(crate) fn options(self, kind: i8, fields: Vec<(usize, Value)>) -> Self {
        Self { options: Some((kind, fields)), ..self }
    }
}

/// A network.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModelSpec {
    pub(crate) tensors: Vec<TensorSpec>,
    pub(crate) ops: Vec<OpSpec>,
    pub(crate) inputs: Vec<i32>,
    pub(crate) outputs: Vec<i32>,
    /// Buffers that follow those of the tensors.
    pub(crate) buffers: Vec<Value>,
    /// Fields of the root table that replace what follows from the above.
    pub(crate) fields: Vec<(usize, Value)>,
}

impl ModelSpec {
    /// The file.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut buffers = vec![Value::Table(Vec::new())];
        let mut tensors = Vec::new();
        for (index, tensor) in self.tensors.iter().enumerate() {
            let buffer = match &tensor.data {
                Some(data) => {
                    buffers.push(Value::Table(vec![(0, Value::bytes(data))]));
                    buffers.len() as i32 - 1
                }
                None => 0,
            };
            tensors.push(tensor.table(index, buffer));
        }
        buffers.extend(self.buffers.iter().cloned());
        let (mut codes, mut operators) = (Vec::new(), Vec::new());
        for (index, op) in self.ops.iter().enumerate() {
            let old = op.code.min(127) as i8;
            codes.push(Value::Table(vec![(0, Value::byte(old)), (1, Value::string("custom")), (3, Value::int(op.code))]));
            let mut fields = vec![(0, Value::int(index as i32)), (1, Value::ints(&op.inputs)), (2, Value::ints(&op.outputs))];
            if let Some((kind, options)) = &op.options {
                fields.push((3, Value::byte(*kind)));
                fields.push((4, Value::Table(options.clone())));
            }
            operators.push(Value::Table(fields));
        }
        let subgraph = vec![
            (0, Value::Tables(tensors)),
            (1, Value::ints(&self.inputs)),
            (2, Value::ints(&self.outputs)),
            (3, Value::Tables(operators)),
        ];
        let mut fields = vec![
            (0, Value::int(3)),
            (1, Value::Tables(codes)),
            (2, Value::Tables(vec![Value::Table(subgraph)])),
            (4, Value::Tables(buffers)),
        ];
        for (field, value) in &self.fields {
            fields.retain(|(known, _)| known != field);
            fields.push((*field, value.clone()));
        }
        file(&Value::Table(fields))
    }
}
