//! Text in a terminal: which columns it takes, and what of it must be written out because it would play tricks.

/// The text with everything written out that moves the cursor, turns the direction of writing (Boucher & Anderson 2021)
/// or is not seen at all.
pub(crate) fn visible(text: &str) -> String {
    let hides = |c| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let show = |c: char| match c.is_control() || hides(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(show).collect()
}

/// How many columns of a terminal a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// A text of at most so many columns: its beginning and an ellipsis if it is longer.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |c: &char| {
        let left = room.checked_sub(columns_of(*c));
        room = left.unwrap_or(0);
        left.is_some()
    };
    let kept: String = text.chars().take_while(fits).collect();
    if most == 0 { kept } else { kept + "…" }
}

/// 2 for what East Asian type and emoji set in a square, 0 for what stands on the letter before (Unicode Standard
/// Annex 11), 1 for the rest.
fn columns_of(c: char) -> usize {
    match c {
        '\u{20}'..='\u{2ff}' => 1, // most text, so it comes first
        '\u{300}'..='\u{36f}' // accents
        | '\u{1160}'..='\u{11ff}' // vowels and endings of Hangul, drawn into the syllable that begins before them
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{200c}'..='\u{200d}' // joiners
        | '\u{20d0}'..='\u{20ff}'
        | '\u{3099}'..='\u{309a}' // voicing of kana
        | '\u{fe00}'..='\u{fe0f}' // variants
        | '\u{1f3fb}'..='\u{1f3ff}' => 0, // skin
        '\u{1100}'..='\u{115f}' // beginnings of Hangul
        | '\u{2e80}'..='\u{303e}' // radicals, punctuation
        | '\u{3041}'..='\u{33ff}' // kana, bopomofo, letters of Hangul, squares
        | '\u{3400}'..='\u{4dbf}' // CJK, extension A
        | '\u{4e00}'..='\u{9fff}' // CJK
        | '\u{a000}'..='\u{a4cf}' // Yi
        | '\u{a960}'..='\u{a97f}' // old beginnings of Hangul
        | '\u{ac00}'..='\u{d7a3}' // syllables of Hangul
        | '\u{f900}'..='\u{faff}' // CJK, compatibility
        | '\u{fe30}'..='\u{fe6f}' // vertical and small forms
        | '\u{ff01}'..='\u{ff60}' // fullwidth forms
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}' // emoji
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2, // CJK, further extensions
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn east_asian_letters_take_two_columns() {
        for (text, expect) in [
            ("", 0),
            ("price", 5),
            ("가격", 4),
            ("価格", 4),
            ("かな", 4),
            ("カナ", 4),
            ("ｶﾅ", 2), // halfwidth
            ("ＡＢ", 4),
            ("한", 2), // three letters that make one syllable
            ("é", 1),  // two characters
            ("naïve—x", 7),
            ("🎨", 2),
            ("𠀀", 2),
        ] {
            assert_eq!(columns(text), expect, "{text}");
        }
    }

    #[test]
    fn cut_texts_fit() {
        assert_eq!(cut("price", 5), "price");
        assert_eq!(cut("prices", 5), "pric…");
        assert_eq!(cut("가나다라", 8), "가나다라");
        assert_eq!(cut("가나다라", 7), "가나다…");
        assert_eq!(cut("가나다라", 6), "가나…");
        assert_eq!((cut("ab", 1), cut("ab", 0)), ("…".to_owned(), String::new()));
        for most in 0..20 {
            assert!(columns(&cut("가a나b다c라d🎨e", most)) <= most, "{most}");
        }
    }

    #[test]
    fn tricks_are_written_out() {
        assert_eq!(visible("배움 é 🎨"), "배움 é 🎨");
        assert_eq!(visible("a\u{1b}[31m\r\nb\u{9b}"), "a\\u{1b}[31m\\r\\nb\\u{9b}");
        assert_eq!(visible("\u{202e}gnp\u{2066}\u{200b}"), "\\u{202e}gnp\\u{2066}\\u{200b}");
    }
}
