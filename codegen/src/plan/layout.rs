//! Offsets of storages in one arena: an offline bin packing of rectangles whose widths, in time, are fixed. Of two in use at
//! one moment, one begins above the other by at least a distance: the lower one's size, or less where a step consumes one
//! while it makes the other. Storages that begin at one offset, where a step works in place, are placed as one.

use super::overlap::{Begins, Overlap};
use super::storage::Storage;

/// Every offset is a multiple of this, so that kernels may load words.
pub const ALIGN: usize = 4;

/// Orders tried beyond the fixed ones.
const SHUFFLES: usize = 2000;

/// Storages of which all orders are searched, where that is not too much.
const EXACT: usize = 80;

/// Where storages lie, and the arena that holds them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Offset in bytes of each storage.
    pub offsets: Vec<usize>,
    /// Size of the arena in bytes, a multiple of [`ALIGN`].
    pub bytes: usize,
    /// What the storages in use at one moment need at least: no layout is smaller.
    pub lower_bound: usize,
}

/// Work that searches may still do, in pairs of storages looked at. Models from strangers may have thousands of storages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(pub(super) usize);

impl Budget {
    /// Takes `work` from what is left; `false` where there is less.
    fn spend(&mut self, work: usize) -> bool {
        let left = self.0.checked_sub(work);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// Finds offsets with the distances that `overlaps` allow. Places greedily, lowest gap first, in several orders and then in
/// seeded shuffles of the best, and then looks through all orders; stops early at the lower bound, or at `enough` bytes.
pub(super) fn layout(storages: &[Storage], overlaps: &[Overlap], enough: usize, budget: &mut Budget) -> Layout {
    let problem = Problem::new(storages, overlaps);
    let target = problem.lower_bound.max(enough);
    let count = problem.items.len();
    let mut orders: Vec<Vec<usize>> = Vec::new();
    let mut order_by = |key: &dyn Fn(&Item) -> (usize, usize)| {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&index| (core::cmp::Reverse(key(&problem.items[index])), index));
        orders.push(order);
    };
    order_by(&|item| (item.bytes, item.last - item.first));
    order_by(&|item| (item.last - item.first, item.bytes));
    order_by(&|item| (item.bytes * (item.last - item.first + 1), 0));
    order_by(&|item| (usize::MAX - item.first, item.bytes));
    order_by(&|item| (item.first, item.bytes));
    let mut best: Option<(Placed, Vec<usize>)> = None;
    let consider = |order: Vec<usize>, best: &mut Option<(Placed, Vec<usize>)>| {
        let found = problem.place(&order);
        if best.as_ref().is_none_or(|(known, _)| found.bytes < known.bytes) {
            *best = Some((found, order));
        }
    };
    // The others cannot be better than what is enough.
    for order in orders {
        if best.as_ref().is_none_or(|(known, _)| known.bytes > target) {
            consider(order, &mut best);
        }
    }
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..SHUFFLES {
        let Some((known, order)) = &best else { break };
        if known.bytes <= target || count < 2 || !budget.spend(count * count) {
            break;
        }
        let mut order = order.clone();
        for _ in 0..2 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (from, to) = ((random >> 33) as usize % count, (random >> 13) as usize % count);
            let moved = order.remove(from);
            order.insert(to, moved);
        }
        consider(order, &mut best);
    }
    let mut best = best.map(|(placed, _)| placed).unwrap_or_default();
    if best.bytes > target && count <= EXACT {
        let mut search = Search { problem: &problem, target, best: &mut best, offsets: vec![None; count], budget };
        search.descend(0, &vec![0; count]);
    }
    problem.layout(&best)
}

/// Storages that begin at one offset; most are by themselves.
struct Item {
    /// Their indices.
    storages: Vec<usize>,
    /// Size of the largest, rounded up.
    bytes: usize,
    /// The first moment of use of any.
    first: usize,
    /// The last moment of use of any, inclusive.
    last: usize,
}

/// Where items lie.
#[derive(Clone, Debug, Default)]
struct Placed {
    offsets: Vec<usize>,
    bytes: usize,
}

/// Storages and the distances between them.
struct Problem<'a> {
    storages: &'a [Storage],
    /// Sizes of storages, rounded up.
    bytes: Vec<usize>,
    /// What is placed.
    items: Vec<Item>,
    /// Of each storage, the overlap that consumes it.
    consumed: Vec<Option<Overlap>>,
    lower_bound: usize,
}

