//! `bench train`: checks, tries, then measures in turn.
use std::collections::BTreeMap;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;

use baeum::Clock;
use baeum::clock::SystemClock;
use baeum::run::utc;
use baeum_kernels::Isa;

use super::peer::Peer;
use super::process::{Measured, ask};
use super::trial::{Choice, choose};
use super::{BenchError, PeerTiming, RECORDS, Record, Timing, TrainArguments, machine, start, table};
use crate::{Scratch, Workload, root, workloads};

/// Names the Python that has PyTorch; `cargo xtask` sets it.
const PYTHON: &str = "BAEUM_PYTHON_TORCH";

/// How far the losses may be apart, and the parameters after one step, relative to a tensor's largest value.
const BOUND: f64 = 1e-4;

/// How many times further apart than PyTorch is from itself in double precision the parameters may be, where that is more than
/// [`BOUND`]: both sides round, and a relu that flips changes a batch norm's bias, which starts at zero, by a hundredth of it.
/// ResNet-20 in PyTorch differs by 1.5e-2 from itself in another memory layout.
const OWN_ERRORS: f64 = 4.0;

/// The share of the processors that others may use; above it, a measurement says so.
const BUSY: f64 = 0.05;

/// What the processes of each side measured, pair by pair; theirs is empty where PyTorch is missing.
#[derive(Default)]
struct Runs {
    ours: Vec<Measured>,
    theirs: Vec<Measured>,
}

/// Measures what was asked for, one workload after the other; one that fails does not stop the others.
pub(super) fn train(arguments: &TrainArguments) -> Result<(), BenchError> {
    let workloads = chosen(arguments.only.as_deref())?;
    let python = env::var_os(PYTHON).map(PathBuf::from);
    if python.is_none() {
        say(&format!("PyTorch's columns are left out: {PYTHON} names no Python that has it"));
    }
    // One date for the whole run, though it may pass midnight.
    let date = utc(SystemClock::new().wall()).chars().take_while(|&letter| letter != 'T').collect::<String>();
    let mut records = vec![];
    for workload in &workloads {
        match measure(workload, arguments, python.as_deref(), &date) {
            Ok(record) => {
                if !arguments.print_only {
                    keep(&record)?;
                }
                records.push(record);
            }
            Err(error) => say(&format!("error: {}", error.chain())),
        }
    }
    let _ = write!(io::stdout(), "{}", table(&records.iter().collect::<Vec<_>>()));
    if !arguments.print_only && !records.is_empty() {
        super::rewrite_page()?;
    }
    match workloads.len() - records.len() {
        0 => Ok(()),
        failed => Err(BenchError::Failed { failed, all: workloads.len() }),
    }
}

/// All workloads, or the one of this name.
pub(super) fn chosen(only: Option<&str>) -> Result<Vec<Workload>, BenchError> {
    let mut chosen = workloads();
    let Some(name) = only else { return Ok(chosen) };
    let known: Vec<String> = chosen.iter().map(|workload| format!("`{}`", workload.name)).collect();
    chosen.retain(|workload| workload.name == name);
    match chosen.is_empty() {
        false => Ok(chosen),
        true => Err(BenchError::Workload { name: name.to_owned(), known: known.join(", ") }),
    }
}

fn measure(
    workload: &Workload,
    arguments: &TrainArguments,
    python: Option<&Path>,
    date: &str,
) -> Result<Record, BenchError> {
    let folder = Scratch::new("bench");
    let threads = arguments.threads.get();
    let steps = arguments.steps.map_or(workload.steps, NonZeroUsize::get);
    let loss = start::write(folder.path(), workload, threads)?;
    let peer = match python {
        None => None,
        Some(python) => {
            let peer = Peer { python, folder: folder.path(), threads };
            let choice = agreed(&peer, workload, loss)?;
            Some((peer, choice))
        }
    };
    let busy = busy();
    let runs = in_turn(workload, arguments.pairs.get(), steps, threads, peer.as_ref())?;
    let tried = peer.iter().map(|(_, choice)| choice.note.clone());
    let notes = tried.chain(busy).collect();
    Ok(Record {
        workload: workload.name.to_owned(),
        date: date.to_owned(),
        processor: machine::processor(),
        threads,
        rung: Isa::best().rung().name().to_owned(),
        rows: workload.rows,
        steps,
        versions: versions(&runs),
        ours: timing(&runs.ours),
        peer: peer.map(|(_, choice)| PeerTiming {
            timing: timing(&runs.theirs),
            way: choice.way.to_string(),
            compile_s: choice.compile_s,
        }),
        notes,
    })
}

/// What to say of a machine that works for others too.
fn busy() -> Option<String> {
    let busy = machine::busy();
    let note = format!("do not quote: other programs used {:.0} % of the processors", busy * 100.0);
    (busy > BUSY).then(|| {
        say(&note);
        note
    })
}

