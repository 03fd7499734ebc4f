use baeum_core::{DType, Dataset, EpochRecord, Shape};

use super::*;
use crate::fixture::{ByHeart, columns, label_sets, labels, numbers, probes};
use crate::{EvaluateConfig, EvaluateError, Predictions, score};

fn report(net: &mut ByHeart, data: &Dataset) -> Result<Report, EvaluateError> {
    score(&EvaluateConfig { bootstrap: 100, ..EvaluateConfig::default() }.check()?, 7, net, data)
}

/// `names`, each of them true once and answered rightly, but for the last one.
fn of_labels(names: &[&str]) -> Report {
    let n = names.len();
    let truth: Vec<i64> = (0..n as i64).collect();
    let answer = |row: usize| if row + 1 == n { 0 } else { row };
    let logits = (0..n * n).map(|i| if i % n == answer(i / n) { 8.0 } else { 0.0 }).collect();
    let counts: Vec<u64> = (1..=n as u64).collect();
    report(&mut ByHeart::new(n, logits), &labels(names, &counts, &truth)).unwrap()
}

fn of_numbers() -> Report {
    let known: Vec<(f64, f64)> = (0..12).map(|a| (f64::from(a), 2.0 * f64::from(a) + 10.0)).collect();
    let truth: Vec<f32> = (0u8..12).map(f32::from).collect();
    let data = Dataset { probes: probes(&known), ..numbers(&truth) };
    let outputs = truth.iter().map(|x| if *x < 10.0 { x + 0.01 } else { x - 2.0 }).collect();
    report(&mut ByHeart::new(1, outputs), &data).unwrap()
}

fn history() -> Vec<EpochRecord> {
    let record = |epoch| EpochRecord {
        epoch,
        step: 10 * u64::from(epoch + 1),
        train_loss: 1.0 / f64::from(epoch + 1),
        valid_loss: Some(0.5),
        learning_rate: 1e-3,
        ..EpochRecord::default()
    };
    (0..4).map(record).collect()
}

fn input<'a>(report: &'a Report, history: &'a [EpochRecord]) -> ReportInput<'a> {
    ReportInput {
        report,
        history,
        rates: None,
        best_epoch: Some(2),
        title: "digits",
        facts: &[],
        graph: None,
        summary: "",
        recipe: "",
        parity: None,
    }
}

/// Every tag that opens also closes, in order; every attribute is quoted; nothing is run or loaded.
#[track_caller]
fn check_form(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let markup = page.split_once("<style>").zip(page.split_once("</style>")).unwrap();
    let markup = format!("{}<style></style>{}", markup.0.0, markup.1.1);
    for piece in markup.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        match tag {
            tag if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "</{name}>"),
            tag if tag.ends_with('/') || ["!DOCTYPE", "meta"].contains(&name) => {}
            _ => open.push(name),
        }
        assert!(!text.contains('"'), "{text}");
    }
    assert_eq!(open, [""; 0]);
    for word in [
        "<script",
        "<link",
        "<img",
        "<iframe",
        " src=",
        "http:",
        "https:",
        "url(",
        "@import",
        "javascript:",
        "NaN",
        "inf<",
    ] {
        assert!(!page.contains(word), "{word}");
    }
}

/// Ids are unique, and every reference has one.
#[track_caller]
fn check_ids(page: &str) {
    let after = |mark: &str| -> Vec<String> {
        page.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let mut ids = after(" id=\"");
    let names = after("aria-labelledby=\"")
        .into_iter()
        .flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>());
    for wanted in names.chain(after("href=\"#")) {
        assert!(ids.contains(&wanted), "{wanted}");
    }
    let n = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), n);
}

