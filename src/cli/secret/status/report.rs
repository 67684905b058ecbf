//! The report on a checkout's encrypted files.

use crate::cli::print::{self, counted};
use crate::cli::secret::planned::difference;
use crate::cli::secret::{clear, creation};
use crate::client::Failure;
use crate::client::checkout::Checkout;
use crate::policy::DocumentGrant;
use crate::secrets::{Creation, FileKind, SopsFile, look, looks_secret, recipient_or_none};
use crate::words::holds_private_key;
use crate::words::names::SecretPath;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Folders of unencrypted files, which may hold a secret by mistake.
const READABLE: [&str; 3] = ["policies", "tests", "sources"];

/// Files, and a remark on each.
type Remarks = Vec<(String, String)>;

#[derive(Default)]
pub(super) struct Report {
    age: usize,
    sops: usize,
    /// The SOPS files that each recipient opens.
    recipients: BTreeMap<String, Vec<String>>,
    stale: Remarks,
    /// Files without a recipient that a server could be.
    foreign: Remarks,
    plain: Vec<String>,
    damaged: Remarks,
    passed_over: Remarks,
    readable: Remarks,
    /// Files with something in clear that their own rule encrypts.
    unsealed: Remarks,
    /// Files that are completely in clear, or will be when they are encrypted next.
    clear: Remarks,
    /// Files that nobody gets, and grants without a file; known if the policies were read.
    unreachable: Option<(Vec<String>, Remarks)>,
    documents: Vec<SecretPath>,
}

impl Report {
    pub(super) fn of(checkout: &Checkout) -> Result<Self, Failure> {
        let passed_over = checkout.passed_over()?.into_iter().map(|(name, why)| (name, why.to_string())).collect();
        let mut report = Self { passed_over, ..Self::default() };
        for name in checkout.files(&[])? {
            let bytes = checkout.read(&name)?;
            if let Some(Ok(path)) = name.strip_prefix("secrets/").map(SecretPath::parse) {
                report.documents.push(path);
            }
            let key = holds_private_key(&bytes).map(|what| (name.clone(), format!("holds, in clear, what looks like {what}")));
            match crate::cli::secret::target::path_of(name.as_ref())
                .map_err(|failure| failure.to_string())
                .and_then(|path| look(&path, &bytes).map_err(|fault| fault.to_string()))
            {
                Ok(FileKind::Age(_)) => report.age += 1,
                Ok(FileKind::Plain) => report.plain.push(name),
                Ok(FileKind::Sops(sops)) => report.take_sops(checkout, name, *sops),
                Err(fault) => report.damaged.push((name, fault)),
            }
            // The values were looked at one by one; a comment or a key's name is none.
            let is_listed = |name: &str| report.readable.iter().any(|(listed, _)| listed == name);
            if let Some(key) = key.filter(|(name, _)| !is_listed(name)) {
                report.readable.push(key);
            }
        }
        let readable: Vec<_> = READABLE.iter().map(|folder| checkout.root().join(folder)).filter(|path| path.exists()).collect();
        // Without any, `files` would list the encrypted ones.
        for name in if readable.is_empty() { Vec::new() } else { checkout.files(&readable)? } {
            let looks = looks_secret(&checkout.read(&name)?);
            report.readable.extend(looks.map(|what| (name, format!("holds what looks like {what}"))));
        }
        Ok(report)
    }

    fn take_sops(&mut self, checkout: &Checkout, name: String, mut sops: SopsFile) {
        self.sops += 1;
        for recipient in sops.recipients() {
            self.recipients.entry(recipient_or_none(recipient).into_owned()).or_default().push(name.clone());
        }
        if sops.recipients().is_empty() {
            self.foreign.push((name.clone(), format!("only to {}", sops.foreign_keys().join(" and "))));
        }
        let mut by = None;
        match creation::by_rules(&checkout.root().join(&name)) {
            Ok(Some(creation)) => {
                if !sops.is_for(creation.recipients()) {
                    self.stale.push((name.clone(), difference(&sops, creation.recipients())));
                }
                by = Some(creation);
            }
            Ok(None) => {}
            Err(failure) => self.stale.push((name.clone(), failure.to_string())),
        }
        if let Some(why) = clear::unsealed(&mut sops) {
            self.unsealed.push((name.clone(), why));
        } else if let Some(why) = in_clear(&mut sops, by.as_ref()) {
            self.clear.push((name.clone(), why));
        }
        let values = sops.readable_values();
        let looks = values.iter().filter_map(|one| Some(format!("{} looks like {}", one.pointer(), one.looks?)));
        self.readable.extend(looks.map(|why| (name.clone(), why)));
    }

