//! Kernels alone, beside what the processor can do at most: `cargo xtask bench kernels`.
use std::io::{self, Write as _};
use std::time::Instant;

use baeum_kernels::{
    Activation, AdamStep, Amx, AttentionMask, Conv2d, Ctx, Direction, Epilogue, Matrix, MatrixMut, Precision,
    RecurrentGradients, RecurrentWeights, Sequence, StateGradients, Write, activation, adamw, add, attention,
    attention_backward, conv2d, conv2d_data_grad, conv2d_weight_grad, gemm, gru, gru_backward, gru_saved_len,
    layer_norm, lstm, lstm_backward, lstm_saved_len, peak_products,
};

use super::{KernelArguments, Spread};

/// How often each kernel is measured; the fastest counts, because whatever else the machine does only adds time.
const RUNS: usize = 15;

/// What a kernel is bound by, and how much of it a call takes.
#[derive(Clone, Copy)]
enum Work {
    /// Operations; a fused product is two.
    Operations(u64),
    /// Bytes that must be read or written at least once.
    Bytes(u64),
}

/// The most that the threads can do together.
struct Roof {
    operations_per_second: f64,
    bytes_per_second: f64,
}

/// Measures and prints one line for each kernel.
pub(super) fn print(arguments: &KernelArguments) {
    let ctx = Ctx::new(arguments.threads.get());
    let roof = Roof::of(&ctx);
    let mut out = io::stdout().lock();
    let peaks = format!(
        "{} threads, {}: {:.1} GFLOP/s in registers, {:.1} GB/s over memory",
        ctx.team.threads(),
        ctx.isa.rung().name(),
        roof.operations_per_second / 1e9,
        roof.bytes_per_second / 1e9
    );
    let _ = writeln!(out, "{peaks}");
    products(&ctx, &mut |name, work, call| line(&mut out, &roof, name, work, call));
    match Amx::detect() {
        Ok(_) => {
            on_tiles(ctx.team.threads(), &mut |name, work, call| line(&mut out, &roof, name, work, call))
        }
        Err(none) => drop(writeln!(out, "  product at lower precision: {none}")),
    }
    attentions(&ctx, &mut |name, work, call| line(&mut out, &roof, name, work, call));
    convolutions(&ctx, &mut |name, work, call| line(&mut out, &roof, name, work, call));
    recurrent(&ctx, &mut |name, work, call| line(&mut out, &roof, name, work, call));
    passes(&ctx, &mut |name, work, call| line(&mut out, &roof, name, work, call));
}

/// Takes a kernel's name, its work, and a call of it.
type Measure<'a> = dyn FnMut(&str, Work, &mut dyn FnMut()) + 'a;

fn line(out: &mut impl io::Write, roof: &Roof, name: &str, work: Work, call: &mut dyn FnMut()) {
    let seconds = fastest(call);
    let (rate, share, unit) = match work {
        Work::Operations(count) => {
            let rate = count as f64 / seconds;
            (rate, rate / roof.operations_per_second, "GFLOP/s")
        }
        Work::Bytes(count) => {
            let rate = count as f64 / seconds;
            (rate, rate / roof.bytes_per_second, "GB/s")
        }
    };
    let _ = writeln!(
        out,
        "  {name:<44} {:>8.2} ms {:>8.1} {unit:<8} {:>4.0} %",
        seconds * 1e3,
        rate / 1e9,
        share * 100.0
    );
}

fn fastest(call: &mut dyn FnMut()) -> f64 {
    call(); // finds its work space
    let time = |_| {
        let since = Instant::now();
        call();
        since.elapsed().as_secs_f64()
    };
    Spread::of(&(0..RUNS).map(time).collect::<Vec<f64>>()).min
}

impl Roof {
    fn of(ctx: &Ctx) -> Roof {
        const ROUNDS: usize = 1 << 18;
        let operations = peak_products(ctx, 1) * ROUNDS as u64;
        let products = fastest(&mut || {
            peak_products(ctx, ROUNDS);
        });
        // 48 MiB each: far beyond every cache.
        let (a, b, mut c) = (vec![1.0; 12 << 20], vec![2.0; 12 << 20], vec![0.0; 12 << 20]);
        let sums = fastest(&mut || add(ctx, &a, &b, &mut c));
        Roof {
            operations_per_second: operations as f64 / products,
            bytes_per_second: (12 * c.len()) as f64 / sums,
        }
    }
}

