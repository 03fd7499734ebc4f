//! The part of `docs/layers.md` that tells of several inputs.

use baeum::Recipe;
use baeum::models::summary;

const WORDS: &str = "Data may come in through several inputs, each of fields of its own: an image, a text and the numbers of one row. \
                     A branch begins at the layer that names one in its `from`, in the place of `x`; every input wants a reader. \
                     Presets are for one input.";

const DATA: &str = r#"
[data]
source = { csv = { path = "goods.csv" } }                # photo,review,price,shop,sold
target = "sold"

[data.fields]
photo = { kind = "image", steps = [{ resize = { height = 16, width = 16 } }, "standardise"] }
review = { steps = [{ tokenise = { by = "word", vocabulary = 1000, length = 20 } }] }

[data.inputs]
seen = { fields = "photo" }                              # a path from the table's own folder
words = { fields = "review" }
rest = { fields = ["price", "shop"] }
"#;

const LAYERS: &str = r#"
[models]
layers = [
    { layer = { conv2d = { filters = 8, kernel = 3, padding = 1 } }, from = ["seen"] },
    "relu",
    { name = "photo", layer = "global_avg_pool" },
    { layer = { embedding = { vocabulary = 1000, units = 16 } }, from = ["words"] },
    { name = "review", layer = "mean_over_time" },
    { layer = "concat", from = ["photo", "review", "rest"] },
    { dense = { units = 32 } },
    "relu",
]
"#;

pub(super) fn page() -> String {
    let text = format!("{}{LAYERS}", DATA.trim_start());
    let plans = Recipe::parse("recipe.toml", &text, &[]).unwrap().check().unwrap();
    let graph = plans.models.graph_of(&[&[4], &[3, 16, 16], &[20]], &[], 2).unwrap();
    format!(
        "\n## Several inputs\n\n{WORDS}\n\n```toml{DATA}{LAYERS}```\n\nWith four numbers of price and shop, in two classes; trained, a text \
         that is filled up behind also brings `words_lengths`:\n\n```text\n{}```\n",
        summary(&graph)
    )
}
