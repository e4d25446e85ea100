//! `resize`.
