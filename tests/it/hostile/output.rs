//! What a command prints goes into a CI's log, and names files, arguments and values that a pull request chose. The runner reads a line
//! that begins with `::` as a command, and a person reads the log on a terminal.

use crate::support::{World, commit, git, put};
use clap::CommandFactory;
use daypass::words::is_control;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};

/// Begins a line with a command of GitHub's, clears the screen, turns the direction, hides itself, colours what follows, and holds a
/// command of Azure's.
const HOSTILE: &str = "x\n::error::PWN\u{1b}[2J\u{202e}\u{200b}\u{9b}31m##[error]y";
/// A folder whose name begins like a command: a path is printed at the begin of a line.
const FOLDER: &str = "::error title=PWN::y";
/// The same as YAML writes it.
const HOSTILE_YAML: &str = "x\\n::error::PWN\\e[2J\\u202e\\u200b\\x9b31m##[error]y";

/// A pull request's files, in a checkout of its own.
fn put_files(checkout: &Path) {
    let files = [
        (format!("policies/shop/{HOSTILE}.yaml"), "issuer: github\n".to_owned()),
        (
            "policies/shop/values.yaml".to_owned(),
            format!(
                "issuer: github\nmatch: {{ repository: \"acme/{HOSTILE_YAML}\", ref: \"refs/heads/{HOSTILE_YAML}\" }}\ngrant: {{ secrets: [shop/**] }}\n"
            ),
        ),
        (
            "policies/shop/keys.yaml".to_owned(),
            format!("issuer: github\n\"{HOSTILE_YAML}\": 1\nmatch: {{ event: \"{HOSTILE_YAML}\" }}\n"),
        ),
        (
            "policies/shop/names.yaml".to_owned(),
            "issuer: github\nmatch: { repository: acme/shop, event: push }\ngrant: { secrets: [shop/**] }\n".to_owned(),
        ),
        (format!("sources/{HOSTILE}.yaml"), format!("git: \"{HOSTILE_YAML}\"\n")),
        ("sources/team.yaml".to_owned(), format!("git: \"{HOSTILE_YAML}\"\n")),
        (format!("secrets/shop/{HOSTILE}.yaml"), "a: b\n".to_owned()),
        (
            "secrets/shop/twice.yaml".to_owned(),
            format!("\"{HOSTILE_YAML}\": 1\n\"{HOSTILE_YAML}\": 2\nsops:\n    mac: ENC[x]\n    age: []\n"),
        ),
        ("conf/prod.yaml".to_owned(), "a: b\n".to_owned()),
        (format!("{FOLDER}/prod.yaml"), "a: b\n".to_owned()),
        ("conf/.sops.yaml".to_owned(), format!("creation_rules:\n  - path_regex: .*\n    age: \"{HOSTILE_YAML}\"\n")),
    ];
    files.iter().for_each(|(name, text)| put(&checkout.join(name), text.as_bytes()));
}

