//! What `updatekeys` and `rotate` will change: each file, and its new recipients. They do exactly what they listed: the rules are
//! read once, and a file that was changed since then is left unchanged.

use super::creation;
use super::keyring::KeyArgs;
use super::not_rewritten::{NotRewritten, read};
use super::work::Work;
use crate::cli::print::{self, counted};
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::secrets::{Binding, Creation, FileRewrite, Identities, Rewrite, SopsFile, recipient_or_none};
use crate::words::{Clock, Digest, SystemClock, plain};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, IsTerminal, Write};

/// How many files with the same change are listed.
const FILES_SHOWN_MAX: usize = 20;

/// The requested change.
pub(super) struct TreeChange<'a> {
    pub(super) how: Rewrite,
    pub(super) recipients: &'a [String],
    pub(super) keys: &'a KeyArgs,
    /// The files that were named one by one, not by their folder.
    pub(super) named: BTreeSet<String>,
}

/// The files in order, and what is done to each, or why nothing is done.
pub(super) struct Planned {
    how: Rewrite,
    files: Vec<(String, Result<Step, NotRewritten>)>,
}

/// What is done to one file.
struct Step {
    before: Digest,
    to: Creation,
    /// The listed change; none if the file is right as it is, provided that it opens.
    change: Option<String>,
}

impl Planned {
    /// Plans the change of these files, without those that an earlier run changed for the same recipients. One file at a time is in memory.
    pub(super) async fn of(request: &TreeChange<'_>, names: Vec<String>, work: &mut Work<'_>) -> Result<Self, Failure> {
        let own = request.keys.source_recipients().await?;
        let mut files = Vec::new();
        for name in names {
            let step = step(request, &name, own.as_deref(), work).await;
            files.extend(step.transpose().map(|step| (name, step)));
        }
        Ok(Self { how: request.how, files })
    }

    /// Prints the changes, and asks if a person is at the terminal.
    pub(super) fn is_agreed(&self, asks: bool) -> Result<bool, Failure> {
        // Equal changes are grouped, so that a different one is always listed.
        let mut alike: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (file, step) in &self.files {
            let change = step.as_ref().ok().and_then(|step| step.change.as_deref());
            change.into_iter().for_each(|change| alike.entry(change).or_default().push(file));
        }
        let count = alike.values().map(Vec::len).sum();
        for (change, files) in alike {
            files.iter().take(FILES_SHOWN_MAX).for_each(|file| anstream::println!("{}: {}", plain(file), plain(change)));
            if files.len() > FILES_SHOWN_MAX {
                anstream::println!("and {} more: {}", counted(files.len() - FILES_SHOWN_MAX, "file"), plain(change));
            }
        }
        if count == 0 || !asks || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Ok(true);
        }
        let unread = |fault: std::io::Error| Failure::new(STATUS_CONFIGURATION, fault);
        anstream::print!("Change {}? [y/N] ", counted(count, "file"));
        std::io::stdout().flush().map_err(unread)?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map_err(unread)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// Makes the changes. A fault in one file does not stop the others.
    pub(super) fn run(self, identities: &Identities, work: &mut Work<'_>) -> Result<(), Failure> {
        let progress = Progress::of_steps("changing files", self.files.len());
        for (name, step) in self.files {
            match step {
                Ok(step) => {
                    let content = rewritten(&name, &step, self.how, identities, work);
                    work.take(&name, &step.before, &readers(&step.to), content)?;
                }
                Err(fault) => work.fault(name, &fault),
            }
            progress.step();
        }
        Ok(())
    }
}

/// Plans the change of one file; none if an earlier run changed it.
async fn step(
    request: &TreeChange<'_>,
    name: &str,
    own: Option<&[String]>,
    work: &mut Work<'_>,
) -> Result<Option<Step>, NotRewritten> {
    let file = work.checkout.root().join(name);
    let bytes = read(&file)?;
    let path = super::target::path_of(&file).map_err(NotRewritten::Recipients)?;
    let to = creation::of_path(&file, request.recipients, request.keys).await.map_err(NotRewritten::Recipients)?;
    let before = Digest::plain(&bytes);
    if work.is_done(name, &before, &readers(&to)) {
        return Ok(None);
    }
    let rewrite = FileRewrite::of(&path, &bytes, request.how, &to)?;
    let binding = rewrite.binding();
    if let (Binding::Elsewhere(path), false) = (&binding, request.named.contains(name)) {
        return Err(NotRewritten::Bound(path.clone()));
    }
    if let Some(own) = own.filter(|own| !own.iter().any(|one| to.recipients().contains(one))) {
        return Err(NotRewritten::LockedOut(own.to_vec()));
    }
    let change = rewrite.is_needed().then(|| change(&rewrite, request.how, &to, &binding));
    Ok(Some(Step { before, to, change }))
}

/// Rewrites the listed bytes, for the listed recipients and path.
fn rewritten(
    name: &str,
    step: &Step,
    how: Rewrite,
    identities: &Identities,
    work: &Work<'_>,
) -> Result<Option<Vec<u8>>, NotRewritten> {
    let file = work.checkout.root().join(name);
    let path = super::target::path_of(&file).map_err(NotRewritten::Recipients)?;
    let bytes = read(&file)?;
    if Digest::plain(&bytes) != step.before {
        return Err(NotRewritten::Changed);
    }
    Ok(FileRewrite::of(&path, &bytes, how, &step.to)?.run(identities, SystemClock.now())?)
}

/// A digest of the recipients, in any order.
fn readers(to: &Creation) -> Digest {
    let mut recipients: Vec<&[u8]> = to.recipients().iter().map(String::as_bytes).collect();
    recipients.sort_unstable();
    Digest::of(&recipients)
}

/// A file's line in the list.
fn change(rewrite: &FileRewrite<'_>, how: Rewrite, to: &Creation, binding: &Binding) -> String {
    let mut parts = Vec::new();
    if let Some(sops) = rewrite.sops() {
        parts.extend((how == Rewrite::Rotate).then(|| "gets a new data key".to_owned()));
        parts.push(difference(sops, to.recipients()));
    } else {
        // An age file does not say who opens it.
        let all: Vec<String> = to.recipients().iter().map(|one| print::recipient(one)).collect();
        parts.push(format!("encrypted anew to {}", all.join(", ")));
    }
    let is_whole = rewrite.sops().is_none() || how == Rewrite::Rotate;
    match (binding, to.path()) {
        (Binding::Elsewhere(path), Some(_)) => parts.push(format!("was bound to {path}, is bound to this path")),
        (Binding::Elsewhere(path), None) if is_whole => parts.push(format!("was bound to {path}, is bound to no path")),
        (Binding::Free, Some(_)) if is_whole => parts.push("was bound to no path, is bound to this one".to_owned()),
        (Binding::Elsewhere(_) | Binding::Free | Binding::Here, _) => {}
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// The recipients that a file has and should not have, and those that it lacks.
pub(super) fn difference(sops: &SopsFile, recipients: &[String]) -> String {
    let own = sops.recipients();
    let shown = |one: &str| print::recipient(&recipient_or_none(one));
    let too_many =
        own.iter().filter(|one| !recipients.iter().any(|other| other == *one)).map(|one| format!("has {}", shown(one)));
    let twice = own.iter().enumerate().filter(|(number, one)| own[..*number].contains(one));
    let twice = twice.map(|(_, one)| format!("has {} twice", shown(one)));
    let lacking =
        recipients.iter().filter(|one| !own.contains(&one.as_str())).map(|one| format!("lacks {}", print::recipient(one)));
    too_many.chain(twice).chain(lacking).collect::<Vec<_>>().join(", ")
}
