//! The files of `deploy/` for pipelines: they fit their schemas, and text that two of them have is the same.

use super::gitlab::{COMPONENT, documents};
use super::{read, root};
use crate::support::peer;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

const SCRIPT: &str = "deploy/shell/daypass.sh";
const BEGIN: &str = "# begin: the pinned program\n";
const END: &str = "# end: the pinned program\n";

fn done(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The files of a folder with this ending.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file() && path.to_string_lossy().ends_with(ending)).collect();
    files.sort();
    files
}

/// There is one digest check: the action calls the script, and the component holds a copy of its text.
#[test]
fn the_component_has_the_scripts_own_text_and_the_action_calls_the_script() {
    let script = read(SCRIPT);
    let block = &script[script.find(BEGIN).unwrap()..script.find(END).unwrap() + END.len()];
    let (_, jobs) = documents();
    let first = jobs.as_object().unwrap().values().next().unwrap()["script"][0].as_str().unwrap().to_owned();
    assert_eq!(first.trim_end(), block.trim_end(), "{COMPONENT} and {SCRIPT} differ");
    assert!(read("deploy/github-action/program.js").contains("path.join(__dirname, '..', 'shell', 'daypass.sh')"));
}

#[test]
fn every_script_is_valid_in_plain_shells() {
    let folder = tempfile::tempdir().unwrap();
    let (_, jobs) = documents();
    let script = jobs.as_object().unwrap().values().next().unwrap()["script"].clone();
    let lines: Vec<&str> = script.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    std::fs::write(folder.path().join("component.sh"), lines.join("\n")).unwrap();
    let mut scripts = files("deploy/shell", ".sh");
    scripts.extend(files("deploy/shell/examples", ".sh"));
    scripts.push(folder.path().join("component.sh"));
    assert_eq!(scripts.len(), 5, "{scripts:?}");
    for script in &scripts {
        for shell in ["sh", "dash"].iter().filter_map(|shell| peer(shell)) {
            done(Command::new(shell).arg("-n").arg(script));
        }
    }
    if let Some(shellcheck) = peer("shellcheck") {
        done(Command::new(shellcheck).args(["--shell=sh", "--severity=info"]).args(&scripts));
    }
}

#[test]
fn the_action_workflows_and_component_fit_their_schemas() {
    let Some(program) = peer("check-jsonschema") else { return };
    let schema = |name: &str, files: &[PathBuf]| {
        done(Command::new(&program).args(["--builtin-schema", name, "--data-transform", "gitlab-ci"]).args(files));
    };
    schema("vendor.github-actions", &[root().join("deploy/github-action/action.yml")]);
    schema("vendor.github-workflows", &files("deploy/github-action/examples", ".yml"));
    schema("vendor.gitlab-ci", &files("deploy/gitlab-ci/examples", ".yml"));
    let folder = tempfile::tempdir().unwrap();
    let text = read(COMPONENT);
    let (spec, jobs) = text.split_once("\n---\n").unwrap();
    let parts = [("spec.yml", spec), ("jobs.yml", jobs)].map(|(name, part)| {
        std::fs::write(folder.path().join(name), part).unwrap();
        folder.path().join(name)
    });
    schema("vendor.gitlab-ci", &parts);
    if let Some(zizmor) = peer("zizmor") {
        let workflows = files("deploy/github-action/examples", ".yml");
        done(
            Command::new(zizmor)
                .args(["--offline", "--quiet"])
                .arg(root().join("deploy/github-action/action.yml"))
                .args(workflows),
        );
    }
}

/// Inputs that the action and the component share have the same description.
#[test]
fn shared_inputs_of_the_action_and_the_component_have_one_description() {
    let action: Value = serde_saphyr::from_str(&read("deploy/github-action/action.yml")).unwrap();
    let (component, _) = documents();
    for same in ["server", "ca", "aws", "secrets", "files", "github", "gcp", "azure", "token-exchange", "policy"] {
        assert_eq!(action["inputs"][same]["description"], component[same]["description"], "{same}");
    }
}

