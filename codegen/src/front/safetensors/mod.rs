//! The native format: weights in safetensors, topology in TOML.
