//! Why a schema accepts what the reader refuses: no schema can say it, or only by a copy of what the reader knows.

use super::bounds::About::{self, Form, Name, Text};

/// A place of a schema, what is tried there, and why only the reader refuses it.
pub(super) type Reason = (&'static str, About, &'static str);

pub(super) const REASONS: &[Reason] = &[
    ("text", Text, "only the reader of each key knows the names, addresses, patterns and files that it may have"),
    ("duration", Text, "how long something may last: no pattern compares numbers"),
    ("label", Text, "the issuers that are configured"),
    ("match", Form, "a policy has a line somewhere, in `match` or in `claims`"),
    ("claim_value", Text, "the form of a pattern"),
    ("claim_value_or_empty", Text, "the form of a pattern"),
    ("file.expires", Text, "which days a month has"),
    ("file.accept_findings", Form, "a finding stands once"),
    ("accepted_finding.reason", Text, "a sentence has more than white space"),
    ("credential.transit", Text, "no part of a key's name is the word of an operation"),
    ("file.grant", Form, "beside `session` secrets or transit keys are granted"),
    ("aws.tags", Form, "each of `transitive_tags` is one of these"),
    ("aws.tags", Name, "the letters and digits of every language are those of AWS"),
    ("aws.tags.*", Text, "the attributes that a placeholder may have, and the characters of AWS"),
    ("aws.session_policy", Text, "JSON in a text"),
    ("id_token.claims", Name, "registered names in capitals, and addresses of clouds"),
    ("id_token.claims.*", Text, "the attributes that a placeholder may have"),
    ("gcp_account.delegates", Form, "an account stands once"),
    ("github_permissions", Name, "the permissions that GitHub has"),
    ("github_permissions", Form, "GitHub reads none at all as all: one has to stand there, in either key"),
    ("github_permissions.*", Text, "the levels of each permission"),
];
