use std::fmt::Write;

use super::{Attempt, Failure, Tally, Wrong};

const HEAD: &str = "| recipe | undisturbed, s | kills | while training | runs | differences | repairs by hand |\n\
                    |---|---:|---:|---:|---:|---:|---:|\n";

/// The figures of each subject and of all, as Markdown, and below it what went wrong and how to repeat it.
pub fn table(tallies: &[Tally], seed: u64) -> String {
    let rows: String = tallies.iter().map(row).collect();
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    let all = format!(
        "| all | | {} | {} | {} | {} | {} |\n",
        sum(|tally| tally.kills),
        sum(|tally| tally.while_training),
        sum(|tally| tally.runs as usize),
        sum(differences),
        sum(|tally| tally.failures.len() - differences(tally)),
    );
    let failures = tallies
        .iter()
        .flat_map(|tally| tally.failures.iter().map(|failure| explanation(tally.subject, failure, seed)));
    format!("{HEAD}{rows}{all}{}", failures.collect::<String>())
}

fn row(tally: &Tally) -> String {
    let Tally { subject, whole, kills, while_training, runs, failures } = tally;
    let (seconds, differences) = (whole.as_secs_f64(), differences(tally));
    let repairs = failures.len() - differences;
    format!(
        "| {subject} | {seconds:.2} | {kills} | {while_training} | {runs} | {differences} | {repairs} |\n"
    )
}

fn differences(tally: &Tally) -> usize {
    tally.failures.iter().filter(|failure| matches!(failure.wrong, Wrong::Differs(_))).count()
}

fn explanation(subject: &str, failure: &Failure, seed: u64) -> String {
    let Failure { run, attempts, wrong, folder } = failure;
    let mut text = format!("\n{subject}, run {run}: ");
    match wrong {
        Wrong::Differs(files) => {
            let names: Vec<String> = files.iter().map(|file| format!("`{}`", file.display())).collect();
            let _ = writeln!(text, "other bytes in {}", names.join(", "));
        }
        Wrong::WantsRepair(outcome) => {
            let _ = writeln!(text, "exit code {:?}: {}", outcome.code, outcome.stderr.trim_end());
        }
    }
    let attempts: Vec<String> = attempts.iter().map(attempt).collect();
    let _ = writeln!(text, "  {}; its folder is {}", attempts.join(", then "), folder.display());
    let _ = writeln!(text, "  again: cargo xtask campaign kill --seed {seed} --only {subject} --first {run}");
    text
}

fn attempt(attempt: &Attempt) -> String {
    let when = attempt.moment.map_or("not killed".to_owned(), |moment| format!("killed after {moment:.0?}"));
    format!("{when} with {} threads", attempt.threads)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_went_wrong_is_told_so_that_it_can_be_repeated() {
        let attempts = vec![
            Attempt { moment: Some(Duration::from_millis(412)), threads: 2 },
            Attempt { moment: None, threads: 3 },
        ];
        let wrong = Wrong::Differs(vec![PathBuf::from("3-train/history.json")]);
        let failures = vec![Failure { run: 4, attempts, wrong, folder: PathBuf::from("kept/mlp-4") }];
        let whole = Duration::from_millis(1500);
        let tally = Tally { subject: "mlp", whole, kills: 9, while_training: 5, runs: 6, failures };
        let wanted = format!(
            "{HEAD}| mlp | 1.50 | 9 | 5 | 6 | 1 | 0 |\n| all | | 9 | 5 | 6 | 1 | 0 |\n\n\
             mlp, run 4: other bytes in `3-train/history.json`\n  \
             killed after 412ms with 2 threads, then not killed with 3 threads; its folder is kept/mlp-4\n  \
             again: cargo xtask campaign kill --seed 7 --only mlp --first 4\n"
        );
        assert_eq!(table(&[tally], 7), wanted);
    }
}
