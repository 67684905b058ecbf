//! How each CI puts names into a token, and how a policy pins them. Written from the CIs' documentation, not from the mappings.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The names of a job, by part.
pub(super) type Names = BTreeMap<&'static str, String>;

/// What a name may be.
#[derive(Clone, Copy)]
pub(super) enum Text {
    /// The CI allows no delimiters in it.
    Plain,
    /// Anything.
    Hostile,
    /// Anything, but nobody writes a policy for a job with such a name.
    Forged,
    /// One of these.
    Words(&'static [&'static str]),
}

impl Text {
    /// Whether others may put anything into it.
    pub(super) const fn is_free(self) -> bool {
        matches!(self, Self::Hostile | Self::Forged)
    }
}

/// One CI: its parts, and the token and the policy that are made from them; `{each.PART}` stands for a part.
pub(super) struct Ci {
    pub(super) mapping: &'static str,
    pub(super) url: &'static str,
    pub(super) parts: &'static [(&'static str, Text)],
    /// Parts that the CI compares without regard to case.
    pub(super) folds: &'static [&'static str],
    /// Parts that the policy does not pin.
    pub(super) free: &'static [&'static str],
    claims: Json,
    pub(super) policy: Json,
}

use Text::{Forged, Hostile, Plain, Words};

const BRANCH_OR_TAG: Text = Words(&["heads", "tags"]);
const UUIDS: Text = Words(&["6d5c4b3a-2910-4f8e-9d7c-6b5a49382716", "55667788-99aa-4bbc-8ccd-ddeeff001122"]);
const BRACED_UUIDS: Text = Words(&["{6d5c4b3a-2910-4f8e-9d7c-6b5a49382716}", "{55667788-99aa-4bbc-8ccd-ddeeff001122}"]);

impl Ci {
    /// The token of a job of these names.
    pub(super) fn claims_of(&self, names: &Names) -> Json {
        fill(&self.claims, &with_derived(names))
    }
}

/// Adds the names that follow from these: some CIs have a claim for the kind of a ref, or one for each kind, and Spacelift runs modules as
/// it runs stacks.
pub(super) fn with_derived(names: &Names) -> Names {
    let mut all = names.clone();
    let tag = names.get("kind").is_some_and(|kind| kind == "tags");
    all.insert("ref_type", if tag { "tag" } else { "branch" }.to_owned());
    all.insert("tag", names.get("name").filter(|_| tag).cloned().unwrap_or_default());
    let module = names.get("type").is_some_and(|kind| kind == "module");
    all.insert("folder", if module { "module/" } else { "" }.to_owned());
    all
}

/// Puts names into every text of a document.
pub(super) fn fill(template: &Json, names: &Names) -> Json {
    match template {
        Json::String(text) => fill_text(text, names).into(),
        Json::Array(items) => items.iter().map(|item| fill(item, names)).collect(),
        Json::Object(members) => members.iter().map(|(key, value)| (key.clone(), fill(value, names))).collect(),
        other => other.clone(),
    }
}

/// Fills all placeholders in one pass: a name is never read as a placeholder.
fn fill_text(text: &str, names: &Names) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{each.") {
        let (key, behind) = after.split_once('}').unwrap();
        filled.push_str(before);
        filled.push_str(&names[key]);
        rest = behind;
    }
    filled + rest
}

/// Every CI.
pub(super) fn all() -> Vec<Ci> {
    let mut all = vec![github(), forgejo(), gitlab(), azure_devops(), buildkite(), circleci(), bitbucket(), codefresh()];
    all.extend([hcp_terraform(), spacelift(), kubernetes(), spiffe(), google(), aws(), generic()]);
    all
}

/// The subject is of a GHES before 3.19, which does not escape `:` in an environment's name. All jobs have the same ids.
fn github() -> Ci {
    Ci {
        mapping: "github-actions",
        url: "https://github.acme.example/_services/token",
        parts: &[
            ("owner", Plain),
            ("repository", Plain),
            ("kind", BRANCH_OR_TAG),
            ("name", Hostile),
            ("environment", Hostile),
            ("file", Forged),
            ("workflow_branch", Forged),
        ],
        folds: &["owner", "repository", "environment"],
        free: &[],
        claims: json!({"sub": "repo:{each.owner}/{each.repository}:environment:{each.environment}", "repository": "{each.owner}/{each.repository}",
            "repository_id": "1", "repository_owner": "{each.owner}", "repository_owner_id": "2", "event_name": "push", "ref_type": "{each.ref_type}",
            "ref": "refs/{each.kind}/{each.name}", "environment": "{each.environment}",
            "job_workflow_ref": "acme/ci/.github/workflows/{each.file}.yml@refs/heads/{each.workflow_branch}"}),
        policy: json!({"match": {"repository": "{each.owner}/{each.repository}", "ref": "refs/{each.kind}/{each.name}", "event": ["push", "tag"],
            "environment": "{each.environment}", "workflow": "acme/ci/.github/workflows/{each.file}.yml@refs/heads/{each.workflow_branch}"}}),
    }
}

