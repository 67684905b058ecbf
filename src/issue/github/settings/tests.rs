use super::*;
use crate::issue::provider::Places;
use crate::words::yaml::{Fields, Node};

struct Here;

impl Places for Here {
    fn private<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf> {
        fields.text(node).map(PathBuf::from)
    }

    fn trusted<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf> {
        fields.text(node).map(PathBuf::from)
    }

    fn credential<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<(String, Option<PathBuf>)> {
        fields.text(node).map(|name| (name.to_owned(), None))
    }
}

fn read(text: &str) -> Result<GitHubSettings, Vec<String>> {
    let node = Node::parse("daypass.yaml", text.as_bytes()).unwrap();
    let mut faults = Vec::new();
    let mut fields = Fields::new("daypass.yaml", text, &node, &mut faults);
    let settings = GitHubSettings::read(&mut fields, &Here);
    fields.finish();
    let messages: Vec<String> = faults.iter().map(|fault| fault.message.to_string()).collect();
    if messages.is_empty() { settings.ok_or(messages) } else { Err(messages) }
}

#[test]
fn apps_are_read() {
    let settings = read(
        "apps:
  - { name: acme, app_id: 7, key: { file: acme.pem }, max_permissions: { contents: write, next: read }, extra_permissions: [next] }
  - name: ghes
    client_id: Iv23liAbc
    key: { aws_kms: \"arn:aws:kms:eu-west-1:111122223333:key/1\" }
    max_permissions: { issues: read }
    api: https://ghe.example/api/v3
    ca: ca.pem
    proxy: http://proxy.example:3128
  - { name: third, app_id: 8, key: { credential: app }, max_permissions: { workflows: write } }
",
    )
    .unwrap();
    let [acme, ghes, third] = &settings.apps[..] else { panic!("{settings:?}") };
    assert_eq!((acme.issuer.as_str(), acme.api.as_str()), ("7", "https://api.github.com/"));
    assert_eq!(acme.max_permissions.iter().count(), 2);
    assert_eq!((ghes.issuer.as_str(), ghes.api.as_str()), ("Iv23liAbc", "https://ghe.example/api/v3"));
    assert!(matches!((&ghes.key, &third.key), (KeyAt::Kms(_), KeyAt::Credential(..))));
}

#[test]
fn what_is_wrong_is_told() {
    let app = |more: &str| format!("apps: [ {{ name: a, {more} }} ]");
    let good = "app_id: 7, key: { file: k }, max_permissions: { contents: read }";
    assert!(read(&app(good)).is_ok());
    for (text, words) in [
        ("{}".to_owned(), "`apps` is missing"),
        ("apps: []".to_owned(), "at least one App"),
        (format!("apps: [ {{ name: a, {good} }}, {{ name: a, {good} }} ]"), "two Apps are called `a`"),
        (app(&good.replace("app_id: 7, ", "")), "`app_id` is missing"),
        (app(&format!("client_id: x, {good}")), "not both"),
        (app(&good.replace("7", "0")), "whole number above 0"),
        (app(&good.replace("7", "'7'")), "whole number above 0"),
        (app(&good.replace("app_id: 7", "client_id: \"a\\nb\"")), "letters, digits"),
        (app(&good.replace("{ file: k }", "{}")), "expected one of `file`, `credential` and `aws_kms`"),
        (app(&good.replace("{ file: k }", "{ file: k, credential: c }")), "expected one of"),
        (app(&good.replace("{ file: k }", "{ aws_kms: k }")), "expected arn:aws:kms"),
        (app(&good.replace("contents", "content")), "did you mean `contents`?"),
        (app(&good.replace("read", "admin")), "no such level"),
        (app(&good.replace("contents: read", "")), "no permission is named"),
        (app(&format!("{good}, extra_permissions: [A-b]")), "lower-case letters"),
        (app(&format!("{good}, api: 'http://ghe.example'")), "https address"),
        (app(&format!("{good}, api: 'https://u:p@ghe.example'")), "https address"),
        (app(&format!("{good}, api: 'https://ghe.example?x'")), "https address"),
        (app(&format!("{good}, max_permission: {{}}")), "unknown key `max_permission`"),
    ] {
        let messages = read(&text).unwrap_err();
        assert!(messages.iter().any(|message| message.contains(words)), "{text}: {messages:?}");
    }
}

#[test]
fn what_an_app_would_refuse_is_known_before_a_job_asks() {
    use crate::issue::{ProviderKind, ProviderMismatch};
    use crate::kind::GitHubTarget;
    use crate::words::github::{AppName, Permission, Permissions};
    let settings = read("apps: [ { name: acme, app_id: 7, key: { file: k }, max_permissions: { contents: read } } ]").unwrap();
    let misfit = |app: &str, level: &str| {
        let permissions = Permissions::new([Permission::parse("contents", level, &[]).unwrap()]).unwrap();
        let app = Some(AppName::parse(app).unwrap());
        GitHubTarget::misfit(&settings, &GitHubTarget { app, repositories: None, permissions: Some(permissions) })
    };
    assert_eq!(misfit("acme", "read"), None);
    let unknown = misfit("acne", "read").unwrap();
    assert_eq!(unknown.to_string(), "the configuration has no App `acne`");
    assert_eq!(unknown.help().as_deref(), Some("did you mean `acme`? it has acme"));
    assert_eq!(misfit("nobody", "read").and_then(|misfit| misfit.help()).as_deref(), Some("it has acme"));
    let wide = misfit("acme", "write");
    assert!(matches!(&wide, Some(ProviderMismatch::Refused { why, .. }) if why.contains("`contents: write`")), "{wide:?}");
}
