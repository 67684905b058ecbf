//! Changes who can open a file: wraps the data key for other recipients, or makes a new data key.

use super::cipher::DataKey;
use super::document::{Document, SopsFile};
use super::draft::Draft;
use super::error::{CipherError, SopsError, WriteError};
use super::finish::finish;
use super::format::Format;
use super::metadata::{Stanza, keys_of};
use super::splice::{Splices, line_end};
use super::tree::Section;
use super::walk::{Visited, walk};
use super::{flat, open, yaml};
use crate::secrets::{RepositoryPath, age_file};
use crate::words::UnixTime;

impl Document {
    /// Wraps the same data key for exactly these age recipients; returns the new file. A removed recipient may have kept the data key:
    /// rotate the key too, and the secrets that it protected. Recipients that stay keep their stanza unless it is bound to another path.
    pub fn update_recipients(&self, recipients: &[String], path: Option<&RepositoryPath>) -> Result<Vec<u8>, SopsError> {
        let stanzas = wrap(&self.key, recipients, path, &self.file.metadata.stanzas)?;
        let text = put_stanzas(&self.file, &stanzas)?;
        // Read back: the values, the MAC and its time must not have changed.
        let mut file = SopsFile::read(self.file.format, &text)?;
        open::open(&mut file.tree, &file.metadata, &self.key)?;
        if file.recipients() != recipients {
            return Err(WriteError::RecipientsReadBack.into());
        }
        Ok(text.into_bytes())
    }

    /// Makes a new data key for exactly these age recipients and encrypts every value anew; returns the new file.
    pub fn rotate_data_key(
        &self,
        recipients: &[String],
        path: Option<&RepositoryPath>,
        now: UnixTime,
    ) -> Result<Vec<u8>, SopsError> {
        let file = self.reopened()?;
        if !file.metadata.foreign.is_empty() {
            return Err(WriteError::Foreign { kinds: file.metadata.foreign }.into());
        }
        let key = DataKey::generate()?;
        let text = put_stanzas(&file, &wrap(&key, recipients, path, &[])?)?;
        let text = reencrypt(file.format, &text, &self.key, &key)?;
        let expected = self.reopened()?;
        finish(self.file.format, &text, &key, now, Some(&expected.tree))
    }
}

/// Wraps the data key for each recipient. Recipients in `had` keep their present stanza if it fits the path.
pub(super) fn wrap(
    key: &DataKey,
    recipients: &[String],
    path: Option<&RepositoryPath>,
    had: &[Stanza],
) -> Result<Vec<Stanza>, WriteError> {
    if recipients.is_empty() {
        return Err(WriteError::NoRecipient);
    }
    let wrap = |recipient: &String| {
        if let Some(stanza) = had.iter().find(|stanza| stanza.recipient == *recipient && stanza.is_free_for(path)) {
            return Ok(stanza.clone());
        }
        let armored = age_file::encrypt_at(key.bytes().expose(), std::slice::from_ref(recipient), true, path)?;
        Ok(Stanza { recipient: recipient.clone(), armored: String::from_utf8_lossy(&armored).into_owned() })
    };
    recipients.iter().map(wrap).collect()
}

/// The list of stanzas as it is written in a section.
pub(super) fn draft(stanzas: &[Stanza]) -> Draft {
    let one = |stanza: &Stanza| {
        Draft::Mapping(vec![
            ("recipient".to_owned(), Draft::text(stanza.recipient.clone())),
            ("enc".to_owned(), Draft::text(stanza.armored.clone())),
        ])
    };
    Draft::Sequence(stanzas.iter().map(one).collect())
}

fn put_stanzas(file: &SopsFile, stanzas: &[Stanza]) -> Result<String, SopsError> {
    let mut splices = Splices::default();
    for section in file.tree.parts.iter().filter_map(|part| part.section.as_ref()) {
        put_list(file.format, &file.text, &mut splices, section, stanzas)?;
    }
    let text = splices.apply(&file.text)?;
    Ok(text.expose_text().unwrap_or_default().to_owned())
}

fn put_list(format: Format, text: &str, splices: &mut Splices, section: &Section, stanzas: &[Stanza]) -> Result<(), SopsError> {
    let keys = keys_of(&section.node)?;
    match format {
        Format::Yaml => {
            let list = keys.member("age").ok_or(WriteError::NoAgeList)?;
            let column = keys.collection().map_or(0, |collection| collection.column);
            Ok(yaml::change::replace(text, splices, list, column, false, &draft(stanzas))?)
        }
        Format::Json | Format::Binary => {
            let list = keys.member("age").ok_or(WriteError::NoAgeList)?;
            splices.put(list.place.clone(), draft(stanzas).json_lines("\n\t\t")?);
            Ok(())
        }
        Format::Dotenv | Format::Ini => {
            put_flat(format, text, splices, section, stanzas);
            Ok(())
        }
    }
}

fn put_flat(format: Format, text: &str, splices: &mut Splices, section: &Section, stanzas: &[Stanza]) {
    let prefix = if format == Format::Dotenv { "sops_" } else { "" };
    let sign = if format == Format::Dotenv { "=" } else { " = " };
    let fields = flat::flattened(&Draft::Mapping(vec![("age".to_owned(), draft(stanzas))]));
    let mut lines = Some(fields.into_iter().map(|(name, text)| format!("{prefix}{name}{sign}{text}\n")).collect::<String>());
    for cut in &section.cuts {
        if text[cut.clone()].trim_start().starts_with(&format!("{prefix}age__list_")) {
            splices.put(cut.clone(), lines.take().unwrap_or_default());
        }
    }
    if let (Some(lines), Some(last)) = (lines, section.cuts.last()) {
        let newline = if line_end(text, last.start) == text.len() { "\n" } else { "" };
        splices.put(last.end..last.end, format!("{newline}{lines}"));
    }
}

/// Replaces every ciphertext under the old key by one under the new key, in values and comments.
fn reencrypt(format: Format, text: &str, old: &DataKey, new: &DataKey) -> Result<String, SopsError> {
    let mut file = SopsFile::read(format, text)?;
    open::decrypt(&mut file.tree, &file.metadata, old)?;
    let mut splices = Splices::default();
    walk(&mut file.tree, &file.metadata.rule, &mut |at, found| {
        match found {
            Visited::Leaf(leaf) => {
                if let Some(opened) = leaf.opened.as_ref().filter(|_| !at.alias) {
                    let sealed = new.encrypt(opened.expose(), at.path, opened.name())?;
                    splices.put(leaf.spot.place.clone(), format.sealed(leaf, &sealed));
                    leaf.spot.lines.iter().for_each(|lines| splices.cut(lines.clone()));
                }
            }
            Visited::Comment(comment) => {
                if let Some(opened) = &comment.opened {
                    let sealed = new.encrypt(opened.expose(), at.path, "comment")?;
                    let item = format!("- {sealed}").into();
                    splices.put(comment.place.clone(), if comment.item { item } else { format.comment(text, comment, &sealed) });
                }
            }
        }
        Ok::<(), CipherError>(())
    })?;
    let text = splices.apply(text)?;
    Ok(text.expose_text().unwrap_or_default().to_owned())
}
