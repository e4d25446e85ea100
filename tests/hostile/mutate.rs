//! Seeded damage to files.

/// A pseudo-random sequence (SplitMix64), the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// One to four faults in `bytes`; what is spliced in comes from `other`.
pub(crate) fn mutate(random: &mut Random, mut bytes: Vec<u8>, other: &[u8]) -> Vec<u8> {
    for _ in 0..=random.below(4) {
        fault(random, &mut bytes, other);
    }
    bytes
}

fn fault(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let length = bytes.len();
    if length < 8 {
        return;
    }
    match random.below(12) {
        0 | 1 => {
            for _ in 0..=random.below(8) {
                bytes[random.below(length)] ^= 1 << random.below(8);
            }
        }
        2..=4 => {
            let value = interesting(random, length);
            put(bytes, word(random, length, 4), &value.to_le_bytes());
        }
        5 => {
            let value = random.below(64) as u16;
            put(bytes, word(random, length, 2), &value.to_le_bytes());
        }
        6 => bytes[random.below(length)] = random.next() as u8,
        // A float of an extreme exponent: scales and options.
        7 => {
            let value = random.pick(&[0.0, -1.0, 1e-38, 1e38, 1e-6, 1e6, 0.5, 1.0, 2.0, f32::NAN, f32::INFINITY]);
            put(bytes, word(random, length, 4), &value.to_le_bytes());
        }
        // One word becomes another word of the file: offsets that alias, indices that swap.
        8 => {
            let from = word(random, length, 4);
            let value: [u8; 4] = bytes[from..from + 4].try_into().expect("four bytes");
            put(bytes, word(random, length, 4), &value);
        }
        9 => bytes.truncate(random.below(length)),
        10 => {
            let from = random.below(other.len());
            let size = random.below(64.min(other.len() - from) + 1);
            let at = random.below(length);
            put(bytes, at, &other[from..from + size]);
        }
        _ => {
            let from = random.below(length);
            let range = from..from + random.below(64.min(length - from) + 1);
            if random.below(2) == 0 {
                bytes.drain(range);
            } else {
                let copy = bytes[range].to_vec();
                let at = random.below(length);
                bytes.splice(at..at, copy);
            }
        }
    }
}

/// A position for a number of `size` bytes, aligned as writers align them.
fn word(random: &mut Random, length: usize, size: usize) -> usize {
    random.below(length / size) * size
}

/// Overwrites as much as there is room for.
fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    for (byte, value) in bytes.iter_mut().skip(at).zip(value) {
        *byte = *value;
    }
}

/// Counts, sizes and offsets at the edges of their ranges, and small numbers.
pub(crate) fn interesting(random: &mut Random, length: usize) -> u32 {
    let length = length as u32;
    let edges = [0, 1, 2, 3, 4, 8, 127, 128, 255, 256, 4096, 65_535, 65_536, 1 << 20, 1 << 24, 1 << 30];
    match random.below(5) {
        0 => *random.pick(&edges),
        1 => random.pick(&edges).wrapping_neg(),
        2 => *random.pick(&[length, length / 2, length.wrapping_sub(4), i32::MAX as u32, 1 << 31, u32::MAX]),
        3 => random.below(16) as u32,
        _ => random.below(length as usize) as u32,
    }
}
