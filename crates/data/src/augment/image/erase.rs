use super::with;
use crate::augment::{Dice, Filling};
use crate::source::Pixels;

/// How often a rectangle is drawn before the image stays as it is, as in torchvision.
const TRIES: usize = 10;

/// Where a rectangle lies: first row, first column, height, width.
type Rectangle = [usize; 4];

/// Fills a random rectangle: random erasing (Zhong et al. 2020).
///
/// `area` is a range of shares of the image, `aspect` one of height over width. The logarithm of the aspect is drawn
/// evenly, where the paper draws itself: so are tall ones as likely as wide ones. A rectangle that does not fit is
/// drawn anew, ten times at most.
pub(super) fn erase(
    image: &Pixels<'_>,
    area: [f32; 2],
    aspect: [f32; 2],
    filling: Filling,
    dice: &mut Dice,
) -> Pixels<'static> {
    let drawn = (0..TRIES).find_map(|_| rectangle([image.height, image.width], area, aspect, dice));
    let [top, left, height, width] = drawn.unwrap_or_default();
    let mut bytes = image.bytes.to_vec();
    for row in bytes.chunks_exact_mut(image.width * image.channels).skip(top).take(height) {
        for byte in row.iter_mut().skip(left * image.channels).take(width * image.channels) {
            *byte = match filling {
                Filling::Grey { level } => level,
                Filling::Noise => dice.below(256) as u8,
            };
        }
    }
    with(image, bytes)
}

/// A random rectangle; `None` if it does not fit into an image of `[height, width]`.
fn rectangle(size: [usize; 2], area: [f32; 2], aspect: [f32; 2], dice: &mut Dice) -> Option<Rectangle> {
    let pixels = dice.between(area[0], area[1]) * size[0] as f32 * size[1] as f32;
    let [flat, tall] = aspect.map(|aspect| aspect.max(1e-6).ln());
    let aspect = dice.between(flat, tall).exp();
    let height = (pixels * aspect).sqrt().round() as usize;
    let width = (pixels / aspect).sqrt().round() as usize;
    let (below, right) = (size[0].checked_sub(height)?, size[1].checked_sub(width)?);
    Some([dice.below(below + 1), dice.below(right + 1), height, width])
}
