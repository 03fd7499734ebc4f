//! A recipe that names a graphics card, where the command that is built for one stands beside the command that is not.
use std::fs;
use std::process::Command;

use baeum_tests::{Outcome, Scratch, baeum, baeum_path};

const PLAN: [&str; 4] = ["plan", "recipe.toml", "--set", "run.device=cuda"];
const HELP: &str = "  = help: it wants NVIDIA's driver, the CUDA toolkit's libraries, and to be built of the same sources; \
     `--set run.device=cpu` wants none of it\n";

/// A folder with iris and a command of its own.
fn iris() -> Scratch {
    let folder = Scratch::new("beside");
    for file in ["iris.csv", "recipe.toml"] {
        folder.copy(&format!("datasets/iris/{file}"));
    }
    shell(&folder, &format!("cp '{}' baeum", baeum_path().display()));
    folder
}

/// What a command says that is built of the same sources.
fn version(folder: &Scratch) -> String {
    let said = baeum(folder.path(), &["--version"]).stdout;
    let number = concat!("baeum ", env!("CARGO_PKG_VERSION"), " (sources ");
    assert!(said.starts_with(number) && said.ends_with(")\n"), "{said}");
    said.trim().to_owned()
}

/// What a script does as the command for the card.
fn put_other(folder: &Scratch, script: &str) {
    shell(folder, &format!("cat > baeum-cuda <<'END'\n#!/bin/sh\n{script}\nEND\nchmod 755 baeum-cuda"));
}

/// Files that are run are written by a process of their own: as long as this one has them open, even in the child of another test, the
/// system refuses to run them.
#[track_caller]
fn shell(folder: &Scratch, script: &str) {
    assert!(Command::new("sh").args(["-ec", script]).current_dir(folder.path()).status().unwrap().success());
}

/// A plan of a recipe that names the card, by the command of this folder.
fn plan(folder: &Scratch) -> Outcome {
    let mut command = Command::new(folder.path().join("baeum"));
    Outcome::of(&command.args(PLAN).current_dir(folder.path()).output().unwrap())
}

#[track_caller]
fn refused(folder: &Scratch, why: &str) {
    let outcome = plan(folder);
    let other = folder.path().join("baeum-cuda");
    let said =
        format!("error: could not become the command for the card, `{}`: {why}\n{HELP}", other.display());
    assert_eq!((outcome.code, outcome.stderr), (Some(2), said));
}

#[test]
fn a_command_becomes_the_one_for_the_card_beside_it() {
    let folder = iris();
    let version = version(&folder);
    put_other(&folder, &format!("[ \"$1\" = --version ] && echo '{version}' && exit\necho \"$@\"\nexit 5"));
    let outcome = plan(&folder);
    assert_eq!(
        (outcome.code, outcome.stdout),
        (Some(5), format!("{}\n", PLAN.join(" "))),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_command_for_the_card_that_does_not_start_is_named_with_what_the_system_says() {
    let folder = iris();
    // As the system's loader speaks where there is no driver.
    let said = "error while loading shared libraries: libcuda.so.1: cannot open shared object file";
    put_other(&folder, &format!("echo \"$0: {said}\" >&2\nexit 127"));
    refused(&folder, said);
    put_other(&folder, "echo 'baeum 0.0.0'");
    refused(&folder, &format!("it is `baeum 0.0.0`, this is `{}`", version(&folder)));
    put_other(&folder, "exit 1");
    refused(&folder, "it says nothing");
    shell(&folder, "chmod 644 baeum-cuda");
    refused(&folder, "Permission denied (os error 13)");
}

#[test]
fn without_a_command_for_the_card_the_recipe_is_refused_and_says_how_to_get_one() {
    let folder = iris();
    let outcome = plan(&folder);
    let said =
        "error: `run.device` wants a build with `--features cuda`, got one without; `cpu` always works\n";
    assert!(outcome.code == Some(2) && outcome.stderr.starts_with(said), "{}", outcome.stderr);
    let help = "help: `cargo install --path crates/pipeline --features cuda --bin baeum-cuda` puts a command beside this one that has it";
    assert!(outcome.stderr.contains(help), "{}", outcome.stderr);
}

/// The network answers on the processor, wherever it was trained.
#[test]
fn a_run_of_a_card_answers_without_one() {
    let folder = iris();
    let outcome =
        baeum(folder.path(), &["train", "recipe.toml", "--set", "run.name=it", "--set", "train.epochs=3"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let recipe = folder.path().join("runs/it-0001/recipe.toml");
    let text = fs::read_to_string(&recipe).unwrap();
    let of_a_card = text.replace("device = \"cpu\"", "device = \"cuda\"");
    assert_ne!(text, of_a_card);
    fs::write(&recipe, of_a_card).unwrap();
    let fields = ["sepal_length=5", "sepal_width=3", "petal_length=2", "petal_width=1"];
    let args: Vec<&str> =
        ["predict", "it-0001"].into_iter().chain(fields.iter().flat_map(|field| ["--set", field])).collect();
    let outcome = baeum(folder.path(), &args);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}
