//! A part of a sweep, so that several machines can share it.

use std::str::FromStr;

/// The `index`-th of `count` parts, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// Whether the thing with this number, from 0, is in this part.
    pub(super) fn has(self, number: usize) -> bool {
        number % self.count == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').map(|(index, count)| (index.trim().parse(), count.trim().parse()));
        match numbers {
            Some((Ok(index), Ok(count))) if (1..=count).contains(&index) => Ok(Self { index, count }),
            Some(_) | None => Err("two numbers are expected, as `1/3`: the first at least 1 and at most the second".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn every_number_is_in_one_part() {
        let parts: Vec<Shard> = ["1/3", "2/3", "3/3"].iter().map(|text| text.parse().unwrap()).collect();
        assert!((0..20).all(|number| parts.iter().filter(|part| part.has(number)).count() == 1));
    }

    #[test]
    fn other_texts_are_refused() {
        assert!(["0/3", "4/3", "1", "1/0", "a/b", ""].iter().all(|text| text.parse::<Shard>().is_err()));
    }
}
