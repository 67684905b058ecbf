use super::*;

pub(super) const GOOD: &str = "listen: 127.0.0.1:8443
admin_listen: 127.0.0.1:9443
public_url: https://daypass.acme.example
tls: { certificate: tls.crt, key: tls.key }
data: data
key_encryption: { age_identity: root.key }
store: sqlite
root:
  git: access.git
  ref: refs/heads/main
  interval: 30s
  age_identities: [root.key]
issuers:
  - name: github
    mapping: github-actions
    issuer: https://token.actions.githubusercontent.com
    audiences: [https://daypass.acme.example]
aws: { mode: web-identity, regions: [eu-west-1] }
";

pub(super) fn parse(text: &str) -> Result<Config, String> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for name in ["tls.key", "root.key", "open.key"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
        let mode = if name == "open.key" { 0o644 } else { 0o600 };
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let render = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let base = ConfigFolders { folder: folder.path(), credentials: Some(Path::new("/run/credentials/daypass.service")) };
    Config::parse("daypass.yaml", text.as_bytes(), &base).map_err(render)
}

#[test]
fn the_documented_form_loads() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.issuer_url.as_str(), "https://daypass.acme.example");
    assert_eq!(config.id_token_issuer_url.as_str(), "https://daypass.acme.example/id-tokens");
    assert_eq!(config.root.interval.as_secs(), 30);
}

#[test]
fn load_balancers_are_addresses_or_small_networks() {
    let listed = "proxies: [10.0.0.7, 10.0.1.0/28, 'fd00::/124', { address: 10.0.2.0/24, reason: the subnet of the balancers, protocol: v1 }]";
    let config = parse(&format!("{GOOD}{listed}\ndrain_pause: 0s\n")).unwrap();
    let known = |address: &str| {
        let address = address.parse().unwrap();
        config.proxies.iter().find(|proxy| proxy.network.contains(address)).map(|proxy| proxy.protocol)
    };
    assert_eq!((known("10.0.0.7"), known("10.0.0.8")), (Some(ProxyProtocol::V2), None));
    assert_eq!((known("fd00::f"), known("fd00::10")), (Some(ProxyProtocol::V2), None));
    assert_eq!((known("10.0.2.200"), config.drain_pause.as_secs()), (Some(ProxyProtocol::V1), 0));
    assert_eq!(parse(GOOD).unwrap().drain_pause.as_secs(), 2);
}

#[test]
fn each_required_setting_that_is_missing_is_a_fault() {
    let needed = [
        "listen",
        "admin_listen",
        "public_url",
        "tls",
        "data",
        "key_encryption",
        "root",
        "issuers",
        "certificate",
        "key",
        "git",
        "ref",
        "age_identities",
        "name",
        "mapping",
        "issuer",
        "audiences",
    ];
    for key in needed {
        let renamed = ["\n", "{ ", ", ", "  ", "- "].iter().find_map(|before| {
            let from = format!("{before}{key}: ");
            let at = format!("\n{GOOD}").find(&from)?;
            let mut text = format!("\n{GOOD}");
            text.replace_range(at..at + from.len(), &format!("{before}x{key}: "));
            Some(text)
        });
        let renamed = renamed.unwrap_or_else(|| GOOD.replace(&format!("{key}:"), &format!("x{key}:")));
        let fault = parse(&renamed).expect_err(key);
        assert!(
            fault.contains(&format!("`{key}` is missing")) && fault.contains(&format!("unknown key `x{key}`")),
            "{key}: {fault}"
        );
    }
}

#[test]
fn faults_are_told_together_with_line_caret_and_help() {
    let broken = GOOD
        .replace("listen: 127.0.0.1:8443", "listen: everywhere")
        .replace("interval: 30s", "interval: 30")
        .replace("mapping: github-actions", "mapping: githob");
    let fault = parse(&broken).unwrap_err();
    for expected in
        ["daypass.yaml:1:9", "daypass.yaml:11:13", "daypass.yaml:15:14", "^^^", "put it in quotes", "there are github-actions"]
    {
        assert!(fault.contains(expected), "{expected} in\n{fault}");
    }
}

