//! Other grey levels, pixel by pixel, from a table: PIL's `ImageOps`, to the grey level.

use super::with;
use crate::source::Pixels;

/// For each grey level the new one.
type Table = [u8; 256];
/// How many pixels have each grey level.
type Histogram = [usize; 256];

/// The highest `bits` of each byte; the others become 0.
pub(super) fn posterize(image: &Pixels<'_>, bits: u32) -> Pixels<'static> {
    let lost = 0xff_u8.checked_shr(bits).unwrap_or(0);
    with(image, image.bytes.iter().map(|byte| byte & !lost).collect())
}

/// Levels from `threshold` on are inverted; none at 256.
pub(super) fn solarize(image: &Pixels<'_>, threshold: u16) -> Pixels<'static> {
    let solar = |&byte: &u8| if u16::from(byte) < threshold { byte } else { 255 - byte };
    with(image, image.bytes.iter().map(solar).collect())
}

/// The darkest level of each channel becomes 0, the brightest 255, the others lie between as before.
pub(super) fn autocontrast(image: &Pixels<'_>) -> Pixels<'static> {
    by_channel(image, |histogram| {
        let low = histogram.iter().position(|&count| count > 0)?;
        let high = histogram.iter().rposition(|&count| count > 0).filter(|&high| high > low)?;
        let scale = 255.0 / (high - low) as f64;
        let offset = -(low as f64) * scale;
        Some(table(|level| (level as f64 * scale + offset) as u8))
    })
}

/// New levels of each channel so that about equally many pixels have each.
pub(super) fn equalize(image: &Pixels<'_>) -> Pixels<'static> {
    by_channel(image, |histogram| {
        let brightest = histogram.iter().rev().find(|&&count| count > 0)?;
        let others = histogram.iter().sum::<usize>() - brightest;
        let step = Some(others / 255).filter(|&step| step > 0)?;
        let mut darker = step / 2;
        Some(table(|level| {
            let new = (darker / step).min(255) as u8;
            darker += histogram[level];
            new
        }))
    })
}

/// Each channel by its own table; one without a table stays as it is.
fn by_channel(image: &Pixels<'_>, make: impl Fn(&Histogram) -> Option<Table>) -> Pixels<'static> {
    let mut bytes = image.bytes.to_vec();
    for channel in 0..image.channels {
        let mut histogram = [0; 256];
        let old = image.bytes.iter().skip(channel).step_by(image.channels);
        old.for_each(|&byte| histogram[usize::from(byte)] += 1);
        if let Some(table) = make(&histogram) {
            let new = bytes.iter_mut().skip(channel).step_by(image.channels);
            new.for_each(|byte| *byte = table[usize::from(*byte)]);
        }
    }
    with(image, bytes)
}

/// The table of a function that is asked from level 0 to 255, in this order.
fn table(new: impl FnMut(usize) -> u8) -> Table {
    std::array::from_fn(new)
}
