use baeum_core::Size2;
use baeum_kernels::adaptive_window;
use candle_core::{DType, Device, Result, Tensor};

use super::host::{Loop, Number, apply};

/// What each place of a pool sees of an image.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    /// Of the image.
    pub(super) image: Size2,
    /// How many places there are, down and across.
    pub(super) places: Size2,
    /// How many pixels a place sees at most.
    pub(super) cells: usize,
    /// So many for each place, row by row; none where it sees padding, or nothing.
    pub(super) pixels: Vec<Option<usize>>,
    /// How many cells of each place a mean counts: padding too.
    pub(super) areas: Vec<usize>,
}

impl Sight {
    /// As many windows as are wanted, over all of the image.
    pub(crate) fn adaptive(image: Size2, places: Size2) -> Sight {
        let seen: Vec<Vec<usize>> = cells(places)
            .map(|(down, across)| {
                let rows = adaptive_window(down, image.height, places.height);
                let columns = adaptive_window(across, image.width, places.width);
                rows.flat_map(|row| columns.clone().map(move |column| row * image.width + column)).collect()
            })
            .collect();
        let most = seen.iter().map(Vec::len).max().unwrap_or(0);
        let filled = |seen: &Vec<usize>| {
            seen.iter().copied().map(Some).chain([None].into_iter().cycle()).take(most).collect::<Vec<_>>()
        };
        let pixels = seen.iter().flat_map(filled).collect();
        Sight { image, places, cells: most, pixels, areas: seen.iter().map(Vec::len).collect() }
    }
}

/// A window that moves over an image, and the sizes of that image before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) kernel: Size2,
    pub(crate) stride: Size2,
    pub(crate) padding: Size2,
    pub(crate) dilation: Size2,
    /// Of the image.
    pub(crate) image: Size2,
    /// How often the window fits, down and across.
    pub(crate) places: Size2,
}

impl Window {
    /// For each place of the window and each of its cells the pixel that the cell covers; none in the padding.
    pub(super) fn grid(&self) -> Vec<Option<usize>> {
        let side =
            |place: usize, stride: usize, cell: usize, dilation: usize, padding: usize, length: usize| {
                (place * stride + cell * dilation).checked_sub(padding).filter(|&at| at < length)
            };
        let Window { kernel, stride, padding, dilation, image, places } = self;
        let mut grid = Vec::with_capacity(places.area() * kernel.area());
        for (down, across) in cells(*places) {
            for (row, column) in cells(*kernel) {
                let y = side(down, stride.height, row, dilation.height, padding.height, image.height);
                let x = side(across, stride.width, column, dilation.width, padding.width, image.width);
                grid.push(y.zip(x).map(|(y, x)| y * image.width + x));
            }
        }
        grid
    }

    /// What a pool sees through it. A last window that reaches beyond the padding counts what lies in front of its end.
    pub(crate) fn sight(&self) -> Sight {
        let Window { kernel, stride, padding, image, places, .. } = *self;
        let extent = |place: usize, kernel: usize, stride: usize, padding: usize, length: usize| {
            kernel.min((length + 2 * padding).saturating_sub(place * stride))
        };
        let area = |(down, across): (usize, usize)| {
            extent(down, kernel.height, stride.height, padding.height, image.height)
                * extent(across, kernel.width, stride.width, padding.width, image.width)
        };
        let areas = cells(places).map(area).collect();
        Sight { image, places, cells: kernel.area(), pixels: self.grid(), areas }
    }

    /// Whether each pixel is a window of its own, in order.
    fn is_trivial(&self) -> bool {
        self.kernel.area() == 1 && self.image == self.places && self.padding.height + self.padding.width == 0
    }
}

/// Row by row.
fn cells(size: Size2) -> impl Iterator<Item = (usize, usize)> {
    (0..size.height).flat_map(move |row| (0..size.width).map(move |column| (row, column)))
}

/// Lays each window out as one row. `x`: `[B, H, W, C]`; result: `[B * places, kernel * C]`, zeros in the padding.
pub(crate) fn unfold(x: &Tensor, window: Window) -> Result<Tensor> {
    let channels = x.dim(3)?;
    match (window.is_trivial(), x.device().is_cpu()) {
        (true, _) => x.reshape(((), channels)),
        (false, true) => apply(x, Unfold { window, channels }),
        (false, false) => {
            let rows = x.dim(0)? * window.places.area();
            gather(x, &window.grid(), 0.0)?.reshape((rows, window.kernel.area() * channels))
        }
    }
}

/// The pixels of a list. `x`: `[B, H, W, C]`; result: `[B, pixels, C]`, with `fill` where there is none.
pub(super) fn gather(x: &Tensor, pixels: &[Option<usize>], fill: f64) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let image = x.reshape((batch, height * width, channels))?;
    // The padding is one more pixel, the last.
    let padding =
        Tensor::full(fill, (batch, 1, channels), &Device::Cpu)?.to_dtype(x.dtype())?.to_device(x.device())?;
    let image = Tensor::cat(&[&image, &padding], 1)?.contiguous()?;
    let at = |pixel: &Option<usize>| pixel.unwrap_or(height * width) as u32;
    let places: Vec<u32> = pixels.iter().map(at).collect();
    image.index_select(&Tensor::new(places, &Device::Cpu)?.to_dtype(DType::U32)?.to_device(x.device())?, 1)
}

struct Unfold {
    window: Window,
    channels: usize,
}

impl Unfold {
    fn item(&self) -> usize {
        (self.window.image.area() * self.channels).max(1)
    }
}

impl Loop for Unfold {
    const NAME: &'static str = "unfold";

    fn sizes(&self, x: &[usize]) -> Vec<usize> {
        let batch = x.first().copied().unwrap_or(0);
        vec![batch * self.window.places.area(), self.window.kernel.area() * self.channels]
    }

    fn run<T: Number>(&self, x: &[T]) -> Vec<T> {
        let (grid, channels) = (self.window.grid(), self.channels);
        let zeros = vec![T::of(0.0); channels];
        let mut rows = Vec::with_capacity(x.len() / self.item() * grid.len() * channels);
        for image in x.chunks_exact(self.item()) {
            for pixel in &grid {
                match pixel {
                    Some(pixel) => rows.extend_from_slice(&image[pixel * channels..(pixel + 1) * channels]),
                    None => rows.extend_from_slice(&zeros),
                }
            }
        }
        rows
    }

    fn grad<T: Number>(&self, x: &[T], _: &[T], grad: &[T]) -> Vec<T> {
        let (grid, channels) = (self.window.grid(), self.channels);
        let mut sums = vec![T::of(0.0); x.len()];
        let rows = grad.chunks_exact((grid.len() * channels).max(1));
        for (image, row) in sums.chunks_exact_mut(self.item()).zip(rows) {
            for (pixel, cell) in grid.iter().zip(row.chunks_exact(channels.max(1))) {
                let Some(pixel) = pixel else { continue };
                let sums = &mut image[pixel * channels..(pixel + 1) * channels];
                sums.iter_mut().zip(cell).for_each(|(sum, &g)| *sum += g);
            }
        }
        sums
    }
}
