use baeum_core::Limits;

use super::globals::{Element, Global};
use super::machine::Machine;
use crate::error::ReadError;

/// The place of a value in its pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ref(usize);

/// A value that a pickle built.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Tuple(Vec<Ref>),
    List(Vec<Ref>),
    /// A dict or an ordered dict; `state` is what BUILD gave it.
    Dict {
        items: Vec<(Ref, Ref)>,
        state: Option<Ref>,
    },
    Global(Global),
    Storage(Storage),
    Tensor(View),
}

/// Numbers outside the pickle, by key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    /// What its numbers are; none if it is plain bytes.
    pub(crate) element: Option<Element>,
    /// A text: the name of the entry that holds it.
    pub(crate) key: Ref,
    /// How many elements it says to hold; bytes if it is plain bytes.
    pub(crate) len: i64,
}

/// A tensor over a storage; sizes, strides and offset as the file says them, unchecked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) storage: Ref,
    pub(crate) element: Element,
    pub(crate) offset: i64,
    pub(crate) sizes: Vec<i64>,
    pub(crate) strides: Vec<i64>,
}

/// A pickle, read: its values and the one it stands for.
pub(crate) struct Pickle {
    values: Values,
    root: Ref,
}

impl Pickle {
    /// Reads one pickle that fills `bytes` to the end.
    pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Pickle, ReadError> {
        let (values, root) = Machine::new(bytes, limits).run()?;
        Ok(Pickle { values, root })
    }

    /// The value that the pickle stands for.
    pub(crate) fn root(&self) -> &Value {
        self.values.get(self.root)
    }

    /// The value at a place.
    pub(crate) fn get(&self, place: Ref) -> &Value {
        self.values.get(place)
    }
}

/// The values of a pickle. None is ever taken away, so a place stays good.
#[derive(Default)]
pub(super) struct Values {
    values: Vec<Value>,
    /// How deep the containers are that stand in each value, itself counted.
    depths: Vec<u64>,
}

impl Values {
    pub(super) fn len(&self) -> u64 {
        self.values.len() as u64
    }

    /// Where a new value stands, and how deep it is.
    pub(super) fn push(&mut self, value: Value) -> (Ref, u64) {
        let children = if let Value::Tuple(items) = &value { &items[..] } else { &[] };
        let depth = 1 + self.deepest(children);
        self.values.push(value);
        self.depths.push(depth);
        (Ref(self.values.len() - 1), depth)
    }

    pub(super) fn get(&self, place: Ref) -> &Value {
        &self.values[place.0]
    }

    pub(super) fn get_mut(&mut self, place: Ref) -> &mut Value {
        &mut self.values[place.0]
    }

    /// Notes that `children` stand in `container` now; how deep it is then.
    pub(super) fn deepen(&mut self, container: Ref, children: &[Ref]) -> u64 {
        let depth = self.depths[container.0].max(1 + self.deepest(children));
        self.depths[container.0] = depth;
        depth
    }

    fn deepest(&self, children: &[Ref]) -> u64 {
        children.iter().map(|child| self.depths[child.0]).max().unwrap_or(0)
    }

    pub(super) fn tuple(&self, place: Ref) -> Option<&[Ref]> {
        if let Value::Tuple(items) = self.get(place) { Some(items) } else { None }
    }

    pub(super) fn int(&self, place: Ref) -> Option<i64> {
        if let Value::Int(number) = self.get(place) { Some(*number) } else { None }
    }

    pub(super) fn text(&self, place: Ref) -> Option<&str> {
        if let Value::Text(text) = self.get(place) { Some(text) } else { None }
    }

    pub(super) fn global(&self, place: Ref) -> Option<Global> {
        if let Value::Global(global) = self.get(place) { Some(*global) } else { None }
    }
}
