use baeum_core::Layer;

use crate::LayerSpec;

/// A list of layers as a person writes it, growing at its end.
#[derive(Default)]
pub(super) struct Stack(Vec<LayerSpec>);

impl Stack {
    /// A layer behind the last one, under the name it gets by itself.
    pub(super) fn add(&mut self, layer: Layer) -> &mut Stack {
        self.0.push(layer.into());
        self
    }

    /// The same under a name of its own.
    pub(super) fn named(&mut self, name: impl Into<String>, layer: Layer) -> &mut Stack {
        self.0.push(LayerSpec { name: Some(name.into()), layer, from: vec![] });
        self
    }

    /// A layer that reads others than the last one; the network's input is `x`.
    pub(super) fn behind(&mut self, from: &[&str], name: impl Into<String>, layer: Layer) -> &mut Stack {
        let from = from.iter().map(|name| (*name).to_owned()).collect();
        self.0.push(LayerSpec { name: Some(name.into()), layer, from });
        self
    }

    /// What may be wanted or not, as [`Stack::add`].
    pub(super) fn maybe(&mut self, layer: Option<Layer>) -> &mut Stack {
        self.0.extend(layer.map(LayerSpec::from));
        self
    }

    pub(super) fn layers(self) -> Vec<LayerSpec> {
        self.0
    }
}
