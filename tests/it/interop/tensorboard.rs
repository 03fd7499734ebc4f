//! TensorBoard's own reader and server show what we write.
use std::fs;

use baeum_tests::{Scratch, baeum, pictures_of_size};
use serde_json::json;

use super::python;

const PICTURES: &str = "[run]\nname = \"pictures\"\n\n[data]\nsource = { folder = { path = \"pictures\", channels = \"rgb\" } }\n\
     split = { stratified = { valid = 0.2, test = 0.3 } }\n\n[data.fields.image]\nsteps = [{ scale = { factor = 0.00392156862745098 } }]\n\n\
     [models.cnn]\nfilters = [4]\n\n[train]\nepochs = 2\noptimizer = { sgd = { momentum = 0.9 } }\n";

const VERSE: &str = "[run]\nname = \"verse\"\n\n[data]\nsource = { text = { path = \"verse.txt\" } }\naudit = { allow = [\"texts\"] }\n\n\
     [data.fields.text]\nsteps = [{ tokenise = { by = \"character\", vocabulary = 64, length = 9 } }]\n\n[models]\nlayers = [\n\
     { embedding = { vocabulary = 64, units = 16 } }, { gru = { units = 16 } }]\n\n[train]\nepochs = 2\nbatch_size = 16\n";

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_tensorboard_shows_our_runs() {
    let folder = Scratch::new("tensorboard");
    for lesson in ["iris/iris.csv", "languages/languages.csv"] {
        let file = format!("datasets/{lesson}");
        folder.put(lesson.split('/').nth(1).unwrap(), fs::read(baeum_tests::root().join(file)).unwrap());
    }
    let lesson = |name: &str| {
        fs::read_to_string(baeum_tests::root().join(format!("datasets/{name}/recipe.toml"))).unwrap()
    };
    pictures_of_size(&folder, "pictures", 40, (9, 7));
    folder.put("verse.txt", "the rain in spain stays mainly in the plain;\n".repeat(20));
    let epochs = "train.epochs=6";
    let runs = [
        ("iris", lesson("iris"), vec![epochs, "train.best=[\"accuracy\"]"]),
        ("pictures", PICTURES.to_owned(), vec![]),
        ("verse", VERSE.to_owned(), vec![]),
        ("languages", lesson("languages"), vec!["train.epochs=1", "train.warmup_epochs=0"]),
    ];
    for (name, recipe, sets) in runs {
        folder.put(&format!("{name}.toml"), recipe);
        let recipe = format!("{name}.toml");
        let sets = sets.into_iter().chain(["run.tensorboard=true"]).flat_map(|set| ["--set", set]);
        let args: Vec<&str> = ["train", &recipe].into_iter().chain(sets).collect();
        let outcome = baeum(folder.path(), &args);
        assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
    }
    let outcome = baeum(folder.path(), &["predict", "iris", "iris.csv", "--json"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    folder.put("answers.jsonl", outcome.stdout);
    let settings = json!({ "train.epochs": 6, "run.device": "cpu", "models.mlp.batch_norm": false });
    folder.put("expected.json", json!({ "settings": settings }).to_string());
    python("BAEUM_PYTHON", "tensorboard_events.py", folder.path());
}
