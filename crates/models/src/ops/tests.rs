//! The loops and the composed forms say the same: values and gradients, ties and NaN.
use baeum_core::{Counter, Rng, Size2};
use candle_core::{Device, Result, Tensor, Var};

use super::*;
use crate::ops::{activation, norm, pool as pools, window};

fn numbers(sizes: &[usize], name: &str) -> Vec<f64> {
    let mut x = vec![0.0f32; sizes.iter().product()];
    Rng::new(1).stream("test", name).fill_normal(&mut x, Counter::once());
    x.into_iter().map(f64::from).collect()
}

fn var(sizes: &[usize], numbers: Vec<f64>) -> Var {
    Var::from_tensor(&Tensor::from_vec(numbers, sizes, &Device::Cpu).unwrap()).unwrap()
}

fn flat(x: &Tensor) -> Vec<f64> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

/// The result of an operation, and the gradient of its argument when each element of the result weighs
/// differently.
fn both(x: &Var, op: &dyn Fn(&Tensor) -> Result<Tensor>) -> [Vec<f64>; 2] {
    let y = op(x).unwrap();
    let weights = Tensor::from_vec(numbers(y.dims(), "weights"), y.shape(), &Device::Cpu).unwrap();
    let gradients = (&y * weights).unwrap().sum_all().unwrap().backward().unwrap();
    [flat(&y), flat(gradients.get(x).unwrap())]
}

/// Equal up to the order of sums; NaN equals NaN.
#[track_caller]
fn check(x: &Var, loops: &dyn Fn(&Tensor) -> Result<Tensor>, composed: &dyn Fn(&Tensor) -> Result<Tensor>) {
    let (loops, composed) = (both(x, loops), both(x, composed));
    for (what, (a, b)) in ["value", "gradient"].into_iter().zip(loops.iter().zip(&composed)) {
        assert_eq!(a.len(), b.len());
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            assert!((a - b).abs() < 1e-12 || (a.is_nan() && b.is_nan()), "{what} {i}: {a} and {b}");
        }
    }
}

/// Windows that lie side by side, overlap, leave a rest, reach into the padding and have holes.
fn windows() -> Vec<Window> {
    let size = |height, width| Size2 { height, width };
    let window = |kernel: Size2, stride: Size2, padding: Size2, dilation: Size2| {
        let image = size(5, 4);
        let places = |n: usize, k: usize, s: usize, p: usize, d: usize| (n + 2 * p - d * (k - 1) - 1) / s + 1;
        let down = places(5, kernel.height, stride.height, padding.height, dilation.height);
        let across = places(4, kernel.width, stride.width, padding.width, dilation.width);
        Window { kernel, stride, padding, dilation, image, places: size(down, across) }
    };
    let one = size(1, 1);
    vec![
        window(one, one, size(0, 0), one),
        window(size(2, 2), size(2, 2), size(0, 0), one),
        window(size(3, 2), size(1, 2), size(1, 1), one),
        window(size(2, 3), size(2, 1), size(1, 1), size(3, 1)),
        window(size(5, 4), one, size(0, 0), one),
        // One more across, which reaches beyond the padding.
        Window { places: size(3, 3), ..window(size(3, 3), size(2, 2), size(1, 1), one) },
    ]
}

/// Few different values, so that most windows hold ties.
fn tied(sizes: &[usize]) -> Vec<f64> {
    numbers(sizes, "x").into_iter().map(f64::round).collect()
}

#[test]
fn windows_unfold_alike() {
    for window in windows() {
        let sizes = [2, 5, 4, 3];
        let composed = |x: &Tensor| {
            let rows = 2 * window.places.area();
            window::gather(x, &window.grid(), 0.0)?.reshape((rows, ()))
        };
        check(&var(&sizes, numbers(&sizes, "x")), &|x| window::unfold(x, window), &composed);
    }
}

#[test]
fn pools_agree() {
    let adaptive = Sight::adaptive(Size2 { height: 5, width: 4 }, Size2 { height: 3, width: 7 });
    for sight in windows().iter().map(Window::sight).chain([adaptive]) {
        for kind in [Pool::Max, Pool::Mean] {
            let sizes = [2, 5, 4, 3];
            let mut x = tied(&sizes);
            let agree = |x: Vec<f64>| {
                let composed = |x: &Tensor| pools::composed(x, &sight, kind);
                check(&var(&sizes, x), &|x| pool(x, sight.clone(), kind), &composed);
            };
            agree(x.clone());
            x[7] = f64::NAN;
            x[31] = f64::NAN;
            agree(x);
        }
    }
}

