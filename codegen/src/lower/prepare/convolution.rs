//! Convolutions, fully connected layers and pools.
