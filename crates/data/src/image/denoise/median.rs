use super::border::{extend, planes, replicate};
use crate::source::Pixels;

/// How many bytes are sorted side by side. Of 16, 32, 64 and 128 the fastest, by fifteen times against 16,
/// which the compiler makes no vectors of (SSE2 on an AMD EPYC, November 2026).
const LANES: usize = 64;

type Lanes = [u8; LANES];

/// The median of the `aperture` x `aperture` pixels around each pixel, channel by channel; the edge repeats.
///
/// An even `aperture` counts as the next odd one. This is `cv2.medianBlur`, exactly.
pub(super) fn median(image: &Pixels<'_>, aperture: usize) -> Pixels<'static> {
    let extended = extend(image, aperture / 2, replicate);
    let bytes = match aperture / 2 {
        0 => extended.bytes.into_owned(),
        1 => by_sorting::<3, 6>(&extended),
        2 => by_sorting::<5, 14>(&extended),
        _ => by_counting(&extended, aperture | 1),
    };
    Pixels { bytes: bytes.into(), ..*image }
}

/// Small windows, `KEPT` = half of the window rounded down, and 2.
fn by_sorting<const SIDE: usize, const KEPT: usize>(extended: &Pixels<'_>) -> Vec<u8> {
    let (channels, stride) = (extended.channels, extended.width * extended.channels);
    let margin = (SIDE - 1) * channels;
    let mut bytes = Vec::with_capacity(extended.bytes.len());
    for y in 0..extended.height.saturating_sub(SIDE - 1) {
        for start in (0..stride.saturating_sub(margin)).step_by(LANES) {
            let tap = |place: usize| {
                let from = (y + place / SIDE) * stride + start + place % SIDE * channels;
                load(&extended.bytes[from..])
            };
            let lanes = middle::<KEPT>(SIDE * SIDE, tap);
            bytes.extend_from_slice(&lanes[..LANES.min(stride - margin - start)]);
        }
    }
    bytes
}

/// The first lanes; zeros stand in beyond the end of the image, and nobody reads what becomes of them.
fn load(bytes: &[u8]) -> Lanes {
    bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut lanes = [0; LANES];
        lanes[..bytes.len()].copy_from_slice(bytes);
        lanes
    })
}

/// The median of `count` numbers, lane by lane.
///
/// The smallest and the largest of any `count / 2 + 2` numbers can not be the median. So these two are
/// forgotten, one other number comes in, and so on until three are left.
#[inline(always)]
fn middle<const KEPT: usize>(count: usize, tap: impl Fn(usize) -> Lanes) -> Lanes {
    let mut kept = [[0; LANES]; KEPT];
    kept.iter_mut().enumerate().for_each(|(place, lanes)| *lanes = tap(place));
    for next in KEPT..count {
        let left = KEPT + KEPT - next;
        part(&mut kept[..left]);
        kept[0] = tap(next);
    }
    part(&mut kept[..3]);
    kept[1]
}

/// Brings the smallest to the front and the largest to the back.
#[inline(always)]
fn part(kept: &mut [Lanes]) {
    let last = kept.len() - 1;
    (0..kept.len() / 2).for_each(|place| exchange(kept, place, last - place));
    (1..=last / 2).for_each(|place| exchange(kept, 0, place));
    (kept.len() / 2..last).for_each(|place| exchange(kept, place, last));
}

#[inline(always)]
fn exchange(kept: &mut [Lanes], low: usize, high: usize) {
    let (mut small, mut large) = (kept[low], kept[high]);
    for (small, large) in small.iter_mut().zip(&mut large) {
        (*small, *large) = ((*small).min(*large), (*small).max(*large));
    }
    (kept[low], kept[high]) = (small, large);
}

/// Large windows: a histogram that moves down each column (Huang, Yang and Tang 1979), because what comes in
/// and what goes out are then bytes side by side.
fn by_counting(extended: &Pixels<'_>, side: usize) -> Vec<u8> {
    let (channels, stride) = (extended.channels, extended.width);
    let width = stride.saturating_sub(side - 1);
    let height = extended.height.saturating_sub(side - 1);
    let mut bytes = vec![0; height * width * channels];
    for (channel, plane) in planes(extended).iter().enumerate() {
        for x in 0..width {
            let row = |y: usize| plane[y * stride + x..][..side].iter();
            let mut counts = Counts::new(side * side);
            (0..side - 1).flat_map(row).for_each(|&byte| counts.add(byte));
            let column = bytes.iter_mut().skip(x * channels + channel).step_by(width * channels);
            for (y, median) in column.enumerate() {
                row(y + side - 1).for_each(|&byte| counts.add(byte));
                *median = counts.median();
                row(y).for_each(|&byte| counts.remove(byte));
            }
        }
    }
    bytes
}

/// How often each grey level stands in the window, and the median when it was last asked for.
struct Counts {
    levels: [u32; 256],
    median: u8,
    /// How many pixels are darker than `median`.
    darker: usize,
    half: usize,
}

impl Counts {
    fn new(pixels: usize) -> Counts {
        Counts { levels: [0; 256], median: 0, darker: 0, half: pixels / 2 }
    }

    fn add(&mut self, byte: u8) {
        let level = &mut self.levels[usize::from(byte)];
        *level = level.wrapping_add(1);
        self.darker = self.darker.wrapping_add(usize::from(byte < self.median));
    }

    fn remove(&mut self, byte: u8) {
        let level = &mut self.levels[usize::from(byte)];
        *level = level.wrapping_sub(1);
        self.darker = self.darker.wrapping_sub(usize::from(byte < self.median));
    }

    /// From the last median, which is seldom far away.
    fn median(&mut self) -> u8 {
        let count = |level: u8| self.levels[usize::from(level)] as usize;
        while self.darker > self.half {
            self.median -= 1;
            self.darker -= count(self.median);
        }
        while self.darker + count(self.median) <= self.half {
            self.darker += count(self.median);
            self.median += 1;
        }
        self.median
    }
}