#[track_caller]
fn check_parts(page: &str, parts: &[&str]) {
    check_form(page);
    check_ids(page);
    for part in parts {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_report_of_labels_shows_all_of_it() {
    let (report, history) = (of_labels(&["zero", "one", "two", "three"]), history());
    let parity = Table {
        head: vec!["file".to_owned(), "proof".to_owned()],
        rows: vec![vec!["model.onnx".to_owned(), "ran".to_owned()]],
    };
    let facts = [("seed".to_owned(), "7".to_owned())];
    let mut graph = Graph::default();
    graph.input("image", Shape::batch(&[1, 8, 8]), DType::F32).unwrap();
    let page = html(&ReportInput {
        facts: &facts,
        graph: Some(&graph),
        summary: "conv1  [batch, 8]\n",
        recipe: "[run]\nname = \"digits\"\n",
        parity: Some(&parity),
        ..input(&report, &history)
    });
    check_parts(
        &page,
        &[
            "<title>digits · Baeum report</title>",
            "On 4\u{a0}rows that nothing had looked at before, the network gets <em><bdi>kind</bdi></em> right in <strong>75\u{a0}%</strong>",
            "Always answering <em><bdi>three</bdi></em>, the most frequent label of the training rows, would be right in 25\u{a0}%.",
            "<dt><bdi>seed</bdi></dt><dd><bdi>7</bdi></dd>",
            "<h3>Accuracy <small>higher is better</small></h3><p class=\"value\">75\u{a0}%</p>",
            "<title>truth three, answer zero: 1\u{a0}row (100\u{a0}%)</title>",
            "<caption>All mistakes</caption>",
            "<th scope=\"row\"><bdi>two</bdi></th><td class=\"num share\" style=\"--share:1.000\">1.0000</td>",
            ">kept: epoch 3: 0.5000</text>",
            "<title>image: 0 parameters, 0 FLOPs an example</title>",
            "<pre tabindex=\"0\">conv1  [batch, 8]</pre>",
            "<pre tabindex=\"0\">[run]\nname = &quot;digits&quot;</pre>",
            "<th scope=\"row\"><bdi>model.onnx</bdi></th><td><bdi>ran</bdi></td>",
            "<a href=\"#files\">Exported files</a>",
        ],
    );
    assert!(!page.contains("Learned and true") && !page.contains("Answers and errors"));
}

#[test]
fn a_report_of_numbers_shows_all_of_it() {
    let (report, history) = (of_numbers(), history());
    let page = html(&input(&report, &history));
    check_parts(
        &page,
        &[
            // 10 errors of 0.02 and 2 of 4 metres make 8.2 / 12.
            "the network's answers for <em><bdi>kind</bdi></em> are off by <strong>0.6833 <bdi>m</bdi></strong>",
            "<h3>RMSE <small>lower is better, in <bdi>m</bdi></small></h3>",
            "Inside the range that training saw the largest error is <strong>0.02000</strong>. Outside of it the largest error is <strong>4</strong>.",
            "<tr><th scope=\"row\"><bdi>11</bdi></th><td class=\"num\">32</td><td class=\"num\">28</td><td class=\"num\">-4</td></tr>",
            "<desc id=\"scatter-text\">12\u{a0}answers against their truths.</desc>",
            ">answer less truth [m]</text>",
        ],
    );
    assert_eq!(page.matches("class=\"dot outside\"").count(), 2);
    assert!(!page.contains("Label by label"));
}

#[test]
fn a_report_of_several_labels_shows_each() {
    let data = label_sets(&["<b>a", "b", "c"], (10, &[6, 2, 1]), &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    let found = report(&mut ByHeart::new(3, vec![1.0, -1.0, -1.0, 1.0, -1.0, -1.0]), &data).unwrap();
    let page = html(&input(&found, &[]));
    check_parts(
        &page,
        &[
            "the network gets all <em><bdi>kind</bdi></em> of a row right in <strong>50\u{a0}%</strong>",
            "Always answering <em><bdi>&lt;b&gt;a</bdi></em> would be right in 50\u{a0}%.",
            "<h3>Hamming loss <small>lower is better</small></h3>",
            ">average precision</th>",
            "<td><bdi>undefined</bdi></td>",
        ],
    );
    assert!(!page.contains("What is taken for what"));
}

#[test]
fn a_report_of_several_numbers_shows_each_column() {
    let data = columns(&[0.0, 0.0, 1.0, 1.0, -1.0, -1.0]);
    let found = report(&mut ByHeart::new(2, vec![0.0, 0.0, 1.0, 0.0, -1.0, -1.0]), &data).unwrap();
    let page = html(&input(&found, &[]));
    check_parts(
        &page,
        &[
            "the network's answers for the 2 columns of <em><bdi>kind</bdi></em> are off by <strong>0.1667 <bdi>standard deviations</bdi>",
            "<h2 id=\"columns-head\">Column by column</h2>",
            "<th scope=\"row\"><bdi>rent</bdi></th>",
        ],
    );
}

#[test]
fn names_out_of_the_data_are_never_markup() {
    let hostile =
        ["<script>alert(1)</script>", "=cmd|'/c calc'!A0", "\"><b onclick=\"x", "&amp;", "\u{202e}evil", ""];
    let (mut report, history) = (of_labels(&hostile), history());
    report.target = "</h1><script>".to_owned();
    let facts = [("<i>".to_owned(), "</dl>".to_owned())];
    let page = html(&ReportInput {
        title: "<img src=x>",
        facts: &facts,
        graph: None,
        summary: "</pre><script>",
        recipe: "</pre>",
        ..input(&report, &history)
    });
    // The title is the only text that would look like a source, and it is escaped.
    let page = page.replace("&lt;img src=x&gt;", "");
    check_parts(
        &page,
        &[
            "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>",
            "<bdi>=cmd|&#39;/c calc&#39;!A0</bdi>",
            "<bdi>&quot;&gt;&lt;b onclick=&quot;x</bdi>",
            "<bdi>&amp;amp;</bdi>",
            "<i>empty</i>",
        ],
    );
}

#[test]
fn many_labels_are_shown_in_part_and_long_names_are_cut() {
    let names: Vec<String> = (0..100).map(|i| format!("{}{i}", "very long name ".repeat(20))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let report = of_labels(&names);
    let page = html(&input(&report, &[]));
    check_parts(
        &page,
        &[
            "These are the 32 labels with the most mistakes, out of 100.",
            "100\u{a0}labels. In 99 of 100\u{a0}test rows",
        ],
    );
    assert!(page.len() < 600_000, "{}", page.len());
    assert!(!page.contains("How training went"));
}

#[test]
fn an_epoch_that_was_cut_short_is_told() {
    let (data, says) = (numbers(&[0.5]), "The last epoch was cut short");
    let report = report(&mut ByHeart::new(1, vec![0.5]), &data).unwrap();
    assert!(!html(&input(&report, &history())).contains(says));
    for epochs in [2, 4] {
        let mut history = history()[..epochs].to_vec();
        history[epochs - 1].step -= 1;
        assert!(html(&input(&report, &history)).contains(says), "{epochs}");
    }
    assert!(
        !html(&input(&report, &history()[..1])).contains(says),
        "nobody knows how long it would have been"
    );
}

#[test]
fn what_is_undefined_is_said() {
    let mut data = numbers(&[0.5]);
    data.probes = probes(&[(1.0, 1.0), (20.0, 2.0), (30.0, 3.0)]);
    let report = report(&mut ByHeart::new(1, vec![0.5, f32::NAN, f32::INFINITY]), &data).unwrap();
    let page = html(&input(
        &report,
        &[EpochRecord { train_loss: f64::NAN, valid_loss: None, ..history().remove(0) }],
    ));
    check_parts(
        &page,
        &[
            "<p class=\"value\">undefined</p><p class=\"interval\">no interval</p>",
            "For R², 100\u{a0}resamples did not define it and were left out.",
            "An interval without width means that all test rows fared alike",
            "Outside of it 2 answers are not finite numbers.",
            "<td class=\"num\">not finite</td>",
            "No epoch had a finite loss.",
        ],
    );
}

#[test]
fn a_report_without_intervals_or_predictions_is_still_a_page() {
    let mut report = of_numbers();
    report.predictions = None;
    report.resamples = 0;
    for metric in &mut report.metrics {
        (metric.low, metric.high) = (None, None);
    }
    let page = html(&input(&report, &history()));
    check_parts(&page, &["Intervals were switched off (evaluate.bootstrap = 0).", "no interval to compare"]);
    assert!(!page.contains("Answers and errors"));
}

#[test]
fn a_report_that_contradicts_itself_is_still_a_page() {
    let mut report = of_labels(&["a", "b"]);
    report.confusion = vec![vec![1], vec![2, 3, 4], vec![]];
    check_parts(&html(&input(&report, &[])), &["The confusion matrix does not fit the labels."]);
}

#[test]
fn many_answers_are_thinned() {
    let truth: Vec<f32> = (0u16..5000).map(f32::from).collect();
    let report = report(&mut ByHeart::new(1, truth.clone()), &numbers(&truth)).unwrap();
    assert!(
        matches!(&report.predictions, Some(Predictions::Numbers(numbers)) if numbers.rows().len() == 5000)
    );
    let page = html(&input(&report, &[]));
    check_parts(&page, &["On the line, answer and truth are equal. 2,000 of 5,000 rows are shown."]);
    assert_eq!(page.matches("class=\"dot\"").count(), 2000);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let history = history();
    assert_eq!(html(&input(&of_numbers(), &history)), html(&input(&of_numbers(), &history)));
}
