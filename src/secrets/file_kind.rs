//! What can be seen of a file without opening it: whether it is encrypted, to whom, and which of its readable values look like secrets.

use super::{SecretError, SopsError, SopsFile, age_file, check_size};
use crate::words::holds_private_key;
use crate::words::names::SecretPath;
use regex::bytes::{RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

/// What a file below `secrets/` or `transit/` is.
pub enum FileKind {
    /// An age file: one value, for keys of these kinds. The file does not name the keys.
    Age(Vec<String>),
    /// A SOPS file.
    Sops(Box<SopsFile>),
    /// Neither: everybody who can read the repository can read it.
    Plain,
}

/// A value that is readable in the repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadableValue {
    /// The keys on its path with a colon after each, as SOPS writes it.
    pub path: String,
    /// Why it looks like a secret, if it does.
    pub looks: Option<&'static str>,
}

impl ReadableValue {
    /// Its path as people write it. Items of a list have the list's path.
    pub fn pointer(&self) -> String {
        pointer(&self.path)
    }
}

/// Turns SOPS's path of a value into the form that people write: `a:b:` into `/a/b`.
pub fn pointer(path: &str) -> String {
    format!("/{}", path.trim_end_matches(':').replace(':', "/"))
}

/// What this file is. It is an error if the file claims to be encrypted and cannot be read.
pub fn look(path: &SecretPath, bytes: &[u8]) -> Result<FileKind, SecretError> {
    check_size(bytes)?;
    if age_file::is_age(bytes) {
        let stanzas = age_file::stanzas(bytes).ok_or(SecretError::NoHeader)?;
        return Ok(FileKind::Age(stanzas.into_iter().map(|stanza| stanza.tag).collect()));
    }
    match SopsFile::parse(path, bytes) {
        Ok(file) => Ok(FileKind::Sops(Box::new(file))),
        Err(SopsError::NotUtf8 | SopsError::NoSection) => Ok(FileKind::Plain),
        // A plaintext may have any form. One that mentions SOPS's section was encrypted and is damaged.
        Err(_) if !contains(bytes, b"sops") => Ok(FileKind::Plain),
        Err(fault) => Err(fault.into()),
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// Forms of keys and tokens that their issuers document and that nothing else has. Private keys are known elsewhere.
const FORMS: [(&str, &str); 12] = [
    ("an AWS access key", r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{60})"),
    ("a GitLab token", r"\bgl(pat|ptt|dt|rt|cbt|soat)-[0-9A-Za-z_-]{20}"),
    ("a Slack token", r"\bxox[abeoprs]-[0-9A-Za-z-]{10}"),
    ("a Stripe key", r"\b[rs]k_live_[0-9A-Za-z]{16}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("an npm token", r"\bnpm_[0-9A-Za-z]{36}"),
    ("a PyPI token", r"\bpypi-AgE[0-9A-Za-z_-]{50}"),
    ("a Vault token", r"\bhv[sb]\.[0-9A-Za-z_-]{24}"),
    ("a SendGrid key", r"\bSG\.[0-9A-Za-z_-]{16,32}\.[0-9A-Za-z_-]{16,64}"),
    ("a JSON web token", r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{20}"),
    ("a password in an address", r"\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@{$<]{1,64}:[^/\s:@{$<]{3,128}@"),
];
/// The largest size of the compiled set.
const FORMS_BYTES_MAX: usize = 4 * 1024 * 1024;

static KNOWN: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    let built = RegexSetBuilder::new(FORMS.map(|(_, form)| form)).unicode(false).size_limit(FORMS_BYTES_MAX).build();
    built.ok()
});

/// The kind of secret that these bytes seem to hold, judged by its form.
pub fn looks_secret(bytes: &[u8]) -> Option<&'static str> {
    let form = || KNOWN.as_ref()?.matches(bytes).into_iter().next().map(|number| FORMS[number].0);
    holds_private_key(bytes).or_else(form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Creations, Identities, encrypt, encrypt_document_with};
    use crate::words::UnixTime;

    /// Put together here, so that this source file does not itself look like it holds a key.
    fn aws_key() -> String {
        format!("AKIA{}", "IOSFODNN7EXAMPLE")
    }

    #[test]
    fn a_file_is_age_sops_or_readable_and_a_damaged_one_is_an_error() {
        let (_, recipient) = Identities::generate();
        let path = |name: &str| SecretPath::parse(name).unwrap();
        let sealed = encrypt(b"x", std::slice::from_ref(&recipient), true).unwrap();
        assert!(matches!(look(&path("a.age"), &sealed), Ok(FileKind::Age(kinds)) if kinds[0] == "X25519"));
        for (name, plain) in [("a.yaml", "a: b\n"), ("a.env", "A=b\n"), ("a.txt", "b"), ("a.json", "{"), ("a.ini", "[a]\nb=c\n")]
        {
            assert!(matches!(look(&path(name), plain.as_bytes()), Ok(FileKind::Plain)), "{name}");
        }
        assert!(look(&path("a.yaml"), b"a: b\nsops:\n  age: [\n").is_err());
        let rules = format!("creation_rules: [{{ age: {recipient}, encrypted_regex: ^password$ }}]\n");
        let rules = Creations::parse(rules.as_bytes()).unwrap();
        let plain = format!("password: x\nlist: [1, {}]\nkey: {}\n", "two", aws_key());
        let file = path("a.yaml");
        let now = UnixTime::from_seconds(1_795_000_000);
        let sealed = encrypt_document_with(&file, plain.as_bytes(), rules.for_path("a.yaml").unwrap(), now).unwrap();
        let Ok(FileKind::Sops(mut sops)) = look(&file, &sealed) else { panic!("no SOPS file") };
        let readable = sops.readable_values();
        let found: Vec<_> = readable.iter().map(|value| (value.path.as_str(), value.looks)).collect();
        assert_eq!(found, [("list:", None), ("list:", None), ("key:", Some("an AWS access key"))]);
    }

    #[test]
    fn keys_are_recognized_by_their_form_and_other_text_is_not() {
        for secret in [
            aws_key(),
            format!("-----BEGIN {}PRIVATE KEY-----", "OPENSSH "),
            format!("token: gh{}_{}", "p", "a".repeat(36)),
            format!("postgres{}://app:{}@db/x", "ql", "hunter2"),
            Identities::generate().0.expose_text().unwrap().to_owned(),
            Identities::generate().0.expose_text().unwrap().to_lowercase(),
        ] {
            assert!(looks_secret(secret.as_bytes()).is_some(), "{secret}");
        }
        for plain in [
            "https://user@host/x",
            "a postgres://app:${PASSWORD}@db/x template",
            "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN AGE ENCRYPTED FILE-----",
            "3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
        ] {
            assert_eq!(looks_secret(plain.as_bytes()), None, "{plain}");
        }
    }
}
