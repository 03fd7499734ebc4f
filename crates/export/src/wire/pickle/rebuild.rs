//! What Python would call: here each of the few callables is a way to make a value of its arguments.
use super::globals::Global;
use super::value::{Ref, Storage, Value, Values, View};

/// The most axes that a tensor of ours may have. PyTorch's limit; a longer list would be copied for every tensor.
const AXES: usize = 64;

/// What a call yields.
pub(super) enum Made {
    New(Value),
    /// One of its arguments, as it is.
    Same(Ref),
}

/// What `global(*arguments)` yields, if those are its arguments.
pub(super) fn call(values: &Values, global: Global, arguments: &[Ref]) -> Option<Made> {
    match (global, arguments) {
        (Global::OrderedDict, []) => Some(Made::New(Value::Dict { items: vec![], state: None })),
        (Global::Size, [sizes]) => values.tuple(*sizes).map(|_| Made::Same(*sizes)),
        (Global::RebuildParameter, [tensor, _learned, _hooks]) => {
            matches!(values.get(*tensor), Value::Tensor(_)).then_some(Made::Same(*tensor))
        }
        (Global::RebuildTensorV2, [storage, offset, sizes, strides, _learned, _hooks]) => {
            view(values, None, [*storage, *offset, *sizes, *strides])
        }
        (Global::RebuildTensorV3, [storage, offset, sizes, strides, _learned, _hooks, element]) => {
            view(values, Some(*element), [*storage, *offset, *sizes, *strides])
        }
        _ => None,
    }
}

/// The storage that `("storage", class, key, device, count)` stands for.
pub(super) fn storage(values: &Values, id: Ref) -> Option<Storage> {
    let [word, class, key, device, len] = values.tuple(id)?[..] else { return None };
    let element = match values.global(class)? {
        Global::Storage(element) => Some(element),
        Global::UntypedStorage => None,
        Global::OrderedDict
        | Global::RebuildTensorV2
        | Global::RebuildTensorV3
        | Global::RebuildParameter
        | Global::Size
        | Global::Element(_) => return None,
    };
    let texts =
        values.text(word)? == "storage" && values.text(key).is_some() && values.text(device).is_some();
    texts.then_some(Storage { element, key, len: values.int(len)? })
}

fn view(values: &Values, element: Option<Ref>, [storage, offset, sizes, strides]: [Ref; 4]) -> Option<Made> {
    let Value::Storage(held) = values.get(storage) else { return None };
    let element = match element.map(|element| values.global(element)) {
        None => held.element?,
        Some(Some(Global::Element(element))) => element,
        Some(_) => return None,
    };
    let (sizes, strides) = (ints(values, sizes)?, ints(values, strides)?);
    Some(Made::New(Value::Tensor(View { storage, element, offset: values.int(offset)?, sizes, strides })))
}

fn ints(values: &Values, tuple: Ref) -> Option<Vec<i64>> {
    let items = values.tuple(tuple).filter(|items| items.len() <= AXES)?;
    items.iter().map(|item| values.int(*item)).collect()
}
