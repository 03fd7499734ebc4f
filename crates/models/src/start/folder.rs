//! What the `config.json` of a folder says that Hugging Face's transformers wrote, and whether a network is that one.

use baeum_core::{Approximate, Graph, Layer, Positions};
use serde::Deserialize;

/// The network of a folder, by its `model_type`; its keys are those of transformers 5.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "model_type", rename_all = "lowercase")]
pub enum Folder {
    /// GPT-2 (Radford et al. 2019).
    Gpt2(Gpt2Folder),
    /// BERT (Devlin et al. 2019).
    Bert(BertFolder),
}

/// The numbers of a GPT-2.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "the names are those of transformers")]
pub struct Gpt2Folder {
    pub vocab_size: u64,
    pub n_positions: u64,
    pub n_embd: u64,
    pub n_layer: u64,
    pub n_head: u64,
    #[serde(default)]
    pub n_inner: Option<u64>,
    pub activation_function: FolderActivation,
    pub layer_norm_epsilon: f64,
    #[serde(default = "yes")]
    pub scale_attn_weights: bool,
    #[serde(default)]
    pub scale_attn_by_inverse_layer_idx: bool,
    #[serde(default)]
    pub add_cross_attention: bool,
}

/// The numbers of a BERT.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "the names are those of transformers")]
pub struct BertFolder {
    pub vocab_size: u64,
    pub max_position_embeddings: u64,
    pub hidden_size: u64,
    pub num_hidden_layers: u64,
    pub num_attention_heads: u64,
    pub intermediate_size: u64,
    pub hidden_act: FolderActivation,
    pub layer_norm_eps: f64,
    #[serde(default)]
    pub is_decoder: bool,
    #[serde(default)]
    pub add_cross_attention: bool,
}

/// A nonlinearity, as transformers calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FolderActivation {
    /// Exact.
    Gelu,
    /// By tanh.
    GeluNew,
    /// By tanh.
    GeluPytorchTanh,
}

/// Why a folder is not the start of a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// A number that no network has.
    #[error("`config.json` wants `{key}` from 1 to {most}, got {got}")]
    Size {
        /// The number.
        key: &'static str,
        /// The largest.
        most: u64,
        /// What it says.
        got: u64,
    },
    /// A switch of transformers that no layer here has.
    #[error("`config.json` wants `{key}` = {wanted}, got {}", !wanted)]
    Switch {
        /// Its name.
        key: &'static str,
        /// What the layers here do.
        wanted: bool,
    },
    /// The network is another one.
    #[error(
        "the folder is another network, as `{node}` shows, which is {here} here and {there} there; it wants `models` to be `{preset}`"
    )]
    Network {
        /// A node that is missing or not alike.
        node: String,
        /// What it is in the network of the recipe.
        here: String,
        /// What it is in the folder.
        there: String,
        /// The preset that is the folder's network.
        preset: String,
    },
    /// The names of a folder are known.
    #[error("`models.start.rename` wants a file of weights, got a folder, the names in which are known")]
    Rename,
}

/// No table of embeddings holds more pieces, no network more places or units.
const MOST: u64 = 1 << 24;
/// More blocks or heads than any network has.
const MOST_BLOCKS: u64 = 1 << 10;

/// What both kinds have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    vocabulary: usize,
    positions: usize,
    units: usize,
    pub(super) blocks: usize,
    heads: usize,
    hidden: usize,
    eps: f64,
    activation: FolderActivation,
}

impl Folder {
    /// Its numbers, each within bounds.
    pub(super) fn numbers(&self) -> Result<Numbers, FolderError> {
        match self {
            Folder::Gpt2(said) => {
                if !said.scale_attn_weights {
                    return Err(FolderError::Switch { key: "scale_attn_weights", wanted: true });
                }
                let switches = [
                    ("scale_attn_by_inverse_layer_idx", said.scale_attn_by_inverse_layer_idx),
                    ("add_cross_attention", said.add_cross_attention),
                ];
                off(&switches)?;
                let units = size("n_embd", MOST, said.n_embd)?;
                Ok(Numbers {
                    vocabulary: size("vocab_size", MOST, said.vocab_size)?,
                    positions: size("n_positions", MOST, said.n_positions)?,
                    units,
                    blocks: size("n_layer", MOST_BLOCKS, said.n_layer)?,
                    heads: size("n_head", MOST_BLOCKS, said.n_head)?,
                    hidden: said.n_inner.map_or(Ok(4 * units), |inner| size("n_inner", MOST, inner))?,
                    eps: said.layer_norm_epsilon,
                    activation: said.activation_function,
                })
            }
            Folder::Bert(said) => {
                off(&[("is_decoder", said.is_decoder), ("add_cross_attention", said.add_cross_attention)])?;
                Ok(Numbers {
                    vocabulary: size("vocab_size", MOST, said.vocab_size)?,
                    positions: size("max_position_embeddings", MOST, said.max_position_embeddings)?,
                    units: size("hidden_size", MOST, said.hidden_size)?,
                    blocks: size("num_hidden_layers", MOST_BLOCKS, said.num_hidden_layers)?,
                    heads: size("num_attention_heads", MOST_BLOCKS, said.num_attention_heads)?,
                    hidden: size("intermediate_size", MOST, said.intermediate_size)?,
                    eps: said.layer_norm_eps,
                    activation: said.hidden_act,
                })
            }
        }
    }

