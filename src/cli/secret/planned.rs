//! What `updatekeys` and `rotate` will change, before they do: each file, and who opens it from then on.

use super::creation;
use super::keyring::KeyArgs;
use super::target::path_of;
use crate::cli::print::{self, counted};
use crate::client::checkout::Checkout;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::secrets::{Seen, SopsFile, look};
use crate::words::plain;
use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write};

/// Files of one and the same change that are listed.
const FILES_SHOWN_MAX: usize = 20;

/// Each file that gets other recipients, and which.
pub(super) struct Planned(Vec<(String, String)>);

impl Planned {
    /// Of these files. What is wrong with one is told when it is changed.
    pub(super) async fn of(checkout: &Checkout, files: &[(String, Vec<u8>)], recipients: &[String], keys: &KeyArgs) -> Self {
        let mut lines = Vec::new();
        for (name, bytes) in files {
            let file = checkout.root().join(name);
            let (Ok(path), Ok(to)) = (path_of(&file), creation::of_path(&file, recipients, keys).await) else { continue };
            match look(&path, bytes) {
                Ok(Seen::Sops(sops)) if !sops.is_for(to.recipients()) => {
                    lines.push((plain(name).into_owned(), difference(&sops, to.recipients())));
                }
                Ok(Seen::Age(_)) => {
                    // An age file does not say who opens it.
                    let all: Vec<String> = to.recipients().iter().map(|one| print::recipient(one)).collect();
                    lines.push((plain(name).into_owned(), format!("encrypted anew to {}", all.join(", "))));
                }
                _ => {}
            }
        }
        Self(lines)
    }

    /// Prints them, and asks where somebody is there to answer.
    pub(super) fn is_agreed(&self, asks: bool) -> Result<bool, Failure> {
        if self.0.is_empty() {
            return Ok(true);
        }
        // What is the same for many files is told once, so that none is left out that is otherwise.
        let mut alike: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (file, change) in &self.0 {
            alike.entry(change).or_default().push(file);
        }
        for (change, files) in alike {
            files.iter().take(FILES_SHOWN_MAX).for_each(|file| anstream::println!("{file}: {change}"));
            if files.len() > FILES_SHOWN_MAX {
                anstream::println!("and {} more: {change}", counted(files.len() - FILES_SHOWN_MAX, "file"));
            }
        }
        if !asks || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Ok(true);
        }
        let unread = |fault: std::io::Error| Failure::new(STATUS_CONFIGURATION, fault);
        anstream::print!("Change {}? [y/N] ", counted(self.0.len(), "file"));
        std::io::stdout().flush().map_err(unread)?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map_err(unread)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

/// Who opens a file and should not, and who does not and should.
pub(super) fn difference(sops: &SopsFile, recipients: &[String]) -> String {
    let own = sops.recipients();
    let too_many = own
        .iter()
        .filter(|one| !recipients.iter().any(|other| other == *one))
        .map(|one| format!("has {}", print::recipient(one)));
    let lacking =
        recipients.iter().filter(|one| !own.contains(&one.as_str())).map(|one| format!("lacks {}", print::recipient(one)));
    too_many.chain(lacking).collect::<Vec<_>>().join(", ")
}
