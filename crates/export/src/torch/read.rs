use std::collections::BTreeMap;

use baeum_core::{DType, Data, Limit, Limits, Stored, Tensor, Weights};

use crate::error::ReadError;
use crate::wire::pickle::{Pickle, Ref, Storage, Value, View};
use crate::wire::zip::Archive;

/// How the files of PyTorch before 1.6 begin: a pickle of a magic number.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
/// How a pickle of protocol 2 or later begins.
const PICKLE: &[u8] = b"\x80";
/// Below this a file may hold views of the same numbers as often as it likes.
const SMALL: u64 = 16 << 20;

/// The tensors of a `state_dict` file, by name.
///
/// Nothing is resolved or called; a tensor that we cannot hold is an error, never left out.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Weights, ReadError> {
    refuse_other_ages(bytes)?;
    let archive = Archive::open(bytes)?;
    let top = top(&archive)?;
    match archive.get(&format!("{top}/byteorder")) {
        None | Some(b"little") => {}
        Some(other) => {
            return Err(ReadError::malformed(
                "`byteorder`",
                "little",
                String::from_utf8_lossy(other).escape_debug(),
            ));
        }
    }
    let pickle = Pickle::read(archive.get(&format!("{top}/data.pkl")).unwrap_or_default(), limits)?;
    let file = File { archive: &archive, top, pickle: &pickle };
    let mut weights = BTreeMap::new();
    let mut copied = 0u64;
    for (name, view) in file.views()? {
        let tensor = file.tensor(&name, view)?;
        copied = copied.saturating_add((tensor.len() * tensor.dtype().bytes()) as u64);
        refuse_bomb(copied, bytes.len() as u64, limits)?;
        if weights.insert(name.clone(), tensor).is_some() {
            return Err(ReadError::malformed("state_dict", "each name once", format!("`{name}` again")));
        }
    }
    Ok(weights)
}

fn refuse_other_ages(bytes: &[u8]) -> Result<(), ReadError> {
    let refuse =
        |got: &str| Err(ReadError::malformed("`.pth` file", "the layout of PyTorch 1.6 or later", got));
    if bytes.starts_with(LEGACY) {
        return refuse("an older one; load it there and save it again");
    }
    if bytes.starts_with(PICKLE) {
        return refuse("a bare pickle; save the state_dict by `torch.save`");
    }
    match bytes.get(257..262) {
        Some(b"ustar") => refuse("a tar archive; load it in its PyTorch and save it again"),
        _ => Ok(()),
    }
}

/// The one folder that the file is in.
fn top<'a>(archive: &'a Archive<'_>) -> Result<&'a str, ReadError> {
    let tops: Vec<&str> = archive.names().filter_map(|name| name.strip_suffix("/data.pkl")).collect();
    match tops[..] {
        [top] if !top.contains('/') => Ok(top),
        _ => Err(ReadError::malformed(
            "`.pth` file",
            "one `data.pkl` in one folder",
            format!("{}", tops.len()),
        )),
    }
}

/// Many tensors may show the same numbers; copied out they must not fill the memory.
fn refuse_bomb(copied: u64, file: u64, limits: &Limits) -> Result<(), ReadError> {
    match copied > SMALL {
        true => Ok(limits.admit(Limit::ArchiveRatio, "the `.pth` file", copied / file.max(1))?),
        false => Ok(()),
    }
}

struct File<'a> {
    archive: &'a Archive<'a>,
    top: &'a str,
    pickle: &'a Pickle,
}

impl<'a> File<'a> {
    /// The entries of the state_dict, in its order.
    fn views(&self) -> Result<Vec<(String, &'a View)>, ReadError> {
        let Value::Dict { items, state } = self.pickle.root() else {
            return Err(ReadError::malformed("`.pth` file", "a state_dict", "another object"));
        };
        self.refuse_attributes(*state)?;
        items.iter().map(|(key, value)| self.entry(*key, *value)).collect()
    }

