//! What a person sees when something is wrong: every bad input, the message, the exit code. The page `docs/errors.md` is written
//! from these cases, so a message that changes is reviewed as a change of the interface.
mod heads;
mod inputs;
mod rights;

use std::fmt::Write;
use std::fs;

use baeum_tests::{Outcome, Scratch, baeum, expect_file};

/// One thing that is wrong: what lies in the folder, what is typed, and the exit code that must come.
struct Case {
    name: &'static str,
    files: Vec<(&'static str, Vec<u8>)>,
    args: Vec<&'static str>,
    code: i32,
}

const GOOD: &str = "\
[data]
source = { csv = { path = \"flowers.csv\" } }
target = \"kind\"
split = { stratified = { valid = 0.2, test = 0.2 } }

[models.mlp]
hidden = [4]

[train]
epochs = 2
batch_size = 8
";

/// Thirty rows of two kinds that differ in `length`.
fn flowers() -> String {
    let row = |i: usize| format!("{}.{},{},{}\n", i % 2 * 3 + 1, i % 7, i % 5, ["rose", "tulip"][i % 2]);
    format!("length,width,kind\n{}", (0..30).map(row).collect::<String>())
}

/// The good recipe and table with one thing changed in each.
fn case(name: &'static str, recipe: (&str, &str), table: (&str, &str), code: i32) -> Case {
    let (recipe, table) = (change(GOOD, recipe), change(&flowers(), table));
    files(name, vec![("recipe.toml", recipe.into_bytes()), ("flowers.csv", table.into_bytes())], code)
}

fn files(name: &'static str, files: Vec<(&'static str, Vec<u8>)>, code: i32) -> Case {
    Case { name, files, args: vec!["pipeline", "recipe.toml"], code }
}

fn change(text: &str, (from, to): (&str, &str)) -> String {
    assert!(text.contains(from), "`{from}` is not in the good text");
    text.replacen(from, to, 1)
}

/// The good recipe with a file of labels.
const KIND: (&str, &str) =
    ("target = \"kind\"\n", "target = \"kind\"\nids = [\"length\"]\nlabel_file = \"labels.jsonl\"\n");
const SAME: (&str, &str) = ("", "");

fn with_args(mut case: Case, args: &[&'static str]) -> Case {
    case.args = args.to_vec();
    case
}

fn recipe_cases() -> Vec<Case> {
    let layers = |text: &'static str| ("[models.mlp]\nhidden = [4]", text);
    let set = |name, argument| {
        with_args(case(name, SAME, SAME, 2), &["pipeline", "recipe.toml", "--set", argument])
    };
    vec![
        case("a misspelt key", ("epochs", "epoch"), SAME, 2),
        case("a misspelt section", ("[train]", "[trian]"), SAME, 2),
        case("a wrong type", ("epochs = 2", "epochs = \"two\""), SAME, 2),
        case("a bad value", ("epochs = 2", "epochs = 2\nlearning_rate = -0.1"), SAME, 2),
        case("a step size of zero", ("epochs = 2", "epochs = 2\nlearning_rate = 0"), SAME, 2),
        case("a misspelt name", ("epochs = 2", "epochs = 2\noptimizer = \"adamm\""), SAME, 2),
        case("a misspelt metric", ("epochs = 2", "epochs = 2\nbest = \"accurcy\""), SAME, 2),
        case("a syntax error", ("hidden = [4]", "hidden = [4"), SAME, 2),
        case("a key twice", ("epochs = 2", "epochs = 2\nepochs = 3"), SAME, 2),
        case(
            "a layer that does not fit",
            ("target = \"kind\"\n", "target = \"kind\"\nshape = [1, 1, 2]\n"),
            SAME,
            2,
        )
        .recipe(layers("[models]\nlayers = [\n    { conv2d = { filters = 4, kernel = 1 } },\n    \"relu\",\n    { dense = { units = 8 } },\n]")),
        files("a text that is longer than the positions", lines(), 2),
        files("a text of more signs than the table knows", lines(), 2).recipe(("vocabulary = 15", "vocabulary = 9")),
        case("a misspelt layer", layers("[models]\nlayers = [\"relo\"]"), SAME, 2),
        case("two networks at once", layers("[models]\nlayers = [\"relu\"]\n\n[models.mlp]\nhidden = [4]"), SAME, 2),
        case(
            "a network all of which is frozen",
            layers("[models]\nfreeze = [\"head.*\"]\nlayers = []"),
            SAME,
            2,
        ),
        case("a network for texts on a table", layers("[models.lstm]"), SAME, 2),
        case("a batch norm that one row would be left for", layers("[models.mlp]\nhidden = [4]\nbatch_norm = true"), SAME, 2)
            .recipe(("batch_size = 8", "batch_size = 17")),
        set("a misspelt key in an override", "train.epoch=3"),
        set("a wrong type in an override", "train.epochs=three"),
        set("a bad value in an override", "train.batch_size=0"),
        set("a seed twice", "run.seed=[1, 2, 1]"),
        with_args(
            case("a list of seeds where one run is meant", ("[train]", "[run]\nseed = [0, 1]\n\n[train]"), SAME, 2),
            &["pipeline", "recipe.toml", "--resume", "recipe-0001"],
        ),
        with_args(
            case("a search among step sizes that do not grow", SAME, SAME, 2),
            &["find-rate", "recipe.toml", "--most", "1e-9"],
        ),
        with_args(case("a recipe that is not there", SAME, SAME, 4), &["pipeline", "recipes.toml"]),
    ]
}

fn data_cases() -> Vec<Case> {
    let table =
        |bytes: &[u8]| vec![("recipe.toml", GOOD.as_bytes().to_vec()), ("flowers.csv", bytes.to_vec())];
    vec![
        case("a file that is missing", ("flowers.csv", "flower.csv"), SAME, 4),
        case("a file that was not fetched", ("flowers.csv", "flower.csv"), SAME, 4)
            .beside("source.toml", SOURCE),
        case(
            "a header with too many columns",
            ("[data]", "[run.limits]\ncsv_columns = 2\n\n[data]"),
            SAME,
            3,
        ),
        files("an empty CSV file", table(b""), 3),
        files("a CSV file with a header alone", table(b"length,width,kind\n"), 3),
        case("a ragged row", SAME, ("1.2,2,rose", "1.2,rose"), 3),
        case("a header with a name twice", SAME, ("width", "length"), 3),
        files("a file that is not UTF-8", table(b"length,width,kind\n1,2,\xb1\xe8\n"), 3),
        case("a target that is no column", ("target = \"kind\"", "target = \"kinds\""), SAME, 2),
        case(
            "two targets that nobody explains",
            ("target = \"kind\"", "target = [\"kind\", \"width\"]"),
            SAME,
            2,
        ),
        case(
            "a weight for an unknown label",
            ("epochs = 2", "epochs = 2\nclass_weights = { tulp = 5 }"),
            SAME,
            2,
        ),
        case("a loss that does not fit the target", ("epochs = 2", "epochs = 2\nloss = \"mse\""), SAME, 2),
        case(
            "a metric that does not fit the target",
            ("epochs = 2", "epochs = 2\nbest = [\"accuracy\", \"r2\"]"),
            SAME,
            2,
        ),
        case(
            "a metric without validation rows",
            ("{ valid = 0.2, test = 0.2 } }", "{ valid = 0.0, test = 0.2 } }\n"),
            SAME,
            2,
        )
        .recipe(("epochs = 2", "epochs = 2\nbest = \"accuracy\"")),
        case("a batch larger than the training rows", ("batch_size = 8", "batch_size = 256"), SAME, 2),
        case(
            "a label that training never sees",
            ("stratified = { valid = 0.2, test = 0.2 }", "column = { name = \"part\" }"),
            SAME,
            3,
        )
        .table("length,width,kind,part\n1,2,rose,train\n2,2,rose,train\n4,3,tulip,train\n1,3,rose,valid\n3,1,lily,test\n"),
        case("a class with one row", SAME, ("1.2,2,rose", "1.2,2,lily"), 3),
        case(
            "a number that is none",
            ("[models.mlp]", "[data.fields.width]\nkind = \"number\"\n\n[models.mlp]"),
            ("1.2,2,rose", "1.2,wide,rose"),
            3,
        ),
        case("a format that cannot say the network", ("[train]", "[export]\nopset = 13\n\n[train]"), SAME, 2)
            .recipe(("[models.mlp]\nhidden = [4]", "[models]\nlayers = [\"layer_norm\"]")),
        case("a file of labels for rows without names", KIND, SAME, 2).recipe(("ids = [\"length\"]\n", "")),
        case("a line that is no label", KIND, SAME, 3).beside(
            "labels.jsonl",
            "{\"id\": 1.2, \"label\": \"rose\"}\n{\"id\": 4.1, \"lable\": \"rose\"}\n",
        ),
        case("labels of other rows", KIND, SAME, 3)
            .beside("labels.jsonl", "{\"id\": \"rose 7\", \"label\": \"tulip\"}\n"),
        files("a truncated PNG", pictures(), 3),
        files("a path that leads out of its folder", photos(), 3),
        case("rows that stand in no list", ("stratified = { valid = 0.2, test = 0.2 }", LISTS), SAME, 2)
            .beside("train.txt", "0\n1\n2\n3\n4\n")
            .beside("test.txt", "5\n6\n7\n8\n"),
        case("a row that two lists have", ("stratified = { valid = 0.2, test = 0.2 }", LISTS), SAME, 3)
            .beside("train.txt", "0\n1\n2\n3\n4\n")
            .beside("test.txt", "4\n5\n"),
        files("a truncated idx file", idx(), 3),
    ]
}

const LISTS: &str = "lists = { train = \"train.txt\", test = \"test.txt\" }";

/// A list as `baeum fetch` reads it.
const SOURCE: &str = "\
[[file]]
name = \"flower.csv\"
url = \"https://example.org/flower.csv\"
bytes = 3
sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"
";

impl Case {
    fn beside(mut self, name: &'static str, text: &str) -> Case {
        self.files.push((name, text.as_bytes().to_vec()));
        self
    }

    fn table(mut self, text: &str) -> Case {
        self.files[1].1 = text.as_bytes().to_vec();
        self
    }

    fn recipe(mut self, (from, to): (&str, &str)) -> Case {
        let text = String::from_utf8(self.files[0].1.clone()).unwrap();
        self.files[0].1 = change(&text, (from, to)).into_bytes();
        self
    }
}

/// Sums in ten signs, for a network that knows six places.
fn lines() -> Vec<(&'static str, Vec<u8>)> {
    let recipe = "[data]\nsource = { text = { path = \"sums.txt\", examples = \"lines\" } }\n\n\
                  [data.fields.text]\nsteps = [{ tokenise = { by = \"character\", length = 10 } }]\n\n\
                  [models]\nlayers = [\n    { embedding = { vocabulary = 15, units = 8 } },\n    \
                  { position_embedding = { length = 6 } },\n]\n";
    let sums: String = (10..60).map(|i| format!("{i}+{i}={}\n", i + i)).collect();
    vec![("recipe.toml", recipe.as_bytes().to_vec()), ("sums.txt", sums.into_bytes())]
}

/// A folder of small pictures of two classes, one of them cut short.
fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    const NAMES: [&str; 8] = [
        "pictures/dark/0.png",
        "pictures/dark/1.png",
        "pictures/dark/2.png",
        "pictures/dark/3.png",
        "pictures/light/0.png",
        "pictures/light/1.png",
        "pictures/light/2.png",
        "pictures/light/3.png",
    ];
    let recipe = "[data]\nsource = { folder = { path = \"pictures\" } }\n\n[models.mlp]\nhidden = [4]\n";
    let mut files = vec![("recipe.toml", recipe.as_bytes().to_vec())];
    files.extend(NAMES.map(|name| (name, png())));
    files[3].1.truncate(40);
    files
}

/// A table of small pictures, one of which lies elsewhere, and one nowhere.
fn photos() -> Vec<(&'static str, Vec<u8>)> {
    let recipe = "[data]\nsource = { csv = { path = \"photos.csv\" } }\ntarget = \"kind\"\n\n\
                  [data.fields.photo]\nkind = { image = { channels = \"grey\" } }\n\n[models.mlp]\nhidden = [4]\n";
    let table = "photo,kind\na.png,rose\n../secret.png,rose\nb.png,tulip\nc.png,tulip\n";
    vec![
        ("recipe.toml", recipe.as_bytes().to_vec()),
        ("photos.csv", table.as_bytes().to_vec()),
        ("a.png", png()),
        ("b.png", png()),
    ]
}

/// A grey picture of four pixels, byte by byte: no library of ours wrote it.
fn png() -> Vec<u8> {
    const HEX: &str = "89504e470d0a1a0a0000000d494844520000000200000002080000000057dd52f80000\
                       000e49444154789c6360086068f80f00034501d0c68003210000000049454e44ae426082";
    (0..HEX.len()).step_by(2).map(|i| u8::from_str_radix(&HEX[i..i + 2], 16).unwrap()).collect()
}

/// Four images of two by two pixels are promised, three and a half are there.
fn idx() -> Vec<(&'static str, Vec<u8>)> {
    let recipe = "[data]\nsource = { idx = { images = \"images.idx\", labels = \"labels.idx\" } }\n\n[models.mlp]\nhidden = [4]\n";
    let images = [vec![0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2], vec![7; 14]].concat();
    let labels = vec![0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1];
    vec![("recipe.toml", recipe.as_bytes().to_vec()), ("images.idx", images), ("labels.idx", labels)]
}

#[test]
fn every_bad_input_is_named() {
    let mut page = String::from(
        "# What Baeum says when something is wrong\n\nWritten by a test (`tests/it/bad_input.rs`); do not edit. \
         Exit codes: 2 fix the recipe, 3 fix the data, 4 disk or network.\n",
    );
    let recipes = recipe_cases().into_iter().chain(inputs::cases()).chain(heads::cases()).collect();
    for (title, cases) in [("The recipe", recipes), ("The data", data_cases())] {
        writeln!(page, "\n## {title}").unwrap();
        for case in cases {
            let folder = Scratch::new("bad-input");
            for (name, bytes) in &case.files {
                folder.put(name, bytes);
            }
            let outcome = baeum(folder.path(), &case.args);
            refused(case.name, &outcome, case.code);
            let (args, said) = (case.args.join(" "), outcome.stderr.trim_end());
            writeln!(
                page,
                "\n### {}\n\n```console\n$ baeum {args}\n{said}\n```\n\nExit code {}.",
                case.name, case.code
            )
            .unwrap();
        }
    }
    expect_file("docs/errors.md", &page);
}

/// The right exit code, words on standard error, and nothing that looks like a crash.
#[track_caller]
fn refused(name: &str, outcome: &Outcome, code: i32) {
    assert_eq!(outcome.code, Some(code), "{name}: {outcome:?}");
    assert!(!outcome.stderr.trim().is_empty(), "{name} says nothing");
    assert!(!outcome.stderr.contains("panicked"), "{name}: {}", outcome.stderr);
}

fn good() -> Scratch {
    let folder = Scratch::new("good");
    folder.put("recipe.toml", GOOD);
    folder.put("flowers.csv", flowers());
    folder
}

#[test]
fn the_good_recipe_is_good() {
    let outcome = baeum(good().path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

#[test]
fn what_finds_no_room_in_memory_has_a_code_of_its_own() {
    let folder = good();
    let outcome = baeum(folder.path(), &["train", "recipe.toml", "--set", "train.batch_size=100000000000"]);
    assert_eq!(outcome.code, Some(6), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("training wants about"), "{}", outcome.stderr);
}

#[test]
fn a_file_where_the_runs_belong_is_named() {
    let folder = good();
    folder.put("runs", "in the way");
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    refused("runs is a file", &outcome, 4);
    assert!(outcome.stderr.contains("`runs"), "{}", outcome.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("runs")).unwrap(), "in the way");
}
