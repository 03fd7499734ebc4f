use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use baeum::{Counter, Rng};

use super::ending::{Ending, runs};
use super::{SUBJECTS, Subject};
use crate::Outcome;
use crate::command::of;

/// What is to be killed, how often and when.
#[derive(Clone, Debug)]
pub struct Kills {
    /// How many kills in all, shared out over the subjects.
    pub count: usize,
    /// Decides every moment and every number of threads.
    pub seed: u64,
    /// One subject alone, by its name.
    pub only: Option<String>,
    /// The first run of each subject, counted from 0: a run that went wrong is repeated by its number.
    pub first: u64,
}

/// What the kills of one subject came to.
#[derive(Debug)]
pub struct Tally {
    /// The subject's name.
    pub subject: &'static str,
    /// How long it takes undisturbed.
    pub whole: Duration,
    /// How many kills hit.
    pub kills: usize,
    /// How many of them hit while it was learning.
    pub while_training: usize,
    /// How many runs they were spread over; each went on until it ended.
    pub runs: u64,
    /// The runs that did not end as the undisturbed one did.
    pub failures: Vec<Failure>,
}

/// A run that went wrong.
#[derive(Debug)]
pub struct Failure {
    /// Which run of its subject.
    pub run: u64,
    /// When it was killed each time, and with how many threads it ran.
    pub attempts: Vec<Attempt>,
    /// What went wrong.
    pub wrong: Wrong,
    /// Its folder, which is left for whoever looks into it.
    pub folder: PathBuf,
}

/// One start of the command.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// How long it was let run; to the end, if there is none.
    pub moment: Option<Duration>,
    /// With how many threads.
    pub threads: u32,
}

/// How a run can go wrong.
#[derive(Debug)]
pub enum Wrong {
    /// It ended, but these files have other bytes.
    Differs(Vec<PathBuf>),
    /// The same command would not go on: somebody has to repair something by hand.
    WantsRepair(Outcome),
}

/// More threads than the small networks have work for, so that the work is cut in other ways than one thread cuts it.
const MOST_THREADS: u32 = 4;

/// Kills the command `binary` at random moments while it runs the recipes, lets it go on until it ends, and compares.
///
/// # Panics
/// If an undisturbed run fails, or the disk refuses: there is nothing to compare with.
pub fn kill(kills: &Kills, binary: &Path, mut told: impl FnMut(&Tally)) -> Vec<Tally> {
    let subjects: Vec<&Subject> = SUBJECTS
        .iter()
        .filter(|subject| kills.only.as_ref().is_none_or(|only| only == subject.name))
        .collect();
    let share = |place: usize| (kills.count + place) / subjects.len().max(1);
    let each = subjects.iter().enumerate().map(|(place, subject)| {
        let lot = Lot { binary, subject, rng: Rng::new(kills.seed), first: kills.first };
        lot.kill(share(place), &mut told)
    });
    each.collect()
}

/// The kills of one subject.
struct Lot<'a> {
    binary: &'a Path,
    subject: &'a Subject,
    rng: Rng,
    first: u64,
}

