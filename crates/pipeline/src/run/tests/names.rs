use baeum_core::commit::commit_file;

use super::*;

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let (_, runs) = in_memory();
    for name in ["", "..", ".cache", "a/b", "a\\b", "a b", "a\n", &"x".repeat(201)] {
        let error = runs.open(name, RECIPE, identity(5)).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{name}");
    }
    let error = runs.open("a/b", RECIPE, identity(5)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`run.name` wants 1 to 200 bytes of letters, digits, `-`, `_` or `.`, the first of them no `.`, got `a/b`"
    );
    for name in ["a", "숫자", "v1.0_x", "toy-0001", &"x".repeat(200)] {
        assert_eq!(
            runs.open(name, RECIPE, identity(5)).unwrap().path(),
            Path::new(&format!("/runs/{name}-0001"))
        );
    }
}

#[test]
fn a_name_that_is_the_beginning_of_another_is_another() {
    let (_, runs) = in_memory();
    drop(runs.open("toy-0001", RECIPE, identity(5)).unwrap());
    assert_eq!(runs.open("toy", RECIPE, identity(5)).unwrap().path(), Path::new("/runs/toy-0001"));
    assert_eq!(runs.open("toy-0001", RECIPE, identity(5)).unwrap().path(), Path::new("/runs/toy-0001-0001"));
}

#[test]
fn numbers_go_past_four_digits() {
    let (fs, runs) = in_memory();
    fs.create_dir_all(Path::new("/runs/toy-9999")).unwrap();
    drop(runs.open("toy", RECIPE, identity(5)).unwrap());
    assert_eq!(runs.open("toy", RECIPE, identity(6)).unwrap().path(), Path::new("/runs/toy-10001"));
}

#[test]
fn runs_are_listed_with_what_they_reached() {
    let (fs, runs) = in_memory();
    assert_eq!(runs.list().unwrap(), []);
    let (first, _) = whole(&runs, &identity(5)).unwrap();
    let metrics =
        br#"{"metrics": [{"name": "accuracy", "value": 0.5}, {"name": "macro_f1", "value": 0.25}]}"#;
    commit_file(&fs, &first.join("4-evaluate/metrics.json"), metrics).unwrap();
    let mut second = runs.open("toy", RECIPE, identity(6)).unwrap();
    step(&mut second, Stage::Data).unwrap();
    drop(runs.open("toy", RECIPE, identity(7)).unwrap());
    fs.create_dir(Path::new("/runs/toy-0004")).unwrap();
    fs.create_dir(Path::new("/runs/toy-0005")).unwrap();
    commit_file(&fs, Path::new("/runs/toy-0005/run.json"), b"").unwrap();
    let line = |run: &Listed| format!("{} {} {} {:?}", run.name, run.state, run.done.len(), run.headline);
    assert_eq!(
        runs.list().unwrap().iter().map(line).collect::<Vec<_>>(),
        [
            "toy-0001 finished 5 Some((\"accuracy\", 0.5))",
            "toy-0002 running 1 None",
            "toy-0003 unfinished 0 None",
            "toy-0005 damaged 0 None"
        ]
    );
    assert_eq!(runs.list().unwrap()[0].started.as_deref(), Some("2026-11-22T14:06:00Z"));
}
