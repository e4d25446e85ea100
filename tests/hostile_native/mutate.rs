//! Seeded damage to weights and topologies.

/// Numbers that follow from a seed (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is at least 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Bytes with a few of them changed, removed, or repeated.
pub(crate) fn damage_bytes(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + random.below(4) {
        let header = bytes.len().min(400);
        let at = if random.below(4) == 0 { random.below(bytes.len()) } else { random.below(header) };
        match random.below(5) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            3 if at < bytes.len() => bytes[at] = *random.pick(b"0123456789[]{},:\""),
            _ => {
                let end = (at + random.below(40)).min(bytes.len());
                let piece = bytes.get(at..end).unwrap_or_default().to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// Words that a topology may have in any place.
const WORDS: &[&str] = &[
    "0",
    "1",
    "-1",
    "-128",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "1e30",
    "nan",
    "inf",
    "0.0",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[1, 1]",
    "[0, 0, 0, 0]",
    "[1, 1, 1, 1]",
    "[9223372036854775807, 9223372036854775807]",
    "\"same\"",
    "\"relu\"",
    "\"chw\"",
    "{ tensor = \"x\" }",
    "\"float32\"",
    "\"int16\"",
    "\"torch\"",
    "\"tflite\"",
    "conv2d",
    "split",
    "reshape",
    "shape",
];

/// A topology with a few of its words or lines changed, removed, repeated, or taken from another.
pub(crate) fn damage_text(random: &mut Random, text: &str, other: &str) -> String {
    let mut words: Vec<&str> = split(text);
    let foreign: Vec<&str> = split(other);
    for _ in 0..1 + random.below(3) {
        let kind = *random.pick::<fn(&str) -> bool>(&[is_number, is_number, is_number, is_string, is_string, is_key]);
        let like: Vec<usize> = (0..words.len()).filter(|&at| kind(words[at])).collect();
        if like.is_empty() {
            continue;
        }
        let at = *random.pick(&like);
        let others: Vec<&str> = foreign.iter().copied().filter(|word| kind(word)).collect();
        match random.below(12) {
            // A word becomes another of its kind, which keeps the grammar and so reaches the deeper checks.
            0..=3 => words[at] = words[*random.pick(&like)],
            4..=6 if !others.is_empty() => words[at] = *random.pick::<&str>(&others),
            7 => words[at] = WORDS[random.below(12)],
            8 => words[at] = *random.pick::<&str>(WORDS),
            9 => drop(words.remove(at)),
            10 => words.insert(at, *random.pick::<&str>(WORDS)),
            _ => words.swap(at, random.below(like.len())),
        }
    }
    words.concat()
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}

fn is_string(word: &str) -> bool {
    word.starts_with('"')
}

fn is_key(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The text in pieces: words, and each other character.
fn split(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '"' | '/');
    for (at, c) in text.char_indices() {
        if !is_word(c) {
            pieces.extend([&text[start..at], &text[at..at + c.len_utf8()]]);
            start = at + c.len_utf8();
        }
    }
    pieces.push(&text[start..]);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
