//! The frame of `sources/*.yaml`.

use super::conditions::matches;
use super::forms::{file, key, object, one_or_many, reference, text};
use super::section::{SectionPart, by_word, sample};
use crate::words::names::patterns::COMMIT;
use serde_json::{Value, json};

const TITLE: &str = "A further source of daypass";
const DESCRIPTION: &str =
    "sources/NAME.yaml of the root repository: a repository of policies and secrets, and what it may ever speak of.";

pub(super) fn frame(sections: &[SectionPart]) -> Value {
    let properties = json!({
        "git": key(
            "Where the repository is: https, ssh (ssh://user@host/path or user@host:path), file, or a path.",
            text(),
            json!(["git@git.acme.com:team-a/access.git"]),
        ),
        "ref": key(
            "The full ref that is followed.",
            json!({ "type": "string", "pattern": "^refs/[^: *^~]*$" }),
            json!(["refs/heads/main"]),
        ),
        "interval": key("How often it is looked at: 30s when nothing is said.", reference("duration"), json!(["30s"])),
        "max_stale": key(
            "How long it grants while the repository cannot be read: 24h when nothing is said.",
            reference("duration"),
            json!(["24h"]),
        ),
        "since": key(
            "The commit that the first revision has to follow.",
            json!({ "type": "string", "pattern": COMMIT }),
            json!(["4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b"]),
        ),
        "age_identities": age_identities(),
        "credentials": credentials(),
        "hook": hook(),
        "verify": verify(),
        "allowed": allowed(sections),
    });
    file(TITLE, DESCRIPTION, object(&["git", "ref", "age_identities", "allowed"], properties))
}

fn age_identities() -> Value {
    let wrapped = object(
        &["aws_kms", "file"],
        json!({
            "aws_kms": key(
                "The key of AWS KMS that opens the file.",
                text(),
                json!(["arn:aws:kms:eu-west-1:123456789012:key/1a2b3c4d"]),
            ),
            "file": key("The wrapped file, as `daypass keys wrap` writes it.", text(), json!(["team-a.key.kms"])),
        }),
    );
    let sample = json!([{ "aws_kms": "arn:aws:kms:eu-west-1:123456789012:key/1a2b3c4d", "file": "team-a.key.kms" }]);
    let each = json!({ "anyOf": [text(), wrapped] });
    key(
        "Files of the server's `age_identity_dir` that open its secrets, and no other source's.",
        one_or_many(each),
        json!([["team-a.key"], sample]),
    )
}

fn credentials() -> Value {
    let file = |description: &str, sample: &str| key(description, text(), json!([sample]));
    let any = |description: &str, sample: &str| key(description, json!({ "type": "string" }), json!([sample]));
    let properties = json!({
        "username": any("https: the user's name.", "daypass"),
        "token_file": file("https: a file with the token or password.", "git-token"),
        "ca": file("https: a file with the certificates to trust.", "git-ca.pem"),
        "proxy": any("https: the proxy's URL.", "http://proxy.acme.com:3128"),
        "key": file("ssh: a file with the private key.", "team-a-deploy-key"),
        "known_hosts": file("ssh: a file with the hosts' keys.", "known_hosts"),
    });
    key(
        "How the repository is reached: files of the server's `credentials_dir`.",
        object(&[], properties),
        json!([{ "key": "team-a-deploy-key", "known_hosts": "known_hosts" }]),
    )
}

fn hook() -> Value {
    let secret = key("A file of the server's `credentials_dir` with the hook's secret.", text(), json!(["hook-secret"]));
    key(
        "A forge's hook that wakes the fetch.",
        object(&["secret_file"], json!({ "secret_file": secret })),
        json!([{ "secret_file": "hook-secret" }]),
    )
}

fn verify() -> Value {
    let properties = json!({
        "allowed_signers": key("A file below sources/ as ssh-keygen reads it.", text(), json!(["team-a.signers"])),
        "openpgp": key(
            "Files below sources/ with OpenPGP public keys.",
            one_or_many(text()),
            json!([["web-flow.asc"]]),
        ),
        "trailer": key(
            "Whether the head has to name its ref in a trailer, such as `Daypass-Ref: refs/heads/main`.",
            json!({ "type": "boolean" }),
            json!([true]),
        ),
    });
    let mut form = object(&[], properties);
    form["anyOf"] = json!([{ "required": ["allowed_signers"] }, { "required": ["openpgp"] }]);
    key(
        "Who may put commits in force; absent: whoever may write to the ref.",
        form,
        json!([{ "allowed_signers": "team-a.signers" }]),
    )
}

/// The bounds. A section of which a source has its own things is never listed.
fn allowed(sections: &[SectionPart]) -> Value {
    let grant =
        by_word(sections, |section| if section.is_own { false.into() } else { section.schema.patterns.of_key(one_or_many) });
    let first = sections.iter().find(|section| !section.is_own);
    let properties = json!({
        "issuers": key("The issuers that its policies may name.", one_or_many(reference("label")), json!([["github"]])),
        "match": matches(
            "What has to hold of whoever its policies let in, beside their own lines.",
            json!([{ "repository": "acme/team-a-*" }]),
        ),
        "grant": key(
            "What its policies may grant, by pattern. Its own secrets and transit keys need no line.",
            object(&[], grant),
            json!([sample(first, |schema| &schema.patterns)]),
        ),
        "session_max": key(
            "How long its policies may let a session last although its token has ended: not at all when nothing is said.",
            reference("duration"),
            json!(["30m"]),
        ),
    });
    key(
        "What the source may ever speak of; what is not listed is denied.",
        object(&["issuers"], properties),
        json!([{ "issuers": ["github"] }]),
    )
}
