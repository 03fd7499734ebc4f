//! Two encoded examples made one: mixup and cutmix.

use std::ops::Range;

use baeum_core::Stream;

use super::Dice;
use super::beta::beta;
use crate::config::MixConfig;

/// Who mixes training rows, and how.
#[derive(Clone, Debug)]
pub(crate) struct Mixer {
    pub(crate) mix: MixConfig,
    /// Height and width of an image, where a rectangle is cut out of one.
    pub(crate) image: Option<[usize; 2]>,
    /// The rows that partners are drawn from: those that teach.
    pub(crate) rows: Vec<usize>,
    pub(crate) stream: Stream,
}

/// What one row becomes in one epoch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mixture {
    /// The row it is mixed with; itself where there is no other.
    pub(crate) partner: usize,
    /// What stays of the row, and of its target.
    pub(crate) share: f32,
    /// Where the partner stands, if it is not everywhere.
    window: Option<Window>,
}

impl Mixer {
    /// Drawn for a row and an epoch, whatever rows are beside it.
    pub(crate) fn draw(&self, row: usize, epoch: u32) -> Mixture {
        let mut dice = Dice::of(self.stream, row, epoch);
        let partner = self.rows.get(dice.below(self.rows.len())).copied().unwrap_or(row);
        let alpha = self.mix.alpha() as f32;
        let window = self.image.map(|size| Window::draw(size, alpha, &mut dice));
        let share = window.as_ref().map_or_else(|| share(alpha, &mut dice), Window::share);
        Mixture { partner, share, window }
    }
}

impl Mixture {
    /// Mixes the partner's input into that of the row.
    pub(crate) fn inputs(&self, first: &mut [f32], second: &[f32]) {
        match &self.window {
            Some(window) => window.paste(first, second),
            None => blend(first, second, self.share),
        }
    }
}

/// `share` of the first and the rest of the second, number by number; a share of 1 changes no bit.
pub(crate) fn blend(first: &mut [f32], second: &[f32], share: f32) {
    if share < 1.0 {
        let pairs = first.iter_mut().zip(second);
        pairs.for_each(|(first, second)| *first = share * *first + (1.0 - share) * second);
    }
}

/// A rectangle of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    /// Height and width of the image.
    size: [usize; 2],
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Window {
    /// A random one, around a pixel that is anywhere, and cut off at the edge of the image of `[height, width]`.
    fn draw(size: [usize; 2], alpha: f32, dice: &mut Dice) -> Window {
        let side = (1.0 - share(alpha, dice)).sqrt();
        let [rows, columns] = size.map(|len| {
            let wanted = (side * len as f32) as usize;
            let (centre, before) = (dice.below(len), wanted / 2);
            centre.saturating_sub(before)..(centre + wanted - before).min(len)
        });
        Window { size, rows, columns }
    }

    /// The share of the image that lies outside of it.
    fn share(&self) -> f32 {
        let area = self.size[0] as f64 * self.size[1] as f64;
        let inside = self.rows.len() as f64 * self.columns.len() as f64;
        (1.0 - inside / area.max(1.0)) as f32
    }

    /// Copies it from one image to another, plane by plane; the other numbers stay.
    fn paste(&self, first: &mut [f32], second: &[f32]) {
        let [height, width] = self.size.map(|len| len.max(1));
        let rows = first.chunks_exact_mut(width).zip(second.chunks_exact(width)).enumerate();
        for (_, (first, second)) in rows.filter(|(row, _)| self.rows.contains(&(row % height))) {
            first[self.columns.clone()].copy_from_slice(&second[self.columns.clone()]);
        }
    }
}

