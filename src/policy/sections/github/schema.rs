//! What the schemas say of tokens of GitHub Apps.

use super::SERVER;
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, object, reference, text};
use crate::words::github::{Level, Permission, REPOSITORIES_MAX};
use serde_json::{Value, json};

pub(super) fn schema() -> SectionSchema {
    SectionSchema {
        entries: Values {
            description: "Installation tokens of a GitHub App: where, and what they may do there.",
            each: reference("github"),
            examples: json!([{ "app": "acme", "repositories": ["acme/shop@456789"], "permissions": { "contents": "read" } }]),
        },
        patterns: Values { description: "Repositories of GitHub by pattern.", each: text(), examples: json!([["acme/*"]]) },
        credentials: vec![CredentialSchema {
            word: "github",
            alone: Some("any token of a GitHub App"),
            named: key(
                "A GitHub App's token: an App, repositories, `all:OWNER` or `own`, and permissions, each a word.",
                text(),
                json!(["acme/shop contents=read"]),
            ),
        }],
        definitions: vec![
            ("github", entry()),
            ("github_all_repositories", all_repositories()),
            ("github_permissions", permissions()),
        ],
    }
}

fn entry() -> Value {
    // Not more than `REPOSITORIES_MAX`, each counted once: no schema can count like that.
    let listed = json!({ "type": "array", "items": text(), "minItems": 1 });
    let repositories = json!({ "anyOf": [text(), listed, reference("github_all_repositories")] });
    object(
        &["app", "repositories", "permissions"],
        json!({
            "app": key("The App, as the server's configuration calls it.", text(), json!(["acme"])),
            "repositories": key(
                format!("Repositories of one account, at most {REPOSITORIES_MAX}, with their ids: OWNER/REPOSITORY@ID. `{{repository}}` is that of whoever asks; `{{ all: OWNER }}` is every one that the App is installed for."),
                repositories,
                json!([["acme/shop@456789", "{repository}"]]),
            ),
            "permissions": key(
                "What the token may do in them, by GitHub's own names.",
                reference("github_permissions"),
                json!([{ "contents": "read" }]),
            ),
            "revocable": key(
                "`server`: the server keeps a sealed copy of the token until it ends, so that `daypass revoke` can end it at GitHub.",
                json!({ "enum": [SERVER] }),
                json!([SERVER]),
            ),
            "extra_permissions": key(
                "The same for what GitHub has and this version of daypass does not know.",
                reference("github_permissions"),
                json!([{ "next_weeks": "read" }]),
            ),
        }),
    )
}

fn all_repositories() -> Value {
    let all = key("The account: a user or an organization.", text(), json!(["acme"]));
    object(&["all"], json!({ "all": all }))
}

fn permissions() -> Value {
    json!({
        "type": "object",
        "propertyNames": { "pattern": Permission::KEY },
        "additionalProperties": { "enum": Level::ALL.map(Level::as_str) },
    })
}
