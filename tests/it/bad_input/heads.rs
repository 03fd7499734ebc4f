//! Several targets that do not go with the table or with what is said of training.

use super::{Case, SAME, case};

/// The good recipe with a class and a number to tell.
const TWO: (&str, &str) =
    ("target = \"kind\"\n", "targets = [{ column = \"kind\" }, { column = \"width\", unit = \"cm\" }]\n");

pub(super) fn cases() -> Vec<Case> {
    let train = |text: &'static str| ("epochs = 2", text);
    let quantiles = |levels: &'static str| ("target = \"kind\"\n", levels);
    vec![
        case(
            "quantiles that do not go up",
            quantiles("target = \"width\"\nquantiles = [0.9, 0.1]\n"),
            SAME,
            2,
        ),
        case("quantiles of a class", quantiles("target = \"kind\"\nquantiles = [0.1, 0.9]\n"), SAME, 2),
        case("one target too few for heads", TWO, SAME, 2)
            .recipe((", { column = \"width\", unit = \"cm\" }]", "]")),
        case("a target beside several", TWO, SAME, 2).recipe(("targets =", "target = \"kind\"\ntargets =")),
        case("a head of a column that is not there", TWO, SAME, 2).recipe(("\"width\"", "\"widht\"")),
        case("a loss of no one head", TWO, SAME, 2).recipe(train("epochs = 2\nloss = \"mae\"")),
        case("a head that no target has", TWO, SAME, 2)
            .recipe(train("epochs = 2\nheads = { widht = { weight = 2 } }")),
        case("a loss that does not fit its head", TWO, SAME, 2)
            .recipe(train("epochs = 2\nheads = { kind = { loss = \"mae\" } }")),
        case("a metric of no one head", TWO, SAME, 2).recipe(train("epochs = 2\nbest = \"accuracy\"")),
        case("a metric that does not fit its head", TWO, SAME, 2)
            .recipe(train("epochs = 2\nbest = \"width.accuracy\"")),
        case("weights of labels for a number", TWO, SAME, 2)
            .recipe(train("epochs = 2\nheads = { width = { class_weights = \"balanced\" } }")),
        case("weights of labels for all of several targets", TWO, SAME, 2)
            .recipe(train("epochs = 2\nclass_weights = \"balanced\"")),
        case("a head that reads no layer", TWO, SAME, 2)
            .recipe((
                "[models.mlp]",
                "[models]\nheads = { width = \"mlp\" }\nmlp = { hidden = [4] }\n[models.none]",
            ))
            .recipe(("\n[models.none]\nhidden = [4]\n", "")),
        case("a layer for a head that no target has", TWO, SAME, 2)
            .recipe((
                "[models.mlp]",
                "[models]\nheads = { widht = \"dense1\" }\nmlp = { hidden = [4] }\n[models.none]",
            ))
            .recipe(("\n[models.none]\nhidden = [4]\n", "")),
        case(
            "other columns told than are seen, row by row",
            (
                "target = \"kind\"\n",
                "target = \"wid*\"\nseries = { window = 4, horizon = 2, channels = [\"length\"] }\n",
            ),
            SAME,
            2,
        )
        .recipe(("split = { stratified = { valid = 0.2, test = 0.2 } }\n", ""))
        .recipe(("[models.mlp]\nhidden = [4]", "[models]\nlayers = []\nreversible_norm = true")),
        case("thresholds of a number", TWO, SAME, 2).recipe(("unit = \"cm\"", "thresholds = { rose = 0.2 }")),
        case("a head of several columns without a name", TWO, SAME, 2)
            .recipe(("{ column = \"width\"", "{ columns = [\"width\", \"kind\"], task = \"multi_label\"")),
        case("a row with one of two targets", TWO, ("1.2,2,rose", "1.2,,rose"), 3),
    ]
}
