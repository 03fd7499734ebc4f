use baeum_kernels::column_sums;
use candle_core::{D, DType, Result, Tensor};

use super::affine::{scale, shift};
use super::host::{Loop, Number, apply, read};

/// The statistics of each column of some rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moments {
    /// How many rows there were.
    pub(crate) count: f64,
    pub(crate) mean: Vec<f64>,
    /// The sum of squared distances from the mean.
    pub(crate) squares: Vec<f64>,
}

impl Moments {
    /// The statistics of both together (Chan, Golub & LeVeque 1979).
    pub(crate) fn join(self, other: Moments) -> Moments {
        let count = self.count + other.count;
        let columns = self.mean.iter().zip(&other.mean).zip(self.squares.iter().zip(&other.squares));
        let joined = columns.map(|((a, b), (squares_a, squares_b))| {
            let distance = b - a;
            let mean = a + distance * other.count / count;
            (mean, squares_a + squares_b + distance * distance * self.count * other.count / count)
        });
        let (mean, squares) = joined.unzip();
        Moments { count, mean, squares }
    }

    /// `1 / sqrt(variance + eps)`, the variance over n.
    fn factors(&self, eps: f64) -> Vec<f64> {
        self.squares.iter().map(|squares| 1.0 / (squares / self.count + eps).sqrt()).collect()
    }

    fn of<T: Number>(rows: &[T], columns: usize) -> Moments {
        let count = (rows.len() / columns.max(1)) as f64;
        let mut mean = vec![0.0; columns];
        column_sums(rows, &mut mean);
        mean.iter_mut().for_each(|sum| *sum /= count);
        // Around the mean: the difference of two large sums would lose what it looks for.
        let mut squares = vec![0.0; columns];
        for row in rows.chunks_exact(columns.max(1)) {
            for ((sum, mean), &x) in squares.iter_mut().zip(&mean).zip(row) {
                let distance = Into::<f64>::into(x) - mean;
                *sum += distance * distance;
            }
        }
        Moments { count, mean, squares }
    }
}

/// Gives each column mean 0 and variance 1, both of these rows. `rows`: `[N, C]`, N at least 2.
pub(crate) fn normalise(rows: &Tensor, eps: f64) -> Result<(Tensor, Moments)> {
    if !rows.device().is_cpu() {
        return normalise_composed(rows, eps);
    }
    let columns = rows.dim(1)?;
    let moments = match rows.dtype() == DType::F64 {
        true => read(rows, |rows: &[f64]| Ok(Moments::of(rows, columns)))?,
        false => read(rows, |rows: &[f32]| Ok(Moments::of(rows, columns)))?,
    };
    let factors = moments.factors(eps);
    Ok((apply(rows, Normalised { mean: moments.mean.clone(), factors })?, moments))
}

pub(super) fn normalise_composed(rows: &Tensor, eps: f64) -> Result<(Tensor, Moments)> {
    let mean = rows.mean_keepdim(0)?; // [1, C]
    let centred = rows.broadcast_sub(&mean)?;
    let variance = centred.sqr()?.mean_keepdim(0)?;
    let numbers = |x: &Tensor| x.detach().flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>();
    let count = rows.dim(0)? as f64;
    let squares = numbers(&variance)?.iter().map(|variance| variance * count).collect();
    let moments = Moments { count, mean: numbers(&mean)?, squares };
    Ok((centred.broadcast_div(&(variance + eps)?.sqrt()?)?, moments))
}

struct Normalised {
    mean: Vec<f64>,
    /// What each column is multiplied by.
    factors: Vec<f64>,
}

impl Loop for Normalised {
    const NAME: &'static str = "normalise";

    fn sizes(&self, x: &[usize]) -> Vec<usize> {
        x.to_vec()
    }

    fn run<T: Number>(&self, x: &[T]) -> Vec<T> {
        let columns: Vec<(T, T)> =
            self.mean.iter().zip(&self.factors).map(|(&m, &f)| (T::of(m), T::of(f))).collect();
        let mut result = Vec::with_capacity(x.len());
        for row in x.chunks_exact(columns.len().max(1)) {
            result.extend(row.iter().zip(&columns).map(|(&x, &(mean, factor))| (x - mean) * factor));
        }
        result
    }

