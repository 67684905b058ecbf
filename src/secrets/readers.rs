//! Compares two revisions of a repository: who can open its files. Recipients can open a file whatever the policies say.

use super::origins::Files;
use super::{Creation, FileKind, Rules, encrypted_path, look, recipient_or_none};
use crate::words::names::SecretPath;
use crate::words::{Gain, WidenedFile, without_secrets};
use serde::Serialize;
use std::borrow::Cow;
use std::cell::{LazyCell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Stands for the recipients of a file that cannot be read.
const UNKNOWN: &str = "unknown";

/// A recipient that can open more than before, or less.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
pub struct ReaderChange {
    /// Whether it can open more; otherwise less.
    pub gains: bool,
    /// `age1…`, `ssh-…`, another kind of key with its kind before it, or `unknown`.
    pub recipient: String,
    /// Files that are encrypted to it in one revision only. An age file does not name its recipients.
    pub opens: Vec<String>,
    /// Files for which `.sops.yaml` names it in one revision only: they are encrypted to it the next time.
    pub named_for: Vec<String>,
    /// Why recipients are unknown, by file. Another tool may understand what is not understood here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// Compares two revisions. Recipients that gain come first.
pub fn reader_changes(old: &Files, new: &Files) -> Vec<ReaderChange> {
    let (old, new) = (RevisionFiles::of(old), RevisionFiles::of(new));
    let mut changes = new.beyond(&old, true);
    let unread: Vec<String> = new.unread(&old).into_iter().map(|(_, fault)| fault).collect();
    if !unread.is_empty() {
        changes.push(ReaderChange { gains: true, recipient: UNKNOWN.to_owned(), unread, ..ReaderChange::default() });
    }
    changes.extend(old.beyond(&new, false));
    changes
}

/// The files and rules by which a recipient can open more than by the active ones: one entry for each file and kind.
pub(super) fn widened(in_force: &Files, new: &Files) -> Vec<WidenedFile> {
    let (old, new) = (RevisionFiles::of(in_force), RevisionFiles::of(new));
    let (mut opened, mut named): (BTreeMap<String, Vec<String>>, Vec<String>) = Default::default();
    for change in new.beyond(&old, true) {
        if !change.named_for.is_empty() || change.opens.is_empty() {
            named.push(change.recipient.clone());
        }
        change.opens.into_iter().for_each(|file| opened.entry(file).or_default().push(change.recipient.clone()));
    }
    // Which rule names a recipient depends on all rule files, so every changed one is reported.
    let rules = if named.is_empty() { Vec::new() } else { new.rules.changed(&old.rules) };
    let by_rules = rules
        .iter()
        .map(|file| WidenedFile::new(file, Gain::Rules, format!("names {} for files that are encrypted next", named.join(", "))));
    let by_files = opened.iter().map(|(file, recipients)| {
        WidenedFile::new(file, Gain::Recipient, format!("is encrypted to {} too", recipients.join(", ")))
    });
    let unread = new.unread(&old).into_iter().map(|(file, fault)| {
        WidenedFile::new(&file, Gain::Unread, format!("names recipients that cannot be read here: {fault}"))
    });
    by_rules.chain(by_files).chain(unread).collect()
}

/// The files of one recipient.
#[derive(Default)]
struct RecipientFiles {
    opens: Vec<String>,
    named_for: Vec<String>,
}

/// One revision.
struct RevisionFiles<'a> {
    /// The files in the folders of encrypted files.
    files: BTreeMap<&'a str, File<'a>>,
    rules: Rules<'a>,
}

/// A file that is read at most once, and only when it is needed: most files did not change.
struct File<'a> {
    path: SecretPath,
    bytes: &'a Arc<[u8]>,
    read: OnceCell<FileReaders>,
}

#[derive(Default)]
struct FileReaders {
    /// The recipients that a SOPS file names.
    recipients: Option<BTreeSet<String>>,
    /// Why these may not be all.
    fault: Option<String>,
}

