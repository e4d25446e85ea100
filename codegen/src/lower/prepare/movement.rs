//! Ops that move elements: broadcasts, slices, pads, resizes.
