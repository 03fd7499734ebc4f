use super::*;
use crate::testing::{assert_close, differences, everywhere, inner, normal, wide};
use crate::{Ctx, Write, as_words, as_words_mut};

/// A sum of up to 25 terms and a quotient.
const BOUND: f64 = 2e-6;

/// Kernels, strides and paddings over planes whose sizes they divide or not, wider and narrower than a vector.
fn cases() -> Vec<Windows> {
    let mut cases = Vec::new();
    for plane in [[1, 1], [2, 3], [5, 7], [6, 8], [4, 15], [9, 16], [7, 17], [4, 40]] {
        for (kernel, stride, padding) in [
            ([2, 2], [2, 2], [0, 0]),
            ([3, 3], [2, 2], [1, 1]),
            ([3, 2], [1, 1], [1, 0]),
            ([5, 4], [3, 4], [2, 2]),
            ([1, 3], [1, 2], [0, 0]),
        ] {
            let windows = Windows { plane, kernel, stride, padding, ceil_mode: false };
            if (0..2).all(|axis| kernel[axis] <= plane[axis] + 2 * padding[axis]) {
                cases.extend([windows, Windows { ceil_mode: true, ..windows }]);
            }
        }
    }
    cases
}

/// The places of each window's numbers in its plane, in row-major order.
fn members(windows: &Windows) -> Vec<Vec<usize>> {
    let ([oh, ow], [h, w]) = (windows.counts(), windows.plane);
    let along = |window: usize, axis: usize| {
        let start = (window * windows.stride[axis]) as isize - windows.padding[axis] as isize;
        let plane = [h, w][axis] as isize;
        (start..start + windows.kernel[axis] as isize)
            .filter(move |i| (0..plane).contains(i))
            .map(|i| i as usize)
    };
    let window = |i: usize| along(i / ow, 0).flat_map(|y| along(i % ow, 1).map(move |x| y * w + x)).collect();
    (0..oh * ow).map(window).collect()
}

/// How much of the padded plane each window has, in row-major order.
fn areas(windows: &Windows) -> Vec<f64> {
    let [_, ow] = windows.counts();
    let side = |window: usize, axis: usize| {
        let padded = windows.plane[axis] + 2 * windows.padding[axis];
        let start = window * windows.stride[axis];
        (start..start + windows.kernel[axis]).filter(|line| *line < padded).count()
    };
    (0..windows.counts().iter().product()).map(|i| (side(i / ow, 0) * side(i % ow, 1)) as f64).collect()
}

#[test]
fn windows_are_as_many_as_in_pytorch() {
    // The size of torch.nn.functional.max_pool1d(torch.zeros(1, 1, len), kernel, stride, padding, ceil_mode=True).
    for ([len, kernel, stride, padding], wanted) in [
        ([5, 2, 2, 0], 3),
        ([4, 2, 2, 0], 2),
        ([6, 3, 2, 1], 4),
        ([2, 3, 2, 0], 1),
        ([3, 2, 3, 1], 2),
        ([5, 2, 3, 1], 2),
        ([7, 5, 3, 2], 3),
        ([1, 2, 2, 1], 1),
    ] {
        let [plane, kernel, stride] = [len, kernel, stride].map(|side| [1, side]);
        let windows = Windows { plane, kernel, stride, padding: [0, padding], ceil_mode: true };
        assert_eq!(windows.counts(), [1, wanted], "{windows:?}");
    }
}

/// As PyTorch: `value > max || isnan(value)`, from the first number on.
fn plain_winners(windows: &Windows, x: &[f32]) -> Vec<u32> {
    let [h, w] = windows.plane;
    let members = members(windows);
    let winner = |x: &[f32], members: &Vec<usize>| {
        members.iter().copied().reduce(|best, i| if x[i] > x[best] || x[i].is_nan() { i } else { best })
    };
    x.chunks(h * w)
        .flat_map(|x| members.iter().map(|m| winner(x, m).map_or(u32::MAX, |i| i as u32)).collect::<Vec<_>>())
        .collect()
}

/// `y`, places, and `dx` set and then added once more.
fn max(ctx: &Ctx, planes: usize, windows: &Windows, x: &[f32], dy: &[f32]) -> [Vec<f32>; 3] {
    let [mut y, mut places] = [0; 2].map(|_| vec![f32::NAN; dy.len()]);
    let mut dx = vec![f32::NAN; x.len()];
    max_pool(ctx, planes, windows, x, &mut y, as_words_mut(&mut places));
    let mut values = vec![f32::NAN; dy.len()];
    max_pool_values(ctx, planes, windows, x, &mut values);
    assert!(values.iter().zip(&y).all(|(value, y)| value.to_bits() == y.to_bits()), "{windows:?}");
    for write in [Write::Set, Write::Add] {
        max_pool_backward(ctx, planes, windows, dy, as_words(&places), &mut dx, write);
    }
    [y, places, dx]
}

