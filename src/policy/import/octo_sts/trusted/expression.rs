//! Patterns of issuers. Only what octo-sts reads for certain as it is read here is taken: it refuses the file if a pattern can match `/`
//! at a place that varies.

use regex::Regex;
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassBracketed, ClassPerlKind, ClassSet, ClassSetItem, GroupKind, Literal, LiteralKind, RepetitionKind,
    RepetitionRange,
};

/// RE2 repeats nothing more often.
const REPETITIONS_MAX: u32 = 1000;

/// The pattern of a whole issuer; `None` if octo-sts may refuse it or read it otherwise.
pub(super) fn read(pattern: &str) -> Option<Regex> {
    // Spaces in the braces of a count: here it is a count, and RE2 takes the braces for characters. No issuer has a space.
    if pattern.contains(char::is_whitespace) {
        return None;
    }
    let ast = Parser::new().parse(pattern).ok()?;
    let is_read_alike = is_read_alike(&ast, false);
    Regex::new(&format!("^(?:{pattern})$")).ok().filter(|_| is_read_alike)
}

/// `varies`: whether the part is below a repetition or an alternative.
fn is_read_alike(ast: &Ast, varies: bool) -> bool {
    match ast {
        Ast::Empty(_) => true,
        Ast::Literal(literal) => is_simple(literal) && !(varies && literal.c == '/'),
        Ast::Assertion(assertion) => matches!(assertion.kind, AssertionKind::StartLine | AssertionKind::EndLine),
        // The crate's `\d` and `\w` have more characters than RE2's, and none of them is in an issuer: it is ASCII.
        Ast::ClassPerl(class) => !class.negated && class.kind != ClassPerlKind::Space,
        Ast::ClassBracketed(class) => is_without_slash(class),
        Ast::Group(group) => match &group.kind {
            GroupKind::CaptureIndex(_) => is_read_alike(&group.ast, varies),
            GroupKind::NonCapturing(flags) => flags.items.is_empty() && is_read_alike(&group.ast, varies),
            GroupKind::CaptureName { .. } => false,
        },
        Ast::Repetition(repetition) => {
            let is_taken = match &repetition.op.kind {
                // RE2 also limits the product of counts.
                RepetitionKind::Range(range) => {
                    matches!(*repetition.ast, Ast::ClassBracketed(_)) && most(range) <= REPETITIONS_MAX
                }
                _ => !matches!(*repetition.ast, Ast::Repetition(_)),
            };
            is_taken && is_read_alike(&repetition.ast, true)
        }
        Ast::Alternation(alternation) => alternation.asts.iter().all(|ast| is_read_alike(ast, true)),
        Ast::Concat(concat) => concat.asts.iter().all(|ast| is_read_alike(ast, varies)),
        _ => false,
    }
}

/// A character as it is, or with a backslash before it.
const fn is_simple(literal: &Literal) -> bool {
    matches!(literal.kind, LiteralKind::Verbatim | LiteralKind::Meta)
}

/// Whether it lists characters and ranges, and none of those that it matches is a slash.
fn is_without_slash(class: &ClassBracketed) -> bool {
    let items = match &class.kind {
        ClassSet::Item(ClassSetItem::Union(union)) => &union.items[..],
        ClassSet::Item(one) => std::slice::from_ref(one),
        ClassSet::BinaryOp(_) => return false,
    };
    let mut lists_slash = false;
    for item in items {
        match item {
            ClassSetItem::Literal(literal) if is_simple(literal) => lists_slash |= literal.c == '/',
            ClassSetItem::Range(range) if is_simple(&range.start) && is_simple(&range.end) => {
                lists_slash |= (range.start.c..=range.end.c).contains(&'/');
            }
            _ => return false,
        }
    }
    lists_slash == class.negated
}

const fn most(range: &RepetitionRange) -> u32 {
    match range {
        RepetitionRange::Exactly(count) | RepetitionRange::AtLeast(count) | RepetitionRange::Bounded(_, count) => *count,
    }
}
