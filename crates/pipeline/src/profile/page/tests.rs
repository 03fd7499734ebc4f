use super::*;
use crate::profile::fixture::{empty, field, images, numbers, people, texts, wide};
use baeum_core::Kind;
use baeum_data::{LabelProfile, Repair, Warning};

/// Every tag that opens also closes, in order; every attribute is quoted; nothing is run or loaded.
#[track_caller]
fn check_form(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let (head, rest) = page.split_once("<style>").expect("a style");
    let (_, body) = rest.split_once("</style>").expect("its end");
    for piece in head.split('<').chain(body.split('<')).skip(1).filter(|piece| !piece.trim().is_empty()) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).expect("a name");
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        match tag {
            tag if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "</{name}>"),
            tag if tag.ends_with('/') || ["!DOCTYPE", "meta", "img"].contains(&name) => {}
            _ => open.push(name),
        }
        assert!(!text.contains('"'), "{text}");
        let from = tag.strip_prefix("img ").map(|rest| rest.trim_start_matches("class=\"small\" "));
        assert!(from.is_none_or(|from| from.starts_with("src=\"data:image/png;base64,")), "<{tag}>");
    }
    assert_eq!(open, [""; 0]);
    for word in
        ["<script", "<link", "<iframe", "http:", "https:", "url(", "@import", "javascript:", "NaN", "inf<"]
    {
        assert!(!page.contains(word), "{word}");
    }
}

/// Ids are unique, and every reference has one.
#[track_caller]
fn check_ids(page: &str) {
    let after = |mark: &str| -> Vec<String> {
        page.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let mut ids = after(" id=\"");
    for wanted in after("href=\"#").into_iter().chain(after("aria-labelledby=\"")) {
        assert!(ids.contains(&wanted), "{wanted}");
    }
    let n = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), n);
}

#[track_caller]
fn check(profile: &Profile, samples: &[Sample], parts: &[&str]) -> String {
    let page = page("a <name>", profile, samples);
    check_form(&page);
    check_ids(&page);
    for part in parts {
        assert!(page.contains(part), "{part}");
    }
    page
}

#[test]
fn notes_stand_first_and_lead_to_their_fields() {
    let page = check(
        &people(),
        &[],
        &[
            "<li><a href=\"#field-8\"><bdi>constant</bdi></a> is the same in every training row</li>",
            "id=\"field-8\"><h3><bdi>constant</bdi>",
            "12 of <bdi>people.csv</bdi> cannot be read",
            "<li><bdi>people.csv:80: wants 16 cells, got 10</bdi></li>",
            "Every value is missing in the training rows.",
        ],
    );
    assert!(page.find("id=\"look\"") < page.find("id=\"rows\""));
}

#[test]
fn nothing_in_the_data_is_markup() {
    let evil = "\"><img src=x onerror=alert(1)>'`</style><script>alert(1)</script>\u{0}";
    let mut profile = empty();
    let mut category = field(evil, Kind::Category);
    category.top = vec![(evil.to_owned(), 1)];
    let mut text = field("\"onload=", Kind::Text);
    text.examples = vec![evil.repeat(9)];
    profile.fields = vec![category, text];
    profile.labels = vec![LabelProfile { label: evil.to_owned(), parts: [1, 0, 0] }];
    profile.warnings = vec![
        Warning::Constant { field: evil.to_owned() },
        Warning::AbsentLabel { label: evil.to_owned(), part: evil.to_owned() },
    ];
    profile.repairs = vec![
        Repair::BlankEnd { file: evil.to_owned(), count: 3 },
        Repair::Skipped { file: evil.to_owned(), count: 3, first: vec![evil.to_owned()] },
    ];
    profile.parts = [1, 0, 0];
    let uri = format!("data:image/png;base64,{evil}");
    let sample = Sample { label: evil.to_owned(), uri, height: 1, width: 1 };
    let page = check(&profile, &[sample], &["&quot;onload=", "<a href=\"#field-0\">"]);
    assert!(!page.contains("<img src=x") && !page.contains('\0'));
    assert!(super::page(evil, &profile, &[]).contains("&lt;script&gt;"));
}

#[test]
fn all_kinds_of_pages_are_well_formed() {
    let sample = |i: usize| Sample {
        label: format!("label {i}"),
        uri: "data:image/png;base64,AAAA".to_owned(),
        height: 8 + 20 * i,
        width: 8,
    };
    let samples: Vec<Sample> = (0..30).map(sample).collect();
    let page = check(&images(), &samples, &["8x8 to 120x160", "<a href=\"#target\"><bdi>여덟</bdi></a>"]);
    assert_eq!(page.matches("<img ").count(), 24);
    check(&texts(), &[], &["Nothing had to be repaired", "<ul class=\"texts\">"]);
}

#[test]
fn windows_and_texts_are_called_so() {
    let mut series = empty();
    let mut channel = numbers("sold", [vec![1.0, 2.0, 4.0], vec![], vec![]]);
    channel.values = Some(3);
    (series.rows, series.fields) = (7, vec![channel]);
    series.repairs = vec![Repair::Until { count: 2 }];
    let says =
        ["7\u{a0}windows", ">Windows</h2>", "No window is in two parts.", "<code>data.series.until</code>"];
    check(&series, &[], &says);
    let mut text = empty();
    let mut next = field("next", Kind::Text);
    (next.role, next.missing, text.parts) = (Role::Target, 3, [3, 0, 0]);
    (text.rows, text.fields) = (3, vec![field("text", Kind::Text), next]);
    let page = check(&text, &[], &["3\u{a0}texts", "What comes next stands in the text itself."]);
    assert!(!page.contains("100\u{a0}%) ") && !page.contains("mean ± deviation"), "columns that say nothing");
}

#[test]
fn an_empty_profile_is_a_page() {
    let page = check(&empty(), &[], &["0\u{a0}rows", "no target"]);
    assert!(!page.contains("id=\"fields\"") && !page.contains("id=\"target\""));
}

#[test]
fn a_field_without_any_value_says_so() {
    let mut profile = empty();
    profile.parts = [3, 0, 0];
    profile.fields = vec![numbers("none", [vec![f64::NAN; 3], vec![1.0], vec![]])];
    let page = check(&profile, &[], &["Every value is missing", "3 (100\u{a0}%)"]);
    assert!(!page.contains("class=\"histogram\""));
}

#[test]
fn many_fields_and_labels_do_not_flood_the_page() {
    let mut profile = wide(400);
    let label = |i: usize| LabelProfile { label: i.to_string(), parts: [i, 1, 1] };
    profile.labels = (0..1000).map(label).collect();
    let page = check(
        &profile,
        &[],
        &["388 more</summary>", "960\u{a0}labels more</summary>", "100\u{a0}fields more"],
    );
    assert_eq!(page.matches("<article").count(), CARDS);
    assert!(page.contains("<span id=\"field-399\">"));
}

#[test]
fn very_many_fields_are_only_counted_and_the_target_has_its_card() {
    let mut profile = wide(ROWS + 5);
    if let Some(last) = profile.fields.last_mut() {
        last.role = Role::Target;
    }
    let page = check(&profile, &[], &["5\u{a0}fields more stand in <code>profile.json</code> only."]);
    assert_eq!(page.matches("<article").count(), CARDS + 1);
    assert!(!page.contains(&format!("<span id=\"field-{ROWS}\">")));
}
