//! People and models label by turns: what the command lists, what it adds, and that the next run learns from it.
use std::fs;
use std::path::Path;
use std::sync::Arc;

use baeum::data::labelling::candidates;
use baeum::data::{DataConfig, Place, prepare};
use baeum::fs::RealFs;
use baeum::{Limits, Value as Cell};
use baeum_tests::results::WRONG_LABELS;
use baeum_tests::{Outcome, Scratch, baeum, public, root};
use serde_json::{Value, json};

/// How many flowers have no label at first.
const UNLABELLED: usize = 60;

/// Flowers whose label is wrong in the table, by their numbers.
const WRONG: [(usize, &str); 4] = [(7, "virginica"), (23, "virginica"), (112, "setosa"), (143, "setosa")];

/// The lesson's flowers with an id each, some labels left out and some wrong; and the right ones.
fn flowers() -> (String, Vec<String>) {
    let text = fs::read_to_string(root().join("datasets/iris/iris.csv")).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let (mut csv, mut truth) = (format!("id,{head}\n"), vec![]);
    for (row, line) in rows.lines().enumerate() {
        let (numbers, label) = line.rsplit_once(',').unwrap();
        truth.push(label.to_owned());
        let wrong = WRONG.iter().find(|(wrong, _)| *wrong == row).map(|(_, label)| *label);
        // Two of five flowers wait, none of them one whose label is wrong.
        let waits = wrong.is_none() && row % 5 < 2;
        csv += &format!("f{row},{numbers},{}\n", if waits { "" } else { wrong.unwrap_or(label) });
    }
    (csv, truth)
}

fn lesson(more: &str) -> (Scratch, Vec<String>) {
    let (folder, (csv, truth)) = (Scratch::new("labels"), flowers());
    folder.put("iris.csv", csv);
    let recipe = fs::read_to_string(root().join("datasets/iris/recipe.toml")).unwrap();
    let section = format!("target = \"species\"\nids = [\"id\"]\nlabel_file = \"labels.jsonl\"\n{more}");
    folder.put("recipe.toml", recipe.replace("target = \"species\"\n", &section));
    (folder, truth)
}

#[track_caller]
fn run(folder: &Scratch, args: &[&str]) -> Outcome {
    let outcome = baeum(folder.path(), args);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    outcome
}

#[track_caller]
fn refused(folder: &Scratch, args: &[&str], code: i32, expect: &str) {
    let outcome = baeum(folder.path(), args);
    assert_eq!((outcome.code, outcome.stderr.trim_end()), (Some(code), expect), "{}", outcome.stdout);
}

fn json_of(folder: &Scratch, path: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.path().join(path)).unwrap()).unwrap()
}

fn accuracy(folder: &Scratch, run: &str) -> f64 {
    json_of(folder, &format!("runs/{run}/4-evaluate/metrics.json"))["metrics"][0]["value"].as_f64().unwrap()
}

/// The first words of the lines of a table that begin with a flower's id.
fn ids(outcome: &Outcome) -> Vec<String> {
    let id =
        |line: &str| line.split_whitespace().next().filter(|word| word.starts_with('f')).map(str::to_owned);
    outcome.stdout.lines().filter_map(id).filter(|id| id[1..].parse::<usize>().is_ok()).collect()
}

