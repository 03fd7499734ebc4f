//! What a window sees of an image `[channels, height, width]`. A line of time is an image of one row.
use baeum_core::{Interpolation, Layer, Padding, Size2};

/// Convolutions and pools, and images made larger. `item`: the sizes that come out.
pub(super) fn layer(
    layer: &Layer,
    shape: &[usize],
    item: &[usize],
    x: &[f64],
    weight: &dyn Fn(&str) -> Option<Vec<f64>>,
) -> Vec<f64> {
    let row = |width: usize| Size2 { height: 1, width };
    let (image, line) = (Image { shape, item, x }, [shape[0], 1, *shape.last().unwrap()]);
    let places = [item[0], 1, *item.last().unwrap()];
    let line = Image { shape: &line, item: &places, x };
    let padded = |width: &usize| Size2 { height: 0, width: *width };
    match layer {
        Layer::Conv2d { kernel, stride, padding, dilation, groups, .. } => {
            image.conv([*kernel, *stride, *padding, *dilation], *groups, weight)
        }
        Layer::ConvTranspose2d { kernel, stride, padding, dilation, groups, .. } => {
            image.spread([*kernel, *stride, *padding, *dilation], *groups, weight)
        }
        Layer::Conv1d { kernel, stride, padding, dilation, groups, .. } => {
            line.conv([row(*kernel), row(*stride), padded(padding), row(*dilation)], *groups, weight)
        }
        Layer::MaxPool2d { kernel, stride, padding, .. } => {
            image.pool([*kernel, stride.unwrap_or(*kernel), *padding], largest)
        }
        Layer::MaxPool1d { kernel, stride, padding, .. } => {
            line.pool([row(*kernel), row(stride.unwrap_or(*kernel)), padded(padding)], largest)
        }
        Layer::AvgPool2d { kernel, stride, padding, .. } => {
            image.pool([*kernel, stride.unwrap_or(*kernel), *padding], mean)
        }
        Layer::AvgPool1d { kernel, stride, padding, .. } => {
            line.pool([row(*kernel), row(stride.unwrap_or(*kernel)), padded(padding)], mean)
        }
        Layer::Pad1d { before, mode, .. } => padded_line(shape, item[1], x, *before, *mode),
        Layer::AdaptiveAvgPool2d { size } => image.adaptive(*size, mean),
        Layer::AdaptiveMaxPool2d { size } => image.adaptive(*size, largest),
        Layer::Upsample { factor, mode } => image.upsample(*factor, *mode),
        Layer::Input { .. }
        | Layer::Dense { .. }
        | Layer::GroupedDense { .. }
        | Layer::Scale { .. }
        | Layer::Ensemble { .. }
        | Layer::GlobalAvgPool
        | Layer::BatchNorm { .. }
        | Layer::LayerNorm { .. }
        | Layer::RmsNorm { .. }
        | Layer::GroupNorm { .. }
        | Layer::InstanceNorm { .. }
        | Layer::InstanceRestore { .. }
        | Layer::Relu
        | Layer::Gelu { .. }
        | Layer::Tanh
        | Layer::Sigmoid
        | Layer::Silu
        | Layer::LeakyRelu { .. }
        | Layer::Elu { .. }
        | Layer::Softplus
        | Layer::Mish
        | Layer::HardTanh { .. }
        | Layer::Dropout { .. }
        | Layer::Flatten { .. }
        | Layer::Embedding { .. }
        | Layer::NgramEmbedding { .. }
        | Layer::Unembedding { .. }
        | Layer::PositionEmbedding { .. }
        | Layer::SinusoidalPositions
        | Layer::MultiHeadAttention { .. }
        | Layer::Lstm { .. }
        | Layer::Gru { .. }
        | Layer::MeanOverTime
        | Layer::MemberMean { .. }
        | Layer::MaxOverTime
        | Layer::Lengths { .. }
        | Layer::Transpose
        | Layer::Patches { .. }
        | Layer::Add
        | Layer::Subtract
        | Layer::Multiply
        | Layer::Concat { .. } => panic!("{} has no window", layer.name()),
    }
}

/// `width`: steps of a row that comes out.
fn padded_line(shape: &[usize], width: usize, x: &[f64], before: usize, mode: Padding) -> Vec<f64> {
    let number = |row: &[f64], place: usize| {
        let step = place.clamp(before, before + row.len() - 1);
        if mode == Padding::Zeros && step != place { 0.0 } else { row[step - before] }
    };
    x.chunks(shape[1])
        .flat_map(|row| (0..width).map(|place| number(row, place)).collect::<Vec<_>>())
        .collect()
}

#[derive(Clone, Copy)]
struct Image<'a> {
    shape: &'a [usize],
    item: &'a [usize],
    x: &'a [f64],
}

