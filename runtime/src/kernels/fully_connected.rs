//! `fully_connected`.
