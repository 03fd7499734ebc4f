//! The bundled lessons, run as a user runs them: what they must reach, what they leave behind, what they answer.
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use baeum_tests::{Outcome, Scratch, baeum, child, pictures, root};
use serde_json::Value;

/// Runs a recipe of the repository with its runs in `folder`.
#[track_caller]
fn lesson(folder: &Scratch, recipe: &str, more: &[&str]) -> Outcome {
    let runs = folder.path().join("runs");
    let args = [&["pipeline", recipe, "--runs", runs.to_str().unwrap()], more].concat();
    let outcome = baeum(&root(), &args);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    outcome
}

fn metric(folder: &Scratch, run: &str, name: &str) -> f64 {
    let path = folder.path().join("runs").join(run).join("4-evaluate/metrics.json");
    let report: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let metrics = report["metrics"].as_array().unwrap();
    metrics.iter().find(|metric| metric["name"] == name).unwrap()["value"].as_f64().unwrap()
}

fn predict(folder: &Scratch, args: &[&str]) -> Outcome {
    baeum(folder.path(), &[&["predict"], args].concat())
}

#[test]
fn digits_are_told_apart_and_the_end_says_so() {
    let folder = Scratch::new("digits");
    let since = Instant::now();
    let outcome = lesson(&folder, "datasets/digits/recipe.toml", &[]);
    let accuracy = metric(&folder, "digits-0001", "accuracy");
    assert!(accuracy >= 0.975, "digits reach {accuracy}; five seeds have a mean of 0.989");
    // The goal is 15 s alone on two cores; beside other tests it takes longer.
    assert!(since.elapsed() < Duration::from_secs(120), "{:?}", since.elapsed());
    for words in
        ["95 % interval", "accuracy", "reread by baeum", "ran by rten", "256 of 256 equal", "report.html"]
    {
        assert!(outcome.stdout.contains(words), "`{words}` is not in:\n{}", outcome.stdout);
    }
    let run = folder.path().join("runs/digits-0001");
    for file in [
        "1-data/profile.json",
        "2-models/summary.txt",
        "4-evaluate/report.html",
        "5-export/manifest.json",
        "5-export/golden.jsonl",
    ] {
        assert!(run.join(file).is_file(), "{file} is missing");
    }
    // Rows of the table itself are answered with labels and probabilities.
    let outcome =
        predict(&folder, &["digits", root().join("datasets/digits/digits.csv").to_str().unwrap(), "--json"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.lines().count(), 1797);
}

/// The bounds lie below the worst of ten seeds, which each lesson's README states.
#[test]
fn tables_of_numbers_are_learned() {
    let folder = Scratch::new("tables");
    for (name, measure, least) in
        [("wine", "accuracy", 0.94), ("breast-cancer", "accuracy", 0.94), ("diabetes", "r2", 0.43)]
    {
        lesson(&folder, &format!("datasets/{name}/recipe.toml"), &[]);
        let reached = metric(&folder, &format!("{name}-0001"), measure);
        assert!(reached >= least, "{name} reaches {reached}");
    }
}

#[test]
fn a_language_is_told_by_its_letters() {
    let folder = Scratch::new("languages");
    lesson(&folder, "datasets/languages/recipe.toml", &[]);
    let reached = metric(&folder, "languages-0001", "accuracy");
    assert!(reached >= 0.84, "languages reach {reached}");
    let outcome = predict(&folder, &["languages", "--set", "text=국가 이름", "--json"]);
    assert!(outcome.stdout.contains("\"ko\""), "{}{}", outcome.stdout, outcome.stderr);
    // ONNX takes the places of pieces, and says so.
    let manifest =
        fs::read_to_string(folder.path().join("runs/languages-0001/5-export/manifest.json")).unwrap();
    assert!(manifest.contains("tokenise"), "{manifest}");
}

/// The noise of the series leaves an error of 6.7 to the formula that made it; a week ago is off by 9.9.
#[test]
fn a_series_is_forecast_nearly_as_well_as_can_be() {
    let folder = Scratch::new("series");
    let outcome = lesson(&folder, "datasets/series/recipe.toml", &[]);
    let error = metric(&folder, "series-0001", "mae");
    assert!(error <= 7.6, "the series is off by {error}");
    assert!(outcome.stdout.contains("the season before"), "{}", outcome.stdout);
    let page = fs::read_to_string(folder.path().join("runs/series-0001/4-evaluate/report.html")).unwrap();
    assert!(
        page.contains("so 7 neighbours at a time were drawn (block bootstrap)"),
        "the report does not say it"
    );
    let table = root().join("datasets/series/series.csv");
    let outcome = predict(&folder, &["series", table.to_str().unwrap()]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 8, "seven days below a head: {}", outcome.stdout);
    assert!(lines[0].contains("step") && lines[0].contains("visitors [visitors]"), "{}", lines[0]);
    let outcome = predict(&folder, &["series", table.to_str().unwrap(), "--json"]);
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(answer["answers"]["visitors"]["steps"]["visitors"].as_array().unwrap().len(), 7);
}

/// A network that has learned a verse by heart goes on with it; one that could look ahead never learns.
#[test]
fn a_text_is_gone_on_with() {
    let folder = Scratch::new("verse");
    let verse = "the rain in spain stays mainly in the plain;\n";
    folder.put("verse.txt", verse.repeat(300));
    let recipe = |causal: bool| {
        format!(
            "[run]\nname = \"verse\"\n\n[data]\nsource = {{ text = {{ path = \"verse.txt\" }} }}\naudit = {{ allow = [\"texts\"] }}\n\n\
             [data.fields.text]\nsteps = [{{ tokenise = {{ by = \"character\", length = 22 }} }}]\n\n[models]\nlayers = [\n\
             {{ embedding = {{ vocabulary = 32, units = 32 }} }}, {{ position_embedding = {{ length = 22 }} }},\n\
             {{ multi_head_attention = {{ heads = 2, causal = {causal} }} }}, {{ gru = {{ units = 48 }} }}]\n\n\
             [train]\nepochs = 20\nbatch_size = 16\noptimizer = \"adam\"\nlearning_rate = 0.01\n\n[export]\nformats = [\"onnx\"]\n"
        )
    };
    folder.put("recipe.toml", recipe(false));
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(2), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains("`models` wants layers that look back alone"), "{}", outcome.stderr);
    folder.put("recipe.toml", recipe(true));
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert!(
        outcome.stdout.contains("perplexity") && outcome.stdout.contains("by frequency"),
        "{}",
        outcome.stdout
    );
    let more = ["verse", "--set", "text=the rain in spain ", "--pieces", "27", "--temperature", "0"];
    let outcome = predict(&folder, &more);
    assert_eq!(outcome.stdout, verse.to_owned() + "\n", "{}", outcome.stderr);
    assert!(
        outcome.stderr.starts_with("27 pieces, ") && outcome.stderr.ends_with(" a second\n"),
        "{}",
        outcome.stderr
    );
    let said = |more: &[&str]| {
        let all = ["verse", "--set", "text=the rain in spain ", "--pieces", "27"];
        predict(&folder, &[&all[..], more].concat())
    };
    assert_eq!(said(&["--top-k", "1"]).stdout, verse.to_owned() + "\n");
    assert_eq!(said(&["--top-p", "0.01", "--temperature", "0.5"]).stdout, verse.to_owned() + "\n");
    let stopped = said(&["--temperature", "0", "--stop", "nowhere", "--stop", "mainly"]);
    assert_eq!(stopped.stdout, "the rain in spain stays \n", "{}", stopped.stderr);
    for (more, expect) in [
        (["--top-p", "1.5"], "`--top-p` wants a number above 0 and at most 1, got 1.5"),
        (["--top-k", "0"], "`--top-k` wants 1 piece or more, got 0"),
        (["--stop", ""], "`--stop` wants a text, got an empty one"),
        (["--temperature", "-1"], "`--temperature` wants a number from 0 to 100, got -1"),
        (["--temperature", "101"], "`--temperature` wants a number from 0 to 100, got 101"),
    ] {
        let refused = said(&more);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{}", refused.stderr);
        assert!(refused.stderr.contains(expect), "{}", refused.stderr);
    }
    let drawn =
        |seed: &str| predict(&folder, &["verse", "--set", "text=the", "--temperature", "3", "--seed", seed]);
    assert_eq!(drawn("1").stdout, drawn("1").stdout);
    assert_ne!(drawn("1").stdout, drawn("2").stdout);
}

