//! Images of other sizes.
//!
//! `Resize` has settings enough for every runtime to read them its own way; what is written here means one thing.
use baeum_core::{Interpolation, Size2};
use baeum_kernels::{adaptive_matrix, bilinear_matrix};

use super::builder::Builder;
use super::sequence::reshape;
use crate::error::ExportError;

/// `item`: `[channels, height, width]`.
pub(super) fn write(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
    factor: Size2,
    mode: Interpolation,
) -> Result<String, ExportError> {
    let &[channels, height, width] = item else { return Ok(x.to_owned()) }; // an image, or the graph would not stand
    let part = |part: &str| format!("{name}.{part}");
    let [high, wide] = [height * factor.height, width * factor.width];
    match mode {
        Interpolation::Nearest => {
            let pixels = reshape(builder, &part("pixels"), x, &[channels, height, 1, width, 1]);
            let sizes = [1, channels, height, factor.height, width, factor.width];
            let sizes = builder.whole(&part("sizes"), &sizes);
            let blocks = builder.add(&part("blocks"), "Expand", &[&pixels, &sizes], &[]);
            Ok(reshape(builder, name, &blocks, &[channels, high, wide]))
        }
        Interpolation::Bilinear => {
            let sides = [bilinear_matrix(height, factor.height), bilinear_matrix(width, factor.width)];
            products(builder, name, x, [height, width], &sides)
        }
    }
}

/// The means of so many windows; a runtime has no word for them. `item`: `[channels, height, width]`.
pub(super) fn adaptive(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
    size: Size2,
) -> Result<String, ExportError> {
    let &[_, height, width] = item else { return Ok(x.to_owned()) }; // an image, or the graph would not stand
    let sides = [adaptive_matrix(height, size.height), adaptive_matrix(width, size.width)];
    products(builder, name, x, [height, width], &sides)
}

/// Images `[batch, channels, *plane]` by a matrix for each side, `[to, height]` and `[to, width]`.
fn products(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    [height, width]: [usize; 2],
    [down, across]: &[Vec<f64>; 2],
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let sizes = vec![width, across.len() / width];
    let across = builder.numbers(&part("across"), sizes, &transposed(across, width))?;
    let down = builder.numbers(&part("down"), vec![down.len() / height, height], down)?;
    let rows = builder.add(&part("rows"), "MatMul", &[x, &across], &[]); // [batch, channels, height, to]
    Ok(builder.add(name, "MatMul", &[&down, &rows], &[]))
}

/// Rows of `columns` numbers as columns.
fn transposed(matrix: &[f64], columns: usize) -> Vec<f64> {
    (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns).copied()).collect()
}
