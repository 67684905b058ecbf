//! What is wrong with the YAML of a file, in words of people who write such files. The libraries' words are for people who write parsers.

use super::{NESTED_MAX, syntax};
use granit_parser::ErrorKind;
use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;

/// Where nothing is known but the place.
const UNREADABLE: &str = "this cannot be read as YAML: look at the indentation, the quotes and the brackets here";
const BRACKET: &str = "this bracket is never closed: add the `]` or `}`";
const KEY: &str = "expected `key: value`, indented as the keys beside it";
const LIST: &str = "expected `- ` and an entry, indented as the entries beside it; brackets and `- ` do not mix";
const COLON: &str = "`: ` stands where no key can be: put a text that has `: ` in it in quotes";
const QUOTE: &str = "something stands behind the closing quote: put the whole value in one pair of quotes";
const ESCAPE: &str = "an escape that YAML does not know: in double quotes write `\\\\` for a backslash, or take single quotes";
const TAB: &str = "a tab indents this line: indent it with spaces";
const ALIAS: &str = "`*` begins an alias here: put a pattern that begins with `*` in quotes, and give an alias its `&` before it";
const BLOCK: &str = "a text behind `|` or `>` begins on the next line, indented deeper, with spaces";
const DIRECTIVE: &str = "a line that begins with `%` is a directive of YAML, which no file here has";
const DOCUMENTS: &str = "a second document stands here, behind `---` or `...`: a file has one";

