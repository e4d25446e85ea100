//! The figures as tables of Markdown.

use super::{CORES, Figures, Peers, Table, names};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Instructions for speed: of an inference, and of a multiply-accumulate of the model as it is in its file.
pub(crate) fn speed(now: &Table, macs: &BTreeMap<String, u64>, peers: &Peers) -> String {
    let mut text = String::from(
        "Instructions of one inference, optimize `speed` (and of each of the model's multiply-accumulates)\n\n| model | MAC |",
    );
    for core in CORES {
        let _ = write!(text, " {core} |");
    }
    for peer in &peers.peer {
        let _ = write!(text, " {} |", peer.name);
    }
    let _ = writeln!(text, "\n|{}", "---|".repeat(2 + CORES.len() + peers.peer.len()));
    for model in names() {
        let Some(cores) = now.get(model) else { continue };
        let macs = macs.get(model).copied().unwrap_or(0).max(1);
        let _ = write!(text, "| {model} | {} |", millions(macs));
        for core in CORES {
            let count = cores.get(core).and_then(|ways| ways.get("speed")).map(|figures| figures.instructions);
            let cell =
                count.map_or_else(|| "-".into(), |count| format!("{} ({:.2})", millions(count), count as f64 / macs as f64));
            let _ = write!(text, " {cell} |");
        }
        for peer in &peers.peer {
            let counts = CORES.map(|core| {
                let count = peer.instructions.iter().find(|count| count.model == model && count.core == core);
                count.map(|count| format!("{} on {}", millions(count.count), core.trim_start_matches("cortex-")))
            });
            let _ = write!(text, " {} |", counts.into_iter().flatten().collect::<Vec<_>>().join(", "));
        }
        text.push('\n');
    }
    text
}

/// Bytes for size on a Cortex-M4.
pub(crate) fn size(now: &Table, peers: &Peers) -> String {
    let mut text = String::from(
        "Bytes on a Cortex-M4, optimize `size`\n\n| model | code | constants | RAM | stack | flash of TFLM + CMSIS-NN | its arena |\n|---|---|---|---|---|---|---|\n",
    );
    for model in names() {
        let figures = now.get(model).and_then(|cores| cores.get("cortex-m4")?.get("size"));
        let Some(Figures { instructions: _, code, constants, ram, stack }) = figures else { continue };
        let peer = peers.peer.iter().flat_map(|peer| &peer.memory).find(|memory| memory.model == model);
        let (flash, arena) = peer.map_or(("".into(), "".into()), |memory| (thousands(memory.flash), thousands(memory.ram)));
        let [code, constants, ram, stack] = [code, constants, ram, stack].map(|&figure| thousands(figure));
        let _ = writeln!(text, "| {model} | {code} | {constants} | {ram} | {stack} | {flash} | {arena} |");
    }
    text
}

/// Flash and instructions of every setting on a Cortex-M4.
pub(crate) fn settings(now: &Table) -> String {
    let mut text = String::from(
        "Bytes of flash and instructions on a Cortex-M4\n\n| model | size | balanced | speed |\n|---|---|---|---|\n",
    );
    for model in names() {
        let Some(ways) = now.get(model).and_then(|cores| cores.get("cortex-m4")) else { continue };
        let cell = |way: &str| {
            let figures = ways.get(way);
            figures.map_or_else(
                || "-".into(),
                |figures| format!("{} / {}", thousands(figures.code + figures.constants), millions(figures.instructions)),
            )
        };
        let _ = writeln!(text, "| {model} | {} | {} | {} |", cell("size"), cell("balanced"), cell("speed"));
    }
    text
}

/// A count with three or four digits.
fn millions(count: u64) -> String {
    match count {
        0..10_000 => thousands(count),
        10_000..1_000_000 => format!("{} k", thousands((count + 500) / 1000)),
        _ => format!("{:.2} M", count as f64 / 1e6),
    }
}

fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| core::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// A model and its twins, pruned or of weights of few values: bytes of flash for size on a Cortex-M4, and instructions for speed.
pub(crate) fn pruned(now: &Table, model: &str) -> String {
    let mut text = format!(
        "`{model}` and its pruned and rounded twins: on a Cortex-M4 for `size`, and instructions for `speed`\n\n| weights | flash | instructions |"
    );
    for core in CORES {
        let _ = write!(text, " {core} |");
    }
    let _ = writeln!(text, "\n|{}", "---|".repeat(3 + CORES.len()));
    for (name, cores) in now.iter().filter(|(name, _)| *name == model || name.starts_with(&format!("{model}, "))) {
        let of = |core: &str, way: &str| cores.get(core).and_then(|ways| ways.get(way));
        let size = of("cortex-m4", "size");
        let flash = size.map_or_else(|| "-".into(), |figures| thousands(figures.code + figures.constants));
        let count = size.map_or_else(|| "-".into(), |figures| millions(figures.instructions));
        let _ = write!(text, "| {} | {flash} | {count} |", name.split_once(", ").map_or("dense", |(_, pattern)| pattern));
        for core in CORES {
            let count = of(core, "speed").map_or_else(|| "-".into(), |figures| millions(figures.instructions));
            let _ = write!(text, " {count} |");
        }
        text.push('\n');
    }
    text
}
