//! Functions of numbers, as a recipe writes them: `a * sin(b) ^ 2`.

/// How deep parentheses, signs and powers may be nested; a parser by recursion needs a bound.
const DEPTH: usize = 64;

/// A formula, ready to be computed: operations on a stack, so that no formula is too long for it.
#[derive(Clone, Debug)]
pub(crate) struct Formula {
    operations: Vec<Operation>,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Constant(f64),
    Input(usize),
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Call(Function),
}

type Function = fn(f64) -> f64;

/// The functions that a formula may call.
const FUNCTIONS: [(&str, Function); 5] =
    [("sin", f64::sin), ("cos", f64::cos), ("exp", f64::exp), ("abs", f64::abs), ("sqrt", f64::sqrt)];

/// Why a text is no formula: what it wants at which character, counted from 1, and what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormulaError {
    pub(crate) wants: String,
    pub(crate) got: String,
}

impl Formula {
    /// Reads a formula of the named inputs.
    pub(crate) fn parse(text: &str, inputs: &[&str]) -> Result<Formula, FormulaError> {
        let mut parser = Parser { rest: text, text, inputs, operations: vec![], depth: 0 };
        parser.sum()?;
        match parser.rest.is_empty() {
            true => Ok(Formula { operations: parser.operations }),
            false => Err(parser.refuse("an operator or the end")),
        }
    }

    /// Its value for these inputs, in the order in which they were named.
    pub(crate) fn value(&self, inputs: &[f64]) -> f64 {
        let mut stack: Vec<f64> = vec![];
        for operation in &self.operations {
            // The parser puts every operand before its operator, so the stack is never short.
            let mut pop = || stack.pop().unwrap_or(f64::NAN);
            let mut pair = |join: fn(f64, f64) -> f64| {
                let right = pop();
                join(pop(), right)
            };
            let value = match operation {
                Operation::Constant(value) => *value,
                Operation::Input(place) => inputs.get(*place).copied().unwrap_or(f64::NAN),
                Operation::Call(function) => function(pop()),
                Operation::Negate => -pop(),
                Operation::Add => pair(|left, right| left + right),
                Operation::Subtract => pair(|left, right| left - right),
                Operation::Multiply => pair(|left, right| left * right),
                Operation::Divide => pair(|left, right| left / right),
                Operation::Power => pair(f64::powf),
            };
            stack.push(value);
        }
        stack.pop().unwrap_or(f64::NAN)
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    inputs: &'a [&'a str],
    operations: Vec<Operation>,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// `product (+ product | - product)*`
    fn sum(&mut self) -> Result<(), FormulaError> {
        self.product()?;
        loop {
            let operation = match self.peek() {
                Some('+') => Operation::Add,
                Some('-') => Operation::Subtract,
                _ => return Ok(()),
            };
            self.skip();
            self.product()?;
            self.operations.push(operation);
        }
    }

    /// `signed (* signed | / signed)*`
    fn product(&mut self) -> Result<(), FormulaError> {
        self.signed()?;
        loop {
            let operation = match self.peek() {
                Some('*') => Operation::Multiply,
                Some('/') => Operation::Divide,
                _ => return Ok(()),
            };
            self.skip();
            self.signed()?;
            self.operations.push(operation);
        }
    }

    /// `- signed`, or a power; so `-a ^ 2` is `-(a ^ 2)`.
    fn signed(&mut self) -> Result<(), FormulaError> {
        self.deeper()?;
        if self.peek() == Some('-') {
            self.skip();
            self.signed()?;
            self.operations.push(Operation::Negate);
        } else {
            self.power()?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// `atom ^ signed`; so `a ^ b ^ c` is `a ^ (b ^ c)`.
    fn power(&mut self) -> Result<(), FormulaError> {
        self.atom()?;
        if self.peek() == Some('^') {
            self.skip();
            self.signed()?;
            self.operations.push(Operation::Power);
        }
        Ok(())
    }

    /// A number, an input, a call, or a sum in parentheses.
    fn atom(&mut self) -> Result<(), FormulaError> {
        match self.peek() {
            Some('(') => self.parentheses(),
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.name(),
            _ => Err(self.refuse("a number, a name or `(`")),
        }
    }

    fn parentheses(&mut self) -> Result<(), FormulaError> {
        self.skip();
        self.sum()?;
        match self.peek() {
            Some(')') => {
                self.skip();
                Ok(())
            }
            _ => Err(self.refuse("`)`")),
        }
    }

    fn number(&mut self) -> Result<(), FormulaError> {
        let start = self.rest;
        self.take(|c| c.is_ascii_digit() || c == '.');
        let exponent =
            self.rest.strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if let Some(rest) = exponent.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            self.rest = rest;
            self.take(|c| c.is_ascii_digit());
        }
        let text = &start[..start.len() - self.rest.len()];
        match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
            Some(number) => {
                self.operations.push(Operation::Constant(number));
                Ok(())
            }
            None => Err(self.refuse_at(start, "a finite number")),
        }
    }

