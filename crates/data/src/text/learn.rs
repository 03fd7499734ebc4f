use std::collections::BTreeMap;

use rayon::ThreadPoolBuilder;
use serde::Serialize;
use serde_json::Value;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::models::unigram::{Unigram, UnigramTrainerBuilder};
use tokenizers::models::wordpiece::{WordPiece, WordPieceTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, PreTokenizerWrapper, Trainer,
};

use super::seam::{self, Seam};
use super::{Blanks, PADDING, Refusal, UNKNOWN, guarded, refuse, shell};
use crate::config::TokensBy;

/// How often each word stands in the training rows. Sorted, so that no order of rows and no hash shows in what is
/// learned.
type Words = BTreeMap<String, u64>;

/// What a piece of WordPiece starts with that does not start a word.
const INSIDE: &str = "##";

/// Learns pieces from texts, each with the number of its rows, and gives the `tokenizer.json`: place 0 is padding,
/// place 1 a piece that training did not know. At most `vocabulary` places, both counted.
///
/// The same texts give the same bytes, whatever their order and however many threads there are.
pub(crate) fn learn<'a>(
    (by, blanks): (&TokensBy, Blanks),
    vocabulary: usize,
    texts: impl Iterator<Item = (&'a str, usize)>,
) -> Result<String, Refusal> {
    let words = words(by, blanks, texts)?;
    let room = vocabulary.saturating_sub(2);
    let model = match by {
        TokensBy::Character {} | TokensBy::Word {} | TokensBy::File { .. } => {
            shell::word_level(most_frequent(&words).take(room))
        }
        TokensBy::Bpe {} => byte_pairs(&words, vocabulary)?,
        TokensBy::WordPiece {} => word_pieces(&with_known_letters(words, room / 4), vocabulary)?,
        TokensBy::Unigram {} => unigram(with_known_letters(words, room / 2), vocabulary)?,
    };
    Ok(shell::tokenizer(by, blanks, model))
}

/// Cuts texts into words and counts them.
fn words<'a>(
    by: &TokensBy,
    blanks: Blanks,
    texts: impl Iterator<Item = (&'a str, usize)>,
) -> Result<Words, Refusal> {
    let cut: PreTokenizerWrapper = serde_json::from_value(shell::words(by, blanks))
        .or_else(|error| refuse("a way to cut words", error.to_string()))?;
    let mut words = Words::new();
    let runs = texts.flat_map(|(text, rows)| Seam::of(by, blanks).runs(text).map(move |run| (run, rows)));
    for (text, rows) in runs {
        let mut text = PreTokenizedString::from(seam::admit(text)?);
        let done = guarded(|| cut.pre_tokenize(&mut text))?;
        done.or_else(|error| refuse("a text that can be cut into words", error.to_string()))?;
        for (word, _, _) in text.get_splits(OffsetReferential::Normalized, OffsetType::Byte) {
            match words.get_mut(word) {
                Some(count) => *count += rows as u64,
                None => drop(words.insert(word.to_owned(), rows as u64)),
            }
        }
    }
    match words.is_empty() {
        false => Ok(words),
        true => refuse("words in the training rows", "none"),
    }
}

/// Words by how often they stand there; those of equal count in the order of their letters.
fn most_frequent(words: &Words) -> impl Iterator<Item = String> {
    let mut sorted: Vec<(&String, &u64)> = words.iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    sorted.into_iter().map(|(word, _)| word.clone()).collect::<Vec<_>>().into_iter()
}

/// The words whose letters are all among the so many most frequent letters: rarer ones leave no room for pieces.
fn with_known_letters(words: Words, letters: usize) -> Words {
    let mut counts = Words::new();
    for (word, count) in &words {
        word.chars().for_each(|letter| *counts.entry(letter.to_string()).or_default() += count);
    }
    if counts.len() <= letters {
        return words;
    }
    let known: std::collections::BTreeSet<String> = most_frequent(&counts).take(letters).collect();
    let is_known = |word: &String| word.chars().all(|letter| known.contains(letter.encode_utf8(&mut [0; 4])));
    words.into_iter().filter(|(word, _)| is_known(word)).collect()
}

/// Byte-pair encoding from the 256 bytes up (Sennrich, Haddow & Birch 2016; Radford et al. 2019).
fn byte_pairs(words: &Words, vocabulary: usize) -> Result<Value, Refusal> {
    let mut trainer = BpeTrainerBuilder::new()
        .show_progress(false)
        .vocab_size(vocabulary)
        .special_tokens(special([]))
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let mut model = BPE::default();
    train(&mut trainer, words, &mut model)?;
    said(&model)
}

