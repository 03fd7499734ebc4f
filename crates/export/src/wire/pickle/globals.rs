use std::fmt;

/// What a pickle may name. The only list: anything else is refused by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`: a tensor over a storage whose type says the elements.
    RebuildTensorV2,
    /// `torch._utils._rebuild_tensor_v3`: a tensor over bytes, the elements said apart.
    RebuildTensorV3,
    /// `torch._utils._rebuild_parameter`: a tensor that is learned.
    RebuildParameter,
    /// `torch.Size`.
    Size,
    /// `torch.FloatStorage` and its like.
    Storage(Element),
    /// `torch.storage.UntypedStorage`: bytes.
    UntypedStorage,
    /// `torch.float32` and its like.
    Element(Element),
}

/// What the numbers of a storage are, under the name that PyTorch gives them. Most of them we do not read; they are
/// known so that an error can name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element(pub(crate) &'static str);

/// `torch.<name>` and, where there is one, the storage class of that element.
const ELEMENTS: [(&str, Option<&str>); 18] = [
    ("float64", Some("DoubleStorage")),
    ("float32", Some("FloatStorage")),
    ("float16", Some("HalfStorage")),
    ("bfloat16", Some("BFloat16Storage")),
    ("int64", Some("LongStorage")),
    ("int32", Some("IntStorage")),
    ("int16", Some("ShortStorage")),
    ("int8", Some("CharStorage")),
    ("uint8", Some("ByteStorage")),
    ("bool", Some("BoolStorage")),
    ("complex64", Some("ComplexFloatStorage")),
    ("complex128", Some("ComplexDoubleStorage")),
    ("qint8", Some("QInt8Storage")),
    ("quint8", Some("QUInt8Storage")),
    ("qint32", Some("QInt32Storage")),
    ("uint16", None),
    ("uint32", None),
    ("uint64", None),
];

impl Global {
    /// What `module.name` is, if it is on the list.
    pub(crate) fn find(module: &str, name: &str) -> Option<Global> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Global::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Global::RebuildTensorV2),
            ("torch._utils", "_rebuild_tensor_v3") => Some(Global::RebuildTensorV3),
            ("torch._utils", "_rebuild_parameter") => Some(Global::RebuildParameter),
            ("torch", "Size") => Some(Global::Size),
            ("torch.storage", "UntypedStorage") => Some(Global::UntypedStorage),
            ("torch", name) => ELEMENTS.iter().find_map(|&(element, storage)| match () {
                () if name == element => Some(Global::Element(Element(element))),
                () if Some(name) == storage => Some(Global::Storage(Element(element))),
                () => None,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "torch.{}", self.0)
    }
}
