//! Pooling: windows over planes, and whole planes.

mod adaptive;
mod average;
mod global;
mod max;
mod values;

pub use adaptive::{
    adaptive_average_pool, adaptive_average_pool_backward, adaptive_matrix, adaptive_max_pool,
    adaptive_max_pool_backward, adaptive_window,
};
pub use average::{average_pool, average_pool_backward};
pub use global::{global_average_pool, global_average_pool_backward};
pub use max::{max_pool, max_pool_backward};
pub use values::max_pool_values;

use std::ops::Range;

/// Windows over planes `[H, W]`.
///
/// `[vertical, horizontal]` each. As in PyTorch a padding is at most half its kernel, so that every window meets the plane; what
/// is left over on the far side is not read, unless `ceil_mode` has one more window there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The size of a plane, `[H, W]`.
    pub plane: [usize; 2],
    /// The size of a window.
    pub kernel: [usize; 2],
    /// From one window to the next.
    pub stride: [usize; 2],
    /// What is put around the plane.
    pub padding: [usize; 2],
    /// Whether a last window counts that reaches beyond the padding, if it begins in front of it.
    pub ceil_mode: bool,
}

impl Windows {
    /// How many windows there are, `[OH, OW]`: `floor((plane + 2 * padding - kernel) / stride) + 1`, or rounded up in
    /// `ceil_mode`, less a window that would begin behind the plane.
    ///
    /// # Panics
    /// If a plane, kernel or stride is zero, a padding above half its kernel, or a kernel larger than its padded plane.
    pub fn counts(&self) -> [usize; 2] {
        std::array::from_fn(|axis| {
            let (kernel, stride, padding) = (self.kernel[axis], self.stride[axis], self.padding[axis]);
            let padded = self.plane[axis] + 2 * padding;
            let least = kernel.min(stride).min(self.plane[axis]);
            assert!(least > 0, "pooling wants a plane, a kernel and a stride above zero");
            assert!(
                2 * padding <= kernel,
                "pooling wants a padding of at most half the kernel {kernel}, got {padding}"
            );
            let room = padded + if self.ceil_mode { stride - 1 } else { 0 };
            assert!(kernel <= room, "pooling wants a kernel within the padded plane of {room}, got {kernel}");
            let steps = (room - kernel) / stride;
            let begins_in_padding = steps * stride >= self.plane[axis] + padding;
            if self.ceil_mode && begins_in_padding { steps } else { steps + 1 }
        })
    }

    /// Whether windows are 2 x 2, side by side and without padding.
    fn are_halving(&self) -> bool {
        let is_pair = self.kernel == [2, 2] && self.stride == [2, 2] && self.padding == [0, 0];
        is_pair && self.counts() == self.plane.map(|side| side / 2)
    }

    /// The lines of the plane along an axis that a window meets.
    #[inline(always)]
    fn lines(&self, axis: usize, window: usize) -> Range<usize> {
        let (start, padding) = (window * self.stride[axis], self.padding[axis]);
        start.saturating_sub(padding)..(start + self.kernel[axis] - padding).min(self.plane[axis])
    }

    /// How many lines of the padded plane a window has along an axis: as many as its kernel, but for a last one that reaches
    /// beyond it.
    #[inline(always)]
    fn extent(&self, axis: usize, window: usize) -> usize {
        self.kernel[axis].min(self.plane[axis] + 2 * self.padding[axis] - window * self.stride[axis])
    }

    /// Of a row of windows those that are taken eight or four at a time, as they lie within the plane's columns: none, or four at least.
    ///
    /// The caller loops, for a closure of some size would not be inlined and so not be compiled for its rung.
    #[inline(always)]
    fn inner(&self, count: usize) -> Range<usize> {
        let (stride, padding) = (self.stride[1], self.padding[1]);
        let first = padding.div_ceil(stride).min(count);
        let last_start = (self.plane[1] + padding).checked_sub(self.kernel[1]);
        let end = last_start.map_or(first, |start| (start / stride + 1).clamp(first, count));
        if end - first < 4 || stride > 2 { 0..0 } else { first..end }
    }

    /// Planes of a task: some microseconds of work.
    fn planes_of_task(&self) -> usize {
        ((1 << 13) / (self.plane[0] * self.plane[1])).max(1)
    }

    /// Asserts the lengths of planes and windows and gives the length of either for one plane.
    fn lengths(&self, planes: usize, input: usize, output: usize) -> (usize, usize) {
        let [oh, ow] = self.counts();
        let [h, w] = self.plane;
        assert_eq!(input, planes * h * w, "pooling wants {planes} planes of [{h}, {w}]");
        assert_eq!(output, planes * oh * ow, "pooling wants {planes} planes of [{oh}, {ow}] windows");
        (h * w, oh * ow)
    }
}

/// `B` numbers, each `STRIDE` (1 or 2) from the one before it.
#[inline(always)]
fn strided<const B: usize, const STRIDE: usize>(x: &[f32]) -> [f32; B] {
    let x = &x[..(B - 1) * STRIDE + 1];
    std::array::from_fn(|i| x[i * STRIDE])
}

#[cfg(test)]
mod tests;
