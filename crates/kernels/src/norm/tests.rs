//! Every norm against the plain formula in `f64`, its gradients against central differences.

use super::*;
use crate::testing::{assert_close, differences, everywhere, inner, normal, wide};
use crate::{Ctx, Write};

/// Rounding of `f32` in a few products, and in sums whose terms are of the size of the result or above it.
const BOUND: f64 = 2e-6;

/// As in the brief: a gradient adds up terms larger than itself.
const GRADIENT: f64 = 1e-5;

const EPS: f64 = 1e-5;

/// Whose mean and variance: the elements of one key are normalised together.
type Key = fn(sizes: [usize; 3], groups: usize, place: usize) -> usize;

fn by_channel([_, c, s]: [usize; 3], _: usize, place: usize) -> usize {
    place / s % c
}

fn by_row([_, c, s]: [usize; 3], _: usize, place: usize) -> usize {
    place / (c * s)
}

fn by_group([_, c, s]: [usize; 3], groups: usize, place: usize) -> usize {
    place / (c * s / groups)
}

/// The plain formula: `x`, weight and bias one after the other, so that one call of `differences` meets them all.
fn plain(key: Key, sizes: [usize; 3], groups: usize, centred: bool, relu: bool, input: &[f64]) -> Vec<f64> {
    let [n, c, s] = sizes;
    let (x, rest) = input.split_at(n * c * s);
    let (weight, bias) = rest.split_at(c);
    let keys: Vec<usize> = (0..x.len()).map(|place| key(sizes, groups, place)).collect();
    let count = keys.iter().max().map_or(0, |most| most + 1);
    let (mut mean, mut variance, mut size) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
    for (x, key) in x.iter().zip(&keys) {
        mean[*key] += x;
        size[*key] += 1.0;
    }
    (0..count).for_each(|key| mean[key] *= if centred { 1.0 / size[key] } else { 0.0 });
    for (x, key) in x.iter().zip(&keys) {
        variance[*key] += (x - mean[*key]).powi(2) / size[*key];
    }
    let normal = x.iter().zip(&keys).map(|(x, key)| (x - mean[*key]) / (variance[*key] + EPS).sqrt());
    let y = normal.enumerate().map(|(place, x)| x * weight[place / s % c] + bias[place / s % c]);
    y.map(|y| if relu { y.max(0.0) } else { y }).collect()
}

/// `x`, weight, bias and `dy` of a case.
fn numbers([n, c, s]: [usize; 3]) -> [Vec<f32>; 4] {
    [normal(1, n * c * s), normal(2, c), normal(3, c), normal(4, n * c * s)]
}

fn input([x, weight, bias, _]: &[Vec<f32>; 4]) -> Vec<f64> {
    wide(&[x.as_slice(), weight, bias].concat())
}

/// `y, mean, rstd, dx, dweight, dbias`; the gradients are set, and then added once more.
fn batch(ctx: &Ctx, sizes: [usize; 3], relu: bool, [x, weight, bias, dy]: &[Vec<f32>; 4]) -> [Vec<f32>; 6] {
    let c = sizes[1];
    let mut moments = vec![Moments::default(); c];
    let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
    let [mut mean, mut rstd, mut dweight, mut dbias] = [0; 4].map(|_| vec![f32::NAN; c]);
    let (w, b) = (Some(weight.as_slice()), Some(bias.as_slice()));
    batch_norm_train(ctx, sizes, x, w, b, EPS, relu, &mut y, &mut mean, &mut rstd, &mut moments);
    for write in [Write::Set, Write::Add] {
        let parameters = (Some(dweight.as_mut_slice()), Some(dbias.as_mut_slice()), write);
        batch_norm_backward(ctx, sizes, x, dy, w, b, &mean, &rstd, relu, (&mut dx, write), parameters);
    }
    [y, mean, rstd, dx, dweight, dbias]
}

