//! What the sections of the network, its training and its files refuse while they are read.

use super::*;

#[test]
fn models_section() {
    check(&[
        (
            "[models]\nlayer = []\n",
            "recipe.toml:2:1: `models.layer` is not a setting; did you mean `models.layers`?",
            "layer",
        ),
        (
            "[models]\nstart = { rename = {} }\n",
            "recipe.toml:2:9: `models.start` wants `weights`, got none",
            "{ rename = {} }",
        ),
        (
            "[models]\nstart = { weight = \"a.pth\" }\n",
            "recipe.toml:2:11: `models.start.weight` is not a setting; did you mean `models.start.weights`?",
            "weight",
        ),
        (
            "[models]\nfreeze = \"conv*\"\n",
            r#"recipe.toml:2:10: `models.freeze` wants a list, got the text "conv*""#,
            r#""conv*""#,
        ),
        (
            "[models]\ninit = [{ tensors = \"*\", to = { normale = 1 } }]\n",
            "recipe.toml:2:33: `normale` is not a choice of `models.init[0].to`; did you mean `normal`?",
            "normale",
        ),
        (
            "[models]\nlayers = [{ grouped_dense = { units = 3 } }]\n",
            "recipe.toml:2:29: `models.layers[0].grouped_dense` wants `groups`, got none",
            "{ units = 3 }",
        ),
        (
            "[models]\nlayers = \"relu\"\n",
            r#"recipe.toml:2:10: `models.layers` wants a list, got the text "relu""#,
            r#""relu""#,
        ),
        (
            "[models]\nlayers = [\"rellu\"]\n",
            "recipe.toml:2:11: `rellu` is not a choice of `models.layers[0]`; did you mean `relu`?",
            r#""rellu""#,
        ),
        (
            "[models]\nlayers = [{ dens = { units = 3 } }]\n",
            "recipe.toml:2:13: `dens` is not a choice of `models.layers[0]`; did you mean `dense`?",
            "dens",
        ),
        (
            "[models]\nlayers = [{ dense = { unit = 3 } }]\n",
            "recipe.toml:2:23: `models.layers[0].dense.unit` is not a setting; did you mean `models.layers[0].dense.units`?",
            "unit",
        ),
        (
            "[models]\nlayers = [{ dense = { units = 3, bias = 1 } }]\n",
            "recipe.toml:2:41: `models.layers[0].dense.bias` wants `true` or `false`, got 1",
            "1",
        ),
        (
            "[models]\nlayers = [{ conv2d = { filters = 3 } }]\n",
            "recipe.toml:2:22: `models.layers[0].conv2d` wants `kernel`, got none",
            "{ filters = 3 }",
        ),
        (
            "[models]\nlayers = [{ conv2d = { filters = 3, kernel = [3] } }]\n",
            "recipe.toml:2:46: `models.layers[0].conv2d.kernel` wants [height, width], got a list of 1",
            "[3]",
        ),
        (
            "[models]\nlayers = [{ conv2d = { filters = 3, kernel = -3 } }]\n",
            "recipe.toml:2:46: `models.layers[0].conv2d.kernel` wants a size, or [height, width], got -3",
            "-3",
        ),
        (
            "[models.lenet]\nfilters = [6]\n",
            "recipe.toml:2:11: `models.lenet.filters` wants a list of 2, got a list of 1",
            "[6]",
        ),
        (
            "[models.lenet]\nfilters = 6\n",
            "recipe.toml:2:11: `models.lenet.filters` wants a list of 2, got 6",
            "6",
        ),
        (
            "[models]\nlayers = [{ relu = {}, tanh = {} }]\n",
            "recipe.toml:2:11: `models.layers[0]`: `relu` wants to stand alone, got `tanh` beside it",
            "{ relu = {}, tanh = {} }",
        ),
        (
            "[models]\nlayers = [{ relu = { slope = 1 } }]\n",
            "recipe.toml:2:22: `models.layers[0].relu.slope` is not a setting; `models.layers[0].relu` takes no settings",
            "slope",
        ),
        (
            "[models]\nlayers = [{}]\n",
            "recipe.toml:2:11: `models.layers[0]`: a layer wants a name, got an empty table",
            "{}",
        ),
        (
            "[models]\nlayers = [5]\n",
            "recipe.toml:2:11: `models.layers[0]` wants the name of a layer, or a table with one layer in it, got 5",
            "5",
        ),
        (
            "[models]\nlayers = [{ name = \"a\", layer = \"reul\" }]\n",
            "recipe.toml:2:33: `reul` is not a choice of `models.layers[0].layer`; did you mean `relu`?",
            r#""reul""#,
        ),
        (
            "[models]\nlayers = [{ name = \"a\" }]\n",
            "recipe.toml:2:11: `models.layers[0]` wants `layer`, got none",
            r#"{ name = "a" }"#,
        ),
        (
            "[models]\nlayers = [{ name = \"a\", layer = \"relu\", form = [\"x\"] }]\n",
            "recipe.toml:2:41: `models.layers[0].form` is not a setting; did you mean `models.layers[0].from`?",
            "form",
        ),
        (
            "[models]\nlayers = [{ name = 5, layer = \"relu\" }]\n",
            r#"recipe.toml:2:20: `models.layers[0].name` wants a text, got 5; put it in quotes: `"5"`"#,
            "5",
        ),
        (
            "[models]\nmlp = { hiden = [3] }\n",
            "recipe.toml:2:9: `models.mlp.hiden` is not a setting; did you mean `models.mlp.hidden`?",
            "hiden",
        ),
        (
            "[models]\ncnn = { kernel = \"3\" }\n",
            r#"recipe.toml:2:18: `models.cnn.kernel` wants a whole number, got the text "3"; leave the quotes out: `3`"#,
            r#""3""#,
        ),
        (
            "[models.mlp]\nactivation = \"swish\"\n",
            "recipe.toml:2:14: `swish` is not a choice of `models.mlp.activation`; it takes `relu`, `gelu`, `silu`, `tanh`, `sigmoid`, `leaky_relu`, `elu`, `softplus`, `mish`, `hard_tanh`",
            r#""swish""#,
        ),
        (
            "[models.gpt]\nhead = 2\n",
            "recipe.toml:2:1: `models.gpt.head` is not a setting; did you mean `models.gpt.heads`?",
            "head",
        ),
        (
            "[models.lstm]\npool = \"max\"\n",
            "recipe.toml:2:8: `max` is not a choice of `models.lstm.pool`; it takes `last`, `mean`",
            r#""max""#,
        ),
    ]);
}

