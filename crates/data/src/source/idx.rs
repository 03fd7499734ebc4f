//! The idx format of MNIST: a magic number, big-endian sizes, bytes; read by our own reader, packed or not.

use std::borrow::Cow;
use std::io::Read;
use std::sync::LazyLock;

use baeum_core::{Field, Kind, Limit, Limits, Role, Split, Task, Train};

use super::{Cell, Pixels, Raw, Scan, Targets, field};
use crate::config::IdxConfig;
use crate::packed::{self, Packing};
use crate::place::shown_name;
use crate::plan::{DataPlan, IMAGE, SplitPlan};
use crate::split::{Part, sample_id};
use crate::{DataError, Place};

/// Images of one size and their labels: the training rows, then the test rows if there are any.
pub(crate) struct Idx {
    target: String,
    files: Vec<Pair>,
    height: usize,
    width: usize,
    is_given: bool,
}

/// Two files that belong together.
struct Pair {
    name: String,
    images: Vec<u8>,
    labels: Vec<u8>,
}

/// What an idx file holds.
struct Content {
    sizes: Vec<usize>,
    bytes: Vec<u8>,
}

/// The files of a recipe, in the order in which they are read.
pub(crate) fn files(config: &IdxConfig) -> Vec<&str> {
    let test = [config.test_images.as_deref(), config.test_labels.as_deref()];
    [Some(config.images.as_str()), Some(config.labels.as_str())].into_iter().chain(test).flatten().collect()
}

/// Reads the files.
pub(super) fn scan(plan: &DataPlan, config: &IdxConfig, place: &Place) -> Result<Idx, DataError> {
    let (train, (height, width)) = pair(&config.images, &config.labels, place)?;
    let mut idx = Idx {
        target: plan.target.clone(),
        files: vec![train],
        height,
        width,
        is_given: matches!(plan.split, SplitPlan::Given { .. }),
    };
    if let (Some(images), Some(labels)) = (&config.test_images, &config.test_labels) {
        let (test, size) = pair(images, labels, place)?;
        if size != (height, width) {
            let wants = format!("images of {height}x{width} pixels, as `{}` has", shown_name(&config.images));
            return Err(DataError::file(&test.name, wants, format!("{}x{}", size.0, size.1)));
        }
        idx.files.push(test);
    }
    place.limits.admit(
        Limit::Rows,
        format_args!("`{}`", shown_name(&config.images)),
        Scan::rows(&idx) as u64,
    )?;
    Ok(idx)
}

/// Reads images and labels that belong together; the size is that of the images.
fn pair(images: &str, labels: &str, place: &Place) -> Result<(Pair, (usize, usize)), DataError> {
    let read = |name: &str, dims: usize| {
        read(&shown_name(name), &place.read(name, Limit::InflatedBytes)?, dims, &place.limits)
    };
    let (name, pixels, marks) = (shown_name(images), read(images, 3)?, read(labels, 1)?);
    let (count, height, width) = (pixels.sizes[0], pixels.sizes[1], pixels.sizes[2]);
    if count == 0 || height == 0 || width == 0 {
        return Err(DataError::file(&name, "images", format!("{count} of {height}x{width} pixels")));
    }
    let file = format_args!("`{name}`").to_string();
    place.limits.admit(Limit::ImageSide, &file, height.max(width) as u64)?;
    place.limits.admit(Limit::ImageArea, &file, (height * width) as u64)?;
    if marks.bytes.len() != count {
        let wants = format!("{count} labels, one for each image of `{name}`");
        return Err(DataError::file(&shown_name(labels), wants, marks.bytes.len().to_string()));
    }
    Ok((Pair { name, images: pixels.bytes, labels: marks.bytes }, (height, width)))
}

