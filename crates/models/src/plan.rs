use std::collections::BTreeMap;

use baeum_core::{Layer, Size2, nearest};

use crate::config::Way;
use crate::init::{self, InitConfig};
use crate::presets::Facts;
use crate::{LayerSpec, ModelConfig, ModelError, StartConfig};
use crate::{heads, inputs};

/// The name of the input node, unless there are several.
pub(crate) const INPUT: &str = "x";

/// A network that was understood: names given, connections resolved. Only [`ModelConfig::check`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPlan {
    // What a preset writes out depends on the data, so it waits for them.
    config: ModelConfig,
    /// What the inputs are called.
    inputs: Vec<String>,
}

/// One layer to wire.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// The name of the node.
    pub(crate) name: String,
    pub(crate) layer: Layer,
    /// What it reads: the network's inputs are counted first, then the steps.
    pub(crate) inputs: Vec<usize>,
    /// Where the recipe says it.
    pub(crate) path: String,
}

impl ModelConfig {
    /// What was said becomes what is meant: every refusal that needs no data.
    ///
    /// # Errors
    /// [`ModelError`] names the offender by its path into the recipe.
    pub fn check(&self) -> Result<ModelPlan, ModelError> {
        self.check_for(&[INPUT], &[])
    }

    /// The same for data whose inputs and targets are called so; several inputs are read by layers that name them.
    ///
    /// # Errors
    /// As [`ModelConfig::check`], and for a preset beside several inputs, an input or a layer that nothing reads, a head of no target, or
    /// a name that is no node's.
    pub fn check_for(&self, inputs: &[&str], targets: &[&str]) -> Result<ModelPlan, ModelError> {
        let inputs: Vec<String> = inputs.iter().map(|name| (*name).to_owned()).collect();
        inputs::check(&inputs)?;
        heads::check(&self.heads, targets)?;
        init::check(&self.init)?;
        let plan = ModelPlan { config: self.clone(), inputs };
        let inputs = plan.inputs();
        match self.way()? {
            (name, Way::Preset(_)) if inputs.len() > 1 => return Err(inputs::preset(name, inputs)),
            (name, Way::Preset(preset)) => preset.check().map_err(|refusal| refusal.at(&below(name)))?,
            (_, Way::Layers(specs)) => {
                specs.iter().enumerate().try_for_each(|(i, spec)| check_layer(spec, &in_list(i)))?;
                plan.read_by_heads(&steps(inputs, specs, &in_list)?, targets)?;
            }
        }
        Ok(plan)
    }
}

impl ModelPlan {
    /// The weights that training starts from, if the recipe names some.
    pub fn start(&self) -> Option<&StartConfig> {
        self.config.start.as_ref()
    }

    /// The patterns of tensors that stay as they start.
    pub(crate) fn freeze(&self) -> &[String] {
        &self.config.freeze
    }

    /// The layers that heads read, by their targets, where the recipe says it.
    pub(crate) fn heads(&self) -> &BTreeMap<String, String> {
        &self.config.heads
    }

    /// Whether windows are normalised in front of the network, and its answers turned back.
    pub(crate) fn reversible_norm(&self) -> bool {
        self.config.reversible_norm
    }

    /// Where tensors start that do not start as PyTorch's.
    pub(crate) fn init(&self) -> &[InitConfig] {
        &self.config.init
    }

    /// What the inputs of its networks are called, in order.
    pub(crate) fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The layers for these data, the head left out. A preset is for data with one input, which the facts are about.
    pub(crate) fn steps(&self, facts: &Facts<'_>) -> Result<Vec<Step>, ModelError> {
        match self.config.way()? {
            (_, Way::Layers(specs)) => steps(&self.inputs, specs, &in_list),
            (name, Way::Preset(preset)) => {
                let specs = preset.layers(facts).map_err(|refusal| refusal.at(&below(name)))?;
                steps(&self.inputs, &specs, &|_| below(name))
            }
        }
    }
}

fn below(name: &str) -> String {
    format!("models.{name}")
}

fn in_list(place: usize) -> String {
    format!("models.layers[{place}]")
}

