//! A batch in parts, where what its rows count is known of all of them together alone.

use crate::{Batch, Data, Loss, Tensor};

impl Loss {
    /// Whether parts of a batch must know of each other, for [`Loss::in_parts`] to say what each is to minimise. A loss of one output
    /// adds up by itself, as a sum and what it is divided by in the end; of several outputs each has a mean of its own.
    pub fn knows_all_parts(&self) -> bool {
        match self {
            Loss::Heads(heads) => heads.iter().any(|head| head.loss.by_class().is_some()),
            Loss::CrossEntropy { .. }
            | Loss::BinaryCrossEntropy { .. }
            | Loss::Mse
            | Loss::Mae
            | Loss::Huber { .. }
            | Loss::Quantile { .. } => false,
        }
    }

    /// What is to be minimised in each part of a batch, so that together they lose what the whole would.
    ///
    /// A head whose rows count by their classes, `w`, is divided by what all rows of the batch count, `W`, while a network divides it by
    /// what those of the part do, `W_p`. So it counts `(W_p / W) (R / R_p)` times its weight in a part of `R_p` of the `R` rows.
    pub fn in_parts(&self, batches: &[Batch]) -> Vec<Loss> {
        let Loss::Heads(heads) = self else { return vec![self.clone(); batches.len()] };
        let mut parts = vec![heads.clone(); batches.len()];
        let all: usize = batches.iter().map(|batch| batch.rows).sum();
        for (place, weights) in
            heads.iter().enumerate().filter_map(|(i, head)| Some((i, head.loss.by_class()?)))
        {
            let counted =
                |batch: &Batch| batch.targets.get(place).map_or(0.0, |target| count(weights, target));
            let counts: Vec<f64> = batches.iter().map(counted).collect();
            let whole: f64 = counts.iter().sum();
            for ((part, counts), batch) in parts.iter_mut().zip(counts).zip(batches) {
                part[place].weight *= counts / whole * all as f64 / batch.rows as f64;
            }
        }
        parts.into_iter().map(Loss::Heads).collect()
    }

    /// What rows count by their classes, if they do.
    fn by_class(&self) -> Option<&[f32]> {
        match self {
            Loss::CrossEntropy { weights, .. } => Some(&weights[..]).filter(|weights| !weights.is_empty()),
            Loss::BinaryCrossEntropy { .. }
            | Loss::Mse
            | Loss::Mae
            | Loss::Huber { .. }
            | Loss::Quantile { .. }
            | Loss::Heads(_) => None,
        }
    }
}

/// What rows count together, by their classes or by the probabilities of all classes. A class that is none counts nothing; the network
/// refuses it.
fn count(weights: &[f32], target: &Tensor) -> f64 {
    let of = |class: i64| usize::try_from(class).ok().and_then(|class| weights.get(class)).copied();
    match target.data() {
        Data::I64(classes) => classes.iter().map(|class| f64::from(of(*class).unwrap_or(0.0))).sum(),
        Data::F32(_) | Data::F64(_) | Data::U8(_) => {
            let shares = target.to_f64s();
            shares
                .into_iter()
                .zip(weights.iter().cycle())
                .map(|(share, weight)| share * f64::from(*weight))
                .sum()
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::HeadLoss;

    const WEIGHTS: [f32; 2] = [0.5, 4.0];

    fn heads() -> Loss {
        let classes = Loss::CrossEntropy { weights: WEIGHTS.to_vec(), smoothing: 0.0, gamma: 0.0 };
        Loss::Heads(vec![HeadLoss { loss: Loss::Mae, weight: 0.25 }, HeadLoss { loss: classes, weight: 2.0 }])
    }

    fn part(rows: usize, target: Tensor) -> Batch {
        let sizes = Tensor::new([rows, 1], vec![0.0f32; rows]).unwrap();
        Batch { rows, targets: vec![sizes, target], ..Batch::default() }
    }

    fn weights(batches: &[Batch]) -> Vec<[f64; 2]> {
        let of = |loss: &Loss| [0, 1].map(|place| loss.of_output(place).1.unwrap());
        heads().in_parts(batches).iter().map(of).collect()
    }

    #[test]
    fn a_part_counts_as_much_as_its_rows_do() {
        let classes = |classes: &[i64]| part(classes.len(), Tensor::vector(classes.to_vec()));
        // Of 9 that all rows count, the first part has 8.5 and the second 0.5; three rows of four, and one.
        let found = weights(&[classes(&[0, 1, 1]), classes(&[0])]);
        assert_eq!(found, [[0.25, 2.0 * 8.5 / 9.0 * 4.0 / 3.0], [0.25, 2.0 * 0.5 / 9.0 * 4.0]]);
        let shares = |shares: &[f32]| {
            part(shares.len() / 2, Tensor::new([shares.len() / 2, 2], shares.to_vec()).unwrap())
        };
        assert_eq!(weights(&[shares(&[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]), shares(&[1.0, 0.0])]), found);
        assert_eq!(weights(&[classes(&[0, 1])]), [[0.25, 2.0]], "the whole is no part");
    }

    #[test]
    fn only_weighted_classes_of_heads_know_of_each_other() {
        assert!(heads().knows_all_parts());
        let Loss::Heads(heads) = heads() else { return };
        assert!(!heads[1].loss.knows_all_parts(), "one target adds up by itself");
        let plain = HeadLoss { loss: Loss::CROSS_ENTROPY, weight: 1.0 };
        assert!(!Loss::Heads(vec![heads[0].clone(), plain]).knows_all_parts());
    }
}
