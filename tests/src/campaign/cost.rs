use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::bench::Spread;
use crate::command::of;
use crate::{Outcome, Scratch};

/// What checkpoints cost the training of the digits, as often as they are unless it is said, beside none but the last.
#[derive(Debug)]
pub struct Cost {
    /// Seconds of each pair: as often as they are, and only the last.
    pub pairs: Vec<[f64; 2]>,
}

/// The largest share of the time that checkpoints may take.
pub const BOUND: f64 = 0.05;

impl Cost {
    /// Trains in pairs, one run behind the other, so that other work on the machine meets both alike.
    ///
    /// # Panics
    /// If a run fails.
    pub fn measure(binary: &Path, pairs: usize) -> Cost {
        let sides: [&[&str]; 2] = [&[], &["--set", "train.checkpoint.every=1000000"]];
        Cost { pairs: (0..pairs).map(|_| sides.map(|sets| training(binary, sets))).collect() }
    }

    /// The median over the pairs of what checkpoints add, as a share of the time without them.
    pub fn share(&self) -> f64 {
        let shares: Vec<f64> = self.pairs.iter().map(|[with, without]| with / without - 1.0).collect();
        Spread::of(&shares).median
    }

    /// The figures in a line.
    pub fn line(&self) -> String {
        let median =
            |side: usize| Spread::of(&self.pairs.iter().map(|pair| pair[side]).collect::<Vec<_>>()).median;
        format!(
            "{} pairs: {:.3} s with checkpoints as they come, {:.3} s with the last alone; they cost {:.1} %, up to {:.0} % are allowed\n",
            self.pairs.len(),
            median(0),
            median(1),
            self.share() * 100.0,
            BOUND * 100.0
        )
    }
}

/// How long the training of a fresh run takes, as its log tells.
fn training(binary: &Path, sets: &[&str]) -> f64 {
    let folder = Scratch::new("cost");
    folder.copy("datasets/digits/recipe.toml");
    folder.copy("datasets/digits/digits.csv");
    let output = of(binary, folder.path(), &[&["train", "recipe.toml"], sets].concat()).output();
    let outcome = Outcome::of(&output.expect("the command starts"));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let log =
        fs::read_to_string(folder.path().join("runs/digits-0001/events.jsonl")).expect("a run has a log");
    seconds(&log).expect("a training that is over has begun and ended")
}

/// From the record of the start to that of the end.
fn seconds(log: &str) -> Option<f64> {
    let wall = |what: &str| {
        let mut records = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records.find(|record| record["event"] == what)?["wall"].as_f64()
    };
    Some(wall("end")? - wall("start")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_the_median_of_the_pairs() {
        let cost = Cost { pairs: vec![[1.25, 1.0], [2.0, 2.0], [1.125, 1.0]] };
        assert!((cost.share() - 0.125).abs() < 1e-12);
        assert!(cost.line().starts_with(
            "3 pairs: 1.250 s with checkpoints as they come, 1.000 s with the last alone; they cost 12.5 %"
        ));
    }

    #[test]
    fn the_log_tells_how_long_training_took() {
        let log = "{\"wall\":10.5,\"event\":\"start\"}\n{\"wall\":11.0,\"event\":\"epoch\"}\n{\"wall\":12.0,\"event\":\"end\"}\n";
        assert_eq!(seconds(log), Some(1.5));
        assert_eq!(seconds("{\"wall\":10.5,\"event\":\"start\"}\n"), None);
    }
}
