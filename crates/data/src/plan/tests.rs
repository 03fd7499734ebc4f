#![expect(clippy::unwrap_used, reason = "a test may panic")]

use baeum_core::{Expected, Task};

use crate::testing::{config, plan};

#[track_caller]
fn refuse(json: &str, path: &str, expect: &str) {
    let error = config(json).check().unwrap_err();
    assert_eq!(
        (error.to_string(), error.path()),
        (format!("`{path}` wants {expect}"), Some(path.to_owned()))
    );
    assert_eq!(error.fault(), crate::Fault::Recipe);
}

/// A recipe for a table, with more settings.
fn table(more: &str) -> String {
    format!(r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "y"{more}}}"#)
}

fn images(more: &str) -> String {
    format!(r#"{{"source": {{"folder": {{"path": "f", "channels": "grey"}}}}{more}}}"#)
}

fn function(more: &str) -> String {
    let inputs = r#""inputs": {"a": [-10, 10], "b": [0, 1]}, "rows": 9"#;
    format!(r#"{{"source": {{"function": {{"expression": "a + b", {inputs}}}}}, "target": "y"{more}}}"#)
}

#[test]
fn a_source_is_needed() {
    refuse(
        "{}",
        "data.source",
        "one of `csv`, `jsonl`, `parquet`, `idx`, `numpy`, `folder`, `text_folder`, `text` and `function`, got nothing",
    );
    refuse(r#"{"source": {"csv": {}}, "target": "y"}"#, "data.source.csv.path", "a file, got nothing");
    refuse(
        r#"{"source": {"csv": {"path": ""}}, "target": "y"}"#,
        "data.source.csv.path",
        "a name, got an empty one",
    );
    let csv = r#"{"source": {"csv": {"path": "a", "delimiter": "\t\t"}}}"#;
    refuse(
        csv,
        "data.source.csv.delimiter",
        "one ASCII character that stands in no number and no quote, got `\\t\\t`",
    );
    let idx = r#"{"source": {"idx": {"images": "a", "labels": "b", "test_images": "c"}}}"#;
    refuse(idx, "data.source.idx.test_labels", "the labels of `test_images`, got nothing");
}

#[test]
fn a_target_is_needed_where_nothing_else_says_it() {
    refuse(
        r#"{"source": {"csv": {"path": "a"}}}"#,
        "data.target",
        "the column that is to be learned, or `data.targets` for several, got nothing",
    );
    refuse(
        &images(r#", "target": "image""#),
        "data.target",
        "a name other than that of the images, got `image`",
    );
    refuse(&function("").replace("\"y\"", "\"a\""), "data.target", "a name that no input has, got `a`");
    assert_eq!(plan(&images("")).target, "label");
}

#[test]
fn a_task_must_be_possible() {
    refuse(
        &images(r#", "task": "regress""#),
        "data.task",
        "`classify`, for these images have labels, got `regress`",
    );
    refuse(
        &function(r#", "task": "classify""#),
        "data.task",
        "`regress`, for a function gives numbers, got `classify`",
    );
    assert_eq!([plan(&table("")).task, plan(&function("")).task], [None, Some(Task::Regress)]);
    refuse(
        &table(r#", "task": "regress", "labels": ["a", "b"]"#),
        "data.labels",
        r#"classes to name, as `data.task = "classify"` makes of numbers, got a number to be learned"#,
    );
    refuse(
        &table(r#", "task": "classify", "unit": "m""#),
        "data.unit",
        "a number to be learned, got classes",
    );
    refuse(&table(r#", "labels": ["a"]"#), "data.labels", "at least 2 names, got 1");
    refuse(&table(r#", "labels": ["a", "b", "a"]"#), "data.labels[2]", "a name of its own, got `a` again");
}

#[test]
fn several_targets_are_numbers_or_flags_of_a_table() {
    let several = |more: &str| table(more).replace("\"y\"", r#"["y", "z"]"#);
    let wants = "`multi_label` where several columns say yes or no, or `regress` where they hold numbers; one column \
                 alone is classified";
    refuse(&several(""), "data.task", &format!("{wants}, got nothing"));
    refuse(&several(r#", "task": "classify""#), "data.task", &format!("{wants}, got `classify`"));
    let [flags, numbers] =
        ["multi_label", "regress"].map(|task| plan(&several(&format!(r#", "task": "{task}""#))));
    assert_eq!([&flags.target, &numbers.target], ["labels", "numbers"]);
    assert_eq!(flags.columns, ["y", "z"]);
    refuse(
        &images(r#", "target": ["a", "b"]"#),
        "data.target",
        "one target, for the source is no table of several columns, got 2 of them",
    );
    refuse(
        &several(r#", "task": "regress", "ignore": ["z"]"#),
        "data.ignore[0]",
        "a column that nothing else names, got `z`",
    );
    refuse(
        &several(r#", "task": "regress", "fields": {"z": {}}"#),
        "data.fields.z",
        "a field that the network sees, got the target",
    );
}

#[test]
fn a_row_may_have_several_labels_in_a_table_alone() {
    let listed = |more: &str| table(&format!(r#", "task": "multi_label"{more}"#));
    assert_eq!(plan(&listed("")).task, Some(Task::MultiLabel));
    refuse(
        &images(r#", "task": "multi_label""#),
        "data.task",
        "a table for `multi_label`: `csv`, `jsonl` or `parquet`, got another source",
    );
    refuse(
        &listed(r#", "series": {"window": 2, "horizon": 1}"#),
        "data.task",
        "`regress`, for the next steps of a series are numbers, got `multi_label`",
    );
    refuse(&listed(r#", "unit": "m""#), "data.unit", "a number to be learned, got classes");
    refuse(
        &listed(r#", "separator": """#),
        "data.separator",
        "what stands between two labels, such as `;`, got nothing",
    );
    refuse(
        &table(r#", "separator": ",""#),
        "data.separator",
        "`data.task = \"multi_label\"`, where a row may have several labels, got another task",
    );
}

#[test]
fn a_column_is_named_once() {
    refuse(&table(r#", "ignore": ["y"]"#), "data.ignore[0]", "a column that nothing else names, got `y`");
    refuse(
        &table(r#", "ignore": ["a"], "ids": ["b", "a"]"#),
        "data.ids[1]",
        "a column that nothing else names, got `a`",
    );
    refuse(
        &table(r#", "vectors": {"p": "p1"}"#),
        "data.vectors.p",
        "a pattern with a `*`, such as `pixel_*`, got `p1`",
    );
    refuse(
        &images(r#", "ids": ["b"]"#),
        "data.ids",
        "columns of a table: `csv`, `jsonl` or `parquet`, got a `folder`",
    );
    refuse(
        &table(r#", "fields": {"y": {}}"#),
        "data.fields.y",
        "a field that the network sees, got the target",
    );
    let ignored = r#", "ignore": ["a"], "fields": {"a": {}}"#;
    refuse(
        &table(ignored),
        "data.fields.a",
        "a field that the network sees, got one of `data.ignore` or `data.ids`",
    );
}

#[test]
fn steps_must_fit() {
    let field = |field: &str| format!(r#", "fields": {{"a": {field}}}"#);
    let refuse_field = |json: &str, path: &str, expect: &str| {
        refuse(&table(&field(json)), &format!("data.fields.a.{path}"), expect)
    };
    refuse_field(
        r#"{"steps": ["standardise", {"resize": {"height": 2, "width": 2}}]}"#,
        "steps[1]",
        r#"an image that no other step has changed (`kind = "image"` makes images of a column of paths), got numbers"#,
    );
    refuse_field(
        r#"{"steps": ["one_hot"]}"#,
        "steps[0]",
        "a place, which `category`, `hash` and `bins` give, got numbers",
    );
    refuse_field(r#"{"kind": "number", "steps": ["category"]}"#, "steps[0]", "a name, got numbers");
    refuse_field(r#"{"kind": "category", "steps": ["standardise"]}"#, "steps[0]", "numbers, got a name");
    refuse_field(r#"{"steps": ["category", "standardise"]}"#, "steps[1]", "numbers, got a place");
    refuse_field(
        r#"{"steps": [{"scale": {"factor": 0}}]}"#,
        "steps[0].scale.factor",
        "a finite number other than zero, got 0",
    );
    let refuse_step = |json: &str, path: &str, expect: &str| {
        refuse_field(&format!(r#"{{"steps": [{json}]}}"#), &format!("steps[0].{path}"), expect);
    };
    refuse_step(r#""clip""#, "clip.low", "a bound here, in `high` or in `quantiles`, got nothing");
    refuse_step(r#"{"clip": {"low": 2, "high": 1}}"#, "clip.high", "more than `low`, 2, got 1");
    let both = r#"{"clip": {"low": 2, "quantiles": [0, 1]}}"#;
    refuse_step(both, "clip.quantiles", "to stand without `low` and `high`, got both");
    let shares = "a lower and a higher share from 0 to 1, got [0.9, 0.1]";
    refuse_step(r#"{"clip": {"quantiles": [0.9, 0.1]}}"#, "clip.quantiles", shares);
    refuse_step(r#"{"quantile": {"quantiles": 1}}"#, "quantile.quantiles", "a number from 2 to 10000, got 1");
    refuse_step(r#"{"bins": {"count": 1}}"#, "bins.count", "a number from 2 to 1000, got 1");
    let none = r#"{"piecewise_linear": {"count": 0}}"#;
    refuse_step(none, "piecewise_linear.count", "a number from 1 to 1000, got 0");
    refuse_step(r#"{"category": {"min_rows": 0}}"#, "category.min_rows", "a number from 1 on, got 0");
    refuse_step(r#"{"hash": {"buckets": 1}}"#, "hash.buckets", "a number from 2 to 16777216, got 1");
    refuse_field(
        r#"{"steps": [{"impute": {"with": {"constant": 1}}}, {"hash": {"buckets": 4}}]}"#,
        "steps[1]",
        "a name, got numbers",
    );
    let image = |steps: &str| images(&format!(r#", "fields": {{"image": {{"steps": [{steps}]}}}}"#));
    refuse(
        &image(r#"{"resize": {"height": 0, "width": 2}}"#),
        "data.fields.image.steps[0].resize.height",
        "a size from 1 to 16384, got 0",
    );
    refuse(
        &image(r#"{"resize": {"height": 2, "width": 16385}}"#),
        "data.fields.image.steps[0].resize.width",
        "a size from 1 to 16384, got 16385",
    );
    let refuse_denoise = |by: &str, path: &str, expect: &str| {
        let step = format!(r#"{{"denoise": {{"by": {by}}}}}"#);
        refuse(&image(&step), &format!("data.fields.image.steps[0].denoise.by.{path}"), expect);
    };
    let window = "an odd number from 3 to 101, got";
    refuse_denoise(r#"{"median": {"aperture": 4}}"#, "median.aperture", &format!("{window} 4"));
    refuse_denoise(r#"{"gaussian": {"size": 1}}"#, "gaussian.size", &format!("{window} 1"));
    refuse_denoise(r#"{"gaussian": {"sigma": -1}}"#, "gaussian.sigma", "a number from 0 on, got -1");
    let still = r#"{"bilateral": {"sigma_color": 0}}"#;
    refuse_denoise(still, "bilateral.sigma_color", "a number from 0.1 on, got 0");
    refuse_denoise(
        r#"{"non_local_means": {"search": 103}}"#,
        "non_local_means.search",
        &format!("{window} 103"),
    );
    refuse(
        &image(r#"{"resize": {"height": 2, "width": 2}}, {"denoise": {"by": "median"}}"#),
        "data.fields.image.steps[1]",
        r#"an image that no other step has changed (`kind = "image"` makes images of a column of paths), got numbers"#,
    );
    let sized = image(r#"{"denoise": {"by": "bilateral"}}, {"resize": {"height": 4, "width": 5}}"#);
    assert_eq!(plan(&sized).item_shape().map(|shape| shape[1..].to_vec()), Some(vec![4, 5]));
    refuse(
        &images(r#", "fields": {"img": {}}"#),
        "data.fields",
        "the name `image`, the one field there is, got `img`",
    );
    let kind = r#", "fields": {"image": {"kind": "number"}}"#;
    refuse(&images(kind), "data.fields.image.kind", "a column of a table, got a field whose kind is known");
    refuse(
        &function(r#", "fields": {"c": {}}"#),
        "data.fields",
        "names of `data.source.function.inputs`, got `c`",
    );
    let vector = r#", "vectors": {"p": "p*"}, "fields": {"p": {"kind": "category"}}"#;
    refuse(
        &table(vector),
        "data.fields.p.kind",
        "`number`, for it is one of `data.vectors`, got another kind",
    );
}

#[test]
fn a_shape_holds_something() {
    refuse(&table(r#", "shape": [1, 0]"#), "data.shape", "sizes above zero, got [1, 0]");
    let huge = format!(r#", "shape": [{}, 2]"#, usize::MAX);
    refuse(&table(&huge), "data.shape", &format!("sizes above zero, got [{}, 2]", usize::MAX));
}

#[test]
fn a_split_must_leave_rows() {
    let split = |split: &str| format!(r#", "split": {split}"#);
    refuse(
        &table(&split(r#"{"random": {"test": 1.2}}"#)),
        "data.split.random.test",
        "a share above 0 and below 1, got 1.2",
    );
    refuse(
        &table(&split(r#"{"stratified": {"valid": -0.1}}"#)),
        "data.split.stratified.valid",
        "a share from 0 to below 1, got -0.1",
    );
    refuse(
        &table(&split(r#"{"random": {"valid": 0.5, "test": 0.5}}"#)),
        "data.split.random",
        "`valid` and `test` to leave rows to train, got 0.5 and 0.5",
    );
    refuse(&table(&split(r#""given""#)), "data.split", "test rows in the source for `given`, got none");
    refuse(
        &function(&split(r#""stratified""#)),
        "data.split",
        "`random`, for the target is a number, got `stratified`",
    );
    let column = split(r#"{"column": {"name": "y"}}"#);
    refuse(&table(&column), "data.split.column.name", "a column other than the target, got `y`");
    let by_target = split(r#"{"groups": {"column": "y"}}"#);
    refuse(&table(&by_target), "data.split.groups.column", "a column other than the target, got `y`");
    refuse(&table(&split(r#"{"fold": {"of": 1}}"#)), "data.split.fold.of", "at least 2 parts, got 1");
    let fifth = split(r#"{"fold": {"of": 5, "fold": 5}}"#);
    refuse(&table(&fifth), "data.split.fold.fold", "a number from 0 to 4, got 5");
    let all = split(r#"{"time": {"column": "t", "valid": 0.5, "test": 0.5}}"#);
    refuse(&table(&all), "data.split.time", "`valid` and `test` to leave rows to train, got 0.5 and 0.5");
    let wants = "`random` or `stratified`, for the source is no `csv` table, got another one";
    refuse(&images(&column), "data.split", wants);
    let files = split(r#"{"files": {"train": "b.csv", "test": "c.csv"}}"#);
    refuse(&table(&files), "data.source.csv.path", "to be left out beside `data.split.files`, got `a.csv`");
    let idx = r#"{"source": {"idx": {"images": "a", "labels": "b", "test_images": "c", "test_labels": "d"}}, "split": "random"}"#;
    refuse(idx, "data.split", "`given` beside `data.source.idx.test_images`, got another one");
}

#[test]
fn a_function_must_have_a_value() {
    let with = |old: &str, new: &str| function("").replace(old, new);
    let path = "data.source.function";
    refuse(
        &with("a + b", "a +"),
        &format!("{path}.expression"),
        "a number, a name or `(` at character 4, got the end",
    );
    refuse(
        &with("[0, 1]", "[1, 1]"),
        &format!("{path}.inputs.b"),
        "a lower and a higher finite number, got [1, 1]",
    );
    refuse(&with("\"rows\": 9", "\"rows\": 0"), &format!("{path}.rows"), "a number above zero, got 0");
    refuse(
        &with(r#""a": [-10, 10], "b": [0, 1]"#, ""),
        &format!("{path}.inputs"),
        "at least one input, got none",
    );
}

#[test]
fn the_shape_of_an_item_is_known_early() {
    let resized = r#", "fields": {"image": {"steps": [{"resize": {"height": 8, "width": 9}}]}}"#;
    assert_eq!(plan(&images(resized)).item_shape(), Some(vec![1, 8, 9]));
    assert_eq!(plan(&images("")).item_shape(), None);
    assert_eq!(plan(&function("")).item_shape(), Some(vec![2]));
    assert_eq!(plan(&table(r#", "shape": [1, 8, 8]"#)).item_shape(), Some(vec![1, 8, 8]));
    assert_eq!(plan(&table("")).item_shape(), None);
}

#[test]
fn how_a_table_is_written_must_fit() {
    let csv =
        |settings: &str| format!(r#"{{"source": {{"csv": {{"path": "a", {settings}}}}}, "target": "y"}}"#);
    let path = |name: &str| format!("data.source.csv.{name}");
    let check = |settings: &str, name: &str, expect: &str| refuse(&csv(settings), &path(name), expect);
    check(r#""quote": "a""#, "quote", "nothing, or one mark that is no delimiter, got `a`");
    check(r#""quote": ";", "delimiter": ";""#, "quote", "nothing, or one mark that is no delimiter, got `;`");
    check(r#""columns": ["a"]"#, "columns", "a table with `header = false`, got one that names them itself");
    let twice = r#""header": false, "columns": ["a", "a"]"#;
    check(twice, "columns[1]", "a name of its own, got `a`");
    check(r#""header": false, "columns": [" "]"#, "columns", "a name, got an empty one");
    refuse(
        r#"{"source": {"csv": {"path": []}}, "target": "y"}"#,
        "data.source.csv.path",
        "a file, got an empty list",
    );
    let deep = r#"{"source": {"csv": {"path": "*/a.csv"}}, "target": "y"}"#;
    refuse(deep, "data.source.csv.path", "`*` in the last part of a path, got `*/a.csv`");
    let clean = r#", "task": "regress", "clean_labels": {"strip": "."}"#;
    refuse(&table(clean), "data.clean_labels", "labels to clean, got a number to be learned");
}

#[test]
fn the_files_of_a_recipe_are_found() {
    let place =
        crate::testing::place(&[("b.csv", b""), ("c.csv", b""), ("f/x/1.png", b""), ("f/y/2.png", b"")]);
    let files = |json: &str| plan(json).files(&place).unwrap();
    let tables =
        r#"{"source": {"csv": {}}, "target": "y", "split": {"files": {"train": "b.csv", "test": "c.csv"}}}"#;
    assert_eq!(files(tables), ["/r/b.csv", "/r/c.csv"].map(std::path::PathBuf::from));
    let pattern = r#"{"source": {"csv": {"path": "*.csv"}}, "target": "y"}"#;
    assert_eq!(files(pattern), ["/r/b.csv", "/r/c.csv"].map(std::path::PathBuf::from));
    let none = r#"{"source": {"csv": {"path": "f/*.csv"}}, "target": "y"}"#;
    assert_eq!(
        plan(none).files(&place).unwrap_err().to_string(),
        "could not find `f/*.csv`; looked for `/r/f`"
    );
    assert_eq!(files(&images("")), ["/r/f/x/1.png", "/r/f/y/2.png"].map(std::path::PathBuf::from));
    assert!(files(&function("")).is_empty());
}

#[test]
fn several_inputs_are_checked_before_any_data_are_read() {
    let inputs =
        |more: &str| table(&format!(r#", "ignore": ["i"], "inputs": {{"a": {{"fields": "p"}}{more}}}"#));
    plan(&inputs(r#", "b": {"fields": ["q", "p"]}"#));
    refuse(
        &inputs(""),
        "data.inputs",
        "two inputs or more; one alone is called `x` and takes all fields, got one",
    );
    refuse(&inputs(r#", "b": {"fields": []}"#), "data.inputs.b.fields", "a field, got an empty list");
    let seen = "a field that the network sees, got";
    refuse(&inputs(r#", "b": {"fields": "y"}"#), "data.inputs.b.fields", &format!("{seen} the target"));
    refuse(
        &inputs(r#", "b": {"fields": ["q", "i"]}"#),
        "data.inputs.b.fields[1]",
        &format!("{seen} one of `data.ignore` or `data.ids`"),
    );
    refuse(
        &inputs(r#", "b": {"fields": ["q", "q"]}"#),
        "data.inputs.b.fields[1]",
        "each field once, got `q` again",
    );
    refuse(
        &inputs(r#", "b": {"fields": "q", "shape": [2, 0]}"#),
        "data.inputs.b.shape",
        "sizes above zero, got [2, 0]",
    );
    refuse(
        &table(r#", "shape": [2], "inputs": {"a": {"fields": "p"}, "b": {"fields": "q"}}"#),
        "data.shape",
        "to be left out beside `data.inputs`, each of which may have a `shape`, got [2]",
    );
    refuse(
        &table(
            r#", "inputs": {"a": {"fields": ["p", "q"]}, "b": {"fields": "q"}}, "fields": {"p": {"kind": "image"}}"#,
        ),
        "data.fields.p.kind",
        "an image to be the one field of its input, got `q` beside it",
    );
    refuse(
        r#"{"source": {"text": {"path": "a.txt"}}, "inputs": {"a": {"fields": "text"}, "b": {"fields": "text"}}}"#,
        "data.inputs",
        "to be left out, for a text that is gone on with is one input, got several",
    );
}

#[test]
fn several_targets_are_checked_before_any_data_are_read() {
    let heads = |targets: &str, more: &str| {
        format!(r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "targets": [{targets}]{more}}}"#)
    };
    let two = r#"{"column": "kind", "task": "classify"}, {"column": "size", "unit": "m", "quantiles": [0.25, 0.75]}"#;
    let plan = plan(&heads(two, ""));
    let told = |name, task, levels| Expected { name, task, levels };
    let wanted = [told("kind", Some(Task::Classify), &[][..]), told("size", None, &[0.25, 0.75])];
    assert_eq!(plan.targets(), wanted);
    assert_eq!(plan.unit("size").as_deref(), Some("m"));
    let one = r#"{"column": "kind"}"#;
    refuse(&heads(one, ""), "data.targets", "two targets or more; `data.target` names one, got one");
    let beside = "to be left out beside `data.targets`, for it is about one target, got it";
    for (name, value) in
        [("target", "\"y\""), ("unit", "\"m\""), ("label_file", "\"l\""), ("labels", "[\"a\", \"b\"]")]
    {
        refuse(&heads(two, &format!(r#", "{name}": {value}"#)), &format!("data.{name}"), beside);
    }
    refuse(&heads(two, r#", "task": "classify""#), "data.task", beside);
    let again = heads(&format!("{one}, {one}"), "");
    refuse(&again, "data.targets[1].column", "each column once, got `kind` again");
    let text = heads(r#"{"column": "a", "task": "generate"}, {"column": "b"}"#, "");
    refuse(&text, "data.targets[0].task", "`classify`, `regress` or `multi_label`, got `generate`");
    let unit = heads(r#"{"column": "a", "task": "classify", "unit": "m"}, {"column": "b"}"#, "");
    refuse(&unit, "data.targets[0].unit", "a number to be learned, got classes");
    let labels = |said: &str| heads(&format!(r#"{{"column": "b"}}, {{"column": "a", {said}}}"#), "");
    let wants =
        "`data.targets[1].task = \"multi_label\"`, where a row may have several labels, got another task";
    refuse(&labels(r#""separator": "|""#), "data.targets[1].separator", wants);
    refuse(&labels(r#""thresholds": {"x": 0.2}"#), "data.targets[1].thresholds", wants);
    let none = labels(r#""task": "multi_label", "separator": """#);
    refuse(&none, "data.targets[1].separator", "what stands between two labels, such as `;`, got nothing");
    let sure = labels(r#""task": "multi_label", "thresholds": {"x": 1.0}"#);
    refuse(&sure, "data.targets[1].thresholds.x", "a probability above 0 and below 1, got 1");
    let groups = heads(two, r#", "split": {"groups": {"column": "size"}}"#);
    refuse(&groups, "data.split.groups.column", "a column other than the target, got `size`");
    let images = r#"{"source": {"folder": {"path": "f"}}, "targets": [{"column": "a"}, {"column": "b"}]}"#;
    refuse(
        images,
        "data.targets",
        "a table of several columns: `csv`, `jsonl` or `parquet`, got another source",
    );
}

#[test]
fn a_head_of_several_columns_is_checked_before_any_data_are_read() {
    let heads = |head: &str| {
        format!(
            r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "targets": [{{"column": "kind"}}, {{{head}}}]}}"#
        )
    };
    let tags = r#""name": "tags", "columns": ["red", "green"], "task": "multi_label""#;
    let plan = plan(&heads(tags));
    let told = |name, task| Expected { name, task, levels: &[] };
    assert_eq!(plan.targets(), [told("kind", None), told("tags", Some(Task::MultiLabel))]);
    assert_eq!(plan.columns, ["kind", "red", "green"]);
    assert_eq!(
        (plan.path_of_target(0), plan.path_of_target(2)),
        ("data.targets[0].column".to_owned(), "data.targets[1].columns[1]".to_owned())
    );
    let check = |head: &str, path: &str, expect: &str| {
        refuse(&heads(head), &format!("data.targets[1].{path}"), expect)
    };
    check(r#""task": "regress""#, "column", "a name, or `columns` for several, got none");
    check(
        r#""column": "red", "name": "tags""#,
        "name",
        "to be left out beside `column`, which its head is called by, got `tags`",
    );
    check(&format!(r#"{tags}, "column": "blue""#), "column", "to be left out beside `columns`, got `blue`");
    check(
        r#""name": "tags", "columns": ["red"], "task": "multi_label""#,
        "columns",
        "two columns or more; `column` names one, got `red` alone",
    );
    check(
        r#""name": "tags", "columns": ["red", ""], "task": "multi_label""#,
        "columns[1]",
        "a name, got an empty one",
    );
    check(
        r#""columns": ["red", "green"], "task": "multi_label""#,
        "name",
        "what the answers of several columns are called together, got none",
    );
    let task = "`multi_label` where several columns say yes or no, or `regress` where they hold numbers; one column alone is classified, got";
    check(r#""name": "tags", "columns": ["red", "green"]"#, "task", &format!("{task} nothing"));
    check(
        r#""name": "tags", "columns": ["red", "green"], "task": "classify""#,
        "task",
        &format!("{task} `classify`"),
    );
    check(&tags.replace("green", "red"), "columns[1]", "each column once, got `red` again");
    check(&tags.replace("green", "kind"), "columns[1]", "each column once, got `kind` again");
    check(&tags.replace("tags", "kind"), "name", "a name that no other head has, got `kind`");
    check(
        &format!(r#"{tags}, "separator": "e""#),
        "separator",
        "what stands in no name of a column, for it separates them in records, got `e`, which stands in `red`",
    );
    let numbers = tags.replace("multi_label", "regress");
    check(&format!(r#"{numbers}, "quantiles": [0.5]"#), "quantiles", "one number to be learned, got several");
}

#[test]
fn quantiles_go_up_and_are_of_one_number() {
    let quantiles = |levels: &str, more: &str| table(&format!(r#", "quantiles": {levels}{more}"#));
    assert_eq!(plan(&quantiles("[0.1, 0.9]", "")).targets()[0].levels, [0.1, 0.9]);
    let share = "a share above 0 and below 1, got";
    refuse(&quantiles("[0.5, 1]", ""), "data.quantiles[1]", &format!("{share} 1"));
    refuse(&quantiles("[-0.1]", ""), "data.quantiles[0]", &format!("{share} -0.1"));
    let before = "more than the level before it, 0.5, got 0.5";
    refuse(&quantiles("[0.5, 0.5]", ""), "data.quantiles[1]", before);
    let number = "a number to be learned, got";
    refuse(
        &quantiles("[0.5]", r#", "task": "classify""#),
        "data.quantiles",
        &format!("{number} another task"),
    );
    let several = r#"{"source": {"csv": {"path": "a.csv"}}, "target": ["y", "z"], "task": "regress", "quantiles": [0.5]}"#;
    refuse(several, "data.quantiles", "one number to be learned, got several");
    let classes = r#"{"source": {"csv": {"path": "a.csv"}}, "targets": [{"column": "y", "task": "classify", "quantiles": [0.5]}, {"column": "z"}]}"#;
    refuse(classes, "data.targets[0].quantiles", &format!("{number} classes"));
    let many: Vec<String> = (1..=101).map(|level| format!("{}", f64::from(level) / 102.0)).collect();
    refuse(
        &quantiles(&format!("[{}]", many.join(", ")), ""),
        "data.quantiles",
        "at most 100 levels, got 101",
    );
}
