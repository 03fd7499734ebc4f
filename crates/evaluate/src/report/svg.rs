//! A small writer of SVG: shapes with classes that the page's style gives colours to.

use super::text::escape;

/// A place on a drawing, in its own units, from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

pub(super) fn point(x: f64, y: f64) -> Point {
    Point { x, y }
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture that grows shape by shape; later shapes cover earlier ones.
pub(super) struct Drawing {
    id: String,
    title: String,
    description: String,
    size: Point,
    body: String,
}

impl Drawing {
    /// `id` is unique on the page; title and description are read to people who do not see the picture.
    pub(super) fn new(id: &str, title: &str, description: &str, size: Point) -> Drawing {
        let [id, title, description] = [id, title, description].map(str::to_owned);
        Drawing { id, title, description, size, body: String::new() }
    }

    pub(super) fn line(&mut self, class: &str, from: Point, to: Point) {
        let ends = [("x1", from.x), ("y1", from.y), ("x2", to.x), ("y2", to.y)];
        self.shape("line", class, &ends);
    }

    pub(super) fn circle(&mut self, class: &str, at: Point, radius: f64) {
        self.shape("circle", class, &[("cx", at.x), ("cy", at.y), ("r", radius)]);
    }

    /// A rectangle by two opposite corners.
    pub(super) fn rect(&mut self, class: &str, a: Point, b: Point) {
        self.shape("rect", class, &corners(a, b));
    }

    /// A rectangle that the ground shines through: `opacity` from 0 to 1.
    pub(super) fn tint(&mut self, class: &str, a: Point, b: Point, opacity: f64) {
        let [x, y, width, height] = corners(a, b);
        self.shape("rect", class, &[x, y, width, height, ("fill-opacity", opacity)]);
    }

    /// Straight lines from point to point.
    pub(super) fn path(&mut self, class: &str, points: &[Point]) {
        let steps = points.iter().enumerate();
        let steps =
            steps.map(|(i, p)| format!("{}{} {}", if i == 0 { 'M' } else { 'L' }, short(p.x), short(p.y)));
        let steps: String = steps.collect();
        self.body.push_str(&format!("<path class=\"{class}\" d=\"{steps}\"/>"));
    }

    pub(super) fn text(&mut self, class: &str, at: Point, anchor: Anchor, text: &str) {
        self.turned_text(class, at, anchor, text, 0.0);
    }

    /// A text turned clockwise around its place, by degrees.
    pub(super) fn turned_text(&mut self, class: &str, at: Point, anchor: Anchor, text: &str, degrees: f64) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (short(at.x), short(at.y));
        let turn =
            if degrees == 0.0 { String::new() } else { format!(" transform=\"rotate({degrees} {x} {y})\"") };
        let text = escape(text);
        self.body.push_str(&format!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\"{turn}>{text}</text>"
        ));
    }

    /// What `draw` draws, with words that show when a pointer rests on it.
    pub(super) fn tipped(&mut self, tip: &str, draw: impl FnOnce(&mut Drawing)) {
        self.body.push_str(&format!("<g><title>{}</title>", escape(tip)));
        draw(self);
        self.body.push_str("</g>");
    }

    /// The finished picture, to stand inside a page.
    pub(super) fn finish(self) -> String {
        let Drawing { id, title, description, size, body } = self;
        let (title, description) = (escape(&title), escape(&description));
        format!(
            "<svg role=\"img\" aria-labelledby=\"{id}-title {id}-text\" viewBox=\"0 0 {} {}\">\
             <title id=\"{id}-title\">{title}</title><desc id=\"{id}-text\">{description}</desc>{body}</svg>",
            short(size.x),
            short(size.y),
        )
    }

    fn shape(&mut self, tag: &str, class: &str, numbers: &[(&str, f64)]) {
        let numbers: String = numbers.iter().map(|(name, x)| format!(" {name}=\"{}\"", short(*x))).collect();
        self.body.push_str(&format!("<{tag} class=\"{class}\"{numbers}/>"));
    }
}

fn corners(a: Point, b: Point) -> [(&'static str, f64); 4] {
    [("x", a.x.min(b.x)), ("y", a.y.min(b.y)), ("width", (a.x - b.x).abs()), ("height", (a.y - b.y).abs())]
}

/// A coordinate with as many digits as can be seen.
fn short(x: f64) -> String {
    let rounded = (x * 100.0).round() / 100.0;
    (rounded + 0.0).to_string() // -0 becomes 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_names_itself_and_escapes_its_words() {
        let mut drawing = Drawing::new("d", "a < b", "\"c\"", point(10.0, 20.5));
        drawing.rect("r", point(4.0, 5.0), point(1.0, 1.5));
        drawing.path("p", &[point(0.0, 1.0), point(2.004, -0.001)]);
        drawing.tipped("<t>", |drawing| drawing.circle("c", point(1.0, 1.0), 2.0));
        drawing.turned_text("t", point(1.0, 2.0), Anchor::End, "&", -45.0);
        let expect = "<svg role=\"img\" aria-labelledby=\"d-title d-text\" viewBox=\"0 0 10 20.5\">\
            <title id=\"d-title\">a &lt; b</title><desc id=\"d-text\">&quot;c&quot;</desc>\
            <rect class=\"r\" x=\"1\" y=\"1.5\" width=\"3\" height=\"3.5\"/>\
            <path class=\"p\" d=\"M0 1L2 0\"/>\
            <g><title>&lt;t&gt;</title><circle class=\"c\" cx=\"1\" cy=\"1\" r=\"2\"/></g>\
            <text class=\"t\" x=\"1\" y=\"2\" text-anchor=\"end\" transform=\"rotate(-45 1 2)\">&amp;</text></svg>";
        assert_eq!(drawing.finish(), expect);
    }
}
