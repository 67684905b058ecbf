//! Federated credentials of Entra applications, as `az ad app federated-credential list` prints them: which subject of which issuer
//! gets the application's tokens.

mod error;
pub(in crate::policy) mod expression;

pub(super) use error::AzureError;

use super::conditions::{Claim, Conditions};
use super::like;
use super::lines::ClaimCondition;
use super::members::{MemberError, Members};
use super::original::file_of;
use super::settings::{Exported, ImportSettings};
use super::trust::Trust;
use super::written::GrantText;
use crate::kind::Guid;
use crate::token::parse_document;
use serde_json::Value;

const COMMAND: &str = "az ad app federated-credential list --id APPLICATION";
const FOR_PEOPLE: [&str; 4] = ["@odata.context", "description", "id", "name"];
const READ: [&str; 4] = ["issuer", "subject", "audiences", "claimsMatchingExpression"];

/// The files of an export: applications by their client ids.
#[derive(Default)]
pub(super) struct Export<'a>(Vec<(&'a str, &'a Exported)>);

impl<'a> Export<'a> {
    /// Takes a file if it belongs to such an export.
    pub(super) fn take(&mut self, file: &'a Exported) -> bool {
        let name = file.path.strip_prefix("applications/").and_then(|rest| rest.strip_suffix(".json"));
        self.0.extend(name.map(|name| (name, file)));
        name.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A policy for each credential, or why there is none.
    pub(super) fn read(&self, settings: &ImportSettings<'_>) -> Vec<(String, Result<Trust, AzureError>)> {
        let several = self.0.len() > 1;
        let mut found = Vec::new();
        for (client, file) in &self.0 {
            match credentials(client, file, several, settings) {
                Ok(trusts) => found.extend(trusts.into_iter().map(|(name, trust)| (format!("{} ({name})", file.path), trust))),
                Err(reason) => found.push((file.path.clone(), Err(reason))),
            }
        }
        found
    }
}

type Named = (String, Result<Trust, AzureError>);

fn credentials(client: &str, file: &Exported, several: bool, settings: &ImportSettings<'_>) -> Result<Vec<Named>, AzureError> {
    let client = Guid::parse(client).map_err(AzureError::Application)?;
    let document = parse_document(&file.bytes).map_err(|fault| MemberError::Json { file: file.path.clone(), fault })?;
    let other = || MemberError::Form { file: file.path.clone(), command: COMMAND, expected: "a list of credentials" };
    let Value::Array(list) = document else { return Err(other().into()) };
    if list.is_empty() {
        return Err(AzureError::Field { field: "subject", why: "the application trusts nobody: the list is empty" });
    }
    let folder = if several { format!("azure/{client}/") } else { "azure/".to_owned() };
    let mut found = Vec::new();
    for (index, credential) in list.into_iter().enumerate() {
        let Value::Object(members) = credential else { return Err(other().into()) };
        let name = members.get("name").and_then(Value::as_str).map_or_else(|| (index + 1).to_string(), str::to_owned);
        let members = Members::of(&file.path, members, &[&FOR_PEOPLE, &READ]).map_err(AzureError::from);
        let trust = members.and_then(|members| trust(&client, &name, &members, &folder, settings));
        found.push((name, trust));
    }
    Ok(found)
}

fn trust(client: &Guid, name: &str, members: &Members, folder: &str, settings: &ImportSettings<'_>) -> Result<Trust, AzureError> {
    let missing = |field, why| AzureError::Field { field, why };
    let issuer = members.text("issuer")?.ok_or_else(|| missing("issuer", "it is missing"))?;
    if members.texts("audiences")?.is_empty() {
        return Err(missing("audiences", "it is empty, so Entra takes no token"));
    }
    let expression = members.members("claimsMatchingExpression").map(|expression| {
        let member = |name: &str| expression.iter().find(|(member, _)| *member == name).map(|(_, value)| (*value).clone());
        (member("value"), member("languageVersion"), expression.len())
    })?;
    let mut conditions = Conditions::default();
    match (members.text("subject")?, expression) {
        (Some(subject), (None, None, 0)) => {
            conditions.conditions.push(ClaimCondition { typed: true, ..ClaimCondition::exact("sub", subject)? })
        }
        (None, (Some(Value::String(text)), Some(Value::Number(version)), 2)) if version.as_u64() == Some(1) => {
            flexible(&text, &mut conditions)?
        }
        (None, (None, None, 0)) => return Err(missing("subject", "it is missing")),
        (Some(_), _) => {
            return Err(missing("subject", "it stands beside `claimsMatchingExpression`, and Entra takes one of them"));
        }
        _ => return Err(missing("claimsMatchingExpression", "expected `value` and `languageVersion: 1`")),
    }
    let mut trust = Trust {
        file: file_of(folder, name),
        description: format!("Imported from the federated credential {name} of the application {client}"),
        issuer: issuer.to_owned(),
        conditions: conditions.conditions,
        raw: conditions.raw,
        granted: granted(client, settings),
        notes: conditions.notes,
        own: None,
    };
    trust.note_audience();
    trust
        .notes
        .push("the application has to trust daypass's own issuer: `daypass azure bootstrap` prints what to run".to_owned());
    if settings.scope.is_none() {
        trust
            .notes
            .push("a policy is for one scope, and the credential was for every scope: choose one, or give --scope".to_owned());
    }
    Ok(trust)
}

fn flexible(text: &str, conditions: &mut Conditions) -> Result<(), AzureError> {
    let refused = || AzureError::Field { field: "claimsMatchingExpression", why: expression::WHY };
    for term in expression::read(text).ok_or_else(refused)? {
        let claim = Claim::of(&[term.claim.to_owned()]);
        if term.matches {
            let (pattern, note) = like::translate(term.text).map_err(AzureError::Like)?;
            conditions.notes.extend(note.map(|note| format!("{}: {note}", term.claim)));
            conditions.texts(&claim, vec![pattern])?;
        } else {
            conditions.texts(&claim, ClaimCondition::exact(term.claim, term.text)?.patterns)?;
        }
    }
    Ok(())
}

fn granted(client: &Guid, settings: &ImportSettings<'_>) -> GrantText {
    match &settings.scope {
        Some(scope) => GrantText::Line("azure", format!("[{{ client_id: \"{client}\", scope: \"{scope}\" }}]")),
        None => GrantText::Chosen(vec![
            "one of these, with the scope that you need:".to_owned(),
            format!("azure: [{{ client_id: \"{client}\", scope: \"https://management.azure.com/.default\" }}]"),
        ]),
    }
}

#[cfg(test)]
mod tests;