impl<'a> Problem<'a> {
    fn new(storages: &'a [Storage], overlaps: &[Overlap]) -> Self {
        let mut consumed = vec![None; storages.len()];
        // For an output that begins where its input does, that input.
        let mut before: Vec<Option<usize>> = vec![None; storages.len()];
        for overlap in overlaps {
            consumed[overlap.input] = Some(*overlap);
            match overlap.begins {
                Begins::There => before[overlap.output] = Some(overlap.input),
                Begins::Apart { .. } => {}
            }
        }
        // A chain of such is no longer than there are storages.
        let chain = |index| core::iter::successors(Some(index), |&at: &usize| before[at]).take(storages.len());
        let head = |index| chain(index).last().unwrap_or(index);
        let bytes: Vec<usize> = storages.iter().map(|storage| storage.bytes.next_multiple_of(ALIGN)).collect();
        let mut items: Vec<Item> = Vec::with_capacity(storages.len());
        let mut item_of = vec![None; storages.len()];
        for (index, storage) in storages.iter().enumerate() {
            let head = head(index);
            match item_of[head] {
                Some(known) => {
                    let item: &mut Item = &mut items[known];
                    item.storages.push(index);
                    item.bytes = item.bytes.max(bytes[index]);
                    (item.first, item.last) = (item.first.min(storage.first), item.last.max(storage.last));
                }
                None => {
                    item_of[head] = Some(items.len());
                    items.push(Item { storages: vec![index], bytes: bytes[index], first: storage.first, last: storage.last });
                }
            }
        }
        let mut problem = Self { storages, bytes, items, consumed, lower_bound: 0 };
        problem.lower_bound = problem.bound(overlaps);
        problem
    }

    /// The least distance from the base of `lower` up to that of `upper`, if it lies above; `None` if they are never in use at
    /// one moment. It is no greater than the size of `lower`.
    fn distance(&self, lower: usize, upper: usize) -> Option<usize> {
        let (lower, upper) = (&self.items[lower], &self.items[upper]);
        if lower.last < upper.first || upper.last < lower.first {
            return None;
        }
        let uppers = |a: usize| {
            let both = move |&&b: &&usize| self.storages[a].overlaps(&self.storages[b]);
            upper.storages.iter().filter(both).map(move |&b| self.between(a, b))
        };
        lower.storages.iter().flat_map(|&a| uppers(a)).max()
    }

    /// [`Problem::distance`] of storages that are in use at one moment.
    fn between(&self, lower: usize, upper: usize) -> usize {
        let apart = |overlap: Overlap| match overlap.begins {
            Begins::Apart { below, above } => (below, above),
            Begins::There => (0, 0),
        };
        match (self.consumed[lower], self.consumed[upper]) {
            (Some(overlap), _) if overlap.output == upper => apart(overlap).1,
            (_, Some(overlap)) if overlap.output == lower => apart(overlap).0,
            _ => self.bytes[lower],
        }
    }

    /// The offsets of storages.
    fn layout(&self, placed: &Placed) -> Layout {
        let mut offsets = vec![0; self.storages.len()];
        for (item, &offset) in self.items.iter().zip(&placed.offsets) {
            item.storages.iter().for_each(|&index| offsets[index] = offset);
        }
        Layout { offsets, bytes: placed.bytes, lower_bound: self.lower_bound }
    }

    /// Places items in the given order, each at the lowest offset where it fits.
    fn place(&self, order: &[usize]) -> Placed {
        let mut offsets = vec![0; order.len()];
        let mut placed: Vec<(usize, usize)> = Vec::with_capacity(order.len()); // offset and index, sorted
        let mut bytes = 0;
        for &index in order {
            let mut offset = 0;
            // Again where it moved, since one that may be overlapped can be too close to it now.
            while let Some(moved) = self.lowest(index, offset, &placed) {
                offset = moved;
            }
            offsets[index] = offset;
            placed.insert(placed.partition_point(|&other| other < (offset, index)), (offset, index));
            bytes = bytes.max(offset + self.items[index].bytes);
        }
        Placed { offsets, bytes }
    }

    /// A greater offset for an item that is too close to one of those placed, from below upwards, at `offset`.
    fn lowest(&self, index: usize, offset: usize, placed: &[(usize, usize)]) -> Option<usize> {
        let mut lowest = offset;
        for &(at, other) in placed {
            if at >= lowest + self.items[index].bytes {
                break; // no distance is greater than a size
            }
            let (Some(below), Some(above)) = (self.distance(other, index), self.distance(index, other)) else { continue };
            let end = at + below;
            if at < lowest + above && end > lowest {
                lowest = end;
            }
        }
        (lowest > offset).then_some(lowest)
    }

