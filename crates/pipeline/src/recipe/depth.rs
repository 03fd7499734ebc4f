/// The byte at which a TOML text goes deeper than `limit`, and how deep it then is; none if it never does.
///
/// A table, a list and every dot of a key go one level down; a `[header]` and the keys below it are counted apart. Done
/// before the text is parsed, because a tree of ten thousand levels overflows the stack of whoever walks or drops it.
pub(super) fn too_deep(text: &str, limit: u64) -> Option<(usize, u64)> {
    let mut levels = Levels::default();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        levels.step(next);
        if levels.depth() > limit {
            return Some((text.len() - rest.len(), levels.depth()));
        }
        rest = rest.split_at(token(rest, next)).1;
    }
    None
}

/// How deep the scan is.
#[derive(Default)]
struct Levels {
    /// The dots before each bracket that is open now.
    open: Vec<u64>,
    /// Levels of the open brackets and of the dots before them.
    outer: u64,
    /// The dots of the key that is being read.
    dots: u64,
}

impl Levels {
    fn depth(&self) -> u64 {
        self.outer + self.dots
    }

    fn step(&mut self, c: char) {
        match c {
            '.' => self.dots += 1,
            '[' | '{' => {
                self.open.push(self.dots);
                self.outer += self.dots + 1;
                self.dots = 0;
            }
            ']' | '}' => {
                self.outer = self.open.pop().map_or(0, |dots| self.outer - dots - 1);
                self.dots = 0;
            }
            ',' | '\n' => self.dots = 0,
            _ => {}
        }
    }
}

/// How long the first token is: a whole string or comment, which nest nothing, or else one character.
fn token(text: &str, first: char) -> usize {
    match first {
        '#' => text.find('\n').unwrap_or(text.len()),
        '"' | '\'' => string(text, first),
        _ => first.len_utf8(),
    }
}

/// How long a string is, with its quotes. One without an end goes on to the end of its line, or of the text.
fn string(text: &str, quote: char) -> usize {
    let long = quote.to_string().repeat(3);
    let close = if text.starts_with(&long) { long.as_str() } else { &long[..1] };
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(close.len()) {
        match c {
            '\n' if close.len() == 1 => return at,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if text[at..].starts_with(close) => return at + close.len(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<(usize, u64)>) {
        assert_eq!(too_deep(text, 3), expect, "{text}");
    }

    #[test]
    fn tables_lists_and_dots_go_down() {
        check("a = [[[1]]]", None);
        check("a = [[[[1]]]]", Some((7, 4)));
        check("a.b.c.d = 1", None);
        check("a.b.c.d.e = 1", Some((7, 4)));
        check("a.b = { c.d = 1 }", None);
        check("a.b = { c.d = [1] }", Some((14, 4)));
    }

    #[test]
    fn what_is_closed_counts_no_more() {
        check("a = [1, [2], [3]]\nb = { c = [1] }\n[a.b]\n[a.c]\na.b.c = 1\n", None);
        check("a = [1.5, 2.5, 3.5, 4.5]\n", None);
        check("]]]]\n}", None);
    }

    #[test]
    fn strings_and_comments_nest_nothing() {
        check("a = \"[[[[\\\"[[[[\" # [[[[\nb = '[[[[\\'\n", None);
        check("a = \"\"\"[[[[\n\"[[[[\"\"\"\nb = '''[[[[\n''[[[['''", None);
        check("a = \"open [[[[\nb = [[[[", Some((22, 4)));
        check("\"a\".'b'.\"c\".\"d\".\"e\" = 1", Some((15, 4)));
    }

    #[test]
    fn a_hostile_text_is_read_once() {
        let deep = ["[".repeat(10_000), "a.".repeat(5_000_000), "{a=".repeat(10_000)];
        assert!(deep.iter().all(|text| too_deep(text, 64).is_some()));
        let flat = ["\"\"\"\\".repeat(2_500_000), "\"\\".repeat(5_000_000), "'''\\".repeat(2_500_000)];
        assert!(flat.iter().all(|text| too_deep(text, 64).is_none()));
    }
}
