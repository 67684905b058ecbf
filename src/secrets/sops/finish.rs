//! The last step of every change: the new file is read back before it is returned.

use super::cipher::DataKey;
use super::document::SopsFile;
use super::error::{SopsError, WriteError};
use super::format::Format;
use super::scalar::Scalar;
use super::splice::Splices;
use super::tree::{Node, Tree};
use super::{open, render};
use crate::words::UnixTime;

/// Reads the new file as a reader would, sets its MAC, and returns it only if its values are the expected ones.
pub(super) fn finish(
    format: Format,
    text: &str,
    key: &DataKey,
    now: UnixTime,
    expected: Option<&Tree>,
) -> Result<Vec<u8>, SopsError> {
    let mut file = SopsFile::read(format, text)?;
    let mac = open::decrypt(&mut file.tree, &file.metadata, key)?;
    if let Some(at) = expected.and_then(|expected| render::difference(&file.tree, expected)) {
        return Err(WriteError::ReadBack { at }.into());
    }
    let modified = now.to_string(); // to the second, as SOPS writes it: the MAC is bound to these bytes
    let mac = mac.seal(key, &modified)?;
    let mut splices = Splices::default();
    for section in file.tree.parts.iter().filter_map(|part| part.section.as_ref()) {
        for (name, text) in [("mac", &mac), ("lastmodified", &modified)] {
            let leaf = section.node.member(name).and_then(Node::leaf).ok_or(WriteError::SectionLacks { name })?;
            let written = if name == "mac" {
                format.sealed(leaf, text)
            } else {
                format.plain(&file.text, leaf, &Scalar::text(text.as_str()))?
            };
            splices.put(leaf.spot.place.clone(), written);
        }
    }
    let text = splices.apply(text)?;
    let mut file = SopsFile::read(format, text.expose_text().unwrap_or_default())?;
    open::open(&mut file.tree, &file.metadata, key)?;
    Ok(text.expose().to_vec())
}
