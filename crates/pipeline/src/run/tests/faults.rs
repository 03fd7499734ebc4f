use baeum_core::commit::commit_file;
use baeum_core::fs::{Fault, FaultFs};

use super::*;

/// A disk in memory on which `prepare` was done, and the same disk with faults.
fn prepared(prepare: impl Fn(&Runs)) -> (CrashFs, FaultFs) {
    let (fs, runs) = in_memory();
    prepare(&runs);
    (fs.clone(), FaultFs::over(Arc::new(fs)))
}

/// Lets the k-th operation fail, for every k and every fault; afterwards nothing is partial, and the same again succeeds.
fn check(prepare: impl Fn(&Runs), act: impl Fn(&Runs) -> Result<(), RunError>) {
    let expect = {
        let (fs, runs) = in_memory();
        prepare(&runs);
        whole(&runs, &identity(5)).unwrap();
        outputs(&fs, Path::new("/runs/toy-0001"))
    };
    for fault in Fault::ALL {
        for k in 1.. {
            let (fs, faulty) = prepared(&prepare);
            faulty.fail_at(k, fault);
            let acted = act(&runs(Arc::new(faulty.clone()), "/runs"));
            let reached = faulty.operations() >= k;
            match acted {
                Ok(()) => {}
                Err(error) => assert_eq!(error.exit_code(), 4, "{fault:?} at {k}: {error}"),
            }
            assert_nothing_partial(&fs, Path::new("/"));
            let again = runs(Arc::new(fs.clone()), "/runs");
            whole(&again, &identity(5)).unwrap();
            let run = again.newest("toy").unwrap().unwrap();
            assert_eq!(verify(&fs, &run).unwrap(), [], "{fault:?} at {k}");
            assert!(outputs(&fs, &run) == expect, "{fault:?} at {k}");
            if !reached {
                break;
            }
        }
    }
}

#[test]
fn a_run_can_be_begun_after_any_failure() {
    check(|_| {}, |runs| runs.open("toy", RECIPE, identity(5)).map(drop));
}

#[test]
fn all_stages_can_be_done_after_any_failure() {
    check(|_| {}, |runs| whole(runs, &identity(5)).map(drop));
}

#[test]
fn outputs_can_be_taken_from_the_cache_after_any_failure() {
    let other_name =
        |runs: &Runs| drop(drive(&mut runs.open("other", RECIPE, identity(5)).unwrap()).unwrap());
    check(other_name, |runs| whole(runs, &identity(5)).map(drop));
}

#[test]
fn a_failed_beginning_leaves_no_folder() {
    let mut failures = 0;
    for k in 1.. {
        let (fs, faulty) = prepared(|_| {});
        faulty.fail_at(k, Fault::NoSpace);
        let begun = runs(Arc::new(faulty.clone()), "/runs").open("toy", RECIPE, identity(5));
        failures += u32::from(begun.is_err());
        let is = |path: &str| fs.exists(Path::new(path)).unwrap();
        assert_eq!(
            is("/runs/toy-0001"),
            is("/runs/toy-0001/run.json"),
            "a folder without a record after failure {k}"
        );
        if faulty.operations() < k {
            break;
        }
    }
    assert!(failures > 20, "{failures}");
}

/// A run whose training has begun.
fn training(runs: &Runs) -> (Run, Begun) {
    let mut run = runs.open("toy", RECIPE, identity(5)).unwrap();
    step(&mut run, Stage::Data).unwrap();
    step(&mut run, Stage::Models).unwrap();
    let begun = run.begin(Stage::Train).unwrap();
    (run, begun)
}