/// Whoever fetches the data of a lesson finds a recipe that is sound.
#[test]
fn lessons_that_are_fetched_have_sound_recipes() {
    for name in [
        "adult",
        "airline",
        "california-housing",
        "clothing",
        "etth1",
        "fashion-mnist",
        "names",
        "nsmc",
        "penguins",
        "sst2",
        "tinyshakespeare",
    ] {
        let recipe = format!("datasets/{name}/recipe.toml");
        let folder = Scratch::new("fetched");
        let outcome = baeum(&root(), &["plan", &recipe, "--runs", folder.path().to_str().unwrap()]);
        let says = format!("{}{}", outcome.stdout, outcome.stderr);
        let is_there = outcome.code == Some(0);
        assert!(is_there || outcome.code == Some(4) && says.contains("could not find"), "{name}: {says}");
    }
}

#[test]
fn iris_is_learned_and_a_record_is_answered() {
    let folder = Scratch::new("iris");
    lesson(&folder, "datasets/iris/recipe.toml", &[]);
    let accuracy = metric(&folder, "iris-0001", "accuracy");
    assert!(accuracy >= 0.93, "iris reaches {accuracy}");
    let set = [
        "iris",
        "--set",
        "sepal_length=5.1",
        "--set",
        "sepal_width=3.5",
        "--set",
        "petal_length=1.4",
        "--set",
        "petal_width=0.2",
    ];
    let outcome = predict(&folder, &set);
    assert!(
        outcome.stdout.contains("species  setosa") && outcome.stdout.contains("probability"),
        "{}",
        outcome.stdout
    );
    let refused = |field: &str, code: i32, words: &str| {
        let mut args = set.to_vec();
        args.extend(["--set", field]);
        let outcome = predict(&folder, &args);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    };
    refused("petal_widht=1", 2, "`petal_widht` is not a field (did you mean `petal_width`?)");
    refused("petal_width=wide", 3, "`petal_width` wants a number, got the text `wide`");
    let outcome = predict(&folder, &set[..7]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("`petal_width` is missing; give it a value of kind a number"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_sum_and_a_product_are_found() {
    let folder = Scratch::new("function");
    lesson(&folder, "datasets/function/recipe.toml", &[]);
    assert!(metric(&folder, "function-0001", "r2") >= 0.9999);
    let outcome = predict(&folder, &["function", "--set", "a=3", "--set", "b=5", "--json"]);
    let answer: Value = serde_json::from_str(outcome.stdout.trim()).unwrap();
    let sum = answer["answers"]["sum"]["value"].as_f64().unwrap();
    assert!((sum - 8.0).abs() <= 0.05, "3 and 5 give {sum}");
    let outside = predict(&folder, &["function", "--set", "a=30", "--set", "b=5"]);
    assert!(outside.stdout.contains("`a` = 30 is outside"), "{}", outside.stdout);
    let page = fs::read_to_string(folder.path().join("runs/function-0001/4-evaluate/report.html")).unwrap();
    for words in ["Learned and true", "inside", "outside"] {
        assert!(page.contains(words), "the report does not show `{words}`");
    }
    lesson(&folder, "datasets/function/product.toml", &[]);
    assert!(metric(&folder, "product-0001", "r2") >= 0.9999);
}

#[test]
fn a_folder_of_pictures_is_learned() {
    let folder = Scratch::new("pictures");
    pictures(&folder, "pictures", 60);
    let recipe = "[data]\nsource = { folder = { path = \"pictures\", channels = \"rgb\" } }\n\
                  split = { stratified = { valid = 0.2, test = 0.3 } }\n\n[data.fields.image]\nsteps = [{ resize = { height = 12, width = 12 } }, \
                  { scale = { factor = 0.00392156862745098 } }]\n\n[models.mlp]\nhidden = [8]\n\n[train]\nepochs = 20\n";
    folder.put("sides.toml", recipe);
    let outcome = baeum(folder.path(), &["pipeline", "sides.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert!(metric(&folder, "sides-0001", "accuracy") >= 0.9);
    let outcome = predict(&folder, &["sides", "pictures/left/000.png"]);
    assert!(outcome.stdout.contains("left"), "{}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn a_category_is_learned_and_an_unseen_one_is_named() {
    let folder = Scratch::new("colours");
    let row = |i: usize| {
        format!("{},{},{}\n", ["red", "green", "blue"][i % 3], i % 7, ["warm", "cold", "cold"][i % 3])
    };
    folder.put("colours.csv", format!("colour,size,feel\n{}", (0..60).map(row).collect::<String>()));
    let recipe = "[data]\nsource = { csv = { path = \"colours.csv\" } }\ntarget = \"feel\"\n\n[models.mlp]\nhidden = [8]\n\n[train]\nepochs = 30\nlearning_rate = 0.02\n";
    folder.put("colours.toml", recipe);
    let outcome = baeum(folder.path(), &["pipeline", "colours.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    let known = predict(&folder, &["colours", "--set", "colour=red", "--set", "size=3"]);
    assert!(known.stdout.contains("feel  warm") && !known.stdout.contains("note"), "{}", known.stdout);
    let unseen = predict(&folder, &["colours", "--set", "colour=gren", "--set", "size=3"]);
    assert_eq!(unseen.code, Some(0), "{}", unseen.stderr);
    let words = "`colour` = `gren` is a name that training did not see; did you mean `green`?";
    assert!(unseen.stdout.contains(words), "{}", unseen.stdout);
}

#[test]
fn the_log_has_a_span_for_each_stage_epoch_and_file() {
    let folder = Scratch::new("log");
    folder.copy("datasets/function/recipe.toml");
    let args = ["pipeline", "recipe.toml", "--set", "train.epochs=2"];
    let quiet = child(folder.path(), &args).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&quiet.stderr), "", "without --log nothing is told");
    let by_variable = child(folder.path(), &[&args[..], &["--set", "run.seed=1"]].concat())
        .env("BAEUM_LOG", "debug")
        .output()
        .unwrap();
    let by_argument = child(folder.path(), &[&args[..], &["--set", "run.seed=2", "--log", "debug"]].concat())
        .output()
        .unwrap();
    for output in [by_variable, by_argument] {
        let log = String::from_utf8_lossy(&output.stderr);
        for stage in ["data", "models", "train", "evaluate", "export"] {
            assert!(log.contains(&format!("stage{{name=\"{stage}\"}}")), "no span of {stage} in:\n{log}");
        }
        for span in ["epoch{epoch=0}", "epoch{epoch=1}", "file{format=onnx}"] {
            assert!(log.contains(span), "no span {span} in:\n{log}");
        }
    }
    let wrong = child(folder.path(), &[&args[..], &["--log", "loud"]].concat()).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn help_comes_at_once() {
    baeum(Path::new("."), &["--help"]);
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let since = Instant::now();
            assert_eq!(baeum(Path::new("."), &["--help"]).code, Some(0));
            since.elapsed()
        })
        .collect();
    times.sort_unstable();
    assert!(times[4] < Duration::from_millis(50), "the median of nine is {:?}", times[4]);
}

#[test]
fn an_unchanged_recipe_is_not_run_again_and_a_changed_one_says_why() {
    let folder = Scratch::new("plan");
    folder.copy("datasets/function/recipe.toml");
    let short = ["recipe.toml", "--set", "train.epochs=2"];
    assert_eq!(baeum(folder.path(), &[&["pipeline"], &short[..]].concat()).code, Some(0));
    let plan = |more: &[&str]| baeum(folder.path(), &[&["plan", "recipe.toml"], more].concat()).stdout;
    let same = plan(&["--set", "train.epochs=2"]);
    assert_eq!(same.matches("from the cache").count(), 5, "{same}");
    let changed = plan(&["--set", "train.epochs=3"]);
    assert!(changed.contains("`train.epochs` 2 -> 3"), "{changed}");
    assert_eq!(changed.matches("from the cache").count(), 2, "{changed}");
    let again = baeum(folder.path(), &[&["pipeline"], &short[..]].concat());
    assert!(again.stdout.starts_with("runs/function-0002"), "{}", again.stdout);
    let verified = baeum(folder.path(), &["verify", "function-0002"]);
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
    let model = folder.path().join("runs/function-0002/5-export/model.onnx");
    let mut bytes = fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::remove_file(&model).unwrap();
    fs::write(&model, bytes).unwrap();
    let damaged = baeum(folder.path(), &["verify", "function-0002"]);
    assert_eq!(damaged.code, Some(8));
    assert!(damaged.stdout.contains("`5-export/model.onnx` was changed"), "{}", damaged.stdout);
}

#[test]
fn a_strict_resume_lists_what_differs() {
    let folder = Scratch::new("resume");
    folder.copy("datasets/function/recipe.toml");
    let args = |epochs: &'static str| ["train", "recipe.toml", "--set", epochs];
    assert_eq!(baeum(folder.path(), &args("train.epochs=2")).code, Some(0));
    let outcome =
        baeum(folder.path(), &[&args("train.epochs=3")[..], &["--resume", "function-0001"]].concat());
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`train.epochs` 2 -> 3"), "{}", outcome.stderr);
}

#[test]
fn a_diverging_training_says_where() {
    let folder = Scratch::new("diverge");
    folder.copy("datasets/function/recipe.toml");
    let sets = [
        "--set",
        "train.optimizer=sgd",
        "--set",
        "train.learning_rate=1e6",
        "--set",
        "train.schedule=constant",
    ];
    let outcome = baeum(folder.path(), &[&["train", "recipe.toml"], &sets[..]].concat());
    assert_eq!(outcome.code, Some(5), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains("lower `train.learning_rate`"), "{}", outcome.stderr);
}
