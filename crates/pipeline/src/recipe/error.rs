use std::error::Error;
use std::fmt;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use baeum_core::nearest;

use super::refusal::Refusal;
use super::source::{Origin, Place, Sources, printable};
use super::spans::parent;
use super::{CheckError, Problem, RunConfigError, words};

/// Why a recipe cannot be run, and where.
///
/// Displayed as one line; [`RecipeError::render`] shows the place itself.
#[derive(Debug)]
pub struct RecipeError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    path: String,
    place: Place,
    problem: Problem,
}

/// How a command for a card comes to stand where this one looks for it.
const BESIDE: &str = "`cargo install --path crates/pipeline --features cuda --bin baeum-cuda` puts a command beside this one that has it";

/// What stands before an argument on the command line.
const SET: &str = "--set ";

impl RecipeError {
    pub(super) fn new(path: String, place: Place, problem: Problem) -> RecipeError {
        RecipeError(Box::new(Parts { path, place, problem }))
    }

    /// The setting, `train.learning_rate`; empty if it is about the recipe as a whole.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Where to look.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// For the shell: 3 if the recipe is larger than a limit allows, else 2.
    pub fn exit_code(&self) -> u8 {
        if let Problem::Limit(_) = self.problem() { 3 } else { 2 }
    }

    /// The message with its place, the line itself with a caret below, and the way out.
    pub fn render(&self, colour: bool) -> String {
        let place = self.place();
        let (excerpt, marked) = (&place.excerpt, &place.marked);
        let mark = |shift: usize| AnnotationKind::Primary.span(marked.start + shift..marked.end + shift);
        let snippet = match place.origin {
            Origin::File(_) => Snippet::source(excerpt)
                .path(place.origin.to_string())
                .line_start(place.line)
                .annotation(mark(0)),
            Origin::Set(_) => {
                Snippet::source(format!("{SET}{excerpt}")).line_numbering(false).annotation(mark(SET.len()))
            }
        };
        let note = self.note().map(|note| Level::NOTE.message(printable(&note)));
        let help = self.help().map(|help| Level::HELP.message(printable(&help)));
        let title = Level::ERROR.primary_title(printable(&self.message()));
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[title.element(snippet).elements(note).elements(help)])
    }

    fn message(&self) -> String {
        let (path, place) = (self.subject(), self.place());
        match self.problem() {
            Problem::Encoding(byte) => format!("a recipe wants UTF-8, got the byte 0x{byte:02x}"),
            Problem::Limit(error) => error.to_string(),
            Problem::Syntax(what) => format!("could not read this as TOML: {what}"),
            Problem::Duplicate(key) => format!("`{}` wants to be set once, got it twice", words::short(key)),
            Problem::UnknownKey { .. } => format!("{path} is not a setting"),
            Problem::UnknownChoice { name, .. } => {
                format!("`{}` is not a choice of {path}", words::short(name))
            }
            Problem::WrongValue { wanted, got } => format!("{path} wants {wanted}, got {got}"),
            Problem::Missing { setting, .. } => format!("{path} wants `{setting}`, got none"),
            Problem::Choices(names) if names.is_empty() => format!("{path} wants one choice, got none"),
            Problem::Choices(names) => {
                format!("{path} wants one choice, got {}", words::list(names.iter().map(String::as_str)))
            }
            Problem::Unfit(text) => format!("{path}: {text}"),
            Problem::NoValue => format!("`--set` wants `path=value`, got `{}`", words::short(&place.excerpt)),
            Problem::NoName => "`--set` wants a name at every step of its path, got none".to_owned(),
            Problem::NoIndex => {
                format!("`--set` wants a number in brackets, got `{}`", words::short(place.text()))
            }
            Problem::Through { wanted, step, got } => {
                format!("`{step}` wants {wanted} to stand in, got {got} at {path}")
            }
            Problem::Index { index, length } => format!("{path} wants an index below {length}, got {index}"),
            Problem::Refused(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// What a stage says below its first line: the shapes up to a layer that does not fit.
    fn note(&self) -> Option<String> {
        let Problem::Refused(error) = self.problem() else { return None };
        let text = error.to_string();
        let below: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
        (!below.is_empty()).then(|| format!("shapes: {}", below.join(" ")))
    }

    /// The way out, where there is one.
    fn help(&self) -> Option<String> {
        match self.problem() {
            Problem::Encoding(_) => Some("save the file as UTF-8".to_owned()),
            Problem::UnknownKey { key, known } => Some(self.known_keys(key, known)),
            Problem::UnknownChoice { name, known } => Some(match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes {}", words::list(known.iter().copied())),
            }),
            Problem::Missing { setting, bare } => {
                bare.as_ref().map(|name| format!("write `{{ {name} = {{ {setting} = .. }} }}`"))
            }
            Problem::WrongValue { wanted, .. } => self.quotes(wanted),
            Problem::NoValue => Some("for example `--set train.epochs=10`".to_owned()),
            Problem::Choices(names) => names.last().and_then(|name| self.whole(name)),
            Problem::Through { step, got, .. } if *got == "a text" => self.whole(step),
            Problem::Through { .. } | Problem::Index { .. } | Problem::NoName | Problem::NoIndex => None,
            Problem::Limit(_) | Problem::Syntax(_) | Problem::Duplicate(_) => None,
            Problem::Refused(CheckError::Run(RunConfigError::Device("cuda"))) => Some(BESIDE.to_owned()),
            Problem::Unfit(_) | Problem::Refused(_) => None,
        }
    }

    fn known_keys(&self, key: &str, known: &[&str]) -> String {
        let table = parent(self.path());
        let shown = if table.is_empty() { "a recipe".to_owned() } else { format!("`{table}`") };
        let dot = if table.is_empty() { "" } else { "." };
        match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{table}{dot}{near}`?"),
            None if known.is_empty() => format!("{shown} takes no settings"),
            None => format!("{shown} takes {}", words::list(known.iter().copied())),
        }
    }

    /// How an argument makes another choice than the file does.
    fn whole(&self, name: &str) -> Option<String> {
        match self.place().origin {
            Origin::File(_) => None,
            Origin::Set(_) => {
                Some(format!("set it as a whole: `--set '{}={{ {name} = {{ .. }} }}'`", self.path()))
            }
        }
    }

    /// How to write as a text what TOML reads as something else, and the other way round.
    fn quotes(&self, wanted: &str) -> Option<String> {
        let (path, written) = (self.path(), self.place().text());
        let number = written.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let number = number.filter(|text| wanted.contains("number") && text.parse::<f64>().is_ok());
        let is_text = matches!(wanted, "a text" | "a text, or a list of texts");
        let text = is_text && !written.is_empty() && !written.starts_with(['[', '{', '"', '\'']);
        match (&self.place().origin, number) {
            (_, Some(number)) => Some(format!("leave the quotes out: `{number}`")),
            (Origin::File(_), None) => text.then(|| format!("put it in quotes: `\"{written}\"`")),
            (Origin::Set(_), None) => {
                text.then(|| format!("put it in quotes: `--set '{path}=\"{written}\"'`"))
            }
        }
    }

    /// Who the message is about.
    fn subject(&self) -> String {
        match self.path() {
            "" => "the recipe".to_owned(),
            path => format!("`{path}`"),
        }
    }
}

/// One line: the place, the message, and what `render` shows below it.
impl fmt::Display for RecipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), printable(&self.message()))?;
        self.note().into_iter().chain(self.help()).try_for_each(|text| write!(f, "; {}", printable(&text)))
    }
}

/// What a stage gave as its cause stays the cause; the stage's own text is the message.
impl Error for RecipeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.problem() {
            Problem::Refused(error) => error.source(),
            Problem::Encoding(_) | Problem::Limit(_) | Problem::Syntax(_) | Problem::Duplicate(_) => None,
            Problem::UnknownKey { .. } | Problem::UnknownChoice { .. } | Problem::WrongValue { .. } => None,
            Problem::Missing { .. } | Problem::Choices(_) | Problem::Unfit(_) | Problem::NoValue => None,
            Problem::NoName | Problem::NoIndex | Problem::Through { .. } | Problem::Index { .. } => None,
        }
    }
}

impl Sources {
    /// Finds the place of what was refused.
    pub(super) fn error(&self, refusal: Refusal) -> RecipeError {
        let (path, span, problem) = refusal.into_parts();
        RecipeError::new(path, self.place(&span), problem)
    }
}
