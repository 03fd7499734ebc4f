//! Records that name the files of their images.

use std::path::Path;

use baeum_core::fs::RealFs;
use baeum_core::{Field, Fs, Kind, Limits, Record, Role, Schema, Value};
use baeum_data::records::read_image;

use crate::StageError;
use crate::cli::Failure;

/// The image that the network sees, if it sees nothing else.
pub(super) fn image_alone(schema: &Schema) -> Option<&Field> {
    let mut inputs = schema.with_role(Role::Input);
    let first = inputs.next().filter(|field| is_image(field))?;
    inputs.next().is_none().then_some(first)
}

/// The record with its images in the place of their paths, which start in `folder`.
pub(super) fn with_images(
    mut record: Record,
    schema: &Schema,
    folder: &Path,
    limits: &Limits,
) -> Result<Record, Failure> {
    for field in schema.with_role(Role::Input).filter(|field| is_image(field)) {
        if let Some(Value::Text(path)) = record.get(&field.name) {
            let path = folder.join(path);
            let bytes = RealFs.read(&path, limits.image_bytes)?;
            let image = read_image(&path.display().to_string(), &bytes, field, limits);
            record.insert(field.name.clone(), image.map_err(StageError::from)?);
        }
    }
    Ok(record)
}

fn is_image(field: &Field) -> bool {
    matches!(field.kind, Kind::Image { .. })
}
