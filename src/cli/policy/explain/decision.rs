//! `daypass policy explain --decision`: why the running server decided as it did, and what it would decide now.

use crate::app::ExplainedDecision;
use crate::cli::{audit, operate, print};
use crate::client::Failure;
use crate::store::{Entry, RequestRecord};
use crate::words::names::SourceName;
use crate::words::{IdSuffix, Reason, plain};
use serde_json::json;
use std::path::Path;

/// As many as a person reads; `status` lists them all.
const FILES_LISTED_MAX: usize = 5;

/// Ends with 0 if there is such a decision, whether it granted or denied.
pub(super) async fn run(config: &Path, decision: &IdSuffix, json: bool) -> Result<u8, Failure> {
    let server = operate::Server::of(config.to_owned());
    let explained: ExplainedDecision = server.post("explain", &json!({ "decision": decision })).await?;
    if json {
        print::json(&json!(explained));
    } else {
        anstream::print!("{}", render(&explained));
    }
    Ok(0)
}

fn render(explained: &ExplainedDecision) -> String {
    let mut text = format!("Decision {}\n\n", explained.decision_id);
    for record in &explained.records {
        text.push_str(&format!("  {}  {:<10} {}\n", record.at, record.kind, plain(&audit::what(record))));
    }
    text.push('\n');
    for (name, what) in facts(explained) {
        text.push_str(&format!("  {name:<10} {}\n", plain(&what)));
    }
    text.push('\n');
    match &explained.not_explained {
        Some(why) => text.push_str(&format!("Nothing more to explain: {why}.\n")),
        None => match not_by_policies(explained) {
            Some(other) => text.push_str(&other),
            None => text.push_str("What the server would decide now, with the same token:\n\n"),
        },
    }
    explained.explanations.iter().for_each(|one| text.push_str(&format!("{one}\n")));
    if explained.claims_pruned {
        text.push_str(
            "The token's claims are pruned: a line over a raw claim is shown as not matching, though it may have matched.\n",
        );
    }
    for file in explained.newer_forms.iter().take(FILES_LISTED_MAX) {
        let file = plain(file);
        text.push_str(&format!(
            "Beware: the newest form of {file} is faulty or waits, so an older form, or none, decides: see `daypass status`.\n"
        ));
    }
    if !explained.stale_sources.is_empty() {
        let names: Vec<&str> = explained.stale_sources.iter().map(SourceName::as_str).collect();
        text.push_str(&format!("These sources were read too long ago, so their policies grant nothing: {}.\n", names.join(", ")));
    }
    text
}

/// A refusal that is not the policies', such as of a token that was used before: another token would be granted.
fn not_by_policies(explained: &ExplainedDecision) -> Option<String> {
    if explained.explanations.iter().any(|one| one.allowed_by.is_none()) {
        return None;
    }
    let refused = |entry: &Entry| entry.request().and_then(|record| Some((record.reason?, record.cause)));
    let (code, cause) = explained.records.iter().rev().find_map(refused)?;
    let reason = Reason::ALL.iter().find(|reason| code == reason.code())?;
    // The policies of that time refused these.
    if matches!(reason, Reason::NoMatchingPolicy | Reason::Denied | Reason::PolicyAmbiguous | Reason::PolicyUnavailable) {
        return None;
    }
    let cause = cause.unwrap_or_default();
    let (code, cause, hint) = (reason.code(), plain(&cause), reason.hint());
    Some(format!("The policies grant it. It was refused with `{code}`: {cause}\n  hint: {hint}\n\nWhat the policies say:\n\n"))
}

/// Who asked for what, from where, and by which policies the server decided.
fn facts(explained: &ExplainedDecision) -> Vec<(&'static str, String)> {
    let records: Vec<RequestRecord> = explained.records.iter().filter_map(Entry::request).collect();
    let requested = records.iter().find_map(|record| record.credentials.as_ref()).map(|lines| lines.join(", "));
    let in_force = explained.revision_in_force.as_ref().map_or("none", |commit| commit.as_str());
    let decided = explained.decided_at_revision.as_deref();
    let of_revision = match decided {
        Some(decided) if decided == in_force => format!("{decided}, still in force"),
        Some(decided) => format!("{decided}; in force now is {in_force}"),
        None => format!("not recorded; in force now is {in_force}"),
    };
    let issuer = records.iter().find_map(|record| record.issuer.as_ref());
    let identity = records.iter().find_map(|record| record.subject.as_ref()).zip(issuer);
    let identity = identity.map(|(subject, issuer)| format!("{subject}, by the issuer {issuer}"));
    let api = records.iter().find_map(|record| record.api.as_ref());
    let from = records.iter().find_map(|record| record.client).zip(api);
    let from = from.map(|(client, api)| format!("{client}, at the API {api}"));
    let named = explained.policy_named.as_ref().map(|policy| format!("{policy}: the request named it, so no other could grant"));
    let all = [
        ("identity", identity),
        ("asked for", requested.filter(|requested| !requested.is_empty())),
        ("policy", named),
        ("from", from),
        ("revision", Some(of_revision)),
    ];
    all.into_iter().filter_map(|(name, what)| Some((name, what?))).collect()
}
