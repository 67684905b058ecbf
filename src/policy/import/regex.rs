//! Translates regular expressions into patterns of a policy: one for each alternative, and none matches more than the expression.
//!
//! An expression is parsed and never run. What no pattern expresses is refused with its place. Texts are taken to be of one line:
//! `.` does not match line feeds, which no ref and no name of a CI contains.

mod error;

pub(super) use error::RegexError;

use super::pieces::{Piece, Wildcard, write};
use error::{ALTERNATIVES_MAX, PartError};
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassBracketed, ClassSet, ClassSetItem, GroupKind, HexLiteralKind, Literal, LiteralKind,
    Repetition, RepetitionKind, Span, Visitor,
};
use std::collections::BTreeSet;

/// A class of more characters stands for a kind of character: a list of them would be unreadable.
const CLASS_CHARACTERS_MAX: usize = 16;

/// The translation of an expression.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Translated {
    /// One of these patterns has to match.
    pub(super) patterns: Vec<String>,
    /// None of these patterns may match: a wildcard of a policy also matches no character, and the original's does not.
    pub(super) excluded: Vec<String>,
    /// What is narrower than the original, and why.
    pub(super) notes: BTreeSet<String>,
}

/// Translates an expression that has to match the whole text.
pub(super) fn translate(regex: &str) -> Result<Translated, RegexError> {
    let ast =
        Parser::new().parse(regex).map_err(|fault| at(fault.span(), regex, PartError::Syntax(Box::new(fault.kind().clone()))))?;
    ast::visit(&ast, GroupNames { regex })?;
    let mut reader = Reader { regex, notes: BTreeSet::new() };
    if matches!(ast, Ast::Alternation(_)) {
        reader.note("each alternative is matched whole");
    }
    let alternatives = reader.alternatives(&ast, Edges { start: true, end: true })?;
    reader.write(&alternatives)
}

/// Refuses a group whose name RE2 refuses: it has letters of ASCII, digits and `_` alone.
struct GroupNames<'a> {
    regex: &'a str,
}