#[test]
fn the_first_maximum_gets_the_gradient() {
    let square = Size2::square;
    let window = Window {
        kernel: square(2),
        stride: square(2),
        padding: square(0),
        dilation: square(1),
        image: Size2 { height: 2, width: 6 },
        places: Size2 { height: 1, width: 3 },
    };
    // Three windows: a tie, a tie below zero, and a NaN that is not the first.
    let nan = f64::NAN;
    let x = var(&[1, 2, 6, 1], vec![1.0, 3.0, -2.0, -2.0, 5.0, nan, 3.0, 3.0, -2.0, -2.0, 7.0, 6.0]);
    let y = pool(&x, window.sight(), Pool::Max).unwrap();
    let gradients = y.sum_all().unwrap().backward().unwrap();
    assert!(flat(&y)[2].is_nan());
    assert_eq!(flat(&y)[..2], [3.0, -2.0]);
    assert_eq!(
        flat(gradients.get(&x).unwrap()),
        [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    );
}

#[test]
fn relu_keeps_nan_and_is_flat_at_zero() {
    let x = var(&[6], vec![-1.0, 0.0, -0.0, 2.0, f64::NAN, f64::NEG_INFINITY]);
    check(&x, &relu, &activation::relu_composed);
    let y = relu(&x).unwrap();
    let gradients = y.sum_all().unwrap().backward().unwrap();
    assert_eq!(flat(gradients.get(&x).unwrap()), [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    assert_eq!(flat(&y)[..4], [0.0, 0.0, 0.0, 2.0]);
    assert!(flat(&y)[4].is_nan() && flat(&y)[5] == 0.0);
}

#[test]
fn normalising_agrees() {
    let sizes = [7, 3];
    let x = var(&sizes, numbers(&sizes, "x").into_iter().map(|x| 5.0 * x + 2.0).collect());
    check(&x, &|x| Ok(normalise(x, 1e-3)?.0), &|x| Ok(norm::normalise_composed(x, 1e-3)?.0));
    let (loops, composed) = (normalise(&x, 1e-3).unwrap().1, norm::normalise_composed(&x, 1e-3).unwrap().1);
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-11);
    assert!(
        loops.count == composed.count
            && close(&loops.mean, &composed.mean)
            && close(&loops.squares, &composed.squares)
    );
}

#[test]
fn columns_shift_and_scale() {
    let (x, by) = (var(&[4, 3], numbers(&[4, 3], "x")), var(&[3], numbers(&[3], "by")));
    check(&x, &|x| shift(x, &by, &[2, 2, 3]), &|x| x.broadcast_add(&by)?.reshape((2, 2, 3)));
    check(&x, &|x| scale(x, &by), &|x| x.broadcast_mul(&by));
    check(&by, &|by| shift(&x, by, &[4, 3]), &|by| x.broadcast_add(by));
    check(&by, &|by| scale(&x, by), &|by| x.broadcast_mul(by));
}

#[test]
fn logits_far_apart_stay_finite() {
    let logits = var(&[2, 3], vec![1000.0, 0.0, -1000.0, -1e6, -1e6, -1e6]);
    let losses = cross_entropy(&logits, &[2, 1], None, (0.0, 0.0)).unwrap();
    assert_eq!(flat(&losses), [2000.0, 3f64.ln()]);
    let gradients = losses.sum_all().unwrap().backward().unwrap();
    let found = flat(gradients.get(&logits).unwrap());
    let third = 1.0 / 3.0;
    for (found, wanted) in found.iter().zip([1.0, 0.0, -1.0, third, third - 1.0, third]) {
        assert!((found - wanted).abs() < 1e-15, "{found} is not {wanted}");
    }
}

#[test]
fn statistics_join_as_if_seen_together() {
    let rows = numbers(&[9, 2], "x");
    let of = |rows: &[f64]| {
        let tensor = Tensor::from_vec(rows.to_vec(), (rows.len() / 2, 2), &Device::Cpu).unwrap();
        normalise(&tensor, 1e-5).unwrap().1
    };
    let (whole, joined) = (of(&rows), of(&rows[..4]).join(of(&rows[4..10])).join(of(&rows[10..])));
    assert_eq!(joined.count, 9.0);
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(
        close(&whole.mean, &joined.mean) && close(&whole.squares, &joined.squares),
        "{whole:?} {joined:?}"
    );
}
