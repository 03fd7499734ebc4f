//! What settings of layers are, unless a recipe says it.
use crate::Size2;

pub(super) fn yes() -> bool {
    true
}

pub(super) fn one() -> Size2 {
    Size2::square(1)
}

pub(super) fn zero() -> Size2 {
    Size2::square(0)
}

pub(super) fn single() -> usize {
    1
}

pub(super) fn whole() -> f64 {
    1.0
}

pub(super) fn small() -> f64 {
    1e-5
}

pub(super) fn hundredth() -> f64 {
    0.01
}

pub(super) fn minus_one() -> f64 {
    -1.0
}

pub(super) fn tenth() -> f64 {
    0.1
}

pub(super) fn half() -> f64 {
    0.5
}