#[test]
fn a_model_asks_and_learns_what_it_is_told() {
    let (folder, truth) = lesson("");
    let of = |id: &str| format!("{id}={}", truth[id[1..].parse::<usize>().unwrap()]);
    let untrained = "error: `iris` wants a run that is trained, got none; `baeum train RECIPE` makes one";
    refused(&folder, &["label", "recipe.toml", "--next", "3"], 2, untrained);
    let first = run(&folder, &["pipeline", "recipe.toml"]);
    let rows = format!("150 rows: {} train, ", 150 - UNLABELLED - 9 - 18);
    assert!(first.stdout.contains(&rows) && first.stdout.contains("60 unlabelled"), "{}", first.stdout);
    // The rows that it is least sure of lie between the two species that are alike.
    let next = run(&folder, &["label", "recipe.toml", "--next", "12"]);
    let asked = ids(&next);
    assert_eq!(asked.len(), 12, "{}", next.stdout);
    assert!(next.stdout.contains("12 of 60 rows without a label, by runs/iris-0001"), "{}", next.stdout);
    assert!(asked.iter().all(|id| !of(id).ends_with("=setosa")), "{asked:?}");
    // Some are told one by one, the others in a table.
    let typed: Vec<String> = asked[..4].iter().map(|id| of(id)).collect();
    let mut args = vec!["label", "recipe.toml", "--by", "ann"];
    args.extend(typed.iter().map(String::as_str));
    let told = run(&folder, &args);
    assert!(
        told.stdout.contains("4 labels added to labels.jsonl; 4 rows changed, 56 rows without a label"),
        "{}",
        told.stdout
    );
    let rest: String = (0..150)
        .filter(|row| row % 5 < 2 && !asked[..4].contains(&format!("f{row}")) && row % 2 == 0)
        .map(|row| format!("f{row},{}\n", truth[row]))
        .collect();
    let many = rest.lines().count();
    folder.put("more.csv", format!("id,label\n{rest}"));
    let told = run(&folder, &["label", "recipe.toml", "--from", "more.csv"]);
    assert!(told.stdout.contains(&format!("{many} labels added to labels.jsonl")), "{}", told.stdout);
    let text = fs::read_to_string(folder.path().join("labels.jsonl")).unwrap();
    assert_eq!((text.lines().count(), text.matches("\"annotator\":\"ann\"").count()), (4 + many, 4));
    // The next run takes the file for changed data, and learns from more rows.
    let plan = run(&folder, &["plan", "recipe.toml"]);
    assert!(plan.stdout.contains("runs  data file `labels.jsonl` is new"), "{}", plan.stdout);
    run(&folder, &["pipeline", "recipe.toml"]);
    let profile = json_of(&folder, "runs/iris-0002/1-data/profile.json");
    assert_eq!(profile["unlabelled"], 56 - many);
    assert_eq!(profile["repairs"][0]["labelled"]["added"], 4 + many);
    let parts = |run: &str| json_of(&folder, &format!("runs/{run}/1-data/profile.json"))["parts"].clone();
    let trained = |run: &str| parts(run)[0].as_u64().unwrap();
    assert!(
        trained("iris-0002") > trained("iris-0001") + 20,
        "{} {}",
        parts("iris-0001"),
        parts("iris-0002")
    );
    let page = fs::read_to_string(folder.path().join("runs/iris-0002/1-data/profile.html")).unwrap();
    assert!(page.contains("unlabelled") && page.contains("0 corrected"), "the page does not tell it");
}

#[test]
fn a_label_is_taken_back() {
    let (folder, _) = lesson("");
    fn label<'a>(args: &[&'a str]) -> Vec<&'a str> {
        [&["label", "recipe.toml"], args].concat()
    }
    run(&folder, &label(&["f7=setosa", "f0=virginica", "--by", "ann"]));
    let told = run(&folder, &label(&["--withdraw", "f7", "f0"])).stdout;
    assert!(
        told.contains("2 labels taken back in labels.jsonl; 2 rows changed, 60 rows without a label"),
        "{told}"
    );
    let table: Vec<Vec<&str>> = told
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|cells: &Vec<&str>| cells.len() == 3)
        .collect();
    assert_eq!(table[1..], [["f7", "setosa", "virginica"], ["f0", "virginica", "(none)"]]);
    assert_eq!(
        fs::read_to_string(folder.path().join("labels.jsonl")).unwrap().lines().count(),
        4,
        "it stays"
    );
    let nobody = "error: `f7` wants a label that somebody gave before it is taken back, got none";
    refused(&folder, &label(&["--withdraw", "f7"]), 3, nobody);
    run(&folder, &label(&["f7=setosa", "--by", "ann"]));
    let another = "error: `f7` wants a label that `ben` gave before it is taken back, got none";
    refused(&folder, &label(&["--withdraw", "f7", "--by", "ben"]), 3, another);
    let unknown = "error: `labels.jsonl` wants ids of rows of the data, got `f999`, which none has; did you mean `f99`?";
    refused(&folder, &label(&["--withdraw", "f999"]), 3, unknown);
    assert_eq!(baeum(folder.path(), &label(&["f0=setosa", "--withdraw", "f7"])).code, Some(2));
}

