use candle_core::{Result, Tensor};

use super::host::{Loop, Number, apply};
use super::window::{Sight, gather};

/// What becomes of the numbers under a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    /// The largest; the first of equals, and NaN above all. The padding is never taken.
    Max,
    /// The mean, the padding counted in as zeros, if the sight has it.
    Mean,
}

/// Pools each channel. `x`: `[B, H, W, C]`; result: `[B, places down, places across, C]`.
pub(crate) fn pool(x: &Tensor, sight: Sight, pool: Pool) -> Result<Tensor> {
    match x.device().is_cpu() {
        true => apply(x, Pooled { sight, pool, channels: x.dim(3)? }),
        false => composed(x, &sight, pool),
    }
}

pub(super) fn composed(x: &Tensor, sight: &Sight, pool: Pool) -> Result<Tensor> {
    let (batch, channels) = (x.dim(0)?, x.dim(3)?);
    let rows = (batch, sight.places.area(), sight.cells, channels);
    let sizes = (batch, sight.places.height, sight.places.width, channels);
    let cell = |cells: &Tensor, k: usize| cells.narrow(2, k, 1)?.contiguous();
    match pool {
        Pool::Mean => {
            let shares: Vec<f64> = (0..sight.places.area()).map(|place| sight.share(place)).collect();
            let shares =
                Tensor::from_vec(shares, (1, sight.places.area(), 1), x.device())?.to_dtype(x.dtype())?;
            gather(x, &sight.pixels, 0.0)?.reshape(rows)?.sum(2)?.broadcast_mul(&shares)?.reshape(sizes)
        }
        Pool::Max => {
            let cells = gather(x, &sight.pixels, f64::NEG_INFINITY)?.reshape(rows)?;
            let fold = |best: Tensor, k: usize| {
                let value = cell(&cells, k)?;
                (value.gt(&best)? + value.ne(&value)?)?.where_cond(&value, &best)
            };
            (1..sight.cells).try_fold(cell(&cells, 0)?, fold)?.reshape(sizes)
        }
    }
}

impl Sight {
    /// What a place of a mean takes of each pixel.
    fn share(&self, place: usize) -> f64 {
        1.0 / self.areas[place] as f64
    }
}

struct Pooled {
    sight: Sight,
    pool: Pool,
    channels: usize,
}

impl Pooled {
    fn item(&self) -> usize {
        (self.sight.image.area() * self.channels).max(1)
    }

    /// For each place the pixels that it sees.
    fn places(&self) -> Vec<Vec<usize>> {
        let cells = self.sight.pixels.chunks(self.sight.cells.max(1));
        cells.map(|cells| cells.iter().flatten().copied().collect()).collect()
    }

    fn share<T: Number>(&self, place: usize) -> T {
        T::of(self.sight.share(place))
    }
}

impl Loop for Pooled {
    const NAME: &'static str = "pool";

    fn sizes(&self, x: &[usize]) -> Vec<usize> {
        let places = self.sight.places;
        vec![x.first().copied().unwrap_or(0), places.height, places.width, self.channels]
    }

    fn run<T: Number>(&self, x: &[T]) -> Vec<T> {
        let (places, channels) = (self.places(), self.channels);
        let mut result = Vec::with_capacity(x.len() / self.item() * places.len() * channels);
        let mut row = vec![T::of(0.0); channels];
        for image in x.chunks_exact(self.item()) {
            for (place, pixels) in places.iter().enumerate() {
                row.fill(match self.pool {
                    Pool::Max => T::of(f64::NEG_INFINITY),
                    Pool::Mean => T::of(0.0),
                });
                for pixel in pixels {
                    let cell = &image[pixel * channels..(pixel + 1) * channels];
                    match self.pool {
                        Pool::Max => row.iter_mut().zip(cell).for_each(|(best, &x)| *best = larger(*best, x)),
                        Pool::Mean => row.iter_mut().zip(cell).for_each(|(sum, &x)| *sum += x),
                    }
                }
                match self.pool {
                    Pool::Max => result.extend_from_slice(&row),
                    Pool::Mean => result.extend(row.iter().map(|&sum| sum * self.share(place))),
                }
            }
        }
        result
    }

    fn grad<T: Number>(&self, x: &[T], y: &[T], grad: &[T]) -> Vec<T> {
        let (places, channels) = (self.places(), self.channels);
        let mut sums = vec![T::of(0.0); x.len()];
        let images = x.chunks_exact(self.item()).zip(sums.chunks_exact_mut(self.item()));
        let rows = (places.len() * channels).max(1);
        for ((image, sums), (best, grad)) in images.zip(y.chunks_exact(rows).zip(grad.chunks_exact(rows))) {
            for (place, pixels) in places.iter().enumerate() {
                let row = place * channels..(place + 1) * channels;
                match self.pool {
                    Pool::Max => to_the_first(pixels, &best[row.clone()], &grad[row], image, sums),
                    Pool::Mean => to_all(pixels, &grad[row], self.share(place), sums),
                }
            }
        }
        sums
    }
}

/// The gradient of a maximum goes to the first pixel that holds it; to the last NaN, if there is one.
fn to_the_first<T: Number>(pixels: &[usize], best: &[T], grad: &[T], image: &[T], sums: &mut [T]) {
    let channels = best.len();
    for (channel, (&best, &grad)) in best.iter().zip(grad).enumerate() {
        let mut places = pixels.iter().map(|pixel| pixel * channels + channel);
        let holder = match is_nan(best) {
            true => places.rfind(|&at| is_nan(image[at])),
            false => places.find(|&at| image[at] == best),
        };
        if let Some(at) = holder {
            sums[at] += grad;
        }
    }
}

/// The gradient of a mean goes to all in equal shares.
fn to_all<T: Number>(pixels: &[usize], grad: &[T], share: T, sums: &mut [T]) {
    for pixel in pixels {
        let sums = &mut sums[pixel * grad.len()..(pixel + 1) * grad.len()];
        sums.iter_mut().zip(grad).for_each(|(sum, &g)| *sum += g * share);
    }
}

fn larger<T: Number>(best: T, x: T) -> T {
    if x > best || is_nan(x) { x } else { best }
}

fn is_nan<T: Number>(x: T) -> bool {
    x.partial_cmp(&x).is_none()
}