impl Visitor for GroupNames<'_> {
    type Output = ();
    type Err = RegexError;

    fn finish(self) -> Result<(), RegexError> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), RegexError> {
        match ast {
            Ast::Group(group) => match &group.kind {
                GroupKind::CaptureName { name, .. }
                    if !name.name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_') =>
                {
                    Err(at(&name.span, self.regex, PartError::NotRe2))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn at(span: &Span, regex: &str, reason: PartError) -> RegexError {
    let part = regex.get(span.start.offset..span.end.offset).unwrap_or_default().to_owned();
    RegexError::Part { regex: regex.to_owned(), column: span.start.column, part, reason }
}

/// Whether a part is at the start and at the end of the expression, where `^` and `$` change nothing.
#[derive(Clone, Copy)]
struct Edges {
    start: bool,
    end: bool,
}

type Alternatives = Vec<Vec<Piece>>;

struct Reader<'a> {
    regex: &'a str,
    notes: BTreeSet<String>,
}

impl Reader<'_> {
    fn note(&mut self, note: &str) {
        self.notes.insert(format!("`{}`: {note}", self.regex));
    }

    fn refuse<T>(&self, span: &Span, reason: PartError) -> Result<T, RegexError> {
        Err(at(span, self.regex, reason))
    }

    fn alternatives(&mut self, ast: &Ast, edges: Edges) -> Result<Alternatives, RegexError> {
        match ast {
            Ast::Empty(_) => Ok(vec![Vec::new()]),
            Ast::Literal(literal) => Ok(vec![vec![Piece::Literal(self.character(literal)?)]]),
            Ast::Dot(_) => {
                self.note("`.` alone matches any character there, and only a full stop here");
                Ok(vec![vec![Piece::Literal('.')]])
            }
            Ast::Assertion(assertion) if holds_anyway(&assertion.kind, edges) => Ok(vec![Vec::new()]),
            Ast::ClassBracketed(class) => self.class(class),
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Group(group) if !has_flags(&group.kind) => self.alternatives(&group.ast, edges),
            Ast::Alternation(alternation) => {
                let mut all = Vec::new();
                for one in &alternation.asts {
                    all.extend(self.alternatives(one, edges)?);
                }
                self.bounded(all, &alternation.span)
            }
            Ast::Concat(concat) => self.concat(&concat.asts, &concat.span, edges),
            other => self.refuse(other.span(), PartError::Unsaid),
        }
    }

    /// The character of a literal. RE2 has no `\u` and no `\U`.
    fn character(&self, literal: &Literal) -> Result<char, RegexError> {
        match literal.kind {
            LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong)
            | LiteralKind::HexBrace(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => {
                self.refuse(&literal.span, PartError::NotRe2)
            }
            _ => Ok(literal.c),
        }
    }

    fn concat(&mut self, parts: &[Ast], span: &Span, edges: Edges) -> Result<Alternatives, RegexError> {
        let stands_still = |part: &Ast| matches!(part, Ast::Assertion(_) | Ast::Empty(_));
        let mut all = vec![Vec::new()];
        for (index, part) in parts.iter().enumerate() {
            let start = edges.start && parts[..index].iter().all(stands_still);
            let end = edges.end && parts[index + 1..].iter().all(stands_still);
            let behind = self.alternatives(part, Edges { start, end })?;
            let joined = all.iter().flat_map(|before| behind.iter().map(|piece| [&before[..], &piece[..]].concat()));
            all = self.bounded(joined.take(ALTERNATIVES_MAX + 1).collect(), span)?;
        }
        Ok(all)
    }

    fn bounded(&self, all: Alternatives, span: &Span) -> Result<Alternatives, RegexError> {
        if all.len() > ALTERNATIVES_MAX {
            return self.refuse(span, PartError::Alternatives);
        }
        Ok(all)
    }

    fn repetition(&mut self, repetition: &Repetition) -> Result<Alternatives, RegexError> {
        // RE2 wants a group around what is repeated twice.
        if matches!(*repetition.ast, Ast::Repetition(_)) {
            return self.refuse(&repetition.span, PartError::NotRe2);
        }
        let inner = ungrouped(&repetition.ast);
        let least = match repetition.op.kind {
            RepetitionKind::ZeroOrOne => {
                let mut all = self.alternatives(inner, Edges { start: false, end: false })?;
                all.push(Vec::new());
                return self.bounded(all, &repetition.span);
            }
            RepetitionKind::ZeroOrMore => 0,
            RepetitionKind::OneOrMore => 1,
            RepetitionKind::Range(_) => return self.refuse(&repetition.span, PartError::Counts),
        };
        match inner {
            Ast::Dot(_) => Ok(vec![vec![Piece::Wild(Wildcard { crosses: true, least })]]),
            Ast::ClassBracketed(class) if excludes_delimiters_alone(class) => {
                self.check_literals(class)?;
                self.note("`*` ends at `/`, `:` and `@`");
                Ok(vec![vec![Piece::Wild(Wildcard { crosses: false, least })]])
            }
            _ => self.refuse(&repetition.span, PartError::Wider),
        }
    }

    /// Refuses a class whose characters RE2 does not read.
    fn check_literals(&self, class: &ClassBracketed) -> Result<(), RegexError> {
        for item in items(class).into_iter().flatten() {
            match item {
                ClassSetItem::Literal(literal) => _ = self.character(literal)?,
                ClassSetItem::Range(range) => _ = (self.character(&range.start)?, self.character(&range.end)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// A class of few characters becomes one alternative for each.
    fn class(&self, class: &ClassBracketed) -> Result<Alternatives, RegexError> {
        self.check_literals(class)?;
        match listed(class).filter(|_| !class.negated) {
            Some(characters) => Ok(characters.into_iter().map(|character| vec![Piece::Literal(character)]).collect()),
            None => self.refuse(&class.span, PartError::Class),
        }
    }

    fn write(mut self, alternatives: &[Vec<Piece>]) -> Result<Translated, RegexError> {
        let (mut patterns, mut excluded) = (Vec::new(), Vec::new());
        for pieces in alternatives {
            let written = write(pieces).map_err(|reason| RegexError::Piece { regex: self.regex.to_owned(), reason })?;
            if written.narrowed {
                self.note(&format!("narrower as `{}`: `*` stays within a segment", written.text));
            }
            let wildcards = written.text.replace("**", "*").matches('*').count();
            if !written.excluded.is_empty() && (wildcards > 1 || alternatives.len() > 1) {
                self.note(&format!(
                    "narrower as `{}`: no text matches in which a wildcard could match no character",
                    written.text
                ));
            }
            excluded.extend(written.excluded);
            match written.text.is_empty() {
                true => self.note("the empty text is left out"),
                false if patterns.contains(&written.text) => {}
                false => patterns.push(written.text),
            }
        }
        if patterns.is_empty() {
            return Err(RegexError::Empty { regex: self.regex.to_owned() });
        }
        Ok(Translated { patterns, excluded, notes: self.notes })
    }
}

const fn holds_anyway(kind: &AssertionKind, edges: Edges) -> bool {
    match kind {
        AssertionKind::StartLine | AssertionKind::StartText => edges.start,
        AssertionKind::EndLine | AssertionKind::EndText => edges.end,
        _ => false,
    }
}

/// Flags such as `(?i:…)` change what the group means.
fn has_flags(kind: &GroupKind) -> bool {
    matches!(kind, GroupKind::NonCapturing(flags) if !flags.items.is_empty())
}

fn ungrouped(ast: &Ast) -> &Ast {
    match ast {
        Ast::Group(group) if !has_flags(&group.kind) => ungrouped(&group.ast),
        other => other,
    }
}

/// Whether a class excludes nothing but delimiters of segments.
fn excludes_delimiters_alone(class: &ClassBracketed) -> bool {
    class.negated && listed(class).is_some_and(|excluded| excluded.into_iter().all(super::super::pattern::is_delimiter))
}

/// The items of a class; `None` for operators, which other engines read differently.
fn items(class: &ClassBracketed) -> Option<&[ClassSetItem]> {
    match &class.kind {
        ClassSet::Item(ClassSetItem::Union(union)) => Some(&union.items),
        ClassSet::Item(one) => Some(std::slice::from_ref(one)),
        ClassSet::BinaryOp(_) => None,
    }
}

/// The characters of a class that lists them; `None` for nested classes and operators, which other engines read differently.
fn listed(class: &ClassBracketed) -> Option<BTreeSet<char>> {
    let mut characters = BTreeSet::new();
    for item in items(class)? {
        match item {
            ClassSetItem::Literal(literal) => _ = characters.insert(literal.c),
            ClassSetItem::Range(range) => characters.extend((range.start.c..=range.end.c).take(CLASS_CHARACTERS_MAX + 1)),
            _ => return None,
        }
    }
    (characters.len() <= CLASS_CHARACTERS_MAX).then_some(characters)
}

#[cfg(test)]
mod tests;
