use baeum_core::{
    Adam, Anchor, Anchored, Batch, DType, Decode, End, Graph, InputSpec, Layer, Loss, Method, ParamKind,
    Part, Pipeline, Shape, Target, Tensor, Transform, Update,
};
use serde_json::json;

use super::Facts;
use crate::config::Way;
use crate::{ModelConfig, ModelError, RunnerConfig, build, network};

/// What a network is for.
#[derive(Clone, Copy)]
enum Job {
    /// Images, or windows that are told apart, into so many classes.
    Classes(usize),
    /// Windows of a series, so many steps on, each column of it.
    Steps(usize),
    /// Texts of so many pieces, into so many classes.
    Text { vocabulary: usize, classes: usize },
    /// What comes next in a text of so many pieces.
    Next { vocabulary: usize },
}

impl Job {
    fn input(self, item: &[usize]) -> InputSpec {
        let of = |dtype, columns| InputSpec { name: "x".to_owned(), dtype, shape: item.to_vec(), columns };
        match self {
            Job::Classes(_) | Job::Steps(_) => of(DType::F32, vec![]),
            Job::Text { vocabulary, .. } | Job::Next { vocabulary } => {
                let (tokenizer, length) = (String::new(), item[0]);
                let [keep, fill] = [End::Start, End::End];
                let step = Transform::Tokenise { tokenizer, vocabulary, padding: 0, length, keep, fill };
                of(DType::I64, vec![Pipeline { field: "text".to_owned(), steps: vec![step] }])
            }
        }
    }

    fn target(self, item: &[usize]) -> Target {
        let decode = match self {
            Job::Classes(classes) | Job::Text { classes, .. } => {
                Decode::Label { labels: (0..classes).map(|i| i.to_string()).collect() }
            }
            Job::Steps(steps) => {
                let columns: Vec<String> = (0..item[0]).map(|i| i.to_string()).collect();
                let [scale, offset] = [1.0, 0.0].map(|number| vec![number; columns.len()]);
                let anchor = Some(Anchored {
                    field: "x".to_owned(),
                    channels: (0..item[0]).collect(),
                    steps: item[1],
                    by: Anchor::Last,
                });
                Decode::Forecast { columns, steps, scale, offset, anchor, unit: None }
            }
            Job::Next { vocabulary } => Decode::Next { length: item[0], vocabulary, padding: 0, end: None },
        };
        Target { field: "y".to_owned(), decode }
    }

    fn loss(self) -> Loss {
        match self {
            Job::Classes(_) | Job::Text { .. } | Job::Next { .. } => Loss::CROSS_ENTROPY,
            Job::Steps(_) => Loss::Mse,
        }
    }
}

fn config(models: &serde_json::Value) -> ModelConfig {
    serde_json::from_value(models.clone()).unwrap()
}

fn graph(models: &serde_json::Value, item: &[usize], job: Job) -> Result<Graph, ModelError> {
    config(models).check()?.graph(&[job.input(item)], &[job.target(item)])
}

/// Every preset with small numbers, and something to read.
fn every_preset() -> Vec<(serde_json::Value, Vec<usize>, Job)> {
    let text = Job::Text { vocabulary: 11, classes: 3 };
    let transformer = json!({ "blocks": 2, "heads": 2, "units": 6 });
    let modern = json!({ "gpt": { "blocks": 2, "heads": 3, "units": 6, "style": "modern" } });
    let convnext =
        json!({ "convnext_small": { "blocks": [1, 2], "filters": [4, 6], "patch": 2, "kernel": 3 } });
    let tied = json!({ "gpt": { "blocks": 2, "heads": 2, "units": 6, "tied": true } });
    let bert = json!({ "transformer_encoder": { "blocks": 2, "heads": 2, "units": 6, "style": "bert" } });
    let recurrent =
        json!({ "units": [4, 3], "embedding": 5, "bidirectional": true, "pool": "mean", "dropout": 0.1 });
    vec![
        (json!({ "mlp": { "batch_norm": true, "dropout": 0.5 } }), vec![4], Job::Classes(3)),
        (json!({ "tabular_mlp": { "embedding": 3, "hidden": [8] } }), vec![4], Job::Classes(3)),
        (json!({ "ft_transformer": { "blocks": 2, "heads": 2, "units": 6 } }), vec![4], Job::Classes(3)),
        (json!({ "tabm": { "members": 3, "embedding": 3, "hidden": [8] } }), vec![4], Job::Classes(3)),
        (json!({ "cnn": {} }), vec![3, 9, 8], Job::Classes(3)),
        (json!({ "lenet": { "dropout": 0.5 } }), vec![1, 28, 28], Job::Classes(3)),
        (json!({ "resnet": { "blocks": 2, "dropout": 0.5 } }), vec![3, 9, 8], Job::Classes(3)),
        (convnext, vec![3, 9, 8], Job::Classes(3)),
        (json!({ "vit": { "patch": 2, "blocks": 1, "units": 8 } }), vec![3, 6, 4], Job::Classes(3)),
        (json!({ "text_cnn": { "embedding": 5, "widths": [2, 3], "filters": 4 } }), vec![7], text),
        (json!({ "lstm": recurrent }), vec![7], text),
        (json!({ "gru": {} }), vec![7, 4], Job::Classes(3)),
        (json!({ "transformer_encoder": transformer }), vec![7], text),
        (json!({ "gpt": transformer }), vec![7], Job::Next { vocabulary: 11 }),
        (modern, vec![7], Job::Next { vocabulary: 11 }),
        (tied, vec![7], Job::Next { vocabulary: 11 }),
        (bert, vec![7], text),
        (json!({ "patchtst": { "patch": 4, "stride": 2 } }), vec![2, 12], Job::Steps(5)),
        (json!({ "nlinear": {} }), vec![2, 12], Job::Steps(5)),
        (json!({ "dlinear": { "kernel": 5 } }), vec![2, 12], Job::Steps(5)),
        (json!({ "conv_series": { "filters": [4, 4] } }), vec![2, 12], Job::Classes(3)),
    ]
}

