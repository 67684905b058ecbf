use super::*;
use serde_json::json;

fn read_all(annotations: &[(&str, &str)]) -> Result<PodRequest, Refusal> {
    let mut all: Map<String, Value> = annotations.iter().map(|(name, value)| (format!("{PREFIX}{name}"), json!(value))).collect();
    all.insert("other.example/x".to_owned(), json!("left alone"));
    read(&all)
}

fn injection(annotations: &[(&str, &str)]) -> InjectionRequest {
    match read_all(annotations) {
        Ok(PodRequest::Injection(injection)) => *injection,
        Ok(PodRequest::Nothing(_)) => panic!("nothing is asked for"),
        Err(refusal) => panic!("{}", refusal.message()),
    }
}

fn refusal(annotations: &[(&str, &str)]) -> String {
    let inject = ("inject", "true");
    match read_all(&[&[inject][..], annotations].concat()) {
        Err(refusal) => {
            assert_eq!(refusal.code, 400);
            refusal.message()
        }
        Ok(_) => panic!("let through: {annotations:?}"),
    }
}

const SECRET: (&str, &str) = ("secret.db-password", "shop/production/db.yaml#/password");

#[test]
fn the_documented_annotations_are_read() {
    let all = injection(&[
        ("inject", "true"),
        ("issuer", "eu"),
        ("policy", "shop/web"),
        SECRET,
        ("template.app.env", "DB={{ secrets['db-password'] }}"),
        ("on-change", "signal:HUP:nginx"),
        ("aws-role", "arn:aws:iam::123456789012:role/shop-web"),
        ("mode", "init"),
        ("containers", "web, worker"),
    ]);
    assert_eq!(all.files.keys().collect::<Vec<_>>(), ["app.env", "db-password"]);
    assert_eq!(all.on_change, Some(Reaction::Signal("HUP".to_owned(), "nginx".to_owned())));
    assert_eq!((all.mode, all.containers), (Some(Mode::Init), Some(vec!["web".to_owned(), "worker".to_owned()])));
    let http = injection(&[("inject", "true"), SECRET, ("on-change", "http:9000/reload?now")]);
    assert_eq!(http.on_change, Some(Reaction::Http(9000, "/reload?now".to_owned())));
    let exec = injection(&[("inject", "true"), SECRET, ("on-change", "exec:/bin/reload --now")]);
    assert_eq!(exec.on_change, Some(Reaction::Exec(vec!["/bin/reload".to_owned(), "--now".to_owned()])));
}

#[test]
fn a_pod_without_inject_is_not_changed_and_its_idle_annotations_are_named() {
    assert!(matches!(read_all(&[]), Ok(PodRequest::Nothing(idle)) if idle.is_empty()));
    assert!(matches!(read_all(&[("inject", "false"), SECRET]), Ok(PodRequest::Nothing(idle)) if idle.is_empty()));
    assert!(matches!(read_all(&[SECRET]), Ok(PodRequest::Nothing(idle)) if idle == ["secret.db-password"]));
    for value in ["True", "yes", "", "1"] {
        assert!(read_all(&[("inject", value), SECRET]).is_err(), "{value:?}");
    }
}

#[test]
fn a_refusal_says_what_to_write_instead() {
    let signals = "HUP, INT, QUIT, TERM, USR1, USR2, WINCH";
    let cases = [
        (("isuer", "eu"), "did you mean `daypass.dev/issuer`?"),
        (("secrets.x", "shop/db.yaml"), "there is no such annotation"),
        (("image", "evil"), "there is no such annotation"),
        (("security-context", "{}"), "there is no such annotation"),
        (("secret.a/b", "shop/db.yaml"), "a file's name"),
        (("secret...", "shop/db.yaml"), "a file's name"),
        (("secret...data", "shop/db.yaml"), "a file's name"),
        (("secret.aws-token", "shop/db.yaml"), "is kept for"),
        (("secret.", "shop/db.yaml"), "a file's name"),
        (("secret.x", "../root.key"), "expected path/of/secret.yaml#/key"),
        (("secret.x", "/etc/passwd"), "expected path/of/secret.yaml#/key"),
        (("secret.x", "shop/db.yaml#password"), "#/password"),
        (("secret.x", ""), "expected path/of/secret.yaml#/key"),
        (("template.db-password", "x"), "two annotations are about the file `db-password`"),
        (("template.x", "a\n{{ secrets["), "in line 2"),
        (("template.x", "{% include '/etc/passwd' %}"), "daypass.dev/template.x"),
        (("issuer", "EU"), "lower-case"),
        (("aws-role", "shop-web"), "arn:aws:iam::ACCOUNT:role/NAME"),
        (("on-change", "signal:HUP"), "signal:HUP:EXECUTABLE"),
        (("on-change", "signal:KILL:nginx"), signals),
        (("on-change", "signal:HUP:/usr/bin/nginx"), "EXECUTABLE"),
        (("on-change", "restart"), "http:PORT/PATH"),
        (("on-change", "http:localhost/reload"), "http:PORT/PATH"),
        (("on-change", "http:0/"), "http:PORT/PATH"),
        (("on-change", "http:80/a b"), "http:PORT/PATH"),
        (("on-change", "exec: "), "exec:PROGRAM"),
        (("mode", "sidecar"), "expected native"),
        (("containers", "web,,worker"), "commas between"),
    ];
    for (annotation, expected) in cases {
        let message = refusal(&[SECRET, annotation]);
        assert!(
            message.contains(expected) && message.contains(&format!("daypass.dev/{}", annotation.0)),
            "{annotation:?}: {message}"
        );
    }
    assert!(refusal(&[]).contains("nothing is asked for"));
    for alone in [("template.x", "y"), ("aws-role", "arn:aws:iam::123456789012:role/shop-web")] {
        assert!(refusal(&[alone]).contains("at least one secret"), "{alone:?}");
    }
}

#[test]
fn all_faults_are_reported_together() {
    let message = refusal(&[("mode", "x"), ("issuer", "EU"), ("secret.a/b", "x")]);
    assert_eq!(message.matches("`daypass.dev/").count(), 3, "{message}");
}

#[test]
fn too_many_or_too_long_annotations_are_refused_in_few_words() {
    let many: Vec<(String, String)> = (0..5000).map(|n| (format!("secret.s{n}"), format!("shop/{n}.yaml"))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(refusal(&many).contains("at most 128"));
    assert!(refusal(&many[..100]).contains("at most 32"));
    let wrong: Vec<(String, &str)> = (0..100).map(|n| (format!("nonsense-{n}"), "x")).collect();
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert!(refusal(&wrong).contains("and 92 more"));
    let long = "x".repeat(1_000_000);
    for name in ["template.x", "secret.x", "issuer", "on-change", "containers"] {
        let message = refusal(&[SECRET, (name, &long)]);
        assert!(message.contains("longer than") && message.len() < 1000, "{name}");
    }
    assert!(refusal(&[SECRET, (&long, "x")]).len() < 1000);
    let mut numbers = Map::new();
    numbers.insert(format!("{PREFIX}inject"), json!("true"));
    numbers.insert(format!("{PREFIX}secret.x"), json!(7));
    assert!(read(&numbers).is_err_and(|refusal| refusal.message().contains("in quotes")));
}
