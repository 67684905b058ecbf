//! The tutorial from nothing to its end, and every how-to guide in the tutorial's folder.

use super::session::Session;
use super::{blocks, pages_to_follow};
use crate::support::peer;

/// Behind it the tutorial's server is up, and its shell has an address and a token.
const SERVER_IS_UP: &str = "## 8. A denial, and its reason";

#[test]
fn the_tutorial_goes_from_nothing_to_a_credential_in_ci() {
    if peer("act").is_none() {
        return;
    }
    let mut session = Session::new();
    session.add("docs/tutorial.md", None);
    session.run();
}

#[test]
fn every_guide_runs_as_printed_in_the_folder_of_the_tutorial() {
    let guides = pages_to_follow().into_iter().skip(2);
    let is_run = |page: &String| blocks::of(page).iter().any(|block| block.language == "sh" && block.not_run.is_none());
    let run: Vec<String> = guides.filter(is_run).collect();
    assert!(run.len() >= 4, "{run:?}");
    for page in run {
        let mut session = Session::new();
        session.add("docs/tutorial.md", Some(SERVER_IS_UP));
        session.add(&page, None);
        session.run();
    }
}
