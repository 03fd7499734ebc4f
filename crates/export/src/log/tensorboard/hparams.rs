use super::tensor::{FLOAT, Plugin, TENSOR, dense, value};
use super::{messages, summary};
use crate::wire::protobuf::Message;

/// A setting, as TensorBoard compares runs by it.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A number.
    Number(f64),
    /// Yes or no.
    Switch(bool),
    /// Anything else.
    Text(String),
}

impl Setting {
    fn value(&self) -> Message {
        match self {
            Setting::Number(x) => Message::default().double(field::NUMBER, *x),
            Setting::Text(text) => Message::default().bytes(field::TEXT, text),
            Setting::Switch(on) => Message::default().int(field::SWITCH, i64::from(*on)),
        }
    }
}

/// The record that says what the run of this name was begun with. TensorBoard compares runs by what any of them says, and by all their
/// curves.
pub fn settings(wall_time: f64, name: &str, settings: &[(String, Setting)]) -> Vec<u8> {
    let said: Vec<Message> = settings
        .iter()
        .map(|(key, setting)| {
            Message::default().bytes(field::KEY, key).message(field::ENTRY, &setting.value())
        })
        .collect();
    let start = messages(Message::default(), field::SAID, &said)
        .bytes(field::GROUP, name)
        .double(field::STARTED, wall_time);
    summary(wall_time, 0, &[part("_hparams_/session_start_info", field::START, &start)])
}

/// The record that says that a run came to its end.
pub fn finished(wall_time: f64) -> Vec<u8> {
    const SUCCESS: i64 = 1;
    let end = Message::default().int(field::STATUS, SUCCESS).double(field::ENDED, wall_time);
    summary(wall_time, 0, &[part("_hparams_/session_end_info", field::END, &end)])
}

/// What the plugin reads stands beside the value, which is empty.
fn part(tag: &str, field: u32, message: &Message) -> Message {
    let content = Message::default().message(field, message);
    value(tag, Plugin { name: "hparams", class: TENSOR }, &content, &dense(FLOAT, &[0], vec![]))
}

/// Field numbers of the plugin's `plugin_data.proto` and `api.proto`, and of `struct.proto`.
mod field {
    pub(super) const START: u32 = 3;
    pub(super) const END: u32 = 4;
    pub(super) const SAID: u32 = 1;
    pub(super) const KEY: u32 = 1;
    pub(super) const ENTRY: u32 = 2;
    pub(super) const GROUP: u32 = 4;
    pub(super) const STARTED: u32 = 5;
    pub(super) const STATUS: u32 = 1;
    pub(super) const ENDED: u32 = 2;
    pub(super) const NUMBER: u32 = 2;
    pub(super) const TEXT: u32 = 3;
    pub(super) const SWITCH: u32 = 4;
}
