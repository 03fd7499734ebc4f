//! What `[run]` and `[data]` refuse while they are read, and what is no TOML.

use super::*;

#[test]
fn run_section() {
    check(&[
        ("[run]\nsed = 7\n", "recipe.toml:2:1: `run.sed` is not a setting; did you mean `run.seed`?", "sed"),
        (
            "[run]\nseed = \"x\"\n",
            r#"recipe.toml:2:8: `run.seed` wants a whole number from 0, or a list of them, got the text "x""#,
            r#""x""#,
        ),
        (
            "[run]\nseed = -7\n",
            "recipe.toml:2:8: `run.seed` wants a whole number from 0, or a list of them, got -7",
            "-7",
        ),
        (
            "[run]\nseed = 99999999999999999999\n",
            "recipe.toml:2:8: `run.seed` wants a whole number of at most 63 bits, got 99999999999999999999",
            "99999999999999999999",
        ),
        (
            "[run]\nname = 7\n",
            r#"recipe.toml:2:8: `run.name` wants a text, got 7; put it in quotes: `"7"`"#,
            "7",
        ),
        (
            "[run]\nname = \"a b\"\n",
            "recipe.toml:2:8: `run.name` wants 1 to 100 letters, digits, `-` or `_`, got `a b`",
            r#""a b""#,
        ),
        (
            "[run]\ndevice = \"gpu\"\n",
            "recipe.toml:2:10: `gpu` is not a choice of `run.device`; did you mean `cpu`?",
            r#""gpu""#,
        ),
        (
            "[run]\nprecision = \"hihg\"\n",
            "recipe.toml:2:13: `hihg` is not a choice of `run.precision`; did you mean `high`?",
            r#""hihg""#,
        ),
        ("[run]\nthreads = 1.5\n", "recipe.toml:2:11: `run.threads` wants a whole number, got 1.5", "1.5"),
        (
            "[run]\nlimits = { row = 5 }\n",
            "recipe.toml:2:12: `run.limits.row` is not a setting; did you mean `run.limits.rows`?",
            "row",
        ),
        (
            "[run.limits]\nrows = 0\n",
            "recipe.toml:2:8: `run.limits.rows` wants a number from 1 to 9007199254740992, got 0",
            "0",
        ),
        ("run = \"fast\"\n", r#"recipe.toml:1:7: `run` wants a table, got the text "fast""#, r#""fast""#),
    ]);
}

#[test]
fn data_section() {
    check(&[
        (
            "[data]\nsourc = 1\n",
            "recipe.toml:2:1: `data.sourc` is not a setting; did you mean `data.source`?",
            "sourc",
        ),
        (
            "[data]\nsource = { cvs = { path = \"a\" } }\n",
            "recipe.toml:2:12: `cvs` is not a choice of `data.source`; did you mean `csv`?",
            "cvs",
        ),
        (
            "[data]\nsource = { csv = {}, idx = {} }\n",
            "recipe.toml:2:22: `data.source` wants one choice, got `csv`, `idx`",
            "idx",
        ),
        ("[data]\nsource = {}\n", "recipe.toml:2:10: `data.source` wants one choice, got none", "{}"),
        (
            "[data]\nsource = \"folder\"\n",
            "recipe.toml:2:10: `data.source` wants the settings of `folder` behind its name, `{ folder = { .. } }`, got the name alone",
            r#""folder""#,
        ),
        (
            "[data]\nsource = { folder = {} }\n",
            "recipe.toml:2:21: `data.source.folder` wants `path`, got none",
            "{}",
        ),
        (
            "[data]\nsource = { csv = { path = 3 } }\n",
            r#"recipe.toml:2:27: `data.source.csv.path` wants a text, or a list of texts, got 3; put it in quotes: `"3"`"#,
            "3",
        ),
        (
            "[data]\nsource = { csv = { header = \"yes\" } }\n",
            r#"recipe.toml:2:29: `data.source.csv.header` wants `true` or `false`, got the text "yes""#,
            r#""yes""#,
        ),
        (
            "[data]\nsource = { function = { expression = \"a +\", inputs = { a = [0, 1] }, rows = 5 } }\n",
            "recipe.toml:2:38: `data.source.function.expression` wants a number, a name or `(` at character 4, got the end",
            r#""a +""#,
        ),
        (
            "[data]\nsource = { function = { expression = \"a\", inputs = { a = [0, 1, 2] }, rows = 5 } }\n",
            "recipe.toml:2:65: `data.source.function.inputs.a` wants a list of 2, got a list of 3",
            "2",
        ),
        (
            "[data]\ntask = \"clasify\"\n",
            "recipe.toml:2:8: `clasify` is not a choice of `data.task`; did you mean `classify`?",
            r#""clasify""#,
        ),
        (
            "[data]\nignore = \"id\"\n",
            r#"recipe.toml:2:10: `data.ignore` wants a list, got the text "id""#,
            r#""id""#,
        ),
        (
            "[data]\nshape = [1, \"8\"]\n",
            r#"recipe.toml:2:13: `data.shape[1]` wants a whole number, got the text "8"; leave the quotes out: `8`"#,
            r#""8""#,
        ),
        (
            "[data]\nshape = [1, -8]\n",
            "recipe.toml:2:13: `data.shape[1]` wants a whole number from 0 to 9223372036854775807, got -8",
            "-8",
        ),
        (
            "[data]\nsplit = { random = { vaild = 0.1 } }\n",
            "recipe.toml:2:22: `data.split.random.vaild` is not a setting; did you mean `data.split.random.valid`?",
            "vaild",
        ),
        (
            "[data]\nsplit = { random = { valid = true } }\n",
            "recipe.toml:2:30: `data.split.random.valid` wants a number, got true",
            "true",
        ),
        (
            "[data]\nsplit = \"stratfied\"\n",
            "recipe.toml:2:9: `stratfied` is not a choice of `data.split`; did you mean `stratified`?",
            r#""stratfied""#,
        ),
        (
            "[data]\nsplit = \"column\"\n",
            "recipe.toml:2:9: `data.split` wants `name`, got none; write `{ column = { name = .. } }`",
            r#""column""#,
        ),
        (
            "[data.fields.a]\nsteps = [\"standardize\"]\n",
            "recipe.toml:2:10: `standardize` is not a choice of `data.fields.a.steps[0]`; did you mean `standardise`?",
            r#""standardize""#,
        ),
        (
            "[data.fields.a]\nsteps = [{ scale = { facter = 2 } }]\n",
            "recipe.toml:2:22: `data.fields.a.steps[0].scale.facter` is not a setting; did you mean `data.fields.a.steps[0].scale.factor`?",
            "facter",
        ),
        (
            "[data.fields.a]\nsteps = \"standardise\"\n",
            r#"recipe.toml:2:9: `data.fields.a.steps` wants a list, got the text "standardise""#,
            r#""standardise""#,
        ),
        (
            "[data.fields.a]\nkind = \"numbr\"\n",
            "recipe.toml:2:8: `numbr` is not a choice of `data.fields.a.kind`; did you mean `number`?",
            r#""numbr""#,
        ),
    ]);
}

#[test]
fn what_is_no_toml() {
    check(&[
        (
            "[train\nepochs = 3\n",
            "recipe.toml:1:7: could not read this as TOML: unclosed table, expected `]`",
            "",
        ),
        ("[train]\nepochs = \n", "recipe.toml:2:10: could not read this as TOML: a value is missing", ""),
        (
            "[train]\nepochs 3\n",
            "recipe.toml:2:8: could not read this as TOML: key with no value, expected `=`",
            "",
        ),
        (
            "[train]\nname = \"a\n",
            r#"recipe.toml:2:10: could not read this as TOML: invalid basic string, expected `"`"#,
            "",
        ),
        (
            "[train]\nepochs = 3 4\n",
            "recipe.toml:2:10: could not read this as TOML: a text wants quotes around it",
            "3 4",
        ),
        ("[train]\n[train]\n", "recipe.toml:2:2: `train` wants to be set once, got it twice", "train"),
        (
            "train.epochs = 1\n[train]\n",
            "recipe.toml:2:2: `train` wants to be set once, got it twice",
            "train",
        ),
        (
            "a = \"\\q\"\n",
            r#"recipe.toml:1:7: could not read this as TOML: missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\`, `"`, `x`, `u`, `U`"#,
            "",
        ),
        (
            "a = \u{202e}\n",
            "recipe.toml:1:5: could not read this as TOML: a text wants quotes around it",
            "\u{202e}",
        ),
    ]);
}
