//! Reads providers of Google's workload identity pools and the IAM policies of service accounts: which tokens of another issuer give
//! access to an account.

pub(in crate::policy) mod cel;
mod error;
mod member;
mod provider;

pub(super) use error::GcpError;

use super::conditions::exactly;
use super::original::file_of;
use super::settings::Exported;
use super::trust::Trust;
use super::written::GrantText;
use crate::kind::ServiceAccount;
use member::{Member, PrincipalSet};
use provider::Provider;

/// The files of an export.
#[derive(Default)]
pub(super) struct Export<'a> {
    providers: Vec<&'a Exported>,
    accounts: Vec<(&'a str, &'a Exported)>,
}

impl<'a> Export<'a> {
    /// Takes a file if it belongs to such an export.
    pub(super) fn take(&mut self, file: &'a Exported) -> bool {
        let below = |folder: &str| {
            let name = file.path.strip_prefix(folder)?.strip_suffix(".json")?;
            (!name.is_empty() && !name.contains('/')).then_some(name)
        };
        if below("providers/").is_some() {
            self.providers.push(file);
            return true;
        }
        let account = below("service-accounts/");
        self.accounts.extend(account.map(|account| (account, file)));
        account.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.providers.is_empty() && self.accounts.is_empty()
    }

    /// A policy for each member and each provider of its pool, or why there is none.
    pub(super) fn read(&self) -> Vec<(String, Result<Trust, GcpError>)> {
        let (mut providers, mut found) = (Vec::new(), Vec::new());
        for file in &self.providers {
            match Provider::read(&file.path, &file.bytes) {
                Ok(provider) => providers.push((file.path.as_str(), provider)),
                Err(reason) => found.push((file.path.clone(), Err(reason))),
            }
        }
        let mut used = Vec::new();
        let several = self.accounts.len() > 1;
        for (address, file) in &self.accounts {
            let project = address.split(['@', '.']).nth(1).unwrap_or_default();
            let folder = if several { format!("gcp/{project}/") } else { "gcp/".to_owned() };
            match account((address, &folder), file, &providers, &mut used) {
                Ok(trusts) => found.extend(trusts.into_iter().map(|trust| (file.path.clone(), trust))),
                Err(reason) => found.push((file.path.clone(), Err(reason))),
            }
        }
        // A member that is refused may be of any pool.
        let all_read = found.iter().all(|(_, read)| read.is_ok() || matches!(read, Err(GcpError::NoProvider { .. })));
        let unused = providers.iter().filter(|(_, provider)| all_read && !used.contains(&provider.pool));
        found.extend(unused.map(|(path, _)| ((*path).to_owned(), Err(GcpError::Unused))));
        found
    }
}

fn account(
    (address, folder): (&str, &str),
    file: &Exported,
    providers: &[(&str, Provider)],
    used: &mut Vec<String>,
) -> Result<Vec<Result<Trust, GcpError>>, GcpError> {
    let account = ServiceAccount::parse(address).map_err(GcpError::Account)?;
    let mut trusts = Vec::new();
    for member in member::read(&file.path, &file.bytes)? {
        let member = match member {
            Ok(member) => member,
            Err(reason) => {
                trusts.push(Err(reason));
                continue;
            }
        };
        let before = trusts.len();
        for (_, provider) in providers.iter().filter(|(_, provider)| provider.pool == member.pool) {
            let number = trusts.iter().filter(|trust| trust.is_ok()).count() + 1;
            trusts.push(trust(&account, &member, provider, (folder, number)));
        }
        if trusts.len() == before {
            trusts.push(Err(GcpError::NoProvider { member: member.text.clone() }));
        }
        used.push(member.pool);
    }
    Ok(trusts)
}

fn trust(
    account: &ServiceAccount,
    member: &Member,
    provider: &Provider,
    (folder, number): (&str, usize),
) -> Result<Trust, GcpError> {
    let mut conditions = provider.conditions.clone();
    if let PrincipalSet::Attribute(attribute, value) = &member.who {
        let claim = provider.mapped(attribute, &member.text)?;
        let refused = |reason| GcpError::Piece { field: member.text.clone(), text: value.clone(), reason };
        conditions.texts(&claim, vec![exactly(value).map_err(refused)?])?;
    }
    let short = account.as_str().split('@').next().unwrap_or_default();
    let name = if number == 1 { short.to_owned() } else { format!("{short}-{number}") };
    let mut trust = Trust {
        file: file_of(folder, &name),
        description: format!("Imported from {}, which acts as {account}", member.text),
        issuer: provider.issuer.clone(),
        conditions: conditions.conditions,
        raw: conditions.raw,
        granted: GrantText::Line("gcp", format!("[{{ service_account: {account} }}]")),
        notes: conditions.notes,
        own: None,
    };
    trust.note_audience();
    let notes = [
        "Google takes no subject of more than 127 bytes, and may have deny policies and organization policies, which no file here contains",
        "every mapped claim has to be there as a text, as Google demands",
        "the account has to trust daypass's own issuer: `daypass gcp bootstrap` prints what to run",
    ];
    trust.notes.extend(notes.map(str::to_owned));
    Ok(trust)
}

#[cfg(test)]
mod tests;
