use std::io::Write;
use std::time::Duration;

use baeum_core::commit::commit_file;
use baeum_core::{Counter, EpochRecord, LossParts, Rng, State, Tensor, Weights};

use super::*;

/// Other bytes in the same place, as an editor or a bad disk leaves them.
fn damage(fs: &dyn Fs, path: &Path) {
    let len = fs.metadata(path).unwrap().len;
    fs.set_len(path, len - 1).unwrap();
    fs.append(path).unwrap().write_all(b"!").unwrap();
}

#[track_caller]
fn check(fs: &dyn Fs, run: &Path, expect: &[&str]) {
    let found: Vec<String> = verify(fs, run).unwrap().iter().map(Problem::to_string).collect();
    assert_eq!(found, expect);
}

#[test]
fn a_damaged_object_is_never_served_and_is_replaced() {
    let scratch = Scratch::new();
    let runs = scratch.runs();
    let (first, _) = whole(&runs, &identity(5)).unwrap();
    // Edited in the run folder, it is edited in the cache, because both are one file.
    damage(&RealFs, &first.join("2-models/deep/er/bytes"));
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    assert!(!step(&mut run, Stage::Data).unwrap().1);
    let (reasons, worked) = step(&mut run, Stage::Models).unwrap();
    let key = run.record().stages[&Stage::Models].key.clone();
    assert_eq!(texts(&reasons), [format!("its output `.cache/{key}/deep/er/bytes` is damaged")]);
    assert!(worked);
    assert_eq!(drive(&mut run).unwrap(), []);
    drop(run);
    assert_eq!(whole(&runs, &identity(5)).unwrap().1, [], "the new object is whole");
    check(&RealFs, &first, &["`2-models/deep/er/bytes` was changed"]);
}

#[test]
fn a_damaged_output_of_the_run_is_taken_from_the_cache() {
    let (fs, runs) = in_memory();
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    step(&mut run, Stage::Data).unwrap();
    drop(run);
    fs.remove_file(Path::new("/runs/toy-0001/1-data/settings.json")).unwrap();
    let plan = runs.plan("toy", &identity(5)).unwrap();
    assert_eq!(plan.steps[0].action, Action::Take);
    let expect = [
        "its output `toy-0001/1-data/settings.json` is damaged",
        "nothing changed; its output is in the cache",
    ];
    assert_eq!(texts(&plan.steps[0].reasons), expect);
    assert_eq!(whole(&runs, &identity(5)).unwrap().1, &Stage::ALL[1..]);
    check(&fs, &plan.run, &[]);
}

#[test]
fn a_lost_manifest_is_damage_too() {
    let (fs, runs) = in_memory();
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    step(&mut run, Stage::Data).unwrap();
    drop(run);
    fs.remove_file(&Path::new("/runs/toy-0001/1-data").join(MANIFEST)).unwrap();
    let expect = ["its output `toy-0001/1-data` is damaged", "nothing changed; its output is in the cache"];
    assert_eq!(texts(&runs.plan("toy", &identity(5)).unwrap().steps[0].reasons), expect);
}

#[test]
fn verify_names_every_file_that_is_not_as_it_was_written() {
    let (fs, runs) = in_memory();
    let (run, _) = whole(&runs, &identity(5)).unwrap();
    check(&fs, &run, &[]);
    commit_file(&fs, &run.join("events.jsonl"), b"{}\n").unwrap();
    check(&fs, &run, &[]);
    commit_file(&fs, &run.join("recipe.toml"), b"other").unwrap();
    damage(&fs, &run.join("1-data/settings.json"));
    fs.remove_file(&run.join("1-data/deep/er/bytes")).unwrap();
    commit_file(&fs, &run.join("1-data/notes.txt"), b"mine").unwrap();
    damage(&fs, &run.join("2-models").join(MANIFEST));
    damage(&fs, &run.join("3-train/checkpoints/000002/settings.json"));
    check(
        &fs,
        &run,
        &[
            "`recipe.toml` was changed",
            "`1-data/deep/er/bytes` is missing",
            "`1-data/settings.json` was changed",
            "`1-data/notes.txt` was not written by the run",
            &format!("`2-models/{MANIFEST}` was changed"),
            "`3-train/checkpoints/000002/settings.json` was changed",
        ],
    );
    commit_file(&fs, &run.join("run.json"), b"{\"version\": 1}").unwrap();
    let error = verify(&fs, &run).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.exit_code()),
        ("could not read `/runs/toy-0001/run.json`", 8)
    );
    commit_file(&fs, &run.join("run.json"), b"{\"version\": 9, \"new\": 0}").unwrap();
    let error = verify(&fs, &run).unwrap_err();
    assert_eq!(error.to_string(), "`/runs/toy-0001/run.json` wants version 1, got 9");
}