/// Values that would end an entry early, invalid names, and texts that a runner would take for commands.
#[test]
fn what_a_runner_reads_cannot_be_injected_into() {
    let Some(node) = peer("node") else { return };
    let script = r"
const assert = require('assert');
const runner = require('./runner');
const inputs = require('./inputs');
const report = require('./report');
const refused = (work) => assert.throws(work, runner.Refused);
const text = runner.entry('A', 'x\nEVIL=1\nEVIL<<EOF\nEOF');
const [first, ...lines] = text.split('\n');
const delimiter = first.slice('A<<'.length);
assert.match(delimiter, /^daypass_[0-9a-f]{48}$/);
assert.strictEqual(lines.indexOf(delimiter), lines.length - 2, 'the only end is the last line');
assert.notStrictEqual(runner.entry('A', 'x'), runner.entry('A', 'x'), 'nobody knows the next one');
refused(() => runner.entry('A', 'x\nD\nEVIL=1', 'D'));
for (const name of ['A=B', 'A<<B', 'A\nB', '', '1A', 'A B']) refused(() => runner.entry(name, 'x'));
for (const value of ['a\0b', 'a\rb', 'a\r']) refused(() => runner.entry('A', value));
for (const name of ['GITHUB_ENV', 'GITHUB_PATH', 'RUNNER_TEMP', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'DAYPASS_SERVER', 'INPUT_RUN', 'STATE_folder']) refused(() => runner.variable(name, 'x'));
assert.ok(runner.variable('GITHUB_TOKEN', 'x') && runner.variable('DAYPASS_GCP_ID_TOKEN', 'x'));
for (const hostile of ['::set-env name=A::b', '  ::add-path::/x', 'ok\n::stop-commands::x', 'x ##[set-output name=a]b', 'a\r::error::b', '\u001b[2K::x', '\u2028::x']) {
  const lines = runner.shown(hostile).split(/[\n\r\u2028]/);
  assert.ok(lines.every((line) => !/^\s*::/.test(line) && !line.includes('##[') && !/[\u0000-\u001f]/.test(line)), hostile);
}
const lie = [{ granted: { policy: 'p\n::set-env name=A::b', decision_id: '`x`\n# heading', credentials: 'no list' } }, { ended: { failed: ['a\r::b'], revoked: {} } }, { granted: null }];
assert.ok(report.told(lie).every((line) => !line.startsWith('::') && !line.includes('\n')));
assert.ok(!report.summary(lie).includes('\n# heading'));
const read = (given) => inputs.read({ INPUT_SERVER: 'https://daypass.acme.com', ...given });
assert.deepStrictEqual(read({ INPUT_AWS: '--token-file=/etc/passwd' }).credentials, ['--aws=--token-file=/etc/passwd'], 'never a flag');
assert.deepStrictEqual(read({ INPUT_SECRETS: 'A=a/b\n\n  B=c\n' }).credentials, ['--env=A=a/b', '--env=B=c']);
for (const bad of [{ INPUT_SERVER: 'http://x' }, { INPUT_REFRESH: 'yes' }, { INPUT_AUDIENCE: 'a\nb' }, { 'INPUT_VERIFY-PROVENANCE': 'maybe' }]) refused(() => read(bad));
const kept = inputs.bare({ PATH: '/bin', INPUT_RUN: 'x', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't', GITHUB_TOKEN: 'g', DAYPASS_TOKEN: 'd' });
assert.deepStrictEqual(kept, { PATH: '/bin' });
";
    done(Command::new(&node).arg("-e").arg(script).current_dir(root().join("deploy/github-action")));
    let masked = "require('./runner').mask('one%\\ntwo line\\r\\n\\nab\\n::x::\\n')";
    let output = done(Command::new(&node).arg("-e").arg(masked).current_dir(root().join("deploy/github-action")));
    assert_eq!(
        output,
        "::add-mask::one%25%0Atwo line%0D%0A%0Aab%0A::x::\n::add-mask::one%25\n::add-mask::two line\n::add-mask::::x::\n"
    );
}

/// Every file that the action requires exists, and none is of a registry.
#[test]
fn the_action_has_no_dependencies() {
    let built_in = ["child_process", "crypto", "fs", "os", "path", "readline"];
    let scripts = files("deploy/github-action", ".js");
    assert!(!scripts.is_empty());
    for file in scripts {
        let text = std::fs::read_to_string(&file).unwrap();
        for required in text.split("require('").skip(1).map(|rest| rest.split('\'').next().unwrap()) {
            let is_there = required.strip_prefix("./").is_some_and(|name| file.with_file_name(format!("{name}.js")).is_file());
            assert!(is_there || built_in.contains(&required), "{}: {required}", file.display());
        }
    }
    assert!(!root().join("deploy/github-action/package.json").exists());
}

/// If a repository copies the action without the script, the error says what is missing.
#[test]
fn an_action_that_was_copied_without_its_script_says_what_to_copy() {
    let Some(node) = peer("node") else { return };
    let copy = tempfile::tempdir().unwrap();
    let action = copy.path().join("deploy/github-action");
    std::fs::create_dir_all(&action).unwrap();
    for file in files("deploy/github-action", ".js") {
        std::fs::copy(&file, action.join(file.file_name().unwrap())).unwrap();
    }
    let script = "require('./program').bring({ binary: '/bin/true' }, {}, '.')";
    let output = Command::new(&node).arg("-e").arg(script).current_dir(&action).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && printed.contains("deploy/shell/daypass.sh is not there"), "{printed}");
    assert!(printed.contains("Copy the whole folder deploy/"), "{printed}");
}
