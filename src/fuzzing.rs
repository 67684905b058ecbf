//! A fuzz target for every reader of bytes from outside. `make fuzz` runs each for minutes, and a test for a second. No build of
//! the server has them.
//!
//! A target takes any bytes and must return: no panic, no endless loop, no unbounded memory. Its assertions hold for good and bad
//! bytes alike.

#[cfg(test)]
mod seeds;
#[cfg(test)]
mod tests;

use crate::config::{Config, FurtherSource, SourceFiles};
use crate::git::Signers;
use crate::identity::{Facts, Mapping};
use crate::kind::Target;
use crate::policy::{
    Catalogue, Exported, Guardrails, ImportSettings, IssuerEntry, Pattern, ReplayRequest, Request, Ruleset, Tree,
};
use crate::policy::{explain, import, import_export};
use crate::secrets::{self, Identities, RepositoryPath};
use crate::token::{self, Claims, KeySet, RawToken, SESSION_KEY_BYTES, SessionKey};
use crate::words::names::{Audience, DecisionId, IssuerName, IssuerUrl, NameError, PolicyName, RoleArn, SecretName, SecretPath};
use crate::words::{Secret, UnixTime, parse_duration};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// A key for tests, to which the seeds are encrypted.
const AGE_KEY: &str = "AGE-SECRET-KEY-136MASCKFA5A3RMWTKD4REL0CMW3YPVP53H2SE5J6DZ24HHXNNQTSPXYHDL";
/// A file name for each format of SOPS.
const SOPS_NAMES: [&str; 5] = ["a.yaml", "a.json", "a.env", "a.ini", "a.txt"];
/// A time in 2027.
const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

macro_rules! targets {
    ($($name:ident: $body:path;)*) => {
        /// Every target by its name.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $body),)*];

        /// A short run of each target, as a test.
        #[cfg(test)]
        mod short {
            $(#[test] fn $name() { super::tests::run_for_a_second(stringify!($name)); })*
        }
    };
}

targets! {
    age: age;
    claims: claims;
    configuration: configuration;
    form: crate::http::fuzzing::form;
    guardrails: guardrails;
    hook: crate::http::fuzzing::hook;
    import: import_policies;
    json: json;
    jwks: jwks;
    names: names;
    oauth: crate::http::fuzzing::oauth;
    pattern: pattern;
    policy: policy;
    proof: crate::token::fuzzing::proof;
    proxy_header: crate::http::fuzzing::proxy_header;
    request: request;
    session: session;
    signature: crate::git::fuzzing::signature;
    signers: signers;
    sops: sops;
    sops_plaintext: sops_plaintext;
    source: source;
    sts: crate::http::fuzzing::sts;
    template: crate::policy::fuzzing::template;
    token: raw_token;
    vault_address: crate::http::fuzzing::vault_address;
    vault_login: crate::http::fuzzing::vault_login;
}

/// Runs the target of this name. An unknown name is a mistake in `fuzz/Cargo.toml`.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    assert!(target.is_some(), "there is no target `{name}`");
    target.into_iter().for_each(|(_, body)| body(bytes));
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The first line, and the rest.
fn lines(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

/// An issuer of each mapping that comes with daypass.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let entry = |name: &str| {
        let url = IssuerUrl::parse("https://issuer.example").ok()?;
        Some((IssuerName::parse(name).ok()?, IssuerEntry { url, mapping: Mapping::built_in(name).ok()?, session_max: None }))
    };
    Mapping::built_in_names()
        .filter_map(entry)
        .chain(
            entry("github-actions")
                .map(|(_, known)| known)
                .into_iter()
                .filter_map(|entry| Some((IssuerName::parse("github").ok()?, entry))),
        )
        .collect()
});

static IDENTITIES: LazyLock<Option<Identities>> = LazyLock::new(|| Identities::parse(&Secret::from(AGE_KEY.to_owned())).ok());

/// The facts of a nearly empty token: enough for a decision.
fn somebody() -> Option<Facts> {
    let github = IssuerName::parse("github").ok()?;
    CATALOGUE.issuer(&github)?.mapping.facts(&github, Claims::parse(b"{\"event_name\":\"push\"}").ok()?).ok()
}