#[test]
fn every_preset_is_a_list_of_layers_that_a_person_could_have_written() {
    let presets = every_preset();
    let names: Vec<&str> = presets
        .iter()
        .flat_map(|(models, ..)| models.as_object().unwrap().keys())
        .map(String::as_str)
        .collect();
    let schema = serde_json::to_value(schemars::schema_for!(ModelConfig)).unwrap();
    let known = schema["properties"].as_object().unwrap().keys();
    let known: Vec<&str> = known
        .map(String::as_str)
        .filter(|name| !["freeze", "heads", "init", "layers", "reversible_norm", "start"].contains(name))
        .collect();
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.dedup();
        names.join(" ")
    };
    assert_eq!(sorted(names), sorted(known), "a preset has no case");
    for (models, item, job) in presets {
        let written = written(&models, &item, job);
        assert_eq!(
            graph(&json!({ "layers": written }), &item, job).unwrap(),
            graph(&models, &item, job).unwrap(),
            "{models}"
        );
    }
}

/// `build` also refuses a network that tells what comes next and looks at it.
#[test]
fn every_preset_answers() {
    for (models, item, job) in every_preset() {
        let plan = config(&models).check().unwrap();
        let model = build(&plan, 7, &[job.input(&item)], &[job.target(&item)]).unwrap();
        let mut net = network(&model.graph, &model.weights, RunnerConfig::default()).unwrap();
        let batch = batch(&item, job);
        let outputs = net.predict(&batch).unwrap();
        let answers = outputs[0].f32s().unwrap();
        assert_eq!(answers.len(), batch.rows * job.target(&item).decode.width(), "{models}");
        assert!(answers.iter().all(|answer| answer.is_finite()), "{models}");
    }
}

/// Two rows and what they mean, learned by heart.
#[test]
fn every_preset_learns() {
    let update = Update::of(Method::Adam(Adam::USUAL), 0.01);
    for (models, item, job) in every_preset() {
        let model = build(&config(&models).check().unwrap(), 7, &[job.input(&item)], &[job.target(&item)]);
        let model = model.unwrap();
        let mut net = network(&model.graph, &model.weights, RunnerConfig::default()).unwrap();
        let (batch, loss) = (batch(&item, job), job.loss());
        let mut step = || {
            let parts = net.loss_and_grad(&batch, &loss, Part::WHOLE).unwrap();
            net.update(&update).unwrap();
            parts.sum / parts.weight
        };
        let before = step();
        let after = (0..60).map(|_| step()).fold(f64::INFINITY, f64::min);
        assert!(after < before / 2.0, "{models}: from {before} to {after}");
    }
}

/// Two rows that differ.
fn batch(item: &[usize], job: Job) -> Batch {
    let (rows, numbers) = (2, 2 * item.iter().product::<usize>());
    let sizes = [&[rows], item].concat();
    let x = match job.input(item).dtype {
        DType::I64 => Tensor::new(sizes, (0..numbers as i64).map(|i| i % 11).collect::<Vec<i64>>()),
        DType::F32 | DType::F64 | DType::U8 => {
            Tensor::new(sizes, (0..numbers).map(|i| (i * i % 13) as f32 / 6.0 - 1.0).collect::<Vec<f32>>())
        }
    };
    let target = match job {
        Job::Classes(_) | Job::Text { .. } => Tensor::vector(vec![0i64, 1]),
        Job::Next { .. } => Tensor::vector((1..=numbers as i64).map(|i| i % 11).collect::<Vec<i64>>()),
        Job::Steps(steps) => Tensor::new(
            [rows, item[0] * steps],
            (0..rows * item[0] * steps).map(|i| i as f32 / 10.0).collect::<Vec<f32>>(),
        )
        .unwrap(),
    };
    Batch { rows, inputs: [("x".to_owned(), x.unwrap())].into(), targets: vec![target] }
}

/// The list of layers as it would stand in a recipe.
fn written(models: &serde_json::Value, item: &[usize], job: Job) -> serde_json::Value {
    let config = config(models);
    let head = (&job.target(item).decode).into();
    let ids = if let Job::Text { vocabulary, .. } | Job::Next { vocabulary } = job { vocabulary } else { 1 };
    let Way::Preset(preset) = config.way().unwrap().1 else { panic!("{models} is no preset") };
    serde_json::to_value(preset.layers(&Facts { item, ids, fields: &[], head, target: None }).unwrap())
        .unwrap()
}

/// The parameters of a network, those of the head apart.
fn parameters(graph: &Graph) -> (usize, usize) {
    let learned = graph.params().into_iter().filter(|(_, param)| param.kind == ParamKind::Learned);
    let counted = learned.map(|(name, param)| (name, param.sizes.iter().product::<usize>()));
    let (head, body): (Vec<_>, Vec<_>) = counted.partition(|(name, _)| name.starts_with("head."));
    let sum = |params: Vec<(String, usize)>| params.iter().map(|(_, count)| count).sum();
    (sum(body), sum(head))
}

#[test]
fn networks_have_the_published_numbers_of_parameters() {
    let count = |models: serde_json::Value, item: &[usize], job: Job| {
        let (body, head) = parameters(&graph(&models, item, job).unwrap());
        body + head
    };
    // LeCun et al. 1998 with all maps connected, as PyTorch's and Keras' tutorials build it.
    for side in [28, 32] {
        assert_eq!(count(json!({ "lenet": {} }), &[1, side, side], Job::Classes(10)), 61_706);
    }
    // He et al. 2016, table 6: 0.27M, 0.46M, 0.66M, 0.85M, 1.7M. Option A has 269,722 with 20 layers; the two 1x1 convolutions of
    // option B and their norms have 2,752 more.
    for (blocks, published) in [(3, 269_722), (5, 464_154), (7, 658_586), (9, 853_018), (18, 1_727_962)] {
        let resnet = json!({ "resnet": { "blocks": blocks } });
        assert_eq!(count(resnet, &[3, 32, 32], Job::Classes(10)), published + 2_752);
    }
    // Liu et al. 2022: torchvision's `convnext_small` and `convnext_tiny`.
    for (blocks, published) in [(27, 50_223_688), (9, 28_589_128)] {
        let convnext = json!({ "convnext_small": { "blocks": [3, 3, blocks, 3] } });
        assert_eq!(count(convnext, &[3, 224, 224], Job::Classes(1000)), published);
    }
    // Dosovitskiy et al. 2021, ViT-B/16: torchvision's `vit_b_16` has 86,567,656, of which a class token and its place are 2 * 768.
    let base = json!({ "vit": { "patch": 16, "blocks": 12, "heads": 12, "units": 768 } });
    assert_eq!(count(base, &[3, 224, 224], Job::Classes(1000)), 86_567_656 - 2 * 768);
    // Kim 2014 as `yoonkim/CNN_sentence` has it: filters of 3, 4 and 5 words by 300 numbers, 100 each, and a head of 2 over them.
    let reviews = Job::Text { vocabulary: 18_765, classes: 2 };
    let filters = 100 * (3 * 300 + 1) + 100 * (4 * 300 + 1) + 100 * (5 * 300 + 1);
    assert_eq!(count(json!({ "text_cnn": {} }), &[56], reviews), 18_765 * 300 + filters + 300 * 2 + 2);
    // The other counts are those of `tests/interop/bench_models.py`, which are modules of PyTorch.
    let windows = Job::Classes(5);
    assert_eq!(count(json!({ "lstm": {} }), &[96, 32], windows), 83_589);
    assert_eq!(count(json!({ "gru": { "bidirectional": true } }), &[96, 32], windows), 125_701);
    let text = Job::Text { vocabulary: 8000, classes: 4 };
    assert_eq!(count(json!({ "transformer_encoder": {} }), &[128], text), 1_834_244);
    // Zeng et al. 2023 with a window of 336: one layer of NLinear, two of DLinear, whose two biases are one here.
    assert_eq!(count(json!({ "nlinear": {} }), &[7, 336], Job::Steps(96)), 336 * 96 + 96);
    assert_eq!(count(json!({ "dlinear": {} }), &[7, 336], Job::Steps(96)), 2 * (336 * 96 + 96) - 96);
    // Bai et al. 2018, the adding problem of 600 steps: "70K" with 8 blocks of 24 filters that see 8 steps.
    let adding = json!({ "conv_series": { "filters": [24, 24, 24, 24, 24, 24, 24, 24], "kernel": 8 } });
    assert_eq!(count(adding, &[2, 600], Job::Classes(1)), 69_985);
    assert_eq!(count(json!({ "patchtst": {} }), &[7, 336], Job::Steps(96)), 921_184);
}

