//! From the tree of a recipe to a struct.
//!
//! toml's own deserializer, with serde_path_to_error around it, tells a span, a path and a sentence. This one keeps the
//! sentence's parts (which key, which names were possible), and refuses what a visitor leaves over, such as the second
//! name of `{ adam = {}, sgd = {} }`.

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use toml::Spanned;
use toml::de::{DeArray, DeFloat, DeInteger, DeTable, DeValue};

use super::Problem;
use super::refusal::Refusal;

/// A value of the tree.
pub(super) struct Value<'i>(Spanned<DeValue<'i>>);

impl<'i> Value<'i> {
    pub(super) fn new(value: Spanned<DeValue<'i>>) -> Value<'i> {
        Value(value)
    }

    /// Hands over a table and nothing else: a struct's visitor would take a list as well.
    fn table<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let span = self.0.span();
        let table = table(self.0.into_inner()).map_err(|other| Refusal::invalid_type(kind(&other), &visitor));
        table.and_then(|table| Entries::visit(table, visitor)).map_err(|refusal| refusal.in_span(&span))
    }
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let span = self.0.span();
        let result = match self.0.into_inner() {
            DeValue::String(text) => bare(&text, visitor.visit_str(&text)),
            DeValue::Integer(number) => integer(&number, visitor),
            DeValue::Float(number) => float(&number, visitor),
            DeValue::Boolean(value) => visitor.visit_bool(value),
            DeValue::Datetime(date) => {
                Err(Refusal::invalid_type(Unexpected::Other(&format!("the date {date}")), &visitor))
            }
            DeValue::Array(items) => Items::visit(items, visitor),
            DeValue::Table(table) => Entries::visit(table, visitor),
        };
        result.map_err(|refusal| refusal.in_span(&span))
    }

    /// A setting that stands in a recipe is set; TOML has no null.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.table(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.table(visitor)
    }

    /// What stands behind a choice without settings: `{ relu = {} }`.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let span = self.0.span();
        let result = match table(self.0.into_inner()).map(|table| table.into_iter().next()) {
            Ok(None) => visitor.visit_unit(),
            Ok(Some((key, _))) => {
                Err(Refusal::unknown_field(key.get_ref(), &[]).below(key.get_ref()).in_span(&key.span()))
            }
            Err(other) => Err(Refusal::invalid_type(kind(&other), &visitor)),
        };
        result.map_err(|refusal| refusal.in_span(&span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let span = self.0.span();
        let result = match self.0.into_inner() {
            DeValue::String(name) => {
                let name = Spanned::new(span.clone(), name.into_owned());
                visitor.visit_enum(Choice { name, value: None })
            }
            DeValue::Table(table) => choice(table).and_then(|choice| visitor.visit_enum(choice)),
            other @ (DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) => {
                Err(not_a_choice(&other, known))
            }
            other @ (DeValue::Datetime(_) | DeValue::Array(_)) => Err(not_a_choice(&other, known)),
        };
        result.map_err(|refusal| refusal.in_span(&span))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf seq tuple tuple_struct unit_struct identifier ignored_any
    }
}

/// A table, or what stands in its place.
fn table(value: DeValue<'_>) -> Result<DeTable<'_>, DeValue<'_>> {
    match value {
        DeValue::Table(table) => Ok(table),
        other @ (DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_)) => Err(other),
        other @ (DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_)) => Err(other),
    }
}

fn integer<'de, V: Visitor<'de>>(number: &DeInteger<'_>, visitor: V) -> Result<V::Value, Refusal> {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(value) => visitor.visit_i64(value),
        Err(_) => Err(Refusal::invalid_value(
            Unexpected::Other(&number.to_string()),
            &"a whole number of at most 63 bits",
        )),
    }
}

fn float<'de, V: Visitor<'de>>(number: &DeFloat<'_>, visitor: V) -> Result<V::Value, Refusal> {
    let written = number.as_str();
    match written.parse::<f64>() {
        Ok(value) if value.is_finite() || written.contains("inf") || written.contains("nan") => {
            visitor.visit_f64(value)
        }
        // 1e400 is no infinity that anybody asked for.
        Ok(_) | Err(_) => Err(Refusal::invalid_value(Unexpected::Other(written), &"a number up to 1.8e308")),
    }
}

/// Remembers the name of a choice that was written without the settings that it wants.
fn bare<T>(name: &str, result: Result<T, Refusal>) -> Result<T, Refusal> {
    result.map_err(|mut refusal| {
        if let Problem::Missing { bare, .. } = refusal.problem() {
            *bare = Some(name.to_owned());
        }
        refusal
    })
}

fn not_a_choice(value: &DeValue<'_>, known: &'static [&'static str]) -> Refusal {
    let wanted = format!("one of {}", super::words::list(known.iter().copied()));
    Refusal::invalid_type(kind(value), &wanted.as_str())
}

/// The value as serde calls it in its errors.
fn kind<'a>(value: &'a DeValue<'_>) -> Unexpected<'a> {
    match value {
        DeValue::String(text) => Unexpected::Str(text),
        DeValue::Integer(number) => Unexpected::Other(number.as_str()),
        DeValue::Float(number) => Unexpected::Other(number.as_str()),
        DeValue::Boolean(value) => Unexpected::Bool(*value),
        DeValue::Datetime(_) => Unexpected::Other("a date"),
        DeValue::Array(_) => Unexpected::Seq,
        DeValue::Table(_) => Unexpected::Map,
    }
}

/// The items of a list.
struct Items<'i> {
    items: std::iter::Enumerate<std::vec::IntoIter<Spanned<DeValue<'i>>>>,
}