fn raw_token(bytes: &[u8]) {
    if let Ok(token) = RawToken::parse(Secret::new(bytes.to_vec())) {
        let _ = (token.unverified_issuer(), token.unverified_audience(), token.signing_input_digest());
    }
}

fn jwks(bytes: &[u8]) {
    let _ = KeySet::import(bytes);
}

fn json(bytes: &[u8]) {
    if let Ok(value) = token::parse_document(bytes) {
        assert_eq!(token::parse_document(value.to_string().as_bytes()).ok(), Some(value), "what is printed is read back");
    }
}

fn session(bytes: &[u8]) {
    let keys: Vec<SessionKey> = SessionKey::new(&Secret::new(vec![7; SESSION_KEY_BYTES])).into_iter().collect();
    assert!(token::open_session(&Secret::new(bytes.to_vec()), &keys).is_err(), "nobody sealed this");
}

fn claims(bytes: &[u8]) {
    let Ok(claims) = Claims::parse(bytes) else { return };
    for name in CATALOGUE.names() {
        if let Some(entry) = CATALOGUE.issuer(name) {
            let _ = entry.mapping.facts(name, claims.clone()).map(|facts| facts.attributes_json());
        }
    }
}

fn policy(bytes: &[u8]) {
    let row = b"- { name: shop }\n- { name: web }\n".as_slice();
    let tree: Tree = [("policies/a.yaml".to_owned(), bytes.into()), ("repositories.yaml".to_owned(), row.into())].into();
    let (ruleset, faults) = Ruleset::load(&tree, &CATALOGUE, None);
    faults.iter().for_each(|fault| drop(fault.to_string()));
    let _ = ruleset.test(&tree, &CATALOGUE);
    if let (Some(somebody), Ok(secret)) = (somebody(), SecretName::parse("shop/db.yaml")) {
        let _ = explain(ruleset.set(), &somebody, &Target::Secret(secret), NOW);
    }
}

fn guardrails(bytes: &[u8]) {
    let faults = Guardrails::parse(bytes, &CATALOGUE).err().unwrap_or_default();
    faults.iter().for_each(|fault| drop(fault.to_string()));
}

fn configuration(bytes: &[u8]) {
    let faults = Config::parse_in(Path::new("/nonexistent"), "daypass.yaml", bytes).err().unwrap_or_default();
    faults.iter().for_each(|fault| drop(fault.to_string()));
}

fn source(bytes: &[u8]) {
    let nowhere = Some(Path::new("/nonexistent").to_owned());
    let files = SourceFiles { age_identities: nowhere.clone(), credentials: nowhere };
    let tree: Tree =
        [("sources/team-a.yaml".to_owned(), Arc::from(bytes)), ("sources/team-a.signers".to_owned(), Arc::from(bytes))].into();
    let faults = FurtherSource::parse("sources/team-a.yaml", &tree, &files, &CATALOGUE).err().unwrap_or_default();
    faults.iter().for_each(|fault| drop(fault.to_string()));
}

fn open(path: &str, bytes: &[u8], key: Option<&str>) {
    if let (Ok(path), Some(identities)) = (SecretPath::parse(path), &*IDENTITIES) {
        let _ = (secrets::open(&path, bytes, key, identities), secrets::wrapped_keys(&format!("secrets/{path}"), bytes));
        let _ = secrets::document_values(&path, bytes);
    }
}

fn sops(bytes: &[u8]) {
    for name in SOPS_NAMES {
        open(name, bytes, Some("/password"));
        let kind = SecretPath::parse(name).ok().and_then(|path| secrets::look(&path, bytes).ok());
        if let Some(secrets::FileKind::Sops(mut file)) = kind {
            let _ = (file.readable_values(), file.ciphertexts(), file.standing());
        }
    }
    if let Ok(rules) = secrets::Creations::parse(bytes) {
        let _ = (rules.for_path("secrets/a.yaml").is_ok(), rules.names("secrets/a.yaml"), rules.looser(Some(&rules)));
    }
}

