//! Pooling: windows over planes, and whole planes.

mod average;
mod global;
mod max;

pub use average::{average_pool, average_pool_backward};
pub use global::{global_average_pool, global_average_pool_backward};
pub use max::{max_pool, max_pool_backward};

use crate::channels::TASK;

/// Windows over planes `[H, W]`.
///
/// `[vertical, horizontal]` each. As in PyTorch a padding is at most half its kernel, so that every window meets the plane; what
/// is left over on the far side is not read.
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
}

impl Windows {
    /// How many windows there are, `[OH, OW]`: `floor((plane + 2 * padding - kernel) / stride) + 1`.
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
            assert!(
                kernel <= padded,
                "pooling wants a kernel within the padded plane of {padded}, got {kernel}"
            );
            (padded - kernel) / stride + 1
        })
    }

    /// Whether windows are 2 x 2, side by side and without padding.
    fn are_halving(&self) -> bool {
        self.kernel == [2, 2] && self.stride == [2, 2] && self.padding == [0, 0]
    }

    /// The rows of the plane that a row of windows meets, and where its taps start: `(first tap, taps' end)`.
    #[inline(always)]
    fn vertical_taps(&self, window: usize) -> (usize, usize) {
        let start = window * self.stride[0];
        let first = self.padding[0].saturating_sub(start);
        let end = self.kernel[0].min(self.plane[0] + self.padding[0] - start);
        (first, end)
    }

    /// Of the windows in a row those whose tap `tap` lies in the plane, as `(first, end)`.
    #[inline(always)]
    fn horizontal_windows(&self, tap: usize, count: usize) -> (usize, usize) {
        let (stride, padding) = (self.stride[1], self.padding[1]);
        let first = padding.saturating_sub(tap).div_ceil(stride);
        let end = (self.plane[1] + padding).saturating_sub(tap).div_ceil(stride).min(count);
        (first.min(end), end)
    }

    /// Planes of a task.
    fn planes_of_task(&self) -> usize {
        (TASK / (self.plane[0] * self.plane[1])).max(1)
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

/// Calls `work` with every number that is `stride` from the one before it, together with its place in `out`.
#[inline(always)]
fn zip_strided<T>(source: &[f32], stride: usize, out: &mut [T], mut work: impl FnMut(usize, f32, &mut T)) {
    match stride {
        1 => source.iter().zip(out).enumerate().for_each(|(i, (x, out))| work(i, *x, out)),
        2 => {
            let (pairs, last) = source.as_chunks::<2>();
            let count = out.len().min(pairs.len());
            let (most, rest) = out.split_at_mut(count);
            for (i, (pair, out)) in pairs.iter().zip(most).enumerate() {
                work(i, pair[0], out);
            }
            for (x, out) in last.iter().zip(rest) {
                work(count, *x, out);
            }
        }
        _ => source.iter().step_by(stride).zip(out).enumerate().for_each(|(i, (x, out))| work(i, *x, out)),
    }
}

#[cfg(test)]
mod tests;
