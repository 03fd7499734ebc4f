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
    /// Which rows and columns anything reads.
    pub(super) taps: [Taps; 2],
}

/// The taps of a kernel along an axis, and how far its windows move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    pub(super) count: usize,
    pub(super) dilation: usize,
    pub(super) stride: usize,
}

impl Taps {
    /// Those that leave out nothing.
    pub(super) const ALL: Taps = Taps { count: 1, dilation: 1, stride: 1 };

    /// Whether a tap of some window falls on this place.
    fn see(&self, place: usize) -> bool {
        self.count >= self.stride && self.dilation == 1
            || (0..self.count).any(|tap| (tap * self.dilation).abs_diff(place).is_multiple_of(self.stride))
    }
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
        let out = &mut out[..self.channels * self.plane()];
        out.fill(0.0);
        for phase in (0..self.phases).filter(|phase| self.taps[1].see(*phase)) {
            let deal = Deal::of(width, self.phases, phase as isize - left, self.columns);
            for (c, out) in out.chunks_exact_mut(self.plane()).enumerate() {
                let first = (-top).clamp(0, height as isize) as usize; // the first row of the image, and where it comes to
                let skipped = top.clamp(0, self.rows as isize) as usize;
                let rows = planes[c * height * width..][first * width..height * width].chunks_exact(width);
                let seen = out.chunks_exact_mut(self.pitch()).enumerate().skip(skipped).zip(rows);
                for ((_, out), row) in seen.filter(|((r, _), _)| self.taps[0].see(*r)) {
                    deal.row(row, &mut out[phase * self.columns..][..self.columns]);
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
            let rows = RowOfEach { data: &planes[h * width + skipped..], apart: height * width, len };
            let mut c = 0;
            while c < channels {
                c += match channels - c {
                    0..4 => rows.side_by_side::<1>(c, channels, out),
                    4..8 => rows.side_by_side::<4>(c, channels, out),
                    8.. => rows.side_by_side::<8>(c, channels, out),
                };
            }
        }
    }
}

/// One row of each channel.
#[derive(Clone, Copy)]
struct RowOfEach<'a> {
    data: &'a [f32],
    /// From one channel to the next.
    apart: usize,
    len: usize,
}

impl RowOfEach<'_> {
    /// Lays `N` channels from `c` on; returns how many that are.
    fn side_by_side<const N: usize>(&self, c: usize, channels: usize, out: &mut [f32]) -> usize {
        let mut rows = [&[][..]; N];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = &self.data[(c + i) * self.apart..][..self.len];
        }
        for (i, place) in out.chunks_exact_mut(channels).enumerate().take(self.len) {
            let mut all = [0.0; N];
            for (x, row) in all.iter_mut().zip(&rows) {
                *x = row[i];
            }
            place[c..c + N].copy_from_slice(&all);
        }
        N
    }
}

/// Element `i` becomes `source[i * step + first]`, zero where there is none.
#[derive(Clone, Copy)]
struct Deal {
    step: usize,
    /// The first element that has a source, and the first behind them.
    range: [usize; 2],
    /// The source of the first.
    start: usize,
}

impl Deal {
    fn of(width: usize, step: usize, first: isize, len: usize) -> Deal {
        let before = if first < 0 { first.unsigned_abs().div_ceil(step) } else { 0 }.min(len);
        let end = ((width as isize - first).max(0) as usize).div_ceil(step).clamp(before, len);
        let start = if before < end { (before * step).saturating_add_signed(first) } else { 0 };
        Deal { step, range: [before, end], start }
    }

    /// Writes the elements that have a source.
    fn row(&self, source: &[f32], out: &mut [f32]) {
        let [before, end] = self.range;
        let (source, out) = (&source[self.start..], &mut out[before..end]);
        match self.step {
            1 => copy_short(&source[..out.len()], out),
            2 => {
                let (pairs, last) = source.as_chunks::<2>();
                // Apart from the last one a loop that the compiler makes vectors of, which it does not of a chain.
                for (out, pair) in out.iter_mut().zip(pairs) {
                    *out = pair[0];
                }
                out.iter_mut().skip(pairs.len()).zip(last).for_each(|(out, x)| *out = *x);
            }
            step => out.iter_mut().zip(source.iter().step_by(step)).for_each(|(out, x)| *out = *x),
        }
    }
}

/// Copies slices of one length that are mostly short: a call of the system's copy costs more than a row of a small image.
#[inline(always)]
pub(super) fn copy_short(source: &[f32], out: &mut [f32]) {
    match out.len() {
        4..8 => copy_ends::<4>(source, out),
        8..16 => copy_ends::<8>(source, out),
        _ => out.copy_from_slice(source),
    }
}

/// Copies the first `N` and the last `N`, which may overlap and are all.
#[inline(always)]
fn copy_ends<const N: usize>(source: &[f32], out: &mut [f32]) {
    if let (Some(first), Some(last)) = (source.first_chunk::<N>(), source.last_chunk::<N>()) {
        let (first, last) = (*first, *last);
        out[..N].copy_from_slice(&first);
        let end = out.len() - N;
        out[end..].copy_from_slice(&last);
    }
}
