use super::set::FEW;
use super::*;
use crate::testing::Dice;

const LONG: &str = "the acting was wonderful, but the second half of the film dragged on far too long for me";

/// Words that nobody wrote.
fn text(dice: &mut Dice, words: usize) -> String {
    let mut text = String::new();
    for _ in 0..words {
        let letters = 3 + dice.below(5);
        text.extend((0..letters).map(|_| char::from(b'a' + dice.below(26) as u8)));
        text.push(' ');
    }
    text
}

#[test]
fn case_and_white_space_are_no_difference() {
    assert_eq!(normalise("  Good\t\nMOVIE  Ä "), "good movie ä");
    let loud = LONG.to_uppercase().replace(' ', " \n ");
    let near = near_texts(&[(4, 0, LONG), (9, 1, &loud)]);
    assert_eq!(near.pairs, [(4, 9, 1.0)]);
    assert_eq!(near.rows, [4, 9]);
    assert_eq!(near.unfinished, 0);
}

#[test]
fn a_small_change_is_found_with_its_similarity() {
    // 84 shingles, of which one stands there twice; one letter that changes takes five away, and brings five.
    let changed = LONG.replace("second", "sacond");
    assert_eq!(LONG.len(), 88);
    let near = near_texts(&[(0, 0, LONG), (1, 2, &changed)]);
    assert_eq!(near.pairs, [(0, 1, 78.0 / 88.0)]);
}

#[test]
fn other_texts_and_other_halves_are_not_alike() {
    let half = format!("{} {}", &LONG[..44], "and yet I would watch it again any day of it");
    assert_eq!(near_texts(&[(0, 0, LONG), (1, 1, &half)]), NearTexts::default());
}

#[test]
fn rows_of_one_part_are_no_pair() {
    assert_eq!(near_texts(&[(0, 1, LONG), (1, 1, LONG)]), NearTexts::default());
}

#[test]
fn short_texts_are_alike_only_when_equal() {
    let short = "정말 재미있는 영화 봤어요";
    assert!(short.chars().count() - 4 < FEW);
    let near = near_texts(&[
        (0, 0, short),
        (1, 1, "정말  재미있는 영화 봤어요"),
        (2, 1, "정말 재미있는 영화 봤어요~"),
    ]);
    assert_eq!(near.pairs, [(0, 1, 1.0)]);
}

#[test]
fn one_letter_again_and_again_is_short() {
    let (laugh, longer) = ("ㅋ".repeat(30), "ㅋ".repeat(40));
    assert_eq!(near_texts(&[(0, 0, &laugh), (1, 1, &longer)]), NearTexts::default());
}

#[test]
fn korean_that_runs_its_words_together_is_found() {
    let korean = "배우들의연기는훌륭했지만후반부가너무늘어져서조금지루했던영화입니다추천은못하겠어요";
    let near = near_texts(&[(0, 0, korean), (1, 1, &format!("{korean}ㅠㅠ"))]);
    assert_eq!(near.pairs.len(), 1);
    assert!(near.pairs[0].2 > 0.9, "{:?}", near.pairs);
}

#[test]
fn nothing_is_like_nothing() {
    assert_eq!(near_texts(&[(0, 0, ""), (1, 1, " \t"), (2, 2, "")]), NearTexts::default());
    assert_eq!(near_texts(&[]), NearTexts::default());
}

/// Against the plain way: each text against each.
#[test]
fn all_pairs_are_found_that_comparing_everything_finds() {
    let mut dice = Dice(7);
    let mut texts = vec![];
    for _ in 0..150 {
        let words = 6 + dice.below(20);
        let original = text(&mut dice, words);
        for _ in 0..3 {
            let mut copy: Vec<char> = original.chars().collect();
            for _ in 0..dice.below(4) {
                let place = dice.below(copy.len());
                copy[place] = 'x';
            }
            texts.push((texts.len(), dice.below(3) as u8, String::from_iter(copy)));
        }
    }
    let texts: Vec<(usize, u8, &str)> =
        texts.iter().map(|(row, part, text)| (*row, *part, &**text)).collect();
    let sets: Vec<Vec<u64>> = texts.iter().map(|text| shingles(&normalise(text.2))).collect();
    let mut expect = vec![];
    for one in 0..texts.len() {
        for other in one + 1..texts.len() {
            let similarity = jaccard(&sets[one], &sets[other]);
            if texts[one].1 != texts[other].1 && similarity >= ALIKE {
                expect.push((one, other, similarity));
            }
        }
    }
    let near = near_texts(&texts);
    assert!(expect.len() > 100, "{}", expect.len());
    assert_eq!(near.pairs, expect);
}