fn forgejo() -> Ci {
    Ci {
        mapping: "forgejo",
        url: "https://git.acme.example/api/actions",
        parts: &[
            ("owner", Plain),
            ("repository", Plain),
            ("id", Words(&["1", "2"])),
            ("kind", BRANCH_OR_TAG),
            ("name", Hostile),
            ("file", Forged),
        ],
        folds: &["owner", "repository"],
        free: &["id"],
        claims: json!({"sub": "repo:{each.owner}-{each.id}/{each.repository}-{each.id}:ref:refs/{each.kind}/{each.name}", "repository": "{each.owner}/{each.repository}",
            "repository_id": "{each.id}", "repository_owner": "{each.owner}", "repository_owner_id": "{each.id}", "event_name": "push",
            "ref_type": "{each.ref_type}", "ref": "refs/{each.kind}/{each.name}",
            "workflow_ref": "{each.owner}/{each.repository}/.forgejo/workflows/{each.file}.yml@refs/{each.kind}/{each.name}"}),
        policy: json!({"match": {"repository": "{each.owner}/{each.repository}", "ref": "refs/{each.kind}/{each.name}", "event": ["push", "tag"],
            "workflow": "{each.owner}/{each.repository}/.forgejo/workflows/{each.file}.yml@refs/{each.kind}/{each.name}"}}),
    }
}

fn gitlab() -> Ci {
    Ci {
        mapping: "gitlab",
        url: "https://gitlab.acme.example",
        parts: &[
            ("group", Plain),
            ("project", Plain),
            ("kind", BRANCH_OR_TAG),
            ("name", Hostile),
            ("environment", Hostile),
            ("file", Hostile),
            ("job", Hostile),
        ],
        folds: &[],
        free: &["job"],
        claims: json!({"sub": "project_path:{each.group}/{each.project}:ref_type:{each.ref_type}:ref:{each.name}", "project_path": "{each.group}/{each.project}",
            "project_id": "1", "job_project_path": "{each.group}/{each.project}", "job_project_id": "1", "pipeline_source": "push", "ref": "{each.name}",
            "ref_type": "{each.ref_type}", "ref_path": "refs/{each.kind}/{each.name}", "environment": "{each.environment}", "job_name": "{each.job}",
            "ci_config_ref_uri": "gitlab.acme.example/{each.group}/{each.project}//{each.file}@refs/{each.kind}/{each.name}"}),
        policy: json!({"match": {"repository": "{each.group}/{each.project}", "ref": "refs/{each.kind}/{each.name}", "event": ["push", "tag"],
            "environment": "{each.environment}", "workflow": "gitlab.acme.example/{each.group}/{each.project}//{each.file}@refs/{each.kind}/{each.name}"}}),
    }
}

fn azure_devops() -> Ci {
    Ci {
        mapping: "azure-devops",
        url: "https://vstoken.dev.azure.com/0ca3ddd9-f0b0-4635-a98c-5866526961b6",
        parts: &[
            ("project", Plain),
            ("repository", Plain),
            ("kind", BRANCH_OR_TAG),
            ("name", Hostile),
            ("pipeline", Hostile),
            ("definition", Words(&["1", "12"])),
        ],
        folds: &[],
        free: &[],
        claims: json!({"sub": "p://acme/{each.project}/{each.pipeline}", "org_id": "0ca3ddd9", "rpo_id": "7b1d2c3e", "def_id": "{each.definition}",
            "rpo_uri": "https://dev.azure.com/acme/{each.project}/_git/{each.repository}", "rpo_ref": "refs/{each.kind}/{each.name}"}),
        policy: json!({"match": {"repository_name": "https://dev.azure.com/acme/{each.project}/_git/{each.repository}",
            "ref": "refs/{each.kind}/{each.name}", "workflow": "{each.definition}"}, "claims": {"/sub": "p://acme/{each.project}/{each.pipeline}"}}),
    }
}