/// `sum(p.numel() for p in GPT2Model(config).parameters())` of Hugging Face's transformers; the head there has no weights of its own.
#[test]
fn gpt_has_the_shape_of_gpt_2() {
    for (blocks, heads, units, published) in
        [(12, 12, 768, 124_439_808), (24, 16, 1024, 354_823_168), (48, 25, 1600, 1_557_611_200)]
    {
        let models = json!({ "gpt": { "blocks": blocks, "heads": heads, "units": units } });
        let graph = graph(&models, &[1024], Job::Next { vocabulary: 50_257 }).unwrap();
        assert_eq!(parameters(&graph), (published, 50_257 * units + 50_257));
        let tied = json!({ "gpt": { "blocks": blocks, "heads": heads, "units": units, "tied": true } });
        let graph = self::graph(&tied, &[1024], Job::Next { vocabulary: 50_257 }).unwrap();
        assert_eq!(parameters(&graph), (published, 0));
    }
}

/// `sum(p.numel() for p in LlamaModel(config).parameters())` of Hugging Face's transformers, for Llama 2 7B.
#[test]
fn a_modern_gpt_has_the_shape_of_llama() {
    let gpt = json!({ "blocks": 32, "heads": 32, "units": 4096, "hidden": 11_008, "style": "modern" });
    let graph = graph(&json!({ "gpt": gpt }), &[4096], Job::Next { vocabulary: 32_000 }).unwrap();
    assert_eq!(parameters(&graph), (6_607_343_616, 32_000 * 4096 + 32_000));
}

/// `sum(p.numel() for p in LlamaModel(config).parameters())` of Hugging Face's transformers, for Llama 3 8B, whose heads share keys.
#[test]
fn a_modern_gpt_with_shared_keys_has_the_shape_of_llama_3() {
    let gpt = json!({ "blocks": 32, "heads": 32, "kv_heads": 8, "units": 4096, "hidden": 14_336, "style": "modern" });
    let graph = graph(&json!({ "gpt": gpt }), &[4096], Job::Next { vocabulary: 128_256 }).unwrap();
    assert_eq!(parameters(&graph), (7_504_924_672, 128_256 * 4096 + 128_256));
}

#[track_caller]
fn check(models: serde_json::Value, item: &[usize], job: Job, expect: &str) {
    let graph = graph(&models, item, job).unwrap();
    let node = |node: &baeum_core::Node| {
        let reads: Vec<&str> = node.inputs.iter().map(|id| graph[*id].name.as_str()).collect();
        format!("{}({}) {}", node.name, reads.join(", "), node.shape)
    };
    assert_eq!(graph.nodes().iter().map(node).collect::<Vec<_>>().join("\n"), expect);
}

#[test]
fn a_residual_network_goes_around_its_blocks() {
    check(
        json!({ "resnet": { "blocks": 1, "filters": [4, 8] } }),
        &[3, 7, 8],
        Job::Classes(2),
        "x() [batch, 3, 7, 8]
conv(x) [batch, 4, 7, 8]
norm(conv) [batch, 4, 7, 8]
relu(norm) [batch, 4, 7, 8]
stage1_block1_conv1(relu) [batch, 4, 7, 8]
stage1_block1_norm1(stage1_block1_conv1) [batch, 4, 7, 8]
stage1_block1_relu1(stage1_block1_norm1) [batch, 4, 7, 8]
stage1_block1_conv2(stage1_block1_relu1) [batch, 4, 7, 8]
stage1_block1_norm2(stage1_block1_conv2) [batch, 4, 7, 8]
stage1_block1_add(stage1_block1_norm2, relu) [batch, 4, 7, 8]
stage1_block1_relu2(stage1_block1_add) [batch, 4, 7, 8]
stage2_block1_conv1(stage1_block1_relu2) [batch, 8, 4, 4]
stage2_block1_norm1(stage2_block1_conv1) [batch, 8, 4, 4]
stage2_block1_relu1(stage2_block1_norm1) [batch, 8, 4, 4]
stage2_block1_conv2(stage2_block1_relu1) [batch, 8, 4, 4]
stage2_block1_norm2(stage2_block1_conv2) [batch, 8, 4, 4]
stage2_block1_shortcut(stage1_block1_relu2) [batch, 8, 4, 4]
stage2_block1_shortcut_norm(stage2_block1_shortcut) [batch, 8, 4, 4]
stage2_block1_add(stage2_block1_norm2, stage2_block1_shortcut_norm) [batch, 8, 4, 4]
stage2_block1_relu2(stage2_block1_add) [batch, 8, 4, 4]
global_avg_pool1(stage2_block1_relu2) [batch, 8]
head(global_avg_pool1) [batch, 2]",
    );
}

