use super::{messages, summary};
use crate::wire::protobuf::Message;

/// How many bars a histogram has, as TensorBoard makes them.
const BARS: usize = 30;

/// A record with the histogram of some numbers: 30 bars of one width from the smallest to the largest, as `tf.summary.histogram` has it.
/// Numbers that are not finite are left out.
pub fn histogram(wall_time: f64, step: u64, tag: &str, numbers: &[f32]) -> Vec<u8> {
    let bars: Vec<u8> = bars(numbers).iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    let tensor = dense(DOUBLE, &[BARS, 3], bars);
    summary(
        wall_time,
        step,
        &[value(tag, Plugin { name: "histograms", class: TENSOR }, &Message::default(), &tensor)],
    )
}

/// Left edge, right edge and count of each bar. Where all numbers are the same, they are in the last.
fn bars(numbers: &[f32]) -> [[f64; 3]; BARS] {
    let finite = || numbers.iter().filter(|x| x.is_finite()).map(|x| f64::from(*x));
    let mut bars = [[0.0; 3]; BARS];
    let Some(low) = finite().reduce(f64::min) else { return bars };
    let high = finite().fold(low, f64::max);
    let width = (high - low) / BARS as f64;
    for (place, bar) in bars.iter_mut().enumerate() {
        let edge = |place: usize| if place == BARS { high } else { place as f64 * width + low };
        (bar[0], bar[1]) = (edge(place), edge(place + 1));
    }
    for x in finite() {
        let place = if width > 0.0 { ((x - low) / width) as usize } else { BARS };
        bars[place.min(BARS - 1)][2] += 1.0;
    }
    bars
}

/// A record with an image. `png`: its file; `size`: height and width, in pixels.
pub fn image(wall_time: f64, step: u64, tag: &str, png: &[u8], size: [usize; 2]) -> Vec<u8> {
    let [height, width] = size.map(|side| side.to_string().into_bytes());
    let tensor = texts_of(&[3], &[width, height, png.to_vec()]);
    summary(
        wall_time,
        step,
        &[value(tag, Plugin { name: "images", class: BLOBS }, &Message::default(), &tensor)],
    )
}

/// A record with a table of texts, row by row, each as long as the first. TensorBoard reads them as Markdown.
pub fn texts(wall_time: f64, step: u64, tag: &str, rows: &[Vec<String>]) -> Vec<u8> {
    let columns = rows.first().map_or(0, Vec::len);
    let cells: Vec<&String> = rows.iter().flatten().collect();
    let tensor = texts_of(&[rows.len(), columns], &cells);
    summary(
        wall_time,
        step,
        &[value(tag, Plugin { name: "text", class: TENSOR }, &Message::default(), &tensor)],
    )
}

/// Who shows a value.
pub(super) struct Plugin {
    pub(super) name: &'static str,
    pub(super) class: i64,
}

/// A value that is a tensor; `content`: what its plugin wants to know beside it.
pub(super) fn value(tag: &str, plugin: Plugin, content: &Message, tensor: &Message) -> Message {
    let data = Message::default().bytes(field::PLUGIN_NAME, plugin.name).message(field::CONTENT, content);
    let metadata = Message::default().message(field::PLUGIN_DATA, &data).int(field::DATA_CLASS, plugin.class);
    Message::default()
        .bytes(field::TAG, tag)
        .message(field::TENSOR, tensor)
        .message(field::METADATA, &metadata)
}

/// A tensor of numbers, as they lie in memory.
pub(super) fn dense(dtype: i64, sizes: &[usize], bytes: Vec<u8>) -> Message {
    let shape = shape(sizes.iter().map(|size| *size as i64));
    Message::default().int(field::DTYPE, dtype).message(field::SHAPE, &shape).bytes(field::BYTES, bytes)
}

fn texts_of(sizes: &[usize], texts: &[impl AsRef<[u8]>]) -> Message {
    let shape = shape(sizes.iter().map(|size| *size as i64));
    Message::default().int(field::DTYPE, STRING).message(field::SHAPE, &shape).each(
        field::STRINGS,
        texts,
        |message, field, text| message.bytes(field, text),
    )
}

/// The sizes of a tensor, -1 for one that is left open.
pub(super) fn shape(sizes: impl Iterator<Item = i64>) -> Message {
    let dims: Vec<Message> = sizes.map(|size| Message::default().int(field::SIZE, size)).collect();
    messages(Message::default(), field::DIM, &dims)
}

/// `DataType` of `types.proto`.
pub(super) const FLOAT: i64 = 1;
const DOUBLE: i64 = 2;
const STRING: i64 = 7;

/// `DataClass` of `summary.proto`.
pub(super) const TENSOR: i64 = 2;
const BLOBS: i64 = 3;

/// Field numbers of `summary.proto`, `tensor.proto` and `tensor_shape.proto`.
mod field {
    pub(super) const TAG: u32 = 1;
    pub(super) const TENSOR: u32 = 8;
    pub(super) const METADATA: u32 = 9;
    pub(super) const PLUGIN_DATA: u32 = 1;
    pub(super) const DATA_CLASS: u32 = 4;
    pub(super) const PLUGIN_NAME: u32 = 1;
    pub(super) const CONTENT: u32 = 2;
    pub(super) const DTYPE: u32 = 1;
    pub(super) const SHAPE: u32 = 2;
    pub(super) const BYTES: u32 = 4;
    pub(super) const STRINGS: u32 = 8;
    pub(super) const DIM: u32 = 2;
    pub(super) const SIZE: u32 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fall_into_bars_of_one_width() {
        let found = bars(&[0.0, 30.0, 30.0, 0.5, 1.0, f32::NAN, f32::INFINITY]);
        assert_eq!(found[..3], [[0.0, 1.0, 2.0], [1.0, 2.0, 1.0], [2.0, 3.0, 0.0]]);
        assert_eq!(found[29], [29.0, 30.0, 2.0]);
        assert_eq!(found.iter().map(|bar| bar[2]).sum::<f64>(), 5.0);
    }

    #[test]
    fn equal_numbers_are_in_the_last_bar_and_none_in_no_bar() {
        let found = bars(&[2.0, 2.0]);
        assert_eq!((found[0], found[29]), ([2.0, 2.0, 0.0], [2.0, 2.0, 2.0]));
        assert_eq!(bars(&[f32::NAN]), [[0.0; 3]; BARS]);
    }

    #[test]
    fn a_value_names_its_plugin_and_its_sizes() {
        let record = texts(1.5, 7, "t", &[vec!["a".to_owned(), "b".to_owned()]]);
        let tensor = b"\x42\x12\x08\x07\x12\x08\x12\x02\x08\x01\x12\x02\x08\x02\x42\x01a\x42\x01b";
        let metadata = b"\x4a\x0c\x0a\x08\x0a\x04text\x12\0\x20\x02";
        let value = [&b"\x0a\x01t"[..], tensor, metadata].concat();
        assert!(record.windows(value.len()).any(|part| part == value), "{}", record.escape_ascii());
    }
}
