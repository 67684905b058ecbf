//! The page of pipelines: its examples are files of `deploy/`, and its tables list the inputs of the action and of the component.

use super::reference::{assert_page_has, cell};
use super::{blocks, read, root};
use crate::support::peer;
use serde_json::Value;
use std::fmt::Write as _;
use std::process::Command;

const PAGE: &str = "docs/how-to/pipelines.md";
const FILE: &str = "<!-- file: ";

#[test]
fn each_example_is_the_file_that_the_page_names() {
    let text = read(PAGE);
    let mut seen = 0;
    for part in text.split(FILE).skip(1) {
        let (file, rest) = part.split_once(" -->\n").unwrap();
        let printed = rest.split_once("```").unwrap().1.split_once('\n').unwrap().1.split_once("\n```\n").unwrap().0;
        assert_eq!(printed.trim_end(), read(file).trim_end(), "{PAGE} shows another {file}");
        seen += 1;
    }
    assert_eq!(seen, 3, "one each of action, component and script");
}

/// A table of inputs, as YAML declares them. A component's input without a default is required.
fn table(inputs: &Value, is_component: bool) -> String {
    let mut table = "| input | default | |\n|---|---|---|\n".to_owned();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (name, input) in inputs.as_object().unwrap() {
        let description = cell(input["description"].as_str().unwrap());
        let default = match &input["default"] {
            Value::Null if input["required"] == true || is_component => "required".to_owned(),
            Value::Null => String::new(),
            Value::String(empty) if empty.is_empty() => String::new(),
            default => format!("`{}`", text(default)),
        };
        let _ = writeln!(table, "| `{name}` | {default} | {description} |");
    }
    table
}

#[test]
fn the_table_of_inputs_matches_the_action() {
    let action: Value = serde_saphyr::from_str(&read("deploy/github-action/action.yml")).unwrap();
    assert_page_has(PAGE, "inputs", &table(&action["inputs"], false));
}

#[test]
fn the_table_of_inputs_matches_the_component() {
    let component = read("deploy/gitlab-ci/templates/daypass.yml");
    let spec: Value = serde_saphyr::from_str(component.split_once("\n---\n").unwrap().0).unwrap();
    assert_page_has(PAGE, "component", &table(&spec["spec"]["inputs"], true));
}

/// The jobs that the page of CIs shows for other CIs.
#[test]
fn the_jobs_of_buildkite_and_circleci_fit_their_schemas() {
    let Some(program) = peer("check-jsonschema") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (schema, begin) in [("vendor.buildkite", "steps:\n  - key: deploy"), ("vendor.circle-ci", "version: 2.1\n")] {
        let block = blocks::of("docs/how-to/ci.md").into_iter().find(|block| block.text.starts_with(begin)).unwrap();
        assert!(block.text.contains("sh daypass.sh exec ") && root().join("deploy/shell/daypass.sh").is_file());
        let file = folder.path().join("job.yml");
        std::fs::write(&file, &block.text).unwrap();
        let checked = Command::new(&program).args(["--builtin-schema", schema]).arg(&file).output().unwrap();
        assert!(checked.status.success(), "{schema}: {}", String::from_utf8_lossy(&checked.stdout));
    }
}
