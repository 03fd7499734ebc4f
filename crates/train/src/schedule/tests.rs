use super::*;

fn at(schedule: &Schedule, warmup_epochs: f64, step: u64, (steps_per_epoch, epochs): (usize, u32)) -> f64 {
    factor(
        schedule,
        warmup_epochs,
        Place { step, steps: steps_per_epoch as u64 * u64::from(epochs), steps_per_epoch, history: &[] },
    )
}

/// The factors of 4 epochs of 5 steps.
fn factors(schedule: &Schedule, warmup_epochs: f64) -> Vec<f64> {
    (0..20).map(|step| at(schedule, warmup_epochs, step, (5, 4))).collect()
}

fn cosine(final_factor: f64) -> Schedule {
    Schedule::Cosine(Descent { final_factor })
}

#[track_caller]
fn near(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-14), "{found:?} {wanted:?}");
}

#[test]
fn constant_stays() {
    assert_eq!(factors(&Schedule::Constant, 0.0), [1.0; 20]);
}

#[test]
fn a_warmup_rises_along_a_line_to_the_first_step_of_any_schedule() {
    let step = Schedule::Step(StepDown { every: 1, factor: 0.5 });
    for schedule in [Schedule::Constant, step, cosine(0.0), Schedule::Wsd(Cooldown::default())] {
        let factors = factors(&schedule, 1.0);
        assert_eq!(factors[..6], [1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0, 4.0 / 6.0, 5.0 / 6.0, 1.0]);
        assert!(factors[5..].is_sorted_by(|a, b| a >= b), "{schedule:?}: {factors:?}");
    }
}

#[test]
fn steps_go_down_from_the_end_of_the_warmup() {
    let schedule = Schedule::Step(StepDown { every: 1, factor: 0.5 });
    let wanted = [[1.0; 5], [0.5; 5], [0.25; 5], [0.125; 5]].concat();
    assert_eq!(factors(&schedule, 0.0), wanted);
    assert_eq!(factors(&schedule, 1.0)[5..], wanted[..15]);
    assert_eq!(factors(&schedule, 0.4)[2..7], [1.0; 5]);
}

#[test]
fn a_cosine_begins_at_one_and_ends_at_the_final_factor() {
    let of = |final_factor, step| at(&cosine(final_factor), 0.0, step, (5, 4));
    assert_eq!(of(0.1, 0), 1.0);
    // cos(pi / 2) is not quite 0 in binary: one rounding of pi / 2, far below 1e-15.
    assert!((of(0.0, 10) - 0.5).abs() < 1e-15);
    assert_eq!(of(0.25, 20), 0.25);
    assert_eq!(of(0.25, 1000), 0.25, "and stays there");
    assert!(factors(&cosine(0.0), 0.0).iter().all(|factor| *factor > 0.0), "no step is lost at zero");
}

#[test]
fn lines_end_at_the_final_factor() {
    let linear = Schedule::Linear(Descent { final_factor: 0.5 });
    near(&[0, 10, 20, 99].map(|step| at(&linear, 0.0, step, (5, 4))), &[1.0, 0.75, 0.5, 0.5]);
    let wsd = Schedule::Wsd(Cooldown { cooldown: 0.5, final_factor: 0.0 });
    near(&[0, 9, 10, 15, 19, 20].map(|step| at(&wsd, 0.0, step, (5, 4))), &[1.0, 1.0, 1.0, 0.5, 0.1, 0.0]);
}

#[test]
fn one_cycle_goes_up_and_far_down() {
    let factors = factors(&Schedule::OneCycle(OneCycle::default()), 0.0);
    near(&[factors[0], factors[5], factors[19]], &[0.04, 1.0, 4e-6]);
    assert!(factors[..6].is_sorted() && factors[5..].is_sorted_by(|a, b| a > b), "{factors:?}");
    for rise in [0.0, 0.05, 1.0] {
        let schedule = Schedule::OneCycle(OneCycle { rise, ..OneCycle::default() });
        for size in [(1, 1), (2, 1), (5, 4)] {
            let last = size.0 as u64 * u64::from(size.1);
            for step in 0..=last {
                let factor = at(&schedule, 0.0, step, size);
                assert!((3.9e-6..1.0 + 1e-12).contains(&factor), "{rise} {size:?} {step}: {factor}");
            }
        }
    }
}