#[test]
fn wrong_labels_are_found_corrected_and_not_asked_again() {
    let (folder, truth) = lesson("");
    let mut runs = vec![];
    for fold in 0..5 {
        let set = format!("data.split={{ fold = {{ of = 5, fold = {fold} }} }}");
        run(&folder, &["evaluate", "recipe.toml", "--set", &set]);
        runs.push(format!("iris-000{}", fold + 1));
    }
    let mut args = vec!["label", "recipe.toml", "--candidates", "6"];
    runs.iter().for_each(|run| args.extend(["--run", run]));
    let found = run(&folder, &args);
    assert!(found.stdout.contains("6 of 90 rows that"), "{}", found.stdout);
    let (suspects, wrong) = (ids(&found), WRONG.map(|(row, _)| format!("f{row}")));
    assert!(wrong.iter().all(|id| suspects.contains(id)), "{}", found.stdout);
    let before = accuracy(&folder, "iris-0001");
    let corrections: Vec<String> = WRONG.iter().map(|(row, _)| format!("f{row}={}", truth[*row])).collect();
    let mut args = vec!["label", "recipe.toml"];
    args.extend(corrections.iter().map(String::as_str));
    let told = run(&folder, &args);
    assert!(told.stdout.contains("f7    virginica  setosa"), "{}", told.stdout);
    // Rows that a person has looked at are left out from now on.
    let again = run(&folder, &["label", "recipe.toml", "--candidates", "90", "--run", "iris-0001"]);
    assert!(ids(&again).iter().all(|id| !wrong.contains(id)), "{}", again.stdout);
    run(&folder, &["evaluate", "recipe.toml", "--set", "data.split={ fold = { of = 5, fold = 0 } }"]);
    let profile = json_of(&folder, "runs/iris-0006/1-data/profile.json");
    assert_eq!(profile["repairs"][0]["labelled"]["corrected"], 4);
    assert!(accuracy(&folder, "iris-0006") >= before, "{before} to {}", accuracy(&folder, "iris-0006"));
    // Other data than the run's have other rows.
    let csv = fs::read_to_string(folder.path().join("iris.csv")).unwrap();
    folder.put("iris.csv", csv.replacen("f0,", "g0,", 1));
    let changed =
        "error: `runs/iris-0001` wants `iris.csv` as the run had it, got a change; run the recipe again";
    refused(&folder, &["label", "recipe.toml", "--candidates", "1", "--run", "iris-0001"], 2, changed);
    let other =
        "error: `runs/iris-0001` wants `data.target` as the run had it, got a change; run the recipe again";
    let set = ["--set", "data.target=\"petal_width\""];
    refused(
        &folder,
        &[&["label", "recipe.toml", "--candidates", "1", "--run", "iris-0001"], &set[..]].concat(),
        2,
        other,
    );
}

