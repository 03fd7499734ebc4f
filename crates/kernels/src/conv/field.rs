//! An image as the inner loops want it: with its border, so that no loop asks where it ends.

/// Numbers behind a field that wide copies may read without using them: the widest tile.
pub(super) const SLACK: usize = 32;

/// Planes of one height and width, cut or padded with zeros.
///
/// With a horizontal stride the columns of a row are dealt to as many phases, so that neighbouring windows see neighbours:
/// column `w` of the field stands at `w % phases * columns + w / phases`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) channels: usize,
    pub(super) rows: usize,
    pub(super) phases: usize,
    /// Columns of one phase.
    pub(super) columns: usize,
}

impl Field {
    /// From one row to the next.
    pub(super) fn pitch(&self) -> usize {
        self.phases * self.columns
    }

    /// From one channel to the next.
    pub(super) fn plane(&self) -> usize {
        self.rows * self.pitch()
    }

    /// Room that it takes.
    pub(super) fn len(&self) -> usize {
        self.channels * self.plane() + SLACK
    }

    /// Where column `w` of a row stands.
    pub(super) fn column(&self, w: usize) -> usize {
        w % self.phases * self.columns + w / self.phases
    }

    /// Lays planes of `[channels, height, width]` so that place (0, 0) comes to (`top`, `left`).
    pub(super) fn lay(
        &self,
        planes: &[f32],
        [height, width]: [usize; 2],
        [top, left]: [isize; 2],
        out: &mut [f32],
    ) {
        let pitch = self.pitch();
        for (c, out) in out[..self.channels * self.plane()].chunks_exact_mut(self.plane()).enumerate() {
            for (r, out) in out.chunks_exact_mut(pitch).enumerate() {
                let Some(h) = r.checked_add_signed(-top).filter(|h| *h < height) else {
                    out.fill(0.0);
                    continue;
                };
                let source = &planes[(c * height + h) * width..][..width];
                for (phase, out) in out.chunks_exact_mut(self.columns).enumerate() {
                    deal(source, self.phases, phase as isize - left, out);
                }
            }
        }
    }

    /// As [`Field::lay`] for a field of one phase, with the channels of a place side by side: `[rows, columns, channels]`.
    pub(super) fn lay_places(
        &self,
        planes: &[f32],
        [height, width]: [usize; 2],
        [top, left]: [isize; 2],
        out: &mut [f32],
    ) {
        let channels = self.channels;
        if channels == 1 {
            return self.lay(planes, [height, width], [top, left], out);
        }
        let first = left.clamp(0, self.columns as isize) as usize;
        let skipped = (-left).clamp(0, width as isize) as usize;
        let len = (width - skipped).min(self.columns - first);
        for (r, out) in out[..self.len() - SLACK].chunks_exact_mut(self.columns * channels).enumerate() {
            let Some(h) = r.checked_add_signed(-top).filter(|h| *h < height) else {
                out.fill(0.0);
                continue;
            };
            out[..first * channels].fill(0.0);
            out[(first + len) * channels..].fill(0.0);
            let out = &mut out[first * channels..(first + len) * channels];
            for c in 0..channels {
                let source = planes[(c * height + h) * width + skipped..][..len].iter();
                for (out, &x) in out.chunks_exact_mut(channels).zip(source) {
                    out[c] = x;
                }
            }
        }
    }
}

/// Element `i` becomes `source[i * step + first]`, zero where there is none.
fn deal(source: &[f32], step: usize, first: isize, out: &mut [f32]) {
    // The first element whose place is not before the source, and the first whose place is behind it.
    let before = if first < 0 { first.unsigned_abs().div_ceil(step) } else { 0 }.min(out.len());
    let end = (source.len() as isize - first).max(0) as usize;
    let end = end.div_ceil(step).clamp(before, out.len());
    out[..before].fill(0.0);
    out[end..].fill(0.0);
    let Some(source) = source.get((before * step).saturating_add_signed(first)..) else { return };
    if step == 1 {
        out[before..end].copy_from_slice(&source[..end - before]);
    } else {
        for (out, &x) in out[before..end].iter_mut().zip(source.iter().step_by(step)) {
            *out = x;
        }
    }
}
