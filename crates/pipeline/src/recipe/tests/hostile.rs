//! Recipes that nobody writes by mistake: *ok* or a typed error, and no panic.

use super::*;

fn digits() -> &'static str {
    include_str!("../../../../../datasets/digits/recipe.toml")
}

#[test]
fn a_recipe_cut_anywhere_is_read_or_refused() {
    for end in (0..digits().len()).filter(|end| digits().is_char_boundary(*end)) {
        let cut = Recipe::parse("recipe.toml", &digits()[..end], &[]).and_then(|parsed| parsed.check());
        if let Err(error) = cut {
            assert!(error.render(true).contains("recipe.toml"), "{end}");
            assert!(!error.to_string().contains('\n'), "{end}");
        }
    }
}

#[test]
fn a_recipe_with_any_character_exchanged_is_read_or_refused() {
    for (at, old) in digits().char_indices() {
        for new in
            ["", "\"", "[", "{", "}", "=", ".", ",", "\n", "\r", "\\", "#", "\0", "가", "\u{202e}", "9"]
        {
            let text = format!("{}{new}{}", &digits()[..at], &digits()[at + old.len_utf8()..]);
            if let Err(error) = Recipe::parse("recipe.toml", &text, &[]).and_then(|parsed| parsed.check()) {
                assert!(error.render(false).starts_with("error: "), "{text}");
            }
        }
    }
}

#[test]
fn an_argument_cut_anywhere_is_read_or_refused() {
    let set = "models.layers[0].\"conv2d\".kernel = [ 3, {\"a\" = '가'}, 1.5e3, 2020-01-01 ]";
    for (at, _) in set.char_indices() {
        for part in [&set[..at], &set[at..]] {
            let error = Recipe::parse("recipe.toml", digits(), &[part.to_owned()]).err();
            assert!(error.is_none_or(|error| error.to_string().starts_with("--set ")), "{part}");
        }
    }
}

#[test]
fn ten_thousand_levels_are_refused() {
    let limit = "`recipe.toml` wants at most 64 levels of nesting, got 65; `run.limits.recipe_depth` raises the limit";
    for text in [
        "a = ".to_owned() + &"[".repeat(10_000),
        "a.".repeat(10_000) + "a = 1",
        "a = ".to_owned() + &"{a = ".repeat(10_000),
    ] {
        let error = error(&text, &[]);
        assert!(error.to_string().ends_with(limit), "{error}");
        assert_eq!(error.exit_code(), 3);
    }
    assert!(error("", &[&("a.".repeat(10_000) + "a=1")]).to_string().ends_with(limit));
}

#[test]
fn a_level_at_the_limit_is_read() {
    let deep = |levels: usize| format!("a = {}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(matches!(error(&deep(64), &[]).problem(), Problem::UnknownKey { .. }));
    assert!(matches!(error(&deep(65), &[]).problem(), Problem::Limit(_)));
    assert!(matches!(
        error(&deep(65), &["run.limits.recipe_depth=65"]).problem(),
        Problem::UnknownKey { .. }
    ));
}

#[test]
fn a_recipe_of_ten_mebibytes_is_read_and_a_longer_one_refused() {
    let long = |bytes: usize| format!("#{}", " ".repeat(bytes - 1));
    assert!(Recipe::parse("recipe.toml", &long(10 << 20), &[]).is_ok());
    let error = error(&long((10 << 20) + 1), &[]);
    let text = "recipe.toml:1:1: `recipe.toml` wants at most 10485760 bytes, got 10485761; `run.limits.recipe_bytes` raises the limit";
    assert_eq!((error.to_string().as_str(), error.exit_code()), (text, 3));
    let raised = ["run.limits.recipe_bytes=10485761".to_owned()];
    assert!(Recipe::parse("recipe.toml", &long((10 << 20) + 1), &raised).is_ok());
}

#[test]
fn a_recipe_that_is_no_utf8_is_refused_where_it_ends_to_be() {
    let error = Recipe::from_bytes("recipe.toml", b"[run]\nname = \"caf\xe9\"\n", &[]).unwrap_err();
    let text = "recipe.toml:2:12: a recipe wants UTF-8, got the byte 0xe9; save the file as UTF-8";
    assert_eq!((error.to_string().as_str(), error.exit_code()), (text, 2));
    assert!(Recipe::from_bytes("recipe.toml", "# 배움\n".as_bytes(), &[]).is_ok());
    assert!(Recipe::from_bytes("recipe.toml", b"\xef\xbb\xbf[run]\nseed = 1\n", &[]).is_ok());
    assert!(Recipe::from_bytes("recipe.toml", b"\xff\xfe[\0r\0u\0n\0", &[]).is_err());
}

#[test]
fn the_name_of_a_file_cannot_write_on_the_terminal() {
    let error = Recipe::parse("a\u{1b}[2J\n.toml", "x = 1", &[]).unwrap_err();
    assert!(error.to_string().starts_with("a\\u{1b}[2J\\n.toml:1:1: "), "{error}");
    assert!(error.render(false).contains(" --> a\\u{1b}[2J\\n.toml:1:1\n"));
}
