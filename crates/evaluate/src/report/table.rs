//! Tables of a page.

use super::text::{cap, escape};

/// Longer names are cut, and whole under the pointer.
const MOST_CHARACTERS: usize = 48;

/// One cell, ready for the page.
pub struct Cell {
    class: &'static str,
    style: String,
    content: String,
}

impl Cell {
    /// A name or words, escaped here.
    pub fn text(text: &str) -> Cell {
        Cell { class: "", style: String::new(), content: name(text) }
    }

    /// A number, written out.
    pub fn number(written: &str) -> Cell {
        Cell { class: "num", style: String::new(), content: escape(written) }
    }

    /// What is markup already: a link, a picture.
    pub fn markup(content: String) -> Cell {
        Cell { class: "", style: String::new(), content }
    }

    /// A number from 0 to 1 with a bar of that length under it.
    pub fn share(share: f64) -> Cell {
        let style = format!(" style=\"--share:{:.3}\"", share.clamp(0.0, 1.0));
        Cell { class: "num share", style, content: format!("{share:.4}") }
    }
}

/// A name out of the data: escaped, set apart from the direction of the text around it, and cut if it is long.
pub fn name(text: &str) -> String {
    if text.is_empty() {
        return "<i>empty</i>".to_owned();
    }
    let short = cap(text, MOST_CHARACTERS);
    if short == text {
        return format!("<bdi>{}</bdi>", escape(text));
    }
    // Even a tooltip has an end.
    format!("<bdi title=\"{}\">{}</bdi>", escape(&cap(text, 1000)), escape(&short))
}

/// A link to a section of a page, and the section; none without content.
pub fn section(id: &str, title: &str, content: Option<String>) -> Option<(String, String)> {
    let content = content?;
    let link = format!("<a href=\"#{id}\">{title}</a>");
    let section = format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-head\"><h2 id=\"{id}-head\">{title}</h2>{content}</section>\n"
    );
    Some((link, section))
}

/// A table whose first column names the rows. `heads`: one for each column; columns of numbers stand to the right.
pub fn table(caption: &str, heads: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    let rows: Vec<Vec<Cell>> = rows.into_iter().collect();
    let class = |column: usize| rows.first().and_then(|row| row.get(column)).map_or("", |cell| cell.class);
    let heads = heads.iter().enumerate();
    let heads: String = heads
        .map(|(i, head)| format!("<th scope=\"col\"{}>{}</th>", classed(class(i)), escape(head)))
        .collect();
    let body: String = rows.iter().map(|row| format!("<tr>{}</tr>", cells(row))).collect();
    format!(
        "<div class=\"wide\"><table><caption>{}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>",
        escape(caption)
    )
}

fn cells(row: &[Cell]) -> String {
    let cell = |(i, Cell { class, style, content }): (usize, &Cell)| {
        let (tag, scope) = if i == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
        format!("<{tag}{scope}{}{style}>{content}</{tag}>", classed(class))
    };
    row.iter().enumerate().map(cell).collect()
}

fn classed(class: &str) -> String {
    if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_its_cells_are() {
        let rows = [vec![Cell::text("<b>"), Cell::number("1"), Cell::share(0.25)]];
        assert_eq!(
            table("a & b", &["label", "n", "f1"], rows),
            "<div class=\"wide\"><table><caption>a &amp; b</caption><thead><tr><th scope=\"col\">label</th>\
             <th scope=\"col\" class=\"num\">n</th><th scope=\"col\" class=\"num share\">f1</th></tr></thead>\
             <tbody><tr><th scope=\"row\"><bdi>&lt;b&gt;</bdi></th><td class=\"num\">1</td>\
             <td class=\"num share\" style=\"--share:0.250\">0.2500</td></tr></tbody></table></div>"
        );
    }

    #[test]
    fn a_long_name_is_cut_and_kept_for_the_pointer() {
        let long = "<".repeat(5000);
        let name = name(&long);
        assert_eq!(name.matches("&lt;").count(), 47 + 999);
        assert_eq!(name.matches('…').count(), 2);
    }
}
