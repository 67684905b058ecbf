//! The GitLab component, without GitLab: its inputs and variables are filled in as GitLab documents it, and dash and bash run its script.
//! GitLab itself was not tried.

use super::{COMMIT, HOSTILE, Stage, read};
use crate::support::{peer, put};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

pub(super) const COMPONENT: &str = "deploy/gitlab-ci/templates/daypass.yml";

/// The inputs that the component declares, and its jobs.
pub(super) fn documents() -> (Map<String, Value>, Value) {
    let text = read(COMPONENT);
    let (spec, jobs) = text.split_once("\n---\n").unwrap();
    let spec: Value = serde_saphyr::from_str(spec).unwrap();
    (spec["spec"]["inputs"].as_object().unwrap().clone(), serde_saphyr::from_str(jobs).unwrap())
}

/// The job that GitLab makes of the component and some inputs: its variables and its script.
struct Job {
    variables: BTreeMap<String, String>,
    audience: String,
    script: String,
}

impl Job {
    fn new(inputs: &Map<String, Value>) -> Self {
        let (declared, jobs) = documents();
        assert!(inputs.keys().all(|name| declared.contains_key(name)), "{inputs:?}");
        let filled = |text: &str| {
            declared.iter().fold(text.to_owned(), |text, (name, input)| {
                let value = inputs.get(name).or_else(|| input.get("default"));
                let value = value.unwrap_or_else(|| panic!("the input {name} is required"));
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let regex = input["regex"].as_str().map(|regex| regex::Regex::new(regex).unwrap());
                assert!(regex.is_none_or(|regex| regex.is_match(&value)), "{name}: {value}");
                text.replace(&format!("$[[ inputs.{name} ]]"), &value)
            })
        };
        let jobs = jobs.as_object().unwrap();
        assert_eq!(jobs.len(), 1);
        let job = jobs.values().next().unwrap();
        let server = filled(job["variables"]["DAYPASS_SERVER"].as_str().unwrap());
        let expanded = |text: &str| filled(text).replace("$DAYPASS_SERVER", &server);
        let variables = job["variables"].as_object().unwrap().iter().map(|(name, value)| {
            let value = value.as_str().map(&expanded).or_else(|| Some(filled(value["value"].as_str()?)));
            (name.clone(), value.unwrap())
        });
        let script: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        Self {
            variables: variables.collect(),
            audience: expanded(job["id_tokens"]["DAYPASS_TOKEN"]["aud"].as_str().unwrap()),
            script: script.join("\n"),
        }
    }

    /// Runs the job with those of GitLab's variables that are read here, and with the token that GitLab would sign.
    fn run(&self, stage: &Stage, shell: &str, folder: &Path) -> Output {
        let claims: Value = serde_json::from_str(&read("src/identity/fixtures/gitlab/branch.json")).unwrap();
        let mut claims = claims["claims"].as_object().unwrap().clone();
        ["iss", "aud", "iat", "nbf", "exp", "jti"].iter().for_each(|name| _ = claims.remove(*name));
        let mut variables: Vec<(&str, String)> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let token = stage.world.issuer.mint(&claims, &self.audience).unwrap();
        let folder = folder.display().to_string();
        variables.extend([
            ("DAYPASS_TOKEN", token),
            ("GITLAB_CI", "true".to_owned()),
            ("CI", "true".to_owned()),
            ("CI_JOB_ID", "302".to_owned()),
            ("CI_PROJECT_DIR", folder.clone()),
            ("CI_SERVER_URL", "https://gitlab.com".to_owned()),
        ]);
        // The runner's shell executor puts this before a job's script.
        let script = format!("set -e\n{}", self.script);
        put(&stage.world.path("job.sh"), script.as_bytes());
        stage.shell(shell, &stage.world.path("job.sh"), Path::new(&folder), &variables)
    }
}

/// Runs the job with the inputs of an example's `include`.
pub(super) fn run_example(stage: &Stage, text: &str, folder: &Path) -> Output {
    let example: Value = serde_saphyr::from_str(&stage.localized(text)).unwrap();
    let include = &example["include"][0];
    let named = ["project", "file", "ref"].map(|key| include[key].as_str().unwrap());
    assert_eq!(named, ["acme/daypass", COMPONENT, COMMIT]);
    assert_eq!(example["deploy"]["extends"], documents().0["as"]["default"]);
    let mut inputs = include["inputs"].as_object().unwrap().clone();
    inputs.extend(usual(stage));
    Job::new(&inputs).run(stage, "dash", folder)
}

/// The inputs that a private server needs.
fn usual(stage: &Stage) -> Map<String, Value> {
    let ca = stage.world.path("tls.crt").display().to_string();
    [("audience", stage.world.url("/gitlab")), ("ca", ca)]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_components_script_gives_what_its_inputs_name_and_runs_only_the_pinned_program() {
    let Some(stage) = Stage::start().await else { return };
    let folder = stage.world.path("project");
    std::fs::create_dir_all(&folder).unwrap();
    let mut inputs = usual(&stage);
    let run = "printf %s \"$HOSTILE\" >hostile\necho \"$(cat password) $1 $(printenv DAYPASS_TOKEN || echo no-token)\"\naws sts get-caller-identity --query Arn --output text\nexit 9";
    for (name, value) in [
        ("server", stage.world.url("")),
        ("url", stage.url.clone()),
        ("sha256", stage.digest.clone()),
        ("aws", "arn:aws:iam::000000000000:role/gitlab".to_owned()),
        ("secrets", "HOSTILE=shop/hostile.age\n".to_owned()),
        ("files", "password=shop/production/db.yaml#/password\n".to_owned()),
        ("run", run.to_owned()),
    ] {
        inputs.insert(name.to_owned(), value.into());
    }
    let shells: Vec<&str> = ["dash", "bash"].into_iter().filter(|shell| peer(shell).is_some()).collect();
    for shell in &shells {
        let done = Job::new(&inputs).run(&stage, shell, &folder);
        let (out, fault) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(9), "{shell}: {out}{fault}");
        assert!(
            out.starts_with("tic-tac-toe  no-token\narn:aws:sts::000000000000:assumed-role/gitlab/"),
            "{shell}: {out}{fault}"
        );
        assert_eq!(std::fs::read_to_string(folder.join("hostile")).unwrap(), HOSTILE);
        assert!(!folder.join("password").exists(), "{shell}");
    }
    inputs.insert("sha256".to_owned(), "a".repeat(64).into());
    for shell in &shells {
        let refused = Job::new(&inputs).run(&stage, shell, &folder);
        let (out, fault) = (String::from_utf8_lossy(&refused.stdout), String::from_utf8_lossy(&refused.stderr));
        assert!(refused.status.code() == Some(125) && out.is_empty(), "{shell}: {out}{fault}");
        assert!(fault.contains("is pinned: it is not run"), "{shell}: {fault}");
    }
    let granted = stage.world.audit().into_iter().filter(|entry| entry.kind == "released").count();
    assert_eq!(granted, shells.len());
}
