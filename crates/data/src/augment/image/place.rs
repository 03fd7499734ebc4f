//! Pixels at other places, unchanged.

use super::with;
use crate::augment::{Border, Dice};
use crate::image::reflect;
use crate::source::Pixels;

/// Further than any image is wide; keeps sums within their type.
const FAR: usize = 1 << 24;

/// Mirrored top to bottom, left to right, or both.
pub(super) fn flip(image: &Pixels<'_>, [down, across]: [bool; 2]) -> Pixels<'static> {
    let places = |len: usize, turned: bool| {
        (0..len).map(|place| Some(if turned { len - 1 - place } else { place })).collect::<Vec<_>>()
    };
    gather(image, &places(image.height, down), &places(image.width, across), 0)
}

/// Moved by up to `pixels` to each side: the same as padding by so many and cutting back at a random place.
pub(super) fn shift(image: &Pixels<'_>, pixels: usize, border: Border, dice: &mut Dice) -> Pixels<'static> {
    let reach = pixels.min(FAR);
    let [top, left] = [(); 2].map(|()| dice.below(2 * reach + 1) as isize - reach as isize);
    cut(image, [top, left], border)
}

/// The piece of the padded image that begins at this row and column of the image itself.
pub(super) fn cut(image: &Pixels<'_>, [top, left]: [isize; 2], border: Border) -> Pixels<'static> {
    let places = |start: isize, len: usize| {
        (0..len).map(|place| source(start + place as isize, len, border)).collect::<Vec<_>>()
    };
    let grey = match border {
        Border::Reflect => 0, // nothing lies outside
        Border::Grey { level } => level,
    };
    gather(image, &places(top, image.height), &places(left, image.width), grey)
}

/// The pixel that stands for a place; `None` outside of the image.
fn source(place: isize, len: usize, border: Border) -> Option<usize> {
    match border {
        Border::Reflect => Some(reflect(place, len)),
        Border::Grey { .. } => usize::try_from(place).ok().filter(|&place| place < len),
    }
}

/// The image whose rows and columns are these ones; grey where there is none.
fn gather(
    image: &Pixels<'_>,
    rows: &[Option<usize>],
    columns: &[Option<usize>],
    grey: u8,
) -> Pixels<'static> {
    let (channels, stride) = (image.channels, image.width * image.channels);
    let blank = vec![grey; stride];
    let mut bytes = Vec::with_capacity(image.bytes.len());
    for row in rows {
        let row = row.map_or(&blank[..], |y| &image.bytes[y * stride..(y + 1) * stride]);
        let pixel = |column: &Option<usize>| {
            column.map_or(&blank[..channels], |x| &row[x * channels..(x + 1) * channels])
        };
        bytes.extend(columns.iter().flat_map(pixel));
    }
    with(image, bytes)
}
