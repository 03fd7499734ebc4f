use super::*;
use crate::testing::{everywhere, measure, normal};

/// The formula, in `f64`.
fn plain(activation: Activation, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Gelu => {
            // Phi by a series of terms of one sign: 1/2 + density(x) * sum of x^(2n+1) / (2n+1)!!.
            let (mut term, mut sum) = (x, x);
            for n in 1..100 {
                term *= x * x / f64::from(2 * n + 1);
                sum += term;
            }
            let density = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
            x * (0.5 + density * sum)
        }
        Activation::GeluTanh => {
            0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
        }
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::Silu => x * sigmoid(x),
        Activation::LeakyRelu { slope } => {
            if x > 0.0 {
                x
            } else {
                f64::from(slope) * x
            }
        }
        Activation::Elu { alpha } => {
            if x > 0.0 {
                x
            } else {
                f64::from(alpha) * x.exp_m1()
            }
        }
        Activation::Softplus => x.exp().ln_1p(),
        Activation::Mish => x * x.exp().ln_1p().tanh(),
        Activation::HardTanh { low, high } => x.clamp(low.into(), high.into()),
    }
}

/// Output and gradient carried back, by all four functions; the gradient adds to 1 where it may.
fn both_ways(ctx: &Ctx, f: Activation, x: &[f32], dy: &[f32]) -> [Vec<f32>; 4] {
    let mut y = vec![f32::NAN; x.len()];
    activation(ctx, f, x, &mut y);
    let mut again = x.to_vec();
    activation_in_place(ctx, f, &mut again);
    assert_eq!(format!("{y:?}"), format!("{again:?}"));
    let seen = if f.backward_reads() == Reads::Input { x } else { &y };
    let (mut set, mut added, mut in_place) = (vec![f32::NAN; x.len()], vec![1.0; x.len()], dy.to_vec());
    activation_backward(ctx, f, seen, dy, &mut set, Write::Set);
    activation_backward(ctx, f, seen, dy, &mut added, Write::Add);
    activation_backward_in_place(ctx, f, seen, &mut in_place);
    [y, set, added, in_place]
}