/// A name of four, a number in three bins, and one whose absence is told beside it.
fn table(layers: serde_json::Value) -> Result<Graph, ModelError> {
    let labels = ["a", "b", "c"].map(str::to_owned).to_vec();
    let ways = [
        ("name", vec![Transform::Category { labels }, Transform::OneHot { size: 4 }]),
        ("binned", vec![Transform::PiecewiseLinear { edges: vec![0.0, 1.0, 2.0, 3.0] }]),
        ("number", vec![Transform::Impute { value: vec![0.0] }]),
        ("number", vec![Transform::IsMissing {}]),
    ];
    let columns = ways.map(|(field, steps)| Pipeline { field: field.to_owned(), steps }).to_vec();
    let (name, dtype, shape) = ("x".to_owned(), DType::F32, vec![9]);
    let job = Job::Classes(2);
    config(&layers).check()?.graph(&[InputSpec { name, dtype, shape, columns }], &[job.target(&[9])])
}

#[test]
fn what_is_no_table_of_numbers_is_refused() {
    refuse(
        json!({ "tabular_mlp": {} }),
        &[3, 4, 4],
        Job::Classes(2),
        "models.tabular_mlp",
        "`models.tabular_mlp` wants a table, each of whose fields is one number or one name, got items of [3, 4, 4]",
    );
    refuse(
        json!({ "tabm": {} }),
        &[4],
        Job::Text { vocabulary: 11, classes: 2 },
        "models.tabm",
        "`models.tabm` wants `one_hot` behind steps that give places, got places",
    );
}

#[test]
fn each_field_of_a_table_is_a_vector() {
    let graph = table(json!({ "tabular_mlp": { "embedding": 5, "hidden": [6] } })).unwrap();
    let groups = graph.nodes()[1].layer.clone();
    assert_eq!(groups, Layer::GroupedDense { groups: vec![4, 3, 2], units: 5 });
    assert_eq!(parameters(&graph), (9 * 5 + 3 * 5 + 15 * 6 + 6, 6 * 2 + 2));
}

#[test]
fn each_number_of_one_field_is_a_field() {
    let input = InputSpec {
        columns: vec![Pipeline { field: "x".to_owned(), steps: vec![Transform::Log1p {}] }],
        ..Job::Classes(2).input(&[3])
    };
    let plan = config(&json!({ "tabm": { "embedding": 5 } })).check().unwrap();
    let graph = plan.graph(&[input], &[Job::Classes(2).target(&[3])]).unwrap();
    assert_eq!(graph.nodes()[1].layer, Layer::GroupedDense { groups: vec![1; 3], units: 5 });
}

#[test]
fn members_of_an_ensemble_have_a_head_each() {
    let mini =
        json!({ "tabm": { "style": "mini", "members": 4, "embedding": 2, "hidden": [5], "dropout": 0 } });
    let node = |node: &baeum_core::Node| format!("{} {}", node.name, node.shape);
    assert_eq!(
        table(mini).unwrap().nodes().iter().map(node).collect::<Vec<_>>().join("\n"),
        "x [batch, 9]
embedding [batch, 3, 2]
flatten1 [batch, 6]
ensemble1 [batch, 4, 6]
scale1 [batch, 4, 6]
dense1 [batch, 4, 5]
relu1 [batch, 4, 5]
head_members [batch, 20]
head [batch, 4, 2]
head_mean [batch, 2]"
    );
}

/// `s (W (r x)) + b` of BatchEnsemble: one weight for all members, and r, s and b of each.
#[test]
fn members_share_weights_and_have_factors_and_biases_of_their_own() {
    let graph =
        table(json!({ "tabm": { "members": 4, "embedding": 2, "hidden": [5, 3], "dropout": 0 } })).unwrap();
    let params = graph.params();
    let shown: Vec<String> = params.iter().map(|(name, param)| format!("{name} {:?}", param.sizes)).collect();
    let wanted = [
        "embedding.weight [9, 2]",
        "embedding.bias [3, 2]",
        "scale1.weight [4, 6]",
        "dense1.weight [5, 6]",
        "scale2.weight [4, 5]",
        "scale2.bias [4, 5]",
        "scale3.weight [4, 5]",
        "dense2.weight [3, 5]",
        "scale4.weight [4, 3]",
        "scale4.bias [4, 3]",
        "head.weight [12, 2]",
        "head.bias [4, 2]",
    ];
    assert_eq!(shown, wanted);
    let weights = crate::initial(&graph, 3);
    let numbers = |name: &str| weights[name].f32s().unwrap();
    let first = numbers("scale1.weight");
    assert!(first.iter().all(|factor| factor.abs() == 1.0), "{first:?}");
    assert!(first.contains(&1.0) && first.contains(&-1.0), "{first:?}");
    for name in ["scale2.weight", "scale3.weight", "scale4.weight"] {
        assert!(numbers(name).iter().all(|factor| *factor == 1.0), "{name}");
    }
    // Within PyTorch's bound for a layer of as many inputs, and alike: members begin as those of the mini style do.
    for (name, units, inputs) in [("scale2.bias", 5, 6.0f32), ("scale4.bias", 3, 5.0)] {
        let biases = numbers(name);
        let bound = 1.0 / inputs.sqrt();
        assert!(biases.chunks(units).all(|member| member == &biases[..units]), "{name}: {biases:?}");
        assert!(
            biases.iter().all(|bias| bias.abs() <= bound) && biases[0] != biases[1],
            "{name}: {biases:?}"
        );
    }
}

#[test]
fn fields_look_at_each_other() {
    check(
        json!({ "ft_transformer": { "blocks": 2, "heads": 2, "units": 6 } }),
        &[3],
        Job::Classes(2),
        "x() [batch, 3]
embedding(x) [batch, 3, 6]
block1_attention(embedding) [batch, 3, 6]
block1_add1(block1_attention, embedding) [batch, 3, 6]
block1_norm2(block1_add1) [batch, 3, 6]
block1_gate(block1_norm2) [batch, 3, 8]
block1_relu(block1_gate) [batch, 3, 8]
block1_up(block1_norm2) [batch, 3, 8]
block1_gated(block1_relu, block1_up) [batch, 3, 8]
block1_dropout(block1_gated) [batch, 3, 8]
block1_down(block1_dropout) [batch, 3, 6]
block1_add2(block1_down, block1_add1) [batch, 3, 6]
block2_norm1(block1_add2) [batch, 3, 6]
block2_attention(block2_norm1) [batch, 3, 6]
block2_add1(block2_attention, block1_add2) [batch, 3, 6]
block2_norm2(block2_add1) [batch, 3, 6]
block2_gate(block2_norm2) [batch, 3, 8]
block2_relu(block2_gate) [batch, 3, 8]
block2_up(block2_norm2) [batch, 3, 8]
block2_gated(block2_relu, block2_up) [batch, 3, 8]
block2_dropout(block2_gated) [batch, 3, 8]
block2_down(block2_dropout) [batch, 3, 6]
block2_add2(block2_down, block2_add1) [batch, 3, 6]
mean(block2_add2) [batch, 6]
norm(mean) [batch, 6]
relu(norm) [batch, 6]
head(relu) [batch, 2]",
    );
}