#[test]
fn train_section() {
    check(&[
        (
            "[train]\nlr = 1\n",
            "recipe.toml:2:1: `train.lr` is not a setting; `train` takes `epochs`, `max_steps`, `max_minutes`, `batch_size`, `drop_last`, `sampler`, `class_weights`, `micro_batch`, `optimizer`, `decay`, `learning_rate`, `find_rate`, `warmup_epochs`, `schedule`, `clip`, `gradient_limit`, `ema`, `loss`, `heads`, `best`, `early_stopping`, `checkpoint`",
            "lr",
        ),
        ("[train]\nepochs = 1.5\n", "recipe.toml:2:10: `train.epochs` wants a whole number, got 1.5", "1.5"),
        (
            "[train]\nepochs = -1\n",
            "recipe.toml:2:10: `train.epochs` wants a whole number from 0 to 4294967295, got -1",
            "-1",
        ),
        (
            "[train]\nepochs = 5000000000\n",
            "recipe.toml:2:10: `train.epochs` wants a whole number from 0 to 4294967295, got 5000000000",
            "5000000000",
        ),
        (
            "[train]\nlearning_rate = 1e400\n",
            "recipe.toml:2:17: `train.learning_rate` wants a number up to 1.8e308, got 1e400",
            "1e400",
        ),
        (
            "[train]\nlearning_rate = 2020-01-01\n",
            "recipe.toml:2:17: `train.learning_rate` wants a number, got the date 2020-01-01",
            "2020-01-01",
        ),
        (
            "[train]\nbatch_size = {}\n",
            "recipe.toml:2:14: `train.batch_size` wants a whole number, got a table",
            "{}",
        ),
        (
            "[train]\noptimizer = 3\n",
            "recipe.toml:2:13: `train.optimizer` wants a name, or a table with one name, got 3",
            "3",
        ),
        (
            "[train]\noptimizer = { adamm = {} }\n",
            "recipe.toml:2:15: `adamm` is not a choice of `train.optimizer`; did you mean `adam`?",
            "adamm",
        ),
        (
            "[train]\noptimizer = { adam = { beta = 0.9 } }\n",
            "recipe.toml:2:24: `train.optimizer.adam.beta` is not a setting; did you mean `train.optimizer.adam.beta1`?",
            "beta",
        ),
        (
            "[train]\noptimizer = { adam = 0.9 }\n",
            "recipe.toml:2:22: `train.optimizer.adam` wants a table, got 0.9",
            "0.9",
        ),
        (
            "[train]\noptimizer = { adam = {}, sgd = {} }\n",
            "recipe.toml:2:26: `train.optimizer` wants one choice, got `adam`, `sgd`",
            "sgd",
        ),
        (
            "[train]\nschedule = \"cosin\"\n",
            "recipe.toml:2:12: `cosin` is not a choice of `train.schedule`; did you mean `cosine`?",
            r#""cosin""#,
        ),
        (
            "[train]\nschedule = { cosine = { warmup = 1 } }\n",
            "recipe.toml:2:25: `train.schedule.cosine.warmup` is not a setting; `train.schedule.cosine` takes `final_factor`",
            "warmup",
        ),
        (
            "[train]\nschedule = { constant = { factor = 1 } }\n",
            "recipe.toml:2:27: `train.schedule.constant.factor` is not a setting; `train.schedule.constant` takes no settings",
            "factor",
        ),
        (
            "[train]\nbest = \"accurate\"\n",
            "recipe.toml:2:8: `accurate` is not a choice of `train.best`; did you mean `accuracy`?",
            r#""accurate""#,
        ),
        (
            "[train]\nbest = [\"accuracy\", \"f1\"]\n",
            "recipe.toml:2:21: `f1` is not a choice of `train.best[1]`; it takes `accuracy`, `macro_f1`, `micro_f1`, `subset_accuracy`, `hamming_loss`, `log_loss`, `perplexity`, `bits_per_byte`, `r2`, `rmse`, `mae`, `pinball_loss`, `coverage_error`",
            r#""f1""#,
        ),
        (
            "[train]\nbest = 5\n",
            "recipe.toml:2:8: `train.best` wants a metric, or a list of metrics, got 5",
            "5",
        ),
        (
            "[train]\nearly_stopping = 5\n",
            "recipe.toml:2:18: `train.early_stopping` wants a table, got 5",
            "5",
        ),
        (
            "[train]\nearly_stopping = { patience = \"5\" }\n",
            r#"recipe.toml:2:31: `train.early_stopping.patience` wants a whole number, got the text "5"; leave the quotes out: `5`"#,
            r#""5""#,
        ),
        (
            "[train]\nloss = \"mea\"\n",
            "recipe.toml:2:8: `mea` is not a choice of `train.loss`; did you mean `mae`?",
            r#""mea""#,
        ),
        (
            "[train]\nloss = { huber = { beta = 1 } }\n",
            "recipe.toml:2:20: `train.loss.huber.beta` is not a setting; `train.loss.huber` takes `delta`",
            "beta",
        ),
        (
            "[train]\ndecay = \"weight\"\n",
            "recipe.toml:2:9: `weight` is not a choice of `train.decay`; did you mean `weights`?",
            r#""weight""#,
        ),
        (
            "[train]\nschedule = { plateau = { patience = 1.5 } }\n",
            "recipe.toml:2:37: `train.schedule.plateau.patience` wants a whole number, got 1.5",
            "1.5",
        ),
        (
            "[train]\nloss = { cross_entropy = { smooth = 1 } }\n",
            "recipe.toml:2:28: `train.loss.cross_entropy.smooth` is not a setting; did you mean `train.loss.cross_entropy.smoothing`?",
            "smooth",
        ),
        (
            "[train]\nclass_weights = \"balance\"\n",
            "recipe.toml:2:17: `balance` is not a choice of `train.class_weights`; did you mean `balanced`?",
            r#""balance""#,
        ),
        (
            "[train]\nclass_weights = 3\n",
            "recipe.toml:2:17: `train.class_weights` wants a name, a table of labels, or a list of numbers, got 3",
            "3",
        ),
        (
            "[train]\nclass_weights = { yes = \"2\" }\n",
            r#"recipe.toml:2:25: `train.class_weights.yes` wants a number, got the text "2"; leave the quotes out: `2`"#,
            r#""2""#,
        ),
        ("[[train]]\nepochs = 3\n", "recipe.toml:1:1: `train` wants a table, got a list", "[[train]]"),
    ]);
}

