//! `TFLM_DECODE`, which looks constants up in tables: TensorFlow Lite Micro's compression of weights.
//!
//! Operands come in pairs: what is encoded, and how; each pair makes one output. Source: TFLM `micro/compression/{decode,lut}.py`,
//! `micro/kernels/decode_state_lut.cc`.

use super::Call;
use crate::front::tflite::data::Storage;
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::movement::pick;
use crate::ir::{Data, Shape};

/// The name of the custom operator.
pub(super) const NAME: &[u8] = b"TFLM_DECODE";

/// Bytes before the tables.
const HEADER: usize = 16;

/// The constants that a call makes.
pub(super) fn read(call: &mut Call<'_, '_>) -> Outcome<Vec<(Shape, Data)>> {
    let count = call.operator.outputs.len();
    let outputs = call.outputs(true)?;
    call.reader.budget.charge(count.saturating_mul(8))?;
    let mut made = Vec::with_capacity(count);
    for (index, output) in outputs.into_iter().enumerate() {
        let encoded = bytes(call, index.saturating_mul(2), "encoded tensor")?;
        let ancillary = bytes(call, index.saturating_mul(2).saturating_add(1), "ancillary data")?;
        let tensor = call.reader.graph.tensor(output);
        let (shape, dtype) = (tensor.shape.clone(), tensor.dtype);
        call.reader.budget.charge(shape.elements().saturating_mul(dtype.size().saturating_add(8)))?;
        let data = look_up(&encoded, &ancillary, &shape, Storage::Plain(dtype))?;
        made.push((shape, data));
    }
    Ok(made)
}

/// The bytes of a constant operand of `uint8`.
fn bytes(call: &mut Call<'_, '_>, position: usize, operand: &'static str) -> Outcome<Vec<u8>> {
    let id = call.input(position, operand)?;
    match call.reader.graph.value(id) {
        Some(Data::U8(bytes)) => Ok(bytes.clone()),
        Some(data) => Err(Error::NotIntegers { operand, given: data.dtype().name() }.into()),
        None => Err(Error::NotConstant { operand }.into()),
    }
}

/// What `ancillary` says that the indices `encoded` stand for. Bytes of the header: 0 the kind, 1 its version, 4 the version of
/// look-up tables, 5 the axis of channels (15 for none) and the bits of an index, 6 the elements of one channel's table.
fn look_up(encoded: &[u8], ancillary: &[u8], shape: &Shape, storage: Storage) -> Result<Data, Error> {
    let Some((&[kind, version, _, _, lut_version, parameters, stride, ..], tables)) = ancillary.split_first_chunk::<HEADER>()
    else {
        return Err(Error::Decode { what: "the header" });
    };
    if kind != 0 {
        return Err(Error::Operator { operator: format!("custom operator \"TFLM_DECODE\" of kind {kind}") });
    }
    let (width, stride) = (usize::from(parameters & 7), usize::from(stride));
    // The version of look-up tables came later than the others, and was 0 until then.
    if version != 1 || lut_version > 1 || width == 0 || stride == 0 {
        return Err(Error::Decode { what: "the header" });
    }
    let entries = tables.len() / storage.bytes(1).max(1);
    let channels = entries / stride;
    let along = |axis: usize| shape.0.get(axis) == Some(&channels);
    let last = shape.rank().saturating_sub(1);
    let named = usize::from(parameters >> 4);
    let axis = match channels {
        1 => None,
        _ => Some([named, 0, last].into_iter().find(|&axis| along(axis)).ok_or(Error::Decode { what: "the table of values" })?),
    };
    let inner = axis.map_or(1, |axis| shape.0.iter().skip(axis + 1).product::<usize>().max(1));
    let values = storage.decode(tables.get(..entries * storage.bytes(1)).unwrap_or_default(), entries);
    let place = |element: usize| {
        let index = (0..width).try_fold(0usize, |index, bit| {
            let at = element.checked_mul(width)?.checked_add(bit)?;
            Some(index << 1 | usize::from(encoded.get(at / 8)? >> (7 - at % 8) & 1))
        })?;
        let channel = if axis.is_some() { element / inner % channels } else { 0 };
        (index < stride).then_some(channel * stride + index)
    };
    let places = (0..shape.elements()).map(place).collect::<Option<Vec<_>>>();
    Ok(pick(&values, &places.ok_or(Error::Decode { what: "an index into the table of values" })?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::DType;

    /// A header for indices of `width` bits, and tables.
    fn ancillary(axis: u8, width: u8, stride: u8, tables: &[i8]) -> Vec<u8> {
        let mut bytes = vec![0, 1, 0, 0, 1, axis << 4 | width, stride];
        bytes.resize(HEADER, 0);
        bytes.extend(tables.iter().map(|&value| value as u8));
        bytes
    }

    #[test]
    fn indices_are_big_endian_and_tables_are_of_channels() {
        let int8 = Storage::Plain(DType::I8);
        // 3 bits each: 1, 0, 4, 2.
        let encoded = [0b0010_0010, 0b0010_0000];
        let table = ancillary(15, 3, 5, &[10, 11, 12, 13, 14]);
        let shape = Shape(vec![2, 2]);
        assert_eq!(look_up(&encoded, &table, &shape, int8), Ok(Data::I8(vec![11, 10, 14, 12])));
        // 1 bit each: 1, 0, 1, 1, one table a row, and one a column.
        let table = |axis| ancillary(axis, 1, 2, &[1, 2, 3, 4]);
        assert_eq!(look_up(&[0b1011_0000], &table(0), &shape, int8), Ok(Data::I8(vec![2, 1, 4, 4])));
        assert_eq!(look_up(&[0b1011_0000], &table(1), &shape, int8), Ok(Data::I8(vec![2, 3, 2, 4])));
    }

    #[test]
    fn what_tables_do_not_hold_is_refused() {
        let (int8, shape) = (Storage::Plain(DType::I8), Shape(vec![4]));
        let table = ancillary(15, 3, 2, &[1, 2]);
        assert!(matches!(look_up(&[0xff, 0xff], &table, &shape, int8), Err(Error::Decode { .. })));
        assert!(matches!(look_up(&[0], &table, &shape, int8), Err(Error::Decode { .. })));
        assert!(matches!(look_up(&[0, 0], &[0; 15], &shape, int8), Err(Error::Decode { .. })));
        let mut other = table;
        other[0] = 1;
        assert!(matches!(look_up(&[0, 0], &other, &shape, int8), Err(Error::Operator { .. })));
    }
}
