//! How a mistake is shown: one table of recipes and pages.

use super::*;

#[track_caller]
fn check_page(text: &str, sets: &[&str], expect: &str) {
    assert_eq!(error(text, sets).render(false), expect.trim_start_matches('\n'));
}

#[test]
fn a_slip_names_the_setting_that_was_meant() {
    check_page(
        "[train]\nepoch = 3\n",
        &[],
        r#"
error: `train.epoch` is not a setting
 --> recipe.toml:2:1
  |
2 | epoch = 3
  | ^^^^^
  |
  = help: did you mean `train.epochs`?"#,
    );
}

#[test]
fn a_stranger_gets_the_list() {
    check_page(
        "[evaluate]\nfolds = 5\n",
        &[],
        r#"
error: `evaluate.folds` is not a setting
 --> recipe.toml:2:1
  |
2 | folds = 5
  | ^^^^^
  |
  = help: `evaluate` takes `bootstrap`, `level`, `batch_size`"#,
    );
}

#[test]
fn a_setting_outside_its_section() {
    check_page(
        "epochs = 3\n",
        &[],
        r#"
error: `epochs` is not a setting
 --> recipe.toml:1:1
  |
1 | epochs = 3
  | ^^^^^^
  |
  = help: a recipe takes `run`, `data`, `models`, `train`, `evaluate`, `export`"#,
    );
}

#[test]
fn a_wrong_type() {
    check_page(
        "[train]\nepochs = \"ten\"\n",
        &[],
        r#"
error: `train.epochs` wants a whole number, got the text "ten"
 --> recipe.toml:2:10
  |
2 | epochs = "ten"
  |          ^^^^^"#,
    );
}

#[test]
fn a_number_in_quotes() {
    check_page(
        "[train]\nlearning_rate = \"1e-3\"\n",
        &[],
        r#"
error: `train.learning_rate` wants a number, got the text "1e-3"
 --> recipe.toml:2:17
  |
2 | learning_rate = "1e-3"
  |                 ^^^^^^
  |
  = help: leave the quotes out: `1e-3`"#,
    );
}

#[test]
fn a_wrong_choice() {
    check_page(
        "[train]\noptimizer = \"adamm\"\n",
        &[],
        r#"
error: `adamm` is not a choice of `train.optimizer`
 --> recipe.toml:2:13
  |
2 | optimizer = "adamm"
  |             ^^^^^^^
  |
  = help: did you mean `adam`?"#,
    );
}

#[test]
fn a_missing_setting() {
    check_page(
        "[models]\nlayers = [\"relu\", \"dense\"]\n",
        &[],
        r#"
error: `models.layers[1]` wants `units`, got none
 --> recipe.toml:2:19
  |
2 | layers = ["relu", "dense"]
  |                   ^^^^^^^
  |
  = help: write `{ dense = { units = .. } }`"#,
    );
}

#[test]
fn a_setting_that_stands_twice() {
    check_page(
        "[train]\nepochs = 3\nepochs = 4\n",
        &[],
        r#"
error: `epochs` wants to be set once, got it twice
 --> recipe.toml:3:1
  |
3 | epochs = 4
  | ^^^^^^"#,
    );
}