/// Long texts are known by a sample of their shingles: what has grown by a sixth, and what differs here and there, on either
/// side of where a sample gets half as large.
#[test]
fn copies_of_long_texts_are_found() {
    let mut dice = Dice(11);
    let mut texts: Vec<String> = vec![];
    for size in 0..40 {
        let original = text(&mut dice, 300 * (1 << (size / 8)) + 40 * size);
        let letters = original.split(' ').map(|word| if dice.below(60) == 0 { "xyxy" } else { word });
        let changed = letters.collect::<Vec<_>>().join(" ");
        let grown = format!("{original} {}", text(&mut dice, original.split(' ').count() / 6));
        texts.extend([original, changed, grown]);
    }
    let all: Vec<(usize, u8, &str)> =
        texts.iter().enumerate().map(|(row, text)| (row, (row % 3) as u8, &**text)).collect();
    let near = near_texts(&all);
    let exact = |one: &str, other: &str| {
        let of = |text: &str| {
            let letters: Vec<char> = normalise(text).chars().collect();
            letters.windows(5).map(<[char]>::to_vec).collect::<std::collections::BTreeSet<_>>()
        };
        let (one, other) = (of(one), of(other));
        one.intersection(&other).count() as f64 / one.union(&other).count() as f64
    };
    for (row, three) in texts.chunks(3).enumerate() {
        for (one, other) in [(0, 1), (0, 2)] {
            let expect = exact(&three[one], &three[other]);
            assert!(expect > 0.82, "{expect}");
            let pair = (3 * row + one, 3 * row + other);
            let found = near.pairs.iter().find(|(one, other, _)| (*one, *other) == pair);
            assert!(
                found.is_some_and(|found| (found.2 - expect).abs() < 0.025),
                "{pair:?} {expect} {found:?}"
            );
        }
    }
    assert!(near.pairs.iter().all(|(one, other, _)| one / 3 == other / 3));
    assert!(near.pairs.windows(2).all(|pair| (pair[0].0, pair[0].1) != (pair[1].0, pair[1].1)), "each once");
    assert_eq!(near.unfinished, 0);
}

#[test]
fn the_order_of_the_rows_is_no_matter() {
    let mut dice = Dice(3);
    let texts: Vec<String> = (0..60).map(|_| text(&mut dice, 12)).collect();
    let mut rows: Vec<(usize, u8, &str)> =
        (0..120).map(|row| (row, (row / 60) as u8, &*texts[row % 60])).collect();
    let near = near_texts(&rows);
    rows.reverse();
    assert_eq!(near, near_texts(&rows));
    assert_eq!(near.pairs.len(), 60);
}

/// The same text in thousands of rows: all rows are named, and few pairs.
#[test]
fn one_text_in_many_rows_stays_cheap() {
    let rows: Vec<(usize, u8, &str)> = (0..50_000).map(|row| (row, (row % 2) as u8, "good")).collect();
    let near = near_texts(&rows);
    assert_eq!(near.rows.len(), 50_000);
    assert_eq!(near.pairs.len(), LISTED_EACH);
    assert_eq!(near.unfinished, 0);
}

/// A template, filled in thousands of ways: the work is cut, and said to be.
#[test]
fn a_template_is_cut_short_and_says_so() {
    let fill = |number| {
        format!("your parcel with number {number:05} has been handed over to our courier this evening")
    };
    let texts: Vec<String> = (0..4000).map(fill).collect();
    let rows: Vec<(usize, u8, &str)> =
        texts.iter().enumerate().map(|(row, text)| (row, u8::from(row % 4 == 0), &**text)).collect();
    let near = near_texts(&rows);
    assert!(near.pairs.len() <= 4000 * VISITS);
    assert!(near.unfinished > 2900, "{}", near.unfinished); // the larger part goes to the smaller
    assert!(near.rows.len() > 3990, "{}", near.rows.len());
}