    /// The greatest sum of sizes in use at one moment, an overlapping pair counting as the least that holds both.
    fn bound(&self, overlaps: &[Overlap]) -> usize {
        let moments = self.storages.iter().map(|storage| storage.last + 2).max().unwrap_or(0);
        let mut change = vec![0isize; moments];
        for (storage, &bytes) in self.storages.iter().zip(&self.bytes) {
            change[storage.first] += bytes as isize;
            change[storage.last + 1] -= bytes as isize;
        }
        let mut saved = vec![0isize; moments];
        for overlap in overlaps {
            let (input, output) = (self.bytes[overlap.input], self.bytes[overlap.output]);
            let both = match overlap.begins {
                Begins::Apart { below, above } => output.max(below + input).min(input.max(above + output)),
                Begins::There => input.max(output),
            };
            saved[self.storages[overlap.output].first] += (input + output) as isize - both as isize;
        }
        let sums = change.iter().scan(0, |sum, change| {
            *sum += change;
            Some(*sum)
        });
        sums.zip(saved).map(|(sum, saved)| sum - saved).max().unwrap_or(0).max(0) as usize
    }
}

/// Branch and bound over orders of offsets: in some best layout each item lies at the least distance from those below it,
/// so it is found by placing items from below upwards, each as low as those placed before allow.
struct Search<'a> {
    problem: &'a Problem<'a>,
    target: usize,
    best: &'a mut Placed,
    offsets: Vec<Option<usize>>,
    budget: &'a mut Budget,
}

