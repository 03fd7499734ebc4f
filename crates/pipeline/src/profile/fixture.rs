//! Profiles to test the page and the table with.

use baeum_core::{Kind, Role};
use baeum_data::{
    Encoding, FieldProfile, Histogram, LabelProfile, Lengths, Profile, Repair, Sizes, Warning, quartiles,
};

/// SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal: the sum of twelve.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

pub(crate) fn field(name: &str, kind: Kind) -> FieldProfile {
    FieldProfile {
        name: name.to_owned(),
        kind,
        role: Role::Input,
        missing: 0,
        values: None,
        distinct: None,
        range: None,
        mean_std: None,
        top: vec![],
        odd: None,
        sizes: None,
        quartiles: None,
        capped: None,
        histogram: None,
        lengths: None,
        examples: vec![],
    }
}

pub(crate) fn empty() -> Profile {
    Profile {
        rows: 0,
        parts: [0; 3],
        unlabelled: 0,
        fields: vec![],
        labels: vec![],
        hidden_files: 0,
        repairs: vec![],
        warnings: vec![],
    }
}

/// A field of numbers as the data crate would describe it.
pub(crate) fn numbers(name: &str, parts: [Vec<f64>; 3]) -> FieldProfile {
    let [train, valid, test] = &parts;
    let mut seen: Vec<f64> = train.iter().copied().filter(|number| !number.is_nan()).collect();
    let missing = train.len() - seen.len();
    let mean = seen.iter().sum::<f64>() / seen.len() as f64;
    let variance = seen.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / seen.len() as f64;
    seen.sort_unstable_by(f64::total_cmp);
    let range = seen.first().copied().zip(seen.last().copied());
    seen.dedup();
    FieldProfile {
        missing,
        distinct: Some(seen.len()),
        range,
        mean_std: range.map(|_| (mean, variance.sqrt())),
        quartiles: quartiles(train),
        histogram: Histogram::of(train, valid, test),
        ..field(name, Kind::Number)
    }
}

fn drawn(name: &str, mut draw: impl FnMut(usize) -> f64) -> FieldProfile {
    let mut part = |part: usize, n: usize| (0..n).map(|_| draw(part)).collect::<Vec<f64>>();
    numbers(name, [part(0, 3500), part(1, 750), part(2, 750)])
}

fn category(name: &str, distinct: usize, top: &[(&str, usize)]) -> FieldProfile {
    FieldProfile {
        distinct: Some(distinct),
        top: top.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        ..field(name, Kind::Category)
    }
}

/// A table of 16 columns of many shapes, with awkward names.
pub(crate) fn people() -> Profile {
    let mut random = Random(3);
    let mut r = || random.normal();
    let mut price = drawn("price", |_| (r() * 0.6 + 12.0).exp().round());
    price.role = Role::Target;
    let mut fields = vec![price, drawn("age", |_| (38.0 + 13.0 * r()).clamp(17.0, 90.0).round())];
    fields.push(drawn("income", |_| (r() * 0.8 + 10.3).exp()));
    fields.push(drawn("shifted in test", |part| r() + if part == 2 { 1.5 } else { 0.0 }));
    fields.push(drawn("children", |_| (r().abs() * 1.6).floor()));
    fields.push(drawn("is_member", |_| f64::from(r() > 0.8)));
    fields.push(drawn("half missing", |_| if r() > 0.0 { f64::NAN } else { 1e-7 * r() }));
    fields.push(drawn("all missing", |_| f64::NAN));
    fields.push(drawn("constant", |_| 7.0));
    let mut row = 0.0;
    fields.push(drawn("row_number", |_| {
        row += 1.0;
        row
    }));
    fields.push(drawn("mostly zero", |_| if r() > 3.0 { 100.0 * r().abs() } else { 0.0 }));
    fields.push(drawn("two hills", |_| r() + if r() > 0.0 { 8.0 } else { 0.0 }));
    let cities = [
        ("서울특별시", 1400),
        ("부산광역시", 700),
        ("København", 420),
        ("<b>bold</b>", 300),
        ("", 180),
        ("東京都千代田区", 120),
    ];
    fields.push(category("도시 (city)", 31, &cities));
    fields.push(category("<script>alert(1)</script>", 2, &[("\"onload=\"alert(1)", 2000), ("no", 1500)]));
    fields.push(category(
        "a name so long that nobody would ever want to read all of it in a table",
        3,
        &[("a", 3), ("b", 2), ("\u{202e}gnp.exe", 1)],
    ));
    let mut id = category("customer_id", 3500, &[]);
    id.role = Role::Id;
    fields.push(id);
    Profile {
        rows: 5000,
        parts: [3500, 750, 750],
        unlabelled: 0,
        fields,
        labels: vec![],
        hidden_files: 0,
        repairs: vec![
            Repair::TakenFor { file: "people.csv".to_owned(), encoding: Encoding::Cp949 },
            Repair::BlankEnd { file: "people.csv".to_owned(), count: 2 },
            Repair::Skipped {
                file: "people.csv".to_owned(),
                count: 12,
                first: (0..4)
                    .map(|i| format!("people.csv:{}: wants 16 cells, got 1{i}", 80 + 31 * i))
                    .collect(),
            },
        ],
        warnings: vec![
            Warning::Constant { field: "constant".to_owned() },
            Warning::LooksLikeId { field: "row_number".to_owned() },
            Warning::Constant { field: "<script>alert(1)</script>".to_owned() },
        ],
    }
}

