use baeum_core::{Batch, SourceError, Tensor, TensorError};

use super::Examples;
use super::answers::Answers;
use crate::augment::{Mixer, Mixture, blend};

impl Examples {
    /// A batch as training sees it in an epoch, each row mixed with its partner; both are augmented before.
    ///
    /// What a row becomes depends on row and epoch alone, not on the rows around it.
    pub(super) fn mixed_batch(
        &self,
        mixer: &Mixer,
        rows: &[usize],
        epoch: u32,
    ) -> Result<Batch, SourceError> {
        let mixtures: Vec<Mixture> = rows.iter().map(|row| mixer.draw(*row, epoch)).collect();
        let partners: Vec<usize> = mixtures.iter().map(|mixture| mixture.partner).collect();
        let mut batch = self.batch_of(rows, |input| {
            let mut numbers = self.augment(input, rows, epoch)?;
            let others = self.augment(input, &partners, epoch)?;
            let width = self.encoder.width(input);
            let pairs = numbers.chunks_exact_mut(width).zip(others.chunks_exact(width));
            pairs.zip(&mixtures).for_each(|((first, second), mixture)| mixture.inputs(first, second));
            Ok(numbers)
        })?;
        let targets = self.targets.iter().map(|answers| answers.mixed(rows, &mixtures));
        let targets = targets.collect::<Result<_, TensorError>>();
        batch.targets = targets.map_err(|error| SourceError { row: 0, source: error.into() })?;
        Ok(batch)
    }
}

impl Answers {
    /// Labels become probabilities `[rows, classes]`, numbers stay `[rows, width]`.
    fn mixed(&self, rows: &[usize], mixtures: &[Mixture]) -> Result<Tensor, TensorError> {
        let width = match self {
            Answers::Labels { classes, .. } => *classes,
            Answers::Numbers { width, .. } => *width,
            Answers::Next { length } => *length, // refused for texts
        };
        let (mut first, mut second) = (vec![0.0; width * rows.len()], vec![0.0; width]);
        for ((row, mixture), out) in rows.iter().zip(mixtures).zip(first.chunks_exact_mut(width.max(1))) {
            self.write(*row, out);
            self.write(mixture.partner, &mut second);
            blend(out, &second, mixture.share);
        }
        Tensor::new([rows.len(), width], first)
    }

    /// The target of a row as numbers: a label has a 1 at its place.
    fn write(&self, row: usize, out: &mut [f32]) {
        out.fill(0.0);
        match self {
            Answers::Labels { places, .. } => {
                let place = usize::try_from(places[row]).ok();
                place.and_then(|place| out.get_mut(place)).into_iter().for_each(|out| *out = 1.0);
            }
            Answers::Numbers { width, numbers } => {
                out.copy_from_slice(&numbers[row * width..(row + 1) * width])
            }
            Answers::Next { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests;
