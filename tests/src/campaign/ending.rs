use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Subject;

/// What tells the time or who ran it, and what shows the recipe, in which the number of threads stands. All else in a run folder
/// is a function of recipe and data.
const LEFT_OUT: [&str; 8] = [
    "run.json",
    "run.lock",
    "run.owner",
    "events.jsonl",
    "tensorboard",
    "recipe.toml",
    "4-evaluate/report.html",
    "4-evaluate/set.json",
];

const CHECKPOINTS: &str = "3-train/checkpoints";

/// Every file that a run ends with, by its path in the run folder: weights, history, scores and exports, and in the last
/// checkpoints the optimizer's moments and the best choice.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ending(BTreeMap<PathBuf, Vec<u8>>);

impl Ending {
    /// What lies in the first run folder that got to its end. Killed behind its end, the command would begin another, which
    /// takes everything from the cache.
    pub(super) fn of(folder: &Path, subject: &Subject) -> Ending {
        let is_done = |run: &PathBuf| run.join("5-export/set.json").exists();
        let run = runs(folder, subject).into_iter().find(is_done).expect("a run has ended");
        let mut files = BTreeMap::new();
        collect(&run, Path::new(""), &mut files);
        // Killed behind its last checkpoint, a run may have one more than it keeps: the next save would have removed it.
        let newest = newest_checkpoints(&run);
        files.retain(|name, _| {
            name.strip_prefix(CHECKPOINTS).is_err() || newest.iter().any(|kept| name.starts_with(kept))
        });
        Ending(files)
    }

    /// The files that are not the same, or that only one of the two has.
    pub(super) fn differences(&self, other: &Ending) -> Vec<PathBuf> {
        let names = self.0.keys().chain(other.0.keys().filter(|name| !self.0.contains_key(*name)));
        names.filter(|name| self.0.get(*name) != other.0.get(*name)).cloned().collect()
    }
}

/// The run folders in the order of their numbers.
pub(super) fn runs(folder: &Path, subject: &Subject) -> Vec<PathBuf> {
    let start = format!("{}-", subject.name);
    let is_run = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&start))
    };
    let entries = fs::read_dir(folder.join("runs")).into_iter().flatten().flatten();
    let mut runs: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_run).collect();
    runs.sort_unstable();
    runs
}

/// Those that a run keeps, by their paths in its folder.
fn newest_checkpoints(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run.join(CHECKPOINTS)).into_iter().flatten().flatten();
    let mut names: Vec<PathBuf> =
        entries.map(|entry| Path::new(CHECKPOINTS).join(entry.file_name())).collect();
    names.sort_unstable();
    names.split_off(names.len().saturating_sub(2))
}

fn collect(root: &Path, below: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(root.join(below)).expect("a folder of a run can be read").flatten() {
        let name = below.join(entry.file_name());
        if LEFT_OUT.iter().any(|left_out| name == Path::new(left_out)) {
            continue;
        }
        match entry.path().is_dir() {
            true => collect(root, &name, files),
            false => {
                let bytes = fs::read(entry.path()).expect("a file of a run can be read");
                files.insert(name, bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;
    use crate::campaign::SUBJECTS;

    #[test]
    fn what_differs_is_named_and_the_time_is_no_difference() {
        let subject = &SUBJECTS[0];
        let ending = |files: &[(&str, &str)]| {
            let folder = Scratch::new("ending");
            folder.put("runs/mlp-0001/3-train/history.json", "of a run that was given up");
            for (name, text) in files {
                folder.put(&format!("runs/mlp-0002/{name}"), text);
            }
            folder.put("runs/mlp-0002/5-export/set.json", "");
            folder.put("runs/mlp-0003/5-export/set.json", "of another run");
            Ending::of(folder.path(), subject)
        };
        let whole = ending(&[("run.json", "1"), ("3-train/history.json", "a"), ("3-train/set.json", "b")]);
        let later = ending(&[("run.json", "2"), ("3-train/history.json", "a"), ("3-train/set.json", "b")]);
        assert_eq!(whole.differences(&later), Vec::<PathBuf>::new());
        let other = ending(&[("3-train/history.json", "A"), ("3-train/best.json", "b")]);
        let names = ["3-train/history.json", "3-train/set.json", "3-train/best.json"];
        assert_eq!(whole.differences(&other), names.map(PathBuf::from));
        let kept = [("3-train/checkpoints/000002/a", "2"), ("3-train/checkpoints/000003/a", "3")];
        let one_more = [kept[0], kept[1], ("3-train/checkpoints/000001/a", "1")];
        assert_eq!(ending(&kept).differences(&ending(&one_more)), Vec::<PathBuf>::new());
    }
}
