//! What tests hold numbers against: a plain reference, and differences of one.

/// As `f64`.
pub(crate) fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

/// Asserts that every number is as wanted within `bound`, relative to the largest wanted one.
#[track_caller]
pub(crate) fn assert_close(what: &str, got: &[f32], wanted: &[f64], bound: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let size = wanted.iter().fold(1e-30, |size: f64, x| size.max(x.abs()));
    for (i, (&got, &wanted)) in got.iter().zip(wanted).enumerate() {
        assert!((f64::from(got) - wanted).abs() <= bound * size, "{what}[{i}]: {got} is not {wanted}");
    }
}

/// The derivative of `loss` by each of `numbers`, by central differences of fourth order: its error is some h^4 = 1e-12.
pub(crate) fn differences(numbers: &[f64], loss: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let h = 1e-3;
    let mut moved = numbers.to_vec();
    let mut at = |i: usize, step: f64| {
        moved[i] = numbers[i] + step;
        let value = loss(&moved);
        moved[i] = numbers[i];
        value
    };
    let slope = |i| (8.0 * (at(i, h) - at(i, -h)) - (at(i, 2.0 * h) - at(i, -2.0 * h))) / (12.0 * h);
    (0..numbers.len()).map(slope).collect()
}
