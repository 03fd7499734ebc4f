//! `bench train`: checks, tries, then measures in turn.
use std::num::NonZeroUsize;
use std::path::Path;

use super::peer::Peer;
use super::process::Checked;
use super::trial::{Choice, choose};
use super::turns::{Runs, alone, busy, chosen, each, near, python_of, say, timing, worker};
use super::{BenchError, Contest, PeerTiming, Record, TrainArguments, start};
use crate::{Scratch, Workload};

/// Names the Python that has PyTorch; `cargo xtask` sets it.
const PYTHON: &str = "BAEUM_PYTHON_TORCH";

/// How far the losses may be apart, and the parameters after one step, relative to a tensor's largest value.
const BOUND: f64 = 1e-4;

/// How many times further apart than PyTorch is from itself in double precision the parameters may be, where that is more than
/// [`BOUND`]: both sides round, and a relu that flips changes a batch norm's bias, which starts at zero, by a hundredth of it.
/// ResNet-20 in PyTorch differs by 1.5e-2 from itself in another memory layout.
const OWN_ERRORS: f64 = 4.0;

/// Measures what was asked for, one workload after the other.
pub(super) fn train(arguments: &TrainArguments) -> Result<(), BenchError> {
    let python = python_of(Contest::Train, PYTHON);
    each(Contest::Train, arguments.print_only, &chosen(arguments.only.as_deref())?, |workload| {
        measure(workload, arguments, python.as_deref())
    })
}

fn measure(
    workload: &Workload,
    arguments: &TrainArguments,
    python: Option<&Path>,
) -> Result<Record, BenchError> {
    let folder = Scratch::new("bench");
    let threads = arguments.threads.get();
    let steps = arguments.steps.map_or(workload.steps, NonZeroUsize::get);
    let loss = start::write(folder.path(), workload, threads)?;
    let mut ours = || worker(Contest::Train, workload, steps, threads);
    let pairs = arguments.pairs.get();
    let Some(python) = python else { return alone(Contest::Train, workload, arguments, steps) };
    let peer = Peer { python, script: "bench_train.py", folder: folder.path(), threads };
    let Choice { way, compile_s, note, .. } = agreed(&peer, workload, loss)?;
    let busy = busy();
    let mut theirs = || peer.run_again(workload, way, steps);
    let runs = Runs::in_turn(workload.name, pairs, &mut ours, Some(&mut theirs))?;
    Ok(Record {
        peer: Some(PeerTiming { timing: timing(&runs.theirs), way: way.to_string(), compile_s }),
        notes: std::iter::once(note).chain(busy).collect(),
        ..runs.record(workload.name, workload.rows, steps, threads)
    })
}

/// PyTorch's fastest way, once it is known that both sides compute the same.
fn agreed(peer: &Peer<'_>, workload: &Workload, loss: f64) -> Result<Choice, BenchError> {
    say(&format!("{}: one step of both, compared", workload.name));
    let checked: Checked = peer.ask("check")?;
    let bound = BOUND.max(OWN_ERRORS * checked.own_error);
    near(workload.name, format!("`{}` after one step", checked.worst), bound, checked.relative_error)?;
    near(workload.name, "the loss".to_owned(), BOUND, relative(loss, checked.loss))?;
    say(&format!(
        "{}: parameters differ by {:.0e}, PyTorch's own rounding makes {:.0e}; now PyTorch's ways",
        workload.name, checked.relative_error, checked.own_error
    ));
    let choice = choose(peer, workload)?;
    for (way, theirs) in &choice.losses {
        near(workload.name, format!("the loss ({way})"), BOUND, relative(loss, *theirs))?;
    }
    say(&format!("{}: {}", workload.name, choice.note));
    Ok(choice)
}

fn relative(ours: f64, theirs: f64) -> f64 {
    (ours - theirs).abs() / theirs.abs()
}