/// The layers of a list, named and connected; `path` tells where the recipe says each.
fn steps(
    inputs: &[String],
    specs: &[LayerSpec],
    path: &dyn Fn(usize) -> String,
) -> Result<Vec<Step>, ModelError> {
    let mut names = Names::default();
    let mut steps: Vec<Step> = vec![];
    for (i, spec) in specs.iter().enumerate() {
        let path = path(i);
        let default = names.next(&spec.layer);
        let name = spec.name.clone().unwrap_or(default);
        check_name(&name, &format!("{path}.name"), inputs, &steps)?;
        let read = match spec.from.is_empty() {
            true if i == 0 && inputs.len() != 1 => return Err(inputs::unsaid(path, inputs)),
            true => vec![inputs.len() + i - 1], // the layer above, or the one input
            false => from(&spec.from, &path, inputs, &steps)?,
        };
        steps.push(Step { name, layer: spec.layer.clone(), inputs: read, path });
    }
    Ok(steps)
}

/// Gives default names: a kind and a running number over all layers of that kind, so that naming one renames
/// no other.
#[derive(Default)]
struct Names(BTreeMap<&'static str, usize>);

impl Names {
    fn next(&mut self, layer: &Layer) -> String {
        let count = self.0.entry(layer.name()).or_insert(0);
        *count += 1;
        format!("{}{count}", layer.name())
    }
}

fn check_layer(spec: &LayerSpec, path: &str) -> Result<(), ModelError> {
    if let Layer::Input { .. } = spec.layer {
        return Err(ModelError::Input { path: path.to_owned() });
    }
    let long = if spec.is_long() { ".layer" } else { "" };
    let layer = spec.layer.name();
    spec.layer.settings().and_then(|()| check_sizes(&spec.layer)).map_err(|(setting, rule)| {
        ModelError::Setting { path: format!("{path}{long}.{layer}.{setting}"), rule }
    })
}

/// Sizes so far out that products of them could overflow; what fits here is counted in full when it is wired.
fn check_sizes(layer: &Layer) -> Result<(), (&'static str, String)> {
    const SIDE: usize = 1 << 16;
    const COUNT: usize = 1 << 31;
    const LEVELS: usize = 1 << 10;
    let side = |name, size: Size2| match size.height.max(size.width) {
        got if got > SIDE => Err((name, format!("must be at most {SIDE}, got {got}"))),
        _ => Ok(()),
    };
    let at_most = |most: usize, name, got| match got {
        got if got > most => Err((name, format!("must be at most {most}, got {got}"))),
        _ => Ok(()),
    };
    let count = |name, got| at_most(COUNT, name, got);
    match layer {
        Layer::Dense { units, .. } => count("units", *units),
        Layer::Embedding { vocabulary, units } => {
            count("vocabulary", *vocabulary).and(count("units", *units))
        }
        Layer::NgramEmbedding { n, units, .. } => at_most(LEVELS, "n", *n).and(count("units", *units)),
        Layer::Unembedding { vocabulary, .. } => count("vocabulary", *vocabulary),
        Layer::GroupedDense { groups, units } => {
            count("groups", groups.iter().copied().max().unwrap_or(0)).and(count("units", *units))
        }
        Layer::Ensemble { members } => at_most(LEVELS, "members", *members),
        Layer::Conv2d { filters, kernel, stride, padding, dilation, .. } => count("filters", *filters)
            .and(side("kernel", *kernel))
            .and(side("stride", *stride))
            .and(side("padding", *padding))
            .and(side("dilation", *dilation)),
        Layer::ConvTranspose2d { filters, kernel, stride, padding, output_padding, dilation, .. } => {
            count("filters", *filters)
                .and(side("kernel", *kernel))
                .and(side("stride", *stride))
                .and(side("padding", *padding))
                .and(side("output_padding", *output_padding))
                .and(side("dilation", *dilation))
        }
        Layer::Conv1d { filters, kernel, stride, padding, dilation, .. } => count("filters", *filters)
            .and(count("kernel", *kernel))
            .and(count("stride", *stride))
            .and(count("padding", *padding))
            .and(count("dilation", *dilation)),
        Layer::MaxPool2d { kernel, stride, padding, .. }
        | Layer::AvgPool2d { kernel, stride, padding, .. } => side("kernel", *kernel)
            .and(side("stride", stride.unwrap_or(*kernel)))
            .and(side("padding", *padding)),
        Layer::MaxPool1d { kernel, stride, padding, .. }
        | Layer::AvgPool1d { kernel, stride, padding, .. } => count("kernel", *kernel)
            .and(count("stride", stride.unwrap_or(*kernel)))
            .and(count("padding", *padding)),
        Layer::Pad1d { before, after, .. } => count("before", *before).and(count("after", *after)),
        Layer::AdaptiveAvgPool2d { size } | Layer::AdaptiveMaxPool2d { size } => side("size", *size),
        Layer::Upsample { factor, .. } => side("factor", *factor),
        Layer::GroupNorm { groups, .. } => count("groups", *groups),
        Layer::PositionEmbedding { length } => count("length", *length),
        Layer::MultiHeadAttention { heads, kv_heads, .. } => {
            count("heads", *heads).and(count("kv_heads", kv_heads.unwrap_or(*heads)))
        }
        Layer::Lstm { units, layers, .. } | Layer::Gru { units, layers, .. } => {
            count("units", *units).and(at_most(LEVELS, "layers", *layers))
        }
        Layer::Patches { size, stride } => count("size", *size).and(count("stride", stride.unwrap_or(*size))),
        Layer::Input { .. }
        | Layer::GlobalAvgPool
        | Layer::BatchNorm { .. }
        | Layer::LayerNorm { .. }
        | Layer::RmsNorm { .. }
        | Layer::InstanceNorm { .. }
        | Layer::InstanceRestore { .. }
        | Layer::Scale { .. }
        | Layer::Relu
        | Layer::Gelu { .. }
        | Layer::Tanh
        | Layer::Sigmoid
        | Layer::Silu
        | Layer::LeakyRelu { .. }
        | Layer::Elu { .. }
        | Layer::Softplus
        | Layer::Mish
        | Layer::HardTanh { .. }
        | Layer::Dropout { .. }
        | Layer::Flatten { .. }
        | Layer::SinusoidalPositions
        | Layer::MeanOverTime
        | Layer::MaxOverTime
        | Layer::MemberMean { .. }
        | Layer::Lengths { .. }
        | Layer::Transpose
        | Layer::Add
        | Layer::Subtract
        | Layer::Multiply
        | Layer::Concat { .. } => Ok(()),
    }
}

/// A name prefixes the names of parameters (`conv1.weight`), so it has no dot; and it must be free.
fn check_name(name: &str, path: &str, inputs: &[String], steps: &[Step]) -> Result<(), ModelError> {
    let refuse = |rule| Err(ModelError::Name { path: path.to_owned(), rule, name: name.to_owned() });
    if !inputs::is_plain(name) {
        return refuse(inputs::PLAIN);
    }
    if heads::is_of_a_head(name) || inputs.iter().any(|input| name == input || name == lengths(input)) {
        return refuse("a name that is not taken by the input and the heads");
    }
    match steps.iter().any(|step| step.name == name) {
        true => refuse("a name of its own"),
        false => Ok(()),
    }
}

/// The name of the node that counts the pieces of a text.
pub(crate) fn lengths(input: &str) -> String {
    format!("{input}_lengths")
}

/// The places of the layers that a layer names.
fn from(wanted: &[String], path: &str, inputs: &[String], steps: &[Step]) -> Result<Vec<usize>, ModelError> {
    let place = |(i, name): (usize, &String)| self::place(name, format!("{path}.from[{i}]"), inputs, steps);
    wanted.iter().enumerate().map(place).collect()
}

/// The place of what is called so: inputs are counted first, then the steps.
pub(crate) fn place(
    name: &str,
    path: String,
    inputs: &[String],
    steps: &[Step],
) -> Result<usize, ModelError> {
    let names: Vec<&str> =
        inputs.iter().map(String::as_str).chain(steps.iter().map(|step| step.name.as_str())).collect();
    names.iter().position(|known| *known == name).ok_or_else(|| ModelError::From {
        path,
        got: name.to_owned(),
        near: nearest(name, names.iter().copied()).map(str::to_owned),
        known: names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    })
}