/// Reads one idx file of bytes with so many dimensions, packed by gzip or not; `file` is its name in
/// messages.
fn read(file: &str, bytes: &[u8], dims: usize, limits: &Limits) -> Result<Content, DataError> {
    let is_packed = bytes.starts_with(&[0x1f, 0x8b]);
    let mut reader: Box<dyn Read> = match is_packed {
        true => Box::new(flate2::bufread::MultiGzDecoder::new(bytes)),
        false => Box::new(bytes),
    };
    let failed = |error: std::io::Error| packed::failed(file, Packing::Gzip, error);
    let sizes = header(file, &mut reader, dims, limits, failed)?;
    let wanted = sizes.iter().try_fold(1u64, |product, &size| product.checked_mul(u64::from(size)));
    let wanted = wanted.ok_or_else(|| DataError::file(file, "sizes that can be", format!("{sizes:?}")))?;
    if is_packed {
        packed::admit(file, wanted, bytes.len() as u64, limits)?;
    }
    let refuse = |got: String| DataError::file(file, format!("{wanted} bytes for sizes {sizes:?}"), got);
    let left = (bytes.len() as u64).saturating_sub(4 + 4 * dims as u64);
    if !is_packed && left != wanted {
        return Err(refuse(left.to_string()));
    }
    let mut content = Vec::new();
    content.try_reserve_exact(wanted as usize).map_err(|error| failed(std::io::Error::other(error)))?;
    // One byte more than wanted: it must not be there, and asking for it makes gzip check its checksum.
    reader.take(wanted.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    match (content.len() as u64).cmp(&wanted) {
        std::cmp::Ordering::Equal => {
            Ok(Content { sizes: sizes.iter().map(|&size| size as usize).collect(), bytes: content })
        }
        std::cmp::Ordering::Less => Err(refuse(content.len().to_string())),
        std::cmp::Ordering::Greater => Err(refuse("more".to_owned())),
    }
}

/// The sizes that stand in front of the bytes.
fn header(
    file: &str,
    reader: &mut dyn Read,
    dims: usize,
    limits: &Limits,
    failed: impl Fn(std::io::Error) -> DataError,
) -> Result<Vec<u32>, DataError> {
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(&failed)?;
    let [0, 0, kind, found] = magic else {
        let got = format!("the first bytes {:02x} {:02x}", magic[0], magic[1]);
        return Err(DataError::file(file, "to be an idx file, which starts with two zeros", got));
    };
    if kind != 8 {
        return Err(DataError::file(file, "bytes, type 08 of idx", format!("type {kind:02x}")));
    }
    limits.admit(Limit::IdxDims, format_args!("`{file}`"), found.into())?;
    if usize::from(found) != dims {
        let wants = if dims == 1 { "one dimension: labels" } else { "3 dimensions: images, rows, columns" };
        return Err(DataError::file(file, wants, found.to_string()));
    }
    let mut size = || {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes).map(|()| u32::from_be_bytes(bytes)).map_err(&failed)
    };
    (0..dims).map(|_| size()).collect()
}

impl Idx {
    /// The file of a row, and its place there.
    fn locate(&self, row: usize) -> (&Pair, usize) {
        let first = self.files[0].labels.len();
        match self.files.get(1) {
            Some(test) if row >= first => (test, row - first),
            Some(_) | None => (&self.files[0], row),
        }
    }

    fn labels(&self) -> impl Iterator<Item = u8> {
        self.files.iter().flat_map(|file| file.labels.iter().copied())
    }
}

impl Scan for Idx {
    fn rows(&self) -> usize {
        self.files.iter().map(|file| file.labels.len()).sum()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        let area = self.height * self.width;
        let of_file = |file: &Pair| -> Vec<u64> {
            let rows = file.images.chunks_exact(area).zip(&file.labels);
            rows.map(|(image, label)| sample_id(&[image, &[*label]].concat())).collect()
        };
        Ok(self.files.iter().flat_map(of_file).collect())
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        let of_file = |(file, part): (&Pair, Part)| std::iter::repeat_n(part, file.labels.len());
        let parts = || self.files.iter().zip([Part::Train, Part::Test]).flat_map(of_file).collect();
        Ok(self.is_given.then(parts))
    }

    fn targets(&self) -> Result<Targets, DataError> {
        Ok(self.labels().map(|label| Some(label.to_string())).collect())
    }

    fn task(&self, _: &Targets) -> Result<Task, DataError> {
        Ok(Task::Classify)
    }

    fn fields(&self, _: Task, _: &Split<Train>) -> Result<Vec<Field>, DataError> {
        let image = Kind::Image { channels: 1, size: Some((self.height, self.width)) };
        Ok(vec![
            Field { columns: vec![], ..field(IMAGE, image, Role::Input) },
            field(&self.target, Kind::Category, Role::Target),
        ])
    }

    fn load(self: Box<Self>, _: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        Ok(self)
    }
}

impl Raw for Idx {
    fn rows(&self) -> usize {
        Scan::rows(self)
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        let (file, row) = self.locate(row);
        if field == 1 {
            return Ok(Cell::Name(DIGITS[usize::from(file.labels[row])].as_str()));
        }
        let area = self.height * self.width;
        let bytes = Cow::Borrowed(&file.images[row * area..(row + 1) * area]);
        Ok(Cell::Image(Pixels { height: self.height, width: self.width, channels: 1, bytes }))
    }

    fn place(&self, row: usize) -> String {
        let (file, row) = self.locate(row);
        format!("`{}` image {}", file.name, row + 1)
    }

    fn image_size(&self, _: usize, _: usize) -> Option<(usize, usize)> {
        Some((self.height, self.width))
    }
}

/// Every label that a byte can be, written out once.
static DIGITS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..=u8::MAX).map(|label| label.to_string()).collect());