fn check_max(windows: &Windows, planes: usize, x: &[f32]) {
    let [h, w] = windows.plane;
    let size = windows.counts().iter().product::<usize>();
    let dy = normal(2, planes * size);
    let [y, places, dx] = everywhere(|ctx| max(ctx, planes, windows, x, &dy));
    let winners = plain_winners(windows, x);
    assert_eq!(as_words(&places), winners, "{windows:?}");
    let mut twice = vec![0.0f64; x.len()];
    for (i, winner) in winners.iter().enumerate() {
        let place = i / size * h * w + *winner as usize;
        assert_eq!(y[i].to_bits(), x[place].to_bits(), "{windows:?}");
        twice[place] += 2.0 * f64::from(dy[i]);
    }
    assert_close(&dx, &twice, BOUND, &format!("{windows:?}"));
}

#[test]
fn the_largest_wins() {
    for windows in cases() {
        let size = windows.plane.iter().product::<usize>();
        check_max(&windows, 3, &normal(1, 3 * size));
        // Few values, so that there are ties, zeros of both signs, infinities and NaN.
        let few = [f32::NEG_INFINITY, -0.0, 0.0, 1.0, 1.0, f32::INFINITY, f32::NAN];
        for seed in 3..6 {
            let x: Vec<f32> =
                normal(seed, 3 * size).iter().map(|x| few[(x.abs() * 100.0) as usize % few.len()]).collect();
            check_max(&windows, 3, &x);
        }
        check_max(&windows, 2, &vec![f32::NEG_INFINITY; 2 * size]);
    }
}

#[test]
fn the_mean_of_windows_counts_padding() {
    for windows in cases() {
        let size = windows.plane.iter().product::<usize>();
        let members = members(&windows);
        let (x, dy) = (normal(1, 2 * size), normal(2, 2 * members.len()));
        let [y, dx] = everywhere(|ctx| {
            let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
            average_pool(ctx, 2, &windows, &x, &mut y);
            for write in [Write::Set, Write::Add] {
                average_pool_backward(ctx, 2, &windows, &dy, &mut dx, write);
            }
            [y, dx]
        });
        let areas = areas(&windows);
        let plain = |x: &[f64]| -> Vec<f64> {
            let mean = |x: &[f64], i: usize| members[i].iter().map(|i| x[*i]).sum::<f64>() / areas[i];
            x.chunks(size).flat_map(|x| (0..members.len()).map(|i| mean(x, i)).collect::<Vec<_>>()).collect()
        };
        assert_close(&y, &plain(&wide(&x)), BOUND, &format!("{windows:?}"));
        let twice = differences(&wide(&x), |x| 2.0 * inner(&plain(x), &dy));
        assert_close(&dx, &twice, BOUND, &format!("{windows:?}"));
    }
}

#[test]
fn many_planes_give_the_bits_of_one_thread() {
    let halves =
        Windows { plane: [33, 40], kernel: [2, 2], stride: [2, 2], padding: [0, 0], ceil_mode: false };
    let stem = Windows { kernel: [3, 3], padding: [1, 1], ..halves };
    for windows in [halves, Windows { ceil_mode: true, ..halves }, stem] {
        check_max(&windows, 70, &normal(7, 70 * 33 * 40));
    }
}

#[test]
fn the_mean_of_planes() {
    for (planes, size) in [(1, 1), (3, 16), (5, 49), (2, 5000), (4000, 33)] {
        let (x, dy) = (normal(1, planes * size), normal(2, planes));
        let [y, dx] = everywhere(|ctx| {
            let (mut y, mut dx) = (vec![f32::NAN; planes], vec![f32::NAN; x.len()]);
            global_average_pool(ctx, planes, size, &x, &mut y);
            for write in [Write::Set, Write::Add] {
                global_average_pool_backward(ctx, planes, size, &dy, &mut dx, write);
            }
            [y, dx]
        });
        let means: Vec<f64> = x.chunks(size).map(|x| wide(x).iter().sum::<f64>() / size as f64).collect();
        assert_close(&y, &means, BOUND, "means");
        let twice: Vec<f64> = (0..x.len()).map(|i| 2.0 * f64::from(dy[i / size]) / size as f64).collect();
        assert_close(&dx, &twice, BOUND, "their gradient");
    }
    let mut y = [0.0];
    global_average_pool(&Ctx::new(1), 1, 0, &[], &mut y);
    assert!(y[0].is_nan());
}

#[test]
#[should_panic(expected = "pooling wants a padding of at most half the kernel 3, got 2")]
fn padding_is_at_most_half_the_kernel() {
    Windows { plane: [4, 4], kernel: [3, 3], stride: [1, 1], padding: [2, 2], ceil_mode: false }.counts();
}
