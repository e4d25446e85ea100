//! `mirror_pad`.
