//! Why an export is not taken. No value is in it, nor what stands where the text is odd.

/// What is wrong with it, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExportError {
    /// It is no text.
    #[error("the export is not UTF-8")]
    NotUtf8,
    /// There is no value.
    #[error("the export holds no value: did the command before it fail?")]
    Nothing,
    /// It is cut, or a member stands twice.
    #[error("the export is no whole JSON{place}: it was cut, holds something behind its end, is too deep, or has a name twice")]
    NoJson {
        /// Where the text ends to be JSON; empty where it is JSON and has a name twice.
        place: String,
    },
    /// It is a list, or a value alone.
    #[error("the export is JSON, and no object of names and values")]
    NoObject,
    /// It is other JSON than Vault's.
    #[error("expected what `vault kv get -format=json` prints, with `request_id` and `data`; --from json takes an object alone")]
    NoAnswer,
    /// Vault has no value any more.
    #[error("this version was deleted or destroyed: export one that is there (`vault kv get -version=N`)")]
    Deleted,
    /// A name that SOPS has for its own.
    #[error("`{name}` is a name that SOPS keeps for itself in its files: give the value another one")]
    Reserved {
        /// Which.
        name: String,
    },
    /// A value that no MAC covers.
    #[error("{at} is null, which no MAC covers: leave it out, or give it a value")]
    Null {
        /// Its JSON pointer.
        at: String,
    },
    /// A list or an object without anything.
    #[error("{at} is an empty list or object, which holds nothing to encrypt: leave it out")]
    Empty {
        /// Its JSON pointer.
        at: String,
    },
    /// A number that was changed on the way, or would be.
    #[error("{at} is a number with a fraction or beyond 53 bits, which printing may have changed: store it as a text")]
    Number {
        /// Its JSON pointer.
        at: String,
    },
    /// A line that readers differ about.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        reason: LineError,
    },
    /// A file of this kind has no place for it.
    #[error("`{name}` holds no text alone, and a .env file has nothing else: name a .yaml file by --to")]
    NoText {
        /// Which.
        name: String,
    },
    /// The file's name tells no form.
    #[error("--to names a file that ends with .yaml, .yml, .json or .env")]
    NoForm,
    /// The form has no way to say it.
    #[error("the file would not hold the same{at}: name a .yaml file by --to")]
    NotTheSame {
        /// Where.
        at: String,
    },
}

/// Why a line of `NAME=value` is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineError {
    /// It is none.
    #[error("expected NAME=value")]
    NoPair,
    /// Its name is none.
    #[error("a name has letters, digits and `_`, and no digit first")]
    Name,
    /// Which of them counts nobody says.
    #[error("this name stands twice")]
    Twice,
    /// A quote that is not closed.
    #[error("a quote is open at the line's end: the export was cut, or its values have several lines, which --from json takes")]
    Open,
    /// Readers differ in what it means.
    #[error("readers differ in what its quotes, escapes, comment or space mean: export as JSON, and say --from json")]
    Ambiguous,
    /// The last line has no end.
    #[error("the last line has no end: the export was cut, or add a line end")]
    NoEnd,
}