#[test]
fn a_convnext_goes_around_blocks_of_pixels() {
    check(
        json!({ "convnext_small": { "blocks": [1, 1], "filters": [4, 6], "patch": 2, "kernel": 3 } }),
        &[3, 9, 8],
        Job::Classes(2),
        "x() [batch, 3, 9, 8]
stem(x) [batch, 4, 4, 4]
stem_line(stem) [batch, 4, 16]
stem_pixels(stem_line) [batch, 16, 4]
stem_norm(stem_pixels) [batch, 16, 4]
stem_channels(stem_norm) [batch, 4, 16]
stem_image(stem_channels) [batch, 4, 4, 4]
stage1_block1_conv(stem_image) [batch, 4, 4, 4]
stage1_block1_line(stage1_block1_conv) [batch, 4, 16]
stage1_block1_pixels(stage1_block1_line) [batch, 16, 4]
stage1_block1_norm(stage1_block1_pixels) [batch, 16, 4]
stage1_block1_dense1(stage1_block1_norm) [batch, 16, 16]
stage1_block1_gelu(stage1_block1_dense1) [batch, 16, 16]
stage1_block1_dense2(stage1_block1_gelu) [batch, 16, 4]
stage1_block1_scale(stage1_block1_dense2) [batch, 16, 4]
stage1_block1_channels(stage1_block1_scale) [batch, 4, 16]
stage1_block1_image(stage1_block1_channels) [batch, 4, 4, 4]
stage1_block1_add(stage1_block1_image, stem_image) [batch, 4, 4, 4]
stage2_line(stage1_block1_add) [batch, 4, 16]
stage2_pixels(stage2_line) [batch, 16, 4]
stage2_norm(stage2_pixels) [batch, 16, 4]
stage2_channels(stage2_norm) [batch, 4, 16]
stage2_image(stage2_channels) [batch, 4, 4, 4]
stage2_half(stage2_image) [batch, 6, 2, 2]
stage2_block1_conv(stage2_half) [batch, 6, 2, 2]
stage2_block1_line(stage2_block1_conv) [batch, 6, 4]
stage2_block1_pixels(stage2_block1_line) [batch, 4, 6]
stage2_block1_norm(stage2_block1_pixels) [batch, 4, 6]
stage2_block1_dense1(stage2_block1_norm) [batch, 4, 24]
stage2_block1_gelu(stage2_block1_dense1) [batch, 4, 24]
stage2_block1_dense2(stage2_block1_gelu) [batch, 4, 6]
stage2_block1_scale(stage2_block1_dense2) [batch, 4, 6]
stage2_block1_channels(stage2_block1_scale) [batch, 6, 4]
stage2_block1_image(stage2_block1_channels) [batch, 6, 2, 2]
stage2_block1_add(stage2_block1_image, stage2_half) [batch, 6, 2, 2]
mean(stage2_block1_add) [batch, 6]
norm(mean) [batch, 6]
head(norm) [batch, 2]",
    );
}

#[test]
fn an_image_is_read_in_patches() {
    check(
        json!({ "vit": { "patch": 2, "blocks": 1, "heads": 2, "units": 6, "hidden": 5, "dropout": 0 } }),
        &[3, 4, 8],
        Job::Classes(2),
        "x() [batch, 3, 4, 8]
patches(x) [batch, 6, 2, 4]
line(patches) [batch, 6, 8]
embedding(line) [batch, 8, 6]
position(embedding) [batch, 8, 6]
block1_norm1(position) [batch, 8, 6]
block1_attention(block1_norm1) [batch, 8, 6]
block1_add1(block1_attention, position) [batch, 8, 6]
block1_norm2(block1_add1) [batch, 8, 6]
block1_dense1(block1_norm2) [batch, 8, 5]
block1_gelu(block1_dense1) [batch, 8, 5]
block1_dense2(block1_gelu) [batch, 8, 6]
block1_add2(block1_dense2, block1_add1) [batch, 8, 6]
norm(block1_add2) [batch, 8, 6]
mean(norm) [batch, 6]
head(mean) [batch, 2]",
    );
}

#[test]
fn a_gpt_goes_around_its_blocks() {
    check(
        json!({ "gpt": { "blocks": 1, "heads": 2, "units": 6, "hidden": 5 } }),
        &[4],
        Job::Next { vocabulary: 9 },
        "x() [batch, 4]
embedding(x) [batch, 4, 6]
position(embedding) [batch, 4, 6]
position_dropout(position) [batch, 4, 6]
block1_norm1(position_dropout) [batch, 4, 6]
block1_attention(block1_norm1) [batch, 4, 6]
block1_attention_dropout(block1_attention) [batch, 4, 6]
block1_add1(block1_attention_dropout, position_dropout) [batch, 4, 6]
block1_norm2(block1_add1) [batch, 4, 6]
block1_dense1(block1_norm2) [batch, 4, 5]
block1_gelu(block1_dense1) [batch, 4, 5]
block1_dense2(block1_gelu) [batch, 4, 6]
block1_dense2_dropout(block1_dense2) [batch, 4, 6]
block1_add2(block1_dense2_dropout, block1_add1) [batch, 4, 6]
norm(block1_add2) [batch, 4, 6]
head(norm) [batch, 4, 9]",
    );
}