#[test]
fn dangerous_settings_are_refused() {
    let cases = [
        (
            GOOD.replace("audiences: [https://daypass.acme.example]", "audiences: [sts.amazonaws.com]"),
            "another service's audience",
        ),
        (GOOD.replace("audiences: [https://daypass.acme.example]", "audiences: []"), "name at least one audience"),
        (
            GOOD.replace("issuer: https://token.actions.githubusercontent.com", "issuer: https://daypass.acme.example"),
            "our own issuers are never",
        ),
        (
            GOOD.replace(
                "issuer: https://token.actions.githubusercontent.com",
                "issuer: HTTPS://Daypass.acme.example:443/id-tokens/",
            ),
            "an issuer is an https URL",
        ),
        (
            GOOD.replace(
                "issuer: https://token.actions.githubusercontent.com",
                "issuer: https://Daypass.acme.example:443/id-tokens/",
            ),
            "our own issuers are never",
        ),
        (GOOD.replace("data: data", "data: data\nid_token_issuer_url: https://daypass.acme.example/"), "an issuer of their own"),
        (GOOD.replace("data: data", "data: data\nissuer_url: https://daypass.acme.example/id-tokens"), "an issuer of their own"),
        (
            GOOD.replace("audiences: [https://daypass.acme.example]", "audiences: [\"api://AzureADTokenExchangeChina\"]"),
            "another service's audience",
        ),
        (GOOD.replace("issuer: https://token", "issuer: http://token"), "https URL"),
        (GOOD.replace("admin_listen: 127.0.0.1", "admin_listen: 0.0.0.0"), "no authentication"),
        (GOOD.replace("admin_listen: 127.0.0.1:9443", "admin_listen: \"[::ffff:0.0.0.0]:9443\""), "no authentication"),
        (GOOD.replace("key: tls.key", "key: open.key"), "chmod 0600"),
        (GOOD.replace("git: access.git", "git: https://x:secret@git.acme.example/access.git"), "into `credentials`"),
        (GOOD.replace("git: access.git", "git: http://git.acme.example/access.git"), "use https"),
        (GOOD.replace("  interval: 30s", "  verify: {}"), "nobody could put a commit in force"),
        (GOOD.replace("  interval: 30s", "  credentials: { token_file: open.key }"), "chmod 0600"),
        (GOOD.replace("store: sqlite", "store: postgres://db"), "stores in `sqlite`"),
        (GOOD.replace("data: data", "data: data\nsecret_mode: off"), "unknown key `secret_mode`"),
        (format!("{GOOD}proxies: [10.0.0.0/24]\n"), "wider than /28 needs a `reason`"),
        (format!("{GOOD}proxies: ['fd00::/120']\n"), "wider than /124 needs a `reason`"),
        (format!("{GOOD}proxies: [{{ address: 10.0.0.0/24, reason: '  ' }}]\n"), "needs a `reason`"),
        (format!("{GOOD}proxies: [proxy.example]\n"), "expected an address such as"),
        (format!("{GOOD}proxies: [{{ address: 10.0.0.7, protocol: v3 }}]\n"), "expected v1 or v2"),
        (format!("{GOOD}drain_pause: 5m\n"), "at most 60s"),
    ];
    for (text, expected) in cases {
        let fault = parse(&text).expect_err(expected);
        assert!(fault.contains(expected) && !fault.contains("secret@") && !fault.contains("=secret"), "{expected} in\n{fault}");
    }
}