    fn entry(&self, key: Ref, value: Ref) -> Result<(String, &'a View), ReadError> {
        let Value::Text(name) = self.pickle.get(key) else {
            return Err(ReadError::malformed("state_dict", "names as keys", "another key"));
        };
        match self.pickle.get(value) {
            Value::Tensor(view) => Ok((name.clone(), view)),
            Value::Dict { .. } => {
                let got = "a dict; save that one alone";
                Err(ReadError::malformed(format!("`{name}` of the state_dict"), "to be a tensor", got))
            }
            Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Tuple(_)
            | Value::List(_)
            | Value::Global(_)
            | Value::Storage(_) => Err(ReadError::malformed(
                format!("`{name}` of the state_dict"),
                "to be a tensor",
                "another object",
            )),
        }
    }

    /// PyTorch notes the versions of its modules beside the tensors; nothing else may hide there.
    fn refuse_attributes(&self, state: Option<Ref>) -> Result<(), ReadError> {
        let versions =
            |place: &Ref| matches!(self.pickle.get(*place), Value::Text(name) if name == "_metadata");
        match state.map(|place| self.pickle.get(place)) {
            None => Ok(()),
            Some(Value::Dict { items, state: None }) if items.iter().all(|(key, _)| versions(key)) => Ok(()),
            Some(_) => Err(ReadError::malformed("state_dict", "no attribute but `_metadata`", "another one")),
        }
    }

    fn tensor(&self, name: &str, view: &View) -> Result<Tensor, ReadError> {
        let refuse =
            |wanted: &str, got: String| ReadError::malformed(format!("tensor `{name}`"), wanted, got);
        let stored = stored(view).ok_or_else(|| {
            refuse(
                "numbers of f32, f64, f16, bf16, i64 or u8",
                format!("{}; save it as float32", view.element),
            )
        })?;
        let bytes = self.storage(view, stored.bytes(), &refuse)?;
        let whole = Layout::of(view, bytes.len() / stored.bytes());
        let Some(layout) = whole else {
            let got = format!("offset {}, sizes {:?}, strides {:?}", view.offset, view.sizes, view.strides);
            return Err(refuse(&format!("to lie within {} numbers", bytes.len() / stored.bytes()), got));
        };
        let data = layout.gather(stored, bytes);
        Tensor::new(layout.sizes, data).map_err(|error| refuse("sizes that fit", error.to_string()))
    }

    fn storage(
        &self,
        view: &View,
        width: usize,
        refuse: &impl Fn(&str, String) -> ReadError,
    ) -> Result<&'a [u8], ReadError> {
        let Value::Storage(Storage { element, key, len }) = self.pickle.get(view.storage) else {
            return Err(refuse("a storage", "another object".to_owned()));
        };
        let Value::Text(key) = self.pickle.get(*key) else {
            return Err(refuse("a storage with a key", "another object".to_owned()));
        };
        let found = self.archive.get(&format!("{}/data/{key}", self.top));
        let bytes = found.ok_or_else(|| refuse("an entry with its numbers", format!("no `data/{key}`")))?;
        // Plain bytes are counted in bytes.
        let size = if element.is_some() { width as u64 } else { 1 };
        let wanted = u64::try_from(*len).ok().and_then(|len| len.checked_mul(size));
        match wanted == Some(bytes.len() as u64) && bytes.len().is_multiple_of(width) {
            true => Ok(bytes),
            false => Err(refuse(&format!("{len} numbers in `data/{key}`"), format!("{} bytes", bytes.len()))),
        }
    }
}

/// How the numbers of a tensor are read, if they are. A storage of one type seen as another is not ours to judge.
fn stored(view: &View) -> Option<Stored> {
    match view.element.0 {
        "float32" => Some(Stored::As(DType::F32)),
        "float64" => Some(Stored::As(DType::F64)),
        "float16" => Some(Stored::F16),
        "bfloat16" => Some(Stored::Bf16),
        "int64" => Some(Stored::As(DType::I64)),
        "uint8" => Some(Stored::As(DType::U8)),
        _ => None,
    }
}