/// The message of a fault, in one line.
pub(super) fn of(fault: &Error, text: &str) -> String {
    match fault.without_snippet() {
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => format!("the file is nested deeper than {NESTED_MAX}"),
        Error::Budget { .. } => "the file has more values, or more aliases, than any file of its kind: split it".to_owned(),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` stands twice"),
        Error::DuplicateMappingKey { key: None, .. } => "this key stands twice".to_owned(),
        Error::MultipleDocuments { .. } => DOCUMENTS.to_owned(),
        Error::UnknownAnchor { .. } => ALIAS.to_owned(),
        Error::MergeKeyNotAllowed { .. } | Error::MergeValueNotMapOrSeqOfMaps { .. } => {
            "`<<` is not read here: write the keys out".to_owned()
        }
        Error::NonFiniteFloat { .. } => "this number is not finite: put it in quotes if it is text".to_owned(),
        Error::NullIntoString { .. } | Error::SerdeInvalidType { .. } | Error::Unexpected { .. } => {
            "expected text: put it in quotes if it looks like something else".to_owned()
        }
        Error::AliasError { error, .. } => of(error, text),
        _ => syntax::first_error(text).map_or_else(|| UNREADABLE.to_owned(), |kind| of_syntax(&kind)),
    }
}

fn of_syntax(kind: &ErrorKind) -> String {
    use ErrorKind as E;
    let words = match kind {
        E::MismatchedFlowCollectionEnd { open, close } => {
            return format!("`{close}` closes a bracket that `{open}` opened");
        }
        E::UnexpectedCharacter { character } => {
            return format!("no value begins with `{character}` in YAML: put it in quotes");
        }
        E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping
        | E::UnclosedFlowCollection { .. } => BRACKET,
        E::MisplacedFlowCollectionEnd => "a bracket is closed here that none opened",
        E::ExpectedFlowSequenceSeparator => {
            "expected `,` or `]` in a list in brackets: put a text with brackets or commas in quotes"
        }
        E::ExpectedFlowMappingSeparator => {
            "expected `,` or `}` in a mapping in brackets: put a text with brackets or commas in quotes"
        }
        E::InvalidColonPlacement | E::FlowMappingValueAdjacentCollection | E::MappingValueNotAllowed => COLON,
        E::SimpleKeyExpected | E::InvalidSimpleKey => "expected `:` and a space behind this key, in its line",
        E::ExpectedBlockMappingKey
        | E::UnexpectedEofBlockMapping
        | E::ExpectedNodeContent
        | E::InvalidIndentation
        | E::MappingKeyNotAllowed
        | E::InvalidFlowScalarIndent => KEY,
        E::ExpectedBlockSequenceEntry
        | E::UnexpectedEofBlockSequence
        | E::BlockEntryInFlowCollection
        | E::BlockSequenceEntryNotAllowed
        | E::InvalidBlockEntryWhitespace
        | E::PlainScalarStartsWithDashFlowIndicator => LIST,
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::InvalidMappingValueWhitespace => TAB,
        E::UnclosedQuotedScalar | E::InvalidQuotedScalarIndent | E::DocumentIndicatorInQuotedScalar => {
            "a quote is opened and not closed: close it, and indent the lines of a long text"
        }
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => QUOTE,
        E::UnknownQuotedScalarEscape
        | E::InvalidQuotedScalarHexEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate
        | E::InvalidUnicodeEscape => ESCAPE,
        E::UnknownAnchor | E::MissingAnchorOrAliasName => ALIAS,
        E::ZeroBlockScalarIndent | E::InvalidBlockScalarHeader | E::TabAtBlockScalarStart | E::InvalidBlockScalarIndent => BLOCK,
        E::CommentNotSeparated | E::CommentInterceptedScalar | E::ExpectedWhitespace => {
            "a comment has a space before its `#`, and stands in no text of several lines"
        }
        E::InvalidDocumentEnd | E::ExpectedDocumentStart | E::MultipleDocumentsUnsupported => DOCUMENTS,
        E::DirectiveDisallowed
        | E::InvalidDirectiveTerminator
        | E::MissingDirectiveName
        | E::InvalidDirectiveName
        | E::MissingDocumentEndBeforeDirective
        | E::UnsupportedYamlMajorVersion => DIRECTIVE,
        _ => UNREADABLE,
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::yaml::Node;

    /// Words of the libraries, which no author of a policy has to know.
    const WORDS: [&str; 16] = [
        "while parsing",
        "did not find",
        "invalid type",
        "missing field",
        "expected key",
        "scalar",
        "sequence",
        "token",
        "EOF",
        "eof",
        "flow",
        "block",
        "simple key",
        "anchor",
        "serde",
        "stream",
    ];

    #[test]
    fn a_fault_of_the_syntax_says_what_to_write_at_its_place() {
        for (text, line, words) in [
            ("a: [1\n", 1, BRACKET),
            ("a: { b: 1\n", 1, BRACKET),
            ("a: [1}\n", 1, "`}` closes a bracket that `[` opened"),
            ("a: 1]\nb: ]\n", 2, "a bracket is closed here"),
            ("a: [b c: d e: f]\n", 1, "in quotes"),
            ("a: 1\na: 2\n", 2, "the key `a` stands twice"),
            ("a: *nowhere\n", 1, ALIAS),
            ("secrets: [**]\n", 1, ALIAS),
            ("secrets: *.yaml\n", 1, ALIAS),
            ("a: \"x\n", 1, "a quote is opened and not closed"),
            ("a: \"x\" y\n", 1, "behind the closing quote"),
            ("a: 'x' y\n", 1, "behind the closing quote"),
            ("a: \"\\w\"\n", 1, ESCAPE),
            ("a: b: c\n", 1, COLON),
            ("a: 1\n  b: 2\n", 2, "`: ` stands where no key can be"),
            ("a:\n   b: 1\n  c: 2\n", 3, KEY),
            ("a:\n  - b\n  c: 1\n", 3, LIST),
            ("a:\n\tb: 1\n", 2, TAB),
            ("a: @x\n", 1, "no value begins with `@` in YAML"),
            ("a: `x`\n", 1, "no value begins with ``` in YAML"),
            ("a: 1\nb\nc: 2\n", 2, "expected `:` and a space"),
            ("a: 1\n---\nb: 2\n", 3, DOCUMENTS),
            ("a: .nan\n", 1, "not finite"),
            ("{ a: 1 }: 2\n", 1, "expected text"),
        ] {
            let fault = Node::parse("a.yaml", text.as_bytes()).map(|node| node.to_json()).unwrap_err();
            assert!(fault.message.contains(words), "{text:?}: {fault}");
            assert_eq!(fault.place.line, line, "{text:?}: {fault}");
        }
    }

    #[test]
    fn no_message_has_words_of_a_library() {
        let pieces = [
            "a: ", "[", "{", "]", "}", ",", "\"", "'", "\n", "  ", "\t", "- ", ": ", "*x", "&x ", "|", ">", "#", "%Y", "---\n",
            "@", "?", "\\",
        ];
        for (one, two, three) in triples(&pieces) {
            let text = format!("a: 1\nb: {one}{two}{three}\nc: 2\n");
            let Err(fault) = Node::parse("a.yaml", text.as_bytes()) else { continue };
            let told = fault.message.to_string();
            assert!(!WORDS.iter().any(|word| told.contains(word)) && !told.contains(" at line "), "{text:?}: {told}");
        }
    }

    /// All triples of these.
    fn triples<'a>(pieces: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        pieces.iter().flat_map(move |one| pieces.iter().flat_map(move |two| pieces.iter().map(move |three| (*one, *two, *three))))
    }
}