#[test]
fn two_points_are_kept_and_the_newest_whole_one_is_taken() {
    let (fs, runs) = in_memory();
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    let points = run.begin(Stage::Data).unwrap().checkpoints;
    assert!(points.newest().unwrap().checkpoint.is_none());
    let files = |epoch: u64| Files::from([("state".to_owned(), epoch.to_le_bytes().to_vec())]);
    (1..=5).for_each(|epoch| points.save(epoch, &files(epoch), 2).unwrap());
    let folder = Path::new("/runs/toy-0001/1-data/checkpoints");
    assert_eq!(fs.list(folder, 9).unwrap(), ["000004", "000005"]);
    assert_eq!(points.newest().unwrap().checkpoint, Some(Checkpoint { epoch: 5, files: files(5) }));

    damage(&fs, &folder.join("000005/state"));
    let newest = points.newest().unwrap();
    assert_eq!(newest.checkpoint, Some(Checkpoint { epoch: 4, files: files(4) }));
    let said: Vec<String> = newest.damaged.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["`/runs/toy-0001/1-data/checkpoints/000005/state` is damaged: its BLAKE3 differs from the manifest"]
    );
    points.save(5, &files(5), 2).unwrap();
    assert_eq!(fs.list(folder, 9).unwrap(), ["000005", "000006"], "a number is not used twice");
    points.save(6, &files(6), 3).unwrap();
    assert_eq!(fs.list(folder, 9).unwrap(), ["000005", "000006", "000007"], "as many as are asked for");

    let other =
        Checkpoints::of(Arc::new(fs), None, Path::new("/runs/toy-0001/1-data"), Key::found(&files(0)));
    assert!(other.newest().unwrap().checkpoint.is_none(), "made for another output");
}

#[test]
fn what_a_stage_has_not_put_out_is_no_damage() {
    let (fs, runs) = in_memory();
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    step(&mut run, Stage::Data).unwrap();
    let error = output_of(&fs, run.path(), Stage::Train).unwrap_err();
    let expect = "`/runs/toy-0001` wants an output of `train`, got none; run `train` first";
    assert_eq!((error.to_string().as_str(), error.exit_code()), (expect, 2));
    assert!(output_of(&fs, run.path(), Stage::Data).is_ok());
    fs.remove_file(&run.path().join("1-data").join(MANIFEST)).unwrap();
    assert_eq!(output_of(&fs, run.path(), Stage::Data).unwrap_err().exit_code(), 8);
}

#[test]
fn a_run_whose_folder_is_gone_or_another_ends_and_writes_nothing() {
    for again in [false, true] {
        let (fs, runs) = in_memory();
        let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
        let begun = run.begin(Stage::Data).unwrap();
        let folder = Path::new("/runs/toy-0001");
        fs.rename(folder, Path::new("/runs/moved")).unwrap();
        if again {
            // Another process, which got the number that had become free.
            fs.create_dir(folder).unwrap();
            commit_file(&fs, &folder.join("run.owner"), b"{}").unwrap();
        }
        let before = fs.list(folder, 99).unwrap_or_default();
        let files = work(Stage::Data, &identity(5));
        let expect = "`/runs/toy-0001` wants to stay where it is while its run is at work, got it removed, moved away or made anew; \
                      run the same command again";
        for error in [
            begun.checkpoints.save(1, &files, 2).unwrap_err(),
            run.keep_replay("000001", &files).unwrap_err(),
            run.finish(begun, files).unwrap_err(),
            run.begin(Stage::Models).unwrap_err(),
        ] {
            assert_eq!((error.to_string().as_str(), error.exit_code()), (expect, 4));
        }
        assert_eq!(fs.list(folder, 99).unwrap_or_default(), before);
    }
}

