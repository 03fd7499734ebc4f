//! Which of PyTorch's ways is its fastest for a workload: the one that we are compared with.
use super::BenchError;
use super::peer::{Peer, Way};
use super::process::{Measured, Tried};
use crate::Workload;

/// The most steps of a trial; the ways differ by more than so few steps waver, or it does not matter which is taken.
const STEPS: usize = 20;

/// PyTorch's way for a workload.
pub(super) struct Choice {
    /// The fastest one.
    pub(super) way: Way,
    /// How long it took to compile, if it did.
    pub(super) compile_s: Option<f64>,
    /// The first steps' losses, which must be ours, by way.
    pub(super) losses: Vec<(Way, f64)>,
    /// What every way came to, the failed ones too.
    pub(super) note: String,
}

/// Tries every way, each in a process of its own.
pub(super) fn choose(peer: &Peer<'_>, workload: &Workload) -> Result<Choice, BenchError> {
    let mut tried = vec![];
    for way in Way::all(workload) {
        tried.push((way, peer.run(way, STEPS.min(workload.steps))?));
    }
    pick(workload.name, &tried)
}

fn pick(workload: &str, tried: &[(Way, Tried)]) -> Result<Choice, BenchError> {
    let ran: Vec<(Way, &Measured)> = tried
        .iter()
        .filter_map(|(way, tried)| match tried {
            Tried::Measured(measured) => Some((*way, measured)),
            Tried::Failed(_) => None,
        })
        .collect();
    let note = note(tried);
    let fastest = ran.iter().min_by(|(_, a), (_, b)| a.median_ms().total_cmp(&b.median_ms()));
    match fastest {
        Some((way, measured)) => Ok(Choice {
            way: *way,
            compile_s: measured.compile_s,
            losses: ran.iter().map(|(way, measured)| (*way, measured.figure)).collect(),
            note,
        }),
        None => Err(BenchError::Peer { workload: workload.to_owned(), why: note }),
    }
}

fn note(tried: &[(Way, Tried)]) -> String {
    let one = |(way, tried): &(Way, Tried)| match tried {
        Tried::Failed(why) => format!("{way}: {why}"),
        Tried::Measured(measured) => {
            let compiled = measured.compile_s.map(|s| format!(", compiled in {s:.0} s")).unwrap_or_default();
            format!("{way} {:.2} ms/step{compiled}", measured.median_ms())
        }
    };
    format!("PyTorch's ways in a trial: {}", tried.iter().map(one).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::workloads;

    fn measured(ms: f64, compile_s: Option<f64>) -> Tried {
        let versions = BTreeMap::new();
        Tried::Measured(Measured { step_ms: vec![ms], peak_kib: 1, figure: 2.3, compile_s, versions })
    }

    #[test]
    fn the_fastest_way_is_taken_and_the_others_are_told() {
        let ways = Way::all(&workloads().remove(0));
        let tried = [(ways[0], measured(3.0, None)), (ways[1], measured(2.0, Some(14.2)))];
        let choice = pick("mlp", &tried).unwrap();
        assert_eq!((choice.way, choice.compile_s), (ways[1], Some(14.2)));
        assert_eq!(choice.losses.len(), 2);
        let note =
            "PyTorch's ways in a trial: eager 3.00 ms/step; torch.compile 2.00 ms/step, compiled in 14 s";
        assert_eq!(choice.note, note);
    }

    #[test]
    fn a_way_that_failed_is_told_and_not_taken() {
        let ways = Way::all(&workloads().remove(0));
        let failed = || Tried::Failed("no compiler".to_owned());
        let choice = pick("mlp", &[(ways[0], measured(3.0, None)), (ways[1], failed())]).unwrap();
        assert_eq!(choice.way, ways[0]);
        assert_eq!(choice.note, "PyTorch's ways in a trial: eager 3.00 ms/step; torch.compile: no compiler");
        let Err(error) = pick("mlp", &[(ways[1], failed())]) else { panic!("no way ran") };
        let text = "could not run `mlp` in PyTorch: PyTorch's ways in a trial: torch.compile: no compiler";
        assert_eq!(error.to_string(), text);
    }
}