#[test]
fn the_shortest_runs_have_a_schedule() {
    assert_eq!(at(&cosine(0.0), 0.0, 0, (1, 1)), 1.0);
    // A warmup of 0.6 epochs of one step is rounded to that one step.
    assert_eq!(at(&cosine(0.0), 0.6, 0, (1, 1)), 0.5);
    assert_eq!(at(&cosine(0.0), 0.4, 0, (1, 1)), 1.0);
    for schedule in [cosine(0.5), Schedule::Linear(Descent { final_factor: 0.5 })] {
        assert_eq!(at(&schedule, 0.6, 1, (1, 1)), 0.5, "behind the last step nothing is divided by zero");
    }
}

fn history(losses: &[f64]) -> Vec<EpochRecord> {
    let record = |(epoch, &loss)| EpochRecord {
        epoch: epoch as u32,
        step: 0,
        train_loss: 9.0,
        valid_loss: Some(loss),
        learning_rate: 1.0,
        ..EpochRecord::default()
    };
    losses.iter().enumerate().map(record).collect()
}

#[test]
fn a_plateau_is_more_stale_epochs_than_the_patience() {
    let said = Plateau { factor: 0.5, patience: 2, threshold: 0.1, final_factor: 0.2 };
    let of = |losses: &[f64]| {
        let history = history(losses);
        let place =
            Place { step: 10 * losses.len() as u64, steps: 990, steps_per_epoch: 10, history: &history };
        factor(&Schedule::Plateau(said.clone()), 0.0, place)
    };
    assert_eq!(of(&[]), 1.0);
    assert_eq!(of(&[1.0, 0.95, 0.91]), 1.0, "two epochs without a tenth of progress are borne");
    assert_eq!(of(&[1.0, 0.95, 0.91, 0.905]), 0.5, "the third is not");
    assert_eq!(of(&[1.0, 0.95, 0.91, 0.89, 0.89, 0.89]), 1.0, "a tenth together is progress");
    assert_eq!(of(&[1.0; 7]), 0.25);
    assert_eq!(of(&[1.0; 10]), 0.2, "never below the final factor");
    assert_eq!(of(&[f64::NAN, f64::INFINITY, f64::NAN]), 0.5, "what is no number is no progress");
}

#[test]
fn shares_must_be_shares() {
    let check = |schedule: Schedule, path: &str, expect: &str| {
        let error = schedule.check(0.0).unwrap_err();
        assert_eq!(error.to_string(), format!("`train.schedule.{path}` must be {expect}"));
        assert_eq!(error.path(), Some(format!("train.schedule.{path}")));
    };
    let up_to_one = "above zero, up to 1, got";
    check(Schedule::Step(StepDown { every: 0, factor: 0.1 }), "step.every", "above zero, got 0");
    check(Schedule::Step(StepDown { every: 1, factor: 0.0 }), "step.factor", &format!("{up_to_one} 0"));
    check(Schedule::Linear(Descent { final_factor: -1.0 }), "linear.final_factor", "from 0 to 1, got -1");
    check(cosine(1.5), "cosine.final_factor", "from 0 to 1, got 1.5");
    let cycle = OneCycle::default();
    let rise = Schedule::OneCycle(OneCycle { rise: 1.1, ..cycle.clone() });
    check(rise, "one_cycle.rise", "from 0 to 1, got 1.1");
    let start = Schedule::OneCycle(OneCycle { start_factor: 25.0, ..cycle });
    check(start, "one_cycle.start_factor", &format!("{up_to_one} 25"));
    let plateau = Plateau::default();
    let growing = Schedule::Plateau(Plateau { factor: 1.0, ..plateau.clone() });
    check(growing, "plateau.factor", "above zero and below 1, got 1");
    let never = Schedule::Plateau(Plateau { threshold: f64::NAN, ..plateau });
    check(never, "plateau.threshold", "a finite number, got NaN");
    let cooldown = Schedule::Wsd(Cooldown { cooldown: 0.0, final_factor: 0.0 });
    check(cooldown, "wsd.cooldown", &format!("{up_to_one} 0"));
    let error = Schedule::OneCycle(OneCycle::default()).check(2.0).unwrap_err();
    let text = "`train.warmup_epochs` must be 0, because `train.schedule` is `one_cycle`, which rises by itself, got 2";
    assert_eq!(error.to_string(), text);
}
