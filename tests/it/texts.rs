//! Texts that are gone on with, and public texts with the traps that are really in them. Those are looked for under
//! `BAEUM_DATA`, or else in `shared/data` beside the checkout; whoever has none of them skips their tests.
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use baeum::data::{DataError, Leak, Pieces, Place, Prepared, Warning, prepare};
use baeum::fs::RealFs;
use baeum::{Recipe, Value};
use baeum_tests::{Scratch, baeum, chain, public, root};

/// What the first stage makes of a recipe whose data lie in a folder.
fn prepared(recipe: &str, folder: &Path, sets: &[&str]) -> Result<Prepared, DataError> {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let recipe = Recipe::parse("recipe.toml", recipe, &sets).unwrap();
    let plans = recipe.check().unwrap_or_else(|error| panic!("{}", error.render(false)));
    let (limits, seed) = (plans.run.limits().clone(), plans.run.seed());
    let place = Place {
        fs: Arc::new(RealFs),
        base: folder.to_owned(),
        folders: vec![],
        limits,
        seed,
        progress: Default::default(),
        cache: None,
    };
    prepare(&plans.data, &place)
}

/// The network sees as many pieces as the recipe says; of a text that has more an answer says so.
#[test]
fn an_answer_to_a_text_that_was_cut_says_so() {
    let folder = Scratch::new("long");
    let row = |i: usize| format!("{},{}\n", ["good fine", "bad poor"][i % 2], ["yes", "no"][i % 2]);
    folder.put("words.csv", format!("text,label\n{}", (0..40).map(row).collect::<String>()));
    let tokenise = "{ tokenise = { by = \"word\", length = 3, keep = \"end\" } }";
    let recipe = format!(
        "[data]\nsource = {{ csv = {{ path = \"words.csv\" }} }}\ntarget = \"label\"\naudit = {{ allow = [\"texts\"] }}\n\n\
         [data.fields.text]\nsteps = [{tokenise}]\n\n[models.text_cnn]\nembedding = 4\nwidths = [2]\nfilters = 4\n\n\
         [train]\nepochs = 2\nbatch_size = 8\n"
    );
    folder.put("words.toml", recipe);
    let outcome = baeum(folder.path(), &["pipeline", "words.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    folder.put("texts.csv", "text\nthree words fit\nbut four do not\n");
    let outcome = baeum(folder.path(), &["predict", "words", "texts.csv"]);
    let notes: Vec<bool> = outcome.stdout.lines().skip(1).map(|line| line.contains("pieces")).collect();
    assert_eq!(notes, [false, true], "{}{}", outcome.stdout, outcome.stderr);
    let said = "`text` has more than 3 pieces; the last 3 were seen";
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
}

/// The network has seen each sum of the test rows neither so nor the other way round.
#[test]
fn sums_are_added_that_were_never_seen() {
    let folder = Scratch::new("addition");
    let lesson = root().join("datasets/addition");
    let recipe = fs::read_to_string(lesson.join("recipe.toml")).unwrap();
    let runs = folder.path().join("runs");
    let args = ["pipeline", "datasets/addition/recipe.toml", "--runs", runs.to_str().unwrap()];
    let outcome = baeum(&root(), &args);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    let data = prepared(&recipe, &lesson, &[]).unwrap();
    let text = fs::read_to_string(lesson.join("addition.txt")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let of = |rows: &[usize]| rows.iter().map(|row| pair(lines[*row])).collect::<BTreeSet<_>>();
    assert!(of(data.dataset.splits.train.rows()).is_disjoint(&of(data.dataset.splits.test.rows())));

    let truth: Vec<&str> = data.dataset.splits.test.rows().iter().map(|row| lines[*row]).collect();
    let questions = truth.iter().fold(String::new(), |mut all, line| {
        writeln!(all, "{}=", line.split('=').next().unwrap()).unwrap();
        all
    });
    folder.put("questions.txt", questions);
    let outcome = baeum(folder.path(), &["predict", "addition", "questions.txt", "--temperature", "0"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let right = outcome.stdout.lines().zip(&truth).filter(|(answer, truth)| answer == *truth).count();
    assert_eq!(outcome.stdout.lines().count(), truth.len());
    // The worst of five seeds misses one.
    assert!(right + 8 >= truth.len(), "{right} of {} sums", truth.len());
}

/// The two numbers of a sum, the smaller in front.
fn pair(line: &str) -> [&str; 2] {
    let (a, b) = line.split('=').next().unwrap().split_once('+').unwrap();
    [a.min(b), a.max(b)]
}

/// Pieces of bytes: a letter of Korean is three of them until it is learned. The verse has 36 pieces, of which windows of 17 begin
/// with each.
#[test]
fn a_text_of_learned_pieces_is_gone_on_with() {
    let folder = Scratch::new("pieces");
    let verse = "배움은 끝이 없다;\nthe rain in spain  stays mainly in the plain;\n";
    folder.put("verse.txt", verse.repeat(200));
    let recipe = "[run]\nname = \"verse\"\n\n[data]\nsource = { text = { path = \"verse.txt\" } }\naudit = { allow = [\"texts\"] }\n\n\
         [data.fields.text]\nsteps = [{ tokenise = { by = \"bpe\", vocabulary = 280, length = 17 } }]\n\n[models]\nlayers = [\n\
         { embedding = { vocabulary = 280, units = 32 } }, { position_embedding = { length = 17 } },\n\
         { multi_head_attention = { heads = 2, causal = true } }, { gru = { units = 48 } }]\n\n\
         [train]\nepochs = 20\nbatch_size = 16\noptimizer = \"adam\"\nlearning_rate = 0.01\n\n[export]\nformats = [\"safetensors\", \"onnx\"]\n";
    folder.put("recipe.toml", recipe);
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert!(
        outcome.stdout.contains("bits_per_byte") && outcome.stdout.contains("equal"),
        "{}",
        outcome.stdout
    );
    let tell = |pieces: &str| {
        let text = "text=plain;\n배움은";
        baeum(folder.path(), &["predict", "verse", "--set", text, "--temperature", "0", "--pieces", pieces])
            .stdout
    };
    let whole = tell("60");
    assert!(whole.starts_with("plain;\n배움은 끝이 없다;\nthe rain in spain  stays mainly"), "{whole}");
    // However few pieces are told, what is told begins like all of it, and no letter is torn.
    for pieces in 0..12 {
        let told = tell(&pieces.to_string());
        assert!(whole.starts_with(told.trim_end_matches('\n')), "{told}");
    }
    let packed = ["--set", "data.source.text.examples=packed", "--set", "data.split=random"];
    let outcome = baeum(folder.path(), &[&["pipeline", "recipe.toml"], &packed[..]].concat());
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    let told = baeum(folder.path(), &["predict", "verse", "--set", "text=the rain", "--temperature", "0"]);
    assert_eq!(
        told.stdout, "the rain in spain  stays mainly in the plain;\n",
        "a line ends: {}",
        told.stderr
    );
}

/// Eight reviews are empty. 856 have quotes, each escaped as in a table: read either way, no row grows into the next.
#[test]
fn reviews_of_nsmc_are_all_there() {
    let Some(folder) = public("nsmc") else { return };
    let recipe = fs::read_to_string(root().join("datasets/nsmc/recipe.toml")).unwrap();
    let files =
        "data.split={files={train=\"ratings_train.txt.gz\",test=\"ratings_test.txt.gz\",valid_share=0.05}}";
    let letters = "data.fields.document.steps=[{tokenise={by=\"character\",length=48}}]"; // no more than the trap takes
    let documents = |more: &[&str]| {
        let data = prepared(&recipe, &folder, &[&[files, letters], more].concat()).unwrap();
        let of = |row: usize| data.dataset.source.record(row).unwrap().remove("document").unwrap();
        ((0..data.profile.rows).map(of).collect::<Vec<Value>>(), data.profile)
    };
    let (plain, profile) = documents(&[]);
    let missing =
        |documents: &[Value]| documents.iter().filter(|document| **document == Value::Missing).count();
    assert_eq!((missing(&plain[..150_000]), missing(&plain[150_000..]), plain.len()), (5, 3, 200_000));
    let told = profile.fields.iter().find(|field| field.name == "document").unwrap().missing;
    assert!((1..=5).contains(&told), "{told} of the training rows are told to be missing");
    let friendly = profile.labels.iter().find(|label| label.label == "friendly").unwrap();
    assert_eq!(friendly.parts.iter().sum::<usize>(), 74_827 + 25_173);

    let (unquoted, _) = documents(&["data.source.csv.quote=\"\\\"\""]);
    assert_eq!((missing(&unquoted), unquoted.len()), (8, 200_000));
    let differ: Vec<_> = plain.iter().zip(&unquoted).filter(|(plain, unquoted)| plain != unquoted).collect();
    assert_eq!(differ.len(), 856);
    for pair in differ {
        let (Value::Text(plain), Value::Text(unquoted)) = pair else { panic!("{pair:?}") };
        let inside = plain.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap();
        assert_eq!(&inside.replace("\"\"", "\""), unquoted);
    }
}

/// Of 32,033 names 29,494 are different, and those that stand in two parts are told.
#[test]
fn names_are_lines_of_which_many_come_again() {
    let Some(folder) = public("names-makemore") else { return };
    let recipe = "[data]\nsource = { text = { path = \"names.txt\", examples = \"lines\" } }\n\n\
                  [data.fields.text]\nsteps = [{ tokenise = { by = \"character\", length = 16 } }]\n\n[models]\nlayers = [{ embedding = { vocabulary = 40, units = 2 } }]\n";
    let error = prepared(recipe, &folder, &[]).map(drop).unwrap_err();
    assert!(chain(&error).contains("or say `data.audit.allow = [\"texts\"]`"), "{}", chain(&error));
    for examples in ["lines", "packed"] {
        let examples = format!("data.source.text.examples={examples}");
        let data = prepared(recipe, &folder, &["data.audit.allow=[\"texts\"]", &examples]).unwrap();
        let leaks = |warning: &&Warning| matches!(warning, Warning::Leak { found, .. } if found.leak() == Leak::Texts);
        assert_eq!(
            data.profile.warnings.iter().filter(leaks).count(),
            1,
            "{examples}: {:?}",
            data.profile.warnings
        );
        let rows: Vec<usize> = (0..data.profile.rows).collect();
        let batch = data.dataset.source.batch(&rows).unwrap();
        let told = batch.targets[0].i64s().unwrap();
        let bytes = fs::read(folder.join("names.txt")).unwrap();
        let bytes = bytes.len() + usize::from(bytes.last() != Some(&b'\n'));
        assert_eq!(
            told.iter().filter(|piece| **piece != 0).count(),
            bytes,
            "{examples}: each letter is told once"
        );
        let names: BTreeSet<&[i64]> = told.chunks(16).collect();
        assert!(examples.contains("packed") || (rows.len(), names.len()) == (32_033, 29_494));
    }
}

/// The big list of naughty strings: whatever was typed comes back.
#[test]
fn naughty_strings_come_back_from_their_pieces() {
    let Some(folder) = public("text-robustness") else { return };
    let strings: Vec<String> = serde_json::from_slice(&fs::read(folder.join("blns.json")).unwrap()).unwrap();
    assert_eq!(strings.len(), 515);
    let scratch = Scratch::new("naughty");
    scratch.put("naughty.txt", strings.join("\n"));
    for by in ["bpe", "character", "unigram"] {
        let recipe = format!(
            "[data]\nsource = {{ text = {{ path = \"naughty.txt\", examples = \"lines\" }} }}\naudit = {{ allow = [\"texts\"] }}\n\n\
             [data.fields.text]\nsteps = [{{ tokenise = {{ by = \"{by}\", vocabulary = 4000, length = 64 }} }}]\n\n[models]\nlayers = [{{ embedding = {{ vocabulary = 4000, units = 2 }} }}]\n"
        );
        let data = prepared(&recipe, scratch.path(), &[]).unwrap();
        assert_eq!(data.profile.rows, 515);
        let pieces = Pieces::of(&data.blueprint.inputs).unwrap().unwrap();
        let known: Vec<&String> = match by {
            "bpe" => strings.iter().collect(), // no byte is unknown
            _ => data.dataset.splits.train.rows().iter().map(|row| &strings[*row]).collect(),
        };
        for text in known {
            assert_eq!(&pieces.text(&pieces.cut(text).unwrap()).unwrap(), text, "{by}");
        }
    }
}
