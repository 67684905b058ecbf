//! Applications of Entra: whose tokens their federated credentials take, and their secrets and certificates.
//!
//! Microsoft Graph, `application`, `federatedIdentityCredential`.

mod applications;

pub(super) use applications::Applications;

use super::bound::{Bound, Text, admits_anybody};
use super::granted::GrantedInClouds;
use super::issuers;
use super::way_in::{WayIn, WayInKind, listed, subjects};
use crate::kind::Guid;
use crate::policy::import::expression;
use crate::words::UnixTime;
use applications::Application;
use serde_json::Value;
use std::collections::BTreeSet;

const MEND: &str = "`daypass azure bootstrap` prints the federated credentials that the policies need, and no more";
const STRANGERS: &str =
    "nothing that is understood here keeps out strangers who have a token of it: bind a whole owner or repository, or delete it";

/// The ways in to each application that is granted.
pub(super) fn ways(applications: &Applications, granted: &GrantedInClouds) -> Vec<WayIn> {
    granted.applications.iter().flat_map(|(client, used)| of_application(client, used, applications, granted)).collect()
}

fn of_application(client: &Guid, used: &BTreeSet<String>, applications: &Applications, granted: &GrantedInClouds) -> Vec<WayIn> {
    let of = format!("application {client}");
    let name = client.to_string().to_ascii_lowercase();
    let mut ways = Vec::new();
    let application = applications.of(&name);
    match application.filter(|application| application.has_federated()) {
        None => {
            let advice = "add what `az ad app federated-credential list --id CLIENT_ID` prints, called CLIENT_ID.json; where there is no such application, correct the policy";
            ways.push(WayIn::new(
                &of,
                WayInKind::Missing,
                "policies grant it, and no export of its federated credentials is here",
                advice,
            ));
        }
        Some(application) => {
            let mut found = BTreeSet::new();
            for credential in &application.federated {
                match credential_way(&of, credential, granted) {
                    Ok(subject) => _ = found.insert(subject),
                    Err(way) => ways.push(way),
                }
            }
            ways.splice(0..0, subjects(&of, &found, used, granted, MEND));
            if !application.is_listed {
                let message = "whether it has further federated credentials is in no export here";
                ways.push(WayIn::new(
                    &of,
                    WayInKind::NotSeen,
                    message,
                    "add what `az ad app federated-credential list --id CLIENT_ID` prints, called CLIENT_ID.json",
                ));
            }
        }
    }
    ways.extend(secrets(&of, application.unwrap_or(&Application::default()), granted.now));
    ways
}

/// The subject of daypass that a credential takes, or another way in.
fn credential_way(of: &str, credential: &Value, granted: &GrantedInClouds) -> Result<String, WayIn> {
    let name = credential["name"].as_str().unwrap_or("without a name");
    let way = |kind, message: String, advice: &str| {
        Err(WayIn::new(of, kind, format_args!("{message} (federated credential {name})"), advice))
    };
    let (Some(issuer), Some(audiences)) = (credential["issuer"].as_str(), credential["audiences"].as_array()) else {
        return way(WayInKind::NotUnderstood, "it may let others in: `issuer` or `audiences` is not understood".to_owned(), MEND);
    };
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let (subject, expression) = (text(&credential["subject"]), text(&credential["claimsMatchingExpression"]["value"]));
    let is_ours = issuer.trim_end_matches('/') == granted.issuer.as_str().trim_end_matches('/');
    match (is_ours, subject, expression) {
        (true, Some(subject), None) => ours(subject, audiences, granted).or_else(|(kind, message)| way(kind, message, MEND)),
        (true, ..) => way(WayInKind::NotUnderstood, "it may let in more of daypass than one subject".to_owned(), MEND),
        (false, None, None) => {
            way(WayInKind::NotUnderstood, format!("{}, and nobody can tell whom", issuers::describe(issuer)), MEND)
        }
        (false, subject, expression) => {
            let bounds = bounds(subject.as_deref(), expression.as_deref());
            let is_open = admits_anybody(issuer, &bounds);
            let subject = subject.map(|subject| format!("for the subject {subject}"));
            let expression = expression.map(|expression| format!("where {expression}"));
            let who: Vec<String> = subject.into_iter().chain(expression).collect();
            let message = format!("{}, {}", issuers::describe(issuer), who.join(" and "));
            if is_open && bounds.is_empty() && issuers::shared(issuer).is_none() {
                let message = format!("it may let others in, because the expression is not understood here: {message}");
                return way(WayInKind::NotUnderstood, message, MEND);
            }
            if is_open {
                return way(WayInKind::Anybody, message, STRANGERS);
            }
            way(
                WayInKind::Others,
                message,
                "policies and the audit log see nothing of it: turn it into a policy (`daypass policy import`), then delete it",
            )
        }
    }
}

