//! Files that a compiler for an NPU has made of a network, which hold its commands.

/// A compiler and the operator that it writes.
const COMPILERS: [(&str, &str); 6] = [
    ("ethos-u", "Arm's Vela, for Ethos-U"),
    ("edgetpu-custom-op", "edgetpu_compiler, for the Coral Edge TPU"),
    ("XC_", "XMOS's xmos-ai-tools, for xcore"),
    ("NeutronGraph", "NXP's neutron-converter, for eIQ Neutron"),
    ("neutronGraph", "NXP's neutron-converter, for eIQ Neutron"),
    ("TI_TIDL", "TI's TIDL compiler"),
];

/// The compiler that writes custom operators of this name; `None` for others.
pub(super) fn of(custom: &[u8]) -> Option<&'static str> {
    COMPILERS.iter().find(|(prefix, _)| custom.starts_with(prefix.as_bytes())).map(|(_, compiler)| *compiler)
}
