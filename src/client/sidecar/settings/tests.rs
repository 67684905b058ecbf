use super::*;

fn parse(text: &str) -> Result<Settings, Failure> {
    Settings::parse("sidecar.yaml", text.as_bytes(), Path::new("/etc/daypass"))
}

const WHOLE: &str = r#"
server: https://daypass.acme.com
ca: ca.crt
token_file: /var/run/secrets/other/token
policy: shop/web
folder: /run/secrets
mode: "0440"
secrets: { db-password: "shop/production/db.yaml#/password", tls.key: shop/production/tls.key }
templates: { app.env: "DB={{ secrets['db-password'] }}\n" }
aws: { role: "arn:aws:iam::123456789012:role/shop-web", listen: "[::1]:9403" }
on_change: { signal: HUP, process: nginx }
interval: 1m
probe: 0.0.0.0:9402
"#;

#[test]
fn every_key_is_read() {
    let settings = parse(WHOLE).unwrap();
    assert_eq!((settings.mode, settings.interval), (0o440, Duration::from_secs(60)));
    assert_eq!(settings.ca.as_deref(), Some(Path::new("/etc/daypass/ca.crt")));
    assert_eq!(settings.names().map(FileName::as_str).collect::<Vec<_>>(), ["db-password", "tls.key", "app.env", "aws-token"]);
    let little = parse("server: https://d.example\nsecrets: { a: shop/a.yaml }\n").unwrap();
    assert_eq!((little.folder.to_str(), little.mode, little.token_file.to_str()), (Some(FOLDER), MODE, Some(PROJECTED_TOKEN)));
    assert_ne!(little.content_digest(), settings.content_digest());
}

#[test]
fn every_fault_is_reported_at_once() {
    let text = r#"
server: http://daypass.acme.com
mode: "0644"
secrets: { ../etc/passwd: shop/a.yaml, ..data: shop/a.yaml, a/b: shop/a.yaml, good: "../x", twice: shop/a.yaml }
templates: { twice: "x", broken: "{{ secrets[", included: "{% include 'x' %}", more: 1 }
on_change: { signal: KILL, process: nginx }
interval: 0s
probe: everywhere
aws: { role: nobody, listen: "0.0.0.0:9403" }
colour: red
"#;
    let failure = parse(text).unwrap_err();
    assert_eq!(failure.status, STATUS_CONFIGURATION);
    for expected in [
        "https",
        "0400",
        "one plain name",
        "`..`",
        "`twice` is a secret and a template",
        "syntax error in line 1",
        "include",
        "put it in quotes",
        "KILL",
        "1s to 1h",
        "0.0.0.0:9402",
        "unknown key `colour`",
        "on loopback",
    ] {
        assert!(failure.message.contains(expected), "{expected}\n{}", failure.message);
    }
}

#[test]
fn a_file_without_secrets_or_with_too_many_says_so() {
    assert!(parse("server: https://d.example\n").unwrap_err().message.contains("at least one secret"));
    let alone = parse("server: https://d.example\naws: { role: \"arn:aws:iam::000000000000:role/web\" }\n").unwrap_err().message;
    assert!(alone.contains("AWS_ENDPOINT_URL_STS"), "{alone}");
    let many: Vec<String> = (0..=SECRETS_MAX).map(|number| format!("f{number}: shop/{number}.yaml")).collect();
    let text = format!("server: https://d.example\nsecrets: {{ {} }}\n", many.join(", "));
    assert!(parse(&text).unwrap_err().message.contains("at most 32"));
}
