//! The definitions of conditions: `match` and `claims`.

use super::forms::{key, object, one_or_more, reference, text};
use crate::identity::Attribute;
use crate::kind::POINTER;
use crate::policy::condition::EVENTS;
use serde_json::{Map, Value, json};

/// What a claim can be compared with.
const CLAIM_TYPES: [&str; 3] = ["string", "integer", "boolean"];

/// The definitions that conditions need.
pub(super) fn definitions() -> Vec<(&'static str, Value)> {
    vec![
        ("event", json!({ "enum": EVENTS })),
        ("line_of_text", line(&text(), "acme/*")),
        ("line_of_flag", line(&json!({ "type": "boolean" }), true)),
        ("line_of_event", line(&reference("event"), "pull-request")),
        ("line_of_claim", line_of_claim()),
        ("claim_value", json!({ "type": CLAIM_TYPES, "minLength": 1 })),
        ("claim_value_or_empty", json!({ "type": CLAIM_TYPES })),
        ("match", attributes()),
        (
            "claims",
            json!({
                "type": "object",
                "propertyNames": { "pattern": POINTER },
                "additionalProperties": reference("line_of_claim"),
            }),
        ),
    ]
}

/// The property `match`.
pub(super) fn matches(description: &str, examples: Value) -> Value {
    key(description, reference("match"), examples)
}

/// What `match` means in a policy and in a denial.
pub(super) const ALL_LINES: &str = "What has to hold of the identity: every line. A list is any-of, `{ not: … }` turns it around. `*` stays within a segment, `**` takes whole ones.";

/// The samples of `match` in a policy and in a denial.
pub(super) fn identity() -> Value {
    json!([{ "repository": "acme/shop@456789", "ref": "refs/heads/main", "event": "push" }])
}

/// The property `claims`.
pub(super) fn claims() -> Value {
    key(
        "What has to hold of raw claims, by JSON pointer. Types are compared exactly, texts by pattern.",
        reference("claims"),
        json!([{ "/enterprise": "acme" }, { "/run_attempt": ["1", 2], "/public": { "not": true } }]),
    )
}

/// One value, several, or a mapping of these forms.
fn line(value: &Value, sample: impl Into<Value>) -> Value {
    let mut forms = object(&[], forms(value, value, &sample.into()));
    forms["minProperties"] = 1.into();
    either(value, forms)
}

/// A line of `claims`. Only `not` can use the empty text.
fn line_of_claim() -> Value {
    let like = reference("claim_value");
    let mut properties = forms(&like, &reference("claim_value_or_empty"), &json!("acme/*"));
    properties["plain"] = key(
        "Patterns of plain texts alone: no white space, quotes, brackets or signs of shells, and at most 255 characters.",
        one_or_more(text()),
        json!(["repo:acme/shop:**"]),
    );
    let mut forms = object(&[], properties);
    forms["minProperties"] = 1.into();
    forms["not"] = json!({ "required": ["like", "plain"] });
    either(&like, forms)
}

fn either(value: &Value, forms: Value) -> Value {
    let mut line = one_or_more(value.clone());
    if let Some(branches) = line["anyOf"].as_array_mut() {
        branches.push(forms);
    }
    line
}

fn forms(like: &Value, not: &Value, sample: &Value) -> Value {
    json!({
        "like": key("What a line without `like` says: any of these.", one_or_more(like.clone()), json!([sample])),
        "not": key(
            "None of these. In a policy the attribute or claim has to be there.",
            one_or_more(not.clone()),
            json!([sample]),
        ),
    })
}

fn attributes() -> Value {
    let one = |attribute: &Attribute| {
        let (description, examples) = described(*attribute);
        let line = match attribute {
            Attribute::Event => "line_of_event",
            attribute if attribute.is_flag() => "line_of_flag",
            _ => "line_of_text",
        };
        (attribute.as_str().to_owned(), key(description, reference(line), examples))
    };
    object(&[], Attribute::ALL.iter().map(one).collect::<Map<_, _>>().into())
}

fn described(attribute: Attribute) -> (&'static str, Value) {
    use Attribute as A;
    match attribute {
        A::Repository => (
            "The repository that the job runs for, `name@id`: the id decides. Without an id, a pattern of names.",
            json!(["acme/shop@456789"]),
        ),
        A::RepositoryName => ("The repository's name alone.", json!(["shop"])),
        A::Owner => ("The organisation or user that owns the repository, `name@id`: the id decides.", json!(["acme@1234"])),
        A::Ref => ("The full Git ref.", json!(["refs/heads/main", "refs/heads/release/*", ["refs/heads/main", "refs/tags/v*"]])),
        A::RefProtected => ("Whether the CI says that the ref is protected.", json!([true])),
        A::Event => ("What started the job. Required for CI issuers.", json!(["push", ["push", "manual"]])),
        A::Fork => ("Whether the code comes from a fork: denied unless a policy names it.", json!([false])),
        A::Environment => ("The deployment environment.", json!(["production"])),
        A::Workflow => {
            ("The definition that runs the job, with its ref.", json!(["acme/ci/.github/workflows/deploy.yml@refs/heads/main"]))
        }
        A::Commit => ("The commit that is built.", json!(["8f3c1d2e4b5a69788796a5b4c3d2e1f00f1e2d3c"])),
        A::Actor => ("Who started it, `name@id`: the id decides.", json!(["octocat@583231"])),
        A::Runner => ("`hosted` or `self-hosted`.", json!(["hosted", "self-hosted"])),
        A::Pipeline => ("The pipeline's id.", json!(["7301234567"])),
        A::SshSession => ("Whether a person may sit in the job: denied unless a policy names it.", json!([false])),
        A::RunUrl => ("Where a person sees the run.", json!(["https://github.com/acme/shop/actions/runs/*"])),
        A::Cluster => ("The cluster of a pod.", json!(["production"])),
        A::Namespace => ("The namespace of a pod.", json!(["shop"])),
        A::ServiceAccount => ("The service account of a pod, `name@id`: the id decides.", json!(["deploy"])),
        A::Pod => ("The pod's name, `name@id`: the id decides.", json!(["shop-*"])),
        A::User => ("A person.", json!(["jane@acme.example"])),
        A::Groups => ("A person's groups.", json!(["platform"])),
    }
}