#[test]
fn points_to_go_on_from_survive_a_full_disk() {
    for k in 1.. {
        let (fs, faulty) = prepared(|_| {});
        let (mut run, begun) = training(&runs(Arc::new(faulty.clone()), "/runs"));
        let files = work(Stage::Train, &identity(5));
        begun.checkpoints.save(1, &files, 2).unwrap();
        faulty.fail_from(k, Fault::NoSpace);
        let saved = begun.checkpoints.save(2, &files, 2);
        let finished = run.finish(begun, files);
        if finished.is_ok() {
            break;
        }
        drop(run);
        let runs = runs(Arc::new(fs), "/runs");
        let (_run, begun) = training(&runs);
        let epoch = begun.checkpoints.newest().unwrap().checkpoint.map(|checkpoint| checkpoint.epoch);
        assert!(
            begun.output.is_some() || epoch >= Some(if saved.is_ok() { 2 } else { 1 }),
            "lost after failure {k}"
        );
    }
}

#[test]
fn a_run_goes_on_after_a_power_cut_at_any_moment() {
    for k in 1.. {
        let (fs, faulty) = prepared(|_| {});
        faulty.fail_from(k, Fault::InputOutput);
        let done = until_failure(&runs(Arc::new(faulty), "/runs"));
        for seed in 0..3 {
            let left = fs.crash(seed);
            assert_nothing_partial(&left, Path::new("/"));
            let runs = runs(Arc::new(left.clone()), "/runs");
            let (run, worked) = whole(&runs, &identity(5)).unwrap();
            assert_eq!(verify(&left, &run).unwrap(), [], "power cut at {k}, seed {seed}");
            if run.ends_with("toy-0001") {
                assert_eq!(last_epoch(&left, &run), Some(3), "power cut at {k}, seed {seed}");
            }
            let again: Vec<&Stage> = worked.iter().filter(|stage| done.contains(stage)).collect();
            assert!(again.is_empty(), "{again:?} was done before the power cut at {k}, seed {seed}");
        }
        if done == Stage::ALL {
            break;
        }
    }
}

/// A finished training gives its checkpoints a new folder; a process that is killed meanwhile, and the next one while it puts
/// that in order, leave them where the one behind finds them.
#[test]
fn points_to_go_on_from_survive_an_end_at_any_moment() {
    for k in 1.. {
        let (fs, faulty) = prepared(|_| {});
        let (mut run, begun) = training(&runs(Arc::new(faulty.clone()), "/runs"));
        let files = work(Stage::Train, &identity(5));
        begun.checkpoints.save(3, &files, 2).unwrap();
        faulty.fail_from(k, Fault::InputOutput);
        let finished = run.finish(begun, files);
        drop(run);
        for second in (1..).step_by(3) {
            let faulty = FaultFs::over(Arc::new(fs.clone()));
            faulty.fail_from(second, Fault::InputOutput);
            if until_failure(&runs(Arc::new(faulty), "/runs")).contains(&Stage::Train) {
                let found = last_epoch(&fs, Path::new("/runs/toy-0001"));
                assert_eq!(found, Some(3), "killed at {k}, and before {second}");
                break;
            }
        }
        if finished.is_ok() {
            break;
        }
    }
}

/// Of how many epochs the newest checkpoint of the training is.
fn last_epoch(fs: &CrashFs, run: &Path) -> Option<u64> {
    let train = run.join(Stage::Train.folder());
    let key = Key::of(&read_set(fs, &train).unwrap());
    let newest = Checkpoints::of(Arc::new(fs.clone()), None, &train, key).newest().unwrap();
    newest.checkpoint.map(|checkpoint| checkpoint.epoch)
}

/// The stages that were done before something failed.
fn until_failure(runs: &Runs) -> Vec<Stage> {
    let Ok(mut run) = runs.open("toy", RECIPE, identity(5)) else { return vec![] };
    Stage::ALL.into_iter().take_while(|stage| step(&mut run, *stage).is_ok()).collect()
}

#[test]
fn a_damaged_record_of_another_run_stops_nobody() {
    let (fs, runs) = in_memory();
    whole(&runs, &identity(5)).unwrap();
    commit_file(&fs, Path::new("/runs/toy-0001/run.json"), b"{").unwrap();
    assert_eq!(whole(&runs, &identity(5)).unwrap(), (PathBuf::from("/runs/toy-0002"), vec![]));
}