    /// Compares the files with the grants: files that nobody gets, and grants without a file.
    pub(super) fn compare(&mut self, grants: &[DocumentGrant<'_>]) {
        let to_nobody = self.documents.iter().filter(|path| !grants.iter().any(|grant| grant.covers(path)));
        let to_nobody = to_nobody.map(|path| format!("secrets/{path}")).collect();
        let empty = grants.iter().filter(|grant| !self.documents.iter().any(|path| grant.covers(path)));
        self.unreachable = Some((to_nobody, empty.map(|grant| (grant.at(), grant.documents())).collect()));
    }

    pub(super) fn is_to_do(&self) -> bool {
        !(self.stale.is_empty()
            && self.foreign.is_empty()
            && self.plain.is_empty()
            && self.damaged.is_empty()
            && self.passed_over.is_empty()
            && self.readable.is_empty()
            && self.unsealed.is_empty()
            && self.clear.is_empty())
            || self.unreachable.as_ref().is_some_and(|(files, grants)| !files.is_empty() || !grants.is_empty())
    }

    pub(super) fn to_json(&self) -> Value {
        let to_json =
            |entries: &Remarks| entries.iter().map(|(file, why)| json!({ "file": file, "why": why })).collect::<Vec<_>>();
        let grants = |grants: &Remarks| {
            grants.iter().map(|(at, documents)| json!({ "at": at, "documents": documents })).collect::<Vec<_>>()
        };
        json!({
            "age_files": self.age, "sops_files": self.sops, "recipients": self.recipients, "stale": to_json(&self.stale),
            "no_age_recipient": to_json(&self.foreign),
            "not_encrypted": self.plain, "damaged": to_json(&self.damaged), "not_looked_at": to_json(&self.passed_over), "readable": to_json(&self.readable),
            "nothing_encrypted": to_json(&self.clear), "in_clear_against_rule": to_json(&self.unsealed),
            "granted_to_nobody": self.unreachable.as_ref().map(|(files, _)| files),
            "granted_and_not_there": self.unreachable.as_ref().map(|(_, empty)| grants(empty)),
        })
    }

    pub(super) fn render(&self) -> String {
        let mut out = format!("{}, {}\n", counted(self.sops, "SOPS file"), counted(self.age, "age file"));
        if !self.recipients.is_empty() {
            out.push_str("\nRecipients (an age file does not name its own)\n");
        }
        for (recipient, files) in &self.recipients {
            let _ = writeln!(out, "  {:<26} {}", print::recipient(recipient), counted(files.len(), "file"));
        }
        let of_file = |entries: &Remarks| entries.iter().map(|(file, why)| format!("{file}: {why}")).collect::<Vec<_>>();
        print::section(&mut out, "Encrypted to others than .sops.yaml says (`daypass secret updatekeys`)", &of_file(&self.stale));
        print::section(
            &mut out,
            "No age recipient, so no server opens them (`sops updatekeys` adds one)",
            &of_file(&self.foreign),
        );
        print::section(&mut out, "Not encrypted", &self.plain);
        print::section(&mut out, "Damaged", &of_file(&self.damaged));
        print::section(&mut out, "Not looked at", &of_file(&self.passed_over));
        print::section(&mut out, "Readable, and looks like a secret", &of_file(&self.readable));
        print::section(&mut out, "Readable, and should not be", &of_file(&self.unsealed));
        print::section(&mut out, "Readable as a whole, by the rule of what is encrypted", &of_file(&self.clear));
        match &self.unreachable {
            Some((files, grants)) => {
                print::section(&mut out, "Granted to nobody", files);
                print::section(&mut out, "Granted, and there is no such file", &of_file(grants));
            }
            None => out.push_str("\nFiles that are granted to nobody were not searched: that needs --policies-config\n"),
        }
        if !self.is_to_do() {
            out.push_str("\nNothing is to be done.\n");
        }
        out
    }
}

/// Why the file is completely in clear, or will be by the rule of `.sops.yaml`.
fn in_clear(sops: &mut SopsFile, by: Option<&Creation>) -> Option<String> {
    if let (_, true) = sops.clear_values() {
        return Some(format!("nothing of it is encrypted, by `{}`", sops.setting()));
    }
    let by = by.filter(|by| !sops.would_be_hidden(by))?;
    Some(format!("nothing of it would be encrypted next, by `{}` of .sops.yaml", by.setting()))
}
