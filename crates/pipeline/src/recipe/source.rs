use std::fmt;
use std::ops::Range;

/// The texts that make one recipe: its file, and the `--set` arguments behind it.
///
/// A span is a range of bytes in all of them laid end to end, with one byte between two, so that one kind of span serves
/// the whole merged tree.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    name: String,
    file: String,
    sets: Vec<String>,
}

/// Which text a piece of a recipe stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The recipe's file, under the name that the user gave.
    File(String),
    /// A `--set` argument.
    Set(String),
}

/// A place in a recipe, to be shown to its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text that it stands in.
    pub origin: Origin,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
    /// The whole line, without its end.
    pub excerpt: String,
    /// What is meant, in bytes of the excerpt. Only the first line of a longer piece; empty where something is missing.
    pub marked: Range<usize>,
}

impl Sources {
    pub(super) fn new(name: &str, file: &str, sets: &[String]) -> Sources {
        // A byte order mark is no character of the first line, so columns are counted behind it.
        let file = file.strip_prefix('\u{feff}').unwrap_or(file);
        Sources { name: name.to_owned(), file: file.to_owned(), sets: sets.to_vec() }
    }

    pub(super) fn arguments(&self) -> &[String] {
        &self.sets
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Each argument, and where it begins in spans.
    pub(super) fn sets(&self) -> impl Iterator<Item = (usize, &str)> {
        self.sets.iter().scan(self.file.len() + 1, |begin, set| {
            let here = *begin;
            *begin += set.len() + 1;
            Some((here, set.as_str()))
        })
    }

    /// Where a span begins, for a reader.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let set = self.sets().filter(|(begin, _)| *begin <= span.start).last();
        match set {
            Some((begin, set)) => {
                Place::new(Origin::Set(set.to_owned()), set, &(span.start - begin..span.end - begin))
            }
            None => Place::new(Origin::File(self.name.clone()), &self.file, span),
        }
    }
}

impl Place {
    fn new(origin: Origin, text: &str, span: &Range<usize>) -> Place {
        let start = text.floor_char_boundary(span.start);
        let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let line = text.get(..line_start).unwrap_or_default().matches('\n').count() + 1;
        let rest = text.get(line_start..).unwrap_or_default();
        let excerpt = rest.lines().next().unwrap_or_default();
        let marked = start - line_start..text.ceil_char_boundary(span.end).saturating_sub(line_start);
        let marked = marked.start.min(excerpt.len())..marked.end.min(excerpt.len());
        let column = excerpt.get(..marked.start).unwrap_or_default().chars().count() + 1;
        Place { origin, line, column, excerpt: excerpt.to_owned(), marked }
    }

    /// The text that is meant.
    pub(super) fn text(&self) -> &str {
        self.excerpt.get(self.marked.clone()).unwrap_or_default()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(name) => f.write_str(&printable(name)),
            Origin::Set(argument) => write!(f, "--set {}", printable(argument)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::File(_) => write!(f, "{}:{}:{}", self.origin, self.line, self.column),
            Origin::Set(_) => write!(f, "{}", self.origin),
        }
    }
}

/// The text with its control characters written out, so that a recipe cannot move the terminal's cursor or hide a part
/// of a message: the ASCII ones, and those that turn the direction of writing (Boucher & Anderson 2021).
pub(super) fn printable(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| match c.is_control() || turns(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, sets: &[&str], span: Range<usize>, expect: &str, marked: &str) {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let place = Sources::new("recipe.toml", file, &sets).place(&span);
        assert_eq!((place.to_string().as_str(), place.text()), (expect, marked));
    }

    #[test]
    fn columns_are_counted_in_characters() {
        check("a = 1\nbb = \"ten\"\n", &[], 11..16, "recipe.toml:2:6", "\"ten\"");
        check("\"이름\" = 7\n", &[], 11..12, "recipe.toml:1:8", "7");
        check("\u{feff}a = 1\n", &[], 4..5, "recipe.toml:1:5", "1");
    }

    #[test]
    fn a_line_ends_before_its_carriage_return() {
        check("a = 1\r\nb = [\r\n1]\r\n", &[], 11..15, "recipe.toml:2:5", "[");
        check("a = 1\r\nb = 2\r\n", &[], 7..8, "recipe.toml:2:1", "b");
    }

    #[test]
    fn a_place_behind_the_end_is_the_end() {
        check("a = ", &[], 4..4, "recipe.toml:1:5", "");
        check("", &[], 0..0, "recipe.toml:1:1", "");
        check("a = 1\n", &[], 6..6, "recipe.toml:2:1", "");
    }

    #[test]
    fn an_argument_names_itself() {
        check("a = 1", &["b=2", "c=ten"], 6 + 4 + 2..6 + 4 + 5, "--set c=ten", "ten");
        check("a = 1", &["b=2", "c=ten"], 6..7, "--set b=2", "b");
        check("", &["a=\x1b[2J\u{202e}"], 1..2, "--set a=\\u{1b}[2J\\u{202e}", "a");
    }
}