/// Every command that quotes something, with the hostile text in each place where it takes one.
fn commands() -> Vec<Vec<String>> {
    let here = "--config C --folder .";
    let revisions = "--config C --repository .";
    let lines = [
        "H",
        "policy H",
        "policy check --H",
        "policy check --config H",
        "policy check --folder H",
        "policy check --format H",
        &format!("policy check {here}"),
        &format!("policy check {here} --deny H"),
        &format!("policy check {here} --source sources/team.yaml"),
        &format!("policy check {here} --source H"),
        &format!("policy test {here}"),
        &format!("policy diff H {revisions}"),
        &format!("policy diff H..H {revisions}"),
        &format!("policy diff main...change {revisions}"),
        "policy diff main...change --config C --repository H",
        &format!("policy who-can H {here}"),
        &format!("policy who-can shop/** {here}"),
        &format!("policy what-can --issuer github --claim H=1 {here}"),
        &format!("policy what-can --issuer github --claim repository=H {here}"),
        &format!("policy what-can --issuer H --claim a=b {here}"),
        &format!("policy what-can --claims H {here}"),
        &format!("policy explain --issuer github --claim H=1 --secret shop/a.age {here}"),
        &format!("policy explain --issuer github --claim repository=H --secret H {here}"),
        &format!("policy explain --decision H {here}"),
        &format!("policy lock {here}"),
        &format!("policy lock {here} --data H"),
        &format!("policy replay H {revisions} --data D"),
        "policy import H --issuer github --role H",
        &format!("aws bootstrap {here}"),
        &format!("azure bootstrap {here}"),
        &format!("gcp bootstrap {here} --provider H"),
        "secret hook",
        "secret get H",
        "secret decrypt secrets/shop/twice.yaml --identity K",
        "secret decrypt H --identity K",
        "secret set secrets/shop/twice.yaml#/a --identity K",
        "secret set secrets/shop/twice.yaml#/H --identity H",
        "secret unset secrets/shop/twice.yaml#/a --identity K",
        "secret encrypt -r H -o out.age",
        "secret encrypt --sops conf/prod.yaml -o out.yaml",
        "secret encrypt H -o H",
        "secret updatekeys --identity K",
        "secret rotate --identity K",
        "secret status",
        "secret status --recipient H",
        "secret decrypt F/prod.yaml --identity K",
        "secret set F/prod.yaml#/a --identity K",
        "secret import --from H --to F/b.yaml",
        "secret keygen --to F/a.key",
        "secret keygen --to H/a.key",
        "secret import --from H --to H",
        "secret plugin-identity --server H",
        "secret plugin-identity --server https://H",
        "transit create H --recipient H",
        "transit create shop/a --recipient H",
        "exec -- H",
        "exec --env A=H -- true",
        "exec --aws --server H -- true",
        "exec --aws --server https://127.0.0.1:1/H -- true",
        "exec --dry-run --aws --server H -- true",
        "whoami --server H",
        "whoami --server https://127.0.0.1:1 --token-file H",
        "credential aws --server https://127.0.0.1:1 --ca H",
        "credential git --host H --username H --secret shop/a.age get",
        "credential docker --registries H list",
        "audit query --config C --policy H",
        "audit query --config C --kind H",
        "audit query --config C --code H",
        "audit query --config C --decision H",
        "audit query --config C --repository H",
        "audit verify --config C H",
        "audit export --config C --state H",
        "deny --repository H --for 4h --reason H --config C",
        "deny --policy H --reason H --config C",
        "deny --lift H --config C",
        "accept H --config C",
        "confirm H --source H --config C",
        "revoke H --config C",
        "status --config C",
        "keys check --config C --url H",
        "keys publish --to H --config H",
        "doctor --config H",
        "doctor --config C",
        "doctor --client --server H",
        "serve --config H",
        "serve --config C --admin-address H",
        "sidecar --config H",
        "sidecar --config conf/prod.yaml",
    ];
    lines
        .iter()
        .map(|line| line.split(' ').map(|word| word.replace('H', HOSTILE).replace("F/", &format!("{FOLDER}/"))).collect())
        .collect()
}

fn assert_plain(what: &str, output: &[u8]) {
    let output = std::str::from_utf8(output).unwrap();
    for line in output.lines() {
        assert!(!line.trim_start().starts_with("::"), "{what}: a line is a command: {output}");
        assert!(!line.contains("##["), "{what}: a line holds a command: {output}");
        assert!(!line.contains(is_control), "{what}: {line:?}");
    }
}

#[tokio::test]
async fn no_text_of_others_begins_a_line_or_controls_a_terminal() {
    let world = World::start(Default::default()).await;
    let (checkout, config) = (world.path("access"), world.path("daypass.yaml"));
    git(&checkout, &["checkout", "--quiet", "-b", "change"]);
    put_files(&checkout);
    commit(&checkout);
    // What nobody committed yet, for the hook.
    put(&checkout.join(format!("secrets/shop/{HOSTILE}.json")), b"{}");
    put(&checkout.join(format!("{FOLDER}/key.txt")), format!("AGE-SECRET-KEY-1{}\n", "Q".repeat(58)).as_bytes());
    put(&checkout.join("secrets/shop/again.yaml"), &std::fs::read(checkout.join("secrets/shop/twice.yaml")).unwrap());
    git(&checkout, &["add", "--all"]);
    let mut quoted = 0;
    for arguments in commands() {
        let in_place = |word: String| match word.as_str() {
            "C" => config.display().to_string(),
            "K" => world.path("root.key").display().to_string(),
            "D" => world.path("data").display().to_string(),
            _ => word,
        };
        let arguments: Vec<String> = arguments.into_iter().map(in_place).collect();
        let formats: &[&str] = if arguments[0] == "policy" { &["text", "json", "markdown"] } else { &["text", "json"] };
        for format in formats {
            let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
            command.current_dir(&checkout).stdin(Stdio::null()).args(["--output", format]).args(&arguments);
            let output = command.env("CI", "true").output().unwrap();
            let what = format!("{format} {arguments:?}");
            assert_plain(&what, &output.stdout);
            assert_plain(&what, &output.stderr);
            let is_quoted = |output: &[u8]| String::from_utf8_lossy(output).contains("PWN");
            quoted += usize::from(is_quoted(&output.stdout) || is_quoted(&output.stderr));
        }
    }
    let sidecar = Command::new(env!("CARGO_BIN_EXE_daypass-sidecar")).arg(format!("--{HOSTILE}")).output().unwrap();
    assert!(String::from_utf8_lossy(&sidecar.stderr).contains("PWN"));
    assert_plain("sidecar", &sidecar.stderr);
    assert!(quoted > 84, "only {quoted} commands quoted the text");
}

