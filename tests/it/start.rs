//! Training that starts from what another run has learned.
use std::fs;

use baeum_tests::{Outcome, Scratch, baeum, root};

/// A folder with iris and a run of it, whose exported files others start from.
fn learned() -> Scratch {
    let folder = Scratch::new("start");
    for file in ["iris.csv", "recipe.toml"] {
        folder.put(file, fs::read(root().join("datasets/iris").join(file)).unwrap());
    }
    accepted(&folder, &["pipeline", "recipe.toml", "--set", "run.name=first", "--set", "train.epochs=20"]);
    folder
}

#[track_caller]
fn accepted(folder: &Scratch, args: &[&str]) -> Outcome {
    let outcome = baeum(folder.path(), args);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    outcome
}

/// The first stages of the recipe, started in this way.
fn models(folder: &Scratch, name: &str, sets: &[&str]) -> Outcome {
    let name = format!("run.name={name}");
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let args: Vec<&str> = ["models", "recipe.toml", "--set", &name].into_iter().chain(sets).collect();
    baeum(folder.path(), &args)
}

/// The numbers of a parameter, from its file.
fn tensor(folder: &Scratch, file: &str, name: &str) -> Vec<u8> {
    let bytes = fs::read(folder.path().join("runs").join(file)).unwrap();
    let start = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..start]).unwrap();
    let place = |i: usize| start + header[name]["data_offsets"][i].as_u64().unwrap() as usize;
    bytes[place(0)..place(1)].to_vec()
}

#[test]
fn what_is_frozen_stays_as_it_started_and_a_new_head_learns() {
    let folder = learned();
    let weights = "models.start.weights=runs/first-0001/5-export/model.pth";
    let sets = ["run.name=second", weights, "models.start.fresh=[\"head.*\"]", "models.freeze=[\"dense*\"]"];
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let args: Vec<&str> =
        ["pipeline", "recipe.toml", "--set", "train.epochs=3"].into_iter().chain(sets).collect();
    let outcome = accepted(&folder, &args);
    assert!(outcome.stdout.contains("; frozen: 80 of them; taken over: 2 of 4"), "{}", outcome.stdout);
    let [first, second] = ["first", "second"].map(|run| format!("{run}-0001/5-export/model.safetensors"));
    for name in ["dense1.weight", "dense1.bias"] {
        assert_eq!(tensor(&folder, &first, name), tensor(&folder, &second, name), "{name}");
    }
    let init = "second-0001/2-models/init.safetensors";
    assert_ne!(tensor(&folder, init, "head.weight"), tensor(&folder, &second, "head.weight"));
    let outcome = models(&folder, "third", &["models.freeze=[\"dense*\", \"h*\"]"]);
    assert_eq!(outcome.code, Some(2), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains("`models.freeze` must leave something to learn"), "{}", outcome.stderr);
}

fn summary(folder: &Scratch, name: &str) -> String {
    let path = folder.path().join(format!("runs/{name}-0001/2-models/summary.txt"));
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_network_starts_from_either_format_and_tells_what_it_took() {
    let folder = learned();
    for format in ["pth", "safetensors"] {
        let weights = format!("models.start.weights=runs/first-0001/5-export/model.{format}");
        let outcome = models(&folder, format, &[&weights]);
        assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.contains("taken over: 4 of 4 tensors; fresh: none"), "{}", outcome.stdout);
        assert!(summary(&folder, format).ends_with("\n  head.weight <- head.weight\n"));
    }
    let init = |name: &str| {
        fs::read(folder.path().join(format!("runs/{name}-0001/2-models/init.safetensors"))).unwrap()
    };
    assert_eq!(init("pth"), init("safetensors"));
    let weights = "models.start.weights=runs/first-0001/5-export/model.pth";
    let outcome = models(&folder, "head", &[weights, "models.start.fresh=[\"head.*\"]"]);
    assert!(
        outcome.stdout.contains("taken over: 2 of 4 tensors; fresh: head.bias, head.weight"),
        "{}",
        outcome.stdout
    );
    assert_ne!(init("head"), init("pth"));
}

