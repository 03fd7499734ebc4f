use super::*;
use crate::arena::Lying;
use crate::testing::{everywhere, measure, normal};

const SGD: SgdStep =
    SgdStep { learning_rate: 0.1, momentum: 0.9, nesterov: false, weight_decay: 0.0, step: 1, clip: 1.0 };
const ADAM: AdamStep = AdamStep {
    learning_rate: 0.1,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weight_decay: 0.0,
    step: 1,
    clip: 1.0,
};

const RMSPROP: RmsPropStep = RmsPropStep {
    learning_rate: 0.01,
    alpha: 0.9,
    eps: 1e-2,
    momentum: 0.0,
    centered: false,
    weight_decay: 0.0,
    clip: 1.0,
};
const LION: LionStep =
    LionStep { learning_rate: 0.01, beta1: 0.9, beta2: 0.99, weight_decay: 0.0, clip: 1.0 };

/// Tolerance for `f32` arithmetic on numbers of size one, some ten roundings a step, over 20 steps.
const BOUND: f64 = 20.0 * 10.0 * f32::EPSILON as f64;

/// 20 steps of a kernel against the same formulas written out for one parameter in `f64`.
fn against_reference(
    mut kernel: impl FnMut(u64, &mut [f32], &[f32], &mut [f32], &mut [f32]),
    reference: impl Fn(u64, f64, f64, &mut [f64; 2]) -> f64,
) {
    let len = CHUNK + 3; // so that a second chunk takes part
    let mut parameter = normal(0, len);
    let mut wanted: Vec<f64> = parameter.iter().map(|&theta| f64::from(theta)).collect();
    // Garbage in the buffers' place would show for SGD; Adam's moments start at zero.
    let (mut first, mut second, mut moments) = (vec![0.0; len], vec![0.0; len], vec![[0.0; 2]; len]);
    for step in 1..=20 {
        let gradient = normal(step as u32, len);
        kernel(step, &mut parameter, &gradient, &mut first, &mut second);
        for ((theta, &g), moments) in wanted.iter_mut().zip(&gradient).zip(&mut moments) {
            *theta = reference(step, *theta, f64::from(g), moments);
        }
    }
    for (i, (&got, &wanted)) in parameter.iter().zip(&wanted).enumerate() {
        assert!((f64::from(got) - wanted).abs() < BOUND * (1.0 + wanted.abs()), "{i}: {got} is not {wanted}");
    }
}

#[test]
fn sgd_follows_the_formula() {
    against_reference(
        |step, theta, g, buffer, _| {
            sgd(None, &SgdStep { weight_decay: 0.02, clip: 0.5, step, ..SGD }, theta, g, buffer);
        },
        |step, theta, g, [buffer, _]| {
            let g = 0.5 * g + 0.02 * theta;
            *buffer = if step == 1 { g } else { 0.9 * *buffer + g };
            theta - 0.1 * *buffer
        },
    );
}

#[test]
fn nesterov_looks_ahead() {
    against_reference(
        |step, theta, g, buffer, _| {
            let numbers = SgdStep { nesterov: true, weight_decay: 0.02, clip: 0.5, step, ..SGD };
            sgd(None, &numbers, theta, g, buffer);
        },
        |step, theta, g, [buffer, _]| {
            let g = 0.5 * g + 0.02 * theta;
            *buffer = if step == 1 { g } else { 0.9 * *buffer + g };
            theta - 0.1 * (g + 0.9 * *buffer)
        },
    );
}

#[test]
fn rmsprop_follows_the_formula() {
    for momentum in [0.0, 0.8] {
        against_reference(
            |_, theta, g, square, buffer| {
                let numbers = RmsPropStep { momentum, weight_decay: 0.02, clip: 0.5, ..RMSPROP };
                rmsprop(None, &numbers, theta, g, [square, buffer, &mut []]);
            },
            |_, theta, g, [square, buffer]| {
                let g = 0.5 * g + 0.02 * theta;
                *square = 0.9 * *square + 0.1 * g * g;
                *buffer = momentum * *buffer + g / (square.sqrt() + 1e-2);
                theta - 0.01 * *buffer
            },
        );
    }
}