    /// `factor * (g - mean(g) - y * mean(g * y))`, column by column.
    fn grad<T: Number>(&self, _: &[T], y: &[T], grad: &[T]) -> Vec<T> {
        let columns = self.mean.len().max(1);
        let products: Vec<T> = y.iter().zip(grad).map(|(&y, &g)| y * g).collect();
        let count = (grad.len() / columns) as f64;
        let means = |numbers: &[T]| -> Vec<T> {
            let mut sums = vec![0.0; columns];
            column_sums(numbers, &mut sums);
            sums.into_iter().map(|sum| T::of(sum / count)).collect()
        };
        let (mean, slope) = (means(grad), means(&products));
        let factors: Vec<T> = self.factors.iter().map(|&factor| T::of(factor)).collect();
        let mut result = Vec::with_capacity(grad.len());
        for (y, grad) in y.chunks_exact(columns).zip(grad.chunks_exact(columns)) {
            let numbers = y.iter().zip(grad).zip(mean.iter().zip(&slope).zip(&factors));
            result.extend(
                numbers.map(|((&y, &g), ((&mean, &slope), &factor))| factor * (g - mean - y * slope)),
            );
        }
        result
    }
}

/// Batch norm by statistics of long standing. `x`: `[.., C]`, all others `[C]`.
pub(crate) fn batch_norm(
    x: &Tensor,
    mean: &Tensor,
    variance: &Tensor,
    [weight, bias]: [&Tensor; 2],
    eps: f64,
) -> Result<Tensor> {
    let factor = (weight / (variance + eps)?.sqrt()?)?;
    let offset = (bias - (mean * &factor)?)?;
    shift(&scale(x, &factor)?, &offset, x.dims())
}

/// Gives the last axis of each item mean 0 and variance 1, then scales and shifts it. `x`: `[.., n]`, the
/// others `[n]`.
///
/// candle's fused layer norm has no gradient.
pub(crate) fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    shift(&scale(&centred.broadcast_div(&deviation)?, weight)?, bias, x.dims())
}

/// Divides each item by the root of the mean square of its last axis, then scales it. `x`: `[.., n]`, `weight`: `[n]`.
///
/// candle's fused RMS norm has no gradient.
pub(crate) fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    let root = (x.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    scale(&x.broadcast_div(&root)?, weight)
}

/// Gives each group of channels of an item mean 0 and variance 1, then scales and shifts each channel. `x`: `[B, C, ..]`, the
/// others `[C]`.
pub(crate) fn group_norm(
    x: &Tensor,
    groups: usize,
    [weight, bias]: [&Tensor; 2],
    eps: f64,
) -> Result<Tensor> {
    let (batch, channels) = (x.dim(0)?, x.dim(1)?);
    let normal = normalise_groups(x, groups, eps)?.reshape((batch, channels, ()))?; // [B, C, ..]
    let [weight, bias] = [weight.reshape((channels, 1))?, bias.reshape((channels, 1))?];
    normal.broadcast_mul(&weight)?.broadcast_add(&bias)?.reshape(x.shape())
}

/// Gives each group of channels of an item mean 0 and variance 1. `x`: `[B, C, ..]`, as is the result.
pub(crate) fn normalise_groups(x: &Tensor, groups: usize, eps: f64) -> Result<Tensor> {
    let rows = x.reshape((x.dim(0)?, groups, ()))?; // [B, G, C/G * ..]
    let centred = rows.broadcast_sub(&rows.mean_keepdim(2)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(2)? + eps)?.sqrt()?;
    centred.broadcast_div(&deviation)?.reshape(x.shape())
}

/// What `x`, `[B, C, N]`, is of itself where it is measured in the deviations of `window`, `[B, C, T]`, from its means.
pub(crate) fn restore(x: &Tensor, window: &Tensor, eps: f64) -> Result<Tensor> {
    let mean = window.mean_keepdim(2)?; // [B, C, 1]
    let deviation = (window.broadcast_sub(&mean)?.sqr()?.mean_keepdim(2)? + eps)?.sqrt()?;
    x.broadcast_mul(&deviation)?.broadcast_add(&mean)
}