#[test]
fn other_weights_are_another_network() {
    let folder = learned();
    let path = folder.path().join("start.safetensors");
    fs::copy(folder.path().join("runs/first-0001/5-export/model.safetensors"), &path).unwrap();
    let weights = "models.start.weights=start.safetensors";
    models(&folder, "second", &[weights]);
    accepted(&folder, &["pipeline", "recipe.toml", "--set", "run.name=third", "--set", "run.seed=9"]);
    fs::copy(folder.path().join("runs/third-0001/5-export/model.safetensors"), &path).unwrap();
    let args = ["plan", "recipe.toml", "--set", "run.name=second", "--set", weights];
    let plan = accepted(&folder, &args).stdout;
    assert!(plan.contains("the file of weights `start.safetensors` changed"), "{plan}");
    assert!(plan.lines().any(|line| line.contains("data") && line.contains("from the cache")), "{plan}");
}

#[test]
fn what_does_not_fit_is_refused_before_training() {
    let folder = learned();
    let weights = "models.start.weights=runs/first-0001/5-export/model.pth";
    let outcome = models(&folder, "wide", &[weights, "models.mlp.hidden=[16, 8]"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    for part in [
        "`runs/first-0001/5-export/model.pth` does not fit the network",
        "the network wants, and the file has not, `dense2.bias`, `dense2.weight`",
        "`head.weight` wants [3, 8] of f32, got [3, 16] of f32",
        "models.start",
    ] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    folder.put("none.pth", "PK\x03\x04 and then nothing");
    let outcome = models(&folder, "none", &["models.start.weights=none.pth"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("could not read weights from `none.pth`"), "{}", outcome.stderr);
    for (name, bytes, expect) in [
        (
            "old.pth",
            &b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."[..],
            "load it there and save it again",
        ),
        ("bare.pth", b"\x80\x04}.", "got a bare pickle; save the state_dict by `torch.save`"),
        ("lfs.pth", b"version https://git-lfs.github.com/spec/v1\noid", "`git lfs pull` brings the file"),
        (
            "page.pth",
            b"<!DOCTYPE html><html>",
            "wants the beginning of a `.safetensors` or `.pth` file, got another one",
        ),
        ("empty.pth", b"", "got an empty file"),
    ] {
        folder.put(name, bytes);
        let outcome = models(&folder, "none", &[&format!("models.start.weights={name}")]);
        assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(expect), "{name}: {}", outcome.stderr);
    }
    let outcome = models(&folder, "absent", &["models.start.weights=absent.pth"]);
    assert!(outcome.stderr.contains("could not find `absent.pth`"), "{}", outcome.stderr);
}

/// What a folder has, and what is said of it where something is wrong; transformers itself writes the right ones
/// (tests/it/interop/folders.rs).
#[test]
fn a_folder_of_no_known_network_is_refused() {
    let folder = learned();
    let weights = ["models.start.weights=gpt2"];
    folder.put("gpt2/model.safetensors", "no weights");
    let outcome = models(&folder, "none", &weights);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    let expect = "`gpt2` wants `config.json` and `model.safetensors`, as transformers saves a GPT-2 or a BERT in one piece, got no \
                  `gpt2/config.json`";
    assert!(outcome.stderr.contains(expect), "{}", outcome.stderr);
    let numbers = r#""vocab_size": 9, "n_positions": 9, "n_embd": 4, "n_layer": 1, "n_head": 1, "layer_norm_epsilon": 1e-5"#;
    for (config, code, expect) in [
        ("{".to_owned(), 3, "could not read `config.json` of `gpt2`: EOF while parsing"),
        (r#"{"model_type": "llama"}"#.to_owned(), 3, "unknown variant `llama`, expected `gpt2` or `bert`"),
        (r#"{"model_type": "bert"}"#.to_owned(), 3, "missing field `vocab_size`"),
        (
            format!(r#"{{"model_type": "gpt2", {numbers}, "activation_function": "mish"}}"#),
            3,
            "unknown variant `mish`, expected one of `gelu`",
        ),
        (format!("{{\"x\": {}", "[".repeat(9999)), 3, "recursion limit exceeded"),
        (
            format!(r#"{{"model_type": "gpt2", {numbers}, "activation_function": "gelu_new"}}"#),
            3,
            "could not read weights from `gpt2`",
        ),
    ] {
        folder.put("gpt2/config.json", config);
        let outcome = models(&folder, "none", &weights);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(expect), "{expect}: {}", outcome.stderr);
    }
    let right = fs::read(folder.path().join("runs/first-0001/5-export/model.safetensors")).unwrap();
    folder.put("gpt2/model.safetensors", right);
    let outcome = models(&folder, "none", &weights);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    for expect in [
        "the folder is another network, as `embedding` shows, which is missing here and `Embedding {",
        "it wants `models` to be `gpt = { blocks = 1, heads = 1",
    ] {
        assert!(outcome.stderr.contains(expect), "{}", outcome.stderr);
    }
}
