//! Settings that arguments change, and what is wrong with arguments.

use super::*;

/// Text, argument, message behind the argument, and the piece of the argument that the caret marks.
type Argument = (&'static str, &'static str, &'static str, &'static str);

#[test]
fn what_is_wrong_with_an_argument_is_marked_in_it() {
    let rows: &[Argument] = &[
        ("", "train.epochs=1O", r#"`train.epochs` wants a whole number, got the text "1O""#, "1O"),
        ("", "train.epochs = -5", "`train.epochs` wants a whole number from 0 to 4294967295, got -5", "-5"),
        ("", "trian.epochs=5", "`trian` is not a setting; did you mean `train`?", "trian"),
        (
            "",
            "epochs=5",
            "`epochs` is not a setting; a recipe takes `run`, `data`, `models`, `train`, `evaluate`, `export`",
            "epochs",
        ),
        (
            "",
            "run.name=2020-01-01",
            r#"`run.name` wants a text, got the date 2020-01-01; put it in quotes: `--set 'run.name="2020-01-01"'`"#,
            "2020-01-01",
        ),
        (
            "",
            "run.name=true",
            r#"`run.name` wants a text, got true; put it in quotes: `--set 'run.name="true"'`"#,
            "true",
        ),
        (
            "",
            "train.epochs",
            "`--set` wants `path=value`, got `train.epochs`; for example `--set train.epochs=10`",
            "",
        ),
        (
            "",
            "train.epochs=",
            "`--set` wants `path=value`, got `train.epochs=`; for example `--set train.epochs=10`",
            "",
        ),
        ("", "=5", "`--set` wants a name at every step of its path, got none", ""),
        ("", "", "`--set` wants a name at every step of its path, got none", ""),
        ("", "train..epochs=5", "`--set` wants a name at every step of its path, got none", ""),
        ("", "train.=5", "`--set` wants a name at every step of its path, got none", ""),
        ("", "models.layers[x]=5", "`--set` wants a number in brackets, got `[x]`", "[x]"),
        ("", "models.layers[0=5", "`--set` wants a number in brackets, got `[0=5`", "[0=5"),
        (
            "",
            r#""train"epochs=5"#,
            r#"`--set` wants `path=value`, got `"train"epochs=5`; for example `--set train.epochs=10`"#,
            "epochs=5",
        ),
        ("", r#""train=5"#, "`--set` wants a name at every step of its path, got none", r#""train=5"#),
        (
            "",
            r#"models.layers=["relu", 5]"#,
            "`models.layers[1]` wants the name of a layer, or a table with one layer in it, got 5",
            "5",
        ),
        ("", r#"data.shape=[1, "x"]"#, r#"`data.shape[1]` wants a whole number, got the text "x""#, r#""x""#),
        (
            "",
            "train.optimizer={ adam = { beta = 1 } }",
            "`train.optimizer.adam.beta` is not a setting; did you mean `train.optimizer.adam.beta1`?",
            "beta",
        ),
        (
            "[models]\nlayers = [\"relu\"]\n",
            r#"models.layers[1]="tanh""#,
            "`models.layers` wants an index below 1, got 1",
            "[1]",
        ),
        (
            "[models]\nlayers = [\"relu\"]\n",
            "models.layers[0]=tahn",
            "`tahn` is not a choice of `models.layers[0]`; did you mean `tanh`?",
            "tahn",
        ),
        (
            "[models]\nlayers = [{ dense = { units = 5 } }]\n",
            "models.layers[0].dense.units=ten",
            r#"`models.layers[0].dense.units` wants a whole number, got the text "ten""#,
            "ten",
        ),
        (
            "[models]\nlayers = [\"relu\"]\n",
            "models.layers[0].dense.units=5",
            "`dense` wants a table to stand in, got a text at `models.layers[0]`; set it as a whole: `--set 'models.layers[0]={ dense = { .. } }'`",
            "dense",
        ),
        (
            "[train]\nepochs = 5\n",
            "train.epochs.x=5",
            "`x` wants a table to stand in, got a number at `train.epochs`",
            "x",
        ),
        (
            "[train]\nepochs = 5\n",
            "train[0]=5",
            "`[0]` wants a list to stand in, got a table at `train`",
            "[0]",
        ),
        (
            "[train]\noptimizer = \"adamw\"\n",
            "train.optimizer.sgd.momentum=0.9",
            "`sgd` wants a table to stand in, got a text at `train.optimizer`; set it as a whole: `--set 'train.optimizer={ sgd = { .. } }'`",
            "sgd",
        ),
        (
            "[train]\noptimizer = { adamw = {} }\n",
            "train.optimizer.sgd.momentum=0.9",
            "`train.optimizer` wants one choice, got `adamw`, `sgd`; set it as a whole: `--set 'train.optimizer={ sgd = { .. } }'`",
            "sgd",
        ),
        (
            "[train]\noptimizer = \"adamw\"\n",
            "train.optimizer.adamw.weight_decay=x",
            r#"`train.optimizer.adamw.weight_decay` wants a number, got the text "x""#,
            "x",
        ),
    ];
    for (text, set, message, marked) in rows {
        let error = error(text, &[set]);
        assert_eq!(error.to_string(), format!("--set {set}: {message}"));
        assert_eq!(error.place().text(), *marked, "{error}");
    }
}

#[track_caller]
fn meant(text: &str, sets: &[&str]) -> Recipe {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Recipe::parse("recipe.toml", text, &sets).unwrap_or_else(|error| panic!("{error}")).recipe
}

/// Text, arguments, and a recipe that means the same.
#[track_caller]
fn same(text: &str, sets: &[&str], expect: &str) {
    assert_eq!(meant(text, sets), meant(expect, &[]));
}

#[test]
fn an_argument_changes_a_setting_or_adds_it() {
    same("[train]\nepochs = 3\n", &["train.epochs=5"], "[train]\nepochs = 5\n");
    same("", &["train.epochs=5", "train.learning_rate=0.01"], "[train]\nepochs = 5\nlearning_rate = 0.01\n");
    same("train.epochs = 3", &[" train . epochs = 0x10 "], "train.epochs = 16");
    same("", &["data.fields.\"a.b\".kind=number"], "[data.fields.\"a.b\"]\nkind = \"number\"\n");
    same("", &["data.fields.'이름'.kind=text"], "[data.fields.\"이름\"]\nkind = \"text\"\n");
}

#[test]
fn a_later_argument_outdoes_an_earlier_one() {
    same("", &["train.epochs=5", "train.epochs=6"], "train.epochs = 6");
    same("", &["run={ seed = 1, threads = 2 }", "run.seed=3"], "run = { seed = 3, threads = 2 }");
    same("run.seed = 1", &["run={ threads = 2 }"], "run.threads = 2");
}

#[test]
fn an_argument_reaches_into_lists() {
    let layers = "[models]\nlayers = [\"relu\", { dense = { units = 8 } }]\n";
    same(layers, &["models.layers[1].dense.units=32"], &layers.replace('8', "32"));
    same(layers, &["models.layers[0]=tanh"], &layers.replace("relu", "tanh"));
    same(layers, &["models.layers=[\"relu\"]"], "models.layers = [\"relu\"]");
    same("", &["data.shape=[1, 8, 8]", "data.shape[2]=9"], "data.shape = [1, 8, 9]");
}

#[test]
fn an_argument_reaches_into_a_choice_that_was_named_alone() {
    let expect = "train.optimizer = { adamw = { weight_decay = 0.1 } }";
    same("train.optimizer = \"adamw\"", &["train.optimizer.adamw.weight_decay=0.1"], expect);
    same("", &["train.optimizer=adamw", "train.optimizer.adamw.weight_decay=0.1"], expect);
}

#[test]
fn what_is_no_toml_is_a_text() {
    let name = |value: &str| meant("", &[&format!("run.name={value}")]).run.name;
    assert_eq!(name("digits").as_deref(), Some("digits"));
    assert_eq!(name("\"7\"").as_deref(), Some("7"));
    assert_eq!(name("'a b'").as_deref(), Some("a b"));
    assert_eq!(name("7 8").as_deref(), Some("7 8"));
    assert_eq!(name("a=b").as_deref(), Some("a=b"));
    assert_eq!(name("a # b").as_deref(), Some("a # b"));
}

#[test]
fn only_arguments_move_the_limits_of_reading() {
    let limits = |sets: &[&str]| limits(&sets.iter().map(|set| (*set).to_owned()).collect::<Vec<_>>());
    assert_eq!(limits(&["run.limits.recipe_depth=70", "run.limits.recipe_bytes=5"]).recipe_depth, 70);
    assert_eq!(limits(&["run.limits.recipe_bytes=5"]).recipe_bytes, 5);
    assert_eq!(limits(&["run.limits.recipe_bytes=ten", "not a setting"]), Limits::default());
}
