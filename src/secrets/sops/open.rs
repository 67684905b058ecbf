//! Decrypts the values in a document's tree, and checks the MAC.

use super::cipher::{DataKey, is_sealed};
use super::error::OpenError;
use super::mac::Mac;
use super::metadata::Metadata;
use super::scalar::{Kind, Scalar};
use super::tree::{Comment, Leaf, Tree};
use super::walk::{VisitContext, Visited, walk};

/// Decrypts every value and comment, and verifies the MAC. Values must not be used before that.
pub(super) fn open(tree: &mut Tree, metadata: &Metadata, key: &DataKey) -> Result<(), OpenError> {
    decrypt(tree, metadata, key)?.verify(key, &metadata.mac, &metadata.last_modified)
}

/// Decrypts every value and comment, and returns the MAC of the values without comparing it.
pub(super) fn decrypt(tree: &mut Tree, metadata: &Metadata, key: &DataKey) -> Result<Mac, OpenError> {
    let mut mac = Mac::new(metadata.mac_only_encrypted);
    walk(tree, &metadata.rule, &mut |at, found| match found {
        Visited::Comment(comment) => open_comment(at, comment, key),
        Visited::Leaf(leaf) => open_leaf(at, leaf, key, &mut mac),
    })?;
    Ok(mac)
}

fn open_leaf(at: &VisitContext, leaf: &mut Leaf, key: &DataKey, mac: &mut Mac) -> Result<(), OpenError> {
    leaf.authenticated = mac.covers(at.encrypted);
    // Null is neither encrypted nor hashed, and an empty text is not encrypted.
    let Some(scalar) = &leaf.scalar else { return Ok(()) };
    if at.encrypted && !scalar.is_empty() {
        let text = scalar.expose_text()?;
        if scalar.kind != Kind::Text || !is_sealed(text) {
            return Err(OpenError::Readable { path: at.path.to_owned() });
        }
        let (kind, plain) = key.decrypt(text, at.path)?;
        let opened = Scalar::typed(kind, plain);
        leaf.opened = Some(opened.ok_or_else(|| OpenError::WrongKind { path: at.path.to_owned(), kind: kind.to_owned() })?);
    }
    if let (true, Some(meaning)) = (leaf.authenticated, leaf.meaning()) {
        mac.take(meaning);
    }
    Ok(())
}

/// As in SOPS, a comment that does not decrypt stays as it is: no MAC covers it, and it is not a value.
fn open_comment(at: &VisitContext, comment: &mut Comment, key: &DataKey) -> Result<(), OpenError> {
    let Some(text) = comment.text.expose_text().map(str::trim).filter(|text| is_sealed(text)) else { return Ok(()) };
    // Editors move comments: one after the last line of a mapping may belong to an outer mapping.
    let mut path = at.path;
    let mut outer = Vec::new();
    while let Some((before, _)) = path.trim_end_matches(':').rsplit_once(':') {
        outer.push(format!("{before}:"));
        path = before;
    }
    let paths = std::iter::once(at.path).chain(outer.iter().map(String::as_str)).chain([":"]);
    let opened = paths.into_iter().find_map(|path| key.decrypt(text, path).ok());
    comment.opened = match opened {
        Some((_, plain)) if plain.expose_text().is_some() => Some(plain),
        _ if comment.item => return Err(OpenError::CommentChanged { path: at.path.to_owned() }),
        _ => None,
    };
    Ok(())
}