#[test]
fn centered_rmsprop_divides_by_the_variance() {
    for momentum in [0.0, 0.8] {
        let numbers = RmsPropStep { momentum, centered: true, weight_decay: 0.02, clip: 0.5, ..RMSPROP };
        let (mut theta, mut wanted) = (normal(0, CHUNK + 3), normal(0, CHUNK + 3));
        let mut moments = [(); 3].map(|()| vec![0.0; theta.len()]);
        let mut kept = vec![[0.0f64; 3]; theta.len()];
        for step in 1..=20 {
            let gradient = normal(step, theta.len());
            rmsprop(None, &numbers, &mut theta, &gradient, moments.each_mut().map(|moment| &mut moment[..]));
            for ((theta, g), [square, buffer, mean]) in wanted.iter_mut().zip(&gradient).zip(&mut kept) {
                let g = 0.5 * f64::from(*g) + 0.02 * f64::from(*theta);
                *square = 0.9 * *square + 0.1 * g * g;
                *mean = 0.9 * *mean + 0.1 * g;
                *buffer = momentum * *buffer + g / ((*square - *mean * *mean).sqrt() + 1e-2);
                *theta = (f64::from(*theta) - 0.01 * *buffer) as f32;
            }
        }
        // Beside roundings as elsewhere, the difference of two means loses a digit.
        assert!(theta.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs())));
    }
}

#[test]
fn a_variance_below_zero_counts_as_zero() {
    let numbers = RmsPropStep { alpha: 0.9, centered: true, eps: 1.0, ..RMSPROP };
    let (mut theta, mut square, mut mean) = ([1.0f32], [0.0f32], [3.0f32]);
    rmsprop(None, &numbers, &mut theta, &[2.0], [&mut square, &mut [], &mut mean]);
    assert_eq!(theta, [1.0 - 0.01 * 2.0]);
}

#[test]
fn two_steps_of_lion_by_hand() {
    let (mut theta, mut mean) = ([1.0f32, 1.0, 1.0], [0.0f32; 3]);
    let numbers = LionStep { weight_decay: 0.5, ..LION };
    lion(None, &numbers, &mut theta, &[2.0, -0.25, 0.0], &mut mean);
    let near = |found: [f32; 3], wanted: [f32; 3]| {
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {wanted:?}");
    };
    near(theta, [0.985, 1.005, 0.995]); // decayed by half a hundredth; a gradient of zero moves nothing
    near(mean, [0.02, -0.0025, 0.0]);
    // A little against the mean turns the direction, for there the newest gradient counts a tenth.
    lion(None, &LION, &mut theta, &[-0.25, 1.0, 0.0], &mut mean);
    near(theta, [0.995, 0.995, 0.995]);
}

const MUON: MuonStep =
    MuonStep { learning_rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.0, clip: 1.0 };

/// A matrix of rows of some columns times the transpose of another.
fn product(a: &[f64], b: &[f64], columns: usize) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
    a.chunks(columns).flat_map(|a| b.chunks(columns).map(move |b| dot(a, b))).collect()
}

fn turned(a: &[f64], columns: usize) -> Vec<f64> {
    (0..columns).flat_map(|j| a.iter().skip(j).step_by(columns).copied()).collect()
}

/// Newton-Schulz as the paper writes it, on rows that are no longer than columns.
fn orthogonal(x: &[f64], columns: usize) -> Vec<f64> {
    let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut x: Vec<f64> = x.iter().map(|x| x / length).collect();
    for _ in 0..5 {
        let gram = product(&x, &x, columns);
        let square = product(&gram, &gram, x.len() / columns);
        let q: Vec<f64> = gram.iter().zip(square).map(|(g, s)| -4.775 * g + 2.0315 * s).collect();
        let bent = product(&q, &turned(&x, columns), x.len() / columns);
        x.iter_mut().zip(bent).for_each(|(x, bent)| *x = 3.4445 * *x + bent);
    }
    x
}

