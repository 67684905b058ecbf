//! Writes new files, and changes files. A change keeps every other ciphertext, comment and byte.

use super::cipher::DataKey;
use super::creation::Creation;
use super::document::{Document, SopsFile};
use super::draft::Draft;
use super::error::{ChangeError, ReadError, SopsError, ValueError, WriteError};
use super::finish::finish;
use super::format::Format;
use super::metadata::Stanza;
use super::scalar::Scalar;
use super::seal::{self, Reuse};
use super::splice::Splices;
use super::tree::{Form, Node, Tree};
use super::{change, open, recipients};
use crate::words::names::SecretPath;
use crate::words::{Secret, UnixTime};

/// The version of SOPS whose format is written. Older versions read it too.
const VERSION: &str = "3.11.0";
/// Stands in the place of the MAC until it is computed.
const NO_MAC_YET: &str = "none";

/// Encrypts each value of the document for these age recipients. The file's name decides its format.
pub fn encrypt(path: &SecretPath, plaintext: &[u8], recipients: &[String], now: UnixTime) -> Result<Vec<u8>, SopsError> {
    encrypt_with(path, plaintext, &Creation::to(recipients), now)
}

/// Encrypts a document as a rule of `.sops.yaml` says.
pub fn encrypt_with(path: &SecretPath, plaintext: &[u8], creation: &Creation, now: UnixTime) -> Result<Vec<u8>, SopsError> {
    let format = Format::of(path);
    creation.check()?;
    let key = DataKey::generate()?;
    let stanzas = recipients::wrap(&key, &creation.recipients, creation.path(), &[])?;
    let section = [format.section(section(format, &stanzas, creation, now))?];
    if format == Format::Binary {
        let sealed = key.encrypt(plaintext, "data:", "str")?;
        let text = format!("{{\n\t\"data\": \"{sealed}\"\n}}\n");
        let text = put_sections(format, &text, &section)?;
        return finish(format, &text, &key, now, None);
    }
    let text = expanded(format, plaintext)?;
    let text = text.expose_text().unwrap_or_default();
    let mut tree = format.parse(text)?;
    if tree.parts.iter().any(|part| part.section.is_some()) {
        return Err(WriteError::Encrypted.into());
    }
    let sealed = seal::seal(format, text, &mut tree, &creation.rule, &key, &mut Reuse::default())?;
    finish(format, &put_sections(format, &sealed, &section)?, &key, now, Some(&tree))
}

impl Document {
    /// Sets or adds the value at a JSON pointer. `value` is JSON. Returns the new file.
    pub fn set(&self, pointer: &str, value: &Secret, now: UnixTime) -> Result<Vec<u8>, SopsError> {
        let draft = super::draft::from_secret_json(value)?;
        self.changed(now, |format, text, tree| change::set(format, text, tree, pointer, &draft))
    }

    /// Sets a text at a JSON pointer. Returns the new file.
    pub fn set_text(&self, pointer: &str, value: &Secret, now: UnixTime) -> Result<Vec<u8>, SopsError> {
        let text = value.expose_text().ok_or(ChangeError::NotUtf8)?;
        let draft = Draft::text(text);
        self.changed(now, |format, text, tree| change::set(format, text, tree, pointer, &draft))
    }

    /// Removes the value at a JSON pointer. Returns the new file.
    pub fn unset(&self, pointer: &str, now: UnixTime) -> Result<Vec<u8>, SopsError> {
        self.changed(now, |format, text, tree| change::unset(format, text, tree, pointer))
    }

    /// Replaces the whole plaintext. Values that did not change keep their ciphertexts. Returns the new file.
    pub fn edit(&self, plaintext: &Secret, now: UnixTime) -> Result<Vec<u8>, SopsError> {
        if self.plaintext()? == *plaintext {
            return Ok(self.file.text.clone().into_bytes());
        }
        if self.file.format == Format::Binary {
            return self.edit_binary(plaintext, now);
        }
        self.reseal(plaintext, now)
    }

    fn changed(
        &self,
        now: UnixTime,
        change: impl FnOnce(Format, &str, &Tree) -> Result<Splices, ChangeError>,
    ) -> Result<Vec<u8>, SopsError> {
        if self.file.format == Format::Binary {
            return Err(ChangeError::OneValue.into());
        }
        let plain = self.plaintext()?;
        let text = plain.expose_text().unwrap_or_default();
        let tree = self.file.format.parse(text)?;
        let changed = change(self.file.format, text, &tree)?.apply(text)?;
        if changed == plain { Ok(self.file.text.clone().into_bytes()) } else { self.reseal(&changed, now) }
    }