#[test]
fn what_cannot_be_a_label_is_refused_and_nothing_is_written() {
    let (folder, _) = lesson("");
    let label = |words: &[&'static str]| [&["label", "recipe.toml"], words].concat();
    let slip = "error: a label wants to be one of `setosa`, `versicolor`, `virginica`, got `setossa`; did you mean `setosa`? \
                say `--new-class` if it is a new one";
    refused(&folder, &label(&["f0=setosa", "f1=setossa"]), 3, slip);
    let outcome = baeum(folder.path(), &label(&["f0=setosa", "f150=setosa"]));
    let nobody = "error: `labels.jsonl` wants ids of rows of the data, got `f150`, which none has";
    assert!(outcome.code == Some(3) && outcome.stderr.starts_with(nobody), "{}", outcome.stderr);
    refused(&folder, &label(&["f0"]), 2, "error: a label wants to be written ID=LABEL, got `f0`");
    refused(&folder, &label(&["f0= "]), 2, "error: a label wants to be written ID=LABEL, got `f0= `");
    folder.put("bad.csv", "id,label\nf0,setosa\nf1,setossa\n");
    refused(&folder, &label(&["--from", "bad.csv"]), 3, slip);
    refused(
        &folder,
        &label(&["--from", "none.csv"]),
        4,
        "error: could not open `none.csv`: No such file or directory (os error 2)",
    );
    assert!(!folder.path().join("labels.jsonl").exists());
    run(&folder, &label(&["f0=tulip", "--new-class"]));
    assert_eq!(fs::read_to_string(folder.path().join("labels.jsonl")).unwrap().lines().count(), 1);
    let state = run(&folder, &label(&[]));
    assert!(
        state.stdout.contains("150 rows: 91 with a label, 59 without; 1 labelled by people"),
        "{}",
        state.stdout
    );
    let closed = "error: a label wants to be one of `setosa`, `versicolor`, `virginica`, got `rose`; a new one wants to stand in \
                  `data.labels` first";
    fs::remove_file(folder.path().join("labels.jsonl")).unwrap();
    let set = ["--set", "data.labels=[\"setosa\",\"versicolor\",\"virginica\"]", "--new-class"];
    refused(&folder, &[&label(&["f0=rose"]), &set[..]].concat(), 3, closed);
    // A recipe without a file of labels is told what to say, at the place where it belongs.
    let recipe = fs::read_to_string(folder.path().join("recipe.toml")).unwrap();
    folder.put("recipe.toml", recipe.replace("label_file = \"labels.jsonl\"\n", ""));
    let outcome = baeum(folder.path(), &label(&["f0=setosa"]));
    let says = "`data.label_file` wants a file to keep labels in, got nothing; write `label_file = \"labels.jsonl\"` under `[data]`";
    assert!(outcome.code == Some(2) && outcome.stderr.contains(says), "{}", outcome.stderr);
}

#[test]
fn numbers_are_given_too_but_no_run_is_asked_about_them() {
    let folder = Scratch::new("numbers");
    let row = |i: usize| {
        format!("h{i},{},{}\n", i % 9, if i < 5 { String::new() } else { format!("{}.5", i % 9 * 3) })
    };
    folder.put("homes.csv", format!("id,size,price\n{}", (0..60).map(row).collect::<String>()));
    folder.put(
        "recipe.toml",
        "[run]\nname = \"homes\"\n\n[data]\nsource = { csv = { path = \"homes.csv\" } }\ntarget = \"price\"\nids = [\"id\"]\n\
         label_file = \"labels.jsonl\"\naudit = { allow = [\"target\"] }\n\n[models.mlp]\nhidden = [4]\n\n[train]\nepochs = 2\n",
    );
    let no_number = "error: a label of these data wants to be a finite number, got `much`";
    refused(&folder, &["label", "recipe.toml", "h1=much"], 3, no_number);
    let two = "error: `labels.jsonl` wants a number for row `h1`, got `3.5 4`";
    refused(&folder, &["label", "recipe.toml", "h1=3.5 4"], 3, two);
    run(&folder, &["label", "recipe.toml", "h1=3.5"]);
    let trained = run(&folder, &["train", "recipe.toml"]);
    assert!(trained.stdout.contains("4 unlabelled"), "{}", trained.stdout);
    let numbers = "error: `runs/homes-0001` wants to tell labels, got a run that tells something else";
    refused(&folder, &["label", "recipe.toml", "--next", "2"], 2, numbers);
}

/// Northcutt, Athalye and Mueller 2021: of 10,000 test digits of MNIST they show 100 to five people each; three or more of them
/// say of 15 that the label is wrong.
#[test]
fn the_wrong_labels_of_mnist_are_among_the_first_hundred() {
    let Some(folder) = public("label-quality") else { return };
    let (shares, labels) = mnist(&folder);
    let found = candidates(&shares, &labels, 10);
    let judged: Value = serde_json::from_slice(&fs::read(folder.join("mnist_mturk.json")).unwrap()).unwrap();
    let is_wrong = |row: &&Value| row["mturk"]["given"].as_u64().unwrap() < 3;
    let wrong: Vec<u64> =
        judged.as_array().unwrap().iter().filter(is_wrong).map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!(wrong.len(), WRONG_LABELS.known);
    let first: Vec<u64> = found.iter().take(100).map(|candidate| candidate.row as u64).collect();
    let hits = wrong.iter().filter(|row| first.contains(row)).count();
    assert_eq!(hits, WRONG_LABELS.found, "the page says it");
}

/// The probabilities of each label by models that had not learned from the row, and the labels.
fn mnist(folder: &Path) -> (Vec<f32>, Vec<usize>) {
    let config: DataConfig = serde_json::from_value(json!({
        "source": { "numpy": { "inputs": "mnist_test_set_pyx.npy", "targets": "mnist_test_set_original_labels.npy" } },
        "task": "classify",
        "audit": { "allow": ["rows", "target"] },
    }))
    .unwrap();
    let place = Place {
        fs: Arc::new(RealFs),
        base: folder.to_owned(),
        folders: vec![],
        limits: Limits::default(),
        seed: 7,
        progress: Default::default(),
        cache: None,
    };
    let source = prepare(&config.check().unwrap(), &place).unwrap().dataset.source;
    let (mut shares, mut labels) = (vec![], vec![]);
    for row in 0..source.len() {
        let record = source.record(row).unwrap();
        let (Cell::Numbers(row), Cell::Text(label)) = (&record["x"], &record["label"]) else {
            panic!("{record:?}")
        };
        shares.extend(row.iter().map(|share| *share as f32));
        labels.push(label.parse().unwrap());
    }
    (shares, labels)
}
