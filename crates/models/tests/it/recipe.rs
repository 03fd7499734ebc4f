//! From the text of a recipe to a graph: spellings, names, refusals, presets, the summary.

use baeum_core::{DType, Decode, Graph, InputSpec, Layer, Pipeline, Target, Transform};
use baeum_models::{LayerSpec, ModelConfig, ModelError, build, initial, summary};

#[derive(Debug, serde::Deserialize)]
struct Recipe {
    models: ModelConfig,
}

fn parse(text: &str) -> Result<ModelConfig, String> {
    toml::from_str::<Recipe>(text).map(|recipe| recipe.models).map_err(|error| {
        let span = error.span().map_or("nowhere", |span| &text[span]);
        format!("{} at {span}", error.message())
    })
}

/// The nodes of a list of layers, or the first refusal with its path.
fn graph(layers: &str, item: &[usize]) -> Result<Graph, ModelError> {
    parse(&format!("models.layers = {layers}")).unwrap().check()?.graph_for(item, 3)
}

/// Each node with what it reads and what it yields.
fn walk(graph: &Graph) -> String {
    let node = |node: &baeum_core::Node| {
        let reads: Vec<&str> = node.inputs.iter().map(|id| graph[*id].name.as_str()).collect();
        format!("{}({}) {}", node.name, reads.join(", "), node.shape)
    };
    graph.nodes().iter().map(node).collect::<Vec<_>>().join("; ")
}

#[track_caller]
fn check(layers: &str, item: &[usize], expect: &str) {
    let said = match graph(layers, item) {
        Ok(graph) => walk(&graph),
        Err(error) => format!("{}: {error}", error.path().unwrap_or_default()),
    };
    assert_eq!(said, expect);
}

#[test]
fn layers_follow_one_another() {
    check("[]", &[4], "x() [batch, 4]; head(x) [batch, 3]");
    check(
        r#"["relu", { dense = { units = 8 } }, "relu"]"#,
        &[4],
        "x() [batch, 4]; relu1(x) [batch, 4]; dense1(relu1) [batch, 8]; relu2(dense1) [batch, 8]; head(relu2) [batch, 3]",
    );
}

#[test]
fn names_and_branches_are_given() {
    check(
        r#"["relu", { name = "a", layer = "relu" }, "relu", { layer = "add", from = ["a", "relu3", "x"] }]"#,
        &[4],
        "x() [batch, 4]; relu1(x) [batch, 4]; a(relu1) [batch, 4]; relu3(a) [batch, 4]; add1(a, relu3, x) [batch, 4]; head(add1) [batch, 3]",
    );
}

/// The nodes of layers over two inputs, or the first refusal with its path.
#[track_caller]
fn check_two(models: &str, names: [&str; 2], items: [&[usize]; 2], expect: &str) {
    let plan = parse(models).unwrap().check_for(&names, &[]);
    let said = match plan.and_then(|plan| plan.graph_of(&items, &[], 3)) {
        Ok(graph) => walk(&graph),
        Err(error) => format!("{}: {error}", error.path().unwrap_or_default()),
    };
    assert_eq!(said, expect);
}