/// WordPiece (Schuster & Nakajima 2012), trained as the library does it, by the most frequent pair.
///
/// The letters inside words get their places before training: it would give them places in the order of a hash.
fn word_pieces(words: &Words, vocabulary: usize) -> Result<Value, Refusal> {
    let inside: std::collections::BTreeSet<char> =
        words.keys().flat_map(|word| word.chars().skip(1)).collect();
    let mut trainer = WordPieceTrainerBuilder::new()
        .show_progress(false)
        .vocab_size(vocabulary)
        .continuing_subword_prefix(INSIDE.to_owned())
        .special_tokens(special(inside.into_iter().map(|letter| format!("{INSIDE}{letter}"))))
        .build();
    let mut model = WordPiece::default();
    train(&mut trainer, words, &mut model)?;
    said(&model)
}

/// A unigram language model over pieces (Kudo 2018), on one thread: its sums depend on how work is divided.
fn unigram(words: Words, vocabulary: usize) -> Result<Value, Refusal> {
    let trainer = UnigramTrainerBuilder::default()
        .show_progress(false)
        .vocab_size(vocabulary as u32) // at most 2^24
        .special_tokens(special([]))
        .unk_token(Some(UNKNOWN.to_owned()))
        .build()
        .or_else(|error| refuse("settings that unigram takes", error.to_string()))?;
    let sentences =
        words.into_iter().map(|(word, count)| (word, count.min(u32::MAX.into()) as u32)).collect();
    let mut model = Unigram::default();
    let alone = ThreadPoolBuilder::new().num_threads(1).build();
    let alone = alone.or_else(|error| refuse("a thread to learn on", error.to_string()))?;
    let trained = guarded(|| alone.install(|| trainer.do_train(sentences, &mut model).map(drop)))?;
    trained.or_else(|error| refuse("words that unigram can learn from", error.to_string()))?;
    let mut said = said(&model)?;
    if let Some(pieces) = said.pointer_mut("/vocab").and_then(Value::as_array_mut) {
        in_order(&mut pieces[2..]);
    }
    Ok(said)
}

/// Sorts pieces, each a text and its log probability, by both: the library leaves those of equal probability in the order
/// of a hash. It also hands letters that no piece holds probabilities a hair above the smallest, in that order; here
/// they get them in the order of the letters.
fn in_order(pieces: &mut [Value]) {
    const HAIR: f64 = 1.5e-4;
    let score = |piece: &Value| piece.get(1).and_then(Value::as_f64).unwrap_or_default();
    let text = |piece: &Value| piece.get(0).and_then(Value::as_str).unwrap_or_default().to_owned();
    let by_both = |a: &Value, b: &Value| score(b).total_cmp(&score(a)).then_with(|| text(a).cmp(&text(b)));
    pieces.sort_by(by_both);
    let gap = pieces.windows(2).rposition(|pair| score(&pair[0]) - score(&pair[1]) > HAIR);
    let tail = &mut pieces[gap.map_or(0, |gap| gap + 1)..];
    let scores: Vec<Value> = tail.iter().filter_map(|piece| piece.get(1).cloned()).collect();
    tail.sort_by_key(text);
    for (piece, score) in tail.iter_mut().zip(scores) {
        *piece = Value::from(vec![Value::from(text(piece)), score]);
    }
}

/// Padding, the unknown, and others, in this order.
fn special(others: impl IntoIterator<Item = String>) -> Vec<AddedToken> {
    let all = [PADDING, UNKNOWN].map(str::to_owned).into_iter().chain(others);
    all.map(|piece| AddedToken::from(piece, true)).collect()
}

fn train<T: Trainer>(trainer: &mut T, words: &Words, model: &mut T::Model) -> Result<(), Refusal> {
    let each = words.iter().flat_map(|(word, count)| std::iter::repeat_n(word.as_str(), *count as usize));
    let trained = guarded(|| {
        trainer.feed(each, |word| Ok(vec![word.to_owned()]))?;
        trainer.train(model).map(drop)
    })?;
    trained.or_else(|error| refuse("words that pieces can be learned from", error.to_string()))
}

/// A model as a `tokenizer.json` says it.
fn said(model: &impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(model).or_else(|error| refuse("a model that can be written down", error.to_string()))
}