/// Where the numbers of a tensor lie in its storage; known to stay within it.
struct Layout {
    offset: usize,
    sizes: Vec<usize>,
    strides: Vec<usize>,
}

impl Layout {
    /// Nothing if it would leave a storage of `len` numbers, or show more numbers than that holds.
    fn of(view: &View, len: usize) -> Option<Layout> {
        let unsigned =
            |numbers: &[i64]| numbers.iter().map(|&n| usize::try_from(n).ok()).collect::<Option<Vec<_>>>();
        let (sizes, strides) = (unsigned(&view.sizes)?, unsigned(&view.strides)?);
        let offset = usize::try_from(view.offset).ok().filter(|&offset| offset <= len)?;
        if sizes.len() != strides.len() {
            return None;
        }
        let count = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size.max(1)))?;
        if sizes.contains(&0) {
            return Some(Layout { offset, sizes, strides });
        }
        let steps = sizes.iter().zip(&strides).map(|(&size, &stride)| (size - 1).checked_mul(stride));
        let last = steps.into_iter().try_fold(offset, |sum, step| sum.checked_add(step?))?;
        (last < len && count <= len).then_some(Layout { offset, sizes, strides })
    }

    /// The numbers in row-major order.
    fn gather(&self, stored: Stored, bytes: &[u8]) -> Data {
        let size = stored.bytes();
        let count: usize = self.sizes.iter().product();
        if self.strides == super::write::strides(&self.sizes) {
            return stored.read(&bytes[self.offset * size..(self.offset + count) * size]);
        }
        let mut gathered = Vec::with_capacity(count * size);
        let mut index = vec![0; self.sizes.len()];
        for _ in 0..count {
            let steps: usize = index.iter().zip(&self.strides).map(|(i, stride)| i * stride).sum();
            let at = (self.offset + steps) * size;
            gathered.extend_from_slice(&bytes[at..at + size]);
            advance(&mut index, &self.sizes);
        }
        stored.read(&gathered)
    }
}

