//! Pools. A last window that reaches beyond the padding reads more of it, so that no runtime has to be told how to round.
use baeum_core::Size2;
use baeum_kernels::adaptive_window;

use super::builder::Builder;
use super::model::Attribute;
use crate::error::ExportError;

/// Windows along each side of an item: its sizes, how often they fit, how wide they are, how far they move, what lies around.
pub(super) struct Windows<const N: usize> {
    plane: [usize; N],
    counts: [usize; N],
    kernel: [usize; N],
    stride: [usize; N],
    padding: [usize; N],
}

impl<const N: usize> Windows<N> {
    /// Of an item `[channels, ..]` that becomes another. `sides`: kernel, stride, padding.
    pub(super) fn of(
        item: &[usize],
        pooled: &[usize],
        [kernel, stride, padding]: [[usize; N]; 3],
    ) -> Windows<N> {
        let sizes = |item: &[usize]| std::array::from_fn(|side| item.get(side + 1).copied().unwrap_or(1));
        Windows { plane: sizes(item), counts: sizes(pooled), kernel, stride, padding }
    }

    /// How far the last window reaches beyond the padding.
    fn beyond(&self) -> [usize; N] {
        std::array::from_fn(|side| {
            let end = (self.counts[side] - 1) * self.stride[side] + self.kernel[side];
            end.saturating_sub(self.plane[side] + 2 * self.padding[side])
        })
    }

    fn settings(&self, before: [usize; N], behind: [usize; N]) -> Vec<(&'static str, Attribute)> {
        window(self.kernel, self.stride, [before, behind])
    }

    /// What lies around and, behind it, what the last window sees more.
    fn around(&self) -> [usize; N] {
        let beyond = self.beyond();
        std::array::from_fn(|side| self.padding[side] + beyond[side])
    }

    /// The largest of each; padding is never taken.
    pub(super) fn largest(&self, builder: &mut Builder<'_>, name: &str, x: &str) -> String {
        builder.add(name, "MaxPool", &[x], &self.settings(self.padding, self.around()))
    }

    /// The mean of each, the padding counted in, but not what lies beyond.
    pub(super) fn mean(&self, builder: &mut Builder<'_>, name: &str, x: &str) -> String {
        let counted = |counted| ("count_include_pad", Attribute::Int(counted));
        if self.beyond() == [0; N] {
            let settings = [self.settings(self.padding, self.padding), vec![counted(1)]].concat();
            return builder.add(name, "AveragePool", &[x], &settings);
        }
        let padded = self.padded(builder, name, x);
        let settings = [self.settings([0; N], self.beyond()), vec![counted(0)]].concat();
        builder.add(name, "AveragePool", &[&padded], &settings)
    }

    /// With its padding as zeros of its own.
    fn padded(&self, builder: &mut Builder<'_>, name: &str, x: &str) -> String {
        if self.padding == [0; N] {
            return x.to_owned();
        }
        let side = [&[0, 0], self.padding.as_slice()].concat();
        let added = builder.whole(&format!("{name}.added"), &side.repeat(2));
        let mode = ("mode", Attribute::Text("constant".to_owned()));
        builder.add(&format!("{name}.padded"), "Pad", &[x, &added], &[mode])
    }
}

/// The settings of windows; `around`: what lies before and behind.
pub(super) fn window<const N: usize>(
    kernel: [usize; N],
    stride: [usize; N],
    around: [[usize; N]; 2],
) -> Vec<(&'static str, Attribute)> {
    vec![
        ("kernel_shape", whole(&kernel)),
        ("pads", whole(around.as_flattened())),
        ("strides", whole(&stride)),
    ]
}

pub(super) fn whole(sizes: &[usize]) -> Attribute {
    Attribute::Ints(sizes.iter().map(|&size| size as i64).collect())
}

/// The largest numbers of as many windows as are wanted: first of rows, then of columns. `item`: `[channels, height, width]`.
pub(super) fn adaptive_max(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
    size: Size2,
) -> Result<String, ExportError> {
    let &[_, height, width] = item else { return Ok(x.to_owned()) }; // an image, or the graph would not stand
    let rows = along(builder, &format!("{name}.rows"), x, 0, (height, size.height));
    Ok(along(builder, name, &rows, 1, (width, size.width)))
}

/// One side of images: each of its windows by itself, and all of them side by side again.
fn along(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    side: usize,
    (len, count): (usize, usize),
) -> String {
    let part = |part: &str| format!("{name}.{part}");
    let mut largest = vec![];
    for window in (0..count).map(|i| adaptive_window(i, len, count)) {
        let [from, to, axis] =
            [window.start, window.end, side + 2].map(|place| builder.whole(&part("places"), &[place]));
        let seen = builder.add(&part("window"), "Slice", &[x, &from, &to, &axis], &[]);
        let mut kernel = [1, 1];
        kernel[side] = window.len();
        largest.push(builder.add(&part("largest"), "MaxPool", &[&seen], &window_alone(kernel)));
    }
    let largest: Vec<&str> = largest.iter().map(String::as_str).collect();
    builder.add(name, "Concat", &largest, &[("axis", Attribute::Int(side as i64 + 2))])
}

/// A window that moves along the other side alone.
fn window_alone(kernel: [usize; 2]) -> Vec<(&'static str, Attribute)> {
    window(kernel, [1, 1], [[0, 0]; 2])
}
