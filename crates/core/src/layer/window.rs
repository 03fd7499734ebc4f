//! What a window moves over: an image, or a line of time.
use super::infer::{Refusal, wants};
use crate::{Dim, Shape, Size2};

/// More numbers than any memory holds; fewer may be multiplied with one another without a second thought.
const MOST: usize = 1 << 40;

/// `[batch, channels, height, width]`, the sizes known.
pub(super) struct Image {
    pub(super) channels: usize,
    height: usize,
    width: usize,
}

impl Image {
    pub(super) fn of(shape: &Shape) -> Result<Image, Refusal> {
        match shape.0[..] {
            [Dim::Batch, Dim::Size(channels), Dim::Size(height), Dim::Size(width)] => {
                Ok(Image { channels, height, width })
            }
            _ => Err(wants("an image [batch, channels, height, width]")),
        }
    }

    /// The sizes after a window has moved over it.
    pub(super) fn slide(self, window: Size2, stride: Size2, padding: Size2) -> Result<Image, Refusal> {
        let height = places(self.height, window.height, stride.height, padding.height);
        let width = places(self.width, window.width, stride.width, padding.width);
        match (height, width) {
            (Some(height), Some(width)) => Ok(Image { channels: self.channels, height, width }),
            _ => Err(Refusal(
                format!("an image of at least {window} with padding {padding}"),
                Some("make `kernel` smaller, or pool less before it"),
            )),
        }
    }

    /// The sizes after each pixel has become a block.
    pub(super) fn enlarged(self, factor: Size2) -> Result<Shape, Refusal> {
        let sides = self.height.checked_mul(factor.height).zip(self.width.checked_mul(factor.width));
        let counted = |(height, width): &(usize, usize)| {
            let count = height.checked_mul(*width).and_then(|area| area.checked_mul(self.channels));
            count.is_some_and(|count| count <= MOST)
        };
        match sides.filter(counted) {
            Some((height, width)) => Ok(Shape::batch(&[self.channels, height, width])),
            None => Err(Refusal(
                format!("an image of at most {MOST} numbers when it is {factor} as large"),
                Some("make `factor` smaller"),
            )),
        }
    }

    pub(super) fn with_channels(self, channels: usize) -> Result<Shape, Refusal> {
        Ok(Shape::batch(&[channels, self.height, self.width]))
    }
}

/// `[batch, channels, time]`, the sizes known.
pub(super) struct Line {
    pub(super) channels: usize,
    time: usize,
}

impl Line {
    pub(super) fn of(shape: &Shape) -> Result<Line, Refusal> {
        match shape.0[..] {
            [Dim::Batch, Dim::Size(channels), Dim::Size(time)] => Ok(Line { channels, time }),
            _ => Err(wants("channels over time [batch, channels, time]")),
        }
    }

    /// The sizes after a window has moved over it.
    pub(super) fn slide(self, window: usize, stride: usize, padding: usize) -> Result<Line, Refusal> {
        match places(self.time, window, stride, padding) {
            Some(time) => Ok(Line { time, ..self }),
            None => Err(Refusal(
                format!("at least {window} steps with padding {padding}"),
                Some("make `kernel` smaller, or `padding` larger"),
            )),
        }
    }

    /// The sizes with so many steps more.
    pub(super) fn longer(self, before: usize, after: usize) -> Result<Line, Refusal> {
        let time = self.time.checked_add(before).and_then(|time| time.checked_add(after));
        match time.filter(|time| time.checked_mul(self.channels.max(1)).is_some_and(|count| count <= MOST)) {
            Some(time) => Ok(Line { time, ..self }),
            None => Err(Refusal(
                format!("at most {MOST} numbers when {before} and {after} steps are added"),
                Some("make `before` and `after` smaller"),
            )),
        }
    }

    pub(super) fn with_channels(self, channels: usize) -> Result<Shape, Refusal> {
        Ok(Shape::batch(&[channels, self.time]))
    }
}

/// How often a window fits: `floor((n + 2 padding - window) / stride) + 1`.
fn places(n: usize, window: usize, stride: usize, padding: usize) -> Option<usize> {
    let room = n.checked_add(padding.checked_mul(2)?)?.checked_sub(window)?;
    room.checked_div(stride)?.checked_add(1)
}

/// How far a kernel reaches whose cells are so far apart.
pub(super) fn spread(kernel: usize, dilation: usize) -> usize {
    dilation.saturating_mul(kernel.saturating_sub(1)).saturating_add(1)
}

/// Each group has its share of the channels.
pub(super) fn divisible(channels: usize, groups: usize) -> Result<(), Refusal> {
    match channels.is_multiple_of(groups.max(1)) {
        true => Ok(()),
        false => Err(wants(format!("a multiple of {groups} channels, one share for each group"))),
    }
}