/// A tag's build has the tag's name in `build_branch` too.
fn buildkite() -> Ci {
    Ci {
        mapping: "buildkite",
        url: "https://agent.buildkite.com",
        parts: &[("organization", Plain), ("pipeline", Plain), ("kind", BRANCH_OR_TAG), ("name", Hostile), ("step", Hostile)],
        folds: &[],
        free: &["step"],
        claims: json!({"sub": "organization:{each.organization}:pipeline:{each.pipeline}:ref:refs/{each.kind}/{each.name}:commit:ab:step:{each.step}",
            "organization_slug": "{each.organization}", "pipeline_slug": "{each.pipeline}", "build_branch": "{each.name}", "build_tag": "{each.tag}",
            "step_key": "{each.step}", "build_source": "webhook"}),
        policy: json!({"match": {"owner": "{each.organization}", "workflow": "{each.pipeline}", "ref": "refs/{each.kind}/{each.name}", "event": "webhook"}}),
    }
}

fn circleci() -> Ci {
    Ci {
        mapping: "circleci",
        url: "https://oidc.circleci.com",
        parts: &[("owner", Plain), ("repository", Plain), ("kind", BRANCH_OR_TAG), ("name", Hostile), ("definition", UUIDS)],
        folds: &[],
        free: &[],
        claims: json!({"sub": "org/o/project/p/user/u/vcs-origin/github.com/{each.owner}/{each.repository}/vcs-ref/refs/{each.kind}/{each.name}",
            "oidc.circleci.com/org-id": "0f1e2d3c-4b5a-4697-8877-665544332211", "oidc.circleci.com/vcs-origin": "github.com/{each.owner}/{each.repository}",
            "oidc.circleci.com/vcs-ref": "refs/{each.kind}/{each.name}", "oidc.circleci.com/ssh-rerun": false,
            "oidc.circleci.com/pipeline-definition-id": "{each.definition}"}),
        policy: json!({"match": {"owner": "acme@0f1e2d3c-4b5a-4697-8877-665544332211", "repository": "github.com/{each.owner}/{each.repository}",
            "ref": "refs/{each.kind}/{each.name}", "workflow": "{each.definition}"}}),
    }
}

fn bitbucket() -> Ci {
    Ci {
        mapping: "bitbucket",
        url: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
        parts: &[("repository", BRACED_UUIDS), ("environment", BRACED_UUIDS), ("name", Hostile)],
        folds: &[],
        free: &[],
        claims: json!({"sub": "{each.repository}:{each.environment}:{99aa88bb}", "repositoryUuid": "{each.repository}", "workspaceUuid": "{aabbccdd}",
            "deploymentEnvironmentUuid": "{each.environment}", "branchName": "{each.name}"}),
        policy: json!({"match": {"repository": "{each.repository}@{each.repository}", "environment": "{each.environment}", "ref": "refs/heads/{each.name}"}}),
    }
}

/// The source branch of a pull request is whatever its author calls it.
fn codefresh() -> Ci {
    Ci {
        mapping: "codefresh",
        url: "https://oidc.codefresh.io",
        parts: &[("project", Plain), ("pipeline", Plain), ("repository", Plain), ("name", Hostile), ("user", Hostile)],
        folds: &[],
        free: &["user"],
        claims: json!({"sub": "account:1:pipeline:2:scm_repo_url:https://github.com/acme/{each.repository}:scm_user_name:{each.user}:scm_ref:{each.name}",
            "account_id": "1", "account_name": "acme", "pipeline_id": "2", "pipeline_name": "{each.project}/{each.pipeline}",
            "scm_user_name": "{each.user}", "scm_repo_url": "https://github.com/acme/{each.repository}", "scm_ref": "{each.name}"}),
        policy: json!({"match": {"owner": "acme@1", "repository_name": "https://github.com/acme/{each.repository}", "event": "push",
            "workflow": "{each.project}/{each.pipeline}"}, "claims": {"/scm_ref": "{each.name}"}}),
    }
}

