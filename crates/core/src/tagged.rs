//! Enums in recipes: `"adam"` where all settings have defaults, `{ adam = { beta1 = 0.8 } }` where one is set.
//!
//! For `#[serde(deserialize_with = "baeum_core::tagged::one")]` over an externally tagged enum whose variants are
//! structs with defaults. An untagged enum would lose the place of a mistake; this keeps it. [`Several`] is one value or a list.
mod several;

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub use several::{Item, Several};

/// Reads one enum that may be written as a bare name.
///
/// # Errors
/// Those of the enum; and a value that is neither a name nor a table.
pub fn one<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(One(PhantomData))
}

/// Reads a list of such enums.
///
/// # Errors
/// Those of [`one`], and a value that is no list.
pub fn many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(Many(PhantomData))
}

/// Reads such an enum that may be left out.
///
/// # Errors
/// Those of [`one`].
pub fn option<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    one(deserializer).map(Some)
}

/// [`one`] as a seed, for visitors written by hand.
pub struct Seed<T>(PhantomData<T>);

impl<T> Default for Seed<T> {
    fn default() -> Self {
        Seed(PhantomData)
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Seed<T> {
    type Value = T;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        one(deserializer)
    }
}

/// Reads the variant `name` from `map`, whose key was read already and whose value comes next.
///
/// # Errors
/// Those of the enum, and a second key behind the first.
pub fn after_key<'de, T: Deserialize<'de>, A: MapAccess<'de>>(name: &str, mut map: A) -> Result<T, A::Error> {
    let value =
        T::deserialize(serde::de::value::EnumAccessDeserializer::new(KeyRead { name, map: &mut map }))?;
    match map.next_key::<String>()? {
        None => Ok(value),
        Some(key) => Err(A::Error::custom(format!("`{name}` wants to stand alone, got `{key}` beside it"))),
    }
}

struct One<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for One<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or a table with one name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        T::deserialize(serde::de::value::EnumAccessDeserializer::new(Bare(name, PhantomData)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

struct Many<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Many<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = vec![];
        while let Some(item) = list.next_element_seed(Seed::default())? {
            items.push(item);
        }
        Ok(items)
    }
}

/// A variant named without its settings: all of them take their defaults.
struct Bare<'a, E>(&'a str, PhantomData<E>);

impl<'de, E: Error> EnumAccess<'de> for Bare<'_, E> {
    type Error = E;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), E> {
        Ok((seed.deserialize(StrDeserializer::<E>::new(self.0))?, self))
    }
}

impl<'de, E: Error> VariantAccess<'de> for Bare<'_, E> {
    type Error = E;

    fn unit_variant(self) -> Result<(), E> {
        Ok(())
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, E> {
        let nothing = std::iter::empty::<(&str, &str)>();
        visitor.visit_map(MapDeserializer::<_, E>::new(nothing))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, E> {
        let nothing = std::iter::empty::<(&str, &str)>();
        seed.deserialize(MapDeserializer::<_, E>::new(nothing))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, E> {
        Err(E::custom(format!("`{}` wants values, got its name alone", self.0)))
    }
}

/// A table whose one key, the variant's name, was read already.
struct KeyRead<'a, A> {
    name: &'a str,
    map: &'a mut A,
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for KeyRead<'_, A> {
    type Error = A::Error;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), A::Error> {
        Ok((seed.deserialize(StrDeserializer::<A::Error>::new(self.name))?, self))
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for KeyRead<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.map.next_value::<Empty>().map(|Empty {}| ())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.map.next_value_seed(seed)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(Visited(visitor))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(Visited(visitor))
    }
}

/// What stands behind the name of a variant without settings: `{ relu = {} }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

struct Visited<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Visited<V> {
    type Value = V::Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    enum Pet {
        Cat,
        Dog {
            #[serde(default)]
            legs: usize,
        },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct House {
        #[serde(deserialize_with = "one")]
        pet: Pet,
    }

    #[track_caller]
    fn check(text: &str, expect: Result<Pet, &str>) {
        let found: Result<House, _> = serde_json::from_str(text);
        let found = found.map(|house| house.pet).map_err(|error| error.to_string());
        assert_eq!(found.as_ref().map_err(String::as_str), expect.as_ref().map_err(|text| *text));
    }

    #[test]
    fn a_name_alone_takes_the_defaults() {
        check(r#"{"pet": "dog"}"#, Ok(Pet::Dog { legs: 0 }));
        check(r#"{"pet": "cat"}"#, Ok(Pet::Cat));
        check(r#"{"pet": {"dog": {"legs": 4}}}"#, Ok(Pet::Dog { legs: 4 }));
    }

    #[test]
    fn a_wrong_name_lists_the_right_ones() {
        let text = "unknown variant `cow`, expected `cat` or `dog` at line 1 column 13";
        check(r#"{"pet": "cow"}"#, Err(text));
    }

    #[test]
    fn a_key_read_ahead_is_not_lost() {
        struct AfterFirst;
        impl<'de> Visitor<'de> for AfterFirst {
            type Value = Pet;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pet")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pet, A::Error> {
                let name: String = map.next_key()?.unwrap();
                after_key(&name, map)
            }
        }
        let read = |text: &str| {
            let found = serde_json::Deserializer::from_str(text).deserialize_any(AfterFirst);
            found.map_err(|error| error.to_string())
        };
        assert_eq!(read(r#"{"dog": {"legs": 3}}"#), Ok(Pet::Dog { legs: 3 }));
        assert_eq!(read(r#"{"cat": {}}"#), Ok(Pet::Cat));
        assert_eq!(
            read(r#"{"cat": {}, "dog": {}}"#),
            Err("`cat` wants to stand alone, got `dog` beside it at line 1 column 17".to_owned())
        );
    }
}