impl<'i> Items<'i> {
    fn visit<'de, V: Visitor<'de>>(items: DeArray<'i>, visitor: V) -> Result<V::Value, Refusal> {
        let length = items.len();
        let mut items = Items { items: items.into_iter().enumerate() };
        let value = visitor.visit_seq(&mut items)?;
        match items.items.next() {
            None => Ok(value),
            Some((index, item)) => {
                let wanted = format!("a list of {index}");
                Err(Refusal::invalid_length(length, &wanted.as_str()).in_span(&item.span()))
            }
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some((index, item)) = self.items.next() else { return Ok(None) };
        seed.deserialize(Value(item)).map(Some).map_err(|refusal| refusal.below_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a table.
struct Entries<'i> {
    entries: std::vec::IntoIter<Entry<'i>>,
    value: Option<Entry<'i>>,
    read: Vec<Spanned<String>>,
}

type Entry<'i> = (Spanned<String>, Spanned<DeValue<'i>>);

impl<'i> Entries<'i> {
    fn visit<'de, V: Visitor<'de>>(table: DeTable<'i>, visitor: V) -> Result<V::Value, Refusal> {
        let mut entries = Entries { entries: in_order(table).into_iter(), value: None, read: vec![] };
        let value = visitor.visit_map(&mut entries).map_err(|refusal| entries.at_choice(refusal))?;
        match entries.entries.next() {
            None => Ok(value),
            // Only the visitor of a choice stops before the last key.
            Some((key, _)) => {
                let span = key.span();
                entries.read.push(key);
                Err(Refusal::new(
                    &span,
                    Problem::Choices(entries.read.into_iter().map(Spanned::into_inner).collect()),
                ))
            }
        }
    }

    /// Gives a name that is no choice its place, if it was read as a text before anybody looked for it on a list.
    fn at_choice(&self, mut refusal: Refusal) -> Refusal {
        let Problem::UnknownChoice { name, .. } = refusal.problem() else { return refusal };
        match self.read.iter().find(|key| key.get_ref() == name) {
            Some(key) => refusal.in_span(&key.span()),
            None => refusal,
        }
    }
}

/// The entries as they were written, arguments last; the table itself has them by name.
fn in_order(table: DeTable<'_>) -> Vec<Entry<'_>> {
    let owned =
        |key: Spanned<std::borrow::Cow<'_, str>>| Spanned::new(key.span(), key.into_inner().into_owned());
    let mut entries: Vec<Entry<'_>> = table.into_iter().map(|(key, value)| (owned(key), value)).collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        let found = name(&key, seed)?;
        self.read.push(key.clone());
        self.value = Some((key, value));
        Ok(Some(found))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        match self.value.take() {
            Some((key, value)) => {
                seed.deserialize(Value(value)).map_err(|refusal| refusal.below(key.get_ref()))
            }
            None => Err(Refusal::custom("a value was asked for before its key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Reads a key. One that is no setting is part of the path; a name that is no choice is not.
fn name<'de, K: DeserializeSeed<'de>>(key: &Spanned<String>, seed: K) -> Result<K::Value, Refusal> {
    let found = seed.deserialize(StringDeserializer::<Refusal>::new(key.get_ref().clone()));
    found.map_err(|mut refusal| {
        let unknown = matches!(refusal.problem(), Problem::UnknownKey { .. });
        let refusal = if unknown { refusal.below(key.get_ref()) } else { refusal };
        refusal.in_span(&key.span())
    })
}

/// One name out of a list, with its settings if it has any.
struct Choice<'i> {
    name: Spanned<String>,
    value: Option<Spanned<DeValue<'i>>>,
}

/// The only entry of a table.
fn choice(table: DeTable<'_>) -> Result<Choice<'_>, Refusal> {
    let mut entries = in_order(table);
    let names: Vec<String> = entries.iter().map(|(key, _)| key.get_ref().clone()).collect();
    let Some((name, value)) = entries.pop() else { return Err(Problem::Choices(names).into()) };
    match entries.is_empty() {
        true => Ok(Choice { name, value: Some(value) }),
        false => Err(Refusal::new(&name.span(), Problem::Choices(names))),
    }
}

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refusal> {
        Ok((name(&self.name, seed)?, self))
    }
}

impl<'i> Choice<'i> {
    /// Reads the settings, or says that there are none.
    fn settings<T>(self, read: impl FnOnce(Value<'i>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let Choice { name, value } = self;
        match value {
            Some(value) => read(Value(value)).map_err(|refusal| refusal.below(name.get_ref())),
            None => {
                let wanted =
                    format!("the settings of `{0}` behind its name, `{{ {0} = {{ .. }} }}`", name.get_ref());
                Err(Refusal::invalid_value(Unexpected::Other("the name alone"), &wanted.as_str()))
            }
        }
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        match self.value {
            None => Ok(()),
            Some(_) => self.settings(serde::Deserialize::deserialize),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refusal> {
        self.settings(|value| seed.deserialize(value))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.settings(|value| value.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.settings(|value| value.deserialize_map(visitor))
    }
}
