//! The headers of the age files in a document: the document itself, or those in a SOPS file's metadata. They find the document that
//! age or sops is opening. What a header opens is decided by opening the document, see [`super::file_key`].

use super::{Header, age_file};
use age_core::format::Stanza;
use std::borrow::Cow;

const ARMOR_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const ARMOR_END: &str = "-----END AGE ENCRYPTED FILE-----";

/// An age file within a document, or the document itself, with what is sent to a server to ask for its file key.
pub struct Locked {
    /// The age file.
    pub file: Vec<u8>,
    /// The stanzas of its header, in order.
    pub stanzas: Vec<Stanza>,
}

/// The headers in a document of any form. Text that only looks like a header is left out.
pub fn headers(document: &[u8]) -> Vec<Header> {
    age_files(document).iter().filter_map(|file| age_file::header(file)).collect()
}

/// The age files in a document, each with its stanzas, to ask a server for their file keys.
pub fn locked(document: &[u8]) -> Vec<Locked> {
    let one = |file: Cow<'_, [u8]>| Some(Locked { stanzas: age_file::stanzas(&file)?, file: file.into_owned() });
    age_files(document).into_iter().filter_map(one).collect()
}

fn age_files(document: &[u8]) -> Vec<Cow<'_, [u8]>> {
    if age_file::is_age(document) {
        return vec![Cow::Borrowed(document)];
    }
    let Ok(text) = std::str::from_utf8(document) else { return Vec::new() };
    let blocks = text.split(ARMOR_BEGIN).skip(1).filter_map(|rest| rest.split_once(ARMOR_END));
    blocks.map(|(block, _)| Cow::Owned(armored(block).into_bytes())).collect()
}

/// An armored block without the layout of its document: YAML indents its lines, JSON and dotenv put it on one line with `\n`.
fn armored(block: &str) -> String {
    let block = if block.contains("\\n") { Cow::Owned(block.replace("\\n", "\n")) } else { Cow::Borrowed(block) };
    let lines: Vec<&str> = block.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    format!("{ARMOR_BEGIN}\n{}\n{ARMOR_END}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Identities, encrypt};

    #[test]
    fn a_header_is_found_armored_indented_and_on_one_line() {
        let (_, recipient) = Identities::generate();
        let armored = String::from_utf8(encrypt(b"x", &[recipient], true).unwrap()).unwrap();
        let expected = headers(armored.as_bytes());
        assert_eq!(expected.len(), 1);
        let indented = armored.lines().map(|line| format!("        {line}\n")).collect::<String>();
        let yaml = format!("a: b\nsops:\n    age:\n        - enc: |\n{indented}    mac: x\n");
        assert_eq!(headers(yaml.as_bytes()), expected);
        let json = serde_json::json!({ "sops": { "age": [{ "enc": armored }, { "enc": armored }] } }).to_string();
        assert_eq!(headers(json.as_bytes()), [expected[0].clone(), expected[0].clone()]);
        assert!(headers(format!("{ARMOR_BEGIN}\nAAAA\n{ARMOR_END}").as_bytes()).is_empty());
    }
}