/// As `batch`; with one group this is layer norm over `[C, S]` with the weights of channels.
fn group(
    ctx: &Ctx,
    sizes: [usize; 3],
    groups: usize,
    [x, weight, bias, dy]: &[Vec<f32>; 4],
) -> [Vec<f32>; 4] {
    let [n, c, _] = sizes;
    let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
    let [mut mean, mut rstd] = [0; 2].map(|_| vec![f32::NAN; n * groups]);
    let [mut dweight, mut dbias] = [0; 2].map(|_| vec![f32::NAN; c]);
    let (w, b) = (Some(weight.as_slice()), Some(bias.as_slice()));
    group_norm(ctx, sizes, groups, x, w, b, EPS, &mut y, &mut mean, &mut rstd);
    for write in [Write::Set, Write::Add] {
        let parameters = (Some(dweight.as_mut_slice()), Some(dbias.as_mut_slice()), write);
        group_norm_backward(ctx, sizes, groups, x, dy, w, &mean, &rstd, (&mut dx, write), parameters);
    }
    [y, dx, dweight, dbias]
}

fn layer(
    ctx: &Ctx,
    [r, d]: [usize; 2],
    centred: bool,
    [x, weight, bias, dy]: &[Vec<f32>; 4],
) -> [Vec<f32>; 4] {
    let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
    let [mut mean, mut rstd] = [0; 2].map(|_| vec![f32::NAN; r]);
    let (mut dweight, mut dbias) = (vec![f32::NAN; d], vec![f32::NAN; d]);
    let (w, b) = (Some(weight.as_slice()), Some(bias.as_slice()));
    if centred {
        layer_norm(ctx, [r, d], x, w, b, EPS, &mut y, &mut mean, &mut rstd);
    } else {
        rms_norm(ctx, [r, d], x, w, EPS, &mut y, &mut rstd);
    }
    for write in [Write::Set, Write::Add] {
        let (dx, dw) = ((dx.as_mut_slice(), write), Some(dweight.as_mut_slice()));
        if centred {
            let parameters = (dw, Some(dbias.as_mut_slice()), write);
            layer_norm_backward(ctx, [r, d], x, dy, w, &mean, &rstd, dx, parameters);
        } else {
            rms_norm_backward(ctx, [r, d], x, dy, w, &rstd, dx, (dw, write));
        }
    }
    [y, dx, dweight, dbias]
}

/// Asserts `y` and twice the gradients of `x`, weight and bias.
#[track_caller]
fn check(what: &str, outputs: [&[f32]; 4], numbers: &[Vec<f32>; 4], plain: impl Fn(&[f64]) -> Vec<f64>) {
    let [y, dx, dweight, dbias] = outputs;
    assert_close(y, &plain(&input(numbers)), BOUND, what);
    let twice = differences(&input(numbers), |input| 2.0 * inner(&plain(input), &numbers[3]));
    let (of_x, rest) = twice.split_at(dx.len());
    let (of_weight, of_bias) = rest.split_at(dweight.len());
    // Terms of size 1 all but vanish against each other where only two values are normalised: the 1 is what errors are held to.
    assert_close(&[dx, &[1.0]].concat(), &[of_x, &[1.0]].concat(), GRADIENT, &format!("{what}: dx"));
    assert_close(dweight, of_weight, GRADIENT, &format!("{what}: dweight"));
    assert_close(dbias, of_bias, GRADIENT, &format!("{what}: dbias"));
}

/// Several items, odd sizes around the lanes, both layouts.
const SIZES: [[usize; 3]; 7] =
    [[2, 1, 1], [5, 3, 1], [33, 17, 1], [2, 3, 5], [1, 2, 16], [3, 2, 33], [4, 5, 9]];

#[test]
fn batch_norm_agrees_with_the_formula() {
    for sizes in SIZES {
        for relu in [false, true] {
            let numbers = numbers(sizes);
            let [y, _, _, dx, dweight, dbias] = everywhere(|ctx| batch(ctx, sizes, relu, &numbers));
            let plain = |input: &[f64]| plain(by_channel, sizes, 1, true, relu, input);
            check(&format!("batch norm {sizes:?}"), [&y, &dx, &dweight, &dbias], &numbers, plain);
        }
    }
}

