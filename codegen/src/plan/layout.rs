//! Offsets of storages in one arena: an offline bin packing of rectangles whose widths, in time, are fixed.

use super::storage::Storage;

/// Every offset is a multiple of this, so that kernels may load words.
pub const ALIGN: usize = 4;

/// Orders tried beyond the fixed ones; bounded by the square of the number of storages as well.
const SHUFFLES: usize = 2000;
const STEPS: usize = 4_000_000;

/// Where storages lie, and the arena that holds them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Offset in bytes of each storage.
    pub offsets: Vec<usize>,
    /// Size of the arena in bytes, a multiple of [`ALIGN`].
    pub bytes: usize,
    /// The largest sum of sizes in use at one moment: no layout is smaller.
    pub lower_bound: usize,
}

/// Finds offsets such that no two storages in use at one moment overlap. Places greedily, lowest gap first, in several orders
/// and then in seeded shuffles of the best; stops early at the lower bound.
pub fn layout(storages: &[Storage]) -> Layout {
    let lower_bound = lower_bound(storages);
    let mut orders: Vec<Vec<usize>> = Vec::new();
    let mut order_by = |key: &dyn Fn(&Storage) -> (usize, usize)| {
        let mut order: Vec<usize> = (0..storages.len()).collect();
        order.sort_by_key(|&index| (core::cmp::Reverse(key(&storages[index])), index));
        orders.push(order);
    };
    order_by(&|storage| (storage.bytes, storage.last - storage.first));
    order_by(&|storage| (storage.last - storage.first, storage.bytes));
    order_by(&|storage| (storage.bytes * (storage.last - storage.first + 1), 0));
    order_by(&|storage| (usize::MAX - storage.first, storage.bytes));
    let mut best: Option<(Layout, Vec<usize>)> = None;
    let consider = |order: Vec<usize>, best: &mut Option<(Layout, Vec<usize>)>| {
        let found = place(storages, &order, lower_bound);
        if best.as_ref().is_none_or(|(known, _)| found.bytes < known.bytes) {
            *best = Some((found, order));
        }
    };
    orders.into_iter().for_each(|order| consider(order, &mut best));
    let shuffles = SHUFFLES.min(STEPS / (storages.len() * storages.len()).max(1));
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..shuffles {
        let Some((known, order)) = &best else { break };
        if known.bytes <= lower_bound || order.len() < 2 {
            break;
        }
        let mut order = order.clone();
        for _ in 0..2 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (from, to) = ((random >> 33) as usize % order.len(), (random >> 13) as usize % order.len());
            let moved = order.remove(from);
            order.insert(to, moved);
        }
        consider(order, &mut best);
    }
    best.map(|(layout, _)| layout).unwrap_or_default()
}

/// Places storages in the given order, each at the lowest offset where it fits.
fn place(storages: &[Storage], order: &[usize], lower_bound: usize) -> Layout {
    let mut offsets = vec![0; storages.len()];
    let mut placed: Vec<(usize, usize, usize)> = Vec::with_capacity(order.len()); // offset, end, index; sorted by offset
    let mut bytes = 0;
    for &index in order {
        let storage = &storages[index];
        let mut offset = 0;
        for &(start, end, other) in &placed {
            if storages[other].overlaps(storage) {
                if start >= offset + storage.bytes {
                    break;
                }
                offset = offset.max(round_up(end));
            }
        }
        offsets[index] = offset;
        let end = offset + storage.bytes;
        let position = placed.partition_point(|&(start, _, _)| start <= offset);
        placed.insert(position, (offset, end, index));
        bytes = bytes.max(round_up(end));
    }
    Layout { offsets, bytes, lower_bound }
}

fn lower_bound(storages: &[Storage]) -> usize {
    let mut events: Vec<(usize, isize)> = Vec::with_capacity(storages.len() * 2);
    for storage in storages {
        events.push((storage.first, round_up(storage.bytes) as isize));
        events.push((storage.last + 1, -(round_up(storage.bytes) as isize)));
    }
    events.sort_unstable();
    let (mut now, mut most) = (0isize, 0isize);
    for (_, change) in events {
        now += change;
        most = most.max(now);
    }
    most as usize
}

fn round_up(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::DType;

    fn storage(bytes: usize, first: usize, last: usize) -> Storage {
        Storage { tensors: Vec::new(), dtype: DType::I8, bytes, first, last }
    }

    #[test]
    fn a_chain_needs_its_largest_neighbours() {
        let chain: Vec<Storage> =
            [9216, 18432, 18432, 36864, 9216].iter().enumerate().map(|(i, &b)| storage(b, i, i + 1)).collect();
        let found = layout(&chain);
        assert_eq!(found.bytes, 18432 + 36864);
        assert_eq!(found.bytes, found.lower_bound);
    }

    #[test]
    fn nothing_in_use_at_one_moment_overlaps() {
        let mut random = 1u64;
        let mut next = |limit: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((random >> 33) % limit) as usize
        };
        for _ in 0..50 {
            let storages: Vec<Storage> = (0..20)
                .map(|_| {
                    let first = next(20);
                    storage(1 + next(500), first, first + next(6))
                })
                .collect();
            let found = layout(&storages);
            for (i, a) in storages.iter().enumerate() {
                for (j, b) in storages.iter().enumerate().filter(|&(j, b)| j != i && a.overlaps(b)) {
                    let (x, y) = (found.offsets[i], found.offsets[j]);
                    assert!(x + a.bytes <= y || y + b.bytes <= x);
                }
                assert!(found.offsets[i] + a.bytes <= found.bytes);
            }
            assert!(found.bytes >= found.lower_bound);
        }
    }
}
