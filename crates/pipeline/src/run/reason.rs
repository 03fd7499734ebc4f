use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::{CpuClass, Identity, Stage};

/// Longest value that a message shows whole, in characters.
const SHOWN: usize = 60;

/// Why a stage will run or will not. The only list there is: `baeum plan` and `--resume` show nothing else.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// No run of this name has an output of it.
    NeverRan,
    /// A setting is another one.
    Recipe {
        /// Where it stands in the recipe, such as `train.epochs`.
        path: String,
        /// What it was; none if it was not set.
        from: Option<Value>,
        /// What it is; none if it is not set.
        to: Option<Value>,
    },
    /// A data file is another one.
    DataFile {
        /// Its path, as the run keeps it.
        path: String,
        /// What happened to it.
        change: Change,
    },
    /// The weights that training starts from are others.
    WeightsFile {
        /// Their path, as the run keeps it.
        path: String,
        /// What happened to it.
        change: Change,
    },
    /// The program was built from other sources.
    Code {
        /// The stage whose sources they are.
        stage: Stage,
    },
    /// The processor rounds in another way.
    CpuClass {
        /// How the earlier one did.
        from: CpuClass,
        /// How this one does.
        to: CpuClass,
    },
    /// A stage before it puts out something new.
    Upstream(Stage),
    /// Its output is not what it has written.
    OutputDamaged {
        /// The file, below the folder of all runs.
        file: String,
    },
    /// It was interrupted, and goes on from its last checkpoint.
    Continues {
        /// How many epochs are done.
        epoch: u64,
    },
    /// Nothing has changed, but its output is kept nowhere.
    Gone,
    /// Nothing has changed, and its output stands in the run.
    Unchanged,
    /// Nothing has changed since another run, whose output is in the cache.
    Cached,
}

/// What can happen to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has other bytes.
    Changed,
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NeverRan => f.write_str("it never ran"),
            Reason::Recipe { path, from, to } => write!(f, "`{path}` {} -> {}", shown(from), shown(to)),
            Reason::DataFile { path, change } => write!(f, "data file `{path}` {change}"),
            Reason::WeightsFile { path, change } => write!(f, "the file of weights `{path}` {change}"),
            Reason::Code { stage } => write!(f, "the code of `{stage}` changed"),
            Reason::CpuClass { from, to } => write!(f, "CPU class {from} -> {to}"),
            Reason::Upstream(stage) => write!(f, "it takes the output of `{stage}`, which is new"),
            Reason::OutputDamaged { file } => write!(f, "its output `{file}` is damaged"),
            Reason::Continues { epoch } => write!(f, "it was interrupted and goes on after epoch {epoch}"),
            Reason::Gone => f.write_str("nothing changed, but its output is no longer kept"),
            Reason::Unchanged => f.write_str("nothing changed; its output stands in the run"),
            Reason::Cached => f.write_str("nothing changed; its output is in the cache"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Change::Changed => "changed",
            Change::Added => "is new",
            Change::Removed => "is gone",
        })
    }
}

