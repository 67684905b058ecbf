//! Why an export is refused. These errors hold no value and quote nothing of the export but names.

/// What is wrong with an export, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExportError {
    /// It is not UTF-8.
    #[error("the export is not UTF-8")]
    NotUtf8,
    /// It holds no value.
    #[error("the export holds no value: did the command before it fail?")]
    Nothing,
    /// It was truncated, or has a name twice.
    #[error(
        "the export is not complete JSON{place}: it was cut, has text after its end, is nested too deep, or has a name twice"
    )]
    NoJson {
        /// Where the text stops being JSON. Empty if it is JSON but has a name twice.
        place: String,
    },
    /// It is a list or a single value.
    #[error("the export is JSON, but not an object of names and values")]
    NoObject,
    /// It is JSON, but not an answer of Vault.
    #[error("expected what `vault kv get -format=json` prints, with `request_id` and `data`; --from json takes a plain object")]
    NoAnswer,
    /// Vault no longer has the value.
    #[error("this version was deleted or destroyed: export one that is there (`vault kv get -version=N`)")]
    Deleted,
    /// It uses a name that SOPS reserves.
    #[error("`{name}` is a name that SOPS keeps for itself in its files: give the value another one")]
    Reserved {
        /// The name.
        name: String,
    },
    /// A value is null, which no MAC covers.
    #[error("{at} is null, which no MAC covers: leave it out, or give it a value")]
    Null {
        /// Its JSON pointer.
        at: String,
    },
    /// A list or an object is empty.
    #[error("{at} is an empty list or object, which holds nothing to encrypt: leave it out")]
    Empty {
        /// Its JSON pointer.
        at: String,
    },
    /// A number may have been changed on the way here, or would be changed in the file.
    #[error("{at} is a number with a fraction or beyond 53 bits, which printing may have changed: store it as a text")]
    Number {
        /// Its JSON pointer.
        at: String,
    },
    /// A line cannot be used.
    #[error("line {line}: {reason}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        reason: LineError,
    },
    /// A value is not a text, but a file of this form holds only texts.
    #[error("`{name}` is not a text, and a .env file holds only texts: name a .yaml file by --to")]
    NoText {
        /// The value's name.
        name: String,
    },
    /// The file's name does not end like any known form.
    #[error("--to names a file that ends with .yaml, .yml, .json or .env")]
    NoForm,
    /// The file's form cannot express the values.
    #[error("the file would hold something else{at}: name a .yaml file by --to")]
    NotTheSame {
        /// The place, after a space; empty if it is not known.
        at: String,
    },
}

/// Why a line of `NAME=value` is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineError {
    /// It has no `=`.
    #[error("expected NAME=value")]
    NoPair,
    /// Its name has other characters.
    #[error("a name must consist of letters, digits and `_`, and must not start with a digit")]
    Name,
    /// Its name is a duplicate, and it is not defined which line counts.
    #[error("this name appears twice")]
    Twice,
    /// A quote is not closed.
    #[error("a quote is open at the line's end: the export was cut, or its values have several lines, which --from json takes")]
    Open,
    /// Different readers read it differently.
    #[error("readers differ in what its quotes, escapes, comment or space mean: export as JSON, and say --from json")]
    Ambiguous,
    /// The last line has no line break at its end.
    #[error("the last line has no line break at its end: the export was cut, or add one")]
    NoEnd,
}
