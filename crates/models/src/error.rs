use baeum_core::{GraphError, NetworkError, Shape, WeightsError};

use crate::{FolderError, StartError};

/// Why there is no model, or why it cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No way to describe a network was taken, or more than one.
    #[error("`models` wants exactly one of {known}, got {got}")]
    Choice {
        /// Those there are, in words.
        known: String,
        /// Those that were given, in words.
        got: String,
    },
    /// A setting is impossible whatever data arrives.
    #[error("`{path}` {rule}")]
    Setting {
        /// The setting, as a path into the recipe.
        path: String,
        /// What it must be, and what it is.
        rule: String,
    },
    /// A layer that belongs to the data.
    #[error("`{path}` wants a layer, got `input`; what comes in is known from the data")]
    Input {
        /// The layer, as a path into the recipe.
        path: String,
    },
    /// A name that cannot prefix the names of parameters, or that is taken.
    #[error("`{path}` wants {rule}, got `{name}`")]
    Name {
        /// The name, as a path into the recipe.
        path: String,
        /// What it wants to be.
        rule: &'static str,
        /// What it is.
        name: String,
    },
    /// A layer that reads from one that does not stand before it.
    #[error("`{path}` wants a layer that stands before it, got `{got}`{hint}; there are {known}", hint = .near.as_ref().map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default())]
    From {
        /// The name, as a path into the recipe.
        path: String,
        /// What was asked for.
        got: String,
        /// A name that looks like it.
        near: Option<String>,
        /// The names there are.
        known: String,
    },
    /// A layer whose result goes nowhere.
    #[error(
        "`{path}` wants to be read by a later layer or a head, got no reader; name `{name}` in the `from` of one, or in `models.heads`"
    )]
    Unread {
        /// The layer, as a path into the recipe.
        path: String,
        /// Its name.
        name: String,
    },
    /// An input that goes nowhere.
    #[error(
        "`models.layers` wants each input to be read, got no layer that reads `{name}`; name it in the `from` of one"
    )]
    UnreadInput {
        /// The input.
        name: String,
    },
    /// A layer that does not fit behind its inputs; the text shows the shapes up to there.
    #[error("layer {number} `{name}`: {error}{trail}", error = said(error), trail = written(trail))]
    Layer {
        /// Its place in the list, counted from zero.
        number: usize,
        /// Its name.
        name: String,
        /// The layer, as a path into the recipe.
        path: String,
        /// What the graph said. Part of the text, not a cause behind it: it is the refusal itself.
        error: Box<GraphError>,
        /// Every node before it, with the shape it yields.
        trail: Vec<(String, Shape)>,
    },
    /// A layer of a size that no machine holds.
    #[error("layer {number} `{name}` wants at most {limit} {what}, got {got}")]
    Large {
        /// Its place in the list, counted from zero.
        number: usize,
        /// Its name.
        name: String,
        /// The layer, as a path into the recipe.
        path: String,
        /// What is counted.
        what: &'static str,
        /// How many there may be.
        limit: u64,
        /// How many there would be, saturating.
        got: u64,
    },
    /// A layer yields something that its head cannot read.
    #[error("the head wants [batch, n] from `{last}`, got {got}; put {way_out} behind it{trail}", trail = written(trail))]
    Head {
        /// The layer, the last one unless the recipe says it.
        last: String,
        /// Its path into the recipe.
        path: String,
        /// What it yields.
        got: Shape,
        /// The layers that help.
        way_out: &'static str,
        /// Every node up to the last layer, with the shape it yields.
        trail: Vec<(String, Shape)>,
    },
    /// A network that sees what it has to tell.
    #[error(
        "`models` wants layers that look back alone, for what comes next is to be told; place {place} changed with the text behind it: say `causal = true` and `bidirectional = false`, and leave out what looks at all places"
    )]
    Foresight {
        /// The first place whose answer changed.
        place: usize,
    },
    /// The network did not answer when it was tried out.
    #[error("could not try the network out")]
    Trial(#[from] NetworkError),
    /// The head itself could not be added.
    #[error("could not add the head")]
    Graph(#[from] GraphError),
    /// The data have other inputs than the recipe describes.
    #[error("`models` wants data with the inputs {wanted}, got {got}")]
    Inputs {
        /// What they should be called, in words.
        wanted: String,
        /// What they are called, in words.
        got: String,
    },
    /// Nothing to answer.
    #[error("`models` wants data with a target, got none")]
    Targets,
    /// A device that this build cannot use.
    #[error(
        "`run.device` = `{device}` wants a build with `--features {device}`, got one without; `cpu` always works"
    )]
    Device {
        /// The device, which is also the name of the feature.
        device: &'static str,
    },
    /// Weights of another network that do not fit this one.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A folder of another network, or of none.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Weights of another graph.
    #[error("could not use the weights")]
    Weights(#[from] WeightsError),
    /// The library below failed.
    #[error("could not {what}")]
    Backend {
        /// What was to be done.
        what: &'static str,
        /// Why it failed.
        source: candle_core::Error,
    },
}

impl ModelError {
    /// Where in the recipe the mistake stands, if it stands there.
    pub fn path(&self) -> Option<String> {
        match self {
            ModelError::Choice { .. } | ModelError::Inputs { .. } | ModelError::Targets => {
                Some("models".to_owned())
            }
            ModelError::Setting { path, .. }
            | ModelError::Input { path }
            | ModelError::Name { path, .. }
            | ModelError::From { path, .. }
            | ModelError::Unread { path, .. }
            | ModelError::Layer { path, .. }
            | ModelError::Large { path, .. }
            | ModelError::Head { path, .. } => Some(path.clone()),
            ModelError::Foresight { .. } => Some("models".to_owned()),
            ModelError::UnreadInput { .. } => Some("models.layers".to_owned()),
            ModelError::Start(_) | ModelError::Folder(_) => Some("models.start".to_owned()),
            ModelError::Device { .. } => Some("run.device".to_owned()),
            ModelError::Graph(_)
            | ModelError::Trial(_)
            | ModelError::Weights(_)
            | ModelError::Backend { .. } => None,
        }
    }
}

/// The refusal without the node's name, which stands before it already.
fn said(error: &GraphError) -> String {
    match error {
        GraphError::Shape { error, .. } => error.to_string(),
        GraphError::Setting { layer, setting, rule, .. } => format!("`{layer}.{setting}` {rule}"),
        GraphError::Type { layer, wanted, got, input, .. } => {
            format!("{layer} wants {wanted} numbers, got {got} from `{input}`")
        }
        GraphError::Table { table, wanted, got, .. } => {
            format!("unembedding wants `{table}` to be an embedding of {wanted:?} in front of it, got {got}")
        }
        GraphError::Taken { .. } | GraphError::Unknown { .. } | GraphError::Frozen { .. } => {
            error.to_string()
        }
    }
}

/// The shapes up to a mistake, on lines of their own: `x [batch, 4] -> dense1 [batch, 8]`.
fn written(trail: &[(String, Shape)]) -> String {
    const WIDTH: usize = 100;
    let mut lines = vec![String::new()];
    for (i, (name, shape)) in trail.iter().enumerate() {
        let arrow = if i == 0 { "" } else { " -> " };
        let piece = format!("{arrow}{name} {shape}");
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.len() + piece.len() <= WIDTH => line.push_str(&piece),
            Some(_) | None => lines.push(piece.trim_start().to_owned()),
        }
    }
    lines.iter().filter(|line| !line.is_empty()).map(|line| format!("\n  {line}")).collect()
}
