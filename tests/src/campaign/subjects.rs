use std::fs;

use crate::{Scratch, pictures, root};

/// A recipe that is interrupted, and what it learns from.
pub struct Subject {
    /// What it is called, as `run.name` says it.
    pub name: &'static str,
    /// The recipe.
    pub recipe: &'static str,
    data: fn(&Scratch),
}

/// Each takes about a second, and together they draw everything that training may draw: order, dropout, augmentation, mixing.
pub const SUBJECTS: [Subject; 4] = [
    Subject {
        name: "mlp",
        recipe: include_str!("subjects/mlp.toml"),
        data: |folder| some_lines(folder, "datasets/digits/digits.csv", 5),
    },
    Subject {
        name: "cnn",
        recipe: include_str!("subjects/cnn.toml"),
        data: |folder| {
            pictures(folder, "pictures", 80);
        },
    },
    Subject {
        name: "lstm",
        recipe: include_str!("subjects/lstm.toml"),
        data: |folder| some_lines(folder, "datasets/languages/languages.csv", 16),
    },
    Subject {
        name: "gpt",
        recipe: include_str!("subjects/gpt.toml"),
        data: |folder| some_lines(folder, "datasets/addition/addition.txt", 8),
    },
];

impl Subject {
    /// A folder with its recipe and its data, in which nothing has run.
    pub fn folder(&self) -> Scratch {
        let folder = Scratch::new(self.name);
        folder.put("recipe.toml", self.recipe);
        (self.data)(&folder);
        folder
    }
}

/// The first line of a file of the workspace, which may name columns, and every n-th behind it.
fn some_lines(folder: &Scratch, from_root: &str, step: usize) {
    let path = root().join(from_root);
    let text = fs::read_to_string(&path).expect("a file of the workspace can be read");
    let lines: Vec<&str> = text.lines().step_by(step).collect();
    let name = path.file_name().and_then(|name| name.to_str()).expect("a file has a name");
    folder.put(name, lines.join("\n") + "\n");
}
