use serde::de::Unexpected;

/// The type that a reader of serde's expects, in the words of a recipe.
pub(super) fn wanted(expected: &str) -> String {
    if let Some(length) = expected.strip_prefix("an array of length ") {
        return format!("a list of {length}");
    }
    let words = match expected {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" | "path string" => "a text",
        "a sequence" => "a list",
        "a map" | "unit" => "a table",
        structure if structure.starts_with("struct ") => "a table",
        other => other,
    };
    words.to_owned()
}

/// The values that a reader expects, in the words of a recipe.
pub(super) fn range(expected: &str) -> String {
    let largest: u64 = match expected {
        "u8" => u8::MAX.into(),
        "u16" => u16::MAX.into(),
        "u32" => u32::MAX.into(),
        "u64" | "usize" => i64::MAX as u64,
        other => return wanted(other),
    };
    format!("a whole number from 0 to {largest}")
}

/// What a reader met, in the words of a recipe.
pub(super) fn got(unexpected: &Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Char(value) => format!("the text \"{value}\""),
        Unexpected::Str(value) => format!("the text \"{}\"", short(value)),
        Unexpected::Seq | Unexpected::Bytes(_) => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant | Unexpected::TupleVariant => "a table".to_owned(),
        Unexpected::Other(words) => (*words).to_owned(),
        Unexpected::Enum | Unexpected::UnitVariant | Unexpected::NewtypeVariant => "a name".to_owned(),
        Unexpected::Unit | Unexpected::Option | Unexpected::NewtypeStruct => "nothing".to_owned(),
    }
}

/// What the TOML reader says about a piece of text, said for a beginner where it is the commonest slip.
pub(super) fn syntax(what: &str, text: &str) -> String {
    match what.starts_with("string values must be quoted") {
        true if text.is_empty() => "a value is missing".to_owned(),
        true => "a text wants quotes around it".to_owned(),
        false => what.to_owned(),
    }
}

/// The beginning of a text that would fill the screen.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Names as a list in a sentence.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", short(name))).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_is_translated() {
        assert_eq!(wanted("usize"), "a whole number");
        assert_eq!(wanted("struct TrainConfig"), "a table");
        assert_eq!(wanted("an array of length 2"), "a list of 2");
        assert_eq!(wanted("a size, or [height, width]"), "a size, or [height, width]");
        assert_eq!(range("u8"), "a whole number from 0 to 255");
        assert_eq!(range("f64"), "a number");
        assert_eq!(got(&Unexpected::Str("ten")), "the text \"ten\"");
        assert_eq!(got(&Unexpected::Str(&"가".repeat(100))), format!("the text \"{}...\"", "가".repeat(60)));
    }
}
