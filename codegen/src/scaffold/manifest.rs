//! What a project depends on.

use super::Dependency;
use super::context::Context;
use crate::boards::Hal;

impl Context<'_> {
    /// The lines of `[dependencies]`, sorted.
    pub(super) fn dependencies(&self) -> Vec<String> {
        let mut lines: Vec<String> = vec!["static_cell = \"2\"".into(), self.tinybake()];
        let feature = self.feature();
        match self.hal() {
            None => {
                lines.push("semihosting = { version = \"0.1\", features = [\"stdio\"] }".into());
                if self.is_riscv() {
                    lines.push("riscv-rt = { version = \"0.18\", features = [\"memory\"] }".into());
                } else {
                    lines.push("cortex-m-rt = { version = \"0.7\", features = [\"set-vtor\"] }".into());
                }
                if self.lacks_atomics() {
                    lines.push("portable-atomic = { version = \"1\", features = [\"unsafe-assume-single-core\"] }".into());
                }
            }
            Some(hal @ (Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32)) => {
                lines.extend(EMBASSY.iter().map(|line| line.to_string()));
                let (hal, cortex_m) = match hal {
                    Hal::EmbassyRp => (
                        format!(
                            "embassy-rp = {{ version = \"0.10\", features = [\"critical-section-impl\", \"defmt\", \"{feature}\", \"time-driver\"] }}"
                        ),
                        "",
                    ),
                    Hal::EmbassyNrf => (
                        format!(
                            "embassy-nrf = {{ version = \"0.11\", features = [\"defmt\", \"{feature}\", \"time-driver-rtc1\"] }}"
                        ),
                        ", features = [\"critical-section-single-core\"]",
                    ),
                    Hal::EmbassyStm32 | Hal::EspHal => (
                        format!(
                            "embassy-stm32 = {{ version = \"0.6\", features = [\"defmt\", \"{feature}\", \"time-driver-any\"] }}"
                        ),
                        ", features = [\"critical-section-single-core\"]",
                    ),
                };
                lines.push(hal);
                lines.push(format!("cortex-m = {{ version = \"0.7\"{cortex_m} }}"));
                if self.lacks_atomics() {
                    lines.push("portable-atomic = { version = \"1\", features = [\"critical-section\"] }".into());
                }
            }
            Some(Hal::EspHal) => lines.extend([
                format!("esp-backtrace = {{ version = \"0.20\", features = [\"{feature}\", \"panic-handler\", \"println\"] }}"),
                format!("esp-bootloader-esp-idf = {{ version = \"0.6\", features = [\"{feature}\"] }}"),
                format!("esp-hal = {{ version = \"1.2\", features = [\"{feature}\"] }}"),
                format!("esp-println = {{ version = \"0.18\", features = [\"{feature}\"] }}"),
            ]),
        }
        lines.sort();
        lines
    }

    /// The line of tinybake itself.
    fn tinybake(&self) -> String {
        match self.tinybake {
            Dependency::Path(path) => format!("tinybake = {{ path = {:?} }}", path.display().to_string()),
            Dependency::Published => concat!("tinybake = \"", env!("CARGO_PKG_VERSION"), "\"").into(),
        }
    }
}

/// What the three embassy HALs have in common.
const EMBASSY: [&str; 6] = [
    "cortex-m-rt = \"0.7\"",
    "defmt = \"1\"",
    "defmt-rtt = \"1\"",
    "embassy-executor = { version = \"0.10\", features = [\"defmt\", \"executor-thread\", \"platform-cortex-m\"] }",
    "embassy-time = { version = \"0.5\", features = [\"defmt\", \"defmt-timestamp-uptime\"] }",
    "panic-probe = { version = \"1\", features = [\"print-defmt\"] }",
];
