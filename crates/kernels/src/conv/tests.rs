use super::*;
use crate::bias_gradient;
use crate::testing::{everywhere, normal, seconds_of, wide};

/// The plain loops in `f64`: calls `term` with the place of every product, in y, x and weight.
fn products(conv: &Conv2d, mut term: impl FnMut(usize, usize, usize)) {
    let [high, wide] = conv.output().unwrap_or_default();
    let (channels, filters) = (conv.channels / conv.groups, conv.filters / conv.groups);
    for (n, f) in (0..conv.batch).flat_map(|n| (0..conv.filters).map(move |f| (n, f))) {
        for (i, j) in (0..high).flat_map(|i| (0..wide).map(move |j| (i, j))) {
            let y = ((n * conv.filters + f) * high + i) * wide + j;
            for (c, tap) in
                (0..channels).flat_map(|c| (0..conv.kernel[0] * conv.kernel[1]).map(move |t| (c, t)))
            {
                let taps = [tap / conv.kernel[1], tap % conv.kernel[1]];
                let h = (i * conv.stride[0] + taps[0] * conv.dilation[0]).wrapping_sub(conv.padding[0]);
                let w = (j * conv.stride[1] + taps[1] * conv.dilation[1]).wrapping_sub(conv.padding[1]);
                if h < conv.height && w < conv.width {
                    let x =
                        ((n * conv.channels + f / filters * channels + c) * conv.height + h) * conv.width + w;
                    term(y, x, (f * channels + c) * conv.kernel[0] * conv.kernel[1] + tap);
                }
            }
        }
    }
}

/// Numbers of one convolution: image, weight, bias, and a gradient of the result.
struct Numbers {
    conv: Conv2d,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

impl Numbers {
    fn of(conv: Conv2d) -> Numbers {
        let geometry = conv.geometry();
        let weight = conv.filters * geometry.channels * geometry.taps();
        Numbers {
            conv,
            x: normal(1, conv.batch * conv.channels * geometry.places()),
            weight: normal(2, weight),
            bias: normal(3, conv.filters),
            dy: normal(4, conv.batch * conv.filters * geometry.pixels()),
        }
    }

    fn forward(&self, ctx: &Ctx, relu: bool, write: Write) -> Vec<f32> {
        let mut y = vec![start(write); self.dy.len()];
        let epilogue = Epilogue { relu, ..Epilogue::rows(&self.bias) };
        conv2d(ctx, &self.conv, &self.x, &self.weight, epilogue, &mut y, write);
        y
    }

    fn data_grad(&self, ctx: &Ctx, write: Write, dx: &mut [f32]) {
        conv2d_data_grad(ctx, &self.conv, &self.dy, &self.weight, dx, write);
    }

    fn weight_grad(&self, ctx: &Ctx, write: Write, dweight: &mut [f32]) {
        conv2d_weight_grad(ctx, &self.conv, &self.x, &self.dy, dweight, write);
    }

    fn gradients(&self, ctx: &Ctx, write: Write) -> [Vec<f32>; 3] {
        let start = start(write);
        let [mut dx, mut dweight, mut dbias] =
            [&self.x, &self.weight, &self.bias].map(|x| vec![start; x.len()]);
        self.data_grad(ctx, write, &mut dx);
        self.weight_grad(ctx, write, &mut dweight);
        let Conv2d { batch, filters, .. } = self.conv;
        bias_gradient(ctx, [batch, filters, self.conv.geometry().pixels()], &self.dy, &mut dbias, write);
        [dx, dweight, dbias]
    }

