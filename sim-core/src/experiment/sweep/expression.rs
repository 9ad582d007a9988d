//! Arithmetic over varied values: numbers, names, `+ - * /`, parentheses and a few functions.

use serde::{Deserialize, Serialize};

/// Nested parentheses and calls at most: a text is data from anyone.
const DEEPEST: usize = 32;

/// An expression, ready to be computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expression {
    /// A number as written.
    Number(f64),
    /// The value of the varied name at this place of the list of names.
    Name(usize),
    /// Minus this.
    Minus(Box<Expression>),
    /// Two of them, joined by `+`, `-`, `*` or `/`.
    Join(char, Box<Expression>, Box<Expression>),
    /// A function of one or more.
    Call(Function, Vec<Expression>),
}

/// What can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The nearest whole number, halves away from zero.
    Round,
    /// The next whole number upwards.
    Ceil,
    /// The next whole number downwards.
    Floor,
}

const FUNCTIONS: [(&str, Function); 5] = [
    ("min", Function::Min),
    ("max", Function::Max),
    ("round", Function::Round),
    ("ceil", Function::Ceil),
    ("floor", Function::Floor),
];

/// What is wrong: a sentence and a remedy.
type Wrong = (String, String);

impl Expression {
    /// Reads an expression over `names`.
    ///
    /// # Errors
    /// A sentence with what is wrong and where, and a remedy.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, Wrong> {
        let mut reader = Reader { text, rest: text, names, depth: 0 };
        let found = reader.sum()?;
        match reader.peek() {
            None => Ok(found),
            Some(_) => Err(reader.unexpected()),
        }
    }

    /// Its value where the names have these values.
    #[must_use]
    pub fn value(&self, values: &[f64]) -> f64 {
        match self {
            Expression::Number(number) => *number,
            Expression::Name(place) => values.get(*place).copied().unwrap_or(f64::NAN),
            Expression::Minus(inner) => -inner.value(values),
            Expression::Join(operator, a, b) => {
                let (a, b) = (a.value(values), b.value(values));
                match operator {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    _ => a / b,
                }
            }
            Expression::Call(function, inner) => {
                let all = inner.iter().map(|one| one.value(values));
                let first = || inner[0].value(values);
                match function {
                    Function::Min => all.fold(f64::INFINITY, f64::min),
                    Function::Max => all.fold(f64::NEG_INFINITY, f64::max),
                    Function::Round => libm::round(first()),
                    Function::Ceil => first().ceil(),
                    Function::Floor => first().floor(),
                }
            }
        }
    }

    /// The places of the names in it.
    #[must_use]
    pub fn names(&self) -> Vec<usize> {
        match self {
            Expression::Number(_) => Vec::new(),
            Expression::Name(place) => vec![*place],
            Expression::Minus(inner) => inner.names(),
            Expression::Join(_, a, b) => [a.names(), b.names()].concat(),
            Expression::Call(_, inner) => inner.iter().flat_map(Expression::names).collect(),
        }
    }
}

/// Recursive descent over the text.
struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    names: &'a [&'a str],
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let here = self.peek() == Some(wanted);
        if here {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        here
    }

    /// As much as `belongs` holds of.
    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn unexpected(&mut self) -> Wrong {
        let at = self.text.len() - self.rest.len();
        let message = match self.peek() {
            Some(c) => format!("\"{c}\" at character {} is not expected", at + 1),
            None => "the expression ends too early".to_owned(),
        };
        (message, "write it like ceil(users / 50) + 2 or max(2, 0.5 * workers)".to_owned())
    }

    fn joined(
        &mut self,
        operators: [char; 2],
        part: fn(&mut Self) -> Result<Expression, Wrong>,
    ) -> Result<Expression, Wrong> {
        let mut left = part(self)?;
        while let Some(operator) = self.peek().filter(|c| operators.contains(c)) {
            self.take(operator);
            left = Expression::Join(operator, Box::new(left), Box::new(part(self)?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Expression, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("it is nested more than {DEEPEST} times");
            return Err((message, "write it with fewer parentheses".to_owned()));
        }
        let found = self.joined(['+', '-'], Self::product);
        self.depth -= 1;
        found
    }

    fn product(&mut self) -> Result<Expression, Wrong> {
        self.joined(['*', '/'], Self::atom)
    }

    fn atom(&mut self) -> Result<Expression, Wrong> {
        match self.peek() {
            Some('(') => {
                self.take('(');
                let inner = self.sum()?;
                if self.take(')') { Ok(inner) } else { Err(self.unexpected()) }
            }
            Some('-') => {
                // one minus only: a row of them would nest without end
                self.take('-');
                match self.peek() {
                    Some('-') => Err(self.unexpected()),
                    _ => Ok(Expression::Minus(Box::new(self.atom()?))),
                }
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.name(),
            _ => Err(self.unexpected()),
        }
    }

    fn number(&mut self) -> Result<Expression, Wrong> {
        let word = self.word(|c| c.is_ascii_digit() || c == '.' || c == '_');
        let number = word.replace('_', "").parse();
        number.map(Expression::Number).map_err(|_| {
            (format!("{word} is no number"), "write a number like 50 or 0.5".to_owned())
        })
    }

    fn name(&mut self) -> Result<Expression, Wrong> {
        let word = self.word(|c| c.is_ascii_alphanumeric() || "_.[]".contains(c));
        if self.take('(') {
            return self.call(word);
        }
        let place = self.names.iter().position(|name| *name == word);
        place.map(Expression::Name).ok_or_else(|| {
            let remedy = crate::scenario::problem::nearest_remedy(word, self.names);
            (format!("\"{word}\" is not varied"), remedy)
        })
    }

    fn call(&mut self, word: &str) -> Result<Expression, Wrong> {
        let known = FUNCTIONS.map(|(name, _)| name);
        let Some((name, function)) = FUNCTIONS.iter().find(|(name, _)| *name == word) else {
            let remedy = crate::scenario::problem::nearest_remedy(word, &known);
            return Err((format!("\"{word}\" is no function"), remedy));
        };
        let mut inner = vec![self.sum()?];
        while self.take(',') {
            inner.push(self.sum()?);
        }
        if !self.take(')') {
            return Err(self.unexpected());
        }
        if inner.len() > 1 && !matches!(function, Function::Min | Function::Max) {
            let message = format!("{name} takes one value, not {}", inner.len());
            return Err((message, format!("write {name}(a / b)")));
        }
        Ok(Expression::Call(*function, inner))
    }
}