/// PyTorch's fastest way, once it is known that both sides compute the same.
fn agreed(peer: &Peer<'_>, workload: &Workload, loss: f64) -> Result<Choice, BenchError> {
    say(&format!("{}: one step of both, compared", workload.name));
    let checked = peer.check()?;
    let bound = BOUND.max(OWN_ERRORS * checked.own_error);
    near(workload, format!("`{}` after one step", checked.worst), bound, checked.relative_error)?;
    near(workload, "the loss".to_owned(), BOUND, relative(loss, checked.loss))?;
    say(&format!(
        "{}: parameters differ by {:.0e}, PyTorch's own rounding makes {:.0e}; now PyTorch's ways",
        workload.name, checked.relative_error, checked.own_error
    ));
    let choice = choose(peer, workload)?;
    for (way, theirs) in &choice.losses {
        near(workload, format!("the loss ({way})"), BOUND, relative(loss, *theirs))?;
    }
    say(&format!("{}: {}", workload.name, choice.note));
    Ok(choice)
}

fn relative(ours: f64, theirs: f64) -> f64 {
    (ours - theirs).abs() / theirs.abs()
}

/// Refuses a difference above `bound`, and one that is no number.
fn near(workload: &Workload, what: String, bound: f64, got: f64) -> Result<(), BenchError> {
    match got <= bound {
        true => Ok(()),
        false => Err(BenchError::Differs { workload: workload.name.to_owned(), what, bound, got }),
    }
}

/// The pairs of runs, in changing order.
fn in_turn(
    workload: &Workload,
    pairs: usize,
    steps: usize,
    threads: usize,
    peer: Option<&(Peer<'_>, Choice)>,
) -> Result<Runs, BenchError> {
    let mut runs = Runs::default();
    for pair in 0..pairs {
        for ours in order(pair) {
            match peer {
                _ if ours => runs.ours.push(worker(workload, steps, threads)?),
                Some((peer, choice)) => runs.theirs.push(peer.run_again(workload, choice.way, steps)?),
                None => {}
            }
        }
        say(&format!("{}: pair {} of {pairs}", workload.name, pair + 1));
    }
    Ok(runs)
}

/// Whose turn it is, whether ours: A B, B A, A B ..
fn order(pair: usize) -> [bool; 2] {
    if pair.is_multiple_of(2) { [true, false] } else { [false, true] }
}

/// Our side in a process of its own, so that it finds memory and processor as PyTorch's does.
fn worker(workload: &Workload, steps: usize, threads: usize) -> Result<Measured, BenchError> {
    let what = "our side";
    let itself = env::current_exe().map_err(|source| BenchError::Start { what: what.to_owned(), source })?;
    let (steps, threads) = (steps.to_string(), threads.to_string());
    let args = ["worker", workload.name, "--steps", &steps, "--threads", &threads];
    ask(what, Command::new(itself).args(args))
}

fn timing(runs: &[Measured]) -> Timing {
    Timing {
        step_ms: runs.iter().map(Measured::median_ms).collect(),
        peak_kib: runs.iter().map(|run| run.peak_kib).max().unwrap_or(0),
    }
}

fn versions(runs: &Runs) -> BTreeMap<String, String> {
    let all = runs.ours.iter().chain(&runs.theirs);
    all.flat_map(|run| run.versions.clone()).collect()
}

/// Adds a line to what is kept.
fn keep(record: &Record) -> Result<(), BenchError> {
    let path = root().join(RECORDS);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(BenchError::file("write", folder))?;
    }
    let mut file =
        OpenOptions::new().create(true).append(true).open(&path).map_err(BenchError::file("write", &path))?;
    file.write_all(record.line()?.as_bytes()).map_err(BenchError::file("write", &path))
}

/// How far the work is, on standard error: the table alone goes to standard output.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_change_their_order() {
        assert_eq!([0, 1, 2].map(order), [[true, false], [false, true], [true, false]]);
    }

    #[test]
    fn a_name_that_no_workload_has_is_refused_with_those_there_are() {
        assert_eq!(chosen(Some("cnn")).unwrap().len(), 1);
        assert_eq!(chosen(None).unwrap().len(), workloads().len());
        let error = chosen(Some("gnn")).unwrap_err().to_string();
        assert!(error.starts_with("`gnn` is not a workload; there are `mlp`, `cnn`"), "{error}");
    }

    #[test]
    fn what_is_no_number_is_near_nothing() {
        let workload = workloads().remove(0);
        assert!(near(&workload, "the loss".to_owned(), BOUND, 1e-5).is_ok());
        assert!(near(&workload, "the loss".to_owned(), BOUND, f64::NAN).is_err());
        let error = near(&workload, "the loss".to_owned(), BOUND, 0.5).unwrap_err().to_string();
        assert_eq!(error, "workload `mlp` wants the loss within 1e-4 of PyTorch's, got 5e-1");
    }
}