#[test]
fn durations_that_contradict_each_other_are_refused() {
    let root = |more: &str| parse(&GOOD.replace("  interval: 30s\n", more));
    for more in
        ["  interval: 2h\n  max_stale: 1h\n", "  interval: 1h\n  max_stale: 1h\n", "  interval: 24h\n", "  max_stale: 30s\n"]
    {
        let fault = root(more).expect_err(more);
        assert!(fault.contains("between two polls") && fault.contains("`max_stale`"), "{more}: {fault}");
    }
    for more in ["  interval: 59m\n  max_stale: 1h\n", "  max_stale: 31s\n", "  interval: 1s\n  max_stale: 2s\n"] {
        assert!(root(more).is_ok(), "{more}: {:?}", root(more).err());
    }
    assert!(root("  interval: 0s\n  max_stale: 2s\n").is_err_and(|fault| fault.contains("`0s`: expected at least 1s")));
    let issuer = |more: &str| parse(&GOOD.replace("    issuer: https", &format!("    {more}\n    issuer: https")));
    let fault = issuer("max_token_age: 0s").unwrap_err();
    assert!(fault.contains("a token is always older"), "{fault}");
    assert!(issuer("max_token_age: 1m").is_ok());
}

#[test]
fn an_issuer_is_read_by_the_mapping_of_its_own_kind() {
    let issuer = |mapping: &str, url: &str| {
        let text = GOOD.replace("mapping: github-actions", &format!("mapping: {mapping}"));
        parse(&text.replace("issuer: https://token.actions.githubusercontent.com", &format!("issuer: {url}"))).map(drop)
    };
    for (mapping, url, own) in [
        ("gitlab", "https://token.actions.githubusercontent.com", "github-actions"),
        ("generic", "https://token.actions.githubusercontent.com", "github-actions"),
        ("forgejo", "https://token.actions.githubusercontent.com/acme", "github-actions"),
        ("github-actions", "https://token.actions.acme.ghe.com/", "github-actions"),
        ("github-actions", "https://gitlab.com", "gitlab"),
        ("gitlab", "https://codeberg.org/api/actions", "forgejo"),
        ("kubernetes", "https://accounts.google.com", "google"),
        ("google", "https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B", "kubernetes"),
        ("spiffe", "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c", "kubernetes"),
        ("generic", "https://oidc.circleci.com/org/6d5c4b3a-2910-4f8e-9d7c-6b5a49382716", "circleci"),
        ("gitlab", "https://agent.buildkite.com", "buildkite"),
        ("gitlab", "https://app.terraform.io", "hcp-terraform"),
        ("gitlab", "https://acme.app.spacelift.io", "spacelift"),
        ("gitlab", "https://oidc.codefresh.io", "codefresh"),
        ("gitlab", "https://vstoken.dev.azure.com/6d5c4b3a-2910-4f8e-9d7c-6b5a49382716", "azure-devops"),
        ("gitlab", "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc", "bitbucket"),
        ("gitlab", "https://0a1b.tokens.sts.global.api.aws", "aws"),
    ] {
        if mapping == own {
            assert_eq!(issuer(mapping, url), Ok(()), "{mapping} {url}");
            continue;
        }
        let fault = issuer(mapping, url).expect_err(url);
        assert!(fault.contains(&format!("write `mapping: {own}`")), "{mapping} {url}: {fault}");
        assert_eq!(issuer(own, url), Ok(()), "{own} {url}");
    }
    for (mapping, url) in [
        ("github-actions", "https://ghes.acme.example/_services/token"),
        ("gitlab", "https://gitlab.acme.example"),
        ("hcp-terraform", "https://tfe.acme.example"),
        ("circleci", "https://circleci.acme.example/org/6d5c4b3a-2910-4f8e-9d7c-6b5a49382716"),
        ("forgejo", "https://code.acme.example/api/actions"),
        ("kubernetes", "https://kubernetes.default.svc.cluster.local"),
        ("generic", "https://accounts.google.com.acme.example"),
        ("generic", "https://idp.acme.example"),
    ] {
        assert_eq!(issuer(mapping, url), Ok(()), "{mapping} {url}");
    }
}

