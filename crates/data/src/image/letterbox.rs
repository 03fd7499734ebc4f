use crate::source::Pixels;

/// An image inside `height` x `width`, as large as it fits, with the shape that it has; `grey` fills the
/// rest.
///
/// Bytes `[h, w, c]` to numbers `[c, height, width]`; `resize` gives numbers `[c, h, w]` for the size that it
/// is asked for. The picture stands in the middle; an odd pixel is left over at the bottom or on the right.
///
/// # Errors
/// What `resize` says.
pub(crate) fn letterbox<E>(
    image: &Pixels<'_>,
    [height, width]: [usize; 2],
    grey: f32,
    resize: impl FnOnce(&Pixels<'_>, usize, usize) -> Result<Vec<f32>, E>,
) -> Result<Vec<f32>, E> {
    let [inner_height, inner_width] = fit(image, [height, width]);
    let resized = resize(image, inner_height, inner_width)?;
    let [top, left] = [(height - inner_height) / 2, (width - inner_width) / 2];
    let mut planes = vec![grey; image.channels * height * width];
    let inner_planes = resized.chunks_exact((inner_height * inner_width).max(1));
    for (plane, inner) in planes.chunks_exact_mut((height * width).max(1)).zip(inner_planes) {
        let rows = plane.chunks_exact_mut(width).skip(top);
        for (row, inner) in rows.zip(inner.chunks_exact(inner_width)) {
            row[left..left + inner_width].copy_from_slice(inner);
        }
    }
    Ok(planes) // [c, height, width]
}

/// The largest height and width that fit, rounded (halves to even, as Python's `round` does), and at least 1.
fn fit(image: &Pixels<'_>, [height, width]: [usize; 2]) -> [usize; 2] {
    let ratio = (height as f64 / image.height as f64).min(width as f64 / image.width as f64);
    let side = |from: usize, to: usize| ((from as f64 * ratio).round_ties_even() as usize).max(1).min(to);
    [side(image.height, height), side(image.width, width)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ones, as many as are asked for.
    fn ones(image: &Pixels<'_>, height: usize, width: usize) -> Result<Vec<f32>, String> {
        Ok(vec![1.0; image.channels * height * width])
    }

    fn blank(height: usize, width: usize) -> Pixels<'static> {
        Pixels { height, width, channels: 1, bytes: vec![0; height * width].into() }
    }

    #[test]
    fn the_picture_stands_in_the_middle() {
        let boxed = letterbox(&blank(1, 2), [4, 4], 9.0, ones);
        let (one, grey) = ([1.0; 4], [9.0; 4]);
        assert_eq!(boxed, Ok([grey, one, one, grey].concat()));
        let boxed = letterbox(&blank(2, 1), [2, 4], 9.0, ones);
        assert_eq!(boxed, Ok([9.0, 1.0, 9.0, 9.0].repeat(2)));
    }

    #[test]
    fn a_side_is_rounded_and_never_nothing() {
        assert_eq!(fit(&blank(3, 2), [64, 64]), [64, 43]);
        assert_eq!(fit(&blank(1000, 1), [10, 10]), [10, 1]);
        assert_eq!(fit(&blank(4, 10), [5, 5]), [2, 5]);
        assert_eq!(fit(&blank(7, 7), [0, 3]), [0, 1]);
    }

    #[test]
    fn every_plane_is_filled() {
        let image = Pixels { height: 1, width: 1, channels: 3, bytes: vec![0; 3].into() };
        assert_eq!(letterbox(&image, [1, 2], 5.0, ones), Ok([1.0, 5.0].repeat(3)));
    }

    #[test]
    fn no_room_is_nothing_and_an_error_is_passed_on() {
        assert_eq!(letterbox(&blank(2, 2), [0, 3], 5.0, ones), Ok(vec![]));
        let refuse = |_: &Pixels<'_>, _, _| Err("no");
        assert_eq!(letterbox(&blank(2, 2), [2, 2], 5.0, refuse), Err("no"));
    }
}