/// Checks that an encrypted plaintext opens again.
fn sops_plaintext(bytes: &[u8]) {
    let _ = secrets::looks_secret(bytes);
    let Some(identities) = IDENTITIES.as_ref() else { return };
    for path in SOPS_NAMES.into_iter().filter_map(|name| SecretPath::parse(name).ok()) {
        if let Ok(sealed) = secrets::encrypt_document(&path, bytes, &identities.recipients(), NOW) {
            assert!(secrets::check(&RepositoryPath::of_secret(&path), &sealed, identities).is_ok(), "{path}");
        }
    }
}

fn age(bytes: &[u8]) {
    open("a.age", bytes, None);
    let _ = Identities::parse(&Secret::new(bytes.to_vec()));
}

fn signers(bytes: &[u8]) {
    let mut signers = Signers::default();
    let _ = (signers.allow_ssh(text(bytes)), signers.allow_openpgp(bytes), signers.is_empty());
}

/// The configuration of a Vault mount, for fuzzed roles.
const VAULT_CONFIG: &[u8] = br#"{"data":{"bound_issuer":"https://issuer.example"}}"#;

fn import_policies(bytes: &[u8]) {
    let settings = ImportSettings {
        issuer: None,
        catalogue: Some(&CATALOGUE),
        listing: None,
        role: RoleArn::parse("arn:aws:iam::123456789012:role/shop").ok(),
        ..ImportSettings::default()
    };
    let (first, second) = lines(bytes);
    let file = |path: &str, bytes: &[u8]| Exported { path: path.to_owned(), bytes: bytes.to_vec() };
    let export = [
        file("auth/jwt/config.json", VAULT_CONFIG),
        file("auth/jwt/role/shop.json", first),
        file("policies/default.hcl", second),
    ];
    for imported in import_export(&export, &settings).into_iter().flatten() {
        assert!(imported.yaml.contains("grant:"));
    }
    for path in ["shop.sts.yaml", "role.json", "plan.json", "main.tf"] {
        for imported in import(path, bytes, &settings).into_iter().flatten() {
            assert!(imported.text().ends_with(&imported.yaml));
            let tree: Tree = [(imported.file.clone(), imported.text().into_bytes().into())].into();
            let _ = Ruleset::load(&tree, &CATALOGUE, None);
        }
    }
}

fn pattern(bytes: &[u8]) {
    let (pattern, against) = lines(bytes);
    let Ok(pattern) = Pattern::parse(text(pattern)) else { return };
    let _ = pattern.matches(text(against));
    if let Some(literal) = pattern.literal() {
        assert!(pattern.matches(literal), "{pattern} is itself");
    }
}

fn request(bytes: &[u8]) {
    if let Ok(request) = Request::parse(bytes) {
        for target in &request.credentials {
            assert_eq!(Target::parse(&target.to_string()).as_ref(), Ok(target), "the audit log's line is read back");
        }
    }
    if let Ok(replay) = ReplayRequest::parse(bytes) {
        let _ = (replay.lookback(), replay.check_size(&CATALOGUE));
    }
    crate::exchange::read_rewrite(bytes);
}

fn names(bytes: &[u8]) {
    let text = text(bytes);
    let read_back = |read: Result<String, NameError>| assert!(read.is_err() || read.as_deref() == Ok(text), "a name is its text");
    read_back(IssuerUrl::parse(text).map(|name| name.to_string()));
    read_back(Audience::parse(text).map(|name| name.to_string()));
    read_back(PolicyName::parse(text).map(|name| name.to_string()));
    read_back(RoleArn::parse(text).map(|name| name.to_string()));
    read_back(DecisionId::parse(text).map(|name| name.to_string()));
    read_back(SecretName::parse(text).map(|name| name.to_string()));
    if let Ok(role) = RoleArn::parse(text) {
        assert_eq!(role.account().len(), 12);
    }
    let _ = (parse_duration(text), UnixTime::from_rfc3339(text), Target::parse(text));
}
