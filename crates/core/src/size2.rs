use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A height and a width; a recipe may write `3` for three by three, or `[3, 5]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size2 {
    /// Along the rows of an image.
    pub height: usize,
    /// Along its columns.
    pub width: usize,
}

impl Size2 {
    /// As high as wide.
    pub const fn square(side: usize) -> Size2 {
        Size2 { height: side, width: side }
    }

    /// Height times width.
    pub fn area(self) -> usize {
        self.height.saturating_mul(self.width)
    }
}

impl fmt::Display for Size2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

impl Serialize for Size2 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.height == self.width {
            true => self.height.serialize(serializer),
            false => [self.height, self.width].serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Size2 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Size2, D::Error> {
        deserializer.deserialize_any(Size2Visitor)
    }
}

/// Written by hand because an untagged enum would lose the place of a mistake.
struct Size2Visitor;

impl<'de> Visitor<'de> for Size2Visitor {
    type Value = Size2;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size, or [height, width]")
    }

    fn visit_i64<E: Error>(self, side: i64) -> Result<Size2, E> {
        let side =
            u64::try_from(side).map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(side), &self))?;
        self.visit_u64(side)
    }

    fn visit_u64<E: Error>(self, side: u64) -> Result<Size2, E> {
        usize::try_from(side).map(Size2::square).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sizes: A) -> Result<Size2, A::Error> {
        let mut next =
            |place| sizes.next_element()?.ok_or_else(|| A::Error::invalid_length(place, &"[height, width]"));
        let size = Size2 { height: next(0)?, width: next(1)? };
        match sizes.next_element::<usize>()? {
            None => Ok(size),
            Some(_) => Err(A::Error::invalid_length(3, &"[height, width]")),
        }
    }
}

impl schemars::JsonSchema for Size2 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size2".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a size, or [height, width]",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "array", "items": { "type": "integer", "minimum": 0 }, "minItems": 2, "maxItems": 2 }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let found = serde_json::from_str::<Size2>(text).map(|size| size.to_string());
        assert_eq!(found.unwrap_or_else(|error| error.to_string()), expect);
    }

    #[test]
    fn one_number_is_a_square() {
        check("3", "3x3");
        check("[3, 5]", "3x5");
    }

    #[test]
    fn anything_else_is_refused() {
        check("-1", "invalid value: integer `-1`, expected a size, or [height, width] at line 1 column 2");
        check("[1]", "invalid length 1, expected [height, width] at line 1 column 3");
        check("[1, 2, 3]", "invalid length 3, expected [height, width] at line 1 column 9");
    }
}