    fn name(&mut self) -> Result<(), FormulaError> {
        let start = self.rest;
        let name = self.take(|c| c.is_alphanumeric() || c == '_');
        if self.peek() == Some('(') {
            let function = FUNCTIONS.iter().find(|(known, _)| *known == name);
            let Some((_, function)) = function else {
                return Err(self.refuse_at(start, "one of the functions `sin`, `cos`, `exp`, `abs`, `sqrt`"));
            };
            self.parentheses()?;
            self.operations.push(Operation::Call(*function));
            return Ok(());
        }
        match self.inputs.iter().position(|input| *input == name) {
            Some(place) => {
                self.operations.push(Operation::Input(place));
                Ok(())
            }
            None => Err(self.refuse_at(start, "a name of `inputs`")),
        }
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn skip(&mut self) {
        let mut characters = self.rest.chars();
        characters.next();
        self.rest = characters.as_str();
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn deeper(&mut self) -> Result<(), FormulaError> {
        self.depth += 1;
        match self.depth <= DEPTH {
            true => Ok(()),
            false => Err(self.refuse(&format!("at most {DEPTH} levels of nesting"))),
        }
    }

    fn refuse(&self, wants: &str) -> FormulaError {
        self.refuse_at(self.rest, wants)
    }

    /// `place` is what the text holds from the offender on.
    fn refuse_at(&self, place: &str, wants: &str) -> FormulaError {
        let at = self.text[..self.text.len() - place.len()].chars().count() + 1;
        let got = if place.is_empty() { "the end".to_owned() } else { crate::error::quoted(place) };
        FormulaError { wants: format!("{wants} at character {at}"), got }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: f64) {
        assert_eq!(Formula::parse(text, &["a", "b"]).unwrap().value(&[3.0, 5.0]), expect, "{text}");
    }

    #[track_caller]
    fn refuse(text: &str, expect: &str) {
        let error = Formula::parse(text, &["a", "b"]).unwrap_err();
        assert_eq!(format!("wants {}, got {}", error.wants, error.got), expect);
    }

    #[test]
    fn operators_bind_as_in_school() {
        check("a + b", 8.0);
        check("a+b*2", 13.0);
        check("(a + b) * 2", 16.0);
        check("b - a - 1", 1.0);
        check("b / a / 5", 5.0 / 3.0 / 5.0);
        check("-a ^ 2", -9.0);
        check("2 ^ a ^ 2", 512.0);
        check("2 ^ -1", 0.5);
        check("--a", 3.0);
        check("sqrt(abs(-a * 12)) + 1.5e1", 21.0);
        check("sin(a)^2 + cos(a)^2 * exp(0)", f64::sin(3.0).powf(2.0) + f64::cos(3.0).powf(2.0));
    }

    #[test]
    fn a_slip_is_named_with_its_place() {
        refuse("a +", "wants a number, a name or `(` at character 4, got the end");
        refuse("", "wants a number, a name or `(` at character 1, got the end");
        refuse("a + c", "wants a name of `inputs` at character 5, got `c`");
        refuse("a b", "wants an operator or the end at character 3, got `b`");
        refuse("(a", "wants `)` at character 3, got the end");
        refuse(
            "tan(a)",
            "wants one of the functions `sin`, `cos`, `exp`, `abs`, `sqrt` at character 1, got `tan(a)`",
        );
        refuse("1.2.3", "wants a finite number at character 1, got `1.2.3`");
        refuse("1e999", "wants a finite number at character 1, got `1e999`");
    }

    #[test]
    fn nesting_has_a_bound_and_length_has_none() {
        refuse(
            &"(".repeat(100_000),
            &format!("wants at most 64 levels of nesting at character 65, got `{}..`", "(".repeat(40)),
        );
        let long = format!("a{}", "+a".repeat(100_000));
        check(&long, 3.0 * 100_001.0);
    }
}
