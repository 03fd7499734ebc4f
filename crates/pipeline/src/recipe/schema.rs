use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Recipe;

/// A JSON Schema (draft 2020-12) of recipes, by which editors complete and explain settings.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Recipe>();
    schema.insert("title".to_owned(), "Baeum recipe".into());
    schema.to_value()
}
