//! Long texts are cut piecewise, where no piece changes by it: it takes less memory, and more than one thread.

use crate::config::TokensBy;

/// So many bytes are cut into pieces at a time.
const RUN: usize = 1 << 16;

/// Where a text may be divided so that its pieces stay the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seam {
    /// Between any two characters.
    Anywhere,
    /// Between a letter or a digit and the blank behind it: all our ways to cut words begin a new one there.
    BeforeBlank,
    /// Nobody knows.
    Nowhere,
}

impl Seam {
    pub(super) fn of(by: &TokensBy) -> Seam {
        match by {
            TokensBy::Character {} => Seam::Anywhere,
            TokensBy::Word {} | TokensBy::Bpe {} | TokensBy::WordPiece {} | TokensBy::Unigram {} => {
                Seam::BeforeBlank
            }
            TokensBy::File { .. } => Seam::Nowhere,
        }
    }

    /// The runs of a text, one behind the other.
    pub(super) fn runs(self, text: &str) -> impl Iterator<Item = &str> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let (run, behind) = rest.split_at(self.end(rest));
            rest = behind;
            (!run.is_empty()).then_some(run)
        })
    }

    /// Where the first run of a text ends.
    fn end(self, text: &str) -> usize {
        let is_seam = |&end: &usize| match self {
            Seam::Anywhere => text.is_char_boundary(end),
            Seam::BeforeBlank => text.as_bytes()[end] == b' ' && text[..end].ends_with(char::is_alphanumeric),
            Seam::Nowhere => false,
        };
        (RUN..text.len()).find(is_seam).unwrap_or(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_they_may() {
        let text = "가".repeat(RUN) + " b  c. " + &"d".repeat(RUN) + ".\n e";
        let of = |seam: Seam| seam.runs(&text).map(str::len).collect::<Vec<_>>();
        assert_eq!(of(Seam::Nowhere), [text.len()]);
        let anywhere = of(Seam::Anywhere);
        assert_eq!((anywhere[0], anywhere.len()), (RUN + 2, 5), "a letter of three bytes is whole");
        // The first blank behind a letter; none at the end, for a full stop and a line end stand before it.
        assert_eq!(of(Seam::BeforeBlank), [3 * RUN, text.len() - 3 * RUN]);
        for seam in [Seam::Nowhere, Seam::Anywhere, Seam::BeforeBlank] {
            assert_eq!(seam.runs(&text).collect::<String>(), text);
            assert_eq!(seam.runs("").count(), 0);
        }
    }
}