    fn reseal(&self, plaintext: &Secret, now: UnixTime) -> Result<Vec<u8>, SopsError> {
        let file = &self.file;
        let format = file.format;
        let mut old = self.reopened()?;
        let mut reuse = Reuse::of(&file.text, &mut old.tree, &file.metadata.rule)?;
        let text = expanded(format, plaintext.expose())?;
        let text = text.expose_text().unwrap_or_default();
        let mut tree = format.parse(text)?;
        if tree.parts.iter().any(|part| part.section.is_some()) {
            return Err(WriteError::NameTaken.into());
        }
        let sealed = seal::seal(format, text, &mut tree, &file.metadata.rule, &self.key, &mut reuse)?;
        let sections = file.tree.parts.iter().filter_map(|part| part.section.as_ref());
        let sections: Vec<String> = sections.map(|section| format.written(&file.text, section)).collect();
        finish(format, &put_sections(format, &sealed, &sections)?, &self.key, now, Some(&tree))
    }

    fn edit_binary(&self, plaintext: &Secret, now: UnixTime) -> Result<Vec<u8>, SopsError> {
        let Some(leaf) = self.file.tree.parts[0].root.member("data").and_then(Node::leaf) else {
            return Err(ReadError::NoData.into());
        };
        let mut splices = Splices::default();
        let sealed = self.key.encrypt(plaintext.expose(), "data:", "str")?;
        splices.put(leaf.spot.place.clone(), format!("\"{sealed}\""));
        let text = splices.apply(&self.file.text)?;
        finish(Format::Binary, text.expose_text().unwrap_or_default(), &self.key, now, None)
    }

    /// The same file, parsed and decrypted again, with its own tree.
    pub(super) fn reopened(&self) -> Result<SopsFile, SopsError> {
        let mut file = SopsFile::read(self.file.format, &self.file.text)?;
        open::open(&mut file.tree, &file.metadata, &self.key)?;
        Ok(file)
    }
}

/// The text with YAML aliases replaced by copies of what they refer to: a ciphertext is valid in one place only.
fn expanded(format: Format, plaintext: &[u8]) -> Result<Secret, SopsError> {
    let text = std::str::from_utf8(plaintext).map_err(|_| WriteError::NotUtf8)?;
    let mut splices = Splices::default();
    if format == Format::Yaml {
        let tree = format.parse(text)?;
        tree.parts.iter().try_for_each(|part| expand(text, &mut splices, &part.root, 0, false))?;
    }
    Ok(splices.apply(text)?)
}

fn expand(text: &str, splices: &mut Splices, node: &Node, column: usize, flow: bool) -> Result<(), ValueError> {
    if node.alias {
        return super::yaml::change::replace(text, splices, node, column, flow, &Draft::of(node));
    }
    match &node.form {
        Form::Leaf(_) => Ok(()),
        Form::Mapping(members) | Form::Sequence(members) => {
            members.entries().try_for_each(|entry| expand(text, splices, &entry.node, members.column, members.flow))
        }
    }
}

fn put_sections(format: Format, text: &str, sections: &[String]) -> Result<String, SopsError> {
    let spliced = format.put_section(text, &format.parse(text)?, sections)?.apply(text)?;
    Ok(spliced.expose_text().unwrap_or_default().to_owned())
}

fn section(format: Format, stanzas: &[Stanza], creation: &Creation, now: UnixTime) -> Draft {
    let mut fields = vec![
        ("age".to_owned(), recipients::draft(stanzas)),
        ("lastmodified".to_owned(), Draft::text(now.to_string())),
        ("mac".to_owned(), Draft::text(NO_MAC_YET)),
    ];
    if let Some((name, text)) = creation.rule.named().filter(|_| format != Format::Binary) {
        fields.push((name.to_owned(), Draft::text(text)));
    }
    if creation.mac_only_encrypted && format != Format::Binary {
        fields.push(("mac_only_encrypted".to_owned(), Draft::Scalar(Scalar::boolean(true))));
    }
    fields.push(("version".to_owned(), Draft::text(VERSION)));
    Draft::Mapping(fields)
}
