use super::over;
use crate::arena::Lying;
use crate::ctx::Ctx;
use crate::gemm::{Epilogue, Matrix, MatrixMut, gemm_highest};
use crate::isa::rungs;
use crate::reduce::sum_of_squares_on;
use crate::scratch;
use crate::{Write, scale};

/// The numbers of one step of Muon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MuonStep {
    /// How far to go; see [`muon`].
    pub learning_rate: f64,
    /// How much of the mean gradient is kept.
    pub momentum: f64,
    /// Whether the newest gradient counts once more in the direction.
    pub nesterov: bool,
    /// Times the learning rate, how much of the parameter is lost.
    pub weight_decay: f64,
    /// What each gradient is multiplied by before anything else; see [`super::clip_factor`].
    pub clip: f64,
}

/// The same, rounded to what the elements are computed in.
#[derive(Clone, Copy)]
struct Numbers {
    clip: f32,
    momentum: f32,
    /// How much of the mean gradient is in the direction.
    ahead: f32,
}

/// The polynomial of a step of Newton-Schulz, `a x + b x^3 + c x^5`, which is steepest at zero (Jordan et al. 2024).
const QUINTIC: [f32; 3] = [3.4445, -4.7750, 2.0315];
/// So many steps bring singular values from 0.01 on near one.
const STEPS: usize = 5;
/// The least length that a direction is divided by.
const SHORTEST: f64 = 1e-7;

/// Numbers of a matrix at most that is turned by one thread, beside others: it lies in a cache then, and its products are too
/// short to share.
const SMALL: usize = 1 << 18;

/// Muon (Jordan et al. 2024): a matrix goes along its mean gradient, of which all singular values are made about one.
///
/// The step is `0.2 sqrt(max(rows, columns))` learning rates long, so that an element goes about as far as with AdamW (Liu et
/// al. 2025, equation 4). PyTorch computes directions in `bf16`; here they are `f32`, whatever precision `ctx` asks for.
///
/// `matrices` says what lies where in `parameter`, `gradient` and `mean`, one behind the other; `mean` starts at zero.
///
/// # Panics
/// If the slices differ in length, a matrix reaches beyond them or into the one before, or has another length than its sizes.
pub fn muon(
    ctx: &Ctx,
    step: &MuonStep,
    matrices: &[Lying],
    parameter: &mut [f32],
    gradient: &[f32],
    mean: &mut [f32],
) {
    assert_eq!(gradient.len(), parameter.len(), "gradient and parameter differ in length");
    ctx.team.lying([&mut *parameter, &mut *mean], matrices, |at, [parameter, mean]| {
        if at.span.len() <= SMALL {
            one(ctx, step, at.sizes, parameter, &gradient[at.span.clone()], mean);
        }
    });
    for Lying { span, sizes } in matrices.iter().filter(|at| at.span.len() > SMALL) {
        let [parameter, mean] = [&mut *parameter, &mut *mean].map(|flat| &mut flat[span.clone()]);
        one(ctx, step, *sizes, parameter, &gradient[span.clone()], mean);
    }
}

/// A step of one matrix.
fn one(
    ctx: &Ctx,
    step: &MuonStep,
    [rows, columns]: [usize; 2],
    parameter: &mut [f32],
    gradient: &[f32],
    mean: &mut [f32],
) {
    assert_eq!(gradient.len(), rows * columns, "muon wants a gradient of {rows} rows of {columns}");
    let numbers = Numbers {
        clip: step.clip as f32,
        momentum: step.momentum as f32,
        ahead: if step.nesterov { step.momentum as f32 } else { 1.0 },
    };
    let keep = (1.0 - step.learning_rate * step.weight_decay) as f32;
    let rate = (step.learning_rate * 0.2 * (rows.max(columns) as f64).sqrt()) as f32;
    scratch::lend(muon_work([rows, columns]), |work| {
        let (way, work) = work.split_at_mut(gradient.len());
        over(Some(ctx), gradient, [&mut *mean, &mut *way], &|isa, gradient, [mean, way]| {
            direction(isa, numbers, gradient, mean, way);
        });
        let way = orthogonalise(ctx, [rows, columns], way, work);
        over(Some(ctx), way, [parameter], &|isa, way, [parameter]| go(isa, keep, rate, way, parameter));
    });
}

