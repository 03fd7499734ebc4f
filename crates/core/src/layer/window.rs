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
    pub(super) fn slide(
        self,
        window: Size2,
        stride: Size2,
        padding: Size2,
        rest: Rest,
    ) -> Result<Image, Refusal> {
        let height = places(self.height, window.height, stride.height, padding.height, rest);
        let width = places(self.width, window.width, stride.width, padding.width, rest);
        match (height, width) {
            (Some(height), Some(width)) => Ok(Image { channels: self.channels, height, width }),
            _ => Err(Refusal(
                format!("an image of at least {window} with padding {padding}"),
                Some("make `kernel` smaller, or pool less before it"),
            )),
        }
    }

    /// The sizes whose windows these pixels are, with so many rows and columns behind the last one, in so many channels.
    pub(super) fn spread(
        self,
        channels: usize,
        [window, stride]: [Size2; 2],
        [padding, behind]: [Size2; 2],
    ) -> Result<Shape, Refusal> {
        let height = covered(self.height, window.height, stride.height, [padding.height, behind.height]);
        let width = covered(self.width, window.width, stride.width, [padding.width, behind.width]);
        match height.zip(width).filter(|sides| is_held(channels, *sides)) {
            Some((height, width)) => Ok(Shape::batch(&[channels, height, width])),
            None => Err(Refusal(
                format!(
                    "an image of 1 to {MOST} numbers when windows of {window} lie {stride} apart, less {padding}"
                ),
                Some("make `padding` or `stride` smaller"),
            )),
        }
    }

    /// The sizes after each pixel has become a block.
    pub(super) fn enlarged(self, factor: Size2) -> Result<Shape, Refusal> {
        let sides = self.height.checked_mul(factor.height).zip(self.width.checked_mul(factor.width));
        match sides.filter(|sides| is_held(self.channels, *sides)) {
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
    pub(super) fn slide(
        self,
        window: usize,
        stride: usize,
        padding: usize,
        rest: Rest,
    ) -> Result<Line, Refusal> {
        match places(self.time, window, stride, padding, rest) {
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

/// Images of these sides.
pub(super) fn held(channels: usize, size: Size2) -> Result<Shape, Refusal> {
    match is_held(channels, (size.height, size.width)) {
        true => Ok(Shape::batch(&[channels, size.height, size.width])),
        false => Err(Refusal(format!("a `size` of at most {MOST} numbers"), Some("make `size` smaller"))),
    }
}

/// Whether images of these sides are no larger than any memory.
fn is_held(channels: usize, (height, width): (usize, usize)) -> bool {
    let count = height.checked_mul(width).and_then(|area| area.checked_mul(channels));
    count.is_some_and(|count| count <= MOST)
}

/// What `n` windows cover, one a stride behind the other: `(n - 1) stride + window - 2 padding + behind`; none where that is nothing.
fn covered(n: usize, window: usize, stride: usize, [padding, behind]: [usize; 2]) -> Option<usize> {
    let all = n.checked_sub(1)?.checked_mul(stride)?.checked_add(window)?.checked_add(behind)?;
    all.checked_sub(padding.checked_mul(2)?).filter(|size| *size > 0)
}

/// What becomes of what is left over behind the last whole window.
#[derive(Clone, Copy)]
pub(super) enum Rest {
    /// Nobody sees it.
    Dropped,
    /// One more window begins there, unless it would begin in the padding.
    Counted,
}

impl Rest {
    pub(super) fn of(ceil_mode: bool) -> Rest {
        if ceil_mode { Rest::Counted } else { Rest::Dropped }
    }
}

/// How often a window fits: `floor((n + 2 padding - window) / stride) + 1`, or the same rounded up.
fn places(n: usize, window: usize, stride: usize, padding: usize, rest: Rest) -> Option<usize> {
    let padded = n.checked_add(padding.checked_mul(2)?)?;
    match rest {
        Rest::Dropped => padded.checked_sub(window)?.checked_div(stride)?.checked_add(1),
        Rest::Counted => {
            let steps =
                padded.checked_add(stride.checked_sub(1)?)?.checked_sub(window)?.checked_div(stride)?;
            let begins_in_padding = steps.checked_mul(stride)? >= n.checked_add(padding)?;
            if begins_in_padding { Some(steps) } else { steps.checked_add(1) }
        }
    }
}

/// How far a kernel reaches whose cells are so far apart.
pub(super) fn spread(kernel: usize, dilation: usize) -> usize {
    dilation.saturating_mul(kernel.saturating_sub(1)).saturating_add(1)
}

/// How far a kernel reaches down and across.
pub(super) fn spread2(kernel: Size2, dilation: Size2) -> Size2 {
    Size2 { height: spread(kernel.height, dilation.height), width: spread(kernel.width, dilation.width) }
}

/// Each group has its share of the channels.
pub(super) fn divisible(channels: usize, groups: usize) -> Result<(), Refusal> {
    match channels.is_multiple_of(groups.max(1)) {
        true => Ok(()),
        false => Err(wants(format!("a multiple of {groups} channels, one share for each group"))),
    }
}
