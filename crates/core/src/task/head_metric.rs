use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::MetricName;
use crate::tagged::Item;

/// A metric of one target: `accuracy`, or `species.accuracy` where a network answers several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadMetric {
    /// The target; none where there is but one.
    pub head: Option<String>,
    /// How its answers are judged.
    pub metric: MetricName,
}

impl From<MetricName> for HeadMetric {
    fn from(metric: MetricName) -> HeadMetric {
        HeadMetric { head: None, metric }
    }
}

impl HeadMetric {
    /// The name used in text.
    pub fn title(&self) -> String {
        let title = self.metric.title();
        self.head.as_ref().map_or_else(|| title.to_owned(), |head| format!("{title} of {head}"))
    }

    /// What stands behind the last point is a metric; the name of a target may have points itself.
    fn parse<E: Error>(text: &str) -> Result<HeadMetric, E> {
        let (head, metric) =
            text.rsplit_once('.').map_or((None, text), |(head, metric)| (Some(head), metric));
        let metric = MetricName::deserialize(metric.into_deserializer())?;
        Ok(HeadMetric { head: head.map(str::to_owned), metric })
    }
}

impl fmt::Display for HeadMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.head {
            Some(head) => write!(f, "{head}.{}", self.metric),
            None => write!(f, "{}", self.metric),
        }
    }
}

impl Serialize for HeadMetric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HeadMetric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HeadMetric, D::Error> {
        deserializer.deserialize_str(Named)
    }
}

/// Written by hand, so that a mistake keeps its place in the recipe.
struct Named;

impl Visitor<'_> for Named {
    type Value = HeadMetric;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a metric")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<HeadMetric, E> {
        HeadMetric::parse(text)
    }
}

impl Item for HeadMetric {
    const WANTED: &'static str = "a metric, or a list of metrics";

    fn of_text<E: Error>(text: &str) -> Result<HeadMetric, E> {
        HeadMetric::parse(text)
    }
}

impl JsonSchema for HeadMetric {
    fn schema_name() -> Cow<'static, str> {
        "HeadMetric".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let metric = generator.subschema_for::<MetricName>();
        json_schema!({ "anyOf": [metric, {
            "type": "string",
            "pattern": "^.+\\.[a-z0-9_]+$",
            "description": "a target, a point, and a metric, where there are several targets"
        }] })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_target_may_stand_in_front() {
        let read = |text: &str| serde_json::from_str::<HeadMetric>(text).map_err(|error| error.to_string());
        assert_eq!(read("\"accuracy\"").unwrap(), MetricName::Accuracy.into());
        let named = read("\"a.b.mae\"").unwrap();
        assert_eq!((named.head.as_deref(), named.metric), (Some("a.b"), MetricName::Mae));
        assert_eq!((named.to_string().as_str(), named.title().as_str()), ("a.b.mae", "MAE of a.b"));
        assert_eq!(serde_json::to_string(&named).unwrap(), "\"a.b.mae\"");
        assert!(
            read("\"a.accurcy\"").unwrap_err().starts_with("unknown variant `accurcy`"),
            "its metric is named"
        );
    }
}
