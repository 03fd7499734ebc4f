use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a row counts in the loss by its label: `"balanced"`, `"square_root"`, `{ yes = 5, no = 1 }`, or `[5, 1]`.
///
/// Only the proportions matter: the loss of a batch is divided by what its rows count together. Where a row may have several
/// labels, it is what a label counts that fits, beside 1 where it does not.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassWeights {
    /// `n / (classes * count)`, which lets every label count the same in all (King & Zeng 2001); `n` and `count` are of
    /// the training rows. Where a row may have several, `(n - count) / count`.
    Balanced,
    /// The square root of that: half way between rows and labels.
    SquareRoot,
    /// By label; a label that is not named counts 1.
    Labels(BTreeMap<String, f64>),
    /// One for each label, in the order of the labels.
    Order(Vec<f64>),
}

/// The names that stand for a rule.
const NAMES: [&str; 2] = ["balanced", "square_root"];

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ClassWeights::Balanced => serializer.serialize_str(NAMES[0]),
            ClassWeights::SquareRoot => serializer.serialize_str(NAMES[1]),
            ClassWeights::Labels(weights) => weights.serialize(serializer),
            ClassWeights::Order(weights) => weights.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ClassWeights, D::Error> {
        deserializer.deserialize_any(NameTableOrList)
    }
}

/// Written by hand, so that a mistake keeps its place in the recipe.
struct NameTableOrList;

impl<'de> Visitor<'de> for NameTableOrList {
    type Value = ClassWeights;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, a table of labels, or a list of numbers")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<ClassWeights, E> {
        match name {
            "balanced" => Ok(ClassWeights::Balanced),
            "square_root" => Ok(ClassWeights::SquareRoot),
            other => Err(E::unknown_variant(other, &NAMES)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<ClassWeights, A::Error> {
        let mut weights = BTreeMap::new();
        while let Some((label, weight)) = table.next_entry()? {
            weights.insert(label, weight);
        }
        Ok(ClassWeights::Labels(weights))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ClassWeights, A::Error> {
        let mut weights = vec![];
        while let Some(weight) = list.next_element()? {
            weights.push(weight);
        }
        Ok(ClassWeights::Order(weights))
    }
}

impl JsonSchema for ClassWeights {
    fn schema_name() -> Cow<'static, str> {
        "ClassWeights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What a row counts in the loss by its label.",
            "anyOf": [
                { "type": "string", "enum": NAMES },
                { "type": "object", "additionalProperties": { "type": "number" } },
                { "type": "array", "items": { "type": "number" } }
            ]
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<ClassWeights, &str>) {
        let found = serde_json::from_str::<ClassWeights>(text).map_err(|error| error.to_string());
        assert_eq!(found.as_ref().map_err(String::as_str), expect.as_ref().map_err(|text| *text));
        if let Ok(found) = found {
            let again = serde_json::to_string(&found).unwrap();
            assert_eq!(serde_json::from_str::<ClassWeights>(&again).unwrap(), found);
        }
    }

    #[test]
    fn there_are_three_spellings() {
        check(r#""balanced""#, Ok(ClassWeights::Balanced));
        check(r#""square_root""#, Ok(ClassWeights::SquareRoot));
        let labels = [("no".to_owned(), 1.0), ("yes".to_owned(), 2.5)].into();
        check(r#"{"yes": 2.5, "no": 1}"#, Ok(ClassWeights::Labels(labels)));
        check("[1, 2.5]", Ok(ClassWeights::Order(vec![1.0, 2.5])));
    }

    #[test]
    fn anything_else_is_refused() {
        let text = "unknown variant `even`, expected `balanced` or `square_root` at line 1 column 6";
        check(r#""even""#, Err(text));
        let text = "invalid type: integer `3`, expected a name, a table of labels, or a list of numbers \
                    at line 1 column 1";
        check("3", Err(text));
        check(r#"[1, "2"]"#, Err(r#"invalid type: string "2", expected f64 at line 1 column 7"#));
    }
}
