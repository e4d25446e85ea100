//! Real scales as fixed-point multipliers, and activations as clamps.