/// The names of a command and of those below it, and the variables that they take.
fn of_help(command: &clap::Command, names: &[String], pages: &mut Vec<Vec<String>>, variables: &mut BTreeSet<OsString>) {
    variables.extend(command.get_arguments().filter_map(|argument| argument.get_env()).map(OsStr::to_owned));
    for below in command.get_subcommands() {
        let names: Vec<String> = names.iter().cloned().chain([below.get_name().to_owned()]).collect();
        of_help(below, &names, pages, variables);
    }
    pages.push(names.to_vec());
}

/// A variable may hold a secret, or a name that a pull request chose.
#[test]
fn no_help_page_shows_the_value_of_a_variable() {
    let (mut pages, mut variables) = (Vec::new(), BTreeSet::new());
    of_help(&daypass::cli::Cli::command(), &[], &mut pages, &mut variables);
    assert!(pages.len() > 40 && variables.len() > 3, "{pages:?} {variables:?}");
    for page in pages {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
        command.args(&page).arg("--help").envs(variables.iter().map(|name| (name, HOSTILE)));
        let output = command.output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !shown.contains("PWN"), "{page:?}: {shown}");
    }
}

/// The library printed it as it is, and logged without it.
#[test]
fn a_filter_of_the_log_that_is_none_is_a_failure() {
    let config = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(config.path(), "").unwrap();
    for (program, arguments) in [(env!("CARGO_BIN_EXE_daypass"), &["serve"][..]), (env!("CARGO_BIN_EXE_daypass-sidecar"), &[])] {
        let mut command = Command::new(program);
        command.args(arguments).arg("--config").arg(config.path()).env("DAYPASS_LOG", format!("={HOSTILE}"));
        let output = command.output().unwrap();
        assert_plain(program, &output.stderr);
        assert_eq!(output.stdout, b"");
        assert!(!output.status.success(), "{output:?}");
        if arguments == ["serve"] {
            let shown = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code() == Some(64) && shown.contains("`DAYPASS_LOG`") && shown.contains("PWN"), "{shown}");
        }
    }
}

/// What somebody pushed stands in the log of the server and in what it answers of itself.
#[tokio::test]
async fn a_pushed_name_forges_no_line_of_the_log() {
    let world = World::start(Default::default()).await;
    let name = format!("policies/shop/{HOSTILE}.yaml");
    let ready = world.commit_and_wait(&[(name.as_str(), b"issuer: github\n")]).await;
    assert!(ready["faults"].to_string().contains("PWN"), "{ready:#}");
    let log = world.log();
    assert!(log.lines().any(|line| line.contains("PWN")), "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line:?}");
        assert_plain("the log", line.as_bytes());
    }
    let answer = world.http.get(format!("http://127.0.0.1:{}/readyz", world.admin_port)).send().await.unwrap();
    let answer = answer.bytes().await.unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("PWN"));
    assert_plain("/readyz", &answer);
    let mut status = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let status = status.args(["status", "--config"]).arg(world.path("daypass.yaml")).output().unwrap();
    assert!(String::from_utf8_lossy(&status.stdout).contains("PWN"));
    assert_plain("status", &status.stdout);
}
