//! Words of the page: what one example is called, lists of names, and settings in a sentence.

use baeum_core::{Kind, Role};
use baeum_data::{FieldProfile, Profile};
use baeum_evaluate::markup::escape;

/// What one example is: a row, a window of a series, or a part of a text that is gone on with.
pub(super) fn example(profile: &Profile) -> &'static str {
    let is_window = |field: &FieldProfile| field.values.is_some();
    match profile.fields.iter().any(is_window) {
        true => "window",
        false if profile.fields.iter().any(is_next) => "text",
        false => "row",
    }
}

/// Whether a target is what comes next in the text itself.
pub(super) fn is_next(field: &FieldProfile) -> bool {
    field.role == Role::Target && field.kind == Kind::Text
}

/// `a, b and c`; of many the first few. Already escaped.
pub(super) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let more = names.len().saturating_sub(SHOWN + 1);
    match names {
        _ if more > 0 => format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN),
        [first @ .., second, last] => {
            let first: String = first.iter().map(|name| format!("{name}, ")).collect();
            format!("{first}{second} and {last}")
        }
        _ => names.concat(),
    }
}

/// A text, escaped, in which what stands between backticks is code; with an odd one, none is.
pub(super) fn coded(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let part = |(place, part): (usize, &&str)| match place % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        assert_eq!(coded("say `a<b` twice, `c`"), "say <code>a&lt;b</code> twice, <code>c</code>");
        assert_eq!(coded("a lonely ` stays"), "a lonely ` stays");
        assert_eq!(coded(""), "");
    }

    #[test]
    fn names_are_listed_as_people_do() {
        let names = |n: usize| ["a", "b", "c", "d", "e"].map(str::to_owned)[..n].to_vec();
        let said: Vec<String> = (0..=5).map(|n| listed(&names(n))).collect();
        assert_eq!(said, ["", "a", "a and b", "a, b and c", "a, b, c and d", "a, b, c and 2 more"]);
    }
}
