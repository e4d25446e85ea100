//! Which topology belongs to which weights, where both files of a network were written together.
//!
//! Two files cannot be replaced in one step: a run that is ended between them leaves the topology of one network beside the weights of
//! another. Both are written with the same line `pair = "..."`, the weights in the topology that their metadata holds. Where these lines
//! differ, the topology in the metadata counts.

use hmac_sha256::Hash;

/// The key of the line.
pub(super) const KEY: &str = "pair";

/// The line for a network of these weights and this topology.
pub(super) fn line(weights: &[u8], topology: &str) -> String {
    let mut hash = Hash::new();
    hash.update(weights);
    hash.update(topology);
    let digits: String = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{KEY} = \"{digits}\"\n")
}

/// The topology that counts: the one beside the weights, unless it was written with others.
pub(super) fn topology<'a>(beside: Option<&'a str>, embedded: Option<&'a str>) -> Option<&'a str> {
    match (beside, embedded) {
        (Some(beside), Some(embedded)) => match (told(beside), told(embedded)) {
            (Some(one), Some(other)) if one != other => Some(embedded),
            _ => Some(beside),
        },
        (beside, embedded) => beside.or(embedded),
    }
}

/// The line of a topology; a topology by hand has none.
fn told(topology: &str) -> Option<&str> {
    let head = topology.lines().take_while(|line| !line.trim_start().starts_with('['));
    head.filter_map(|line| line.trim().strip_prefix(KEY)).map(str::trim).find(|rest| rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topology_of_other_weights_does_not_count() {
        let with = |weights: &[u8]| format!("format = 1\n{}[[op]]\n", line(weights, "t"));
        let (own, other, by_hand) = (with(b"own"), with(b"other"), "format = 1\n[[op]]\npair = \"x\"\n");
        assert_ne!(own, other);
        assert_eq!(topology(Some(&other), Some(&own)), Some(own.as_str()));
        let edited = own.replace("[[op]]", "# mine\n[[op]]");
        for beside in [edited.as_str(), by_hand] {
            assert_eq!(topology(Some(beside), Some(&own)), Some(beside));
        }
        assert_eq!(topology(Some(&other), Some(by_hand)), Some(other.as_str()));
        assert_eq!(topology(None, Some(&own)), Some(own.as_str()));
        assert_eq!(topology(Some(&other), None), Some(other.as_str()));
    }
}
