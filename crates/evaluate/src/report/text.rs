//! Words and numbers as they may stand on a page.

/// A text as content or attribute of HTML: nothing in it is markup. Control characters, which HTML forbids, become `U+FFFD`.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A long name without its middle, so that it fits where it stands; at most `most` characters. Not escaped.
///
/// Both ends stay, because names that share their beginning often differ in a number at the end.
pub(super) fn cap(name: &str, most: usize) -> String {
    let n = name.chars().count();
    if n <= most {
        return name.to_owned();
    }
    let tail = most.saturating_sub(1) / 2;
    let head = most.saturating_sub(1 + tail);
    name.chars().take(head).chain(['…']).chain(name.chars().skip(n - tail)).collect()
}

/// Four significant digits: `0.9861`, `12,346`, `1.235×10⁻⁷`. A whole number has no digits behind the point, so `8` is
/// exact and `8.000` is nearly so; what is below 1 is never written as 1.
pub fn number(x: f64) -> String {
    if !x.is_finite() {
        return "not finite".to_owned();
    }
    let size = x.abs();
    if size < 1e9 && x.fract() == 0.0 {
        return fixed(x, 0);
    }
    if !(1e-4..1e9).contains(&size) {
        return scientific(x, 3);
    }
    let power = format!("{size:.3e}").split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let decimals = usize::try_from(3i32 - power).unwrap_or(0);
    grouped(&format!("{x:.*}", if size < 1.0 { below_one(size, decimals) } else { decimals }))
}

/// As many decimals as given, or more if a number below 1 would be rounded to 1.
fn below_one(size: f64, decimals: usize) -> usize {
    let rounds_up =
        |decimals: &usize| (size * 10f64.powi(*decimals as i32)).round() >= 10f64.powi(*decimals as i32);
    (decimals.max(1)..17).find(|decimals| !rounds_up(decimals)).unwrap_or(17).max(decimals)
}

/// `x` with at most that many digits behind the point, zeros at the end left out, thousands set apart.
pub(super) fn fixed(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    grouped(text)
}

/// A decimal number with thousands set apart. What rounds to zero has no sign.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, behind) = digits.find('.').map_or((digits, ""), |point| digits.split_at(point));
    let sign = if digits.chars().any(|c| ('1'..='9').contains(&c)) { sign } else { "" };
    format!("{sign}{}{behind}", thousands(whole))
}

/// `x` as a power of ten with that many digits behind the point: `1.235×10⁻⁷`, `10⁵`.
pub(super) fn scientific(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa =
        if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let raised: String = exponent.chars().map(superscript).collect();
    match mantissa {
        "1" => format!("10{raised}"),
        "-1" => format!("-10{raised}"),
        mantissa => format!("{mantissa}×10{raised}"),
    }
}

fn superscript(c: char) -> char {
    match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    }
}

/// A share as a percentage: `98.61 %`, and `100 %` only if it is all.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let decimals = if percent.fract() == 0.0 {
        0
    } else if share < 1.0 {
        below_one(share, 4) - 2
    } else {
        2
    };
    format!("{percent:.decimals$}\u{a0}%")
}

/// A whole number, thousands set apart.
pub fn count(n: u64) -> String {
    thousands(&n.to_string())
}

/// A whole number and what it counts: `1 row`, `360 rows`.
pub fn counted(n: u64, one: &str) -> String {
    format!("{}\u{a0}{one}{}", count(n), if n == 1 { "" } else { "s" })
}

fn thousands(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escape("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
        assert_eq!(escape("a & \"b\" 'c'\n"), "a &amp; &quot;b&quot; &#39;c&#39;\n");
        assert_eq!(escape("=cmd|'/c calc'!A0"), "=cmd|&#39;/c calc&#39;!A0");
        assert_eq!(escape("a\0b\u{1b}[0m\u{85}"), "a\u{fffd}b\u{fffd}[0m\u{fffd}");
        assert_eq!(escape("바음 🎨"), "바음 🎨");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(cap("abcde", 5), "abcde");
        assert_eq!(cap("abcdef", 5), "ab…ef");
        assert_eq!(cap("abcdef", 4), "ab…f");
        assert_eq!(cap("가나다라", 3), "가…라");
        assert_eq!(cap("", 3), "");
    }

    #[test]
    fn numbers_have_four_significant_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (0.986_111_1, "0.9861"),
            (0.5, "0.5000"),
            (1.0, "1"),
            (-360.0, "-360"),
            (0.999_98, "0.99998"),
            (0.999_999_4, "0.999999"),
            (1.000_01, "1.000"),
            (1.0 - f64::EPSILON / 2.0, "0.9999999999999999"),
            (-12.345_67, "-12.35"),
            (9.999_96, "10.00"),
            (0.099_999_6, "0.1000"),
            (12_345.6, "12,346"),
            (999_999_999.0, "999,999,999"),
            (1e9, "10⁹"),
            (1.234_56e-7, "1.235×10⁻⁷"),
            (-1e-5, "-10⁻⁵"),
            (0.000_123_456, "0.0001235"),
            (f64::MAX, "1.798×10³⁰⁸"),
            (f64::NAN, "not finite"),
            (f64::NEG_INFINITY, "not finite"),
        ];
        for (x, expect) in cases {
            assert_eq!(number(x), expect, "{x}");
        }
    }

    #[test]
    fn shares_and_counts() {
        assert_eq!(percent(0.986_111), "98.61\u{a0}%");
        assert_eq!(percent(0.069), "6.90\u{a0}%");
        assert_eq!(percent(1.0), "100\u{a0}%");
        assert_eq!(percent(0.999_99), "99.999\u{a0}%");
        assert_eq!(percent(0.0), "0\u{a0}%");
        assert_eq!(count(1_797), "1,797");
        assert_eq!(count(12), "12");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(
            (counted(1, "row"), counted(0, "row")),
            ("1\u{a0}row".to_owned(), "0\u{a0}rows".to_owned())
        );
        assert_eq!(fixed(-0.001, 2), "0");
    }
}