fn products(ctx: &Ctx, measure: &mut Measure<'_>) {
    let many = [[1024; 3], [512; 3], [128, 512, 784], [512, 784, 128], [768, 512, 128]];
    let few = [[1, 512, 784], [1, 128, 3136], [8, 512, 784]];
    let sizes = many.into_iter().chain(few);
    for size in sizes {
        let [m, n, k] = size;
        let (a, b, mut c) = (vec![1.0; m * k], vec![0.5; n * k], vec![0.0; m * n]);
        let name = format!("product {m} x {n} x {k}, as a dense layer");
        // A row or two are bound by reading the weights.
        let work =
            if m < 4 { Work::Bytes(4 * (n * k) as u64) } else { Work::Operations(2 * (m * n * k) as u64) };
        measure(&name, work, &mut || {
            let (a, b) = (Matrix::rows(&a, k), Matrix::transposed(&b, k));
            gemm(ctx, size, a, b, MatrixMut::rows(&mut c, n), Write::Set, Epilogue::NONE);
        });
    }
}

/// The product of 1024^3 at the precisions that tiles are for. Beside the peak of `f32`, which they may exceed.
fn on_tiles(threads: usize, measure: &mut Measure<'_>) {
    const N: usize = 1024;
    let (a, b, mut c) = (vec![1.0; N * N], vec![0.5; N * N], vec![0.0; N * N]);
    for (precision, name) in [(Precision::High, "high"), (Precision::Medium, "medium")] {
        let ctx = Ctx::with_precision(threads, precision);
        measure(
            &format!("product {N}^3, {name} precision"),
            Work::Operations(2 * (N * N * N) as u64),
            &mut || {
                let (a, b) = (Matrix::rows(&a, N), Matrix::transposed(&b, N));
                gemm(&ctx, [N; 3], a, b, MatrixMut::rows(&mut c, N), Write::Set, Epilogue::NONE);
            },
        );
    }
}

/// Products of what is seen alone: two on the way forward, five on the way back.
fn attentions(ctx: &Ctx, measure: &mut Measure<'_>) {
    for (shape @ [b, t, h, g, d], causal) in [
        ([12, 64, 4, 4, 32], true),
        ([8, 256, 6, 6, 64], true),
        ([32, 128, 4, 4, 32], false),
        ([112, 41, 16, 16, 8], false),
    ] {
        let mask = AttentionMask { causal, lengths: None };
        let seen = if causal { t * (t + 1) / 2 } else { t * t };
        let work = |products: usize| Work::Operations(2 * (products * b * h * seen * d) as u64);
        let qkv: Vec<f32> = (0..b * t * (h + 2 * g) * d).map(|i| (i % 13) as f32 * 0.1).collect();
        let (mut out, mut sums) = (vec![0.0; b * t * h * d], vec![0.0; b * h * t]);
        let (d_out, mut d_qkv) = (vec![0.1; out.len()], vec![0.0; qkv.len()]);
        let kind = if causal { "causal" } else { "whole" };
        let name = format!("attention {b} x {t}, {h} heads of {d}, {kind}");
        measure(&name, work(2), &mut || attention(ctx, shape, 0.2, mask, &qkv, &mut out, &mut sums));
        measure("  its gradient", work(5), &mut || {
            attention_backward(ctx, shape, 0.2, mask, &qkv, &out, &sums, &d_out, &mut d_qkv, Write::Set);
        });
    }
}

