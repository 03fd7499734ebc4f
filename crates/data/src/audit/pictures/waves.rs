use std::f64::consts::PI;

/// The lowest waves of planes of one size: the orthonormal cosine transform DCT-II (Ahmed, Natarajan and Rao
/// 1974).
pub(super) struct Waves {
    width: usize,
    /// One wave after the other, each as long as the side.
    down: Vec<f32>,
    across: Vec<f32>,
}

impl Waves {
    /// The `count` lowest waves along each side, the mean among them; no more than a side has pixels.
    pub(super) fn new(height: usize, width: usize, count: usize) -> Waves {
        Waves { width, down: cosines(height, count), across: cosines(width, count) }
    }

    /// Numbers `[down, across]` of a plane `[height, width]`, the mean at the front.
    pub(super) fn of(&self, plane: &[f32]) -> Vec<f32> {
        let width = self.width.max(1);
        let height = plane.len() / width;
        let mut waves = vec![];
        for wave in self.down.chunks_exact(height.max(1)) {
            let mut line = vec![0.0; width];
            for (row, weight) in plane.chunks_exact(width).zip(wave) {
                line.iter_mut().zip(row).for_each(|(sum, number)| *sum += weight * number);
            }
            waves.extend(self.across.chunks_exact(width).map(|wave| dot(wave, &line)));
        }
        waves
    }
}

/// One wave after the other, each `size` long and of length 1.
fn cosines(size: usize, waves: usize) -> Vec<f32> {
    let at = |wave: usize, place: usize| {
        let scale = if wave == 0 { 1.0 } else { 2.0 } / size as f64;
        (scale.sqrt() * (PI * wave as f64 * (place as f64 + 0.5) / size as f64).cos()) as f32
    };
    (0..waves.min(size)).flat_map(|wave| (0..size).map(move |place| at(wave, place))).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_plane_has_nothing_but_a_mean() {
        let waves = Waves::new(4, 5, 3).of(&[3.0; 20]);
        assert!((waves[0] - 3.0 * 20_f32.sqrt()).abs() < 1e-4);
        assert!(waves[1..].iter().all(|wave| wave.abs() < 1e-5), "{waves:?}");
    }

    #[test]
    fn all_waves_keep_the_energy() {
        let plane: Vec<f32> = (0..24_u8).map(|i| f32::from(i * 7 % 29)).collect();
        let energy = |numbers: &[f32]| numbers.iter().map(|number| number * number).sum::<f32>();
        let waves = Waves::new(4, 6, 9).of(&plane);
        assert_eq!(waves.len(), 24);
        assert!((energy(&plane) / energy(&waves) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn no_pixels_have_no_waves() {
        assert_eq!(Waves::new(0, 0, 8).of(&[]), [0.0; 0]);
    }
}
