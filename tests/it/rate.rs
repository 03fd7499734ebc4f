//! The learning-rate finder as users run it.
use std::fs;

use baeum_tests::{Scratch, baeum};

fn iris() -> Scratch {
    let folder = Scratch::new("rate");
    folder.copy("datasets/iris/recipe.toml");
    folder.copy("datasets/iris/iris.csv");
    folder
}

#[test]
fn a_rate_is_suggested_and_drawn_and_no_run_is_begun() {
    let folder = iris();
    let outcome = baeum(folder.path(), &["find-rate", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let suggested = outcome.stdout.lines().find_map(|line| line.strip_prefix("suggested: ")).unwrap();
    let rate: f64 = suggested.split(',').next().unwrap().parse().unwrap();
    // The recipe, which learns well, says 0.01; a finder that is off by more than a factor of 30 helps nobody.
    assert!((0.01 / 30.0..0.3).contains(&rate), "{rate}");
    assert!(outcome.stdout.contains("--set train.learning_rate="), "{}", outcome.stdout);
    let files: Vec<_> = fs::read_dir(folder.path().join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, ["iris-rate.html"]);
    let page = fs::read_to_string(folder.path().join("runs/iris-rate.html")).unwrap();
    assert!(page.contains("<svg") && page.contains(">suggested: ") && page.contains("The recipe says 0.01"));
    let again = baeum(folder.path(), &["find-rate", "recipe.toml"]);
    assert_eq!(again.stdout, outcome.stdout, "the same recipe gives the same losses");
}

#[test]
fn rates_that_cannot_be_are_refused() {
    let folder = iris();
    let check = |args: &[&str], expect: &str| {
        let outcome = baeum(folder.path(), &[&["find-rate", "recipe.toml"], args].concat());
        assert_eq!((outcome.code, outcome.stderr.trim_end()), (Some(2), expect));
    };
    let of = "of a search for a learning rate must be";
    check(&["--least", "0"], &format!("error: the least rate {of} a finite number above zero, got 0.0"));
    check(&["--most", "1e-9"], &format!("error: the largest rate {of} a finite number above 1e-7, got 1e-9"));
    check(&["--steps", "3"], &format!("error: the steps {of} 10 or more, got 3"));
}