#[test]
fn branches_begin_at_inputs() {
    let items: [&[usize]; 2] = [&[1, 4, 4], &[7]];
    let two = |layers: &str, expect: &str| {
        check_two(&format!("models.layers = [{layers}]"), ["seen", "words"], items, expect);
    };
    let rows = r#"{ layer = "flatten", from = ["seen"] }"#;
    let words =
        r#"{ layer = { embedding = { vocabulary = 9, units = 2 } }, from = ["words"] }, "mean_over_time""#;
    two(
        &format!(r#"{rows}, {words}, {{ layer = "concat", from = ["flatten1", "mean_over_time1"] }}"#),
        "seen() [batch, 1, 4, 4]; words() [batch, 7]; flatten1(seen) [batch, 16]; embedding1(words) [batch, 7, 2]; \
         mean_over_time1(embedding1) [batch, 2]; concat1(flatten1, mean_over_time1) [batch, 18]; head(concat1) [batch, 3]",
    );
    two(
        &format!(r#""relu", {rows}"#),
        "models.layers[0]: `models.layers[0]` wants to say which input it reads, as there are `seen` and `words`; write `from = [\"seen\"]`",
    );
    let unread = "models.layers: `models.layers` wants each input to be read, got no layer that reads";
    two(rows, &format!("{unread} `words`; name it in the `from` of one"));
    two("", &format!("{unread} `seen`; name it in the `from` of one"));
    two(
        r#"{ layer = "flatten", from = ["sen"] }"#,
        "models.layers[0].from[0]: `models.layers[0].from[0]` wants a layer that stands before it, got `sen` (did you mean `seen`?); there are `seen`, `words`",
    );
    two(
        r#"{ name = "words_lengths", layer = "flatten", from = ["seen"] }"#,
        "models.layers[0].name: `models.layers[0].name` wants a name that is not taken by the input and the heads, got `words_lengths`",
    );
}

#[test]
fn a_preset_goes_from_one_input() {
    let refused = "models.mlp: `models.mlp` wants data with one input, got `a` and `b`; write `models.layers`, with a branch from each of them";
    check_two("models.mlp = {}", ["a", "b"], [&[1], &[1]], refused);
    let name = "data.inputs.head: `data.inputs.head` wants a name that is not taken by the heads, got `head`";
    check_two("models.layers = []", ["head", "b"], [&[1], &[1]], name);
    let name = "data.inputs.a b: `data.inputs.a b` wants letters, digits and `_`, got `a b`";
    check_two("models.layers = []", ["a b", "b"], [&[1], &[1]], name);
    let plan = parse("models.mlp = {}").unwrap().check().unwrap();
    let spec = InputSpec { name: "y".to_owned(), ..input(&[4], DType::F32) };
    let error = plan.graph(&[spec], &[]).unwrap_err().to_string();
    assert_eq!(error, "`models` wants data with the inputs `x`, got `y`");
}

#[test]
fn a_shape_error_shows_the_trail() {
    let conv = "{ conv2d = { filters = 16, kernel = 3, padding = 1 } }";
    let pool = "{ max_pool2d = { kernel = 2 } }";
    check(
        &format!(r#"[{conv}, "relu", {pool}, {{ dense = {{ units = 64 }} }}]"#),
        &[1, 8, 8],
        "models.layers[3]: layer 3 `dense1`: dense wants [batch, n], got [batch, 16, 4, 4]; put `flatten` before it
  x [batch, 1, 8, 8] -> conv2d1 [batch, 16, 8, 8] -> relu1 [batch, 16, 8, 8]
  -> max_pool2d1 [batch, 16, 4, 4]",
    );
    check(
        &format!("[{pool}, {pool}, {pool}, {pool}]"),
        &[1, 8, 8],
        "models.layers[3]: layer 3 `max_pool2d4`: max_pool2d wants an image of at least 2x2 with padding 0x0, got [batch, 1, 1, 1]; make `kernel` smaller, or pool less before it
  x [batch, 1, 8, 8] -> max_pool2d1 [batch, 1, 4, 4] -> max_pool2d2 [batch, 1, 2, 2]
  -> max_pool2d3 [batch, 1, 1, 1]",
    );
}

#[test]
fn the_head_wants_rows() {
    check(
        r#"["relu"]"#,
        &[1, 8, 8],
        "models.layers[0]: the head wants [batch, n] from `relu1`, got [batch, 1, 8, 8]; put `flatten` or `global_avg_pool` behind it
  x [batch, 1, 8, 8] -> relu1 [batch, 1, 8, 8]",
    );
    check(
        "[]",
        &[1, 8, 8],
        "models: the head wants [batch, n] from `x`, got [batch, 1, 8, 8]; put `flatten` or `global_avg_pool` behind it
  x [batch, 1, 8, 8]",
    );
    check(
        "[{ embedding = { vocabulary = 5, units = 2 } }]",
        &[7],
        "models.layers[0]: the head wants [batch, n] from `embedding1`, got [batch, 7, 2]; put `flatten` behind it
  x [batch, 7] -> embedding1 [batch, 7, 2]",
    );
}

#[test]
fn impossible_settings_are_named_before_any_shape() {
    check(
        "[{ dense = { units = 0 } }]",
        &[4],
        "models.layers[0].dense.units: `models.layers[0].dense.units` must be above zero, got 0",
    );
    check(
        r#"["relu", { name = "d", layer = { dropout = { p = 1.5 } } }]"#,
        &[4],
        "models.layers[1].layer.dropout.p: `models.layers[1].layer.dropout.p` must be from 0 to 1, got 1.5",
    );
    check(
        "[{ max_pool2d = { kernel = 70000 } }]",
        &[4],
        "models.layers[0].max_pool2d.kernel: `models.layers[0].max_pool2d.kernel` must be at most 65536, got 70000",
    );
    check(
        "[{ dense = { units = 9000000000 } }]",
        &[4],
        "models.layers[0].dense.units: `models.layers[0].dense.units` must be at most 2147483648, got 9000000000",
    );
}

#[test]
fn a_size_that_no_machine_holds_is_refused() {
    check(
        "[{ dense = { units = 2000000000 } }]",
        &[4],
        "models.layers[0]: layer 0 `dense1` wants at most 2147483648 parameters, got 10000000000",
    );
    check(
        r#"[{ conv2d = { filters = 2, kernel = 1, padding = 60000 } }, "flatten"]"#,
        &[1, 8, 8],
        "models.layers[0]: layer 0 `conv2d1` wants at most 2147483648 numbers for each example, got 28803840128",
    );
}

#[test]
fn names_are_checked() {
    let name = |name: &str| format!(r#"["relu", {{ name = "{name}", layer = "relu" }}]"#);
    let refusal = |rule: &str, name: &str| {
        format!("models.layers[1].name: `models.layers[1].name` wants {rule}, got `{name}`")
    };
    check(&name("a.b"), &[4], &refusal("letters, digits and `_`", "a.b"));
    check(&name(""), &[4], &refusal("letters, digits and `_`", ""));
    check(&name("relu1"), &[4], &refusal("a name of its own", "relu1"));
    check(&name("head"), &[4], &refusal("a name that is not taken by the input and the heads", "head"));
    check(&name("x"), &[4], &refusal("a name that is not taken by the input and the heads", "x"));
}

#[test]
fn connections_are_checked() {
    check(
        r#"["relu", "tanh", { layer = "add", from = ["relu1", "tanh2"] }]"#,
        &[4],
        "models.layers[2].from[1]: `models.layers[2].from[1]` wants a layer that stands before it, got `tanh2` (did you mean `tanh1`?); there are `x`, `relu1`, `tanh1`",
    );
    check(
        r#"[{ layer = "relu", from = ["sigmoid1"] }, "sigmoid"]"#,
        &[4],
        "models.layers[0].from[0]: `models.layers[0].from[0]` wants a layer that stands before it, got `sigmoid1`; there are `x`",
    );
    check(
        r#"["relu", { layer = "tanh", from = ["x"] }]"#,
        &[4],
        "models.layers[0]: `models.layers[0]` wants to be read by a later layer or a head, got no reader; name `relu1` in the `from` of one, or in `models.heads`",
    );
    check(
        r#"["relu", { input = { dtype = "f32" } }]"#,
        &[4],
        "models.layers[1]: `models.layers[1]` wants a layer, got `input`; what comes in is known from the data",
    );
}

#[test]
fn a_head_may_read_another_layer_than_the_last() {
    let said = |heads: &str| {
        let layers =
            r#"[{ name = "trunk", layer = { dense = { units = 8 } } }, "relu", { dense = { units = 2 } }]"#;
        let config = parse(&format!("models.heads = {heads}\nmodels.layers = {layers}")).unwrap();
        let plan = config.check_for(&["x"], &["kind", "size"]);
        match plan
            .and_then(|plan| plan.graph(&[input(&[4], DType::F32)], &[labels("kind", 3), labels("size", 2)]))
        {
            Ok(graph) => walk(&graph),
            Err(error) => format!("{}: {error}", error.path().unwrap_or_default()),
        }
    };
    let layers = "x() [batch, 4]; trunk(x) [batch, 8]; relu1(trunk) [batch, 8]; dense2(relu1) [batch, 2]";
    assert_eq!(
        said(r#"{ size = "trunk" }"#),
        format!("{layers}; head_kind(dense2) [batch, 3]; head_size(trunk) [batch, 2]")
    );
    assert_eq!(
        said(r#"{ kind = "x" }"#),
        format!("{layers}; head_kind(x) [batch, 3]; head_size(dense2) [batch, 2]")
    );
    assert_eq!(
        said(r#"{ size = "trnk" }"#),
        "models.heads.size: `models.heads.size` wants a layer that stands before it, got `trnk` (did you mean `trunk`?); there are `x`, `trunk`, `relu1`, `dense2`"
    );
    assert_eq!(
        said(r#"{ weight = "trunk" }"#),
        "models.heads.weight: `models.heads.weight` wants a target, of which there are `kind` and `size`, got `weight`"
    );
    assert_eq!(
        said(r#"{ siz = "trunk" }"#),
        "models.heads.siz: `models.heads.siz` wants a target, such as `size`, got `siz`"
    );
    assert_eq!(
        said(r#"{ kind = "trunk", size = "trunk" }"#),
        "models.layers[2]: `models.layers[2]` wants to be read by a later layer or a head, got no reader; name `dense2` in the `from` of one, or in `models.heads`"
    );
}

#[test]
fn the_layer_of_a_head_yields_a_row() {
    let text = r#"models.heads = { size = "conv2d1" }
        models.layers = [{ conv2d = { filters = 2, kernel = 3 } }, "flatten"]"#;
    let plan = parse(text).unwrap().check_for(&["x"], &["kind", "size"]).unwrap();
    let error = plan.graph_of(&[&[1, 5, 5]], &["kind", "size"], 3).unwrap_err();
    assert_eq!(error.path().as_deref(), Some("models.layers[0]"));
    let text = "the head wants [batch, n] from `conv2d1`, got [batch, 2, 3, 3]; put `flatten` or `global_avg_pool` behind it";
    assert!(error.to_string().starts_with(text), "{error}");
}

#[test]
fn ids_come_from_data() {
    let layers = r#"[{ embedding = { vocabulary = 5, units = 2 } }, "flatten"]"#;
    check(
        layers,
        &[7],
        "x() [batch, 7]; embedding1(x) [batch, 7, 2]; flatten1(embedding1) [batch, 14]; head(flatten1) [batch, 3]",
    );
    let plan = parse(&format!("models.layers = {layers}")).unwrap().check().unwrap();
    let error = plan.graph(&[input(&[7], DType::F32)], &[labels("y", 3)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer 0 `embedding1`: embedding wants i64 numbers, got f32 from `x`\n  x [batch, 7]"
    );
    let names = |count: usize| {
        let labels = (0..count).map(|i| i.to_string()).collect(); // place 0 is for others
        let steps = vec![Transform::Category { labels }];
        let columns = vec![Pipeline { field: "name".to_owned(), steps }];
        plan.graph(&[InputSpec { columns, ..input(&[1], DType::I64) }], &[self::labels("y", 3)])
    };
    names(4).unwrap();
    assert_eq!(
        names(5).unwrap_err().to_string(),
        "`models.layers[0]` must have a `vocabulary` of at least 6, as many ids as `x` has, got 5"
    );
}

#[test]
fn a_table_is_an_embedding_of_the_text() {
    let layers = r#"models.layers = [{ embedding = { vocabulary = 9, units = 4 } }, { unembedding = { table = "embedding1", vocabulary = 9 } }]"#;
    let graph = |text: &str, pieces| {
        let plan = parse(text).unwrap().check().unwrap();
        plan.graph_for(&[7], baeum_models::Head::Places(pieces)).map(|graph| walk(&graph))
    };
    assert_eq!(
        graph(layers, 9).unwrap(),
        "x() [batch, 7]; embedding1(x) [batch, 7, 4]; unembedding1(embedding1) [batch, 7, 9]"
    );
    let refused = |text: &str, pieces| graph(text, pieces).unwrap_err().to_string();
    assert_eq!(
        refused(layers, 8),
        "`models.layers[1]` must score the 8 pieces of the text, got `vocabulary` = 9"
    );
    assert_eq!(
        refused(&layers.replace("\"embedding1\"", "\"table\""), 9),
        "layer 1 `unembedding1`: unembedding wants `table` to be an embedding of [9, 4] in front of it, got none\n  x [batch, 7] -> \
         embedding1 [batch, 7, 4]"
    );
    let once = layers.replace("}, { unemb", "}, \"mean_over_time\", { unemb");
    let plan = parse(&once).unwrap().check().unwrap();
    assert_eq!(
        walk(&plan.graph_for(&[7], 3).unwrap()),
        "x() [batch, 7]; embedding1(x) [batch, 7, 4]; mean_over_time1(embedding1) [batch, 4]; \
         unembedding1(mean_over_time1) [batch, 9]; head(unembedding1) [batch, 3]"
    );
}

#[track_caller]
fn refuse(text: &str, expect: &str) {
    assert_eq!(parse(text).unwrap_err(), expect);
}

#[test]
fn a_slip_in_the_text_keeps_its_place() {
    let kinds = "expected one of `input`, `dense`, `grouped_dense`, `conv2d`, `conv_transpose2d`, `conv1d`, `max_pool2d`, `avg_pool2d`, `adaptive_avg_pool2d`, `adaptive_max_pool2d`, `max_pool1d`, `avg_pool1d`, `pad1d`, `upsample`, `global_avg_pool`, `batch_norm`, `layer_norm`, `rms_norm`, `group_norm`, `instance_norm`, `instance_restore`, `scale`, `relu`, `gelu`, `tanh`, `sigmoid`, `silu`, `leaky_relu`, `elu`, `softplus`, `mish`, `hard_tanh`, `dropout`, `flatten`, `embedding`, `ngram_embedding`, `unembedding`, `position_embedding`, `sinusoidal_positions`, `multi_head_attention`, `lstm`, `gru`, `mean_over_time`, `max_over_time`, `ensemble`, `member_mean`, `lengths`, `transpose`, `patches`, `add`, `subtract`, `multiply`, `concat`";
    refuse(r#"models.layers = ["relu", "rleu"]"#, &format!("unknown variant `rleu`, {kinds} at \"rleu\""));
    refuse(
        "models.layers = [{ desne = { units = 3 } }]",
        &format!("unknown variant `desne`, {kinds} at {{ desne = {{ units = 3 }} }}"),
    );
    refuse(
        "models.layers = [{ dense = { unit = 3 } }]",
        "unknown field `unit`, expected `units` or `bias` at unit",
    );
    refuse(
        "models.layers = [{ dense = { units = \"a\" } }]",
        "invalid type: string \"a\", expected usize at \"a\"",
    );
    refuse("models.layers = [\"dense\"]", "missing field `units` at \"dense\"");
    refuse("models.layers = [{ name = \"a\" }]", "missing field `layer` at { name = \"a\" }");
    refuse(
        "models.layers = [{ layer = \"relu\", form = [\"x\"] }]",
        "unknown field `form`, expected one of `name`, `layer`, `from` at { layer = \"relu\", form = [\"x\"] }",
    );
    refuse(
        "models.layers = [{ layer = \"relu\", nmae = \"x\" }]",
        "unknown field `nmae`, expected one of `name`, `layer`, `from` at nmae",
    );
    refuse(
        "models.layers = [{ layer = \"add\", from = [] }]",
        "invalid length 0, expected one or more names in `from` at { layer = \"add\", from = [] }",
    );
    refuse("models.layers = [{}]", "a layer wants a name, got an empty table at {}");
    refuse(
        "models.layers = [3]",
        "invalid type: integer `3`, expected the name of a layer, or a table with one layer in it at 3",
    );
    refuse(
        "models.layers = [{ dense = { units = 3 }, relu = {} }]",
        "`dense` wants to stand alone, got `relu` beside it at { dense = { units = 3 }, relu = {} }",
    );
    refuse(
        "models.mlp = { hiden = [3] }",
        "unknown field `hiden`, expected one of `hidden`, `activation`, `dropout`, `batch_norm` at hiden",
    );
}

#[test]
fn one_way_to_say_it_is_taken() {
    const KNOWN: &str = "`models` wants exactly one of `layers`, `mlp`, `tabular_mlp`, `ft_transformer`, `tabm`, `cnn`, `lenet`, `resnet`, `convnext_small`, `vit`, `text_cnn`, `lstm`, \
                         `gru`, `transformer_encoder`, `gpt`, `patchtst`, `nlinear`, `dlinear` and `conv_series`";
    let said = |text: &str| parse(text).unwrap().check().unwrap_err().to_string();
    assert_eq!(said("models = {}"), format!("{KNOWN}, got none"));
    assert_eq!(said("models = { layers = [], cnn = {} }"), format!("{KNOWN}, got `layers` and `cnn`"));
}

#[test]
fn what_is_written_reads_back() {
    let text = r#"models.layers = ["relu", { dropout = { p = 0.25 } }, { conv2d = { filters = 2, kernel = [3, 5] } },
        { name = "a", layer = { max_pool2d = { kernel = 2 } } }, { layer = "flatten", from = ["a"] }]"#;
    let config = parse(text).unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<ModelConfig>(&json).unwrap(), config);
    assert!(json.starts_with(r#"{"layers":["relu",{"dropout":{"p":0.25}},{"conv2d":"#), "{json}");
    assert!(json.ends_with(r#",{"layer":{"flatten":{"axis":1}},"from":["a"]}]}"#), "{json}");
}

#[test]
fn the_schema_knows_every_bare_name() {
    let schema = serde_json::to_value(schemars::schema_for!(LayerSpec)).unwrap();
    let listed: Vec<String> = serde_json::from_value(schema["anyOf"][0]["enum"].clone()).unwrap();
    let layer = serde_json::to_string(&schemars::schema_for!(Layer)).unwrap();
    let parses = |name: &str| serde_json::from_str::<LayerSpec>(&format!("\"{name}\"")).is_ok();
    let all = [
        "input",
        "dense",
        "grouped_dense",
        "conv2d",
        "conv_transpose2d",
        "conv1d",
        "max_pool2d",
        "avg_pool2d",
        "adaptive_avg_pool2d",
        "adaptive_max_pool2d",
        "max_pool1d",
        "avg_pool1d",
        "pad1d",
        "upsample",
        "global_avg_pool",
        "batch_norm",
        "layer_norm",
        "rms_norm",
        "group_norm",
        "instance_norm",
        "instance_restore",
        "scale",
        "relu",
    ]
    .into_iter()
    .chain([
        "gelu",
        "tanh",
        "sigmoid",
        "silu",
        "leaky_relu",
        "elu",
        "softplus",
        "mish",
        "hard_tanh",
        "dropout",
        "flatten",
        "embedding",
        "unembedding",
        "position_embedding",
        "sinusoidal_positions",
    ])
    .chain([
        "multi_head_attention",
        "lstm",
        "gru",
        "mean_over_time",
        "max_over_time",
        "ensemble",
        "member_mean",
        "lengths",
        "transpose",
        "patches",
        "add",
        "subtract",
        "multiply",
        "concat",
    ]);
    let bare: Vec<&str> = all
        .inspect(|name| assert!(layer.contains(&format!("\"{name}\""))))
        .filter(|name| parses(name))
        .collect();
    assert_eq!(listed, bare);
}

#[test]
fn the_mlp_is_written_out() {
    let plan = |text: &str| parse(text).unwrap().check().unwrap();
    let names = |graph: Graph| {
        graph
            .nodes()
            .iter()
            .map(|node| format!("{} {}", node.name, node.shape))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(
        names(plan("models.mlp = {}").graph_for(&[4], 3).unwrap()),
        "x [batch, 4], dense1 [batch, 64], relu1 [batch, 64], dense2 [batch, 64], relu2 [batch, 64], head [batch, 3]"
    );
    let full = r#"models.mlp = { hidden = [5], activation = "gelu", dropout = 0.5, batch_norm = true }"#;
    assert_eq!(
        names(plan(full).graph_for(&[1, 2, 2], 1).unwrap()),
        "x [batch, 1, 2, 2], flatten1 [batch, 4], dense1 [batch, 5], batch_norm1 [batch, 5], gelu1 [batch, 5], dropout1 [batch, 5], head [batch, 1]"
    );
    assert_eq!(
        names(plan("models.mlp = { hidden = [] }").graph_for(&[4], 3).unwrap()),
        "x [batch, 4], head [batch, 3]"
    );
}

#[test]
fn a_cnn_stops_pooling_when_the_image_is_small() {
    let graph = parse("models.cnn = { filters = [2, 3, 4], dense = [], batch_norm = false }")
        .unwrap()
        .check()
        .unwrap();
    let graph = graph.graph_for(&[1, 5, 7], 3).unwrap();
    let shapes: Vec<String> =
        graph.nodes().iter().map(|node| format!("{} {}", node.name, node.shape)).collect();
    assert_eq!(
        shapes.join(", "),
        "x [batch, 1, 5, 7], conv2d1 [batch, 2, 5, 7], relu1 [batch, 2, 5, 7], max_pool2d1 [batch, 2, 2, 3], \
         conv2d2 [batch, 3, 2, 3], relu2 [batch, 3, 2, 3], max_pool2d2 [batch, 3, 1, 1], \
         conv2d3 [batch, 4, 1, 1], relu3 [batch, 4, 1, 1], global_avg_pool1 [batch, 4], head [batch, 3]"
    );
}

#[test]
fn presets_refuse_what_cannot_be() {
    let said = |text: &str| {
        let error = parse(text).unwrap().check().unwrap_err();
        assert_eq!(
            error.path().map(|path| format!("`{path}`")),
            error.to_string().split(' ').next().map(str::to_owned)
        );
        error.to_string()
    };
    assert_eq!(
        said("models.mlp = { hidden = [8, 0] }"),
        "`models.mlp.hidden[1]` must be from 1 to 2147483648, got 0"
    );
    assert_eq!(said("models.mlp = { dropout = -0.5 }"), "`models.mlp.dropout` must be from 0 to 1, got -0.5");
    assert_eq!(
        said("models.cnn = { filters = [] }"),
        "`models.cnn.filters` wants one or more sizes, got none"
    );
    assert_eq!(
        said("models.cnn = { kernel = 4 }"),
        "`models.cnn.kernel` must be an odd number up to 65535, got 4"
    );
    let plan = parse("models.cnn = {}").unwrap().check().unwrap();
    let error = plan.graph_for(&[4], 3).unwrap_err();
    assert_eq!(error.path().as_deref(), Some("models.cnn"));
    assert_eq!(
        error.to_string(),
        "layer 0 `conv2d1`: conv2d wants an image [batch, channels, height, width], got [batch, 4]\n  x [batch, 4]"
    );
}

fn input(item: &[usize], dtype: DType) -> InputSpec {
    InputSpec { name: "x".to_owned(), dtype, shape: item.to_vec(), columns: vec![] }
}

fn labels(field: &str, count: usize) -> Target {
    let labels = (0..count).map(|i| i.to_string()).collect();
    Target { field: field.to_owned(), decode: Decode::Label { labels } }
}

#[test]
fn every_target_has_a_head() {
    let plan = parse("models.mlp = { hidden = [4] }").unwrap().check().unwrap();
    let number =
        Target { field: "b".to_owned(), decode: Decode::Number { scale: 1.0, offset: 0.0, unit: None } };
    let outputs = |targets: &[Target]| {
        let graph = plan.graph(&[input(&[2], DType::F32)], targets).unwrap();
        let outputs = graph.outputs().iter().map(|id| format!("{} {}", graph[*id].name, graph[*id].shape));
        outputs.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(outputs(&[labels("a", 3)]), "head [batch, 3]");
    assert_eq!(outputs(&[labels("a", 3), number]), "head_a [batch, 3], head_b [batch, 1]");
    let said =
        |inputs: &[InputSpec], targets: &[Target]| plan.graph(inputs, targets).unwrap_err().to_string();
    assert_eq!(outputs(&[labels("a b", 3), labels("head", 2)]), "head_1 [batch, 3], head_head [batch, 2]");
    assert_eq!(said(&[], &[labels("a", 3)]), "`models` wants data with the inputs `x`, got none");
    assert_eq!(said(&[input(&[2], DType::F32)], &[]), "`models` wants data with a target, got none");
}

#[test]
fn a_start_is_a_function_of_seed_and_name() {
    let plan = |text: &str| parse(&format!("models.layers = {text}")).unwrap().check().unwrap();
    let short = plan("[{ dense = { units = 40 } }, \"batch_norm\"]");
    let model = build(&short, 7, &[input(&[25], DType::F32)], &[labels("a", 3)]).unwrap();
    assert_eq!(model.weights, initial(&model.graph, 7));
    assert_ne!(model.weights, initial(&model.graph, 8));
    let longer = plan("[\"relu\", { dense = { units = 40 } }, \"batch_norm\"]").graph_for(&[25], 3).unwrap();
    assert_eq!(initial(&longer, 7), model.weights, "another layer changes no other start");
    // PyTorch's bound: 1 / sqrt(fan_in).
    let weight = model.weights["dense1.weight"].f32s().unwrap();
    let largest = weight.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    assert!(largest <= 0.2 && largest > 0.199, "{largest}");
    let mean = weight.iter().sum::<f32>() / 1000.0;
    // Five standard errors of a uniform distribution: 0.2 / sqrt(3) / sqrt(1000).
    assert!(mean.abs() < 5.0 * 0.2 / 3000f32.sqrt(), "{mean}");
    assert_eq!(model.weights["batch_norm1.weight"].f32s().unwrap(), [1.0; 40]);
    assert_eq!(model.weights["batch_norm1.bias"].f32s().unwrap(), [0.0; 40]);
    assert_eq!(model.weights["batch_norm1.running_var"].f32s().unwrap(), [1.0; 40]);
}

/// One of them reads another layer than the other.
#[test]
fn the_summary_says_what_heads_read() {
    let text = "models.heads = { size = \"trunk\" }\nmodels.layers = [{ name = \"trunk\", layer = { dense = { units = 4 } } }, \"relu\"]";
    let plan = parse(text).unwrap().check_for(&["x"], &["kind", "size"]).unwrap();
    let graph = plan.graph_of(&[&[3]], &["kind", "size"], 2).unwrap();
    let expect = "\
parameters: 36 (144 bytes as f32)
FLOPs of one example, forward: 60
head_kind reads relu1 [batch, 4]: 10 parameters
head_size reads trunk [batch, 4]: 10 parameters
";
    let said = summary(&graph);
    assert!(said.ends_with(expect), "{said}");
}

#[test]
fn the_summary_is_a_table() {
    let graph = parse("models.cnn = { filters = [16], dense = [64] }")
        .unwrap()
        .check()
        .unwrap()
        .graph_for(&[1, 8, 8], 10);
    let expect = "\
name         layer       output             parameters   FLOPs
x            input       [batch, 1, 8, 8]            0       0
conv2d1      conv2d      [batch, 16, 8, 8]         144  18,432
batch_norm1  batch_norm  [batch, 16, 8, 8]          32   2,048
relu1        relu        [batch, 16, 8, 8]           0   1,024
max_pool2d1  max_pool2d  [batch, 16, 4, 4]           0   1,024
flatten1     flatten     [batch, 256]                0       0
dense1       dense       [batch, 64]            16,448  32,768
relu2        relu        [batch, 64]                 0      64
head         dense       [batch, 10]               650   1,280
parameters: 17,274 (69,096 bytes as f32)
running statistics: 32
FLOPs of one example, forward: 56,640
";
    assert_eq!(summary(&graph.unwrap()), expect);
}
