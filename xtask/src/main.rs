//! `cargo xtask TASK`. Depends on nothing, so that it starts at once; ends in `exec`, so that exit codes and signals pass.
mod python;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, exit};
use std::{env, io};

const HELP: &str = "\
usage: cargo xtask TASK

  pipeline [RECIPE]   run the five stages; without a recipe, datasets/digits/recipe.toml
  baeum ARGUMENTS     build the `baeum` command and become it
  test                everything `cargo test` checks
  interop             let PyTorch, ONNX Runtime, scikit-learn and TensorBoard open what we write
  bench train         time a training step of ours and of PyTorch's; --only NAME, --pairs N, --steps N, --threads N
  bench predict       time an answer of ours and of ONNX Runtime's; the same settings
  bench generate      time a piece of a text that is gone on with, ours and PyTorch's; the same settings
  bench data DIR      read images, a table and texts, ours and torchvision's, pandas' and tokenizers'; --only NAME, --pairs N
  bench fashion DIR   train on fashion-mnist from a cold start, ours and PyTorch's
  results             run recipes of datasets/ with several seeds, once in PyTorch, and keep what they reach; --only NAME, --seeds N,
                      --data DIR
  campaign kill       kill runs at random moments and compare what they end in; --kills N, --seed S, --only NAME, --first RUN
  campaign resume     interrupt trainings at each kind of place under each kind of setting, go on, and compare: 432 cells
  campaign checkpoints   what checkpoints cost the training of the digits, in pairs; --pairs N
  docs                write the generated pages under docs/ anew
  ci                  what continuous integration runs";

/// A Python with other people's software: the variable that names it, what it has, and what it is there for.
type Environment = (&'static str, &'static str, &'static str);
const OTHERS: Environment = ("BAEUM_PYTHON", "requirements.txt", "ONNX Runtime, pandas and tokenizers");
const TORCH: Environment = ("BAEUM_PYTHON_TORCH", "requirements-torch.txt", "PyTorch");

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let error = match words[..] {
        ["pipeline"] => baeum(&["pipeline", "datasets/digits/recipe.toml"]),
        ["pipeline", ..] => baeum(&words),
        ["baeum", ref rest @ ..] => baeum(rest),
        ["test"] => cargo(&["test", "--workspace"]).exec(),
        ["interop"] => interop(),
        ["bench", ref rest @ ..] => bench(rest),
        ["results", ref rest @ ..] => results(rest),
        ["campaign", ref rest @ ..] => become_last(&["baeum", "campaign"], rest),
        ["docs"] => cargo(&["test", "--workspace", "--test", "it", "pages"]).env("UPDATE", "1").exec(),
        ["ci"] => Command::new("bash").arg(root().join(".ci/run")).exec(),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    eprintln!("could not start the task: {error}");
    ExitCode::from(4)
}

/// Builds the command that users run too, then becomes it. Returns only if that fails.
fn baeum(args: &[&str]) -> io::Error {
    become_last(&["baeum"], args)
}

/// Builds some of the binaries, then becomes the last of them. Returns only if that fails.
fn become_last(binaries: &[&str], args: &[&str]) -> io::Error {
    last_of(binaries).map_or_else(|error| error, |mut last| last.args(args).exec())
}

/// Builds some of the binaries; gives the last of them.
fn last_of(binaries: &[&str]) -> io::Result<Command> {
    let wanted = binaries.iter().flat_map(|binary| ["--bin", binary]);
    let wanted: Vec<&str> = std::iter::once("--workspace").chain(wanted).collect();
    build(&wanted)?;
    Ok(Command::new(env::current_exe()?.with_file_name(binaries.last().copied().unwrap_or_default())))
}

/// Runs recipes beside PyTorch; without recipes the page alone is written, which needs no other software. Returns only if that fails.
fn results(args: &[&str]) -> io::Error {
    let peers = if args.is_empty() { &[][..] } else { &[TORCH] };
    match last_of(&["baeum", "results"]) {
        Ok(mut results) => beside(&mut results, peers).args(args).exec(),
        Err(error) => error,
    }
}

/// Tells a program where the others are.
fn beside<'a>(program: &'a mut Command, peers: &[Environment]) -> &'a mut Command {
    for (variable, requirements, name) in peers {
        match python::environment(&root().join("tests/interop").join(requirements)) {
            Ok(python) => {
                program.env(variable, python);
            }
            Err(error) => eprintln!("no Python environment with {name} could be made: {error}"),
        }
    }
    program
}

/// Builds the bench as the command is built, so that it measures what people run, then becomes it. Returns only if that fails.
fn bench(args: &[&str]) -> io::Error {
    let peers = match args.first() {
        Some(&("train" | "fashion" | "generate")) => &[TORCH][..],
        Some(&"predict") => &[OTHERS],
        Some(&"data") => &[OTHERS, TORCH],
        Some(_) | None => &[],
    };
    match last_of(&["bench"]) {
        Ok(mut bench) => beside(&mut bench, peers).args(args).exec(),
        Err(error) => error,
    }
}

/// Builds something; if that fails, cargo has said why, and its exit code is passed on.
fn build(args: &[&str]) -> io::Result<()> {
    match cargo(&["build", "--quiet"]).args(args).status()? {
        status if status.success() => Ok(()),
        status => exit(status.code().unwrap_or(1)),
    }
}

/// Runs the tests that need other people's software. Returns only if that fails.
fn interop() -> io::Error {
    let folder = root().join("tests/interop");
    let mut tests = cargo(&["test", "--workspace", "--test", "it", "--", "--ignored", "interop"]);
    for (variable, requirements, _) in [OTHERS, TORCH] {
        match python::environment(&folder.join(requirements)) {
            Ok(python) => tests.env(variable, python),
            Err(error) => return error,
        };
    }
    tests.exec()
}

/// cargo as a person would start it. What it told this program about itself is kept back: build scripts that look at it would
/// run again, and foreign crates would be built twice.
fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args);
    for (name, _) in env::vars_os() {
        let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if told.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes())) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// The folder of the workspace.
fn root() -> PathBuf {
    // As cargo runs it: a target folder that several checkouts share may hold what another of them built.
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(package).join("..")
}
