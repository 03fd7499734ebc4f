//! What stands beyond the edge of an image.

use crate::source::Pixels;

/// Mirrored without the edge itself, `cb|abc|ba`, as often as it takes: OpenCV's `BORDER_REFLECT_101`.
pub(crate) fn reflect(place: isize, len: usize) -> usize {
    let period = 2 * len.saturating_sub(1);
    let place = place.unsigned_abs() % period.max(1);
    place.min(period - place)
}

/// The edge again and again, `aa|abc|cc`: OpenCV's `BORDER_REPLICATE`.
pub(super) fn replicate(place: isize, len: usize) -> usize {
    place.max(0).unsigned_abs().min(len.saturating_sub(1))
}

/// The image with `margin` more pixels on each side; one without pixels stays as it is.
pub(super) fn extend(image: &Pixels<'_>, margin: usize, rule: fn(isize, usize) -> usize) -> Pixels<'static> {
    if image.bytes.is_empty() {
        return Pixels { bytes: vec![].into(), ..*image };
    }
    let (height, width, channels) = (image.height + 2 * margin, image.width + 2 * margin, image.channels);
    let source = |place: usize, len| rule(place as isize - margin as isize, len);
    let [left, right] = [0..margin, margin + image.width..width]
        .map(|beyond| beyond.map(|x| source(x, image.width)).collect::<Vec<_>>());
    let mut bytes = Vec::with_capacity(height * width * channels);
    for y in 0..height {
        let row = &image.bytes[source(y, image.height) * image.width * channels..][..image.width * channels];
        let pixel = |&x: &usize| &row[x * channels..(x + 1) * channels];
        bytes.extend(left.iter().flat_map(pixel));
        bytes.extend_from_slice(row);
        bytes.extend(right.iter().flat_map(pixel));
    }
    Pixels { height, width, channels, bytes: bytes.into() }
}

/// The channels one after the other, each `[height, width]`.
pub(super) fn planes(image: &Pixels<'_>) -> Vec<Vec<u8>> {
    let plane = |channel| image.bytes.iter().skip(channel).step_by(image.channels).copied().collect();
    (0..image.channels).map(plane).collect()
}