/// What training leaves behind, with every file that a checkpoint may have.
fn learned(epochs: u32) -> Files {
    let tensors = |name: &str, x: f32| Weights::from([(name.to_owned(), Tensor::vector(vec![x; 300]))]);
    let epoch = |epoch| {
        let (step, train_loss) = (u64::from(epoch) * 9, 1.0 / f64::from(epoch + 3));
        EpochRecord { epoch, step, train_loss, valid_loss: Some(train_loss / 3.0), ..EpochRecord::default() }
    };
    let checkpoint = baeum_train::Checkpoint {
        state: State {
            step: u64::from(epochs) * 9,
            weights: tensors("head.weight", 0.1),
            moments: tensors("head.weight.exp_avg", 1e-40),
        },
        batch: 2,
        loss: LossParts { sum: 2.0 / 3.0, weight: 16.0 },
        history: (0..epochs).map(epoch).collect(),
        best: vec![tensors("head.weight", 0.3), tensors("head.weight", 0.2)],
        elapsed: Duration::ZERO,
    };
    checkpoint.files().unwrap()
}

/// One bit flipped, or the file cut short: at a thousand places, shared out over the files of a checkpoint.
#[test]
fn a_checkpoint_that_is_damaged_anywhere_is_never_loaded() {
    let (fs, runs) = in_memory();
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    let points = run.begin(Stage::Data).unwrap().checkpoints;
    [1, 2].into_iter().for_each(|epoch| points.save(epoch.into(), &learned(epoch), 2).unwrap());
    let older = Some(Checkpoint { epoch: 1, files: learned(1) });
    let newest = Path::new("/runs/toy-0001/1-data/checkpoints/000002");
    let names: Vec<String> = learned(2).into_keys().chain([MANIFEST.to_owned()]).collect();
    let draws = Rng::new(7).stream("damage", "");
    for i in 0..1000 {
        let name = &names[i % names.len()];
        let path = newest.join(name);
        let whole = fs.read(&path, u64::MAX).unwrap();
        let draw = |what, below: usize| draws.below(below as u32, Counter::sample(what, i as u64)) as usize;
        let place = draw(0, whole.len());
        let (what, damaged) = match draw(1, 2) {
            0 => ("cut", whole[..place].to_vec()),
            _ => {
                let mut flipped = whole.clone();
                flipped[place] ^= 1 << draw(2, 8);
                ("flipped", flipped)
            }
        };
        commit_file(&fs, &path, &damaged).unwrap();
        let found = points.newest().unwrap();
        assert_eq!(found.checkpoint, older, "{name} {what} at {place}");
        let said: Vec<String> = found.damaged.iter().map(ToString::to_string).collect();
        assert!(said.len() == 1 && said[0].contains(name.as_str()), "{name} {what} at {place}: {said:?}");
        commit_file(&fs, &path, &whole).unwrap();
    }
    assert_eq!(points.newest().unwrap().checkpoint, Some(Checkpoint { epoch: 2, files: learned(2) }));
}

#[test]
fn where_every_checkpoint_is_damaged_work_begins_anew() {
    let (fs, runs) = in_memory();
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    let points = run.begin(Stage::Data).unwrap().checkpoints;
    [1, 2].into_iter().for_each(|epoch| points.save(epoch.into(), &learned(epoch), 2).unwrap());
    let folder = Path::new("/runs/toy-0001/1-data/checkpoints");
    damage(&fs, &folder.join("000001/state.safetensors"));
    fs.remove_file(&folder.join("000002").join(MANIFEST)).unwrap();
    let newest = points.newest().unwrap();
    assert_eq!(newest.checkpoint, None);
    let said: Vec<String> = newest.damaged.iter().map(ToString::to_string).collect();
    let path = folder.display();
    assert_eq!(
        said,
        [
            format!("`{path}/000002` wants a `{MANIFEST}`, got none"),
            format!("`{path}/000001/state.safetensors` is damaged: its BLAKE3 differs from the manifest"),
        ]
    );
}
