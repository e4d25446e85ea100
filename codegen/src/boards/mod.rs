//! Boards and targets as data.