impl Image<'_> {
    /// `sizes`: kernel, stride, padding, dilation.
    fn conv(
        &self,
        [kernel, stride, padding, dilation]: [Size2; 4],
        groups: usize,
        weight: &dyn Fn(&str) -> Option<Vec<f64>>,
    ) -> Vec<f64> {
        let filters = self.item[0];
        let (w, b) = (weight("weight").unwrap(), weight("bias").unwrap_or(vec![0.0; filters]));
        let (share, per_group) = (self.shape[0] / groups, filters / groups);
        self.slide(|k, y, x| {
            let tap = |(c, i, j): (usize, usize, usize)| {
                let (row, column) =
                    (y * stride.height + i * dilation.height, x * stride.width + j * dilation.width);
                let at = ((k * share + c) * kernel.height + i) * kernel.width + j;
                w[at] * self.pixel([k / per_group * share + c, row, column], padding).unwrap_or(0.0)
            };
            b[k] + cube(share, kernel).map(tap).sum::<f64>()
        })
    }

    /// Each pixel times each cell of its kernels, added to the place where the cell lies.
    fn spread(
        &self,
        [kernel, stride, padding, dilation]: [Size2; 4],
        groups: usize,
        weight: &dyn Fn(&str) -> Option<Vec<f64>>,
    ) -> Vec<f64> {
        let [filters, height, width] = self.item[..] else { panic!("an image has three axes") };
        let w = weight("weight").unwrap();
        let b = weight("bias").unwrap_or(vec![0.0; filters]);
        let (share, per_group) = (filters / groups, self.shape[0] / groups);
        let mut y: Vec<f64> = (0..filters * height * width).map(|i| b[i / (height * width)]).collect();
        for (pixel, (c, row, column)) in
            cube(self.shape[0], Size2 { height: self.shape[1], width: self.shape[2] }).enumerate()
        {
            for (k, i, j) in cube(share, kernel) {
                let at = |from: usize, stride: usize, cell: usize, dilation: usize, padding: usize| {
                    (from * stride + cell * dilation).checked_sub(padding)
                };
                let row =
                    at(row, stride.height, i, dilation.height, padding.height).filter(|row| *row < height);
                let column =
                    at(column, stride.width, j, dilation.width, padding.width).filter(|x| *x < width);
                if let Some((row, column)) = row.zip(column) {
                    let cell = ((c * share + k) * kernel.height + i) * kernel.width + j;
                    let filter = c / per_group * share + k;
                    y[(filter * height + row) * width + column] += self.x[pixel] * w[cell];
                }
            }
        }
        y
    }

    /// `sizes`: kernel, stride, padding.
    fn pool(
        &self,
        [kernel, stride, padding]: [Size2; 3],
        of: fn(&mut dyn Iterator<Item = f64>, usize) -> f64,
    ) -> Vec<f64> {
        self.slide(|k, y, x| {
            let mut seen = cube(1, kernel).filter_map(|(_, i, j)| {
                self.pixel([k, y * stride.height + i, x * stride.width + j], padding)
            });
            // Of the last windows a mean counts what lies in front of the end of the padding.
            let side =
                |at: usize, stride: usize, kernel: usize, padded: usize| kernel.min(padded - at * stride);
            let rows = side(y, stride.height, kernel.height, self.shape[1] + 2 * padding.height);
            let columns = side(x, stride.width, kernel.width, self.shape[2] + 2 * padding.width);
            of(&mut seen, rows * columns)
        })
    }

    fn adaptive(&self, size: Size2, of: fn(&mut dyn Iterator<Item = f64>, usize) -> f64) -> Vec<f64> {
        let window = |i: usize, len: usize, count: usize| i * len / count..((i + 1) * len).div_ceil(count);
        self.slide(|k, y, x| {
            let rows = window(y, self.shape[1], size.height);
            let columns = window(x, self.shape[2], size.width);
            let area = rows.len() * columns.len();
            let at = |row| {
                columns.clone().map(move |column| self.pixel([k, row, column], Size2::square(0)).unwrap())
            };
            of(&mut rows.flat_map(at), area)
        })
    }

    fn upsample(&self, factor: Size2, mode: Interpolation) -> Vec<f64> {
        let none = Size2::square(0);
        let pixel = |k: usize, row: usize, column: usize| self.pixel([k, row, column], none).unwrap();
        self.slide(|k, y, x| match mode {
            Interpolation::Nearest => pixel(k, y / factor.height, x / factor.width),
            Interpolation::Bilinear => {
                let rows = between(y, factor.height, self.shape[1]);
                let columns = between(x, factor.width, self.shape[2]);
                let of = |(row, share): (usize, f64)| {
                    columns.iter().map(|(column, part)| share * part * pixel(k, row, *column)).sum::<f64>()
                };
                rows.into_iter().map(of).sum()
            }
        })
    }

    /// One number for each place of what comes out.
    fn slide(&self, at: impl Fn(usize, usize, usize) -> f64) -> Vec<f64> {
        let size = Size2 { height: self.item[1], width: self.item[2] };
        cube(self.item[0], size).map(|(k, y, x)| at(k, y, x)).collect()
    }

    /// A pixel counted from the padded corner; none in the padding.
    fn pixel(&self, [k, row, column]: [usize; 3], padding: Size2) -> Option<f64> {
        let [_, height, width] = self.shape[..] else { panic!("an image has three axes") };
        let (row, column) = (row.checked_sub(padding.height)?, column.checked_sub(padding.width)?);
        (row < height && column < width).then(|| self.x[(k * height + row) * width + column])
    }
}

fn largest(seen: &mut dyn Iterator<Item = f64>, _: usize) -> f64 {
    seen.fold(f64::NEG_INFINITY, f64::max)
}

fn mean(seen: &mut dyn Iterator<Item = f64>, area: usize) -> f64 {
    seen.sum::<f64>() / area as f64
}

/// The two neighbours of a place of a row that was made longer, and their shares.
fn between(place: usize, factor: usize, len: usize) -> [(usize, f64); 2] {
    let source = ((place as f64 + 0.5) / factor as f64 - 0.5).clamp(0.0, len as f64 - 1.0);
    let share = source.fract();
    [(source as usize, 1.0 - share), ((source as usize + 1).min(len - 1), share)]
}

fn cube(channels: usize, size: Size2) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..channels * size.area()).map(move |i| (i / size.area(), i / size.width % size.height, i % size.width))
}
