//! An App's installation for one account, with the permissions that the account granted.

use super::refusal::{RefusedStep, cut, not_granted, refused, strange, suspended};
use crate::issue::outward::ProviderResponse;
use crate::words::Denial;
use crate::words::github::{Level, Owner, Permissions};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

pub(super) struct Installation {
    pub(super) id: u64,
    granted: BTreeMap<String, Level>,
    is_suspended: bool,
}

#[derive(Deserialize)]
struct Answer {
    id: u64,
    account: Account,
    permissions: BTreeMap<String, String>,
    suspended_at: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Account {
    login: String,
}

impl Installation {
    /// Reads an answer. Refuses the installation of another account.
    pub(super) fn read(response: &ProviderResponse, owner: &Owner) -> Result<Self, Denial> {
        const ABOUT: RefusedStep = RefusedStep::Installation;
        if response.status != StatusCode::OK {
            return Err(refused(ABOUT, response));
        }
        if let Some(fault) = &response.cut {
            return Err(cut(ABOUT, fault));
        }
        let answer = response.without_credential::<Answer>();
        let answer = answer.map_err(|_| strange(ABOUT, "the answer is not one of GitHub's"))?;
        if Owner::parse(&answer.account.login).as_ref() != Ok(owner) {
            return Err(strange(ABOUT, "the answer's `account` is another one"));
        }
        // An unknown level covers nothing.
        let known = |(key, level): (String, String)| Level::parse(&level).map(|level| (key, level));
        let granted = answer.permissions.into_iter().filter_map(known).collect();
        Ok(Self { id: answer.id, granted, is_suspended: answer.suspended_at.is_some() })
    }

    /// Refuses permissions that the installation does not have, so that GitHub need not be asked.
    pub(super) fn allows(&self, requested: &Permissions) -> Result<(), Denial> {
        if self.is_suspended {
            return Err(suspended());
        }
        match requested.iter().find(|(key, level)| self.granted.get(*key) < Some(level)) {
            Some((key, level)) => Err(not_granted(key, level.as_str())),
            None => Ok(()),
        }
    }
}
