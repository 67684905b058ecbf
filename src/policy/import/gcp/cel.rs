//! Reads Google's conditions in CEL, as far as lines of a policy express them: `==`, `in`, `startsWith`, `&&` and parentheses.
//!
//! Sources: CEL specification, "Syntax"; IAM docs, "Attribute conditions". All else is refused by its name.

mod error;
mod tokens;

pub(in crate::policy) use error::CelError;

use tokens::{Token, Tokens};

/// Nested parentheses. A condition has at most 4,096 characters.
const DEPTH_MAX: usize = 32;

/// One test that has to hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct Term {
    pub(in crate::policy) path: Path,
    pub(in crate::policy) test: Test,
}

/// What is tested: `assertion.repository`, `attribute.team`, `google.subject`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct Path(pub(in crate::policy) Vec<String>);

/// How it is tested.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) enum Test {
    /// It is one of these texts.
    Among(Vec<String>),
    /// It is this flag.
    Is(bool),
    /// It starts like this.
    Starts(String),
}

/// Reads a condition: every term has to hold.
pub(in crate::policy) fn read(text: &str) -> Result<Vec<Term>, CelError> {
    let mut tokens = Tokens::of(text)?;
    let terms = all(&mut tokens, 0)?;
    match tokens.next() {
        None => Ok(terms),
        Some(other) => Err(CelError::NotImported { found: other.to_string() }),
    }
}

/// Reads a mapping that is a claim and nothing else.
pub(in crate::policy) fn read_path(text: &str) -> Result<Path, CelError> {
    let mut tokens = Tokens::of(text)?;
    let path = path(&mut tokens)?;
    match tokens.next() {
        None => Ok(path),
        Some(other) => Err(CelError::NotImported { found: other.to_string() }),
    }
}

fn all(tokens: &mut Tokens, depth: usize) -> Result<Vec<Term>, CelError> {
    if depth > DEPTH_MAX {
        return Err(CelError::TooDeep);
    }
    let mut terms = Vec::new();
    loop {
        if tokens.take(&Token::Sign("(")) {
            terms.extend(all(tokens, depth + 1)?);
            tokens.expect(")")?;
        } else {
            terms.push(term(tokens)?);
        }
        if !tokens.take(&Token::Sign("&&")) {
            return Ok(terms);
        }
    }
}

fn term(tokens: &mut Tokens) -> Result<Term, CelError> {
    // 'main' == assertion.ref means the same as assertion.ref == 'main'.
    if let Some(test) = literal(tokens) {
        tokens.expect("==")?;
        return Ok(Term { path: path(tokens)?, test });
    }
    let mut path = path(tokens)?;
    if path.0.last().is_some_and(|last| last == "startsWith") && tokens.take(&Token::Sign("(")) {
        path.0.pop();
        let start = tokens.text()?;
        tokens.expect(")")?;
        return Ok(Term { path, test: Test::Starts(start) });
    }
    match tokens.next() {
        Some(Token::Sign("==")) => {
            let test = literal(tokens).ok_or_else(|| CelError::expected("a text in quotes, true or false", tokens.next()))?;
            Ok(Term { path, test })
        }
        Some(Token::Word(word)) if word == "in" => Ok(Term { path, test: Test::Among(list(tokens)?) }),
        Some(other) => Err(CelError::NotImported { found: other.to_string() }),
        None => Err(CelError::NotImported { found: "a value alone".to_owned() }),
    }
}

fn literal(tokens: &mut Tokens) -> Option<Test> {
    let test = match tokens.peek()? {
        Token::Text(text) => Test::Among(vec![text.clone()]),
        Token::Word(word) if word == "true" || word == "false" => Test::Is(word == "true"),
        _ => return None,
    };
    tokens.next();
    Some(test)
}

fn list(tokens: &mut Tokens) -> Result<Vec<String>, CelError> {
    tokens.expect("[")?;
    let mut texts = Vec::new();
    while !tokens.take(&Token::Sign("]")) {
        if !texts.is_empty() {
            tokens.expect(",")?;
        }
        texts.push(tokens.text()?);
    }
    Ok(texts)
}

/// `assertion.repository`, `assertion['kubernetes.io'].namespace`.
fn path(tokens: &mut Tokens) -> Result<Path, CelError> {
    let word = |tokens: &mut Tokens| match tokens.next() {
        Some(Token::Word(word)) => Ok(word),
        other => Err(CelError::expected("a claim such as `assertion.sub`", other)),
    };
    let mut steps = vec![word(tokens)?];
    loop {
        if tokens.take(&Token::Sign(".")) {
            steps.push(word(tokens)?);
        } else if tokens.take(&Token::Sign("[")) {
            steps.push(tokens.text()?);
            tokens.expect("]")?;
        } else {
            break;
        }
    }
    match steps.first().map(String::as_str) {
        Some("assertion" | "attribute" | "google") if steps.len() > 1 => Ok(Path(steps)),
        _ => Err(CelError::NotImported { found: format!("`{}`", steps.join(".")) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms_of(text: &str) -> Result<Vec<String>, String> {
        let describe = |term: &Term| format!("{} {:?}", term.path.0.join("/"), term.test);
        read(text).map(|terms| terms.iter().map(describe).collect()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn conditions_that_all_have_to_hold_are_read() {
        let text = "(assertion.repository_owner == 'acme' && ((\"main\" == attribute.ref))) &&\n google.subject.startsWith('repo:') \
                    && assertion['kubernetes.io'].namespace in ['a', 'b'] && assertion.email_verified == true";
        let expected = [
            "assertion/repository_owner Among([\"acme\"])",
            "attribute/ref Among([\"main\"])",
            "google/subject Starts(\"repo:\")",
            "assertion/kubernetes.io/namespace Among([\"a\", \"b\"])",
            "assertion/email_verified Is(true)",
        ];
        assert_eq!(terms_of(text).unwrap(), expected);
    }

    #[test]
    fn all_else_is_refused_by_its_name() {
        for (text, reason) in [
            ("assertion.a == 'x' || assertion.a == 'y'", "`||` is not imported"),
            ("!(assertion.a == 'x')", "`!`"),
            ("assertion.a != 'x'", "`!=` is not imported"),
            ("assertion.a.endsWith('x')", "`(` is not imported"),
            ("assertion.a.startsWith('x') == true", "`==` is not imported"),
            ("assertion.a.matches('x.*')", "`(` is not imported"),
            ("'x' in assertion.groups", "expected `==`, found `in`"),
            ("assertion.a", "a value alone is not imported"),
            ("assertion.a == 7", "expected a text in quotes"),
            ("assertion.a == assertion.b", "expected a text in quotes"),
            ("assertion.a == 'x' && ", "expected a claim"),
            ("(assertion.a == 'x'", "expected `)`"),
            ("assertion.a == 'x", "a quote is open"),
            ("assertion.a == 'x\\'y'", "escape"),
            ("assertion.a == r'x'", "`r`"),
            ("has(assertion.a)", "`has` is not imported"),
            ("size(assertion.a) > 1", "`size`"),
            ("assertion.a in ['x' 'y']", "expected `,`"),
            ("assertion.a + 'x' == 'y'", "`+` is not imported"),
            ("", "expected a claim"),
        ] {
            let refused = terms_of(text).expect_err(text);
            assert!(refused.contains(reason), "{text}: {refused}");
        }
        assert!(terms_of(&"(".repeat(4096)).unwrap_err().contains("deep"));
    }
}
