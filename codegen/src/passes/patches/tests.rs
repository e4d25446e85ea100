use super::rows::{Rows, banded, needed};
use super::*;
use crate::ir::{Activation, Op, TensorId, Window};

#[test]
fn bands_need_the_rows_that_their_windows_reach() {
    let id = TensorId(0);
    let window = Window::same([3, 3], [2, 2], [1, 1], [10, 10]);
    let op = Op::Conv2d { input: id, filter: TensorId(1), bias: None, window, activation: Activation::None };
    // Ten rows make five; the padding of `SAME` is one row after the last.
    let all = |start, end| needed(&op, Rows { start, end }, 10);
    assert_eq!(all(0, 5), Some(Rows { start: 0, end: 10 }));
    assert_eq!(all(0, 2), Some(Rows { start: 0, end: 5 }));
    assert_eq!(all(4, 5), Some(Rows { start: 8, end: 10 }));
    let pads = |start, end| match banded(&op, Rows { start, end }, 10, |id| id) {
        Some(Op::Conv2d { window, .. }) => (window.pad_before[0], window.pad_after[0]),
        other => panic!("{other:?}"),
    };
    assert_eq!([pads(0, 2), pads(1, 3), pads(4, 5)], [(0, 0), (0, 0), (0, 1)]);
}

#[test]
fn what_has_no_images_has_no_patches() {
    assert!(patches(&Graph::default()).is_empty());
}