    /// Asserts that everything is near the plain loops. The gradients of a bilinear map are its products themselves, which is
    /// more exact than differences of them.
    fn check(&self, ctx: &Ctx) {
        let Numbers { conv, x, weight, bias, dy } = self;
        let pixels = conv.geometry().pixels();
        let bias_of = |y: usize| y / pixels % conv.filters;
        let mut wanted = [dy, x, weight].map(|x| vec![Sum::default(); x.len()]);
        let mut wanted_bias = vec![Sum::default(); bias.len()];
        products(conv, |i, j, k| {
            wanted[0][i].add(x[j], weight[k]);
            wanted[1][j].add(dy[i], weight[k]);
            wanted[2][k].add(dy[i], x[j]);
        });
        for (i, (y, dy)) in wanted[0].iter_mut().zip(dy).enumerate() {
            y.add(bias[bias_of(i)], 1.0);
            wanted_bias[bias_of(i)].add(*dy, 1.0);
        }
        for (write, start) in [(Write::Set, 0.0), (Write::Add, 1.0)] {
            near(conv, &self.forward(ctx, false, write), &wanted[0], start);
            let [dx, dweight, dbias] = self.gradients(ctx, write);
            near(conv, &dx, &wanted[1], start);
            near(conv, &dweight, &wanted[2], start);
            near(conv, &dbias, &wanted_bias, start);
        }
    }
}

/// What stands where something is written: what is overwritten must not be seen.
fn start(write: Write) -> f32 {
    match write {
        Write::Set => f32::NAN,
        Write::Add => 1.0,
    }
}

/// A sum, the sum of sizes and how many terms there were.
#[derive(Clone, Copy, Default)]
struct Sum {
    value: f64,
    size: f64,
    terms: f64,
}

impl Sum {
    fn add(&mut self, a: f32, b: f32) {
        let product = f64::from(a) * f64::from(b);
        self.value += product;
        self.size += product.abs();
        self.terms += 1.0;
    }
}

fn near(conv: &Conv2d, got: &[f32], wanted: &[Sum], start: f64) {
    for (i, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        // Each of n sums rounds by half a unit of what it has, which grows like the root of n: sqrt(n) units of all sizes are
        // far beyond it.
        let bound = f64::from(f32::EPSILON) * (1.0 + wanted.terms.sqrt()) * (wanted.size + start);
        let difference = (f64::from(*got) - wanted.value - start).abs();
        assert!(difference <= bound, "{conv:?}, {i}: {got} {}", wanted.value + start);
    }
}

fn plain(
    batch: usize,
    channels: usize,
    [height, width]: [usize; 2],
    filters: usize,
    kernel: usize,
) -> Conv2d {
    Conv2d {
        batch,
        channels,
        height,
        width,
        filters,
        kernel: [kernel; 2],
        stride: [1; 2],
        padding: [kernel / 2; 2],
        dilation: [1; 2],
        groups: 1,
    }
}

/// Sizes that meet every path: strides, dilations, paddings wider than a kernel, groups, channels that have filters of their own.
fn cases() -> Vec<Conv2d> {
    let mut cases = vec![
        plain(2, 1, [28, 28], 5, 3),
        plain(2, 3, [9, 7], 7, 3),
        plain(1, 17, [8, 8], 18, 3),
        plain(3, 5, [14, 14], 13, 1),
        plain(1, 2, [70, 71], 3, 3),
        plain(20, 2, [3, 1], 3, 3),
        plain(1, 40, [4, 5], 8, 3),
        plain(3, 16, [9, 15], 13, 3),
        plain(2, 33, [4, 5], 20, 3),
        Conv2d { padding: [0, 2], ..plain(9, 12, [6, 40], 24, 3) },
        Conv2d { stride: [2, 2], padding: [0, 0], ..plain(2, 16, [8, 8], 20, 1) },
        Conv2d { kernel: [1, 5], padding: [0, 1], dilation: [1, 2], ..plain(2, 3, [4, 20], 4, 3) },
        Conv2d { kernel: [7, 7], stride: [2, 2], padding: [3, 3], ..plain(1, 3, [40, 37], 6, 7) },
        Conv2d { stride: [3, 2], ..plain(1, 2, [130, 65], 3, 3) },
        Conv2d { padding: [5, 4], ..plain(1, 3, [3, 4], 2, 3) },
        plain(0, 3, [4, 4], 2, 3),
        // Filters that fill lanes, over images that are read where they stand.
        plain(3, 64, [7, 5], 37, 1),
        Conv2d {
            padding: [0, 0],
            stride: [2, 3],
            dilation: [2, 1],
            groups: 2,
            ..plain(3, 80, [13, 19], 70, 3)
        },
        Conv2d { padding: [0, 0], stride: [3, 1], ..plain(2, 6, [17, 33], 18, 3) },
    ];
    for (channels, filters, groups) in [(6, 4, 2), (5, 5, 5), (3, 6, 3), (1, 1, 1)] {
        for stride in [[1, 1], [2, 3], [4, 1]] {
            for (dilation, padding) in [([1, 1], [1, 1]), ([2, 3], [2, 0]), ([3, 2], [0, 5])] {
                let sizes = plain(2, channels, [11, 19], filters, 3);
                cases.push(Conv2d { groups, stride, dilation, padding, ..sizes });
            }
        }
    }
    cases.push(Conv2d { groups: 4, ..plain(2, 4, [33, 50], 4, 3) });
    cases
}

/// So many that the gradient of the weight has room for one slice, and its filters are shared.
fn many_filters() -> Conv2d {
    plain(3, 200, [4, 5], 330, 3)
}

#[test]
fn everything_is_near_the_plain_loops() {
    let ctx = Ctx::new(2);
    for conv in cases() {
        Numbers::of(conv).check(&ctx);
    }
    Numbers::of(plain(5, 30, [16, 16], 100, 3)).check(&ctx);
    Numbers::of(many_filters()).check(&ctx);
}

/// Few images are cut by rows and by filters, the sums over a depth of more than one block.
#[test]
fn an_image_alone_is_shared_by_tasks() {
    for conv in [
        plain(1, 70, [8, 8], 64, 3),
        plain(1, 40, [32, 32], 20, 3),
        Conv2d { groups: 2, ..plain(1, 80, [7, 7], 90, 3) },
    ] {
        let numbers = Numbers::of(conv);
        numbers.check(&Ctx::new(2));
        let alone = everywhere(|ctx| numbers.forward(ctx, true, Write::Set));
        let twice = Numbers {
            conv: Conv2d { batch: 20, ..conv },
            x: numbers.x.repeat(20),
            dy: numbers.dy.repeat(20),
            ..numbers
        };
        // What a task takes decides no bit.
        assert!(
            twice.forward(&Ctx::new(2), true, Write::Set).chunks(alone.len()).all(|image| image == alone)
        );
    }
}

#[test]
fn gradients_are_those_of_central_differences() {
    let ctx = Ctx::new(1);
    let conv = Conv2d { stride: [2, 1], groups: 2, ..plain(2, 4, [5, 6], 6, 3) };
    let numbers = Numbers::of(conv);
    let loss = |x: &[f64], weight: &[f64]| {
        let mut sum = 0.0;
        products(&conv, |i, j, k| sum += f64::from(numbers.dy[i]) * x[j] * weight[k]);
        sum
    };
    let [x, weight] = [&numbers.x, &numbers.weight].map(|x| wide(x));
    let difference = |which: usize, i: usize| {
        let at = |step: f64| {
            let mut numbers = [x.clone(), weight.clone()];
            numbers[which][i] += step;
            loss(&numbers[0], &numbers[1])
        };
        (at(0.5) - at(-0.5)) as f32 // exact for a bilinear loss, whatever the step
    };
    let [dx, dweight, _] = numbers.gradients(&ctx, Write::Set);
    for (which, gradient) in [dx, dweight].iter().enumerate() {
        let largest = gradient.iter().fold(0.0f32, |max, x| max.max(x.abs()));
        for (i, got) in gradient.iter().enumerate() {
            // Sums of at most 60 products: roundings stay below a hundred units of the largest.
            assert!((got - difference(which, i)).abs() <= 1e-5 * largest, "{which} {i}");
        }
    }
}

#[test]
fn every_rung_and_team_gives_the_same_bits() {
    let wide = Conv2d { stride: [2, 1], ..plain(3, 24, [20, 70], 70, 3) };
    let depthwise = Conv2d { groups: 48, ..plain(5, 48, [28, 28], 48, 3) };
    let stands = Conv2d { padding: [0, 0], stride: [1, 2], ..plain(2, 50, [9, 21], 40, 3) };
    for conv in [wide, depthwise, stands, many_filters()].into_iter().chain(cases().into_iter().step_by(3)) {
        let numbers = Numbers::of(conv);
        everywhere(|ctx| {
            let mut all = [Write::Set, Write::Add].map(|write| numbers.forward(ctx, true, write)).concat();
            all.extend(numbers.gradients(ctx, Write::Add).concat());
            all
        });
    }
}

#[test]
fn relu_lets_nan_pass_and_padding_is_multiplied() {
    for groups in [1, 2] {
        let conv = Conv2d { groups, ..plain(1, 2, [4, 4], 2, 3) };
        let mut numbers = Numbers::of(conv);
        let plain = numbers.forward(&Ctx::new(1), false, Write::Set);
        let relu = numbers.forward(&Ctx::new(1), true, Write::Set);
        assert!(plain.iter().zip(&relu).all(|(plain, relu)| plain.max(0.0) == *relu));
        let added = [false, true].map(|relu| numbers.forward(&Ctx::new(1), relu, Write::Add));
        assert!(added[0].iter().zip(&added[1]).all(|(plain, relu)| plain.max(0.0) == *relu));
        numbers.x[0] = f32::NAN;
        let seen = numbers.forward(&Ctx::new(1), true, Write::Set);
        assert!((0..16).all(|i| seen[i].is_nan() == (i % 4 < 2 && i / 4 < 2)), "{seen:?}");
        // As in PyTorch, which multiplies zeros of the border by an infinite weight.
        numbers.x[0] = 1.0;
        numbers.weight[0] = f32::INFINITY;
        assert!(numbers.forward(&Ctx::new(1), false, Write::Set)[0].is_nan());
    }
}

#[test]
fn sizes_that_do_not_fit_have_no_output() {
    let fits = plain(1, 4, [5, 5], 4, 3);
    assert_eq!(fits.output(), Some([5, 5]));
    assert_eq!(Conv2d { stride: [2, 3], padding: [0, 1], dilation: [2, 1], ..fits }.output(), Some([1, 2]));
    for bad in [
        Conv2d { padding: [0, 0], dilation: [1, 3], ..fits },
        Conv2d { stride: [0, 1], ..fits },
        Conv2d { dilation: [0, 1], ..fits },
        Conv2d { kernel: [0, 1], ..fits },
        Conv2d { groups: 3, ..fits },
        Conv2d { groups: 0, ..fits },
        Conv2d { padding: [usize::MAX, 0], ..fits },
    ] {
        assert_eq!(bad.output(), None, "{bad:?}");
    }
}

#[test]
#[should_panic(expected = "conv2d wants another length of weight")]
fn lengths_are_checked() {
    conv2d(
        &Ctx::new(1),
        &plain(1, 1, [2, 2], 1, 1),
        &[0.0; 4],
        &[0.0; 2],
        Epilogue::NONE,
        &mut [0.0; 4],
        Write::Set,
    );
}

#[test]
#[ignore = "measures"]
#[expect(clippy::print_stderr, reason = "what it measures")]
fn speed() {
    let strided = |channels, size, filters, kernel| Conv2d {
        stride: [2, 2],
        ..plain(64, channels, [size; 2], filters, kernel)
    };
    let cases = [
        ("A", plain(64, 1, [28; 2], 32, 3)),
        ("A", plain(64, 32, [14; 2], 64, 3)),
        ("B", plain(64, 3, [32; 2], 16, 3)),
        ("B", plain(64, 16, [32; 2], 16, 3)),
        ("B", strided(16, 32, 32, 3)),
        ("B", strided(16, 32, 32, 1)),
        ("B", plain(64, 32, [16; 2], 32, 3)),
        ("B", strided(32, 16, 64, 3)),
        ("B", plain(64, 64, [8; 2], 64, 3)),
        ("C", plain(64, 1, [28; 2], 24, 3)),
        ("C", plain(64, 24, [14; 2], 48, 3)),
        ("C", plain(64, 48, [7; 2], 96, 3)),
        ("D", plain(32, 128, [16; 2], 128, 3)),
        ("D", plain(64, 128, [8; 2], 128, 3)),
        ("D", plain(64, 256, [8; 2], 256, 3)),
        ("D", plain(64, 512, [4; 2], 512, 3)),
        ("1x1", plain(64, 64, [14; 2], 128, 1)),
        ("depthwise", Conv2d { groups: 64, ..plain(64, 64, [28; 2], 64, 3) }),
        ("depthwise", Conv2d { groups: 64, ..plain(64, 64, [8; 2], 64, 7) }),
    ];
    for (name, conv) in cases {
        let numbers = Numbers::of(conv);
        let [mut y, mut dx, mut dweight] =
            [&numbers.dy, &numbers.x, &numbers.weight].map(|numbers| vec![0.0; numbers.len()]);
        let flops =
            2.0 * numbers.dy.len() as f64 * (conv.geometry().channels * conv.geometry().taps()) as f64;
        let text = [1, 2].map(|threads| {
            let ctx = Ctx::new(threads);
            let seconds = [
                seconds_of(50, threads, || {
                    let epilogue = Epilogue { relu: true, ..Epilogue::rows(&numbers.bias) };
                    conv2d(&ctx, &conv, &numbers.x, &numbers.weight, epilogue, &mut y, Write::Set);
                }),
                seconds_of(50, threads, || numbers.data_grad(&ctx, Write::Set, &mut dx)),
                seconds_of(50, threads, || numbers.weight_grad(&ctx, Write::Set, &mut dweight)),
            ];
            seconds.map(|s| format!("{:6.2} ms ({:4.1})", s * 1e3, flops / s / 1e9)).join(" ")
        });
        let [channels, size, filters] = [conv.channels, conv.height, conv.filters];
        eprintln!("{name:10}{channels:3} {size:3} {filters:3}: {} | {}", text[0], text[1]);
    }
}
