//! The `sops` section: who can open the file, which values are encrypted, and the MAC.

use super::cipher::DataKey;
use crate::words::Secret;
use regex::Regex;
use serde_json::Value;

/// The suffix that SOPS takes when a file names no rule.
pub(super) const DEFAULT_UNENCRYPTED_SUFFIX: &str = "_unencrypted";
/// A rule's regex may not grow beyond this when compiled: it comes from a file.
const REGEX_BYTES_MAX: usize = 64 * 1024;

/// What of the section is used.
pub(super) struct Metadata {
    age_stanzas: Vec<String>,
    rule: Rule,
    pub(super) mac_only_encrypted: bool,
    pub(super) mac: String,
    pub(super) last_modified: String,
}

/// Which values are encrypted.
enum Rule {
    UnencryptedSuffix(String),
    EncryptedSuffix(String),
    UnencryptedRegex(Regex),
    EncryptedRegex(Regex),
}

impl Metadata {
    pub(super) fn read(section: &Value) -> Result<Self, String> {
        let text = |name: &str| section.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        if section
            .get("shamir_threshold")
            .is_some_and(|threshold| !matches!(threshold, Value::Null) && threshold != 0 && threshold != 1)
        {
            return Err("the data key is split among key groups (Shamir); use one group with an age recipient".to_owned());
        }
        let groups = section.get("key_groups").and_then(Value::as_array).map_or(&[][..], |groups| groups);
        let stanzas_of = |section: &Value| section.get("age").and_then(Value::as_array).cloned().unwrap_or_default();
        let stanzas = match groups {
            [] => stanzas_of(section),
            [only] => stanzas_of(only),
            _ => return Err("the file has several key groups; use one with an age recipient".to_owned()),
        };
        let age_stanzas: Vec<String> =
            stanzas.iter().filter_map(|stanza| stanza.get("enc")?.as_str().map(str::to_owned)).collect();
        if age_stanzas.is_empty() {
            return Err("the file has no age recipient (a KMS, Vault or PGP key that it names is never contacted); add the source's recipient and run `sops updatekeys`".to_owned());
        }
        Ok(Self {
            age_stanzas,
            rule: Rule::read(&text)?,
            mac_only_encrypted: section.get("mac_only_encrypted").is_some_and(|flag| flag == true || flag == "true"),
            mac: text("mac").ok_or("the file has no MAC, so nothing says that it is whole")?,
            last_modified: text("lastmodified").ok_or("the file has no `lastmodified`")?,
        })
    }

    /// Tries every stanza; the keys that are not ours are not an error while one is.
    pub(super) fn data_key(&self, decrypt: impl Fn(&str) -> Result<Secret, String>) -> Result<DataKey, String> {
        let mut last = String::new();
        for stanza in &self.age_stanzas {
            match decrypt(stanza) {
                Ok(bytes) => return DataKey::new(&bytes),
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }

    /// Whether the value at this path is encrypted: any key on the way to it decides.
    pub(super) fn encrypts(&self, path: &[&str]) -> bool {
        let any = |test: &dyn Fn(&str) -> bool| path.iter().any(|key| test(key));
        match &self.rule {
            Rule::UnencryptedSuffix(suffix) => !any(&|key| key.ends_with(suffix)),
            Rule::EncryptedSuffix(suffix) => any(&|key| key.ends_with(suffix)),
            Rule::UnencryptedRegex(regex) => !any(&|key| regex.is_match(key)),
            Rule::EncryptedRegex(regex) => any(&|key| regex.is_match(key)),
        }
    }
}

impl Rule {
    fn read(text: &impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let compile = |pattern: String| {
            regex::RegexBuilder::new(&pattern)
                .size_limit(REGEX_BYTES_MAX)
                .build()
                .map_err(|_| "a regex of the `sops` section is not understood".to_owned())
        };
        if text("encrypted_comment_regex").or_else(|| text("unencrypted_comment_regex")).is_some() {
            return Err("values chosen by comments are not supported; use encrypted_regex or a suffix".to_owned());
        }
        let rules = ["unencrypted_suffix", "encrypted_suffix", "unencrypted_regex", "encrypted_regex"].map(text);
        match rules {
            [None, None, None, None] => Ok(Self::UnencryptedSuffix(DEFAULT_UNENCRYPTED_SUFFIX.to_owned())),
            [Some(suffix), None, None, None] => Ok(Self::UnencryptedSuffix(suffix)),
            [None, Some(suffix), None, None] => Ok(Self::EncryptedSuffix(suffix)),
            [None, None, Some(pattern), None] => compile(pattern).map(Self::UnencryptedRegex),
            [None, None, None, Some(pattern)] => compile(pattern).map(Self::EncryptedRegex),
            _ => Err("the `sops` section has more than one rule of what is encrypted".to_owned()),
        }
    }
}
