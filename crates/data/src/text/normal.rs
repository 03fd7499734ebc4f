use baeum_core::TextForm;
use tokenizers::normalizers::unicode::{NFC, NFKC};
use tokenizers::{NormalizedString, Normalizer};

use super::seam;

/// A text in one of Unicode's normal forms (UAX #15), and in small letters if that is wished.
pub(crate) fn normalised(text: &str, form: TextForm, lower: bool) -> String {
    let text = match form {
        TextForm::AsIs => text.to_owned(),
        TextForm::Nfc => in_form(&NFC, text),
        TextForm::Nfkc => in_form(&NFKC, text),
    };
    if lower { text.to_lowercase() } else { text }
}

/// Run by run: the library notes for each byte where it came from.
fn in_form(form: &impl Normalizer, text: &str) -> String {
    let runs = seam::runs(text, |end| text.get(end..).is_some_and(|rest| rest.starts_with(stands_alone)));
    let each = runs.map(|run| {
        let mut run = NormalizedString::from(run);
        let done = form.normalize(&mut run);
        debug_assert!(done.is_ok(), "normal forms exist for every text");
        run.get().to_owned()
    });
    each.collect()
}

/// Whether a letter stays apart from those before it in every normal form: ASCII, the usual ideographs, syllables of Korean.
fn stands_alone(letter: char) -> bool {
    matches!(letter, '\0'..='\x7f' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_into_one_form() {
        assert_eq!(normalised("e\u{301}", TextForm::Nfc, false), "é");
        assert_eq!(normalised("e\u{301}ﬁ", TextForm::AsIs, false), "e\u{301}ﬁ");
        assert_eq!(normalised("ﬁＡ", TextForm::Nfkc, true), "fia");
        assert_eq!(normalised("배움", TextForm::Nfc, true), "배움");
        assert_eq!(normalised("\u{1107}\u{1162}", TextForm::Nfc, false), "배");
    }

    fn whole(form: &impl Normalizer, text: &str) -> String {
        let mut text = NormalizedString::from(text);
        assert!(form.normalize(&mut text).is_ok());
        text.get().to_owned()
    }

    /// Every letter in front of one that a run may begin with; marks among them, which change places.
    #[test]
    fn a_run_begins_where_no_letter_reaches() {
        for start in ['a', ' ', '\u{4e00}', '\u{ac00}', '\u{ac01}'] {
            for first in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
                let both = format!("e{first}\u{316}{start}");
                let apart = |form: &str| format!("{form}{start}");
                let front = format!("e{first}\u{316}");
                assert_eq!(whole(&NFC, &both), apart(&whole(&NFC, &front)), "{first:?} {start:?}");
                assert_eq!(whole(&NFKC, &both), apart(&whole(&NFKC, &front)), "{first:?} {start:?}");
            }
        }
    }

    #[test]
    fn a_long_text_has_the_form_that_it_has_as_a_whole() {
        let text = "e\u{301}\u{1107}\u{1162}ﬁ\u{3b1}\u{345}Σ 배 ".repeat(20_000);
        assert_eq!(normalised(&text, TextForm::Nfc, false), whole(&NFC, &text));
        assert_eq!(normalised(&text, TextForm::Nfkc, true), whole(&NFKC, &text).to_lowercase());
    }
}
