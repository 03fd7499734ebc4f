//! Several inputs that do not go with the network or the table.

use super::{Case, SAME, case};

/// The good recipe with its two columns in inputs of their own.
const TWO: (&str, &str) = (
    "\n[models.mlp]\nhidden = [4]\n",
    "\n[data.inputs]\nlong = { fields = \"length\" }\nwide = { fields = \"width\" }\n\n\
     [models]\nlayers = [{ dense = { units = 4 } }]\n",
);
const CONCAT: (&str, &str) = ("[{ dense", "[{ layer = \"concat\", from = [\"long\", \"wide\"] }, { dense");

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("a layer that does not say which input it reads", TWO, SAME, 2),
        case("an input that no layer reads", TWO, SAME, 2)
            .recipe(("[{ dense", "[{ layer = \"relu\", from = [\"long\"] }, { dense")),
        case("an input that is not there", TWO, SAME, 2)
            .recipe(CONCAT)
            .recipe(("[\"long\", \"wide\"]", "[\"long\", \"wild\"]")),
        case("a preset beside several inputs", TWO, SAME, 2)
            .recipe(("[models]\nlayers = [{ dense = { units = 4 } }]", "[models.mlp]\nhidden = [4]")),
        case("a field that stands in no input", TWO, SAME, 2)
            .recipe(CONCAT)
            .recipe(("{ fields = \"width\" }", "{ fields = \"length\" }")),
        case("an input of a field that is not there", TWO, SAME, 2)
            .recipe(CONCAT)
            .recipe(("{ fields = \"width\" }", "{ fields = \"widht\" }")),
    ]
}