#[test]
fn group_norm_agrees_with_the_formula() {
    for ([n, c, s], groups) in [([2, 4, 5], 2), ([3, 6, 1], 3), ([1, 3, 33], 1), ([2, 5, 16], 5)] {
        let numbers = numbers([n, c, s]);
        let [y, dx, dweight, dbias] = everywhere(|ctx| group(ctx, [n, c, s], groups, &numbers));
        let plain = |input: &[f64]| plain(by_group, [n, c, s], groups, true, false, input);
        check("group norm", [&y, &dx, &dweight, &dbias], &numbers, plain);
    }
}

#[test]
fn layer_and_rms_norm_agree_with_the_formula() {
    for (r, d) in [(1, 2), (3, 15), (5, 16), (2, 17), (7, 40)] {
        let mut numbers = numbers([r, d, 1]);
        let [y, dx, dweight, dbias] = everywhere(|ctx| layer(ctx, [r, d], true, &numbers));
        let formula = |input: &[f64]| plain(by_row, [r, d, 1], 1, true, false, input);
        check("layer norm", [&y, &dx, &dweight, &dbias], &numbers, formula);
        numbers[2].fill(0.0); // RMS norm has no bias
        let [y, dx, dweight, _] = everywhere(|ctx| layer(ctx, [r, d], false, &numbers));
        let formula = |input: &[f64]| plain(by_row, [r, d, 1], 1, false, false, input);
        let dbias: Vec<f32> =
            (0..d).map(|i| 2.0 * numbers[3].iter().skip(i).step_by(d).sum::<f32>()).collect();
        check("rms norm", [&y, &dx, &dweight, &dbias], &numbers, formula);
    }
}

/// `y`, and twice the gradients of `x` and of the windows.
fn restored(ctx: &Ctx, sizes: [usize; 3], [x, window, dy]: [&[f32]; 3]) -> [Vec<f32>; 3] {
    let [mut y, mut dx] = [0; 2].map(|_| vec![f32::NAN; x.len()]);
    let [mut mean, mut rstd] = [0; 2].map(|_| vec![f32::NAN; sizes[0]]);
    let mut dwindow = vec![f32::NAN; window.len()];
    instance_restore(ctx, sizes, x, window, EPS, &mut y, &mut mean, &mut rstd);
    for write in [Write::Set, Write::Add] {
        instance_restore_backward(ctx, sizes, dy, &rstd, &mut dx, write);
        instance_restore_window_backward(ctx, sizes, (x, window, dy), (&mean, &rstd), &mut dwindow, write);
    }
    [y, dx, dwindow]
}

#[test]
fn restoring_agrees_with_the_formula() {
    for [r, h, t] in [[0, 3, 4], [1, 1, 2], [3, 5, 17], [4, 33, 16], [700, 24, 96]] {
        let (x, window, dy) = (normal(1, r * h), normal(2, r * t), normal(3, r * h));
        let [y, dx, dwindow] = everywhere(|ctx| restored(ctx, [r, h, t], [&x, &window, &dy]));
        let plain = |input: &[f64]| -> Vec<f64> {
            let (x, windows) = input.split_at(r * h);
            let rows = x.chunks(h).zip(windows.chunks(t)).flat_map(|(x, window)| {
                let mean = window.iter().sum::<f64>() / t as f64;
                let variance = window.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / t as f64;
                x.iter().map(move |x| x * (variance + EPS).sqrt() + mean)
            });
            rows.collect()
        };
        let input = wide(&[x.as_slice(), &window].concat());
        assert_close(&y, &plain(&input), BOUND, "restored");
        if r < 100 {
            let twice = differences(&input, |input| 2.0 * inner(&plain(input), &dy));
            let (of_x, of_window) = twice.split_at(dx.len());
            assert_close(&dx, of_x, GRADIENT, "restored: dx");
            assert_close(
                &[&dwindow[..], &[1.0]].concat(),
                &[of_window, &[1.0]].concat(),
                GRADIENT,
                "dwindow",
            );
        }
    }
}

