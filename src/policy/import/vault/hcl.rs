//! Reads policies as Vault and OpenBao write them: in HCL, or the same in JSON. What is not known is refused, because it may restrict
//! something.
//!
//! Sources: HCL 1 (github.com/hashicorp/hcl, `spec` of version 1); Vault docs, "Policies".

mod error;
mod json;
mod rule;
mod tokens;

pub(super) use error::HclError;
pub(super) use rule::Rule;

use error::HclReason;
use json::Form;
use rule::Value;
use std::collections::BTreeSet;
use tokens::{Token, Tokens};

/// Nested lists and objects; Vault's own keys have two levels.
const DEPTH_MAX: usize = 8;

/// Reads a policy.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Rule>, HclError> {
    let text = std::str::from_utf8(bytes).map_err(|_| HclError { line: 1, reason: HclReason::NotUtf8 })?;
    if !text.trim_start().starts_with('{') {
        return blocks(text);
    }
    match json::read(text)? {
        Form::Rules(rules) => Ok(rules),
        Form::Text(text) => blocks(&text),
    }
}

fn blocks(text: &str) -> Result<Vec<Rule>, HclError> {
    let mut tokens = Tokens::of(text);
    let mut rules = Vec::new();
    while let Some(token) = tokens.next()? {
        match token {
            Token::Word(word) if word == "path" => rules.push(block(&mut tokens)?),
            Token::Word(word) if word == "name" => {
                tokens.expect(&Token::Sign('='))?;
                tokens.text()?;
            }
            other => return Err(tokens.refuse(HclReason::Unexpected { found: other.to_string(), expected: "a block `path`" })),
        }
    }
    Ok(rules)
}

fn block(tokens: &mut Tokens<'_>) -> Result<Rule, HclError> {
    let mut rule = Rule { path: tokens.text()?, ..Rule::default() };
    tokens.expect(&Token::Sign('{'))?;
    let mut seen = BTreeSet::new();
    loop {
        let key = match tokens.required()? {
            Token::Sign('}') => return Ok(rule),
            Token::Sign(',') => continue,
            Token::Word(key) | Token::Text(key) => key,
            other => return Err(tokens.refuse(HclReason::Unexpected { found: other.to_string(), expected: "a key" })),
        };
        if !seen.insert(key.clone()) {
            return Err(tokens.refuse(HclReason::Twice { key }));
        }
        match tokens.required()? {
            Token::Sign('=') => {
                let first = tokens.required()?;
                rule.set(&key, value(tokens, first, 0)?).map_err(|reason| tokens.refuse(reason))?;
            }
            Token::Sign('{') => {
                value(tokens, Token::Sign('{'), 0)?;
                rule.set(&key, Value::Other).map_err(|reason| tokens.refuse(reason))?;
            }
            other => return Err(tokens.refuse(HclReason::Unexpected { found: other.to_string(), expected: "`=`" })),
        }
    }
}

fn value(tokens: &mut Tokens<'_>, first: Token, depth: usize) -> Result<Value, HclError> {
    if depth > DEPTH_MAX {
        return Err(tokens.refuse(HclReason::TooDeep));
    }
    match first {
        Token::Text(text) => Ok(Value::Text(text)),
        Token::Word(_) => Ok(Value::Other),
        Token::Sign('[') => {
            let mut texts = Some(Vec::new());
            loop {
                match tokens.required()? {
                    Token::Sign(']') => return Ok(texts.map_or(Value::Other, Value::Texts)),
                    Token::Sign(',') => {}
                    other => match (value(tokens, other, depth + 1)?, &mut texts) {
                        (Value::Text(text), Some(texts)) => texts.push(text),
                        _ => texts = None,
                    },
                }
            }
        }
        Token::Sign('{') => loop {
            match tokens.required()? {
                Token::Sign('}') => return Ok(Value::Other),
                Token::Sign(',' | '=') => {}
                other => _ = value(tokens, other, depth + 1)?,
            }
        },
        Token::Sign(sign) => Err(tokens.refuse(HclReason::Unexpected { found: format!("`{sign}`"), expected: "a value" })),
    }
}

#[cfg(test)]
mod tests;
