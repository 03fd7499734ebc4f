//! Several labels and several numbers for each row, from a table to files that agree and answers that people read.
use std::fs;

use baeum_tests::{Outcome, Scratch, baeum};
use serde_json::Value;

const ROWS: usize = 400;

/// Two numbers of a row, each from -1 to 1.
fn inputs(row: usize) -> [f64; 2] {
    [row * 37 % ROWS, row * 91 % (ROWS - 1)].map(|place| 2.0 * place as f64 / ROWS as f64 - 1.0)
}

/// What fits a row; about a sixth of them have none.
fn fits([a, b]: [f64; 2]) -> [(&'static str, bool); 3] {
    [("warm", a > 0.0), ("wet", b > 0.25), ("windy", a + b < -0.75)]
}

fn table(head: &str, of: impl Fn([f64; 2]) -> String) -> String {
    let row = |row: usize| {
        let [a, b] = inputs(row);
        format!("{a},{b},{}\n", of([a, b]))
    };
    format!("a,b,{head}\n") + &(0..ROWS).map(row).collect::<String>()
}

pub(crate) fn listed() -> String {
    table("sky", |row| {
        let fitting = fits(row).into_iter().filter(|(_, fits)| *fits).map(|(label, _)| label);
        fitting.collect::<Vec<_>>().join("; ")
    })
}

fn flags() -> String {
    table("warm,wet,windy", |row| fits(row).map(|(_, fits)| if fits { "yes" } else { "no" }).join(","))
}

pub(crate) fn numbers() -> String {
    table("price,rent", |[a, b]| format!("{},{}", 1000.0 + 300.0 * a + 100.0 * b, 2.0 + a * b))
}

pub(crate) fn recipe(target: &str, task: &str, more: &str) -> String {
    format!(
        "[run]\nname = \"sky\"\n\n[data]\nsource = {{ csv = {{ path = \"sky.csv\" }} }}\ntarget = {target}\n\
         task = \"{task}\"\n{more}\n[models.mlp]\nhidden = [32]\n\n[train]\nepochs = 60\nlearning_rate = 0.02\n\n\
         [export]\nformats = [\"safetensors\", \"pth\", \"onnx\"]\n"
    )
}

/// Runs the five stages; each exported file is opened again and compared, or the run fails.
#[track_caller]
pub(crate) fn run(csv: String, recipe: String) -> (Scratch, Outcome) {
    let folder = Scratch::new("targets");
    folder.put("sky.csv", csv);
    folder.put("recipe.toml", recipe);
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    (folder, outcome)
}

fn metrics(folder: &Scratch) -> Value {
    let path = folder.path().join("runs/sky-0001/4-evaluate/metrics.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[track_caller]
fn metric(report: &Value, name: &str) -> f64 {
    let all = report["metrics"].as_array().unwrap();
    all.iter().find(|metric| metric["name"] == name).unwrap()["value"].as_f64().unwrap()
}

#[track_caller]
fn predict(folder: &Scratch, args: &[&str]) -> String {
    let outcome = baeum(folder.path(), &[&["predict", "sky"], args].concat());
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    outcome.stdout
}

#[test]
fn several_labels_go_through_all_stages() {
    let (folder, outcome) = run(listed(), recipe("\"sky\"", "multi_label", "thresholds = { windy = 0.4 }\n"));
    let page = fs::read_to_string(folder.path().join("runs/sky-0001/1-data/profile.html")).unwrap();
    assert!(page.contains("to tell <em><bdi>sky</bdi></em>, any of 3\u{a0}labels"), "{page}");
    let report = metrics(&folder);
    for name in ["macro_f1", "micro_f1"] {
        assert!(metric(&report, name) > 0.9, "{name}: {report}");
        assert!(outcome.stdout.contains(name), "{}", outcome.stdout);
    }
    assert!(metric(&report, "hamming_loss") < 0.1, "{report}");
    assert!(report["classes"][0]["average_precision"].as_f64().unwrap() > 0.95, "{report}");
    let one = predict(&folder, &["--set", "a=0.9", "--set", "b=0.9"]);
    assert!(one.contains("sky  warm, wet\n") && one.contains("windy"), "{one}");
    let json = predict(&folder, &["--set", "a=-0.2", "--set", "b=-0.1", "--json"]);
    let said: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(said["answers"]["sky"]["labels"], serde_json::json!([]), "{json}");
    assert_eq!(said["answers"]["sky"]["probabilities"].as_array().unwrap().len(), 3);
    folder.put("some.csv", "a,b,sky\n-0.2,-0.1,\n0.9,0.9,warm\n");
    let table = predict(&folder, &["some.csv"]);
    assert!(table.contains("(none)") && table.contains("warm, wet"), "{table}");
}

#[test]
fn columns_of_flags_learn_what_a_list_of_labels_says() {
    let target = "[\"warm\", \"wet\", \"windy\"]";
    let (flagged, _) = run(flags(), recipe(target, "multi_label", ""));
    let (listed, _) =
        run(listed(), recipe("\"sky\"", "multi_label", "labels = [\"warm\", \"wet\", \"windy\"]\n"));
    let f1 = |folder: &Scratch| metric(&metrics(folder), "macro_f1");
    // The rows are divided by what they say, so the two are not the same; they are alike.
    assert!((f1(&flagged) - f1(&listed)).abs() < 0.05, "{} {}", f1(&flagged), f1(&listed));
    let one = predict(&flagged, &["--set", "a=0.9", "--set", "b=-0.9"]);
    assert!(one.contains("labels  warm\n"), "{one}");
    let (mixed, _) = run(flags(), recipe(target, "multi_label", "mix = \"mixup\"\n"));
    assert!(f1(&mixed) > 0.85, "soft targets are learned from: {}", f1(&mixed));
}

/// The sky with a name and a part for each row; some rows wait for their labels, and two of the test rows say the opposite of
/// the truth about `warm`.
fn judged() -> String {
    let row = |row: usize| {
        let [a, b] = inputs(row);
        let part = ["train", "train", "train", "valid", "test"][row % 5];
        let is_wrong = WRONG.contains(&row);
        let fitting =
            fits([a, b]).into_iter().filter(|(label, fits)| *fits != (is_wrong && *label == "warm"));
        let labels = fitting.map(|(label, _)| label).collect::<Vec<_>>().join(";");
        format!("day {row},{a},{b},{part},{}\n", if row.is_multiple_of(5) { "NA".to_owned() } else { labels })
    };
    "id,a,b,part,sky\n".to_owned() + &(0..ROWS).map(row).collect::<String>()
}

const WRONG: [usize; 2] = [34, 209];

#[test]
fn people_label_rows_that_may_have_several_labels() {
    let more = "ids = [\"id\"]\nlabel_file = \"labels.jsonl\"\nmissing = [\"\", \"NA\"]\nsplit = { column = { name = \"part\" } }\n";
    let recipe = recipe("\"sky\"", "multi_label", more)
        .replace("epochs = 60", "epochs = 60\nclass_weights = \"balanced\"");
    let (folder, outcome) = run(judged(), recipe);
    assert!(outcome.stdout.contains("80 unlabelled"), "{}", outcome.stdout);
    let label = |args: &[&str]| baeum(folder.path(), &[&["label", "recipe.toml"], args].concat());
    let suspects = label(&["--candidates", "2"]).stdout;
    for row in WRONG {
        let line =
            suspects.lines().find(|line| line.starts_with(&format!("  day {row} "))).unwrap_or_default();
        assert!(line.contains("-0.") && line.contains("suspect"), "{suspects}");
    }
    // Whatever it asks about lies near a border of one of the labels.
    let next = label(&["--next", "3"]).stdout;
    let asked: Vec<usize> = next
        .lines()
        .filter_map(|line| line.strip_prefix("  day ")?.split(' ').next()?.parse().ok())
        .collect();
    let near = |row: &usize| {
        let [a, b] = inputs(*row);
        [a, b - 0.25, a + b + 0.75].into_iter().any(|distance| distance.abs() < 0.1)
    };
    assert!(asked.len() == 3 && asked.iter().all(near), "{next}");
    let told = label(&["day 0=wet; warm", "day 5=", "--by", "ann"]).stdout;
    assert!(
        told.contains("day 0  (none)  warm;wet") && told.contains("day 5  (none)  (none fits)"),
        "{told}"
    );
    let refused = |label_of_row: &str, expect: &str| {
        let outcome = label(&[label_of_row]);
        let first = outcome.stderr.trim_end().to_owned();
        assert_eq!((outcome.code, first), (Some(3), format!("error: {expect}")));
    };
    let slip = "a label wants to be one of `warm`, `wet`, `windy`, got `wram`; did you mean `warm`? say `--new-class` if it \
                is a new one";
    refused("day 10=wet;wram", slip);
    let sides = "`labels.jsonl` wants a label on both sides of each `data.separator` for row `day 10`, got `wet;;warm`";
    refused("day 10=wet;;warm", sides);
    let again = baeum(folder.path(), &["train", "recipe.toml"]);
    assert!(again.stdout.contains("78 unlabelled"), "{}{}", again.stdout, again.stderr);
}

#[test]
fn several_numbers_go_through_all_stages() {
    let (folder, _) = run(numbers(), recipe("[\"price\", \"rent\"]", "regress", ""));
    let report = metrics(&folder);
    assert!(metric(&report, "r2") > 0.95, "{report}");
    let rent = &report["columns"][1];
    assert!(rent["column"] == "rent" && rent["r2"].as_f64().unwrap() > 0.9, "{report}");
    let one = predict(&folder, &["--set", "a=0.5", "--set", "b=0.5"]);
    assert!(one.contains("numbers  price 1") && one.contains(", rent 2."), "{one}");
    let json = predict(&folder, &["--set", "a=0.5", "--set", "b=0.5", "--json"]);
    let price =
        serde_json::from_str::<Value>(&json).unwrap()["answers"]["numbers"]["values"]["price"].as_f64();
    assert!((price.unwrap() - 1200.0).abs() < 60.0, "{json}");
}

#[test]
fn what_does_not_go_together_is_refused_with_a_way_out() {
    let folder = Scratch::new("targets");
    folder.put("sky.csv", flags());
    let check = |target: &str, task: &str, more: &str, expect: &str| {
        folder.put("recipe.toml", recipe(target, task, more));
        let outcome = baeum(folder.path(), &["data", "recipe.toml"]);
        assert_eq!(outcome.code, Some(2), "{}{}", outcome.stdout, outcome.stderr);
        let first = outcome.stderr.lines().next().unwrap_or_default().to_owned();
        assert_eq!(first, format!("error: {expect}"));
    };
    let two = "[\"warm\", \"wet\"]";
    check(
        two,
        "classify",
        "",
        "`data.task` wants `multi_label` where several columns say yes or no, or `regress` where they hold numbers; one \
         column alone is classified, got `classify`",
    );
    check(
        "[\"warm\", \"warm\"]",
        "multi_label",
        "",
        "`data.target[1]` wants each column once, got `warm` again",
    );
    check("[]", "multi_label", "", "`data.target` wants a column, got an empty list");
    check(
        two,
        "multi_label",
        "labels = [\"x\", \"y\"]\n",
        "`data.labels` wants to be left out, for the columns name the labels, got names",
    );
    check(
        two,
        "multi_label",
        "separator = \"a\"\n",
        "`data.separator` wants what stands in no name of a column, for it separates them in records, got `a`, which \
         stands in `warm`",
    );
    check(
        two,
        "regress",
        "thresholds = { warm = 0.2 }\n",
        "`data.thresholds` wants `data.task = \"multi_label\"`, where a row may have several labels, got another task",
    );
    check(
        two,
        "multi_label",
        "thresholds = { warm = 1 }\n",
        "`data.thresholds.warm` wants a probability above 0 and below 1, got 1",
    );
    check(
        two,
        "regress",
        "series = { window = 4, horizon = 1 }\n",
        "`data.target` wants one column of a series, or a pattern that several fit, such as `*`, got 2 of them",
    );
}