/// The share of the first example; all of it if `alpha` is 0 or no number.
fn share(alpha: f32, dice: &mut Dice) -> f32 {
    if alpha > 0.0 { beta(alpha, alpha, dice) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixer(mix: MixConfig, key: u64) -> Mixer {
        let image = matches!(mix, MixConfig::Cutmix { .. }).then_some([7, 9]);
        let stream = baeum_core::Rng::new(key).stream("mix", "");
        Mixer { mix, image, rows: (10..60).collect(), stream }
    }

    #[test]
    fn numbers_are_averaged_by_the_share_that_targets_are() {
        let mixture = mixer(MixConfig::Mixup { alpha: 0.4 }, 1).draw(3, 0);
        let (mut input, mut target, share) = ([1.0, 2.0], [1.0, 0.0], mixture.share);
        mixture.inputs(&mut input, &[3.0, -2.0]);
        blend(&mut target, &[0.0, 1.0], share);
        assert!(0.0 < share && share < 1.0 && (10..60).contains(&mixture.partner), "{mixture:?}");
        assert_eq!(target, [share, 1.0 - share]);
        assert!((input[0] - (3.0 - 2.0 * share)).abs() < 1e-6, "{input:?}");
        assert!((input[1] - (4.0 * share - 2.0)).abs() < 1e-6, "{input:?}");
    }

    #[test]
    fn a_whole_share_changes_nothing() {
        let mut first = [f32::NAN, 1.5, -0.0, f32::INFINITY];
        let before = first.map(f32::to_bits);
        blend(&mut first, &[9.0; 4], 1.0);
        assert_eq!(first.map(f32::to_bits), before);
    }

    #[test]
    fn a_rectangle_is_copied_in_every_plane_and_its_area_is_the_share() {
        for key in 0..500 {
            let mixture = mixer(MixConfig::Cutmix { alpha: 1.0 }, key).draw(5, 2);
            let (mut first, second) = (vec![0.0; 3 * 7 * 9], vec![1.0; 3 * 7 * 9]);
            mixture.inputs(&mut first, &second);
            let planes: Vec<&[f32]> = first.chunks(63).collect();
            assert!(planes.iter().all(|plane| *plane == planes[0]));
            let copied: f32 = planes[0].iter().sum();
            assert!(
                (1.0 - copied / 63.0 - mixture.share).abs() < 1e-6,
                "{key}: {copied} pixels, {mixture:?}"
            );
            let rows: Vec<&[f32]> = planes[0].chunks(9).filter(|row| row.contains(&1.0)).collect();
            assert!(rows.iter().all(|row| *row == rows[0]), "{key}");
        }
    }

    #[test]
    fn a_rectangle_has_the_area_that_was_drawn_unless_it_is_cut_off() {
        let mut whole = 0;
        for key in 0..500 {
            let window = Window::draw([100, 200], 1.0, &mut Dice::new(key));
            let side = (1.0 - share(1.0, &mut Dice::new(key))).sqrt();
            for (range, len) in [(&window.rows, 100), (&window.columns, 200)] {
                let wanted = (side * len as f32) as usize;
                let inside = range.start > 0 && range.end < len;
                whole += usize::from(inside);
                assert!(range.len() == wanted || !inside && range.len() < wanted, "{range:?} of {wanted}");
            }
        }
        assert!(whole > 300, "{whole}"); // a third, as 1 - sqrt(u) has on average
    }

    #[test]
    fn a_row_has_another_partner_in_each_epoch_and_the_same_one_again() {
        for mix in [MixConfig::Mixup { alpha: 0.2 }, MixConfig::Cutmix { alpha: 1.0 }] {
            let of = |row, epoch| mixer(mix, 3).draw(row, epoch);
            assert_eq!(of(4, 1), of(4, 1));
            assert!(of(4, 1) != of(4, 2) && of(4, 1) != of(5, 1) && of(4, 1) != mixer(mix, 4).draw(4, 1));
            let partners: std::collections::BTreeSet<usize> = (0..20)
                .flat_map(|epoch| (10..60).map(move |row| (row, epoch)))
                .map(|(row, epoch)| of(row, epoch).partner)
                .collect();
            assert_eq!(partners.len(), 50, "every training row is somebody's partner");
        }
    }

    #[test]
    fn sizes_that_make_no_sense_are_survived() {
        for (size, len) in [([0, 0], 3), ([1, 1], 1), ([5, 0], 2), ([0, 5], 9), ([4, 4], 3), ([1, 300], 300)]
        {
            for key in 0..50 {
                let mixer =
                    Mixer { image: Some(size), rows: vec![], ..mixer(MixConfig::Cutmix { alpha: 1.0 }, key) };
                let (mixture, mut first) = (mixer.draw(8, 0), vec![0.0; len]);
                mixture.inputs(&mut first, &vec![1.0; len]);
                assert!(
                    (0.0..=1.0).contains(&mixture.share) && mixture.partner == 8,
                    "{size:?}: {mixture:?}"
                );
            }
        }
    }
}
