//! `arg_max`.
