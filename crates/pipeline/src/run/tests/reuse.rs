use super::*;

/// What a plan says of each stage, one line each.
#[track_caller]
fn check(plan: &Plan, expect: &[&str]) {
    let line = |step: &Step| format!("{} {:?}: {}", step.stage, step.action, texts(&step.reasons).join(", "));
    assert_eq!(plan.steps.iter().map(line).collect::<Vec<_>>(), expect);
}

#[test]
fn a_stage_whose_key_is_known_is_not_computed_again() {
    let scratch = Scratch::new();
    let runs = scratch.runs();
    let (first, worked) = whole(&runs, &identity(5)).unwrap();
    assert_eq!((first.file_name().unwrap().to_str(), worked.as_slice()), (Some("toy-0001"), &Stage::ALL[..]));
    let (second, worked) = whole(&runs, &identity(5)).unwrap();
    assert_eq!((second.file_name().unwrap().to_str(), worked.as_slice()), (Some("toy-0002"), &[][..]));
    assert_eq!(outputs(&RealFs, &first), outputs(&RealFs, &second));
    assert_eq!(Record::read(&RealFs, &second).unwrap().done(Stage::Train).unwrap().origin, Origin::Cache);
    assert!(
        RealFs.exists(&first.join("3-train/checkpoints/000003")).unwrap(),
        "the run that trained keeps its last points"
    );
}

#[test]
#[cfg(unix)]
fn runs_and_the_cache_share_their_files() {
    use std::os::unix::fs::MetadataExt;
    let scratch = Scratch::new();
    let (first, _) = whole(&scratch.runs(), &identity(5)).unwrap();
    let (second, _) = whole(&scratch.runs(), &identity(5)).unwrap();
    let inode = |run: &Path| std::fs::metadata(run.join("1-data/deep/er/bytes")).unwrap().ino();
    assert_eq!(inode(&first), inode(&second));
}

#[test]
fn a_plan_tells_before_what_a_run_does_then() {
    let (_, runs) = in_memory();
    let plan = runs.plan("toy", &identity(5)).unwrap();
    assert_eq!((plan.run.as_path(), plan.continues), (Path::new("/runs/toy-0001"), false));
    check(
        &plan,
        &Stage::ALL.map(|stage| format!("{stage} Run: it never ran")).each_ref().map(String::as_str),
    );

    whole(&runs, &identity(5)).unwrap();
    check(
        &runs.plan("toy", &identity(6)).unwrap(),
        &[
            "data Take: nothing changed; its output is in the cache",
            "models Take: nothing changed; its output is in the cache",
            "train Run: `train.epochs` 5 -> 6",
            "evaluate Run: it takes the output of `train`, which is new",
            "export Run: it takes the output of `train`, which is new",
        ],
    );
    assert_eq!(whole(&runs, &identity(6)).unwrap().1, [Stage::Train, Stage::Evaluate, Stage::Export]);
}

#[test]
fn another_data_file_or_program_is_a_reason() {
    let (_, runs) = in_memory();
    whole(&runs, &identity(5)).unwrap();
    let mut now = identity(5);
    now.files.insert("a.csv".to_owned(), "2".to_owned());
    now.code.insert(Stage::Export, "mine".to_owned());
    check(
        &runs.plan("toy", &now).unwrap(),
        &[
            "data Run: data file `a.csv` changed",
            "models Run: it takes the output of `data`, which is new",
            "train Run: it takes the output of `data`, which is new, it takes the output of `models`, which is new",
            "evaluate Run: it takes the output of `data`, which is new, it takes the output of `models`, which is new, \
             it takes the output of `train`, which is new",
            "export Run: the code of `export` changed, it takes the output of `data`, which is new, \
             it takes the output of `models`, which is new, it takes the output of `train`, which is new",
        ],
    );
}