/// Images of ten labels, one of which is rare.
pub(crate) fn images() -> Profile {
    let target = FieldProfile { role: Role::Target, ..category("digit", 10, &[("1", 140), ("3", 128)]) };
    let image = FieldProfile {
        sizes: Some(Sizes { smallest: (8, 8), largest: (120, 160), distinct: 3 }),
        ..field("image", Kind::Image { channels: 1, size: None })
    };
    let label = |i: usize| LabelProfile {
        label: ["zero", "one", "two", "three", "four", "five", "six", "seven", "여덟", "nine"][i].to_owned(),
        parts: if i == 8 { [9, 1, 0] } else { [118 + 7 * (i % 4), 26 + i, 27] },
    };
    let labels: Vec<LabelProfile> = (0..10).map(label).collect();
    let parts = [0, 1, 2].map(|part| labels.iter().map(|label| label.parts[part]).sum());
    Profile {
        rows: parts.iter().sum(),
        parts,
        unlabelled: 0,
        fields: vec![image, target],
        labels,
        hidden_files: 2,
        repairs: vec![],
        warnings: vec![
            Warning::AbsentLabel { label: "여덟".to_owned(), part: "test".to_owned() },
            Warning::HiddenFiles { count: 2 },
        ],
    }
}

/// Texts of three labels.
pub(crate) fn texts() -> Profile {
    let all = [
        "배송이 빠르고 포장도 꼼꼼했어요. 다음에도 여기서 살게요!",
        "It broke after two days. <b>Never again</b> & I mean it.",
        "สินค้าดีมาก",
        "هذا المنتج رائع جدا",
        "An unbroken word: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
    let text = FieldProfile {
        distinct: Some(812),
        lengths: Lengths::of(all.iter().map(|text| text.chars().count()).collect()),
        examples: all.iter().map(|text| (*text).to_string()).collect(),
        ..field("review", Kind::Text)
    };
    let mut mood = category("mood", 3, &[("good", 500), ("bad", 300), ("neither", 40)]);
    mood.role = Role::Target;
    let stars =
        numbers("stars", [1, 2, 3].map(|k| (0..300 * k).map(|i| f64::from(1 + (i * i + i) % 5)).collect()));
    let label = |(label, parts): (&str, [usize; 3])| LabelProfile { label: label.to_owned(), parts };
    Profile {
        rows: 1200,
        parts: [840, 180, 180],
        unlabelled: 0,
        fields: vec![text, stars, mood],
        labels: [("bad", [300, 64, 66]), ("good", [500, 108, 104]), ("neither", [40, 8, 10])]
            .map(label)
            .to_vec(),
        hidden_files: 0,
        repairs: vec![],
        warnings: vec![],
    }
}

/// So many columns, each of which is constant.
pub(crate) fn wide(columns: usize) -> Profile {
    let name = |i: usize| format!("c{i}");
    let constant = |i: usize| numbers(&name(i), [vec![i as f64; 70], vec![i as f64; 15], vec![0.0; 15]]);
    Profile {
        rows: 100,
        parts: [70, 15, 15],
        fields: (0..columns).map(constant).collect(),
        warnings: (0..columns).map(|i| Warning::Constant { field: name(i) }).collect(),
        ..empty()
    }
}