    /// Refuses a network that is not the folder's; where the text is shorter than the folder's longest, it is.
    pub(super) fn refuse_another(&self, graph: &Graph) -> Result<Numbers, FolderError> {
        let numbers = self.numbers()?;
        let here = |name: &str| graph.find(name).map(|id| &graph[id].layer);
        let mut nodes = self.layers(&numbers).into_iter();
        let differs = nodes.find(|(name, layer)| here(name) != Some(layer));
        let is_short = |layer: &Layer| matches!(layer, Layer::PositionEmbedding { length } if *length <= numbers.positions);
        let positions = Layer::PositionEmbedding { length: numbers.positions };
        let places = (!here("position").is_some_and(is_short)).then(|| ("position".to_owned(), positions));
        match differs.or(places) {
            None => Ok(numbers),
            Some((node, there)) => {
                let (here, there) = (spelled(here(&node)), spelled(Some(&there)));
                Err(FolderError::Network { node, here, there, preset: self.preset(&numbers) })
            }
        }
    }

    /// The layers that a network from it has, by their names in our presets.
    fn layers(&self, numbers: &Numbers) -> Vec<(String, Layer)> {
        let Numbers { vocabulary, units, blocks, heads, hidden, eps, activation, .. } = *numbers;
        let (causal, beside) = match self {
            Folder::Gpt2(_) => (true, "norm"),
            Folder::Bert(_) => (false, "embedding_norm"),
        };
        let approximate = match activation {
            FolderActivation::Gelu => Approximate::None,
            FolderActivation::GeluNew | FolderActivation::GeluPytorchTanh => Approximate::Tanh,
        };
        let norm = || Layer::LayerNorm { eps };
        let dense = |units| Layer::Dense { units, bias: true };
        let attention = || Layer::MultiHeadAttention {
            heads,
            kv_heads: None,
            causal,
            bias: true,
            positions: Positions::None,
        };
        let block = |block: usize| {
            let of = |part: &str| format!("block{block}_{part}");
            [
                (of("attention"), attention()),
                (of("norm1"), norm()),
                (of("dense1"), dense(hidden)),
                (of("gelu"), Layer::Gelu { approximate }),
                (of("dense2"), dense(units)),
                (of("norm2"), norm()),
            ]
        };
        let first =
            [("embedding".to_owned(), Layer::Embedding { vocabulary, units }), (beside.to_owned(), norm())];
        first.into_iter().chain((1..=blocks).flat_map(block)).collect()
    }

    /// How a recipe says the network.
    fn preset(&self, numbers: &Numbers) -> String {
        let Numbers { vocabulary, units, blocks, heads, hidden, positions, .. } = numbers;
        let (name, style) = match self {
            Folder::Gpt2(_) => ("gpt", "gpt2"),
            Folder::Bert(_) => ("transformer_encoder", "bert"),
        };
        format!(
            "{name} = {{ blocks = {blocks}, heads = {heads}, units = {units}, hidden = {hidden}, style = \"{style}\" }}` over at most \
             {positions} of {vocabulary} pieces, with the norms and the activation of `config.json"
        )
    }
}

/// What transformers says by saying nothing.
fn yes() -> bool {
    true
}

fn size(key: &'static str, most: u64, got: u64) -> Result<usize, FolderError> {
    match got {
        1.. if got <= most => Ok(got as usize),
        _ => Err(FolderError::Size { key, most, got }),
    }
}