/// A value as a message shows it: on one line, and cut short if it is long.
fn shown(value: &Option<Value>) -> String {
    let Some(value) = value else { return "unset".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

impl Identity {
    /// What has changed since `before`, in the order: CPU class, code, data files, weights, recipe.
    pub fn differences(&self, before: &Identity) -> Vec<Reason> {
        let mut found = vec![];
        if self.cpu != before.cpu {
            found.push(Reason::CpuClass { from: before.cpu, to: self.cpu });
        }
        let stages = Stage::ALL.into_iter().filter(|stage| self.code.get(stage) != before.code.get(stage));
        found.extend(stages.map(|stage| Reason::Code { stage }));
        files(&before.files, &self.files, |path, change| found.push(Reason::DataFile { path, change }));
        files(&before.weights, &self.weights, |path, change| {
            found.push(Reason::WeightsFile { path, change })
        });
        settings("", Some(&before.recipe), Some(&self.recipe), &mut found);
        found
    }
}

/// Tells the files that are not the same.
fn files(
    from: &BTreeMap<String, String>,
    to: &BTreeMap<String, String>,
    mut tell: impl FnMut(String, Change),
) {
    let mut add = |path: &String, change| tell(path.clone(), change);
    for (path, hash) in from {
        match to.get(path) {
            None => add(path, Change::Removed),
            Some(now) if now != hash => add(path, Change::Changed),
            Some(_) => {}
        }
    }
    to.keys().filter(|path| !from.contains_key(*path)).for_each(|path| add(path, Change::Added));
}

/// Adds the settings below `path` that are not the same; a setting that is `null` is not set.
fn settings(path: &str, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<Reason>) {
    let set = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    let (from, to) = (set(from), set(to));
    match (&from, &to) {
        _ if from == to => {}
        // Tables without a common key are two variants of a choice, such as `adam` and `sgd`, and best shown side by side.
        (Some(Value::Object(from)), Some(Value::Object(to)))
            if from.keys().any(|name| to.contains_key(name)) =>
        {
            for name in from.keys().chain(to.keys().filter(|name| !from.contains_key(*name))) {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                settings(&below, from.get(name), to.get(name), found);
            }
        }
        (Some(Value::Array(from)), Some(Value::Array(to))) => {
            for place in 0..from.len().max(to.len()) {
                settings(&format!("{path}[{place}]"), from.get(place), to.get(place), found);
            }
        }
        _ => found.push(Reason::Recipe { path: path.to_owned(), from, to }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn identity(recipe: Value, files: &[(&str, &str)]) -> Identity {
        let files = files.iter().map(|&(name, hash)| (name.to_owned(), hash.to_owned())).collect();
        Identity { cpu: CpuClass::Avx2, code: BTreeMap::new(), recipe, files, weights: BTreeMap::new() }
    }

    #[track_caller]
    fn check(before: &Identity, now: &Identity, expect: &[&str]) {
        let found: Vec<String> = now.differences(before).iter().map(Reason::to_string).collect();
        assert_eq!(found, expect);
    }

    #[track_caller]
    fn recipes(before: Value, now: Value, expect: &[&str]) {
        check(&identity(before, &[]), &identity(now, &[]), expect);
    }

    #[test]
    fn equal_recipes_in_another_order_have_no_difference() {
        recipes(json!({"train": {"epochs": 5, "clip": null}}), json!({"train": {"epochs": 5}}), &[]);
        recipes(json!({"a": 1, "b": {"c": 2, "d": 3}}), json!({"b": {"d": 3, "c": 2}, "a": 1}), &[]);
    }

    #[test]
    fn a_setting_is_named_by_its_path() {
        let train = |epochs: u32, clip: Value| json!({"train": {"epochs": epochs, "clip": clip}});
        recipes(train(5, json!(null)), train(6, json!(null)), &["`train.epochs` 5 -> 6"]);
        recipes(train(5, json!(null)), train(5, json!(0.5)), &["`train.clip` unset -> 0.5"]);
        recipes(
            train(5, json!(0.5)),
            train(6, json!(null)),
            &["`train.epochs` 5 -> 6", "`train.clip` 0.5 -> unset"],
        );
    }

    #[test]
    fn layers_are_compared_one_by_one() {
        let layers = |layers: Value| json!({"models": {"layers": layers}});
        let conv = |filters: u32| json!({"conv2d": {"filters": filters, "kernel": 3}});
        recipes(
            layers(json!([conv(16), "relu", "flatten"])),
            layers(json!([conv(32), "relu"])),
            &["`models.layers[0].conv2d.filters` 16 -> 32", "`models.layers[2]` \"flatten\" -> unset"],
        );
    }

    #[test]
    fn another_choice_is_shown_whole_and_a_long_one_is_cut() {
        let optimizer = |optimizer: Value| json!({"train": {"optimizer": optimizer}});
        recipes(
            optimizer(json!({"adam": {"beta1": 0.9}})),
            optimizer(json!("sgd")),
            &["`train.optimizer` {\"adam\":{\"beta1\":0.9}} -> \"sgd\""],
        );
        recipes(
            optimizer(json!({"adam": {"beta1": 0.9}})),
            optimizer(json!({"sgd": {"momentum": 0.9}})),
            &["`train.optimizer` {\"adam\":{\"beta1\":0.9}} -> {\"sgd\":{\"momentum\":0.9}}"],
        );
        let long = "바".repeat(100);
        let cut = format!("`name` 1 -> \"{}...", "바".repeat(59));
        recipes(json!({"name": 1, "a": 0}), json!({"name": long, "a": 0}), &[&cut]);
    }

    #[test]
    fn data_files_that_changed_came_or_went_are_named() {
        let before = identity(json!({}), &[("a.csv", "1"), ("b.csv", "2"), ("c.csv", "3")]);
        let now = identity(json!({}), &[("a.csv", "1"), ("b.csv", "9"), ("d.csv", "4")]);
        check(
            &before,
            &now,
            &["data file `b.csv` changed", "data file `c.csv` is gone", "data file `d.csv` is new"],
        );
    }

    #[test]
    fn another_processor_and_another_program_are_named_first() {
        let before = identity(json!({"train": {"epochs": 5}}), &[]);
        let mut now = identity(json!({"train": {"epochs": 6}}), &[]);
        now.cpu = CpuClass::Portable;
        now.code.insert(Stage::Train, "new".to_owned());
        let expect = ["CPU class avx2 -> portable", "the code of `train` changed", "`train.epochs` 5 -> 6"];
        check(&before, &now, &expect);
    }

    #[test]
    fn a_run_on_tiles_does_not_go_on_without_them() {
        let on = |cpu, precision| Identity { cpu, ..identity(json!({"run": {"precision": precision}}), &[]) };
        let (tiles, none) = (on(CpuClass::Amx, "high"), on(CpuClass::Avx512, "highest"));
        check(&tiles, &none, &["CPU class amx -> avx512", "`run.precision` \"high\" -> \"highest\""]);
        check(&tiles, &on(CpuClass::Amx, "medium"), &["`run.precision` \"high\" -> \"medium\""]);
    }

    #[test]
    fn the_other_reasons_read_as_sentences() {
        let expect = [
            (Reason::NeverRan, "it never ran"),
            (Reason::Upstream(Stage::Data), "it takes the output of `data`, which is new"),
            (
                Reason::OutputDamaged { file: "a-0001/1-data/x".to_owned() },
                "its output `a-0001/1-data/x` is damaged",
            ),
            (Reason::Continues { epoch: 12 }, "it was interrupted and goes on after epoch 12"),
            (Reason::Gone, "nothing changed, but its output is no longer kept"),
            (Reason::Unchanged, "nothing changed; its output stands in the run"),
            (Reason::Cached, "nothing changed; its output is in the cache"),
        ];
        for (reason, text) in expect {
            assert_eq!(reason.to_string(), text);
        }
    }
}
