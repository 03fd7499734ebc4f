//! Networks written out from a few numbers, as the list of layers that a person could have written.
//!
//! A family is a file: its numbers, what they must be, and the layers they mean. A block is a function that adds layers to a
//! [`Stack`].

mod activation;
mod blocks;
mod refusal;
mod stack;

mod cnn;
mod conv_series;
mod convnext_small;
mod dlinear;
mod ft_transformer;
mod gpt;
mod lenet;
mod mlp;
mod nlinear;
mod patchtst;
mod recurrent;
mod resnet;
mod tabm;
mod tabular_mlp;
mod text_cnn;
mod transformer;
mod transformer_encoder;
mod vit;

use baeum_core::{Decode, Layer};

use crate::{Head, LayerSpec};

pub use activation::Activation;
pub use cnn::Cnn;
pub use conv_series::{ConvSeries, Steps};
pub use convnext_small::ConvnextSmall;
pub use dlinear::Dlinear;
pub use ft_transformer::FtTransformer;
pub use gpt::Gpt;
pub use lenet::Lenet;
pub use mlp::Mlp;
pub use nlinear::Nlinear;
pub use patchtst::PatchTst;
pub use recurrent::{Gru, Lstm, Pool, Recurrent};
pub(crate) use refusal::Refusal;
pub use resnet::Resnet;
use stack::Stack;
pub use tabm::{Tabm, TabmStyle};
pub use tabular_mlp::TabularMlp;
pub use text_cnn::TextCnn;
pub use transformer::{Style, Transformer};
pub use transformer_encoder::TransformerEncoder;
pub use vit::Vit;

/// A family of networks.
pub(crate) trait Preset {
    /// Refuses numbers that no data could make right.
    fn check(&self) -> Result<(), Refusal>;

    /// The layers in front of the head.
    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal>;
}

/// What a preset has to know of the data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The sizes of one item.
    pub(crate) item: &'a [usize],
    /// How many different ids there are; 1 where no data have been seen yet, and where numbers come in.
    pub(crate) ids: usize,
    /// How many numbers each field of a table has, side by side in an item; none where no data have been seen yet, and each number
    /// is taken for a field.
    pub(crate) fields: &'a [usize],
    /// What the first head has to yield; where there are several, all are rows of numbers.
    pub(crate) head: Head,
    /// The first target, once data have been seen.
    pub(crate) target: Option<&'a Decode>,
}

/// Far beyond any table.
const MOST_FIELDS: usize = 1 << 20;

impl Facts<'_> {
    /// Whether an item is a sequence of ids, and not of rows of numbers.
    fn are_ids(&self) -> bool {
        self.item.len() == 1
    }

    /// Refuses a row of numbers where a text is read, or a window of a series.
    fn want_sequence(&self) -> Result<(), Refusal> {
        // Before data have been seen, nobody knows whether numbers or ids come in.
        match self.target.is_some() && self.ids <= 1 && self.are_ids() {
            true => {
                let rule =
                    "wants a text, whose steps end with `tokenise`, or a window of a series, got a row of";
                Err(Refusal::whole(format!(
                    "{rule} {} numbers; a table wants `mlp` or the like",
                    self.steps()
                )))
            }
            false => Ok(()),
        }
    }

    /// Refuses what is no window of a series.
    fn want_window(&self) -> Result<(), Refusal> {
        match self.item {
            [_, _] => Ok(()),
            item => {
                let rule = "wants windows of a series, `[columns, steps]`, got items of";
                Err(Refusal::whole(format!("{rule} {item:?}; `data.series` cuts them")))
            }
        }
    }

    /// Whether every column of a series is seen, and all of them are told.
    fn tells_each_column(&self) -> bool {
        matches!((self.head, self.item), (Head::Series { columns, .. }, [rows, _]) if columns == *rows)
    }

    /// Refuses anything else.
    fn want_each_column(&self) -> Result<(), Refusal> {
        match self.tells_each_column() {
            true => Ok(()),
            false => {
                Err(Refusal::whole("tells the next steps of all columns that it sees, got another target"))
            }
        }
    }

    /// The fields of a table as vectors of `units` numbers: `[batch, fields, units]`. Refuses what is no table.
    fn embed_fields(&self, units: usize) -> Result<Layer, Refusal> {
        if self.ids > 1 {
            return Err(Refusal::whole("wants `one_hot` behind steps that give places, got places"));
        }
        match *self.item {
            [n @ 1..=MOST_FIELDS] if self.fields.is_empty() => {
                Ok(Layer::GroupedDense { groups: vec![1; n], units })
            }
            [n] if self.fields.iter().sum::<usize>() == n => {
                Ok(Layer::GroupedDense { groups: self.fields.to_vec(), units })
            }
            _ => {
                let rule = "wants a table, each of whose fields is one number or one name, got items of";
                Err(Refusal::whole(format!("{rule} {:?}", self.item)))
            }
        }
    }

    /// How many places an item has.
    fn steps(&self) -> usize {
        self.item.first().copied().unwrap_or(0)
    }
}

#[cfg(test)]
#[expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]
mod tests;