#[test]
fn muon_follows_the_formula() {
    for ([rows, columns], nesterov) in [([5, 9], true), ([9, 5], true), ([6, 6], false), ([1, 4], true)] {
        let numbers = MuonStep { nesterov, weight_decay: 0.3, clip: 0.5, ..MUON };
        let mut theta = normal(0, rows * columns);
        let (mut mean, mut wanted_mean) = (vec![0.0; theta.len()], vec![0.0; theta.len()]);
        let mut wanted: Vec<f64> = theta.iter().copied().map(f64::from).collect();
        for step in 1..=3 {
            let gradient = normal(step, theta.len());
            muon(&Ctx::new(2), &numbers, &alone([rows, columns]), &mut theta, &gradient, &mut mean);
            let mut way = vec![];
            for (mean, g) in wanted_mean.iter_mut().zip(&gradient) {
                let g = 0.5 * f64::from(*g);
                *mean = 0.9 * *mean + 0.1 * g;
                way.push(if nesterov { 0.1 * g + 0.9 * *mean } else { *mean });
            }
            let way = match rows <= columns {
                true => orthogonal(&way, columns),
                false => turned(&orthogonal(&turned(&way, columns), rows), rows),
            };
            let length = 0.1 * 0.2 * (rows.max(columns) as f64).sqrt();
            for (theta, way) in wanted.iter_mut().zip(way) {
                *theta = (1.0 - 0.03) * *theta - length * way;
            }
        }
        for (got, wanted) in theta.iter().zip(&wanted) {
            // Newton-Schulz makes small singular values, and what was rounded there, up to 3.4445^5 times as large.
            assert!((f64::from(*got) - wanted).abs() < 2e-5, "{rows} {columns}: {got} is not {wanted}");
        }
    }
}

