//! PyTorch's side of `cargo xtask results` does the training that ours does: without dropout, loss for loss.
use std::path::Path;

use baeum_tests::Scratch;
use baeum_tests::results::peer::{Opened, train};

const THREADS: usize = 2;

/// Recipes whose data lie in the checkout, what is changed in them, and how far losses may be apart, by their size: roundings grow
/// over some hundreds of steps. Images with batch norm, where no bias stands in front of it, for Adam makes whole steps of its
/// roundings; rows that are augmented; a series; a table, whose averages are judged; a text.
const CASES: [(&str, &[&str], f64); 5] = [
    (
        "digits",
        &[
            "train.epochs=3",
            "models.layers=[{conv2d={filters=8,kernel=3,padding=1,bias=false}},\"batch_norm\",\"relu\",\"flatten\"]",
        ],
        1e-3,
    ),
    ("languages", &["train.epochs=2", "models.text_cnn.dropout=0", "models.text_cnn.filters=16"], 1e-3),
    ("series", &["train.epochs=20"], 1e-3),
    ("iris", &["train.ema=0.95"], 1e-3),
    ("addition", &["train.epochs=2", "train.warmup_epochs=1"], 1e-3),
];

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pytorch_trains_recipes_as_we_do() {
    let python = std::env::var("BAEUM_PYTHON_TORCH").unwrap();
    for (name, sets, bound) in CASES {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let opened = Opened::new(&format!("datasets/{name}/recipe.toml"), &sets, None).unwrap();
        let ours = opened.learned().unwrap();
        let folder = Scratch::new("trained");
        let note = opened.hand_over(folder.path()).unwrap();
        assert_eq!(note.contains("augmented"), name == "languages", "{name}: {note}");
        let theirs = train(Path::new(&python), folder.path(), THREADS, None).unwrap();
        assert_eq!(ours.history.len(), theirs.train_losses.len(), "{name}");
        for (record, (train, valid)) in
            ours.history.iter().zip(theirs.train_losses.iter().zip(&theirs.valid_losses))
        {
            near(&format!("{name}, epoch {}", record.epoch), record.train_loss, *train, bound);
            near(
                &format!("{name}, epoch {}, validation", record.epoch),
                record.valid_loss.unwrap(),
                valid.unwrap(),
                bound,
            );
        }
        assert_eq!(ours.best_epoch as usize, theirs.best_epoch, "{name}");
        let (ours, theirs) =
            (opened.scored(ours.predictor.weights).unwrap(), opened.judged(folder.path()).unwrap());
        for (metric, score) in ours {
            near(&format!("{name}, {metric}"), score, theirs[&metric], 10.0 * bound);
        }
    }
}

#[track_caller]
fn near(what: &str, ours: f64, theirs: f64, bound: f64) {
    let apart = (ours - theirs).abs() / ours.abs().max(1e-2);
    assert!(apart <= bound, "{what}: ours {ours}, PyTorch's {theirs}");
}