/// The subject, or what is wrong with the audiences of its credential.
fn ours(subject: String, audiences: &[Value], granted: &GrantedInClouds) -> Result<String, (WayInKind, String)> {
    let Some(expected) = granted.azure_audience.as_ref().map(ToString::to_string) else {
        let message = format!(
            "it takes daypass for {subject}, but the configuration names no provider of Entra's to compare the audience with"
        );
        return Err((WayInKind::Missing, message));
    };
    let is_expected = |audience: &&Value| audience.as_str() == Some(&expected);
    if !audiences.iter().any(|audience| is_expected(&audience)) {
        let message = format!("it takes daypass for {subject} by another audience than the configuration's");
        return Err((WayInKind::Missing, message));
    }
    // daypass's tokens for partners have the same subjects.
    let foreign: Vec<&Value> = audiences.iter().filter(|audience| !is_expected(audience)).collect();
    if foreign.is_empty() {
        return Ok(subject);
    }
    let message = format!(
        "it takes tokens of daypass for {subject} for other audiences too, {}: a partner who was shown one gets in",
        listed(&foreign)
    );
    Err((WayInKind::Others, message))
}

/// What a credential asks of the token's claims, as far as it is understood. Entra takes a subject or an expression: of both together,
/// neither counts here.
fn bounds(subject: Option<&str>, expression: Option<&str>) -> Vec<Bound> {
    match (subject, expression) {
        (Some(subject), None) => vec![Bound { claim: "sub".to_owned(), texts: vec![Text::exact(subject)] }],
        (None, Some(expression)) => {
            let terms = expression::read(expression).unwrap_or_default().into_iter();
            let text = |matches: bool| if matches { Text::like } else { Text::exact };
            terms.map(|term| Bound { claim: term.claim.to_owned(), texts: vec![text(term.matches)(term.text)] }).collect()
        }
        _ => Vec::new(),
    }
}

fn secrets(of: &str, application: &Application, now: UnixTime) -> Vec<WayIn> {
    let has_ended = |one: &Value| one["endDateTime"].as_str().and_then(UnixTime::from_rfc3339).is_some_and(|end| end <= now);
    let describe = |(kind, one): &(&str, Value)| {
        let text = |member: &str| one[member].as_str().unwrap_or("unknown");
        format!("{kind} {} until {}", text("keyId"), text("endDateTime"))
    };
    let open: Vec<String> = application.secrets.iter().filter(|(_, one)| !has_ended(one)).map(describe).collect();
    let mut ways = Vec::new();
    if !open.is_empty() {
        let advice = "find who uses them, then `az ad app credential delete` each";
        ways.push(WayIn::new(of, WayInKind::Others, format_args!("whoever has one of {}", listed(&open)), advice));
    }
    let unseen = application.unseen();
    if let [_, ..] = unseen[..] {
        let commands: Vec<&str> = unseen.iter().map(|half| half.command()).collect();
        let halves: Vec<&str> = unseen.iter().map(|half| half.name()).collect();
        let message = format!("whether {} has secrets or certificates is in no export here", halves.join(" or "));
        let advice = format!("add what {} prints; a managed identity has no application", commands.join(" and "));
        ways.push(WayIn::new(of, WayInKind::NotSeen, message, &advice));
    } else if open.is_empty() {
        ways.push(WayIn::new(of, WayInKind::Ours, "it has no secret and no certificate that counts", ""));
    }
    ways
}