fn off(switches: &[(&'static str, bool)]) -> Result<(), FolderError> {
    match switches.iter().find(|(_, on)| *on) {
        None => Ok(()),
        Some((key, _)) => Err(FolderError::Switch { key, wanted: false }),
    }
}

/// A layer with its numbers.
fn spelled(layer: Option<&Layer>) -> String {
    layer.map_or_else(|| "missing".to_owned(), |layer| format!("`{layer:?}`"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::{DType, Decode, End, InputSpec, Pipeline, Target, Tensor, Transform};
    use serde_json::{Value, json};

    use super::*;
    use crate::start::start_from_folder;
    use crate::{ModelConfig, ModelError, StartConfig, build};

    const GPT2: &str = r#"{"model_type": "gpt2", "vocab_size": 11, "n_positions": 9, "n_embd": 6, "n_layer": 2, "n_head": 2,
        "n_inner": null, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "resid_pdrop": 0.1}"#;
    const BERT: &str = r#"{"model_type": "bert", "vocab_size": 11, "max_position_embeddings": 9, "hidden_size": 6,
        "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 5, "hidden_act": "gelu", "layer_norm_eps": 1e-12}"#;

    /// The config with one key changed; taken out, if it is null.
    fn with(config: &str, key: &str, value: Value) -> Result<Folder, String> {
        let mut config: serde_json::Map<String, Value> = serde_json::from_str(config).unwrap();
        match value.is_null() {
            true => drop(config.remove(key)),
            false => drop(config.insert(key.to_owned(), value)),
        }
        serde_json::from_value(config.into()).map_err(|error| error.to_string())
    }

    /// A network over texts of 7 pieces.
    fn model(models: Value) -> baeum_core::Model {
        let step = Transform::Tokenise {
            tokenizer: String::new(),
            vocabulary: 11,
            padding: 0,
            length: 7,
            keep: End::Start,
            fill: End::End,
        };
        let columns = vec![Pipeline { field: "text".to_owned(), steps: vec![step] }];
        let input = InputSpec { name: "x".to_owned(), dtype: DType::I64, shape: vec![7], columns };
        let decode = match models.get("gpt") {
            Some(_) => Decode::Next { length: 7, vocabulary: 11, padding: 0, end: None },
            None => Decode::Label { labels: vec!["no".to_owned(), "yes".to_owned()] },
        };
        let target = Target { field: "y".to_owned(), decode };
        let config: ModelConfig = serde_json::from_value(models).unwrap();
        build(&config.check().unwrap(), 1, &[input], &[target]).unwrap()
    }

    fn gpt() -> Value {
        json!({ "gpt": { "blocks": 2, "heads": 2, "units": 6, "tied": true } })
    }

    fn bert() -> Value {
        json!({ "transformer_encoder": { "blocks": 1, "heads": 2, "units": 6, "hidden": 5, "style": "bert" } })
    }

    #[track_caller]
    fn refused(models: Value, folder: &Folder, expect: &str) {
        let error = folder.refuse_another(&model(models).graph).unwrap_err();
        assert_eq!(error.to_string(), expect);
    }

    #[test]
    fn a_config_that_says_no_known_network_is_refused() {
        for (config, key, value, expect) in [
            (GPT2, "model_type", json!("llama"), "unknown variant `llama`, expected `gpt2` or `bert`"),
            (GPT2, "model_type", Value::Null, "missing field `model_type`"),
            (GPT2, "n_head", Value::Null, "missing field `n_head`"),
            (GPT2, "n_embd", json!(-6), "invalid value: integer `-6`, expected u64"),
            (GPT2, "n_layer", json!(1e300), "invalid type: floating point `1e+300`, expected u64"),
            (GPT2, "layer_norm_epsilon", json!("tiny"), "invalid type: string \"tiny\", expected f64"),
            (BERT, "hidden_size", Value::Null, "missing field `hidden_size`"),
            (
                BERT,
                "hidden_act",
                json!("swish"),
                "unknown variant `swish`, expected one of `gelu`, `gelu_new`, `gelu_pytorch_tanh`",
            ),
        ] {
            let error = with(config, key, value).unwrap_err();
            assert!(error.starts_with(expect), "{key}: {error}");
        }
        assert!(serde_json::from_str::<Folder>("[1, 2]").is_err());
    }

    #[test]
    fn numbers_that_no_network_has_are_refused_before_anything_is_made_of_them() {
        let most = 1 << 24;
        for (config, key, got, most) in [
            (GPT2, "n_layer", u64::MAX, 1 << 10),
            (GPT2, "n_embd", 0, most),
            (GPT2, "n_inner", 1 << 40, most),
            (GPT2, "n_positions", 1 << 63, most),
            (BERT, "vocab_size", u64::MAX, most),
            (BERT, "num_attention_heads", 1025, 1 << 10),
        ] {
            let expect = format!("`config.json` wants `{key}` from 1 to {most}, got {got}");
            let models = if config == GPT2 { gpt() } else { bert() };
            refused(models, &with(config, key, json!(got)).unwrap(), &expect);
        }
        let cross = with(BERT, "add_cross_attention", json!(true)).unwrap();
        refused(bert(), &cross, "`config.json` wants `add_cross_attention` = false, got true");
        let plain = with(GPT2, "scale_attn_weights", json!(false)).unwrap();
        refused(gpt(), &plain, "`config.json` wants `scale_attn_weights` = true, got false");
    }

    #[test]
    fn another_network_is_refused_with_the_one_that_it_is() {
        let rest = "of 11 pieces, with the norms and the activation of `config.json`";
        let wanted = format!(
            "gpt = {{ blocks = 2, heads = 2, units = 6, hidden = 24, style = \"gpt2\" }}` over at most 9 {rest}"
        );
        let other = |models: Value, folder: &Folder, node: &str, wanted: &str| {
            let error = folder.refuse_another(&model(models).graph).unwrap_err().to_string();
            let begin = format!("the folder is another network, as `{node}` shows, which is ");
            let end = format!(" there; it wants `models` to be `{wanted}");
            assert!(error.starts_with(&begin) && error.ends_with(&end), "{error}");
            error
        };
        let folder: Folder = serde_json::from_str(GPT2).unwrap();
        assert!(folder.refuse_another(&model(gpt()).graph).is_ok());
        for (key, value, node) in [
            ("heads", json!(3), "block1_attention"),
            ("units", json!(8), "embedding"),
            ("blocks", json!(1), "block2_attention"),
            ("style", json!("bert"), "norm"),
            ("hidden", json!(25), "block1_dense1"),
        ] {
            let mut models = gpt();
            models["gpt"][key] = value;
            other(models, &folder, node, &wanted);
        }
        let mut wide = gpt();
        wide["gpt"]["units"] = json!(8);
        let said = other(wide, &folder, "embedding", &wanted);
        let both = "`Embedding { vocabulary: 11, units: 8 }` here and `Embedding { vocabulary: 11, units: 6 }` there";
        assert!(said.contains(both), "{said}");
        let short = with(GPT2, "n_positions", json!(6)).unwrap();
        other(gpt(), &short, "position", &wanted.replace("most 9", "most 6"));
        other(gpt(), &with(GPT2, "layer_norm_epsilon", json!(1e-6)).unwrap(), "norm", &wanted);
    }

    /// Numbers that count up, from `first` on.
    fn counted(first: usize, sizes: &[usize]) -> Tensor {
        let len: usize = sizes.iter().product();
        Tensor::new(sizes.to_vec(), (first..first + len).map(|x| x as f32).collect::<Vec<_>>()).unwrap()
    }

    fn start(said: Value) -> StartConfig {
        serde_json::from_value(said).unwrap()
    }

    fn gpt2_tensors() -> baeum_core::Weights {
        let mut tensors = baeum_core::Weights::new();
        let mut put = |name: String, sizes: &[usize]| drop(tensors.insert(name, counted(0, sizes)));
        put("transformer.wte.weight".to_owned(), &[11, 6]);
        put("transformer.wpe.weight".to_owned(), &[9, 6]);
        for i in 0..2 {
            for (name, inputs, units) in
                [("attn.c_attn", 6, 18), ("attn.c_proj", 6, 6), ("mlp.c_fc", 6, 24), ("mlp.c_proj", 24, 6)]
            {
                put(format!("transformer.h.{i}.{name}.weight"), &[inputs, units]);
                put(format!("transformer.h.{i}.{name}.bias"), &[units]);
            }
        }
        for norm in ["h.0.ln_1", "h.0.ln_2", "h.1.ln_1", "h.1.ln_2", "ln_f"] {
            put(format!("transformer.{norm}.weight"), &[6]);
            put(format!("transformer.{norm}.bias"), &[6]);
        }
        tensors
    }

    #[test]
    fn tensors_of_a_gpt_2_are_turned_and_their_names_are_shown() {
        let folder: Folder = serde_json::from_str(GPT2).unwrap();
        let said = start(json!({ "weights": "gpt2" }));
        let started = start_from_folder(model(gpt()), &said, &folder, gpt2_tensors()).unwrap();
        assert_eq!(started.taken.len(), started.weights.len());
        let weight = &started.weights["block2_attention.in_proj_weight"];
        assert_eq!((weight.shape(), &weight.f32s().unwrap()[..3]), (&[18, 6][..], &[0.0, 18.0, 36.0][..]));
        assert_eq!(
            started.taken["block2_attention.in_proj_weight"],
            "transformer.h.1.attn.c_attn.weight, turned"
        );
        assert_eq!(started.taken["position.weight"], "transformer.wpe.weight, 7 places");
        assert_eq!(started.weights["position.weight"], counted(0, &[7, 6]));
    }

    #[test]
    fn what_a_folder_lacks_or_has_beside_is_listed() {
        let folder: Folder = serde_json::from_str(GPT2).unwrap();
        let said = start(json!({ "weights": "gpt2" }));
        let mut tensors = gpt2_tensors();
        tensors.remove("transformer.ln_f.bias");
        tensors.insert("transformer.h.0.attn.bias".to_owned(), counted(0, &[1]));
        tensors.insert("transformer.h.0.mlp.c_fc.weight".to_owned(), counted(0, &[24, 6]));
        let error = start_from_folder(model(gpt()), &said, &folder, tensors.clone()).unwrap_err().to_string();
        for part in [
            "the network wants, and the file has not, `norm.bias`",
            "the file has, and the network has not, `transformer.h.0.attn.bias`",
            "`block1_dense1.weight` wants [24, 6] of f32, got [6, 24] of f32",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let said = start(json!({ "weights": "gpt2", "rename": { "a": "b" } }));
        let error = start_from_folder(model(gpt()), &said, &folder, tensors).unwrap_err();
        assert!(matches!(error, ModelError::Folder(FolderError::Rename)), "{error}");
    }

    #[test]
    fn an_untied_head_has_no_bias() {
        let folder: Folder = serde_json::from_str(GPT2).unwrap();
        let mut models = gpt();
        models["gpt"]["tied"] = json!(false);
        let mut tensors = gpt2_tensors();
        tensors.insert("lm_head.weight".to_owned(), counted(5, &[11, 6]));
        let said = start(json!({ "weights": "gpt2" }));
        let started = start_from_folder(model(models), &said, &folder, tensors).unwrap();
        assert_eq!(started.weights["head.weight"], counted(5, &[11, 6]));
        assert_eq!(started.weights["head.bias"], Tensor::zeros([11], DType::F32));
    }

    #[test]
    fn tensors_of_a_bert_are_joined_and_a_head_starts_fresh() {
        let folder: Folder = serde_json::from_str(BERT).unwrap();
        let mut tensors = baeum_core::Weights::new();
        let mut put = |name: &str, first: usize, sizes: &[usize]| {
            drop(tensors.insert(name.to_owned(), counted(first, sizes)));
        };
        put("embeddings.word_embeddings.weight", 0, &[11, 6]);
        put("embeddings.position_embeddings.weight", 0, &[9, 6]);
        put("embeddings.token_type_embeddings.weight", 100, &[2, 6]);
        let layer = "encoder.layer.0";
        for (i, part) in ["query", "key", "value"].into_iter().enumerate() {
            put(&format!("{layer}.attention.self.{part}.weight"), 100 * i, &[6, 6]);
            put(&format!("{layer}.attention.self.{part}.bias"), 10 * i, &[6]);
        }
        for (name, units, inputs) in
            [("attention.output.dense", 6, 6), ("intermediate.dense", 5, 6), ("output.dense", 6, 5)]
        {
            put(&format!("{layer}.{name}.weight"), 0, &[units, inputs]);
            put(&format!("{layer}.{name}.bias"), 0, &[units]);
        }
        for norm in [
            "embeddings.LayerNorm",
            "encoder.layer.0.attention.output.LayerNorm",
            "encoder.layer.0.output.LayerNorm",
        ] {
            put(&format!("{norm}.weight"), 0, &[6]);
            put(&format!("{norm}.bias"), 0, &[6]);
        }
        put("pooler.dense.weight", 0, &[6, 6]);
        let said = start(json!({ "weights": "bert", "fresh": ["head.*"], "ignore": ["pooler.*"] }));
        let started = start_from_folder(model(bert()), &said, &folder, tensors).unwrap();
        assert_eq!(started.taken.len() + 2, started.weights.len());
        let weight = started.weights["block1_attention.in_proj_weight"].f32s().unwrap();
        assert_eq!([weight[0], weight[36], weight[72]], [0.0, 100.0, 200.0]);
        let position = started.weights["position.weight"].f32s().unwrap();
        assert_eq!([position[0], position[6], position[41]], [100.0, 106.0, 146.0]);
        let there =
            "embeddings.position_embeddings.weight and embeddings.token_type_embeddings.weight, 7 places";
        assert_eq!(started.taken["position.weight"], there);
    }
}