#[test]
fn values_and_gradients_are_those_of_the_formulas() {
    let ctx = Ctx::new(2);
    for f in Activation::ALL {
        for len in [0, 1, 7, 8, 9, 33, 2 * map::CHUNK + 5] {
            let x: Vec<f32> = normal(1, len).iter().map(|x| 2.0 * x).collect();
            let dy = normal(2, len);
            let [y, set, added, in_place] = both_ways(&ctx, f, &x, &dy);
            for i in 0..len {
                let at = f64::from(x[i]);
                // A few units of rounding of numbers below 10.
                assert!((f64::from(y[i]) - plain(f, at)).abs() < 1e-6 * (1.0 + at.abs()), "{f:?} {at}");
                // Central differences with 1e-5 are off by 1e-10; the rest is rounding of `f32`.
                let slope = (plain(f, at + 1e-5) - plain(f, at - 1e-5)) / 2e-5;
                let wanted = f64::from(dy[i]) * slope;
                let bound = 2e-6 * (1.0 + f64::from(dy[i]).abs());
                // Where a slope jumps, the difference sees both sides.
                let is_bent = [-1.0, 0.0, 1.0].iter().any(|bend| (at - bend).abs() < 1e-5);
                assert!((f64::from(set[i]) - wanted).abs() < bound || is_bent, "{f:?}' {at}");
                assert_eq!((added[i], in_place[i]), (1.0 + set[i], set[i]));
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_rung_and_threads() {
    let len = 2 * map::CHUNK + 5;
    let (x, dy) = (normal(1, len), normal(2, len));
    for f in Activation::ALL {
        everywhere(|ctx| both_ways(ctx, f, &x, &dy).concat());
    }
}

#[test]
fn edges_are_those_of_pytorch() {
    let ctx = Ctx::new(1);
    for f in Activation::ALL {
        let [y, dx, ..] = both_ways(&ctx, f, &[f32::NAN, 0.5, 2.0], &[1.0, f32::NAN, 1.0]);
        let chooses = matches!(
            f,
            Activation::Relu
                | Activation::LeakyRelu { .. }
                | Activation::Elu { .. }
                | Activation::HardTanh { .. }
        );
        assert!(y[0].is_nan() && (dx[0].is_nan() || chooses) && dx[1].is_nan(), "{f:?}");
        assert!(!dx[2].is_nan(), "{f:?}");
    }
    let [y, dx, ..] =
        both_ways(&ctx, Activation::Relu, &[0.0, -0.0, -1.0, f32::INFINITY, f32::NAN], &[1.0; 5]);
    assert_eq!((&y[..4], &dx[..]), (&[0.0, 0.0, 0.0, f32::INFINITY][..], &[0.0, 0.0, 0.0, 1.0, 1.0][..]));
    let [y, dx, ..] = both_ways(&ctx, Activation::Gelu, &[30.0, -30.0, 0.0], &[1.0; 3]);
    assert_eq!((y, dx), (vec![30.0, -0.0, 0.0], vec![1.0, 0.0, 0.5])); // exp(-450) is zero, not NaN
    let [y, dx, ..] = both_ways(&ctx, Activation::Silu, &[100.0, -200.0], &[1.0; 2]);
    assert_eq!((y, dx), (vec![100.0, -0.0], vec![1.0, 0.0]));
    let leaky = Activation::LeakyRelu { slope: 0.5 };
    let [y, dx, ..] = both_ways(&ctx, leaky, &[0.0, -2.0, 2.0], &[1.0; 3]);
    assert_eq!((y, dx), (vec![0.0, -1.0, 2.0], vec![0.5, 0.5, 1.0])); // at zero the slope
    let [y, dx, ..] = both_ways(&ctx, Activation::Elu { alpha: 3.0 }, &[0.0, -200.0, -1e-7], &[1.0; 3]);
    assert_eq!((y, dx), (vec![0.0, -3.0, -3e-7], vec![3.0, 0.0, 3.0 - 3e-7]));
    let [y, dx, ..] = both_ways(&ctx, Activation::Softplus, &[100.0, -200.0, f32::INFINITY], &[1.0; 3]);
    assert_eq!((y, dx), (vec![100.0, 0.0, f32::INFINITY], vec![1.0, 0.0, 1.0]));
    let [y, dx, ..] = both_ways(&ctx, Activation::Mish, &[100.0, -200.0, 0.0], &[1.0; 3]);
    assert_eq!((y, dx), (vec![100.0, -0.0, 0.0], vec![1.0, 0.0, 0.6]));
    let six = Activation::HardTanh { low: 0.0, high: 6.0 };
    let [y, dx, ..] = both_ways(&ctx, six, &[0.0, 6.0, 3.0, f32::INFINITY], &[1.0; 4]);
    assert_eq!((y, dx), (vec![0.0, 6.0, 3.0, 6.0], vec![0.0, 0.0, 1.0, 0.0])); // none at the bounds
}

#[test]
#[should_panic(expected = "wants input and output of one length")]
fn lengths_agree() {
    activation(&Ctx::new(1), Activation::Relu, &[0.0; 2], &mut [0.0; 3]);
}

#[test]
#[ignore = "measures"]
fn speed() {
    let len = 1 << 20;
    let (x, dy, mut out) = (normal(1, len), normal(2, len), vec![0.0; len]);
    for f in Activation::ALL {
        measure(&format!("{f:?}"), len, |ctx| activation(ctx, f, &x, &mut out));
        measure(&format!("{f:?} backward"), len, |ctx| {
            activation_backward(ctx, f, &x, &dy, &mut out, Write::Set);
        });
    }
}
