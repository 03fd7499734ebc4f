use std::borrow::Cow;
use std::fmt;

use baeum_core::{Layer, tagged};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::StrDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The nonlinearity of a preset: a layer that acts on each number by itself, as `models.layers` spells it: `"silu"`, or
/// `{ gelu = { approximate = "tanh" } }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation(Layer);

/// The layers that may stand there.
const NAMES: [&str; 10] =
    ["relu", "gelu", "silu", "tanh", "sigmoid", "leaky_relu", "elu", "softplus", "mish", "hard_tanh"];

impl Activation {
    /// `max(x, 0)`.
    pub const RELU: Activation = Activation(Layer::Relu);
    /// The hyperbolic tangent.
    pub const TANH: Activation = Activation(Layer::Tanh);

    pub(super) fn layer(&self) -> Layer {
        self.0.clone()
    }
}

impl Serialize for Activation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Activation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Activation, D::Error> {
        deserializer.deserialize_any(NameOrTable)
    }
}

/// Written by hand, so that other layers are refused by their names.
struct NameOrTable;

fn known<E: Error>(name: &str) -> Result<(), E> {
    if NAMES.contains(&name) { Ok(()) } else { Err(E::unknown_variant(name, &NAMES)) }
}

impl<'de> Visitor<'de> for NameOrTable {
    type Value = Activation;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an activation, or a table with one activation in it")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Activation, E> {
        known(name)?;
        tagged::one(StrDeserializer::new(name)).map(Activation)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Activation, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(A::Error::custom("an activation wants a name, got an empty table"));
        };
        known(&name)?;
        tagged::after_key(&name, map).map(Activation)
    }
}

impl JsonSchema for Activation {
    fn schema_name() -> Cow<'static, str> {
        "Activation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a layer that acts on each number by itself",
            "anyOf": [
                { "type": "string", "enum": NAMES },
                { "type": "object", "propertyNames": { "enum": NAMES }, "minProperties": 1, "maxProperties": 1 }
            ]
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::Approximate;

    use super::*;

    fn read(text: &str) -> Result<Layer, String> {
        let read = serde_json::from_str::<Activation>(text).map_err(|error| error.to_string())?;
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Activation>(&again).unwrap(), read, "{again}");
        Ok(read.layer())
    }

    #[test]
    fn they_are_spelt_as_layers() {
        for name in NAMES {
            assert_eq!(read(&format!("\"{name}\"")).unwrap().name(), name);
        }
        assert_eq!(read(r#""gelu""#).unwrap(), Layer::Gelu { approximate: Approximate::None });
        let tanh = Layer::Gelu { approximate: Approximate::Tanh };
        assert_eq!(read(r#"{"gelu": {"approximate": "tanh"}}"#).unwrap(), tanh);
    }

    #[test]
    fn other_layers_are_none() {
        let rule = "expected one of `relu`, `gelu`, `silu`, `tanh`, `sigmoid`, `leaky_relu`, `elu`, `softplus`, `mish`, `hard_tanh`";
        for (text, name) in
            [(r#""swish""#, "swish"), (r#""dropout""#, "dropout"), (r#"{"dense": {}}"#, "dense")]
        {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(&format!("unknown variant `{name}`, {rule}")), "{error}");
        }
        let error = read(r#"{"gelu": {"approximate": "tan"}}"#).unwrap_err();
        assert!(error.starts_with("unknown variant `tan`"), "{error}");
        let error = read("3").unwrap_err();
        let text = "expected the name of an activation, or a table with one activation in it";
        assert!(error.contains(text), "{error}");
    }
}
