use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Tensor;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// One number.
    Number,
    /// Several numbers that belong together, in order: the pixels of a row, the readings of a sensor.
    Numbers {
        /// How many.
        len: usize,
    },
    /// What was measured at several moments, one behind the other: channel after channel, each with all its steps.
    Series {
        /// How many things are measured at each moment.
        channels: usize,
        /// How many moments there are.
        steps: usize,
    },
    /// A name out of a list that the training rows gave.
    Category,
    /// None, one or several names out of such a list, in one text.
    Labels {
        /// What stands between two of them.
        separator: String,
    },
    /// A picture: bytes `[height, width, channels]`.
    Image {
        /// 1 for grey, 3 for colour.
        channels: usize,
        /// Rows and columns, if every picture has the same.
        #[serde(default)]
        size: Option<(usize, usize)>,
    },
    /// Words.
    Text,
}

/// What a field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The network sees it.
    Input,
    /// The network learns to tell it.
    Target,
    /// Tells rows apart; the network never sees it.
    Id,
    /// Left out by the recipe.
    Ignored,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name, unique in the schema.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// What it is for.
    pub role: Role,
    /// The columns of a table that it is read from, in order; its own name for most, none for an image.
    pub columns: Vec<String>,
    /// The names that a category had in the training rows, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The smallest and largest number of the training rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
}

/// The fields of a record, in the order of the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The fields.
    pub fields: Vec<Field>,
}

/// One value of a record, as it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing was there.
    Missing,
    /// One number.
    Number(f64),
    /// Several numbers; a missing one is NaN.
    Numbers(Vec<f64>),
    /// A name or words.
    Text(String),
    /// A picture: bytes `[height, width, channels]`.
    Image(Tensor),
}

/// One example, as it was read: values by field name.
pub type Record = BTreeMap<String, Value>;

/// A record does not fit the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A name that the schema does not have.
    #[error("`{field}` is not a field{hint}; the fields are {known}", hint = .near.as_ref().map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default())]
    Unknown {
        /// The name given.
        field: String,
        /// A name that looks like it.
        near: Option<String>,
        /// The names there are.
        known: String,
    },
    /// A field that the network needs was not given.
    #[error("`{field}` is missing; give it a value of kind {kind}")]
    Absent {
        /// The field.
        field: String,
        /// What it holds.
        kind: Kind,
    },
    /// A value of another kind.
    #[error("`{field}` wants {wanted}, got {got}")]
    Kind {
        /// The field.
        field: String,
        /// What it holds.
        wanted: Kind,
        /// What came.
        got: String,
    },
}

impl Schema {
    /// The field of a name.
    ///
    /// # Errors
    /// [`SchemaError::Unknown`] suggests the nearest name.
    pub fn field(&self, name: &str) -> Result<&Field, SchemaError> {
        self.fields.iter().find(|field| field.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
            let known: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let near = crate::nearest(name, names).map(str::to_owned);
            SchemaError::Unknown { field: name.to_owned(), near, known: known.join(", ") }
        })
    }

    /// The fields of a role, in order.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.role == role)
    }

    /// Refuses a record that has a field too many, one too few, or a value of the wrong kind.
    ///
    /// Targets, ids and ignored fields may be left out.
    ///
    /// # Errors
    /// [`SchemaError`] names the field.
    pub fn check(&self, record: &Record) -> Result<(), SchemaError> {
        for (name, value) in record {
            self.field(name)?.check(value)?;
        }
        match self.with_role(Role::Input).find(|field| !record.contains_key(&field.name)) {
            None => Ok(()),
            Some(field) => Err(SchemaError::Absent { field: field.name.clone(), kind: field.kind.clone() }),
        }
    }
}

impl Field {
    fn check(&self, value: &Value) -> Result<(), SchemaError> {
        let fits = match (&self.kind, value) {
            (_, Value::Missing) => true,
            (Kind::Number, Value::Number(_)) => true,
            (Kind::Numbers { len }, Value::Numbers(numbers)) => numbers.len() == *len,
            (Kind::Series { channels, steps }, Value::Numbers(numbers)) => numbers.len() == channels * steps,
            (Kind::Category | Kind::Labels { .. } | Kind::Text, Value::Text(_)) => true,
            (Kind::Image { channels, size }, Value::Image(pixels)) => match pixels.shape() {
                [h, w, c] => c == channels && size.is_none_or(|size| size == (*h, *w)),
                _ => false,
            },
            _ => false,
        };
        match fits {
            true => Ok(()),
            false => Err(SchemaError::Kind {
                field: self.name.clone(),
                wanted: self.kind.clone(),
                got: value.to_string(),
            }),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Number => f.write_str("a number"),
            Kind::Numbers { len } => write!(f, "{len} numbers"),
            Kind::Series { channels: 1, steps } => write!(f, "a series of {steps} steps"),
            Kind::Series { channels, steps } => {
                write!(f, "a series of {steps} steps in {channels} channels")
            }
            Kind::Category => f.write_str("a name"),
            Kind::Labels { separator } => write!(f, "names with `{separator}` between them"),
            Kind::Image { channels, size: None } => write!(f, "an image with {channels} channels"),
            Kind::Image { channels, size: Some((h, w)) } => {
                write!(f, "a {h}x{w} image with {channels} channels")
            }
            Kind::Text => f.write_str("a text"),
        }
    }
}

/// What came, for messages: the value itself where it is short.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Missing => f.write_str("nothing"),
            Value::Number(x) => write!(f, "the number {x}"),
            Value::Numbers(x) => write!(f, "{} numbers", x.len()),
            Value::Text(text) if text.chars().count() <= 40 => {
                write!(f, "the text `{}`", text.escape_debug())
            }
            Value::Text(text) => write!(f, "a text of {} characters", text.chars().count()),
            Value::Image(pixels) => write!(f, "an image of shape {:?}", pixels.shape()),
        }
    }
}
