use super::*;

const ISSUERS: &str = "issuers:
  - name: github
    mapping: github-actions
    issuer: https://token.actions.githubusercontent.com
    audiences: [https://daypass.acme.example]
";
/// A server's whole configuration. None of its files exists.
const SERVER: &str = "listen: 0.0.0.0:8443
admin_listen: 127.0.0.1:9443
public_url: https://daypass.acme.example
issuer_url: https://oidc.acme.example
id_token_issuer_url: https://tokens.acme.example
drain_pause: 2s
proxies: [ { address: 10.0.0.7, protocol: v2 } ]
tls: { certificate: tls.crt, key: tls.key }
data: data
key_encryption: { age_identity: root.key }
store: sqlite
age_identity_dir: keys
credentials_dir: credentials
egress: [ { name: nat, networks: [198.51.100.0/29] } ]
root:
  git: https://git.acme.example/platform/access.git
  ref: refs/heads/main
  interval: 30s
  max_stale: 24h
  credentials: { token_file: git-token }
  hook: { secret_file: hook }
  verify: { allowed_signers: signers, openpgp: [web-flow.asc] }
  age_identities: [root.key, { aws_kms: \"arn:aws:kms:eu-west-1:123456789012:key/1a2b\", file: age.key.kms }]
  rollout: { widening: hold }
aws: { mode: web-identity, regions: [eu-west-1] }
providers:
  github: { apps: [ { name: acme, app_id: 4711, key: { file: app.pem }, max_permissions: { contents: read } } ] }
";

fn parse(text: &str) -> Result<PolicyConfig, String> {
    let render = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    PolicyConfig::parse("daypass.yaml", text.as_bytes(), Path::new("/nonexistent")).map_err(render)
}

#[test]
fn issuers_are_all_that_is_needed() {
    let config = parse(ISSUERS).unwrap();
    assert_eq!((config.issuers.len(), config.issuer_url.as_ref()), (1, None));
    assert_eq!(config.root_repository().err(), Some(NoRepository::NoRoot));
    for key in ["issuer_url", "public_url"] {
        let url = parse(&format!("{key}: https://oidc.acme.example\n{ISSUERS}")).unwrap().issuer_url;
        assert_eq!(url.as_ref().map(IssuerUrl::as_str), Some("https://oidc.acme.example"), "{key}");
    }
}

#[test]
fn a_servers_own_configuration_is_read_where_its_files_are_not() {
    let config = parse(&format!("{SERVER}{ISSUERS}")).unwrap();
    assert_eq!(config.issuer_url.as_ref().map(IssuerUrl::as_str), Some("https://oidc.acme.example"));
    assert_eq!((config.own_repository().as_deref(), config.widening), (Some("platform/access"), Widening::Waits));
    let (source, origin) = config.root_repository().unwrap();
    assert_eq!(source.path, Path::new("/nonexistent/data/git/root.git"));
    assert_eq!(origin.reference, "refs/heads/main");
    let without = SERVER.replace("data: data\n", "");
    assert_eq!(parse(&format!("{without}{ISSUERS}")).unwrap().root_repository().err(), Some(NoRepository::NoData));
}

#[test]
fn a_misspelt_key_is_told_wherever_it_stands() {
    let misspelt = [
        ("isuer_url: https://oidc.acme.example\n".to_owned() + ISSUERS, "issuer_url"),
        (format!("{}{ISSUERS}", SERVER.replace("drain_pause", "drain_paus")), "drain_pause"),
        (format!("{}{ISSUERS}", SERVER.replace("certificate: tls", "certificat: tls")), "certificate"),
        (format!("{}{ISSUERS}", SERVER.replace("max_stale", "max_stal")), "max_stale"),
        (format!("{}{ISSUERS}", SERVER.replace("regions:", "region:")), "regions"),
        (format!("{SERVER}{}", ISSUERS.replace("audiences", "audience")), "audiences"),
    ];
    for (text, suggestion) in misspelt {
        let message = parse(&text).unwrap_err();
        assert_eq!(message.matches("unknown key").count(), 1, "{message}");
        assert!(message.contains(&format!("did you mean `{suggestion}`")), "{message}");
    }
}

#[test]
fn what_is_read_is_checked() {
    let faulty = [
        ("issuer_url: http://oidc.acme.example\n", "an issuer is an https URL"),
        ("issuer_url: https://token.actions.githubusercontent.com\n", "our own issuers are never accepted"),
        ("root: { git: git://git.acme.example/a.git, ref: refs/heads/main }\n", "git://git.acme.example"),
        ("root: { git: access, ref: main }\n", "expected a full ref"),
    ];
    for (line, expected) in faulty {
        let found = parse(&format!("{line}{ISSUERS}")).unwrap_err();
        assert!(found.contains(expected), "{line}: {found}");
    }
    assert!(parse("issuer_url: https://oidc.acme.example\n").unwrap_err().contains("`issuers` is missing"));
}

#[test]
fn a_target_without_a_provider_is_reported_if_the_configuration_has_providers() {
    let of = |text: &str, line: &str| parse(text).unwrap().providers.unwrap().misfits(&crate::kind::Target::parse(line).unwrap());
    let server = format!("{SERVER}{ISSUERS}");
    for kind in ["gcp", "azure", "token_exchange"] {
        let [misfit] = &of(&server, kind).unwrap()[..] else { panic!("{kind}") };
        assert_eq!(misfit.to_string(), format!("the configuration has no provider `{kind}`"));
        assert_eq!(misfit.help().as_deref(), Some("it has github"));
        assert_eq!(of(ISSUERS, kind), None, "nobody knows");
    }
    assert_eq!(of(ISSUERS, "secret a.age"), Some(Vec::new()), "this server makes it itself");
}