fn hcp_terraform() -> Ci {
    Ci {
        mapping: "hcp-terraform",
        url: "https://app.terraform.io",
        parts: &[("organization", Plain), ("project", Plain), ("workspace", Plain), ("phase", Words(&["plan", "apply"]))],
        folds: &[],
        free: &[],
        claims: json!({"sub": "organization:{each.organization}:project:{each.project}:workspace:{each.workspace}:run_phase:{each.phase}",
            "terraform_full_workspace": "organization:{each.organization}:project:{each.project}:workspace:{each.workspace}",
            "terraform_workspace_id": "ws-1", "terraform_workspace_name": "{each.workspace}", "terraform_organization_name": "{each.organization}",
            "terraform_organization_id": "org-1", "terraform_run_phase": "{each.phase}"}),
        policy: json!({"match": {"repository": "organization:{each.organization}:project:{each.project}:workspace:{each.workspace}"},
            "claims": {"/terraform_run_phase": "{each.phase}"}}),
    }
}

fn spacelift() -> Ci {
    Ci {
        mapping: "spacelift",
        url: "https://acme.app.spacelift.io",
        parts: &[
            ("space", Plain),
            ("type", Words(&["stack", "module"])),
            ("caller", Plain),
            ("run", Words(&["PROPOSED", "TRACKED"])),
        ],
        folds: &[],
        free: &[],
        claims: json!({"sub": "space:{each.space}:{each.type}:{each.caller}:run_type:{each.run}:scope:write", "spaceId": "{each.space}",
            "callerType": "{each.type}", "callerId": "{each.caller}", "runType": "{each.run}", "scope": "write"}),
        policy: json!({"match": {"owner": "{each.space}", "repository": "{each.folder}{each.caller}"}, "claims": {"/runType": "{each.run}"}}),
    }
}

fn kubernetes() -> Ci {
    Ci {
        mapping: "kubernetes",
        url: "https://kubernetes.default.svc.cluster.local",
        parts: &[("namespace", Forged), ("account", Forged), ("pod", Hostile)],
        folds: &[],
        free: &["pod"],
        claims: json!({"sub": "system:serviceaccount:{each.namespace}:{each.account}", "kubernetes.io": {"namespace": "{each.namespace}",
            "serviceaccount": {"name": "{each.account}", "uid": "1"}, "pod": {"name": "{each.pod}", "uid": "2"}}}),
        policy: json!({"match": {"namespace": "{each.namespace}", "service_account": "{each.account}"}}),
    }
}

fn spiffe() -> Ci {
    Ci {
        mapping: "spiffe",
        url: "https://spire.acme.example",
        parts: &[("domain", Words(&["acme.example", "evil.example"])), ("path", Forged)],
        folds: &[],
        free: &[],
        claims: json!({"sub": "spiffe://{each.domain}/{each.path}"}),
        policy: json!({"match": {"service_account": "spiffe://{each.domain}/{each.path}"}}),
    }
}

fn google() -> Ci {
    Ci {
        mapping: "google",
        url: "https://accounts.google.com",
        parts: &[("account", Forged), ("project", Plain), ("id", Words(&["108", "1080"]))],
        folds: &[],
        free: &[],
        claims: json!({"sub": "{each.id}", "email": "{each.account}@{each.project}.iam.gserviceaccount.com", "email_verified": true}),
        policy: json!({"match": {"owner": "ci@{each.id}", "user": "{each.account}@{each.project}.iam.gserviceaccount.com"}}),
    }
}

fn aws() -> Ci {
    Ci {
        mapping: "aws",
        url: "https://0f1e2d3c.tokens.sts.global.api.aws",
        parts: &[("account", Words(&["111122223333", "444455556666"])), ("role", Forged), ("tag", Hostile)],
        folds: &[],
        free: &["tag"],
        claims: json!({"sub": "arn:aws:iam::{each.account}:role/{each.role}", "https://sts.amazonaws.com/": {"aws_account": "{each.account}",
            "request_tags": {"aws_account": "{each.tag}"}}}),
        policy: json!({"match": {"owner": "{each.account}@{each.account}", "service_account": "arn:aws:iam::{each.account}:role/{each.role}"}}),
    }
}

fn generic() -> Ci {
    Ci {
        mapping: "generic",
        url: "https://idp.acme.example",
        parts: &[("subject", Hostile), ("tier", Hostile)],
        folds: &[],
        free: &[],
        claims: json!({"sub": "{each.subject}", "tier": "{each.tier}"}),
        policy: json!({"claims": {"/sub": "{each.subject}", "/tier": "{each.tier}"}}),
    }
}
