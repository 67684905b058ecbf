//! The tokens of HCL: words, texts and signs, with their lines.

use super::error::{HclError, HclReason};
use std::fmt;

/// A token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token {
    /// A word or a number without quotes.
    Word(String),
    /// A text in quotes.
    Text(String),
    /// A bracket, a comma or `=`.
    Sign(char),
}

/// The tokens of a text that are not read yet.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Tokens<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    pub(super) const fn refuse(&self, reason: HclReason) -> HclError {
        HclError { line: self.line, reason }
    }

    /// The next one; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, HclError> {
        self.skip()?;
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let is_word = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
        match first {
            '"' => self.quoted().map(|text| Some(Token::Text(text))),
            '{' | '}' | '[' | ']' | ',' | '=' => {
                self.rest = &self.rest[1..];
                Ok(Some(Token::Sign(first)))
            }
            _ if is_word(first) => {
                let end = self.rest.find(|character| !is_word(character)).unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                self.rest = rest;
                Ok(Some(Token::Word(word.to_owned())))
            }
            character => Err(self.refuse(HclReason::Character { character })),
        }
    }

    pub(super) fn required(&mut self) -> Result<Token, HclError> {
        self.next()?.ok_or_else(|| self.refuse(HclReason::Cut))
    }

    pub(super) fn expect(&mut self, token: &Token) -> Result<(), HclError> {
        let found = self.required()?;
        let expected = if *token == Token::Sign('{') { "`{`" } else { "`=`" };
        if found == *token { Ok(()) } else { Err(self.refuse(HclReason::Unexpected { found: found.to_string(), expected })) }
    }

    pub(super) fn text(&mut self) -> Result<String, HclError> {
        match self.required()? {
            Token::Text(text) => Ok(text),
            other => Err(self.refuse(HclReason::Unexpected { found: other.to_string(), expected: "a text in quotes" })),
        }
    }

    /// Skips white space and comments.
    fn skip(&mut self) -> Result<(), HclError> {
        loop {
            let trimmed = self.rest.trim_start();
            let passed = if trimmed.starts_with("/*") {
                let end = trimmed.find("*/").ok_or_else(|| self.refuse(HclReason::Cut))?;
                self.rest.len() - trimmed.len() + end + 2
            } else if trimmed.starts_with('#') || trimmed.starts_with("//") {
                self.rest.len() - trimmed.len() + trimmed.find('\n').unwrap_or(trimmed.len())
            } else {
                self.pass(self.rest.len() - trimmed.len());
                return Ok(());
            };
            self.pass(passed);
        }
    }

    fn pass(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }

    /// Reads a text in quotes. Only the quote and the backslash may be escaped in it.
    fn quoted(&mut self) -> Result<String, HclError> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    Some((_, other)) => return Err(self.refuse(HclReason::Escape { sequence: format!("\\{other}") })),
                    None => break,
                },
                '\n' => break,
                '$' if self.rest[at..].starts_with("${") => {
                    return Err(self.refuse(HclReason::Escape { sequence: "${".to_owned() }));
                }
                other => text.push(other),
            }
        }
        Err(self.refuse(HclReason::Cut))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Text(text) => write!(f, "the text `{text}`"),
            Self::Sign(sign) => write!(f, "`{sign}`"),
        }
    }
}
