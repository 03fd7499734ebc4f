//! Resizing as weighted sums of neighbours: down the columns first, then along the rows.

use crate::source::Pixels;

/// Where one number comes from: neighbours along an axis, from `start` on, each with its weight.
pub(super) struct Tap {
    pub(super) start: usize,
    pub(super) weights: Vec<f32>,
}

impl Tap {
    /// A place between the pixel at `start` and the next one; `fraction` is the weight of the latter.
    pub(super) fn between(start: usize, fraction: f32) -> Tap {
        let weights = if fraction > 0.0 { vec![1.0 - fraction, fraction] } else { vec![1.0] };
        Tap { start, weights }
    }
}

/// The source pixel in which a target pixel begins, of `from` pixels that become `to`.
///
/// The scale is one over its inverse, rounded twice, as OpenCV has it. Whole numbers would be exact, and a
/// pixel away from `cv2` where the rounding falls below an edge (6 pixels that become 34, for one).
pub(super) fn begin(place: usize, from: usize, to: usize) -> usize {
    let scale = 1.0 / (to as f64 / from as f64);
    ((place as f64 * scale) as usize).min(from.saturating_sub(1))
}

/// Bytes `[h, w, c]` to numbers `[c, rows, columns]`, 0 to 255. An image without pixels becomes zeros.
pub(super) fn resample(image: &Pixels<'_>, rows: &[Tap], columns: &[Tap]) -> Vec<f32> {
    let (height, width, channels) = (rows.len(), columns.len(), image.channels);
    let mut planes = vec![0.0; channels * height * width];
    let mut sums = vec![0.0; image.width * channels];
    let sum_columns = match channels {
        1 => sum_columns::<1>,
        3 => sum_columns::<3>,
        _ => sum_columns::<0>,
    };
    for (y, row) in rows.iter().enumerate() {
        sum_rows(image, row, &mut sums);
        sum_columns(&sums, channels, columns, &mut planes[y * width..], height * width);
    }
    planes // [c, height, width]
}

/// One row out of several, `[w, c]` as they are: loops that the compiler makes vectors of.
fn sum_rows(image: &Pixels<'_>, tap: &Tap, sums: &mut [f32]) {
    sums.fill(0.0);
    let rows = image.bytes.chunks_exact(sums.len().max(1)).skip(tap.start);
    for (row, weight) in rows.zip(&tap.weights) {
        sums.iter_mut().zip(row).for_each(|(sum, byte)| *sum += weight * f32::from(*byte));
    }
}

/// One pixel out of several, along a row `[w, c]`; its channels go to planes that lie `area` apart. `C` is how many
/// channels there are, or 0 where that is known no sooner: known ones are summed together.
fn sum_columns<const C: usize>(row: &[f32], channels: usize, columns: &[Tap], out: &mut [f32], area: usize) {
    for (x, column) in columns.iter().enumerate() {
        let pixels = row.get(column.start * channels..).unwrap_or_default();
        if C > 0 {
            let mut sums = [0.0; C];
            for (pixel, weight) in pixels.as_chunks::<C>().0.iter().zip(&column.weights) {
                sums.iter_mut().zip(pixel).for_each(|(sum, number)| *sum += number * weight);
            }
            (0..C).for_each(|channel| out[channel * area + x] = sums[channel]);
            continue;
        }
        for channel in 0..channels {
            let numbers = pixels.iter().skip(channel).step_by(channels).zip(&column.weights);
            out[channel * area + x] = numbers.map(|(number, weight)| number * weight).sum();
        }
    }
}
