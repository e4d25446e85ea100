//! Names like one that was mistyped.

/// At most three of `names`, nearest first: those that contain `given`, or differ in at most a third of its length.
pub(super) fn of<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<_> = names
        .map(|name| (if name.contains(given) { 0 } else { distance(given, name) }, name))
        .filter(|&(distance, _)| distance <= given.len().div_ceil(3))
        .collect();
    found.sort();
    found.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// Levenshtein's distance: insertions, deletions and replacements of bytes that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let replaced = diagonal + usize::from(x != y);
            diagonal = *cell;
            *cell = replaced.min(diagonal + 1).min(left + 1);
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn distance_is_levenshteins() {
        for (a, b, expected) in [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2)] {
            assert_eq!(super::distance(a, b), expected, "{a} {b}");
        }
    }
}
