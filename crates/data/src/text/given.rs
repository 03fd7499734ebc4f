use serde_json::Value;

use super::{Refusal, load, places, refuse};

/// More pieces than this no table of embeddings holds; places stay exact in 32 bits.
const MOST_PIECES: usize = 1 << 24;

/// Patterns that are known to cut any text in a time that grows with its length alone; others can take for ever on a
/// text that was made for it.
pub(super) const PATTERNS: [&str; 3] = [
    // GPT-2
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    // GPT-4, Llama 3 and Qwen 2
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
];

/// The library gives a text as many places as `padding` says, and asks for the memory first.
const MOST_PADDING: u64 = 1 << 20;

/// The names that padding goes by, where a file does not say which piece it is.
const PADDINGS: [&str; 4] = ["[PAD]", "<pad>", "<|padding|>", "<|endoftext|>"];

/// Looks at a `tokenizer.json` from outside before the library does, and gives it without its own truncation and
/// padding, and the place of its padding: how long a text is, and which end of it is kept, the recipe says.
///
/// The library aborts the process, or never comes back, on a few lines of some files (reliability.md H8); those are
/// refused here. What it panics on is refused where it is called.
pub(crate) fn given(text: &str) -> Result<(String, u32), Refusal> {
    let mut file: Value =
        serde_json::from_str(text).or_else(|error| refuse("a `tokenizer.json`", error.to_string()))?;
    if !file.is_object() || file.get("model").is_none() {
        return refuse("a `tokenizer.json` with a `model`", "none");
    }
    look(&file)?;
    refuse_lengths(&file)?;
    refuse_chance(&file)?;
    refuse_merges(&file)?;
    let said = file.pointer("/padding/pad_id").and_then(Value::as_u64);
    if let Some(object) = file.as_object_mut() {
        object.insert("truncation".to_owned(), Value::Null);
        object.insert("padding".to_owned(), Value::Null);
    }
    let json = file.to_string();
    let tokenizer = load(&json)?;
    let places = places(&tokenizer);
    if places > MOST_PIECES {
        return refuse(format!("at most {MOST_PIECES} places for pieces"), places.to_string());
    }
    let named = || PADDINGS.iter().find_map(|name| tokenizer.token_to_id(name));
    let padding = said.and_then(|place| u32::try_from(place).ok()).or_else(named);
    match padding.filter(|place| tokenizer.id_to_token(*place).is_some()) {
        Some(padding) => Ok((json, padding)),
        None => refuse("a piece for padding, such as `[PAD]`, or `padding` with its `pad_id`", "none"),
    }
}

/// Refuses what the library cannot be trusted with, wherever it stands.
fn look(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Object(object) => {
            if object.get("type").and_then(Value::as_str) == Some("Precompiled") {
                return refuse("a normalizer other than `Precompiled`, such as `NFKC`", "`Precompiled`");
            }
            if let Some(pattern) = object.get("Regex").and_then(Value::as_str) {
                refuse_pattern(pattern)?;
            }
            object.values().try_for_each(look)
        }
        Value::Array(list) => list.iter().try_for_each(look),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// Refuses lengths that no text has: a file that says them was made to break whoever reads it.
fn refuse_lengths(file: &Value) -> Result<(), Refusal> {
    let number = |place: &str| file.pointer(place).and_then(Value::as_u64);
    if let Some(length) = number("/padding/strategy/Fixed").filter(|length| *length > MOST_PADDING) {
        return refuse(format!("a `padding` to at most {MOST_PADDING} places"), length.to_string());
    }
    match (number("/truncation/stride"), number("/truncation/max_length")) {
        (Some(stride), Some(length)) if stride >= length && stride > 0 => refuse(
            format!("a `truncation` whose `stride` is below its `max_length` of {length}"),
            stride.to_string(),
        ),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// Refuses pieces that are drawn by lot.
fn refuse_chance(file: &Value) -> Result<(), Refusal> {
    match file.pointer("/model/dropout").and_then(Value::as_f64) {
        Some(dropout) if dropout != 0.0 => refuse(
            "a model without `dropout`, so that a text has the same pieces each time",
            dropout.to_string(),
        ),
        Some(_) | None => Ok(()),
    }
}

/// Refuses merges whose second piece does not have the prefix that it must: the library cuts so many bytes off it, whatever
/// they are.
fn refuse_merges(file: &Value) -> Result<(), Refusal> {
    let prefix = file.pointer("/model/continuing_subword_prefix").and_then(Value::as_str).unwrap_or_default();
    let second = |merge: &Value| match merge.as_str() {
        Some(both) => both.split_once(' ').map(|(_, second)| second.to_owned()),
        None => merge.get(1).and_then(Value::as_str).map(str::to_owned),
    };
    let merges = file.pointer("/model/merges").and_then(Value::as_array).into_iter().flatten();
    match merges.filter_map(second).find(|second| !second.starts_with(prefix)) {
        Some(second) => {
            let wants = format!("merges whose second piece starts with {}", crate::error::quoted(prefix));
            refuse(wants, crate::error::quoted(&second))
        }
        None => Ok(()),
    }
}

/// A class of signs, repeated or not, cannot run away either: nothing stands behind it that could fail.
fn refuse_pattern(pattern: &str) -> Result<(), Refusal> {
    let class = pattern.strip_suffix('+').unwrap_or(pattern);
    let is_one_class = [".", r"[\s\S]", " ", r"\s", r"\d", r"\w", r"\p{L}", r"\p{N}"].contains(&class);
    match is_one_class || PATTERNS.contains(&pattern) {
        true => Ok(()),
        false => refuse("one of the patterns that are known to end", crate::error::quoted(pattern)),
    }
}