#[test]
fn what_was_normalised_is_restored() {
    let (window, [r, t]) = (normal(4, 6 * 50), [6, 50]);
    let (mut normal, mut y) = (vec![0.0; r * t], vec![0.0; r * t]);
    let [mut mean, mut rstd] = [0; 2].map(|_| vec![0.0; r]);
    let ctx = &Ctx::new(1);
    group_norm(ctx, [r, 1, t], 1, &window, None, None, EPS, &mut normal, &mut mean, &mut rstd);
    instance_restore(ctx, [r, t, t], &normal, &window, EPS, &mut y, &mut mean, &mut rstd);
    assert_close(&y, &wide(&window), BOUND, "there and back");
}

#[test]
fn many_tasks_give_the_bits_of_one_thread() {
    for sizes in [[9, 7, 2000], [600, 200, 1], [2, 2500, 20], [3, 1, 40_000], [40, 1500, 1]] {
        let numbers = numbers(sizes);
        let [y, ..] = everywhere(|ctx| batch(ctx, sizes, true, &numbers));
        assert_close(&y, &plain(by_channel, sizes, 1, true, true, &input(&numbers)), BOUND, "batch norm");
        let [y, ..] = everywhere(|ctx| group(ctx, sizes, 1, &numbers));
        assert_close(&y, &plain(by_group, sizes, 1, true, false, &input(&numbers)), BOUND, "group norm");
        let [n, c, s] = sizes;
        let rows = numbers_of_rows([n * c, s]);
        everywhere(|ctx| layer(ctx, [n * c, s], true, &rows));
        everywhere(|ctx| layer(ctx, [n * c, s], false, &rows));
    }
}

fn numbers_of_rows([r, d]: [usize; 2]) -> [Vec<f32>; 4] {
    numbers([r, d, 1])
}

#[test]
fn a_mean_far_from_zero_leaves_the_variance() {
    // Squares of 4096 leave no digit of `f32` for a variance of 1; the inputs themselves are rounded to 2^-12, so they are made
    // exact first.
    for sizes in [[64, 3, 1], [4, 3, 50], [300, 3, 200]] {
        let mut numbers = numbers(sizes);
        numbers[0].iter_mut().for_each(|x| *x += 4096.0);
        let [y, ..] = everywhere(|ctx| batch(ctx, sizes, false, &numbers));
        // The mean is rounded to 2^-13 of a unit of 1, half of it at most.
        let bound = 2f64.powi(-12);
        assert_close(&y, &plain(by_channel, sizes, 1, true, false, &input(&numbers)), bound, "batch norm");
        let mut rows = numbers_of_rows([20, 100]);
        rows[0].iter_mut().for_each(|x| *x += 4096.0);
        let [y, ..] = everywhere(|ctx| layer(ctx, [20, 100], true, &rows));
        let formula = plain(by_row, [20, 100, 1], 1, true, false, &input(&rows));
        assert_close(&y, &formula, bound, "layer norm");
    }
}