#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    let (_, runs) = in_memory();
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    step(&mut run, Stage::Data).unwrap();
    step(&mut run, Stage::Models).unwrap();
    let begun = run.begin(Stage::Train).unwrap();
    begun.checkpoints.save(12, &work(Stage::Train, &identity(5)), 2).unwrap();
    drop(run);

    let plan = runs.plan("toy", &identity(5)).unwrap();
    assert_eq!((plan.run.as_path(), plan.continues), (Path::new("/runs/toy-0001"), true));
    check(
        &plan,
        &[
            "data Keep: nothing changed; its output stands in the run",
            "models Keep: nothing changed; its output stands in the run",
            "train Run: it was interrupted and goes on after epoch 12",
            "evaluate Run: it never ran",
            "export Run: it never ran",
        ],
    );
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    assert_eq!(run.path(), plan.run);
    assert!(!step(&mut run, Stage::Data).unwrap().1);
    assert!(!step(&mut run, Stage::Models).unwrap().1);
    let begun = run.begin(Stage::Train).unwrap();
    assert_eq!(begun.checkpoints.newest().unwrap().checkpoint.unwrap().epoch, 12);
}

#[test]
fn another_recipe_starts_the_next_number_and_leaves_the_old_run_alone() {
    let (_, runs) = in_memory();
    drop(runs.open("toy", RECIPE, identity(5)).unwrap());
    assert_eq!(whole(&runs, &identity(6)).unwrap().0, Path::new("/runs/toy-0002"));
    assert_eq!(runs.open("toy", RECIPE, identity(5)).unwrap().path(), Path::new("/runs/toy-0001"));
    assert_eq!(runs.newest("toy").unwrap().as_deref(), Some(Path::new("/runs/toy-0002")));
}

#[test]
fn resume_is_strict_and_lists_what_changed() {
    let (_, runs) = in_memory();
    drop(runs.open("toy", RECIPE, identity(5)).unwrap());
    let mut now = with(["run", "seed"], 8.into());
    now.recipe["train"]["epochs"] = 6.into();
    now.files.insert("a.csv".to_owned(), "2".to_owned());
    let error = runs.resume("toy-0001", &now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/runs/toy-0001` wants to go on as it began, got data file `a.csv` changed, `train.epochs` 5 -> 6, \
         `run.seed` 7 -> 8; start a new run without `--resume`"
    );
    assert_eq!(error.exit_code(), 2);
    for name in ["toy-0001", "/runs/toy-0001", "toy"] {
        assert_eq!(runs.resume(name, &identity(5)).unwrap().path(), Path::new("/runs/toy-0001"));
    }
    let error = runs.resume("toy-0009", &identity(5)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`toy-0009` wants to be a run, got no `run.json` there; `baeum runs` lists them"
    );
}

#[test]
fn a_stage_wants_the_stages_before_it() {
    let (_, runs) = in_memory();
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    step(&mut run, Stage::Data).unwrap();
    let error = run.begin(Stage::Train).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/runs/toy-0001` wants an output of `models`, got none; run `models` first"
    );
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn what_others_wrote_into_a_folder_can_be_taken_as_it_stands() {
    let (fs, runs) = in_memory();
    let (path, _) = whole(&runs, &identity(5)).unwrap();
    let file = path.join("3-train/settings.json");
    baeum_core::commit::commit_file(&fs, &file, b"written elsewhere").unwrap();
    let mut run = runs.resume("toy", &identity(5)).unwrap();
    for stage in [Stage::Data, Stage::Models, Stage::Train] {
        run.adopt(stage).unwrap();
    }
    assert!(step(&mut run, Stage::Evaluate).unwrap().1, "another predictor has another score");
    assert_eq!(fs.read(&file, 100).unwrap(), b"written elsewhere");
    assert_eq!(run.record().done(Stage::Train).unwrap().origin, Origin::Found);
    assert_eq!(verify(&fs, &path).unwrap(), []);
    fs.remove_dir_all(&path.join("1-data")).unwrap();
    let error = run.adopt(Stage::Data).unwrap_err();
    assert_eq!(error.to_string(), "`/runs/toy-0001` wants an output of `data`, got none; run `data` first");
}

#[test]
fn an_output_that_is_kept_nowhere_is_made_again() {
    let (fs, runs) = in_memory();
    whole(&runs, &identity(5)).unwrap();
    fs.remove_dir_all(Path::new("/runs/.cache")).unwrap();
    let plan = runs.plan("toy", &identity(5)).unwrap();
    assert_eq!(plan.steps[0].reasons, [Reason::Gone]);
    assert_eq!(whole(&runs, &identity(5)).unwrap().1, Stage::ALL);
}
