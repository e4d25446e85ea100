//! Model files as trees of values, to damage what they say and not how they are stored.

use crate::mutate::{Random, interesting};
use crate::writer::Value;

/// What a field of a table is.
enum Kind {
    /// Numbers inside the table: at most this many bytes.
    Inline(usize),
    /// A vector of numbers of this many bytes.
    Vector(usize),
    Table(Fields),
    Tables(Fields),
}

/// Fields of a table by number; others are left out of the tree.
type Fields = &'static [(usize, Kind)];

const MODEL: Fields = &[
    (0, Kind::Inline(4)),
    (1, Kind::Tables(&[(0, Kind::Inline(1)), (1, Kind::Vector(1)), (2, Kind::Inline(4)), (3, Kind::Inline(4))])),
    (2, Kind::Tables(SUBGRAPH)),
    (4, Kind::Tables(&[(0, Kind::Vector(1)), (1, Kind::Inline(8)), (2, Kind::Inline(8))])),
];
const SUBGRAPH: Fields = &[(0, Kind::Tables(TENSOR)), (1, Kind::Vector(4)), (2, Kind::Vector(4)), (3, Kind::Tables(OPERATOR))];
const TENSOR: Fields = &[
    (0, Kind::Vector(4)),
    (1, Kind::Inline(1)),
    (2, Kind::Inline(4)),
    (3, Kind::Vector(1)),
    (4, Kind::Table(&[(2, Kind::Vector(4)), (3, Kind::Vector(8)), (4, Kind::Inline(1)), (6, Kind::Inline(4))])),
    (7, Kind::Vector(4)),
    (10, Kind::Inline(4)),
];
const OPERATOR: Fields =
    &[(0, Kind::Inline(4)), (1, Kind::Vector(4)), (2, Kind::Vector(4)), (3, Kind::Inline(1)), (4, Kind::Table(OPTIONS))];
/// Numbers of up to four bytes; what is read of a shorter one reaches into its neighbour, which does no harm.
const OPTIONS: Fields = &[
    (0, Kind::Inline(4)),
    (1, Kind::Inline(4)),
    (2, Kind::Inline(4)),
    (3, Kind::Inline(4)),
    (4, Kind::Inline(4)),
    (5, Kind::Inline(4)),
    (6, Kind::Inline(4)),
];

/// The tree of a sound file.
pub(crate) fn parse(bytes: &[u8]) -> Option<Value> {
    table(bytes, follow(bytes, 0)?, MODEL)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn follow(bytes: &[u8], at: usize) -> Option<usize> {
    at.checked_add(number(bytes, at)? as usize)
}

fn table(bytes: &[u8], start: usize, fields: Fields) -> Option<Value> {
    let vtable = start.checked_add_signed(-(number(bytes, start)? as i32 as isize))?;
    let half = |at: usize| Some(usize::from(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?)));
    let size = half(vtable)?;
    let mut values = Vec::new();
    for (field, kind) in fields {
        let entry = 4 + 2 * field;
        let offset = if entry + 2 > size { 0 } else { half(vtable + entry)? };
        if offset != 0 {
            values.push((*field, value(bytes, start + offset, kind)?));
        }
    }
    Some(Value::Table(values))
}

fn value(bytes: &[u8], at: usize, kind: &Kind) -> Option<Value> {
    let vector = |size: usize| {
        let start = follow(bytes, at)?;
        let count = number(bytes, start)? as usize;
        Some((count, start + 4, bytes.get(start + 4..)?.get(..count * size)?))
    };
    match kind {
        Kind::Inline(size) => Some(Value::Inline(bytes.get(at..)?.iter().copied().take(*size).collect())),
        Kind::Vector(size) => vector(*size).map(|(count, _, items)| Value::Vector(count, items.to_vec())),
        Kind::Table(fields) => table(bytes, follow(bytes, at)?, fields),
        Kind::Tables(fields) => {
            let (count, start, _) = vector(4)?;
            let tables = (0..count).map(|index| table(bytes, follow(bytes, start + 4 * index)?, fields));
            tables.collect::<Option<_>>().map(Value::Tables)
        }
    }
}

/// One to three faults in what the tree says.
pub(crate) fn mutate(random: &mut Random, tree: &mut Value) {
    for _ in 0..=random.below(3) {
        let count = nodes(tree);
        let mut index = random.below(count);
        visit(tree, &mut index, &mut |node| fault(random, node));
    }
}

fn nodes(node: &Value) -> usize {
    1 + match node {
        Value::Inline(_) | Value::Vector(..) => 0,
        Value::Table(fields) => fields.iter().map(|(_, value)| nodes(value)).sum(),
        Value::Tables(items) => items.iter().map(nodes).sum(),
        Value::Repeated(item, _) => nodes(item),
    }
}

/// Calls `change` on the node with the number `index` in depth-first order.
fn visit(node: &mut Value, index: &mut usize, change: &mut impl FnMut(&mut Value)) {
    let mine = *index == 0;
    *index = index.wrapping_sub(1);
    if mine {
        return change(node);
    }
    let children: Vec<&mut Value> = match node {
        Value::Inline(_) | Value::Vector(..) => Vec::new(),
        Value::Table(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
        Value::Tables(items) => items.iter_mut().collect(),
        Value::Repeated(item, _) => vec![item],
    };
    for child in children {
        if *index < usize::MAX / 2 {
            visit(child, index, change);
        }
    }
}

fn fault(random: &mut Random, node: &mut Value) {
    match node {
        Value::Inline(number) => scramble(random, number),
        Value::Vector(count, items) if *count > 0 => {
            let size = items.len() / *count;
            let at = random.below(*count) * size;
            match random.below(8) {
                0 => {
                    *count -= 1;
                    items.truncate(*count * size);
                }
                1 => {
                    *count += 1;
                    items.extend_from_within(at..at + size);
                }
                2 => items.copy_within(at..at + size, 0),
                3 => {
                    *count = 0;
                    items.clear();
                }
                _ => scramble(random, &mut items[at..at + size]),
            }
        }
        Value::Vector(count, items) => {
            *count = 1 + random.below(4);
            items.resize(*count * 4, random.below(3) as u8);
        }
        Value::Table(fields) if !fields.is_empty() => {
            let at = random.below(fields.len());
            fields.remove(at);
        }
        Value::Tables(items) if !items.is_empty() => {
            let at = random.below(items.len());
            match random.below(4) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.swap(0, at),
                _ => *node = Value::Repeated(Box::new(items.swap_remove(at)), 1 + random.below(3000)),
            }
        }
        Value::Table(_) | Value::Tables(_) | Value::Repeated(..) => {}
    }
}

/// Another number: near the old one, or at an edge; of four bytes often a float.
fn scramble(random: &mut Random, number: &mut [u8]) {
    let Some(low) = number.first_mut() else { return };
    match random.below(4) {
        0 => *low = low.wrapping_add(1),
        1 => *low = low.wrapping_sub(1),
        2 if number.len() == 4 => {
            let float = f32::from_le_bytes([number[0], number[1], number[2], number[3]]);
            let factor = *random.pick(&[-1.0, 0.0, 1e-30, 1e-6, 0.5, 2.0, 1000.0, 1e30]);
            number.copy_from_slice(&(float * factor).to_le_bytes());
        }
        _ => {
            let value = (interesting(random, 4096) as i32 as i64).to_le_bytes();
            number.iter_mut().zip(value).for_each(|(byte, value)| *byte = value);
        }
    }
}
