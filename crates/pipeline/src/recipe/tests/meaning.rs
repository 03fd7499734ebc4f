//! What the stages refuse about a recipe that can be read: each at the setting that its error blames.

use super::*;

const DATA: &str = "[data]\nsource = { csv = { path = \"a.csv\" } }\ntarget = \"y\"\n";

/// Each text stands behind `DATA`; then come the setting that is blamed, and the piece that the caret marks.
#[track_caller]
fn check(rows: &[Row]) {
    rows.iter().for_each(|(text, path, marked)| blames(text, &[], path, marked));
}

#[track_caller]
fn blames(text: &str, sets: &[&str], path: &str, marked: &str) {
    let error = error(&format!("{DATA}{text}"), sets);
    assert_eq!((error.path(), error.place().text()), (path, marked), "{error}");
    assert!(matches!(error.problem(), Problem::Refused(_)), "{error}");
}

#[test]
fn data() {
    check(&[
        (
            "split = { random = { valid = 0.6, test = 0.6 } }\n[models.mlp]\n",
            "data.split.random",
            "{ valid = 0.6, test = 0.6 }",
        ),
        ("ignore = [\"y\"]\n[models.mlp]\n", "data.ignore[0]", r#""y""#),
    ]);
}

#[test]
fn models() {
    check(&[
        ("", "models", ""),
        ("[models]\nmlp = {}\ncnn = {}\n", "models", "[models]"),
        ("[models.mlp]\nhidden = [8, 0]\n", "models.mlp.hidden[1]", "0"),
        ("[models.gpt]\nheads = 5\n", "models.gpt.heads", "5"),
        ("[models.resnet]\nfilters = []\n", "models.resnet.filters", "[]"),
        ("[models]\nlayers = [{ dense = { units = 0 } }]\n", "models.layers[0].dense.units", "0"),
        ("[models]\nlayers = [{ dropout = { p = 2.0 } }]\n", "models.layers[0].dropout.p", "2.0"),
        ("[models]\nlayers = [{ name = \"a.b\", layer = \"relu\" }]\n", "models.layers[0].name", r#""a.b""#),
        (
            "[models]\nlayers = [\"relu\", { layer = \"add\", from = [\"relu\", \"x\"] }]\n",
            "models.layers[1].from[0]",
            r#""relu""#,
        ),
        (
            "shape = [4]\n[models]\nlayers = [{ conv2d = { filters = 2, kernel = 3 } }]\n",
            "models.layers[0]",
            "{ conv2d = { filters = 2, kernel = 3 } }",
        ),
        (
            "shape = [1, 8, 8]\n[models]\nlayers = [{ max_pool2d = { kernel = 9 } }, \"flatten\"]\n",
            "models.layers[0]",
            "{ max_pool2d = { kernel = 9 } }",
        ),
        ("shape = [1, 8, 8]\n[models]\nlayers = [\"relu\"]\n", "models.layers[0]", r#""relu""#),
        (
            "series = { window = 9, horizon = 2, channels = [\"y\", \"z\"] }\n[models.dlinear]\n",
            "models.dlinear",
            "[models.dlinear]",
        ),
    ]);
}

#[test]
fn train() {
    check(&[
        ("[models.mlp]\n[train]\nepochs = 0\n", "train.epochs", "0"),
        ("[models.mlp]\n[train]\nlearning_rate = nan\n", "train.learning_rate", "nan"),
        (
            "[models.mlp]\n[train]\noptimizer = { sgd = { momentum = 1.5 } }\n",
            "train.optimizer.sgd.momentum",
            "1.5",
        ),
        ("[models.mlp]\n[train]\nwarmup_epochs = 100\n", "train.warmup_epochs", "100"),
        (
            "[models.mlp]\n[train]\nschedule.cosine.final_factor = 2\n",
            "train.schedule.cosine.final_factor",
            "2",
        ),
        (
            "mix = \"mixup\"\n[models.mlp]\n[train]\nloss = { cross_entropy = { gamma = 2 } }\n",
            "train.loss.cross_entropy.gamma",
            "2",
        ),
        ("task = \"classify\"\n[models.mlp]\n[train]\nloss = \"mse\"\n", "train.loss", r#""mse""#),
        ("task = \"classify\"\n[models.mlp]\n[train]\nbest = \"mae\"\n", "train.best", r#""mae""#),
        (
            "[models.mlp]\n[train]\nloss = { cross_entropy = { smoothing = 1 } }\n",
            "train.loss.cross_entropy.smoothing",
            "1",
        ),
        ("[models.mlp]\n[train]\nclass_weights = { a = 1, b = -2 }\n", "train.class_weights.b", "-2"),
        ("[models.mlp]\n[train]\nclass_weights = [1, nan]\n", "train.class_weights[1]", "nan"),
        (
            "task = \"regress\"\n[models.mlp]\n[train]\nclass_weights = \"balanced\"\n",
            "train.class_weights",
            r#""balanced""#,
        ),
    ]);
}

#[test]
fn evaluate() {
    check(&[
        ("[models.mlp]\n[evaluate]\nlevel = 95\n", "evaluate.level", "95"),
        ("[models.mlp]\n[evaluate]\nbatch_size = 0\n", "evaluate.batch_size", "0"),
    ]);
}

#[test]
fn export() {
    check(&[
        ("[models.mlp]\n[export]\nformats = []\n", "export.formats", "[]"),
        ("[models.mlp]\n[export]\nformats = [\"pth\", \"onnx\", \"pth\"]\n", "export.formats[2]", r#""pth""#),
        ("[models.mlp]\n[export]\nopset = 5\n", "export.opset", "5"),
    ]);
}

#[test]
fn an_argument_is_blamed_for_what_it_sets() {
    blames("[models.mlp]\n", &["train.epochs=0"], "train.epochs", "0");
    blames("[models.mlp]\n", &["train.epochs=1", "train.epochs=0"], "train.epochs", "0");
    let layers = "shape = [1, 8, 8]\n[models]\nlayers = [\"flatten\", { dense = { units = 5 } }]\n";
    blames(layers, &["models.layers[1].dense.units=0"], "models.layers[1].dense.units", "0");
    blames(layers, &["models.layers[0]=relu"], "models.layers[1]", "{ dense = { units = 5 } }");
    let error = error(&format!("{DATA}[models.mlp]\n"), &["run.threads=2", "train.epochs=0"]);
    assert_eq!(error.place().origin, Origin::Set("train.epochs=0".to_owned()));
}

#[test]
fn what_the_data_refuse_later_is_shown_in_the_recipe_too() {
    let parsed = Recipe::parse("recipe.toml", DATA, &[]).unwrap();
    let error = baeum_data::DataError::Unknown {
        path: "data.target".to_owned(),
        file: "a.csv".to_owned(),
        name: "y".to_owned(),
        near: Some("why".to_owned()),
    };
    let expect = r#"
error: `data.target` wants a column of `a.csv`, got `y`; did you mean `why`?
 --> recipe.toml:3:10
  |
3 | target = "y"
  |          ^^^"#;
    assert_eq!(parsed.blame(error).render(false), expect.trim_start());
}

#[test]
fn a_cause_stays_a_cause() {
    let parsed = Recipe::parse("recipe.toml", DATA, &[]).unwrap();
    let broken =
        baeum_models::ModelError::Weights(baeum_core::WeightsError::Unknown { name: "w".to_owned() });
    let error = parsed.blame(broken);
    assert_eq!(error.to_string(), "recipe.toml:1:1: could not use the weights");
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("weight `w` belongs to no layer of the graph"));
}
