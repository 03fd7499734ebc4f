//! One value or a list of them: `"accuracy"`, `["accuracy", "log_loss"]`.
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One value or several in their order; none by default. One is written by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Several<T>(pub Vec<T>);

/// What [`Several`] can be made of: a text or a whole number.
pub trait Item: for<'de> Deserialize<'de> + Serialize + JsonSchema {
    /// What a recipe must have there, in words.
    const WANTED: &'static str;

    /// The item that a text names.
    ///
    /// # Errors
    /// Where it is none.
    fn of_text<E: Error>(text: &str) -> Result<Self, E> {
        Err(E::invalid_type(Unexpected::Str(text), &Self::WANTED))
    }

    /// The item that a number is.
    ///
    /// # Errors
    /// Where it is none.
    fn of_number<E: Error>(number: u64) -> Result<Self, E> {
        Err(E::invalid_type(Unexpected::Unsigned(number), &Self::WANTED))
    }
}

impl Item for u64 {
    const WANTED: &'static str = "a whole number from 0, or a list of them";

    fn of_number<E: Error>(number: u64) -> Result<u64, E> {
        Ok(number)
    }
}

impl<T> Several<T> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Several<T> {
    fn default() -> Several<T> {
        Several(vec![])
    }
}

impl<T: Item> Serialize for Several<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de, T: Item> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Several<T>, D::Error> {
        deserializer.deserialize_any(OneOrList(PhantomData))
    }
}

/// Written by hand, so that a mistake keeps its place in the recipe.
struct OneOrList<T>(PhantomData<T>);

impl<'de, T: Item> Visitor<'de> for OneOrList<T> {
    type Value = Several<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WANTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Several<T>, E> {
        Ok(Several(vec![T::of_text(text)?]))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Several<T>, E> {
        Ok(Several(vec![T::of_number(number)?]))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Several<T>, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_type(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Several<T>, A::Error> {
        let mut items = vec![];
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Several(items))
    }
}

impl<T: Item> JsonSchema for Several<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Several_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [item, { "type": "array", "items": item }] })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{HeadMetric, MetricName};

    #[track_caller]
    fn check<T: Item + PartialEq + fmt::Debug>(text: &str, expect: Result<&[T], &str>) {
        let found = serde_json::from_str::<Several<T>>(text).map_err(|error| error.to_string());
        assert_eq!(found.as_ref().map(|found| &found.0[..]).map_err(String::as_str), expect);
        if let Ok(found) = found {
            assert_eq!(serde_json::to_string(&found).unwrap(), text);
        }
    }

    #[test]
    fn one_stands_alone_and_several_in_a_list() {
        let [accuracy, loss] = [MetricName::Accuracy, MetricName::LogLoss].map(HeadMetric::from);
        check("\"accuracy\"", Ok(std::slice::from_ref(&accuracy)));
        check("[\"accuracy\",\"log_loss\"]", Ok(&[accuracy, loss]));
        check("[]", Ok(&[] as &[HeadMetric]));
        check("7", Ok(&[7u64]));
        check("[7,0]", Ok(&[7u64, 0]));
    }

    #[test]
    fn what_is_none_of_them_is_refused() {
        let wanted = "expected a metric, or a list of metrics at line 1 column";
        check::<HeadMetric>("3", Err(&format!("invalid type: integer `3`, {wanted} 1")));
        check::<HeadMetric>("-3", Err(&format!("invalid type: integer `-3`, {wanted} 2")));
        check::<HeadMetric>("true", Err(&format!("invalid type: boolean `true`, {wanted} 4")));
        let text = "invalid type: integer `-3`, expected a whole number from 0, or a list of them at line 1 column 2";
        check::<u64>("-3", Err(text));
        let text = serde_json::from_str::<Several<HeadMetric>>("\"accurate\"").unwrap_err().to_string();
        assert!(
            text.starts_with("unknown variant `accurate`, expected one of `accuracy`, `macro_f1`"),
            "{text}"
        );
    }
}
