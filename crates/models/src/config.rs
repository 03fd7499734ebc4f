use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::presets::{
    Cnn, ConvSeries, ConvnextSmall, Dlinear, FtTransformer, Gpt, Gru, Lenet, Lstm, Mlp, Nlinear, PatchTst,
    Preset, Resnet, Tabm, TabularMlp, TextCnn, TransformerEncoder, Vit,
};
use crate::{InitConfig, LayerSpec, ModelError, StartConfig};

/// The `[models]` section of a recipe: either `layers` or one of the presets, which are lists of layers written out from a few
/// numbers.
///
/// Each ends in a dense layer named `head`, which is added by itself and is as wide as the task wants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Weights of another network that training starts from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<StartConfig>,
    /// Tensors that stay as they start, by patterns such as `["conv*", "*.bias"]`: no gradient moves them, no decay acts on them, and the
    /// optimizer keeps nothing for them. Running statistics move on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// The layer that the head of a target reads, where it is not the last one: `{ height = "trunk" }`. An input may stand there too.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub heads: BTreeMap<String, String>,
    /// Whether each column of a window is measured from its mean in its own deviations in front of the network, and what the head tells
    /// of it is turned back, so that the loss is in the series' own scale (reversible instance normalisation; Kim et al. 2022). For
    /// forecasts of all columns that are seen, by layers that keep a row of each.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reversible_norm: bool,
    /// Where tensors start in place of where PyTorch starts them, such as `[{ tensors = "embedding*", to = { normal = 0.02 } }]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub init: Vec<InitConfig>,
    /// The network, layer by layer. An empty list is a linear model: the head alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<LayerSpec>>,
    /// A multilayer perceptron, for rows of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mlp: Option<Mlp>,
    /// A multilayer perceptron behind vectors of the fields, for tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tabular_mlp: Option<TabularMlp>,
    /// A Transformer over the fields, for tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ft_transformer: Option<FtTransformer>,
    /// An ensemble of perceptrons that share their weights, for tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tabm: Option<Tabm>,
    /// A convolutional network, for images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnn: Option<Cnn>,
    /// LeNet-5, for small grey images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lenet: Option<Lenet>,
    /// A residual network, for images that are small.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resnet: Option<Resnet>,
    /// ConvNeXt, for images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convnext_small: Option<ConvnextSmall>,
    /// A Transformer over patches of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vit: Option<Vit>,
    /// Convolutions of several widths side by side, for texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_cnn: Option<TextCnn>,
    /// Long short-term memory, for texts and for windows of series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lstm: Option<Lstm>,
    /// Gated recurrent units, for texts and for windows of series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gru: Option<Gru>,
    /// A Transformer that looks both ways and answers once, for texts and for windows of series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transformer_encoder: Option<TransformerEncoder>,
    /// A Transformer that tells what comes next in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpt: Option<Gpt>,
    /// A Transformer over pieces of each column of a series, for forecasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patchtst: Option<PatchTst>,
    /// One linear layer for all columns of a series, for forecasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nlinear: Option<Nlinear>,
    /// A linear layer for the trend and one for the rest of all columns of a series, for forecasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dlinear: Option<Dlinear>,
    /// Dilated convolutions over time with ways around them, for windows of series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conv_series: Option<ConvSeries>,
}

/// One way to say what the network is.
#[derive(Clone, Copy)]
pub(crate) enum Way<'a> {
    Layers(&'a [LayerSpec]),
    Preset(&'a dyn Preset),
}

impl ModelConfig {
    /// The way that was taken, and its name in the recipe.
    pub(crate) fn way(&self) -> Result<(&'static str, Way<'_>), ModelError> {
        let ways = self.ways();
        let taken: Vec<_> = ways.iter().filter_map(|(name, way)| Some((*name, (*way)?))).collect();
        match taken[..] {
            [only] => Ok(only),
            _ => Err(ModelError::Choice {
                known: in_words(ways.iter().map(|(name, _)| *name)),
                got: in_words(taken.iter().map(|(name, _)| *name)),
            }),
        }
    }

    /// Every way there is. The one list of presets: what the section has a field for must stand here.
    fn ways(&self) -> [(&'static str, Option<Way<'_>>); 19] {
        let ModelConfig {
            start: _,
            freeze: _,
            heads: _,
            reversible_norm: _,
            init: _,
            layers,
            mlp,
            tabular_mlp,
            ft_transformer,
            tabm,
            cnn,
            lenet,
            resnet,
            convnext_small,
            vit,
            text_cnn,
            lstm,
            gru,
            transformer_encoder,
            gpt,
            patchtst,
            nlinear,
            dlinear,
            conv_series,
        } = self;
        [
            ("layers", layers.as_deref().map(Way::Layers)),
            ("mlp", preset(mlp)),
            ("tabular_mlp", preset(tabular_mlp)),
            ("ft_transformer", preset(ft_transformer)),
            ("tabm", preset(tabm)),
            ("cnn", preset(cnn)),
            ("lenet", preset(lenet)),
            ("resnet", preset(resnet)),
            ("convnext_small", preset(convnext_small)),
            ("vit", preset(vit)),
            ("text_cnn", preset(text_cnn)),
            ("lstm", preset(lstm)),
            ("gru", preset(gru)),
            ("transformer_encoder", preset(transformer_encoder)),
            ("gpt", preset(gpt)),
            ("patchtst", preset(patchtst)),
            ("nlinear", preset(nlinear)),
            ("dlinear", preset(dlinear)),
            ("conv_series", preset(conv_series)),
        ]
    }
}

fn preset<P: Preset>(said: &Option<P>) -> Option<Way<'_>> {
    said.as_ref().map(|preset| Way::Preset(preset))
}

/// `` `a`, `b` and `c` ``, or `none`.
pub(crate) fn in_words<S: std::fmt::Display>(names: impl Iterator<Item = S>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match &names[..] {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
