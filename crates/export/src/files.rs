use std::collections::BTreeMap;

/// The files of one export by relative path, with `/` between folders: one for ONNX, a tree for formats that need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    /// A single file.
    pub fn one(path: &str, bytes: Vec<u8>) -> Files {
        Files(BTreeMap::from([(path.to_owned(), bytes)]))
    }

    /// The bytes at a path.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }
}