#[test]
fn the_length_of_a_gradient_is_nothing_to_muon_and_no_gradient_moves_nothing() {
    let stepped = |factor: f32| {
        let gradient: Vec<f32> = normal(1, 12).iter().map(|g| factor * g).collect();
        let (mut theta, mut mean) = (vec![0.0; 12], vec![0.0; 12]);
        muon(&Ctx::new(1), &MUON, &alone([3, 4]), &mut theta, &gradient, &mut mean);
        theta
    };
    assert_eq!(stepped(0.0), [0.0; 12]);
    let far: f32 = stepped(1.0).iter().map(|x| x.abs()).sum();
    assert!(far > 0.05, "{far}");
    assert!(stepped(1.0).iter().zip(stepped(1024.0)).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn muon_gives_the_same_bits_on_every_rung_with_any_threads() {
    for [rows, columns] in [[150, 70], [70, 150], [33, 33]] {
        let (start, gradient) = (normal(0, rows * columns), normal(1, rows * columns));
        everywhere(|ctx| {
            let matrix = alone([rows, columns]);
            two_steps(&start, |_, theta, mean, _| muon(ctx, &MUON, &matrix, theta, &gradient, mean))
        });
    }
}

#[test]
fn muon_turns_each_matrix_by_itself_small_or_large() {
    let sizes = [[40, 24], [16, 16], [600, 500], [0, 8], [24, 40]];
    let mut end = 0;
    let matrices = sizes.map(|sizes| {
        let start = end + 5; // what lies between is nobody's
        end = start + sizes[0] * sizes[1];
        Lying { span: start..end, sizes }
    });
    let (start, gradient) = (normal(0, end), normal(1, end));
    let mut wanted = start.clone();
    for Lying { span, sizes } in &matrices {
        let mut mean = vec![0.0; span.len()];
        let theta = &mut wanted[span.clone()];
        muon(&Ctx::new(1), &MUON, &alone(*sizes), theta, &gradient[span.clone()], &mut mean);
    }
    for threads in [1, 2, 3] {
        let (mut theta, mut mean) = (start.clone(), vec![0.0; end]);
        muon(&Ctx::new(threads), &MUON, &matrices, &mut theta, &gradient, &mut mean);
        assert!(theta == wanted, "{threads} threads");
    }
}

/// A matrix that nothing lies beside.
fn alone(sizes: [usize; 2]) -> [Lying; 1] {
    [Lying { span: 0..sizes[0] * sizes[1], sizes }]
}

#[test]
#[should_panic(expected = "muon wants a gradient of 2 rows of 3")]
fn muon_wants_a_whole_matrix() {
    let matrix = [Lying { span: 0..5, sizes: [2, 3] }];
    muon(&Ctx::new(1), &MUON, &matrix, &mut [0.0; 5], &[0.0; 5], &mut [0.0; 5]);
}

#[test]
fn adam_follows_the_formula() {
    against_reference(
        |step, theta, g, mean, square| {
            adam(None, &AdamStep { weight_decay: 0.02, clip: 0.5, step, ..ADAM }, theta, g, mean, square);
        },
        |step, theta, g, [mean, square]| {
            let g = 0.5 * g + 0.02 * theta;
            *mean = 0.9 * *mean + 0.1 * g;
            *square = 0.999 * *square + 0.001 * g * g;
            let corrected =
                [*mean / (1.0 - 0.9f64.powi(step as i32)), *square / (1.0 - 0.999f64.powi(step as i32))];
            theta - 0.1 * corrected[0] / (corrected[1].sqrt() + 1e-8)
        },
    );
}

#[test]
fn adamw_follows_the_formula() {
    against_reference(
        |step, theta, g, mean, square| {
            adamw(None, &AdamStep { weight_decay: 0.3, clip: 0.5, step, ..ADAM }, theta, g, mean, square);
        },
        |step, theta, g, [mean, square]| {
            let (theta, g) = (theta - 0.1 * 0.3 * theta, 0.5 * g);
            *mean = 0.9 * *mean + 0.1 * g;
            *square = 0.999 * *square + 0.001 * g * g;
            let corrected =
                [*mean / (1.0 - 0.9f64.powi(step as i32)), *square / (1.0 - 0.999f64.powi(step as i32))];
            theta - 0.1 * corrected[0] / (corrected[1].sqrt() + 1e-8)
        },
    );
}

#[test]
fn two_steps_of_sgd_by_hand() {
    let (mut theta, mut buffer) = ([1.0f32], [123.0f32]);
    sgd(None, &SGD, &mut theta, &[2.0], &mut buffer);
    assert_eq!((theta, buffer), ([0.8], [2.0])); // the buffer's old content is forgotten
    sgd(None, &SgdStep { step: 2, ..SGD }, &mut theta, &[1.0], &mut buffer);
    assert_eq!((theta, buffer), ([0.52], [2.8])); // 0.9 * 2 + 1; 0.8 - 0.28
}

#[test]
fn sgd_without_momentum_needs_no_buffer() {
    let mut theta = [1.0f32, -1.0];
    sgd(None, &SgdStep { momentum: 0.0, weight_decay: 0.5, ..SGD }, &mut theta, &[2.0, 0.0], &mut []);
    assert_eq!(theta, [0.75, -0.95]);
}

#[test]
fn the_first_step_of_adam_is_the_learning_rate() {
    // With both biases corrected the first update is lr * g / |g|, whatever the gradient's size.
    for gradient in [3.0f32, 1e-3] {
        let (mut theta, mut mean, mut square) = ([1.0f32], [0.0f32], [0.0f32]);
        adam(None, &ADAM, &mut theta, &[gradient], &mut mean, &mut square);
        // eps is 1e-5 of the smaller gradient; that is times the rate.
        assert!((theta[0] - 0.9).abs() < 2e-6, "{}", theta[0]);
    }
}

#[test]
fn eps_is_added_to_the_corrected_root() {
    // g = eps: corrected root = eps, so the update is half the learning rate. Keras' way would give a
    // thirtieth of it.
    let (mut theta, mut mean, mut square) = ([0.0f32], [0.0f32], [0.0f32]);
    adamw(None, &AdamStep { eps: 1e-3, ..ADAM }, &mut theta, &[1e-3], &mut mean, &mut square);
    assert!((theta[0] + 0.05).abs() < 1e-7, "{}", theta[0]);
}

#[test]
fn the_clip_factor_never_enlarges() {
    assert_eq!(clip_factor(0.0, 1.0), 1.0);
    assert_eq!(clip_factor(0.5, 1.0), 1.0);
    assert_eq!(clip_factor(4.0, 1.0), 1.0 / 4.000_001);
    assert_eq!(clip_factor(f64::INFINITY, 1.0), 0.0);
    assert!(clip_factor(f64::NAN, 1.0).is_nan());
}

#[test]
fn powers_are_those_of_the_library() {
    for exponent in [0, 1, 2, 3, 10, 1000, 12_345, 1_000_000] {
        let (got, wanted) = (power(0.999, exponent), 0.999f64.powf(exponent as f64));
        // An error of half a unit a factor, and there are `exponent` of them.
        assert!((got - wanted).abs() <= wanted * f64::EPSILON * (1 + exponent) as f64, "{exponent}");
    }
}

#[test]
#[should_panic(expected = "gradient, parameter and moments differ in length")]
fn moments_are_as_long_as_the_parameter() {
    adam(None, &ADAM, &mut [0.0; 2], &[0.0; 2], &mut [0.0; 2], &mut [0.0; 1]);
}

#[test]
#[should_panic(expected = "steps are counted from one")]
fn steps_start_at_one() {
    adam(None, &AdamStep { step: 0, ..ADAM }, &mut [], &[], &mut [], &mut []);
}

#[test]
fn an_average_runs_after_its_parameter() {
    let len = 2 * CHUNK + 3;
    let (start, parameter) = (normal(0, len), normal(1, len));
    let of = |ctx: Option<&Ctx>| {
        let mut average = start.clone();
        running_average(ctx, 0.75, &parameter, &mut average);
        average
    };
    let wanted: Vec<f32> = start.iter().zip(&parameter).map(|(a, theta)| a + 0.25 * (theta - a)).collect();
    assert_eq!(of(None), wanted);
    assert_eq!(everywhere(|ctx| of(Some(ctx))), wanted);
}

/// Parameters and moments after two steps.
fn two_steps(start: &[f32], kernel: impl Fn(u64, &mut [f32], &mut [f32], &mut [f32])) -> Vec<f32> {
    let (mut theta, mut first, mut second) = (start.to_vec(), vec![0.0; start.len()], vec![0.0; start.len()]);
    for step in 1..=2 {
        kernel(step, &mut theta, &mut first, &mut second);
    }
    [theta, first, second].concat()
}

#[test]
fn the_threads_of_a_context_give_the_same_bits() {
    let len = 2 * CHUNK + 3;
    let (start, gradient) = (normal(0, len), normal(1, len));
    let (weight_decay, clip) = (0.02, 0.5);
    let of = |ctx: Option<&Ctx>| {
        let sgd_by = |momentum, nesterov| {
            let numbers = SgdStep { momentum, nesterov, weight_decay, clip, ..SGD };
            two_steps(&start, |step, theta, m, _| sgd(ctx, &SgdStep { step, ..numbers }, theta, &gradient, m))
        };
        let rmsprop_by = |momentum, centered| {
            let numbers = RmsPropStep { momentum, centered, weight_decay, clip, ..RMSPROP };
            let mut mean = vec![0.0; len];
            let mut moved = start.clone();
            let (mut square, mut buffer) = (vec![0.0; len], vec![0.0; len]);
            for _ in 0..2 {
                rmsprop(ctx, &numbers, &mut moved, &gradient, [&mut square, &mut buffer, &mut mean]);
            }
            [moved, square, buffer, mean].concat()
        };
        let adam_at = |step| AdamStep { weight_decay, clip, step, ..ADAM };
        let lion_step = LionStep { weight_decay, clip, ..LION };
        [
            sgd_by(0.0, false),
            sgd_by(0.9, false),
            sgd_by(0.9, true),
            two_steps(&start, |step, theta, m, v| adam(ctx, &adam_at(step), theta, &gradient, m, v)),
            two_steps(&start, |step, theta, m, v| adamw(ctx, &adam_at(step), theta, &gradient, m, v)),
            rmsprop_by(0.0, false),
            rmsprop_by(0.8, false),
            rmsprop_by(0.0, true),
            rmsprop_by(0.8, true),
            two_steps(&start, |_, theta, m, _| lion(ctx, &lion_step, theta, &gradient, m)),
        ]
        .concat()
    };
    assert_eq!(everywhere(|ctx| of(Some(ctx))), of(None));
}

#[test]
#[ignore = "measures"]
fn speed() {
    let len = 1 << 20;
    let (mut theta, gradient) = (normal(0, len), normal(1, len));
    let (mut first, mut second) = (vec![0.0; len], vec![0.0; len]);
    let step = SgdStep { step: 2, ..SGD };
    measure("sgd", len, |ctx| {
        sgd(Some(ctx), &SgdStep { momentum: 0.0, ..step }, &mut theta, &gradient, &mut [])
    });
    measure("sgd with momentum", len, |ctx| sgd(Some(ctx), &step, &mut theta, &gradient, &mut first));
    measure("adam", len, |ctx| adam(Some(ctx), &ADAM, &mut theta, &gradient, &mut first, &mut second));
    measure("adamw", len, |ctx| adamw(Some(ctx), &ADAM, &mut theta, &gradient, &mut first, &mut second));
    measure("rmsprop", len, |ctx| {
        rmsprop(Some(ctx), &RMSPROP, &mut theta, &gradient, [&mut first, &mut second, &mut []]);
    });
    measure("lion", len, |ctx| lion(Some(ctx), &LION, &mut theta, &gradient, &mut first));
}
