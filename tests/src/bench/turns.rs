//! Both sides in turn, and what is kept of it.
use std::collections::BTreeMap;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;

use baeum::Clock;
use baeum::clock::SystemClock;
use baeum::run::utc;
use baeum_kernels::Isa;

use super::process::{Measured, ask};
use super::{BenchError, Contest, Record, Timing, TrainArguments, machine, rewrite_page, table};
use crate::{Workload, root, workloads};

/// The share of the processors that others may use; above it, a measurement says so.
const BUSY: f64 = 0.05;

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

/// Measures each of `cases`, keeps the records and prints their table; one that fails does not stop the others.
pub(super) fn each<T>(
    contest: Contest,
    print_only: bool,
    cases: &[T],
    mut measure: impl FnMut(&T) -> Result<Record, BenchError>,
) -> Result<(), BenchError> {
    let mut records = vec![];
    for case in cases {
        match measure(case) {
            Ok(record) => {
                if !print_only {
                    keep(contest, &record)?;
                }
                records.push(record);
            }
            Err(error) => say(&format!("error: {}", error.chain())),
        }
    }
    let _ = write!(io::stdout(), "{}", table(contest, &records.iter().collect::<Vec<_>>()));
    if !print_only && !records.is_empty() {
        rewrite_page()?;
    }
    match cases.len() - records.len() {
        0 => Ok(()),
        failed => Err(BenchError::Failed { failed, all: cases.len() }),
    }
}

/// The Python that has the other side, which a variable names; says so where none does.
pub(super) fn python_of(contest: Contest, variable: &str) -> Option<PathBuf> {
    let python = env::var_os(variable).map(PathBuf::from);
    if python.is_none() {
        say(&format!("{}'s columns are left out: {variable} names no Python that has it", contest.peer()));
    }
    python
}

/// Our side of a workload, on a machine that lacks the other.
pub(super) fn alone(
    contest: Contest,
    workload: &Workload,
    arguments: &TrainArguments,
    steps: usize,
) -> Result<Record, BenchError> {
    let (threads, busy) = (arguments.threads.get(), busy());
    let mut ours = || worker(contest, workload, steps, threads);
    let runs = Runs::in_turn(workload.name, arguments.pairs.get(), &mut ours, None)?;
    let record = runs.record(workload.name, workload.rows, steps, threads);
    Ok(Record { notes: busy.into_iter().collect(), ..record })
}

/// What the processes of each side measured, pair by pair; theirs is empty where the other side is missing.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) ours: Vec<Measured>,
    pub(super) theirs: Vec<Measured>,
}

/// A side's next process.
pub(super) type Turn<'a> = &'a mut dyn FnMut() -> Result<Measured, BenchError>;

impl Runs {
    /// Pairs of runs, in changing order.
    pub(super) fn in_turn(
        name: &str,
        pairs: usize,
        ours: Turn<'_>,
        mut theirs: Option<Turn<'_>>,
    ) -> Result<Runs, BenchError> {
        let mut runs = Runs::default();
        for pair in 0..pairs {
            for our_turn in order(pair) {
                match &mut theirs {
                    _ if our_turn => runs.ours.push(ours()?),
                    Some(theirs) => runs.theirs.push(theirs()?),
                    None => {}
                }
            }
            say(&format!("{name}: pair {} of {pairs}", pair + 1));
        }
        Ok(runs)
    }

    /// Refuses sides that did not do the same amount of work.
    pub(super) fn same_figure(&self, name: &str) -> Result<(), BenchError> {
        let mut figures = self.ours.iter().chain(&self.theirs).map(|run| run.figure);
        let first = figures.next().unwrap_or_default();
        let apart = figures.map(|figure| (figure - first).abs()).fold(0.0, f64::max);
        near(name, "the number of rows".to_owned(), 0.0, apart)
    }

    /// What was measured of a workload, the other side left out.
    pub(super) fn record(&self, workload: &str, rows: usize, steps: usize, threads: usize) -> Record {
        let all = self.ours.iter().chain(&self.theirs);
        let versions: BTreeMap<String, String> = all.flat_map(|run| run.versions.clone()).collect();
        let today = utc(SystemClock::new().wall());
        Record {
            workload: workload.to_owned(),
            date: today.chars().take_while(|&letter| letter != 'T').collect(),
            processor: machine::processor(),
            threads,
            rung: Isa::best().rung().name().to_owned(),
            rows,
            steps,
            versions,
            ours: timing(&self.ours),
            peer: None,
            notes: vec![],
        }
    }
}

/// Whose turn it is, whether ours: A B, B A, A B ..
pub(super) fn order(pair: usize) -> [bool; 2] {
    if pair.is_multiple_of(2) { [true, false] } else { [false, true] }
}

/// Our side in a process of its own, so that it finds memory and processor as the other side does.
pub(super) fn worker(
    contest: Contest,
    workload: &Workload,
    steps: usize,
    threads: usize,
) -> Result<Measured, BenchError> {
    let what = "our side";
    let itself = env::current_exe().map_err(|source| BenchError::Start { what: what.to_owned(), source })?;
    let (steps, threads, rows) = (steps.to_string(), threads.to_string(), workload.rows.to_string());
    let mut command = Command::new(itself);
    command.args(["worker", workload.name, "--steps", &steps, "--threads", &threads]);
    match contest {
        Contest::Predict => command.args(["--answer", &rows]),
        Contest::Generate => command.arg("--generate"),
        Contest::Train | Contest::Data => &mut command,
    };
    ask(what, &mut command)
}

pub(super) fn timing(runs: &[Measured]) -> Timing {
    Timing {
        step_ms: runs.iter().map(Measured::median_ms).collect(),
        peak_kib: runs.iter().map(|run| run.peak_kib).max().unwrap_or(0),
    }
}

/// What to say of a machine that works for others too.
pub(super) fn busy() -> Option<String> {
    let busy = machine::busy();
    let note = format!("do not quote: other programs used {:.0} % of the processors", busy * 100.0);
    (busy > BUSY).then(|| {
        say(&note);
        note
    })
}

/// Refuses a difference above `bound`, and one that is no number.
pub(super) fn near(workload: &str, what: String, bound: f64, got: f64) -> Result<(), BenchError> {
    match got <= bound {
        true => Ok(()),
        false => Err(BenchError::Differs { workload: workload.to_owned(), what, bound, got }),
    }
}

/// Adds a line to what is kept.
fn keep(contest: Contest, record: &Record) -> Result<(), BenchError> {
    let path = root().join(contest.records());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(BenchError::file("write", folder))?;
    }
    let mut file =
        OpenOptions::new().create(true).append(true).open(&path).map_err(BenchError::file("write", &path))?;
    file.write_all(record.line()?.as_bytes()).map_err(BenchError::file("write", &path))
}

/// How far the work is, on standard error: the table alone goes to standard output.
pub(super) fn say(text: &str) {
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
        assert!(near("mlp", "the loss".to_owned(), 1e-4, 1e-5).is_ok());
        assert!(near("mlp", "the loss".to_owned(), 1e-4, f64::NAN).is_err());
        let error = near("mlp", "the loss".to_owned(), 1e-4, 0.5).unwrap_err().to_string();
        assert_eq!(error, "workload `mlp` wants the loss within 1e-4 of the other side's, got 5e-1");
    }
}