#[test]
fn an_audience_that_no_token_for_us_has_is_refused() {
    let audiences = |list: &str| parse(&GOOD.replace("audiences: [https://daypass.acme.example]", &format!("audiences: {list}")));
    for (list, expected) in [
        ("['']", "visible"),
        ("[' ']", "visible"),
        ("['https://daypass.acme.example ']", "visible"),
        ("[https://daypass.acme.example, sts.amazonaws.com]", "another service's audience"),
        ("[https://token.actions.githubusercontent.com]", "the issuer's own address"),
        ("[https://token.actions.githubusercontent.com/]", "the issuer's own address"),
        ("['*']", "compared letter by letter"),
        ("['https://*.acme.example']", "compared letter by letter"),
        ("[https://daypass.acme.example, https://daypass.acme.example]", "twice"),
    ] {
        let fault = audiences(list).expect_err(list);
        assert!(fault.contains(expected), "{list}: {fault}");
    }
    assert!(audiences("[daypass, https://daypass.acme.example/eu]").is_ok());
}

/// Whoever may write these decides whom the server trusts.
#[test]
fn a_file_of_trust_that_everybody_may_write_is_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str, mode: u32| {
        std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for key in ["tls.key", "root.key"] {
        put(key, "x", 0o600);
    }
    put("tls.crt", "x", 0o644);
    const SIGNERS: &str =
        "alice namespaces=\"git\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DPMRD6OIh65tjkxFNOtGcWB2gCgPhk7\n";
    let text = GOOD.replace(
        "  interval: 30s",
        "  interval: 30s\n  verify: { allowed_signers: signers }\n  credentials: { ca: ca.crt, known_hosts: known_hosts }",
    );
    let text = text.replace("    issuer: https", "    jwks: { file: keys.json }\n    issuer: https");
    let files = ["daypass.yaml", "signers", "ca.crt", "known_hosts", "keys.json", "tls.crt"];
    let write = |mode_of: &dyn Fn(&str) -> u32| {
        for file in files {
            let content = match file {
                "daypass.yaml" => text.as_str(),
                "signers" => SIGNERS,
                _ => "{}",
            };
            put(file, content, mode_of(file));
        }
    };
    let load = || Config::load(&folder.path().join("daypass.yaml"), None).map(drop).map_err(|found| format!("{found:?}"));
    write(&|_| 0o664);
    assert_eq!(load(), Ok(()), "the owner and its group are whom the operator chose");
    for open in files {
        write(&|file| if file == open { 0o646 } else { 0o644 });
        let fault = load().expect_err(open);
        assert!(fault.contains(open) && fault.contains("everybody on this machine may write"), "{open}: {fault}");
    }
    // As Kubernetes mounts them: links that everybody may write, to files that nobody else may.
    write(&|_| 0o644);
    std::fs::rename(folder.path().join("keys.json"), folder.path().join("data-1")).unwrap();
    symlink("data-1", folder.path().join("keys.json")).unwrap();
    assert_eq!(load(), Ok(()));
    std::fs::set_permissions(folder.path().join("data-1"), std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(load().unwrap_err().contains("keys.json"), "the target counts");
}

#[test]
fn identities_are_files_credentials_or_wrapped_by_aws_kms() {
    use crate::custody::IdentityFile;
    const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1a2b";
    let encryption = |text: &str| parse(&GOOD.replace("{ age_identity: root.key }", text)).map(|config| config.key_encryption);
    assert!(matches!(encryption("{ age_identity: root.key }"), Ok(KeyEncryption::Identity(IdentityFile::Plain(_)))));
    assert!(
        matches!(encryption(&format!("{{ aws_kms: {KEY} }}")), Ok(KeyEncryption::AwsKms(key)) if key.region() == "eu-west-1")
    );
    let wrapped = encryption(&format!("{{ aws_kms: {KEY}, file: root.key.kms }}"));
    assert!(matches!(wrapped, Ok(KeyEncryption::Identity(IdentityFile::Wrapped(..)))));
    let credential = encryption("{ credential: root.key }").unwrap();
    let folder = Some("/run/credentials/daypass.service".into());
    assert_eq!(credential, KeyEncryption::Identity(IdentityFile::Credential("root.key".to_owned(), folder)));
    for (bad, words) in [
        ("{}", "expected one of"),
        ("{ age_identity: root.key, aws_kms: x }", "expected arn:aws:kms"),
        (&*format!("{{ age_identity: root.key, aws_kms: {KEY} }}"), "expected one of"),
        ("{ file: root.key.kms }", "expected one of"),
        ("{ aws_kms: arn:aws:kms:eu.evil.example:123456789012:key/1 }", "expected arn:aws:kms"),
        ("{ credential: ../root.key }", "the name of a credential"),
    ] {
        let fault = encryption(bad).unwrap_err();
        assert!(fault.contains(words), "{bad}: {fault}");
    }
    let list = format!("age_identities: [root.key, credential: age.key, {{ aws_kms: {KEY}, file: team.key.kms }}]");
    assert_eq!(parse(&GOOD.replace("age_identities: [root.key]", &list)).unwrap().root.age_identities.len(), 3);
}

const ADMISSION: &str = "admission:
  listen: 127.0.0.1:9444
  tls: { certificate: tls.crt, key: tls.key }
  client_ca: apiserver-ca.crt
  image: registry.example/daypass@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  server: https://daypass.acme.example
  server_ca: { config_map: daypass-ca, key: ca.crt }
  native_sidecars: false
  user: 1000
  group: 1000
  resources: { requests: { cpu: 10m, memory: 32Mi }, limits: { memory: 64Mi } }
  issuers: { github: { audience: https://daypass.acme.example, expiration: 20m } }
";

#[test]
fn each_key_of_the_webhooks_section_is_read() {
    let admission = parse(&format!("{GOOD}{ADMISSION}")).unwrap().admission.unwrap();
    assert_eq!((admission.sidecar.native, admission.sidecar.user), (false, 1000));
    assert_eq!(admission.sidecar.resources["limits"], serde_json::json!({ "memory": "64Mi" }));
    assert_eq!(admission.sidecar.issuers.values().next().map(|token| token.expiration.as_secs()), Some(1200));
    assert!(parse(GOOD).unwrap().admission.is_none());
    let short = "admission: { listen: 127.0.0.1:1, tls: { certificate: tls.crt, key: tls.key }, image: IMAGE, issuers: { github: { audience: https://daypass.acme.example } } }";
    let image = ADMISSION.lines().find_map(|line| line.strip_prefix("  image: ")).unwrap();
    let sidecar = parse(&format!("{GOOD}{}", short.replace("IMAGE", image))).unwrap().admission.unwrap().sidecar;
    assert_eq!((sidecar.native, sidecar.user, sidecar.server.as_str()), (true, 65_532, "https://daypass.acme.example"));
}

#[test]
fn faults_of_the_webhooks_section_are_told() {
    for (from, to, expected) in [
        ("@sha256:0123456789abcdef", ":latest@", "by its digest"),
        ("listen: 127.0.0.1:9444", "listen: everywhere", "an address and a port"),
        ("key: tls.key", "key: open.key", "chmod 0600"),
        ("native_sidecars: false", "native_sidecars: \"no\"", "expected true or false"),
        ("user: 1000", "user: 0", "never runs as root"),
        ("group: 1000", "group: staff", "number of a user or group"),
        ("cpu: 10m", "cpu: lots", "a quantity"),
        ("cpu: 10m", "gpu: 1", "unknown key `gpu`"),
        ("github: {", "gitlab: {", "none of `issuers`"),
        (
            "issuers: { github: { audience: https://daypass.acme.example, expiration: 20m } }",
            "issuers: {}",
            "at least one issuer",
        ),
        ("audience: https://daypass.acme.example", "audience: https://other.example", "none of the audiences"),
        ("expiration: 20m", "expiration: 5m", "less than 10m"),
        ("expiration: 20m", "expiration: 2h", "max_token_age"),
        ("config_map: daypass-ca", "config_map: a/b", "name of a ConfigMap"),
        ("client_ca:", "client_cert:", "unknown key `client_cert`"),
    ] {
        assert!(ADMISSION.contains(from), "{from}");
        let fault = parse(&format!("{GOOD}{}", ADMISSION.replacen(from, to, 1))).expect_err(expected);
        assert!(fault.contains(expected), "{expected} in\n{fault}");
    }
}

mod sessions;
