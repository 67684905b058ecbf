//! Which files of a repository are read, and what is said of the others. The server and the command line say the same.

use super::catalogue::Tree;
use super::layout::may_be_guardrails;
use crate::words::yaml::{Fault, Place};
use std::borrow::Cow;
use std::collections::HashSet;

/// The files of a further source that are read, and a fault for each file that only the root repository may have.
pub fn of_further_source(files: &Tree) -> (Cow<'_, Tree>, Vec<Fault>) {
    let unread: Vec<(&String, &str)> = files.keys().filter_map(|file| Some((file, why_unread(file)?))).collect();
    let mut read = Cow::Borrowed(files);
    for (file, _) in &unread {
        read.to_mut().remove(*file);
    }
    let faults = unread.into_iter().map(|(file, why)| left_out(file, why)).collect();
    (read, faults)
}

/// The fault of a file that is not read.
pub fn left_out(file: &str, why: &str) -> Fault {
    Fault::new(file, Place { line: 1, column: 1 }, why).coded("left_out")
}

/// What readers found, and a fault for each file that was left out. What a reader said of such a file is about no content of it.
pub fn with_left_out(found: impl IntoIterator<Item = Fault>, files: &[(String, String)]) -> Vec<Fault> {
    let names: HashSet<&str> = files.iter().map(|(file, _)| file.as_str()).collect();
    let read = found.into_iter().filter(|fault| !names.contains(fault.file.exact()));
    read.chain(files.iter().map(|(file, why)| left_out(file, why))).collect()
}

fn why_unread(file: &str) -> Option<&'static str> {
    if may_be_guardrails(file) {
        return Some("only the root repository has guardrails: this file is not read");
    }
    let defines = file.starts_with("sources/") && file.ends_with(".yaml");
    defines.then_some("only the root repository defines further sources: this file is not read")
}
