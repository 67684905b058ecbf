//! Replaces what differs from run to run by a word: IDs, times, tokens, ciphertexts, ports.

use regex::Regex;

/// Longer and more specific patterns come first.
const FORMS: [(&str, &str); 15] = [
    (r#""key": "[A-Za-z0-9+/]{22}==""#, r#""key": "FILE_KEY""#),
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "JWT"),
    (r"vault:v(\d+):[A-Za-z0-9+/=]+", "vault:v$1:CIPHERTEXT"),
    (r"daypass-session\.[\w-]+", "SESSION"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b[0-9a-f]{40}\b", "COMMIT"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\b1[789]\d{8}\b", "SECONDS"),
    (r"\b1[789]\d{11}\b", "MILLISECONDS"),
    (r"(localhost|127\.0\.0\.1):\d+", "$1:PORT"),
    (r"/tmp/\.tmp\w+", "FOLDER"),
    (r"age1[0-9a-z]{58}", "RECIPIENT"),
    (r#""(x|y|n|kid)": ?"[\w-]{20,}""#, r#""$1":"KEY""#),
    (r#""(lease_duration|expires_in|creation_ttl|ttl)": ?\d+"#, r#""$1":LEFT"#),
];

pub(super) struct Normal(Vec<(Regex, &'static str)>);

impl Normal {
    pub(super) fn new() -> Self {
        Self(FORMS.iter().map(|(form, word)| (Regex::new(form).unwrap(), *word)).collect())
    }

    pub(super) fn of(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (form, word)| form.replace_all(&text, *word).into_owned())
    }
}