impl Search<'_> {
    /// Places the rest, none below `floor`; `lows` are the offsets that placed ones allow. Whether to go on searching.
    fn descend(&mut self, floor: usize, lows: &[usize]) -> bool {
        let (count, items) = (lows.len(), &self.problem.items);
        if self.best.bytes <= self.target || !self.budget.spend(count * 4) {
            return false;
        }
        let open: Vec<usize> = (0..count).filter(|&index| self.offsets[index].is_none()).collect();
        if open.is_empty() {
            let offsets: Vec<usize> = self.offsets.iter().flatten().copied().collect();
            let bytes = offsets.iter().zip(items).map(|(offset, item)| offset + item.bytes).max().unwrap_or(0);
            if bytes < self.best.bytes {
                *self.best = Placed { offsets, bytes };
            }
            return true;
        }
        if open.iter().any(|&index| lows[index].max(floor) + items[index].bytes >= self.best.bytes) {
            return true;
        }
        let mut next: Vec<usize> = open.into_iter().filter(|&index| lows[index] >= floor).collect();
        next.sort_by_key(|&index| (lows[index], core::cmp::Reverse(items[index].bytes), index));
        for index in next {
            let offset = lows[index];
            let mut lows = lows.to_vec();
            for (rival, low) in lows.iter_mut().enumerate() {
                if let Some(distance) = self.problem.distance(index, rival).filter(|_| rival != index) {
                    *low = (*low).max(offset + distance);
                }
            }
            self.offsets[index] = Some(offset);
            let go_on = self.descend(offset, &lows);
            self.offsets[index] = None;
            if !go_on {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::DType;

    fn storage(bytes: usize, first: usize, last: usize) -> Storage {
        Storage { tensors: Vec::new(), dtype: DType::I8, bytes, first, last }
    }

    fn laid_out(storages: &[Storage], overlaps: &[Overlap]) -> Layout {
        layout(storages, overlaps, 0, &mut Budget(4_000_000))
    }

    /// Storages of random sizes and lifetimes, and overlaps of those that die as another begins.
    fn random(count: usize, next: &mut impl FnMut(usize) -> usize) -> (Vec<Storage>, Vec<Overlap>) {
        let storages: Vec<Storage> = (0..count)
            .map(|_| {
                let first = next(count);
                storage(4 + 4 * next(100), first, first + next(4))
            })
            .collect();
        let mut overlaps: Vec<Overlap> = Vec::new();
        for (input, from) in storages.iter().enumerate() {
            let output = storages.iter().position(|to| to.first == from.last && to.last > to.first && from.first < from.last);
            if let Some(output) = output.filter(|output| overlaps.iter().all(|known| known.output != *output)) {
                let below = 4 + 4 * next(storages[output].bytes / 4);
                let above = 4 + 4 * next(from.bytes / 4);
                let begins = match next(4) {
                    0 => Begins::There,
                    _ => Begins::Apart { below, above },
                };
                overlaps.push(Overlap { step: from.last - 1, input, output, begins });
            }
        }
        (storages, overlaps)
    }

    fn apart(a: &Storage, b: &Storage, (x, y): (usize, usize), (a_below, b_below): (usize, usize)) -> bool {
        !a.overlaps(b) || y >= x + a_below || x >= y + b_below
    }

    #[test]
    fn a_chain_needs_its_largest_neighbours() {
        let chain: Vec<Storage> =
            [9216, 18432, 18432, 36864, 9216].iter().enumerate().map(|(i, &b)| storage(b, i, i + 1)).collect();
        let found = laid_out(&chain, &[]);
        assert_eq!(found.bytes, 18432 + 36864);
        assert_eq!(found.bytes, found.lower_bound);
    }

    #[test]
    fn a_chain_of_overlaps_goes_down_and_up() {
        let chain: Vec<Storage> = (0..6).map(|i| storage(8000, i, i + 1)).collect();
        let overlaps: Vec<Overlap> = (0..5)
            .map(|input| {
                let distance = if input % 2 == 0 { 640 } else { 512 };
                Overlap { step: input, input, output: input + 1, begins: Begins::Apart { below: distance, above: distance } }
            })
            .collect();
        assert_eq!(laid_out(&chain, &overlaps).bytes, 8640);
    }

    #[test]
    fn nothing_in_use_at_one_moment_is_too_close() {
        let mut random_state = 1u64;
        let mut next = |limit: usize| {
            random_state = random_state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random_state >> 33) as usize % limit
        };
        for _ in 0..50 {
            let (storages, overlaps) = random(20, &mut next);
            let found = laid_out(&storages, &overlaps);
            for (i, a) in storages.iter().enumerate() {
                for (j, b) in storages.iter().enumerate().filter(|&(j, _)| j != i) {
                    let overlap = overlaps.iter().find(|overlap| (overlap.input, overlap.output) == (i, j));
                    let reverse = overlaps.iter().find(|overlap| (overlap.input, overlap.output) == (j, i));
                    let distances = match (overlap, reverse) {
                        (Some(overlap), _) => match overlap.begins {
                            Begins::Apart { below, above } => (above, below),
                            Begins::There => (0, usize::MAX / 2),
                        },
                        (None, Some(overlap)) => match overlap.begins {
                            Begins::Apart { below, above } => (below, above),
                            Begins::There => (0, usize::MAX / 2),
                        },
                        (None, None) => (a.bytes, b.bytes),
                    };
                    assert!(apart(a, b, (found.offsets[i], found.offsets[j]), distances));
                }
                assert!(found.offsets[i] + a.bytes <= found.bytes);
            }
            assert!(found.bytes >= found.lower_bound);
        }
    }

    /// Of few storages, every combination of offsets is tried.
    #[test]
    fn the_search_finds_the_least() {
        let mut random_state = 7u64;
        let mut next = |limit: usize| {
            random_state = random_state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random_state >> 33) as usize % limit
        };
        for _ in 0..60 {
            let (storages, overlaps) = random(6, &mut next);
            let found = laid_out(&storages, &overlaps);
            let problem = Problem::new(&storages, &overlaps);
            let mut orders = vec![vec![]];
            for index in 0..problem.items.len() {
                orders = orders
                    .into_iter()
                    .flat_map(|order: Vec<usize>| {
                        (0..=order.len()).map(move |at| {
                            let mut order = order.clone();
                            order.insert(at, index);
                            order
                        })
                    })
                    .collect();
            }
            // Every order of offsets from below upwards, each as low as those before allow.
            let least = orders.iter().map(|order| {
                let mut offsets = vec![0usize; order.len()];
                let mut end = 0;
                for (position, &index) in order.iter().enumerate() {
                    let below = order[..position].iter();
                    let lows = below.filter_map(|&other| Some(offsets[other] + problem.distance(other, index)?));
                    offsets[index] = lows.max().unwrap_or(0);
                    end = end.max(offsets[index] + problem.items[index].bytes);
                }
                end
            });
            assert_eq!(Some(found.bytes), least.min());
        }
    }
}