impl Lot<'_> {
    fn kill(&self, count: usize, told: &mut impl FnMut(&Tally)) -> Tally {
        let (wanted, whole) = self.undisturbed();
        let subject = self.subject.name;
        let mut tally = Tally { subject, whole, kills: 0, while_training: 0, runs: 0, failures: vec![] };
        while tally.kills < count {
            let run = self.first + tally.runs;
            tally.runs += 1;
            let failure = self.run(run, count, &wanted, &mut tally);
            tally.failures.extend(failure);
            told(&tally);
        }
        tally
    }

    /// What it ends in, and how long it takes: the shorter of two times, or other work on the machine puts kills behind the end.
    fn undisturbed(&self) -> (Ending, Duration) {
        let [(ending, first), (_, second)] = [(); 2].map(|()| {
            let (folder, since) = (self.subject.folder(), Instant::now());
            let outcome = self.finish(folder.path(), 1);
            assert_eq!(outcome.code, Some(0), "{}: {}{}", self.subject.name, outcome.stdout, outcome.stderr);
            (Ending::of(folder.path(), self.subject), since.elapsed())
        });
        (ending, first.min(second))
    }

    /// Kills one run again and again, until it gets to its end or there have been `count` kills.
    fn run(&self, run: u64, count: usize, wanted: &Ending, tally: &mut Tally) -> Option<Failure> {
        let folder = self.subject.folder();
        let mut attempts = vec![];
        loop {
            let drawn = self.attempt(run, attempts.len() as u32, tally.whole);
            let attempt = Attempt { moment: drawn.moment.filter(|_| tally.kills < count), ..drawn };
            attempts.push(attempt);
            let outcome = match attempt.moment {
                Some(moment) => self.kill_after(folder.path(), moment, attempt.threads),
                None => Some(self.finish(folder.path(), attempt.threads)),
            };
            let Some(outcome) = outcome else {
                tally.kills += 1;
                tally.while_training += usize::from(self.was_training(folder.path()));
                continue;
            };
            let wrong = match outcome.code {
                Some(0) => Wrong::Differs(wanted.differences(&Ending::of(folder.path(), self.subject))),
                Some(_) | None => Wrong::WantsRepair(outcome),
            };
            let failed = !matches!(&wrong, Wrong::Differs(files) if files.is_empty());
            return failed.then(|| Failure { run, attempts, wrong, folder: folder.keep() });
        }
    }

    /// When an attempt is killed and with how many threads it runs: a function of seed, subject, run and attempt.
    fn attempt(&self, run: u64, attempt: u32, whole: Duration) -> Attempt {
        let at = Counter::sample(attempt, run);
        let share = self.rng.stream("kill", self.subject.name).uniform(at);
        let threads = 1 + self.rng.stream("threads", self.subject.name).below(MOST_THREADS, at);
        Attempt { moment: Some(whole.mul_f32(share)), threads }
    }

    fn args(threads: u32) -> [String; 4] {
        ["pipeline", "recipe.toml", "--set", &format!("run.threads={threads}")].map(str::to_owned)
    }

    fn finish(&self, folder: &Path, threads: u32) -> Outcome {
        let output = of(self.binary, folder, &Self::args(threads)).output().expect("the command starts");
        Outcome::of(&output)
    }

    /// Starts the command and sends SIGKILL after `moment`; what it left behind, if it was over by then.
    fn kill_after(&self, folder: &Path, moment: Duration, threads: u32) -> Option<Outcome> {
        let mut command = of(self.binary, folder, &Self::args(threads));
        let mut process =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the command starts");
        std::thread::sleep(moment);
        let _ = process.kill(); // it may be over
        let output = process.wait_with_output().expect("a process that was started can be waited for");
        (output.status.signal() != Some(9)).then(|| Outcome::of(&output))
    }

    /// Whether the network was built, and not yet trained.
    fn was_training(&self, folder: &Path) -> bool {
        let Some(run) = runs(folder, self.subject).pop() else { return false };
        run.join("2-models/set.json").exists() && !run.join("3-train/set.json").exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_a_function_of_the_seed() {
        let lot = |seed| Lot { binary: Path::new(""), subject: &SUBJECTS[0], rng: Rng::new(seed), first: 0 };
        let whole = Duration::from_secs(1);
        let moments = |seed| -> Vec<Option<Duration>> {
            (0..9).map(|run| lot(seed).attempt(run, 0, whole).moment).collect()
        };
        assert_eq!(moments(7), moments(7));
        assert_ne!(moments(7), moments(8));
        let threads: std::collections::BTreeSet<u32> =
            (0..99).map(|run| lot(7).attempt(run, 1, whole).threads).collect();
        assert_eq!(threads.into_iter().collect::<Vec<u32>>(), [1, 2, 3, 4]);
    }
}
