use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

/// The place of a setting in a tree; of the closest table around it, if it is not set itself.
pub(super) fn find(value: &Spanned<DeValue<'_>>, path: &str) -> Range<usize> {
    let deeper = match value.get_ref() {
        DeValue::Table(table) => {
            let on_the_way =
                table.iter().filter_map(|(key, item)| Some((item, behind_key(path, key.get_ref())?)));
            // Keys may have dots in them; the one that takes most of the path is meant.
            on_the_way.min_by_key(|(_, rest)| rest.len())
        }
        DeValue::Array(items) => behind_index(path).and_then(|(index, rest)| Some((items.get(index)?, rest))),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) => None,
        DeValue::Boolean(_) | DeValue::Datetime(_) => None,
    };
    deeper.map_or_else(|| value.span(), |(item, rest)| find(item, rest))
}

/// The path of the table or list that holds a setting: `a.b[3]` stands in `a.b`, and that in `a`.
pub(super) fn parent(path: &str) -> &str {
    path.rfind(['.', '[']).and_then(|end| path.get(..end)).unwrap_or_default()
}

fn behind_key<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(key).filter(|_| !key.is_empty())?;
    match rest.is_empty() || rest.starts_with('[') {
        true => Some(rest),
        false => rest.strip_prefix('.'),
    }
}

fn behind_index(path: &str) -> Option<(usize, &str)> {
    let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest.strip_prefix('.').unwrap_or(rest)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use toml::de::DeTable;

    const TEXT: &str = r#"[train]
epochs = 3
schedule.cosine = {}
[models]
layers = ["relu", { dense = { units = 7 } }, [[8]]]
[data.fields]
a = { b = 1 }
"a.b" = { c = 2 }
"#;

    #[track_caller]
    fn check(path: &str, expect: &str) {
        let table = DeTable::parse(TEXT).unwrap();
        let root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
        assert_eq!(&TEXT[find(&root, path)], expect);
    }

    #[test]
    fn a_path_leads_through_tables_and_lists() {
        check("train.epochs", "3");
        check("train.schedule", "schedule");
        check("models.layers[0]", "\"relu\"");
        check("models.layers[1].dense.units", "7");
        check("models.layers[2][0][0]", "8");
        check("data.fields.a.b", "{ c = 2 }");
        check("data.fields.a.b.c", "2");
    }

    #[test]
    fn what_is_not_set_stands_in_its_parent() {
        check("train.batch_size", "[train]");
        check("train.schedule.cosine.final_factor", "{}");
        check("models.layers[1].dense.bias", "{ units = 7 }");
        check("models.layers[3].dense", r#"["relu", { dense = { units = 7 } }, [[8]]]"#);
        check("models.mlp[x", "[models]");
        check("export", "");
    }
}