#[test]
fn norms_of_a_bert_stand_behind_its_sums() {
    let bert = json!({ "blocks": 1, "heads": 2, "units": 6, "hidden": 5, "style": "bert" });
    check(
        json!({ "transformer_encoder": bert }),
        &[4],
        Job::Text { vocabulary: 9, classes: 3 },
        "x() [batch, 4]
embedding(x) [batch, 4, 6]
position(embedding) [batch, 4, 6]
embedding_norm(position) [batch, 4, 6]
embedding_norm_dropout(embedding_norm) [batch, 4, 6]
x_lengths(x) [batch]
block1_attention(embedding_norm_dropout, x_lengths) [batch, 4, 6]
block1_attention_dropout(block1_attention) [batch, 4, 6]
block1_add1(block1_attention_dropout, embedding_norm_dropout) [batch, 4, 6]
block1_norm1(block1_add1) [batch, 4, 6]
block1_dense1(block1_norm1) [batch, 4, 5]
block1_gelu(block1_dense1) [batch, 4, 5]
block1_dense2(block1_gelu) [batch, 4, 6]
block1_dense2_dropout(block1_dense2) [batch, 4, 6]
block1_add2(block1_dense2_dropout, block1_norm1) [batch, 4, 6]
block1_norm2(block1_add2) [batch, 4, 6]
mean(block1_norm2, x_lengths) [batch, 6]
head(mean) [batch, 3]",
    );
}

#[test]
fn a_modern_gpt_goes_through_a_gate() {
    check(
        json!({ "gpt": { "blocks": 1, "heads": 2, "units": 8, "style": "modern" } }),
        &[4],
        Job::Next { vocabulary: 9 },
        "x() [batch, 4]
embedding(x) [batch, 4, 8]
embedding_dropout(embedding) [batch, 4, 8]
block1_norm1(embedding_dropout) [batch, 4, 8]
block1_attention(block1_norm1) [batch, 4, 8]
block1_attention_dropout(block1_attention) [batch, 4, 8]
block1_add1(block1_attention_dropout, embedding_dropout) [batch, 4, 8]
block1_norm2(block1_add1) [batch, 4, 8]
block1_gate(block1_norm2) [batch, 4, 24]
block1_silu(block1_gate) [batch, 4, 24]
block1_up(block1_norm2) [batch, 4, 24]
block1_gated(block1_silu, block1_up) [batch, 4, 24]
block1_down(block1_gated) [batch, 4, 8]
block1_down_dropout(block1_down) [batch, 4, 8]
block1_add2(block1_down_dropout, block1_add1) [batch, 4, 8]
norm(block1_add2) [batch, 4, 8]
head(norm) [batch, 4, 9]",
    );
}

#[test]
fn a_recurrent_network_answers_once_or_at_each_place() {
    let text = Job::Text { vocabulary: 9, classes: 3 };
    let lstm = json!({ "lstm": { "embedding": 5, "units": [4, 3], "bidirectional": true } });
    check(
        lstm,
        &[7],
        text,
        "x() [batch, 7]
embedding1(x) [batch, 7, 5]
x_lengths(x) [batch]
lstm1(embedding1, x_lengths) [batch, 7, 8]
lstm2(lstm1, x_lengths) [batch, 6]
head(lstm2) [batch, 3]",
    );
    let gru = json!({ "gru": { "units": [4], "pool": "mean", "dropout": 0.5 } });
    check(
        gru.clone(),
        &[7, 2],
        Job::Classes(3),
        "x() [batch, 7, 2]
gru1(x) [batch, 7, 4]
mean_over_time1(gru1) [batch, 4]
dropout1(mean_over_time1) [batch, 4]
head(dropout1) [batch, 3]",
    );
    check(
        gru,
        &[7],
        Job::Next { vocabulary: 9 },
        "x() [batch, 7]
embedding1(x) [batch, 7, 64]
dropout1(embedding1) [batch, 7, 64]
gru1(dropout1) [batch, 7, 4]
dropout2(gru1) [batch, 7, 4]
head(dropout2) [batch, 7, 9]",
    );
}

#[test]
fn convolutions_of_a_text_stand_side_by_side() {
    let text = Job::Text { vocabulary: 9, classes: 3 };
    check(
        json!({ "text_cnn": { "embedding": 5, "widths": [2, 9], "filters": 4 } }),
        &[7],
        text,
        "x() [batch, 7]
embedding(x) [batch, 7, 5]
channels(embedding) [batch, 5, 7]
width2_conv(channels) [batch, 4, 8]
width2_steps(width2_conv) [batch, 8, 4]
x_lengths(x) [batch]
width2_max(width2_steps, x_lengths) [batch, 4]
width9_conv(channels) [batch, 4, 15]
width9_steps(width9_conv) [batch, 15, 4]
width9_max(width9_steps, x_lengths) [batch, 4]
concat(width2_max, width9_max) [batch, 8]
relu(concat) [batch, 8]
dropout1(relu) [batch, 8]
head(dropout1) [batch, 3]",
    );
    let alone = json!({ "text_cnn": { "embedding": 5, "widths": [2], "filters": 4, "dropout": 0 } });
    check(
        alone,
        &[7],
        text,
        "x() [batch, 7]
embedding(x) [batch, 7, 5]
channels(embedding) [batch, 5, 7]
width2_conv(channels) [batch, 4, 8]
width2_steps(width2_conv) [batch, 8, 4]
x_lengths(x) [batch]
width2_max(width2_steps, x_lengths) [batch, 4]
relu(width2_max) [batch, 4]
head(relu) [batch, 3]",
    );
}

#[test]
fn a_series_is_its_trend_and_the_rest() {
    check(
        json!({ "dlinear": { "kernel": 5 } }),
        &[2, 7],
        Job::Steps(3),
        "x() [batch, 2, 7]
edges(x) [batch, 2, 11]
trend(edges) [batch, 2, 7]
rest(x, trend) [batch, 2, 7]
parts(rest, trend) [batch, 2, 14]
head(parts) [batch, 2, 3]
head_row(head) [batch, 6]",
    );
}