impl File<'_> {
    fn recipients(&self) -> Option<&BTreeSet<String>> {
        self.read().recipients.as_ref()
    }

    fn read(&self) -> &FileReaders {
        self.read.get_or_init(|| match look(&self.path, self.bytes) {
            Ok(FileKind::Sops(file)) => {
                let foreign = file.foreign_named().iter().map(|key| without_secrets(key));
                let recipients =
                    file.recipients().into_iter().map(recipient_or_none).chain(foreign).map(Cow::into_owned).collect();
                FileReaders { recipients: Some(recipients), fault: file.check_entries().err().map(|fault| fault.to_string()) }
            }
            Ok(FileKind::Age(_) | FileKind::Plain) => FileReaders::default(),
            Err(fault) => FileReaders { recipients: None, fault: Some(fault.to_string()) },
        })
    }
}

impl<'a> RevisionFiles<'a> {
    fn of(files: &'a Files) -> Self {
        let encrypted = files.iter().filter_map(|(name, bytes)| {
            let path = encrypted_path(name).ok()?;
            Some((name.as_str(), File { path, bytes, read: OnceCell::new() }))
        });
        Self { files: encrypted.collect(), rules: Rules::among(files) }
    }

    /// What recipients have on this side and not on the other.
    fn beyond(&self, other: &Self, gains: bool) -> Vec<ReaderChange> {
        let everybody = LazyCell::new(|| other.everybody());
        let same_rules = self.rules.changed(&other.rules).is_empty();
        let mut found: BTreeMap<String, RecipientFiles> = BTreeMap::new();
        for (name, file) in &self.files {
            if same_rules && other.has(name, file) {
                continue;
            }
            let name = *name;
            let had = other.files.get(name).and_then(File::recipients);
            // A file that the other side lacks counts only for recipients that the other side does not have at all.
            let news = |one: &&String| !had.map_or_else(|| everybody.contains(*one), |had| had.contains(*one));
            let here = file.recipients().into_iter().flatten().filter(news);
            here.for_each(|one| found.entry(one.clone()).or_default().opens.push(name.to_owned()));
            let known: BTreeSet<&String> = other.named_for(name).iter().chain(had.into_iter().flatten()).collect();
            let named = self.named_for(name).iter().filter(|one| !known.contains(one));
            named.for_each(|one| found.entry(one.clone()).or_default().named_for.push(name.to_owned()));
        }
        // Recipients that rules name although no file of theirs exists yet.
        let known: BTreeSet<&String> = other.rules.named().collect();
        self.rules.named().filter(|one| !known.contains(one)).for_each(|one| _ = found.entry(one.clone()).or_default());
        let change = |(recipient, RecipientFiles { opens, named_for })| ReaderChange {
            gains,
            recipient,
            opens,
            named_for,
            unread: vec![],
        };
        found.into_iter().map(change).collect()
    }

    /// The rules and files of this side that cannot be read and that the other side lacks or has in another version, each with the reason.
    fn unread(&self, other: &Self) -> Vec<(String, String)> {
        let files = self.files.iter().filter(|(name, file)| !other.has(name, file));
        let files =
            files.filter_map(|(name, file)| Some(((*name).to_owned(), format!("{name}: {}", file.read().fault.as_ref()?))));
        self.rules.unread(&other.rules).chain(files).collect()
    }

    /// Whether this side has the same file with the same bytes.
    fn has(&self, name: &str, file: &File<'_>) -> bool {
        self.files.get(name).is_some_and(|own| own.bytes == file.bytes)
    }

    /// Every recipient that can open a file of this side, or that its rules name.
    fn everybody(&self) -> BTreeSet<&String> {
        self.files.values().filter_map(File::recipients).flatten().chain(self.rules.named()).collect()
    }

    /// The recipients that the nearest rules above the file name; empty if no rule applies to it.
    fn named_for(&self, name: &str) -> &[String] {
        self.rules.for_file(name).and_then(Result::ok).map_or(&[], Creation::named)
    }
}