#[test]
fn micro_batches_move_the_running_statistics_as_one_batch() {
    let ctx = Ctx::new(1);
    let x = normal(5, 10 * 3 * 4);
    let [mut y, mut mean, mut rstd] = [x.len(), 3, 3].map(|len| vec![0.0; len]);
    let mut statistics = |cuts: &[usize]| {
        let mut moments = [Moments::default(); 3];
        let mut first = 0;
        for n in cuts {
            let part = first * 12..(first + n) * 12;
            batch_norm_train(
                &ctx,
                [*n, 3, 4],
                &x[part.clone()],
                None,
                None,
                EPS,
                false,
                &mut y[part],
                &mut mean,
                &mut rstd,
                &mut moments,
            );
            first += n;
        }
        let (mut running_mean, mut running_var) = ([0.5; 3], [2.0; 3]);
        move_running(&mut moments, 0.1, &mut running_mean, &mut running_var);
        assert_eq!(moments, [Moments::default(); 3]);
        [running_mean, running_var].concat()
    };
    let whole = statistics(&[10]);
    assert_close(&statistics(&[1, 4, 5]), &wide(&whole), 2.0 * f64::from(f32::EPSILON), "running statistics");
    let channel: Vec<f64> = (0..120).filter(|i| i / 4 % 3 == 1).map(|i| f64::from(x[i])).collect();
    let mean = channel.iter().sum::<f64>() / 40.0;
    let unbiased = channel.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 39.0;
    let wanted = [0.9 * 0.5 + 0.1 * mean, 0.9 * 2.0 + 0.1 * unbiased];
    assert_close(&[whole[1], whole[4]], &wanted, 2.0 * f64::from(f32::EPSILON), "running statistics");
}

#[test]
fn evaluation_takes_the_running_statistics() {
    for sizes in [[3, 2, 1], [2, 2, 17]] {
        let x = normal(6, sizes.iter().product());
        let [y] = everywhere(|ctx| {
            let mut y = vec![f32::NAN; x.len()];
            let (weight, bias) = (Some([2.0, 3.0].as_slice()), Some([1.0, 0.0].as_slice()));
            batch_norm_predict(ctx, sizes, &x, weight, bias, &[0.5, -0.5], &[4.0, 0.25], 0.0, true, &mut y);
            [y]
        });
        let channel = |place: usize| by_channel(sizes, 1, place);
        let plain = |(place, x): (usize, &f32)| match channel(place) {
            0 => (f64::from(*x) - 0.5 + 1.0).max(0.0),
            _ => ((f64::from(*x) + 0.5) * 6.0).max(0.0),
        };
        assert_close(&y, &x.iter().enumerate().map(plain).collect::<Vec<_>>(), BOUND, "evaluation");
    }
}

#[test]
fn a_nan_stays_in_sight() {
    let sizes = [4, 2, 3];
    let mut numbers = numbers(sizes);
    numbers[0][0] = f32::NAN;
    let [y, mean, _, dx, dweight, dbias] = everywhere(|ctx| batch(ctx, sizes, true, &numbers));
    let channel = |place: usize| by_channel(sizes, 1, place);
    for place in 0..y.len() {
        assert_eq!(y[place].is_nan(), channel(place) == 0, "relu keeps NaN");
        assert_eq!(dx[place].is_nan(), channel(place) == 0);
    }
    assert!(mean[0].is_nan() && !mean[1].is_nan() && dweight[0].is_nan() && !dbias[0].is_nan());
}

#[test]
fn nothing_is_normalised() {
    let ctx = Ctx::new(1);
    let (mut dweight, mut dbias) = ([1.0; 3], [1.0; 3]);
    batch_norm_train(
        &ctx,
        [0, 3, 4],
        &[],
        None,
        None,
        EPS,
        false,
        &mut [],
        &mut [0.0; 3],
        &mut [0.0; 3],
        &mut [Moments::default(); 3],
    );
    let parameters = (Some(dweight.as_mut_slice()), Some(dbias.as_mut_slice()), Write::Set);
    layer_norm_backward(&ctx, [0, 3], &[], &[], None, &[], &[], (&mut [], Write::Set), parameters);
    assert_eq!([dweight, dbias], [[0.0; 3]; 2]);
}

#[test]
#[should_panic(expected = "batch norm wants more than one value for each channel, got 1")]
fn one_value_has_no_variance() {
    let [mut y, mut mean, mut rstd] = [[0.0; 3]; 3];
    batch_norm_train(
        &Ctx::new(1),
        [1, 3, 1],
        &[1.0; 3],
        None,
        None,
        EPS,
        false,
        &mut y,
        &mut mean,
        &mut rstd,
        &mut [Moments::default(); 3],
    );
}