/// How many numbers a step over a matrix works with; small ones are turned by every thread at the same time.
pub fn muon_work([rows, columns]: [usize; 2]) -> usize {
    2 * rows * columns + 2 * rows.min(columns).pow(2)
}

/// Makes all singular values of `x` about one: [`STEPS`] steps of Newton-Schulz. Says where the result lies. `x`: `[rows, columns]`.
fn orthogonalise<'a>(
    ctx: &Ctx,
    [rows, columns]: [usize; 2],
    mut x: &'a mut [f32],
    work: &'a mut [f32],
) -> &'a [f32] {
    let (short, long) = (rows.min(columns), rows.max(columns));
    let (mut next, squares) = work.split_at_mut(x.len());
    let (gram, square) = squares.split_at_mut(short * short); // [short, short] each
    scale(ctx, 1.0 / sum_of_squares_on(ctx, x).sqrt().max(SHORTEST), x);
    for _ in 0..STEPS {
        let (lying, standing) = (Matrix::rows(x, columns), Matrix::transposed(x, columns));
        let (a, b) = if rows <= columns { (lying, standing) } else { (standing, lying) };
        symmetric(ctx, [short, long], a, b, gram);
        symmetric(ctx, [short; 2], Matrix::rows(gram, short), Matrix::rows(gram, short), square);
        over(Some(ctx), gram, [&mut *square], &|isa, gram, [square]| polynomial(isa, gram, square));
        square.iter_mut().step_by(short + 1).for_each(|x| *x += QUINTIC[0]);
        let q = Matrix::rows(square, short); // a + b G + c G^2, which is symmetric
        let (a, b) = if rows <= columns { (q, lying) } else { (lying, q) };
        product(ctx, [rows, columns, short], a, b, MatrixMut::rows(next, columns));
        (x, next) = (next, x);
    }
    x
}

/// `C = A.B`, in `f32`. `size`: `[m, n, k]`.
fn product(ctx: &Ctx, size: [usize; 3], a: Matrix<'_>, b: Matrix<'_>, c: MatrixMut<'_>) {
    gemm_highest(ctx, size, a, b, c, Write::Set, Epilogue::NONE);
}

/// The same where C is known to be symmetric: rows of blocks from the diagonal on, five eighths of it all, and then their mirror
/// image, which has the bits that its own product would have. `size`: `[n, k]`.
fn symmetric(ctx: &Ctx, [n, k]: [usize; 2], a: Matrix<'_>, b: Matrix<'_>, c: &mut [f32]) {
    let high = n.div_ceil(4).next_multiple_of(12).max(12); // whole tiles of rows
    for first in (0..n).step_by(high) {
        let c = MatrixMut { data: &mut c[first * n + first..], row: n };
        let size = [high.min(n - first), n - first, k];
        product(ctx, size, a.from([first, 0]), b.from([0, first]), c);
    }
    for row in 0..n {
        for column in 0..row / high * high {
            c[row * n + column] = c[column * n + row];
        }
    }
}

rungs! {
    fn direction(numbers: Numbers, gradient: &[f32], mean: &mut [f32], way: &mut [f32]) {
        let Numbers { clip, momentum, ahead } = numbers;
        for ((&g, mean), way) in gradient.iter().zip(mean).zip(way) {
            let g = g * clip;
            *mean += (1.0 - momentum) * (g - *mean);
            *way = g + ahead * (*mean - g);
        }
    }

    fn polynomial(gram: &[f32], square: &mut [f32]) {
        for (&gram, square) in gram.iter().zip(square) {
            *square = QUINTIC[1] * gram + QUINTIC[2] * *square;
        }
    }

    fn go(keep: f32, rate: f32, way: &[f32], parameter: &mut [f32]) {
        for (&way, theta) in way.iter().zip(parameter) {
            *theta = keep * *theta - rate * way;
        }
    }
}
