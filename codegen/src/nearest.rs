//! Names like one that was mistyped.

/// Names longer than this are not compared, and of others at most [`CANDIDATES`] are.
const COMPARED: usize = 64;
const CANDIDATES: usize = 1000;

/// At most three of `names`, nearest first: those that differ by a prefix that ends in a dot (as `module.` of PyTorch), contain
/// `given`, or differ in at most a third of its letters.
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    if given.len() > COMPARED {
        return Vec::new();
    }
    let wanted = given.to_ascii_lowercase();
    let limit = given.chars().count().div_ceil(3);
    let below = |whole: &str, part: &str| whole.strip_suffix(part).is_some_and(|prefix| prefix.ends_with('.'));
    let far = |name: &str| {
        let name = name.to_ascii_lowercase();
        let prefixed = below(&name, &wanted) || below(&wanted, &name);
        let contained = wanted.len() > 2 && name.contains(wanted.as_str());
        if prefixed || contained { 0 } else { distance(&wanted, &name) }
    };
    let names = names.into_iter().filter(|name| name.len() <= COMPARED).take(CANDIDATES);
    let mut found: Vec<_> = names.map(|name| (far(name), name)).filter(|&(distance, _)| distance <= limit).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// The question whether one of `names` was meant, with a space behind it; empty where none is like `given`.
pub fn did_you_mean<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(given, names) {
        found if found.is_empty() => String::new(),
        found => format!("did you mean `{}`? ", found.join("` or `")),
    }
}

/// Levenshtein's distance: letters inserted, deleted or replaced.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, &y) in row.iter_mut().skip(1).zip(&b) {
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
    use super::*;

    #[test]
    fn distance_is_levenshteins() {
        for (a, b, expected) in [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2), ("é", "e", 1)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn prefixes_of_modules_do_not_matter() {
        let names = ["module.conv1.weight", "module.conv2.weight", "fc.bias"];
        assert_eq!(nearest("conv1.weight", names)[0], "module.conv1.weight");
        assert_eq!(nearest("module.fc.bias", names)[0], "fc.bias");
        assert_eq!(nearest("_orig_mod.FC.bias", names), ["fc.bias"]);
        assert_eq!(did_you_mean("something else", names), "");
        assert_eq!(did_you_mean("max_ran", ["max_ram", "max_flash"]), "did you mean `max_ram`? ");
    }
}