#[test]
fn evaluate_section() {
    check(&[
        (
            "[evaluate]\nbootstraps = 5\n",
            "recipe.toml:2:1: `evaluate.bootstraps` is not a setting; did you mean `evaluate.bootstrap`?",
            "bootstraps",
        ),
        (
            "[evaluate]\nbootstrap = \"many\"\n",
            r#"recipe.toml:2:13: `evaluate.bootstrap` wants a whole number, got the text "many""#,
            r#""many""#,
        ),
        ("evaluate = []\n", "recipe.toml:1:12: `evaluate` wants a table, got a list", "[]"),
    ]);
}

#[test]
fn export_section() {
    check(&[
        (
            "[export]\nformat = \"onnx\"\n",
            "recipe.toml:2:1: `export.format` is not a setting; did you mean `export.formats`?",
            "format",
        ),
        (
            "[export]\nformats = \"onnx\"\n",
            r#"recipe.toml:2:11: `export.formats` wants a list, got the text "onnx""#,
            r#""onnx""#,
        ),
        (
            "[export]\nformats = [\"onx\"]\n",
            "recipe.toml:2:12: `onx` is not a choice of `export.formats[0]`; did you mean `onnx`?",
            r#""onx""#,
        ),
        (
            "[export]\nformats = [\"tflite\"]\n",
            "recipe.toml:2:12: `tflite` is not a choice of `export.formats[0]`; it takes `safetensors`, `pth`, `onnx`",
            r#""tflite""#,
        ),
        (
            "[export]\nopset = true\n",
            "recipe.toml:2:9: `export.opset` wants a whole number, got true",
            "true",
        ),
    ]);
}