#[test]
fn a_series_goes_around_its_convolutions() {
    check(
        json!({ "conv_series": { "filters": [4, 4], "kernel": 2, "pool": "all", "dropout": 0.5 } }),
        &[3, 7],
        Job::Classes(2),
        "x() [batch, 3, 7]
block1_pad1(x) [batch, 3, 8]
block1_conv1(block1_pad1) [batch, 4, 7]
block1_relu1(block1_conv1) [batch, 4, 7]
block1_dropout1(block1_relu1) [batch, 4, 7]
block1_pad2(block1_dropout1) [batch, 4, 8]
block1_conv2(block1_pad2) [batch, 4, 7]
block1_relu2(block1_conv2) [batch, 4, 7]
block1_dropout2(block1_relu2) [batch, 4, 7]
block1_shortcut(x) [batch, 4, 7]
block1_add(block1_dropout2, block1_shortcut) [batch, 4, 7]
block1_relu(block1_add) [batch, 4, 7]
block2_pad1(block1_relu) [batch, 4, 9]
block2_conv1(block2_pad1) [batch, 4, 7]
block2_relu1(block2_conv1) [batch, 4, 7]
block2_dropout1(block2_relu1) [batch, 4, 7]
block2_pad2(block2_dropout1) [batch, 4, 9]
block2_conv2(block2_pad2) [batch, 4, 7]
block2_relu2(block2_conv2) [batch, 4, 7]
block2_dropout2(block2_relu2) [batch, 4, 7]
block2_add(block2_dropout2, block1_relu) [batch, 4, 7]
block2_relu(block2_add) [batch, 4, 7]
all(block2_relu) [batch, 28]
head(all) [batch, 2]",
    );
    check(
        json!({ "conv_series": { "filters": [3], "kernel": 5, "causal": false } }),
        &[3, 7],
        Job::Classes(2),
        "x() [batch, 3, 7]
block1_conv1(x) [batch, 3, 7]
block1_relu1(block1_conv1) [batch, 3, 7]
block1_conv2(block1_relu1) [batch, 3, 7]
block1_relu2(block1_conv2) [batch, 3, 7]
block1_add(block1_relu2, x) [batch, 3, 7]
block1_relu(block1_add) [batch, 3, 7]
steps(block1_relu) [batch, 7, 3]
mean(steps) [batch, 3]
head(mean) [batch, 2]",
    );
}

#[test]
fn columns_of_a_series_share_a_patch_transformer() {
    let patchtst =
        json!({ "patchtst": { "patch": 4, "stride": 3, "blocks": 1, "heads": 1, "units": 2, "dropout": 0 } });
    let tail = |job| {
        let graph = graph(&patchtst, &[3, 12], job).unwrap();
        let shapes = graph.nodes().iter().map(|node| format!("{} {}", node.name, node.shape));
        shapes.filter(|said| !said.starts_with("block")).collect::<Vec<_>>().join(", ")
    };
    let start = "x [batch, 3, 12], pad1d1 [batch, 3, 15], patches1 [batch, 3, 4, 4], embedding [batch, 3, 4, 2], \
                 position [batch, 3, 4, 2], ";
    assert_eq!(
        tail(Job::Steps(5)),
        format!("{start}flatten1 [batch, 3, 8], head [batch, 3, 5], head_row [batch, 15]")
    );
    assert_eq!(tail(Job::Classes(2)), format!("{start}flatten1 [batch, 24], head [batch, 2]"));
}

#[test]
fn what_is_told_of_a_window_is_turned_back() {
    let nlinear = json!({ "nlinear": {}, "reversible_norm": true });
    check(
        nlinear.clone(),
        &[2, 7],
        Job::Steps(3),
        "x() [batch, 2, 7]
x_norm(x) [batch, 2, 7]
head(x_norm) [batch, 2, 3]
head_restored(head, x) [batch, 2, 3]
head_row(head_restored) [batch, 6]",
    );
    let refused =
        |models: &serde_json::Value, item: &[usize], job| graph(models, item, job).unwrap_err().to_string();
    let window = "`models.reversible_norm` wants one window of a series, `[columns, steps]`, and all of its columns as the \
                  target, got";
    let mlp = json!({ "mlp": {}, "reversible_norm": true });
    assert_eq!(refused(&mlp, &[4], Job::Classes(2)), format!("{window} rows of numbers or a text"));
    assert_eq!(refused(&mlp, &[2, 1], Job::Steps(3)), format!("{window} windows of one step"));
    let layers = json!({ "layers": [{ "dense": { "units": 3 } }], "reversible_norm": true });
    assert_eq!(refused(&layers, &[2, 7], Job::Classes(2)), format!("{window} another target"));
    let flat = json!({ "layers": ["flatten"], "reversible_norm": true });
    assert_eq!(
        refused(&flat, &[2, 7], Job::Steps(3)),
        "`models.reversible_norm` wants layers that keep a row of each column, `[batch, columns, n]`, got `head` of shape \
         [batch, 6]"
    );
    let members = json!({ "layers": ["flatten", { "ensemble": { "members": 2 } }], "reversible_norm": true });
    assert_eq!(
        refused(&members, &[2, 7], Job::Steps(3)),
        "`models.reversible_norm` wants layers that keep a row of each column, `[batch, columns, n]`, got members of an \
         ensemble"
    );
}

/// What a text holds is known once it was read: before that, one id stands for all.
#[test]
fn the_vocabulary_comes_from_the_data() {
    let embedding = |graph: Graph| {
        let of = |layer: &Layer| {
            if let Layer::Embedding { vocabulary, .. } = layer { Some(*vocabulary) } else { None }
        };
        graph.nodes().iter().find_map(|node| of(&node.layer))
    };
    let gpt = json!({ "gpt": {} });
    assert_eq!(embedding(graph(&gpt, &[4], Job::Next { vocabulary: 67 }).unwrap()), Some(67));
    let before = config(&gpt).check().unwrap().graph_for(&[4], crate::Head::Places(1)).unwrap();
    assert_eq!(before.nodes()[0].shape, Shape::batch(&[4]));
    assert_eq!(embedding(before), Some(1));
}

#[test]
fn what_nlinear_forecasts_is_measured_from_the_last_step() {
    let nlinear = config(&json!({ "nlinear": {} })).check().unwrap();
    let mut target = Job::Steps(3).target(&[2, 7]);
    assert!(nlinear.graph(&[Job::Steps(3).input(&[2, 7])], &[target.clone()]).is_ok());
    let Decode::Forecast { anchor, .. } = &mut target.decode else { panic!("a series is forecast") };
    *anchor = None;
    let error = nlinear.graph(&[Job::Steps(3).input(&[2, 7])], &[target]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`models.nlinear` wants windows that are measured from their last step, got others; \
         put `normalise_window = { by = \"last\" }` among the steps of the series"
    );
}

#[track_caller]
fn refuse(models: serde_json::Value, item: &[usize], job: Job, path: &str, expect: &str) {
    let error = graph(&models, item, job).unwrap_err();
    assert_eq!(error.to_string(), expect);
    assert_eq!(error.path().as_deref(), Some(path));
}