#[cfg(test)]
mod key_tests;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Identities, encrypt, encrypt_document};
    use crate::words::UnixTime;

    fn document(recipients: &[&str]) -> Vec<u8> {
        let recipients: Vec<String> = recipients.iter().map(|one| (*one).to_owned()).collect();
        let path = SecretPath::parse("a.yaml").unwrap();
        encrypt_document(&path, b"a: one\n", &recipients, UnixTime::from_seconds(1_795_000_000)).unwrap()
    }

    pub(super) fn files(files: &[(&str, &[u8])]) -> Files {
        files.iter().map(|(name, bytes)| ((*name).to_owned(), Arc::from(*bytes))).collect()
    }

    pub(super) fn change(gains: bool, recipient: &str, opens: &[&str], named_for: &[&str]) -> ReaderChange {
        let texts = |texts: &[&str]| texts.iter().map(|one| (*one).to_owned()).collect();
        let (opens, named_for) = (texts(opens), texts(named_for));
        ReaderChange { gains, recipient: recipient.to_owned(), opens, named_for, unread: Vec::new() }
    }

    #[test]
    fn recipients_that_gain_are_reported_by_file_and_by_rule() {
        let [(_, ours), (_, theirs)] = [Identities::generate(), Identities::generate()];
        let rules = |of: &str| format!("creation_rules:\n  - path_regex: ^secrets/shop/\n    age: {of}\n");
        let (both, comma) = (document(&[&ours, &theirs]), format!("{ours},{theirs}"));
        let own = document(&[&ours]);
        let (narrow, wide) = (rules(&ours), rules(&comma));
        let old = files(&[("secrets/shop/a.yaml", &own), (".sops.yaml", narrow.as_bytes())]);
        let opened = files(&[("secrets/shop/a.yaml", &both), (".sops.yaml", narrow.as_bytes())]);
        assert_eq!(reader_changes(&old, &opened), [change(true, &theirs, &["secrets/shop/a.yaml"], &[])]);
        assert_eq!(reader_changes(&opened, &old), [change(false, &theirs, &["secrets/shop/a.yaml"], &[])]);
        let named = files(&[("secrets/shop/a.yaml", &own), (".sops.yaml", wide.as_bytes())]);
        assert_eq!(reader_changes(&old, &named), [change(true, &theirs, &[], &["secrets/shop/a.yaml"])]);
        let yet = files(&[("secrets/other/a.yaml", &own), (".sops.yaml", narrow.as_bytes())]);
        let soon = files(&[("secrets/other/a.yaml", &own), (".sops.yaml", wide.as_bytes())]);
        assert_eq!(reader_changes(&yet, &soon), [change(true, &theirs, &[], &[])], "no file of that rule is there yet");
    }

    #[test]
    fn a_new_file_is_reported_for_new_recipients_only() {
        let [(_, ours), (_, theirs)] = [Identities::generate(), Identities::generate()];
        let (own, both) = (document(&[&ours]), document(&[&ours, &theirs]));
        let old = files(&[("secrets/a.yaml", &own)]);
        assert_eq!(reader_changes(&old, &files(&[("secrets/a.yaml", &own), ("secrets/b.yaml", &own)])), []);
        let stranger = files(&[("secrets/a.yaml", &own), ("secrets/b.yaml", &both)]);
        assert_eq!(reader_changes(&old, &stranger), [change(true, &theirs, &["secrets/b.yaml"], &[])]);
        let value = document(&[&ours]);
        assert_eq!(reader_changes(&old, &files(&[("secrets/a.yaml", &value)])), [], "another value");
        let age = encrypt(b"x", &[theirs], true).unwrap();
        assert_eq!(reader_changes(&old, &files(&[("secrets/a.yaml", &own), ("secrets/c.age", &age)])), [], "it names nobody");
    }

    /// sops accepts them like age's recipients, and files that it encrypts next would open for them.
    #[test]
    fn keys_of_other_kinds_in_the_rules_are_reported_and_wait() {
        let (_, ours) = Identities::generate();
        let (own, rule) = (document(&[&ours]), format!("creation_rules:\n  - age: {ours}\n"));
        let old = files(&[("secrets/a.yaml", &own), (".sops.yaml", rule.as_bytes())]);
        for (line, named) in [
            ("pgp: 064A4E65", "pgp 064A4E65"),
            ("kms: \"arn:aws:kms:eu-central-1:1:key/x\"", "kms arn:aws:kms:eu-central-1:1:key/x"),
            (
                "hc_vault_transit_uri: https://vault.example/v1/transit/keys/x",
                "hc_vault_transit_uri https://vault.example/v1/transit/keys/x",
            ),
            ("gcp_kms: [ { resource_id: projects/x } ]", "gcp_kms projects/x"),
        ] {
            let wider = format!("{rule}    {line}\n");
            let new = files(&[("secrets/a.yaml", &own), (".sops.yaml", wider.as_bytes())]);
            assert_eq!(reader_changes(&old, &new), [change(true, named, &[], &["secrets/a.yaml"])], "{line}");
            let waits = widened(&old, &new);
            assert!(waits.len() == 1 && waits[0].gain == Gain::Rules && waits[0].file == ".sops.yaml", "{line}: {waits:?}");
            assert_eq!(reader_changes(&new, &new.clone()), [], "{line}");
        }
        let [one, two] = ["AA", "BB"].map(|key| format!("{rule}    pgp: {key}\n"));
        let [one, two] = [one, two].map(|rules| files(&[(".sops.yaml", rules.as_bytes())]));
        assert!(reader_changes(&one, &two).contains(&change(true, "pgp BB", &[], &[])), "a different key of the same kind");
    }

    #[test]
    fn the_nearest_rules_count() {
        let [(_, ours), (_, theirs)] = [Identities::generate(), Identities::generate()];
        let rules = |of: &str| format!("creation_rules: [ {{ age: {of} }} ]\n");
        let (our, their, own) = (rules(&ours), rules(&theirs), document(&[&ours]));
        let old = files(&[("secrets/a/x.yaml", &own), ("secrets/x.yaml", &own), (".sops.yaml", our.as_bytes())]);
        let mut new = old.clone();
        new.insert("secrets/a/.sops.yaml".to_owned(), Arc::from(their.as_bytes()));
        // A recipient that is no longer named can still open the file until it is encrypted anew.
        let lost = change(false, &ours, &[], &["secrets/a/x.yaml"]);
        let mut found = reader_changes(&old, &new);
        found.retain(|found| *found != lost);
        assert_eq!(found, [change(true, &theirs, &[], &["secrets/a/x.yaml"])]);
    }

    #[test]
    fn unreadable_recipients_are_reported_when_their_file_changes() {
        let (_, ours) = Identities::generate();
        let whole = document(&[&ours]);
        let twice = String::from_utf8(document(&[&ours, &Identities::generate().1])).unwrap();
        let theirs = twice.split("recipient: ").skip(1).filter_map(|rest| rest.lines().next()).find(|one| *one != ours).unwrap();
        let twice = twice.replace(theirs, &ours);
        let split = String::from_utf8(whole.clone()).unwrap().replace("    mac:", "    shamir_threshold: 2\n    mac:");
        let old = files(&[("secrets/a.yaml", &whole), ("secrets/.sops.yaml", b"creation_rules: []\n")]);
        let group = b"creation_rules: [ { key_groups: [ { age: [a] }, { age: [b] } ] } ]\n";
        for (name, bytes, expected) in [
            ("secrets/a.yaml", split.as_bytes(), "secrets/a.yaml: the data key is split among key groups"),
            ("secrets/a.yaml", twice.as_bytes(), "secrets/a.yaml: two entries name one recipient"),
            ("secrets/.sops.yaml", group, "secrets/.sops.yaml, rule 1: the key is split among key groups"),
            ("secrets/.sops.yaml", b"creation_rules: {", "secrets/.sops.yaml: "),
            (".sops.yaml", b"creation_rules: [ { pgp: F00D } ]", ".sops.yaml, rule 1: it names no age recipient, only pgp"),
        ] {
            let mut new = old.clone();
            new.insert(name.to_owned(), Arc::from(bytes));
            let found = reader_changes(&old, &new);
            let unknown = found.iter().find(|change| change.recipient == UNKNOWN).unwrap();
            assert!(unknown.gains && unknown.unread.len() == 1 && unknown.unread[0].starts_with(expected), "{unknown:?}");
            assert_eq!(reader_changes(&new, &new), [], "it stood there before");
        }
    }
}
