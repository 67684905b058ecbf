//! The tokens of CEL: words, texts and signs.

use super::error::CelError;
use std::collections::VecDeque;
use std::fmt;

/// Signs, the longer ones first.
const SIGNS: [&str; 26] = [
    "&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ".", "!", "<", ">", "+", "-", "*", "/", "%", "?", ":",
    ";", "=",
];

/// A token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

/// The tokens that are not read yet.
pub(super) struct Tokens(VecDeque<Token>);

impl Tokens {
    pub(super) fn of(text: &str) -> Result<Self, CelError> {
        let (mut tokens, mut rest) = (VecDeque::new(), text.trim_start());
        while let Some(first) = rest.chars().next() {
            let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
            let length = if is_word(first) {
                let end = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
                tokens.push_back(Token::Word(rest[..end].to_owned()));
                end
            } else if first == '\'' || first == '"' {
                let inner = &rest[1..];
                let end = inner.find(first).ok_or(CelError::Open)?;
                if inner[..end].contains(['\\', '\n', '\r']) {
                    return Err(CelError::Escape);
                }
                tokens.push_back(Token::Text(inner[..end].to_owned()));
                end + 2
            } else {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| CelError::NotImported { found: format!("`{first}`") })?;
                tokens.push_back(Token::Sign(sign));
                sign.len()
            };
            rest = rest[length..].trim_start();
        }
        // A text behind a letter (r'…', b"…") or next to another text ('''…''') means something else in CEL.
        let pairs = tokens.iter().zip(tokens.iter().skip(1));
        for (one, next) in pairs {
            if matches!((one, next), (Token::Word(word), Token::Text(_)) if word != "in")
                || matches!((one, next), (Token::Text(_), Token::Text(_)))
            {
                let is_list = matches!((one, next), (Token::Text(_), Token::Text(_)));
                return Err(if is_list {
                    CelError::expected("`,`", Some(next.clone()))
                } else {
                    CelError::NotImported { found: one.to_string() }
                });
            }
        }
        Ok(Self(tokens))
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.0.pop_front()
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.0.front()
    }

    /// Takes the next token if it is this one; returns whether it was.
    pub(super) fn take(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        if is_next {
            self.0.pop_front();
        }
        is_next
    }

    pub(super) fn expect(&mut self, sign: &'static str) -> Result<(), CelError> {
        if self.take(&Token::Sign(sign)) { Ok(()) } else { Err(CelError::expected(&format!("`{sign}`"), self.next())) }
    }

    pub(super) fn text(&mut self) -> Result<String, CelError> {
        match self.next() {
            Some(Token::Text(text)) => Ok(text),
            other => Err(CelError::expected("a text in quotes", other)),
        }
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
