use std::borrow::Cow;
use std::fmt;

use baeum_core::{Layer, nearest, tagged};
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One layer of a recipe: `"relu"`, `{ dense = { units = 64 } }`, or with a name and inputs of its own
/// `{ name = "sum", layer = "add", from = ["conv2d1", "conv2d2"] }`.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// What it is called; its kind and a running number if not given: the second dense layer is `dense2`.
    pub name: Option<String>,
    /// What it does.
    pub layer: Layer,
    /// What it reads; the layer above it if nothing is named. The network's input is `x`.
    pub from: Vec<String>,
}

impl From<Layer> for LayerSpec {
    fn from(layer: Layer) -> LayerSpec {
        LayerSpec { name: None, layer, from: vec![] }
    }
}

impl LayerSpec {
    /// Whether it is written as a table with `layer` in it, rather than as the layer alone.
    pub(crate) fn is_long(&self) -> bool {
        self.name.is_some() || !self.from.is_empty()
    }
}

impl Serialize for LayerSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_long() {
            return self.layer.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        if let Some(name) = &self.name {
            map.serialize_entry("name", name)?;
        }
        map.serialize_entry("layer", &self.layer)?;
        if !self.from.is_empty() {
            map.serialize_entry("from", &self.from)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for LayerSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LayerSpec, D::Error> {
        deserializer.deserialize_any(SpecVisitor)
    }
}

/// Written by hand because an untagged enum would lose the place of a mistake.
struct SpecVisitor;

/// The keys of the long form.
#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Name,
    Layer,
    From,
}

impl<'de> Visitor<'de> for SpecVisitor {
    type Value = LayerSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a layer, or a table with one layer in it")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<LayerSpec, E> {
        tagged::one(serde::de::value::StrDeserializer::new(name)).map(Layer::into)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LayerSpec, A::Error> {
        let Some(first) = map.next_key::<String>()? else {
            return Err(A::Error::custom("a layer wants a name, got an empty table"));
        };
        match first.as_str() {
            "name" => long(Key::Name, map),
            "layer" => long(Key::Layer, map),
            "from" => long(Key::From, map),
            slip if nearest(slip, LONG).is_some() => Err(A::Error::unknown_field(slip, &LONG)),
            kind => tagged::after_key(kind, map).map(Layer::into),
        }
    }
}

/// What may stand beside a layer in the long form.
const LONG: [&str; 3] = ["name", "layer", "from"];

/// Reads the long form, whose first key was read already.
fn long<'de, A: MapAccess<'de>>(first: Key, mut map: A) -> Result<LayerSpec, A::Error> {
    let (mut name, mut layer, mut from) = (None, None, None);
    let mut next = Some(first);
    while let Some(key) = next {
        match key {
            Key::Name if name.is_none() => name = Some(map.next_value()?),
            Key::Layer if layer.is_none() => layer = Some(map.next_value_seed(tagged::Seed::default())?),
            Key::From if from.is_none() => from = Some(map.next_value::<Vec<String>>()?),
            Key::Name => return Err(A::Error::duplicate_field("name")),
            Key::Layer => return Err(A::Error::duplicate_field("layer")),
            Key::From => return Err(A::Error::duplicate_field("from")),
        }
        next = map.next_key()?;
    }
    if from.as_ref().is_some_and(Vec::is_empty) {
        return Err(A::Error::invalid_length(0, &"one or more names in `from`"));
    }
    let layer = layer.ok_or_else(|| A::Error::missing_field("layer"))?;
    Ok(LayerSpec { name, layer, from: from.unwrap_or_default() })
}

impl schemars::JsonSchema for LayerSpec {
    fn schema_name() -> Cow<'static, str> {
        "LayerSpec".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let layer = generator.subschema_for::<Layer>();
        // Those whose settings all have defaults; a test holds the list against the parser.
        let bare = schemars::json_schema!({ "description": "a layer with its defaults", "enum": BARE });
        schemars::json_schema!({
            "description": "a layer, or a layer with a name and inputs of its own",
            "anyOf": [bare, layer, {
                "type": "object",
                "properties": {
                    "name": { "type": "string", "description": "what it is called; its kind and a running number if not given" },
                    "layer": { "anyOf": [bare, layer] },
                    "from": { "type": "array", "items": { "type": "string" }, "minItems": 1, "description": "what it reads; the layer above it if not given" }
                },
                "required": ["layer"],
                "additionalProperties": false
            }]
        })
    }
}

/// The layers that may be written as a bare name.
const BARE: [&str; 29] = [
    "global_avg_pool",
    "batch_norm",
    "layer_norm",
    "rms_norm",
    "instance_norm",
    "instance_restore",
    "scale",
    "relu",
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
    "sinusoidal_positions",
    "mean_over_time",
    "max_over_time",
    "member_mean",
    "lengths",
    "transpose",
    "add",
    "subtract",
    "multiply",
    "concat",
];