fn convolutions(ctx: &Ctx, measure: &mut Measure<'_>) {
    for (channels, filters, side, stride) in
        [(1, 32, 28, 1), (32, 64, 14, 1), (16, 16, 32, 1), (32, 64, 16, 2)]
    {
        let conv = Conv2d {
            batch: 64,
            channels,
            height: side,
            width: side,
            filters,
            kernel: [3, 3],
            stride: [stride; 2],
            padding: [1, 1],
            dilation: [1, 1],
            groups: 1,
        };
        let places = (side / stride) * (side / stride);
        let work = Work::Operations(2 * (64 * places * filters * channels * 9) as u64);
        let (mut x, mut weight) = (vec![1.0; 64 * channels * side * side], vec![0.1; filters * channels * 9]);
        let mut y = vec![0.0; 64 * filters * places];
        let name = format!("conv2d 3x3, {channels} to {filters} of {side}x{side}, stride {stride}");
        measure(&name, work, &mut || conv2d(ctx, &conv, &x, &weight, Epilogue::NONE, &mut y, Write::Set));
        measure("  its gradient of the weights", work, &mut || {
            conv2d_weight_grad(ctx, &conv, &x, &y, &mut weight, Write::Set);
        });
        weight.fill(0.1);
        measure("  its gradient of the image", work, &mut || {
            conv2d_data_grad(ctx, &conv, &y, &weight, &mut x, Write::Set);
        });
    }
}

/// Both ways through a layer, together because the way back uses up what the way there has saved.
fn recurrent(ctx: &Ctx, measure: &mut Measure<'_>) {
    let shape @ [b, t, i, h] = [64, 96, 32, 128];
    let sequence = Sequence { direction: Direction::Forward, lengths: None, row: h };
    for (name, gates) in [("lstm", 4), ("gru", 3)] {
        let is_lstm = gates == 4;
        let (x, d_states) = (vec![0.5; b * t * i], vec![0.01; b * t * h]);
        let numbers = [i, h, 1, 1].map(|columns| vec![0.1; gates * h * columns]);
        let [w_ih, w_hh, b_ih, b_hh] = &numbers;
        let weights = RecurrentWeights { w_ih, w_hh, b_ih, b_hh };
        let mut gradients = numbers.clone();
        let (mut states, mut last, mut d_x) = (d_states.clone(), vec![0.0; b * h], x.clone());
        let mut saved = vec![0.0; if is_lstm { lstm_saved_len(shape) } else { gru_saved_len(shape) }];
        let work = Work::Operations(6 * (b * t * gates * h * (i + h)) as u64);
        measure(&format!("{name} {b} x {t} x {i} to {h}, there and back"), work, &mut || {
            let there = if is_lstm { lstm } else { gru };
            there(ctx, shape, sequence, weights, &x, &mut states, &mut last, &mut saved);
            let [w_ih, w_hh, b_ih, b_hh] =
                gradients.each_mut().map(|gradient| (&mut gradient[..], Write::Set));
            let d_weights = RecurrentGradients { w_ih, w_hh, b_ih, b_hh };
            let outer = StateGradients { states: Some(&d_states), last: None };
            let d_x = Some((&mut d_x[..], Write::Set));
            let back = if is_lstm { lstm_backward } else { gru_backward };
            back(ctx, shape, sequence, weights, &x, &states, &mut saved, outer, d_x, d_weights);
        });
    }
}

/// What memory bounds: so many bytes for each of four million numbers.
fn passes(ctx: &Ctx, measure: &mut Measure<'_>) {
    const LEN: usize = 4 << 20;
    let (x, gradient) = (vec![0.5; LEN], vec![0.01; LEN]);
    let [mut y, mut mean, mut square] = [0.0, 0.0, 1.0].map(|start| vec![start; LEN]);
    for (name, function) in
        [("relu", Activation::Relu), ("gelu", Activation::Gelu), ("tanh", Activation::Tanh)]
    {
        measure(name, Work::Bytes(8 * LEN as u64), &mut || activation(ctx, function, &x, &mut y));
    }
    let (rows, width) = (LEN / 512, 512);
    let mut kept = [vec![0.0; rows], vec![0.0; rows]];
    measure("layer norm over 512", Work::Bytes(8 * LEN as u64), &mut || {
        let [mean, rstd] = &mut kept;
        layer_norm(ctx, [rows, width], &x, None, None, 1e-5, &mut y, mean, rstd);
    });
    let step = AdamStep {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weight_decay: 0.01,
        step: 1,
        clip: 1.0,
    };
    measure("adamw", Work::Bytes(28 * LEN as u64), &mut || {
        adamw(Some(ctx), &step, &mut y, &gradient, &mut mean, &mut square);
    });
}