#[test]
fn a_list_without_an_end() {
    check_page(
        "[train]\nepochs = [3\n",
        &[],
        r#"
error: could not read this as TOML: unclosed array, expected `]`
 --> recipe.toml:2:12
  |
2 | epochs = [3
  |            ^"#,
    );
}

#[test]
fn an_impossible_value() {
    check_page(
        "[data]\nsource = { csv = { path = \"a.csv\" } }\ntarget = \"y\"\n[models.mlp]\n[train]\nlearning_rate = -0.1\n",
        &[],
        r#"
error: `train.learning_rate` must be above zero, got -0.1
 --> recipe.toml:6:17
  |
6 | learning_rate = -0.1
  |                 ^^^^"#,
    );
}

#[test]
fn an_impossible_layer() {
    check_page(
        "[data]\nsource = { csv = { path = \"a.csv\" } }\ntarget = \"y\"\nshape = [1, 8, 8]\n\n[models]\nlayers = [\n  { conv2d = { filters = 4, kernel = 3 } },\n  \"relu\",\n  { dense = { units = 10 } },\n]\n",
        &[],
        r#"
error: layer 2 `dense1`: dense wants [batch, n], got [batch, 4, 6, 6]; put `flatten` before it
  --> recipe.toml:10:3
   |
10 |   { dense = { units = 10 } },
   |   ^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = note: shapes: x [batch, 1, 8, 8] -> conv2d1 [batch, 4, 6, 6] -> relu1 [batch, 4, 6, 6]"#,
    );
}

#[test]
fn what_is_absent_is_shown_where_it_belongs() {
    check_page(
        "[run]\nseed = 1\n\n[data]\ntarget = \"y\"\n",
        &[],
        r#"
error: `data.source` wants one of `csv`, `jsonl`, `parquet`, `idx`, `numpy`, `folder`, `text_folder`, `text` and `function`, got nothing
 --> recipe.toml:4:1
  |
4 | [data]
  | ^^^^^^"#,
    );
}

#[test]
fn an_empty_recipe() {
    check_page(
        "",
        &[],
        r#"
error: `data.source` wants one of `csv`, `jsonl`, `parquet`, `idx`, `numpy`, `folder`, `text_folder`, `text` and `function`, got nothing
 --> recipe.toml:1:1
  |
1 |
  | ^"#,
    );
}

#[test]
fn names_in_any_script() {
    check_page(
        "[data.fields.\"꽃잎 길이\"]\n\"steps\" = [\"표준\"]\n",
        &[],
        r#"
error: `표준` is not a choice of `data.fields.꽃잎 길이.steps[0]`
 --> recipe.toml:2:12
  |
2 | "steps" = ["표준"]
  |            ^^^^^^
  |
  = help: it takes `denoise`, `crop`, `resize`, `scale`, `standardise`, `robust`, `log1p`, `clip`, `quantile`, `impute`, `bins`, `piecewise_linear`, `category`, `hash`, `date_parts`, `normalise_text`, `tokenise`, `one_hot`, `normalise_window`, `difference`, `steps_first`"#,
    );
}

#[test]
fn columns_behind_other_scripts() {
    check_page(
        "[run]\n# 이름\nlimits = { \"줄\" = 5 }\n",
        &[],
        r#"
error: `run.limits.줄` is not a setting
 --> recipe.toml:3:12
  |
3 | limits = { "줄" = 5 }
  |            ^^^^
  |
  = help: `run.limits` takes `image_side`, `image_area`, `image_bytes`, `csv_field_bytes`, `csv_header_bytes`, `csv_columns`, `rows`, `folder_files`, `idx_dims`, `archive_ratio`, `inflated_bytes`, `tokenizer_bytes`, `label_classes`, `recipe_bytes`, `recipe_depth`, `safetensors_header_bytes`, `safetensors_tensors`, `pickle_ops`, `pickle_nodes`, `pickle_string_bytes`, `pickle_depth`, `onnx_nodes`, `onnx_nesting`"#,
    );
}

#[test]
fn lines_that_end_as_on_windows() {
    check_page(
        "[train]\r\nepochs = 3\r\nbatch_size = \"x\"\r\n",
        &[],
        r#"
error: `train.batch_size` wants a whole number, got the text "x"
 --> recipe.toml:3:14
  |
3 | batch_size = "x"
  |              ^^^"#,
    );
}

#[test]
fn tabs_before_a_setting() {
    check_page(
        "[train]\n\t\tepochs = true\n",
        &[],
        r#"
error: `train.epochs` wants a whole number, got true
 --> recipe.toml:2:12
  |
2 |         epochs = true
  |                  ^^^^"#,
    );
}

#[test]
fn a_table_over_several_lines() {
    check_page(
        "[data]\nsource = { csv = {\n  path = 5,\n} }\nsplit = {\n  files = { test = \"b\" },\n}\n",
        &[],
        r#"
error: `data.source.csv.path` wants a text, or a list of texts, got 5
 --> recipe.toml:3:10
  |
3 |   path = 5,
  |          ^
  |
  = help: put it in quotes: `"5"`"#,
    );
}

#[test]
fn two_choices() {
    check_page(
        "[data]\nsplit = { random = {}, given = {\n  valid = 0.1 } }\n",
        &[],
        r#"
error: `data.split` wants one choice, got `random`, `given`
 --> recipe.toml:2:24
  |
2 | split = { random = {}, given = {
  |                        ^^^^^"#,
    );
}

#[test]
fn an_argument_of_a_wrong_type() {
    check_page(
        "",
        &["train.epochs=ten"],
        r#"
error: `train.epochs` wants a whole number, got the text "ten"
 |
 | --set train.epochs=ten
 |                    ^^^"#,
    );
}

#[test]
fn an_argument_with_a_slip() {
    check_page(
        "[train]\nepochs = 3\n",
        &["train.epoch=5"],
        r#"
error: `train.epoch` is not a setting
 |
 | --set train.epoch=5
 |             ^^^^^
 |
 = help: did you mean `train.epochs`?"#,
    );
}

#[test]
fn an_argument_that_wants_quotes() {
    check_page(
        "",
        &["run.name=7"],
        r#"
error: `run.name` wants a text, got 7
 |
 | --set run.name=7
 |                ^
 |
 = help: put it in quotes: `--set 'run.name="7"'`"#,
    );
}

#[test]
fn an_argument_with_an_impossible_value() {
    check_page(
        "[data]\nsource = { csv = { path = \"a.csv\" } }\ntarget = \"y\"\n[models.mlp]\n",
        &["train.epochs=5", "train.learning_rate=0"],
        r#"
error: `train.learning_rate` must be above zero, got 0
 |
 | --set train.learning_rate=0
 |                           ^"#,
    );
}

#[test]
fn an_argument_that_is_no_toml() {
    check_page(
        "",
        &[r#"models.layers=["relu", 'x]"#],
        r#"
error: could not read this as TOML: unclosed array, expected `]`
 |
 | --set models.layers=["relu", 'x]
 |                                 ^"#,
    );
}

#[test]
fn an_argument_that_would_clear_the_screen() {
    check_page(
        "",
        &["train.epochs=\u{1b}[2Jten"],
        r#"
error: `train.epochs` wants a whole number, got the text "\u{1b}[2Jten"
 |
 | --set train.epochs=␛[2Jten
 |                    ^^^^^^^"#,
    );
}

#[test]
fn colours_change_no_word() {
    let error = error("[train]\nepoch = 3\n", &[]);
    let plain = |text: &str| {
        let pieces = text.split("\u{1b}[").map(|piece| piece.split_once('m').map_or(piece, |(_, rest)| rest));
        pieces.collect::<String>()
    };
    assert!(error.render(true).contains("\u{1b}["));
    assert_eq!(plain(&format!("m{}", error.render(true))), error.render(false));
}
