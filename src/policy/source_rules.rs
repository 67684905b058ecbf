//! The files of a further source's repository that count. The server and the command line read the same ones.

use super::catalogue::Tree;
use super::layout::may_be_guardrails;
use crate::words::yaml::{Fault, Place};
use std::borrow::Cow;

/// The files of a further source that are read, and a fault for each file that only the root repository may have.
pub fn of_further_source(files: &Tree) -> (Cow<'_, Tree>, Vec<Fault>) {
    let unread: Vec<(&String, &str)> = files.keys().filter_map(|file| Some((file, why_unread(file)?))).collect();
    let mut read = Cow::Borrowed(files);
    for (file, _) in &unread {
        read.to_mut().remove(*file);
    }
    let to_fault = |(file, why): (&String, &str)| Fault::new(file, Place { line: 1, column: 1 }, why).coded("left_out");
    let faults = unread.into_iter().map(to_fault).collect();
    (read, faults)
}

fn why_unread(file: &str) -> Option<&'static str> {
    if may_be_guardrails(file) {
        return Some("only the root repository has guardrails: this file is not read");
    }
    let defines = file.starts_with("sources/") && file.ends_with(".yaml");
    defines.then_some("only the root repository defines further sources: this file is not read")
}
