//! What a project depends on.

use super::Dependency;
use super::context::Context;
use crate::boards::Hal;

impl Context<'_> {
    /// The lines of `[dependencies]`, sorted.
    pub(super) fn dependencies(&self) -> Vec<String> {
        let chip = self.feature();
        let mut lines = match self.hal() {
            None if self.is_riscv() => vec![line("semihosting", "0.1", &["stdio"]), line("riscv-rt", "0.18", &["memory"])],
            None => vec![line("semihosting", "0.1", &["stdio"]), line("cortex-m-rt", "0.7", &["set-vtor"])],
            Some(Hal::EmbassyRp) => {
                let hal = line("embassy-rp", "0.10", &["critical-section-impl", "defmt", chip, "time-driver"]);
                embassy(hal, &[])
            }
            Some(Hal::EmbassyNrf) => {
                let hal = line("embassy-nrf", "0.11", &["defmt", chip, "time-driver-rtc1"]);
                embassy(hal, &["critical-section-single-core"])
            }
            Some(Hal::EmbassyStm32) => {
                let hal = line("embassy-stm32", "0.6", &["defmt", chip, "time-driver-any"]);
                embassy(hal, &["critical-section-single-core"])
            }
            Some(Hal::EspHal) => vec![
                line("esp-backtrace", "0.20", &[chip, "panic-handler", "println"]),
                line("esp-bootloader-esp-idf", "0.6", &[chip]),
                line("esp-hal", "1.2", &[chip]),
                line("esp-println", "0.18", &[chip]),
            ],
        };
        // `static_cell` swaps atomically, which these cores cannot; esp-hal sees to it by itself.
        let lacks_atomics = self.triple.starts_with("thumbv6m") || self.triple.starts_with("riscv32imc");
        match self.hal() {
            None if lacks_atomics => lines.push(line("portable-atomic", "1", &["unsafe-assume-single-core"])),
            Some(Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32) if lacks_atomics => {
                lines.push(line("portable-atomic", "1", &["critical-section"]));
            }
            None | Some(Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32 | Hal::EspHal) => {}
        }
        lines.push(line("static_cell", "2", &[]));
        lines.push(match self.tinybake {
            Dependency::Path(path) => format!("tinybake = {{ path = {:?} }}", path.display().to_string()),
            Dependency::Published => line("tinybake", env!("CARGO_PKG_VERSION"), &[]),
        });
        lines.sort();
        lines
    }
}

/// What the three embassy HALs have in common; `cortex_m` are the features of the crate `cortex-m`.
fn embassy(hal: String, cortex_m: &[&str]) -> Vec<String> {
    vec![
        hal,
        line("cortex-m", "0.7", cortex_m),
        line("cortex-m-rt", "0.7", &[]),
        line("defmt", "1", &[]),
        line("defmt-rtt", "1", &[]),
        line("embassy-executor", "0.10", &["defmt", "executor-thread", "platform-cortex-m"]),
        line("embassy-time", "0.5", &["defmt", "defmt-timestamp-uptime"]),
        line("panic-probe", "1", &["print-defmt"]),
    ]
}

/// A line of a manifest.
fn line(name: &str, version: &str, features: &[&str]) -> String {
    match features {
        [] => format!("{name} = \"{version}\""),
        _ => format!("{name} = {{ version = \"{version}\", features = {features:?} }}"),
    }
}
