use super::*;

/// The files of the cache, by their paths in it.
fn cached(fs: &dyn Fs) -> Vec<String> {
    disk::tree(fs, Path::new("/runs/.cache")).unwrap()
}

#[test]
fn what_no_run_has_is_removed_and_the_rest_is_taken_as_before() {
    let (fs, runs) = in_memory();
    assert_eq!(runs.clean().unwrap(), Cleaned::default());
    let (first, _) = whole(&runs, &identity(5)).unwrap();
    let kept = cached(&fs);
    let (second, _) = whole(&runs, &identity(6)).unwrap();
    let examples = |run: &Path| {
        let key = Record::read(&fs, run).unwrap().identity.key(Stage::Data, &Default::default()).unwrap();
        format!("{key}-fitted-0.examples")
    };
    let foreign = format!("{}-fitted-0.examples", "0".repeat(64));
    for name in [&examples(&first), &foreign] {
        baeum_core::commit::commit_file(&fs, &Path::new("/runs/.cache").join(name), &[7; 50]).unwrap();
    }
    // All of it is in use but the examples of a recipe that is not here.
    assert_eq!(runs.clean().unwrap(), Cleaned { objects: 1, bytes: 50 });
    assert!(cached(&fs).contains(&examples(&first)));
    fs.remove_dir_all(&second).unwrap();
    let removed = runs.clean().unwrap();
    assert!(removed.objects == 3 && removed.bytes > 3000, "train, evaluate and export of it: {removed:?}");
    let mut left = cached(&fs);
    left.retain(|name| *name != examples(&first));
    assert_eq!(left, kept);
    assert_eq!(whole(&runs, &identity(5)).unwrap().1, []);
    assert_eq!(whole(&runs, &identity(6)).unwrap().1, [Stage::Train, Stage::Evaluate, Stage::Export]);
}

#[test]
fn of_a_run_that_cannot_be_read_nothing_is_guessed() {
    let (fs, runs) = in_memory();
    let (run, _) = whole(&runs, &identity(5)).unwrap();
    let before = cached(&fs);
    baeum_core::commit::commit_file(&fs, &run.join("run.json"), b"{").unwrap();
    let error = runs.clean().unwrap_err();
    assert_eq!(error.to_string(), "could not read `/runs/toy-0001/run.json`");
    assert_eq!(cached(&fs), before);
}