/// The next index in row-major order; after the last the first again.
fn advance(index: &mut [usize], sizes: &[usize]) {
    for axis in (0..sizes.len()).rev() {
        index[axis] += 1;
        if index[axis] < sizes[axis] {
            return;
        }
        index[axis] = 0;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::wire::{pickle, zip};

    /// Made by PyTorch 2.15: `w = arange(24.).reshape(4, 6)` and `torch.save(OrderedDict(a=w, b=w.t(), c=w[1:3, ::2],
    /// d=Parameter(ones(2, 3)), e=zeros(0, 3), f=tensor(7), g=tensor([1, 2, 255], dtype=uint8), h=tensor([1.5],
    /// dtype=float64)), ..)`.
    const VIEWS: &[u8] = include_bytes!("fixtures/views.pth");

    /// A file of one tensor `a` over 6 floats, as the arguments say it.
    fn file(storage: &str, len: i64, offset: i64, sizes: &[i64], strides: &[i64]) -> Vec<u8> {
        let mut p = pickle::Writer::new();
        p.empty_dict();
        p.set_items(|p| {
            p.text("a");
            p.global("torch._utils", "_rebuild_tensor_v2");
            p.tuple(|p| {
                p.tuple(|p| {
                    p.text("storage");
                    p.global("torch", storage);
                    p.text("0");
                    p.text("cpu");
                    p.int(len);
                });
                p.persistent();
                p.int(offset);
                p.tuple(|p| sizes.iter().for_each(|&size| p.int(size)));
                p.tuple(|p| strides.iter().for_each(|&stride| p.int(stride)));
                p.no();
                p.empty_dict();
            });
            p.reduce();
        });
        archive(&p.finish(), "little")
    }

    fn archive(pickle: &[u8], byteorder: &str) -> Vec<u8> {
        let mut archive = zip::Writer::aligned(64);
        archive.add("top/data.pkl", pickle);
        archive.add("top/byteorder", byteorder.as_bytes());
        archive.add("top/data/0", &(0..6).flat_map(|n| (n as f32).to_le_bytes()).collect::<Vec<u8>>());
        archive.finish()
    }

    #[track_caller]
    fn refused(file: &[u8], expect: &str) {
        assert_eq!(
            read(file, &Limits::default()).err().map(|error| error.to_string()).as_deref(),
            Some(expect)
        );
    }

    #[test]
    fn views_of_pytorch_are_read_as_it_means_them() {
        let found = read(VIEWS, &Limits::default()).unwrap();
        let numbers = |name: &str| (found[name].shape().to_vec(), found[name].to_f64s());
        assert_eq!(numbers("a"), (vec![4, 6], (0..24).map(f64::from).collect()));
        let turned = (0..6).flat_map(|column| (0..4).map(move |row| f64::from(row * 6 + column)));
        assert_eq!(numbers("b"), (vec![6, 4], turned.collect()));
        assert_eq!(numbers("c"), (vec![2, 3], vec![6.0, 8.0, 10.0, 12.0, 14.0, 16.0]));
        assert_eq!(numbers("d"), (vec![2, 3], vec![1.0; 6]));
        assert_eq!(numbers("e"), (vec![0, 3], vec![]));
        assert_eq!((numbers("f"), found["f"].dtype()), ((vec![], vec![7.0]), DType::I64));
        assert_eq!((numbers("g"), found["g"].dtype()), ((vec![3], vec![1.0, 2.0, 255.0]), DType::U8));
        assert_eq!((numbers("h"), found["h"].dtype()), ((vec![1], vec![1.5]), DType::F64));
        assert_eq!(found.len(), 8);
    }

    #[test]
    fn a_file_cut_or_changed_anywhere_never_panics() {
        let limits = Limits::default();
        assert!((0..VIEWS.len()).all(|end| read(&VIEWS[..end], &limits).is_err()));
        let mut file = VIEWS.to_vec();
        for at in 0..file.len() {
            file[at] ^= 0x55;
            drop(read(&file, &limits));
            file[at] ^= 0x55;
        }
    }

    #[test]
    fn strides_are_honoured_within_the_storage() {
        let good = read(&file("FloatStorage", 6, 1, &[2, 2], &[1, 3]), &Limits::default()).unwrap();
        assert_eq!(good["a"].to_f64s(), [1.0, 4.0, 2.0, 5.0]);
        let all = "tensor `a` wants to lie within 6 numbers, got offset ";
        refused(&file("FloatStorage", 6, 1, &[6], &[1]), &format!("{all}1, sizes [6], strides [1]"));
        refused(&file("FloatStorage", 6, -1, &[2], &[1]), &format!("{all}-1, sizes [2], strides [1]"));
        refused(&file("FloatStorage", 6, 0, &[2], &[-1]), &format!("{all}0, sizes [2], strides [-1]"));
        refused(&file("FloatStorage", 6, 0, &[-2], &[1]), &format!("{all}0, sizes [-2], strides [1]"));
        refused(&file("FloatStorage", 6, 0, &[2], &[]), &format!("{all}0, sizes [2], strides []"));
        refused(&file("FloatStorage", 6, 0, &[7], &[0]), &format!("{all}0, sizes [7], strides [0]"));
        let huge = i64::MAX;
        refused(
            &file("FloatStorage", 6, 0, &[2, huge], &[1, 0]),
            &format!("{all}0, sizes [2, {huge}], strides [1, 0]"),
        );
        refused(
            &file("FloatStorage", 6, 0, &[2, 2], &[huge, huge]),
            &format!("{all}0, sizes [2, 2], strides [{huge}, {huge}]"),
        );
        refused(
            &file("FloatStorage", 6, 0, &[0, huge, 4], &[1, 1, 1]),
            &format!("{all}0, sizes [0, {huge}, 4], strides [1, 1, 1]"),
        );
    }

    /// The storage holds 0, 1, .. 5 of 32 bits; 1 is `0x3f800000`.
    #[test]
    fn halves_are_read_as_the_numbers_they_are() {
        let brain = read(&file("BFloat16Storage", 12, 0, &[4], &[1]), &Limits::default()).unwrap();
        assert_eq!(brain["a"], Tensor::vector(vec![0.0f32, 0.0, 0.0, 1.0]));
        let half = read(&file("HalfStorage", 12, 3, &[1], &[1]), &Limits::default()).unwrap();
        assert_eq!(half["a"], Tensor::vector(vec![1.875f32])); // 0x3f80
    }

    #[test]
    fn numbers_that_we_have_not_are_named() {
        refused(
            &file("BoolStorage", 24, 0, &[6], &[1]),
            "tensor `a` wants numbers of f32, f64, f16, bf16, i64 or u8, got torch.bool; save it as float32",
        );
    }

    #[test]
    fn a_storage_is_as_long_as_its_entry() {
        refused(
            &file("FloatStorage", 7, 0, &[6], &[1]),
            "tensor `a` wants 7 numbers in `data/0`, got 24 bytes",
        );
        refused(
            &file("FloatStorage", -1, 0, &[6], &[1]),
            "tensor `a` wants -1 numbers in `data/0`, got 24 bytes",
        );
        refused(
            &file("DoubleStorage", 6, 0, &[6], &[1]),
            "tensor `a` wants 6 numbers in `data/0`, got 24 bytes",
        );
    }

    #[test]
    fn what_is_no_state_dict_is_refused() {
        let of = |build: fn(&mut pickle::Writer)| {
            let mut p = pickle::Writer::new();
            build(&mut p);
            archive(&p.finish(), "little")
        };
        refused(&of(|p| p.int(1)), "`.pth` file wants a state_dict, got another object");
        refused(
            &of(|p| {
                p.empty_dict();
                p.set_items(|p| {
                    p.text("model");
                    p.empty_dict();
                });
            }),
            "`model` of the state_dict wants to be a tensor, got a dict; save that one alone",
        );
        refused(
            &of(|p| {
                p.empty_dict();
                p.set_items(|p| {
                    p.text("epoch");
                    p.int(3);
                });
            }),
            "`epoch` of the state_dict wants to be a tensor, got another object",
        );
        refused(
            &of(|p| {
                p.empty_dict();
                p.empty_dict();
                p.set_items(|p| {
                    p.text("hook");
                    p.int(3);
                });
                p.build();
            }),
            "state_dict wants no attribute but `_metadata`, got another one",
        );
    }

    #[test]
    fn other_layouts_are_refused_by_name() {
        let old = [LEGACY, &[0; 300][..]].concat();
        let text = "`.pth` file wants the layout of PyTorch 1.6 or later, got ";
        refused(&old, &format!("{text}an older one; load it there and save it again"));
        let mut tar = vec![0; 600];
        tar[257..262].copy_from_slice(b"ustar");
        refused(&tar, &format!("{text}a tar archive; load it in its PyTorch and save it again"));
        refused(b"\x80\x04}.", &format!("{text}a bare pickle; save the state_dict by `torch.save`"));
        refused(&archive(b"", "big"), "`byteorder` wants little, got big");
        let mut two = zip::Writer::aligned(64);
        two.add("a/data.pkl", b"");
        two.add("b/data.pkl", b"");
        refused(&two.finish(), "`.pth` file wants one `data.pkl` in one folder, got 2");
        refused(b"", "zip archive wants an end record, got none");
    }

    #[test]
    fn numbers_shown_again_and_again_do_not_fill_the_memory() {
        let limits = Limits { archive_ratio: 3, ..Limits::default() };
        assert!(refuse_bomb(SMALL, 1, &limits).is_ok());
        assert!(refuse_bomb(SMALL + 1, SMALL / 3, &limits).is_ok());
        let error = refuse_bomb(SMALL + 1, SMALL / 4, &limits).err().map(|error| error.to_string());
        let text = "the `.pth` file wants at most 3 times its packed length, got 4; `run.limits.archive_ratio` raises the limit";
        assert_eq!(error.as_deref(), Some(text));
    }
}