#[test]
fn what_cannot_be_is_refused() {
    let setting = |models: serde_json::Value, path: &str, rule: &str| {
        refuse(models, &[4], Job::Classes(2), path, &format!("`{path}` {rule}"));
    };
    setting(
        json!({ "lenet": { "filters": [6, 0] } }),
        "models.lenet.filters[1]",
        "must be from 1 to 2147483648, got 0",
    );
    setting(json!({ "resnet": { "blocks": 0 } }), "models.resnet.blocks", "must be from 1 to 1000, got 0");
    setting(
        json!({ "resnet": { "filters": [] } }),
        "models.resnet.filters",
        "wants one or more sizes, got none",
    );
    setting(
        json!({ "text_cnn": { "widths": [] } }),
        "models.text_cnn.widths",
        "wants one or more sizes, got none",
    );
    setting(
        json!({ "text_cnn": { "widths": [3, 4, 3] } }),
        "models.text_cnn.widths[2]",
        "must differ from those before it, got 3",
    );
    setting(json!({ "vit": { "patch": 0 } }), "models.vit.patch", "must be from 1 to 65536, got 0");
    setting(json!({ "lstm": { "units": [] } }), "models.lstm.units", "wants one or more sizes, got none");
    setting(json!({ "gru": { "dropout": 2.0 } }), "models.gru.dropout", "must be from 0 to 1, got 2");
    setting(json!({ "gpt": { "heads": 5 } }), "models.gpt.heads", "must divide `units` = 128, got 5");
    setting(json!({ "gpt": { "kv_heads": 3 } }), "models.gpt.kv_heads", "must divide `heads` = 4, got 3");
    setting(
        json!({ "gpt": { "kv_heads": 0 } }),
        "models.gpt.kv_heads",
        "must be from 1 to 2147483648, got 0",
    );
    setting(
        json!({ "gpt": { "heads": 2, "units": 6, "style": "modern" } }),
        "models.gpt.heads",
        "must leave each head an even number of the 6 `units`, because rotary positions turn pairs, got 2",
    );
    setting(
        json!({ "transformer_encoder": { "hidden": 0 } }),
        "models.transformer_encoder.hidden",
        "must be from 1 to 2147483648, got 0",
    );
    let convnext = |numbers: serde_json::Value| json!({ "convnext_small": numbers });
    setting(
        convnext(json!({ "blocks": [1, 1] })),
        "models.convnext_small.filters",
        "wants a size for each of 2 stages, got 4",
    );
    setting(
        convnext(json!({ "blocks": vec![1; 17], "filters": vec![1; 17] })),
        "models.convnext_small.blocks",
        "wants at most 16 stages, each half as large, got 17",
    );
    refuse(
        convnext(json!({})),
        &[3, 32, 31],
        Job::Classes(2),
        "models.convnext_small.patch",
        "`models.convnext_small.patch` must leave a pixel in the last of 4 stages, each half as large, of an image of 32x31, got 4",
    );
    setting(
        json!({ "ft_transformer": { "units": 10 } }),
        "models.ft_transformer.heads",
        "must divide `units` = 10, got 8",
    );
    setting(
        json!({ "tabm": { "members": 1001 } }),
        "models.tabm.members",
        "must be from 1 to 1000, got 1001",
    );
    setting(
        json!({ "dlinear": { "kernel": 4 } }),
        "models.dlinear.kernel",
        "must be an odd number up to 65535, got 4",
    );
    setting(
        json!({ "conv_series": { "kernel": 4, "causal": false } }),
        "models.conv_series.kernel",
        "must be an odd number up to 65535, got 4",
    );
    setting(
        json!({ "conv_series": { "kernel": 0 } }),
        "models.conv_series.kernel",
        "must be from 1 to 2147483648, got 0",
    );
    setting(
        json!({ "conv_series": { "filters": vec![1; 17] } }),
        "models.conv_series.filters",
        "wants at most 16 blocks, because dilation doubles, got 17",
    );
    setting(
        json!({ "patchtst": { "stride": 0 } }),
        "models.patchtst.stride",
        "must be from 1 to 2147483648, got 0",
    );
}

#[test]
fn what_is_not_for_the_data_is_refused() {
    let text = Job::Text { vocabulary: 9, classes: 3 };
    let next = Job::Next { vocabulary: 9 };
    refuse(
        json!({ "gpt": {} }),
        &[7],
        text,
        "models.gpt",
        "`models.gpt` wants a text that is gone on with, got another target; `transformer_encoder` answers once",
    );
    refuse(
        json!({ "transformer_encoder": {} }),
        &[7],
        next,
        "models.transformer_encoder",
        "`models.transformer_encoder` answers once for a text, got one that is gone on with; take `gpt`",
    );
    refuse(
        json!({ "text_cnn": {} }),
        &[7],
        next,
        "models.text_cnn",
        "`models.text_cnn` answers once for a text, got one that is gone on with; take `gpt`",
    );
    refuse(
        json!({ "lstm": {} }),
        &[7],
        Job::Classes(3),
        "models.lstm",
        "`models.lstm` wants a text, whose steps end with `tokenise`, or a window of a series, got a row of 7 numbers; a table wants `mlp` \
         or the like",
    );
    refuse(
        json!({ "patchtst": {} }),
        &[4],
        Job::Classes(3),
        "models.patchtst",
        "`models.patchtst` wants windows of a series, `[columns, steps]`, got items of [4]; `data.series` cuts them",
    );
    refuse(
        json!({ "patchtst": {} }),
        &[2, 4],
        Job::Classes(3),
        "models.patchtst.patch",
        "`models.patchtst.patch` must be at most the 4 steps of a window, got 16",
    );
    for name in ["nlinear", "dlinear"] {
        refuse(
            json!({ name: {} }),
            &[3, 7],
            Job::Classes(3),
            &format!("models.{name}"),
            &format!("`models.{name}` tells the next steps of all columns that it sees, got another target"),
        );
    }
    refuse(
        json!({ "vit": {} }),
        &[1, 8, 6],
        Job::Classes(3),
        "models.vit.patch",
        "`models.vit.patch` must divide both sides of the image, 8x6, got 4",
    );
    refuse(
        json!({ "vit": {} }),
        &[7],
        Job::Classes(3),
        "models.vit",
        "`models.vit` wants an image, got items of another shape",
    );
    refuse(
        json!({ "lenet": {} }),
        &[1, 8, 8],
        Job::Classes(3),
        "models.lenet",
        "layer 3 `conv2d2`: conv2d wants an image of at least 5x5 with padding 0x0, got [batch, 6, 4, 4]; make `kernel` smaller, or pool less before it
  x [batch, 1, 8, 8] -> conv2d1 [batch, 6, 8, 8] -> tanh1 [batch, 6, 8, 8]
  -> avg_pool2d1 [batch, 6, 4, 4]",
    );
}
