//! Reads the Apps of the configuration.

use super::{AppSettings, GitHubSettings, KeyAt};
use crate::issue::outward::address;
use crate::issue::provider::Places;
use crate::words::github::{Permission, Permissions};
use crate::words::names::{IssuerName, KmsKeyArn};
use crate::words::yaml::{Fields, Node};

/// GitHub.com. A GitHub Enterprise Server has its API at `https://HOST/api/v3`.
const API_DEFAULT: &str = "https://api.github.com";
/// The length of an App's name in the configuration, and of its client id.
const WORD_BYTES_MAX: usize = 100;

/// Why a value is not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
enum AppError {
    #[error("expected up to {WORD_BYTES_MAX} letters, digits, `-`, `_` and `.`")]
    Word,
    #[error("an App's id is a whole number above 0, without quotes")]
    Id,
}

impl GitHubSettings {
    /// Reads the section and reports every fault, without the content of files.
    pub fn read(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Self> {
        let list = fields.required("apps")?;
        let mut apps: Vec<AppSettings> = Vec::new();
        for node in fields.one_or_many(list) {
            let mut inner = fields.below(node);
            let app = read_app(&mut inner, places);
            inner.finish();
            let Some(app) = app else { continue };
            if apps.iter().any(|other| other.name == app.name) {
                fields.fault(node.place, format!("two Apps are called `{}`", app.name));
            }
            apps.push(app);
        }
        if fields.one_or_many(list).is_empty() {
            fields.fault(list.place, "name at least one App");
        }
        Some(Self { apps })
    }
}

fn read_app(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<AppSettings> {
    let name = fields.required("name").and_then(|node| fields.parsed(node, word));
    let issuer = read_issuer(fields);
    let key = fields.required("key").and_then(|node| read_key(fields, node, places));
    let extra_permissions = read_extra(fields);
    let max_permissions = fields.required("max_permissions").and_then(|node| read_permissions(fields, node, &extra_permissions));
    let repositories_of = fields.optional("repositories_of").map(|node| fields.parsed(node, IssuerName::parse));
    let repositories_of = repositories_of.map_or(Some(None), |issuer| issuer.map(Some));
    let api = match fields.optional("api") {
        Some(node) => fields.parsed(node, address),
        None => address(API_DEFAULT).ok(),
    };
    let ca = fields.optional("ca").map(|node| places.trusted(fields, node));
    let proxy = fields.optional("proxy").and_then(|node| fields.text(node)).map(str::to_owned);
    let ca = ca.map_or(Some(None), |ca| ca.map(Some))?;
    let (name, issuer, key, max_permissions, api) = (name?, issuer?, key?, max_permissions?, api?);
    let repositories_of = repositories_of?;
    Some(AppSettings { name, issuer, key, max_permissions, extra_permissions, repositories_of, api, ca, proxy })
}

fn read_issuer(fields: &mut Fields<'_, '_>) -> Option<String> {
    let client = fields.optional("client_id");
    match (fields.optional("app_id"), client) {
        (Some(node), None) => match node.to_json().as_u64().filter(|id| *id > 0) {
            Some(id) => Some(id.to_string()),
            None => {
                fields.fault(node.place, AppError::Id);
                None
            }
        },
        (None, Some(node)) => fields.parsed(node, word),
        (Some(node), Some(_)) => {
            fields.fault(node.place, "an App has an `app_id` or a `client_id`, and not both");
            None
        }
        (None, None) => {
            fields.required("app_id");
            None
        }
    }
}

fn read_key<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, places: &dyn Places) -> Option<KeyAt> {
    let mut inner = fields.below(node);
    let (file, credential, kms) = (inner.optional("file"), inner.optional("credential"), inner.optional("aws_kms"));
    let key = match (file, credential, kms) {
        (Some(file), None, None) => places.private(&mut inner, file).map(KeyAt::File),
        (None, Some(name), None) => places.credential(&mut inner, name).map(|(name, folder)| KeyAt::Credential(name, folder)),
        (None, None, Some(arn)) => inner.parsed(arn, KmsKeyArn::parse).map(KeyAt::Kms),
        _ => {
            inner.fault(node.place, "expected one of `file`, `credential` and `aws_kms`");
            None
        }
    };
    inner.finish();
    key
}

fn read_extra(fields: &mut Fields<'_, '_>) -> Vec<String> {
    let Some(list) = fields.optional("extra_permissions") else { return Vec::new() };
    let nodes = fields.one_or_many(list);
    nodes.iter().filter_map(|node| fields.parsed(node, |text| Permission::check_key(text).map(str::to_owned))).collect()
}

fn read_permissions<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, extra: &[String]) -> Option<Permissions> {
    let all = Permission::read_all(fields, node, Some(extra))?;
    Permissions::new(all).map_err(|fault| fields.fault(node.place, fault)).ok()
}

fn word(text: &str) -> Result<String, AppError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let sized = (1..=WORD_BYTES_MAX).contains(&text.len());
    if sized && text.bytes().all(good) { Ok(text.to_owned()) } else { Err(AppError::Word) }
}
