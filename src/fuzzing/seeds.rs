//! The seeds of each target: the project's own fixtures, policies and vectors, and a valid input where the project has none.

use super::{IDENTITIES, NOW};
use crate::secrets::{encrypt, encrypt_document};
use crate::token::{ProofKey, ProvedRequest};
use crate::words::names::SecretPath;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use std::path::{Path, PathBuf};

type Seeds = Vec<Vec<u8>>;

/// A throwaway key as a line of allowed signers.
const SIGNER: &str = "signer@acme.example,*@ops.acme.example namespaces=\"file,git\",valid-after=\"20260101Z\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILUKqWNr3Pk7JIDw4jEJcthxLg8me4QzkZO17S780d4C a comment\n";
const OPENPGP_KEY: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawRQrRYJKwYBBAHaRw8BAQdAYnZwXaNfXnO28/PPbZWCiCI/5hAOZnBqybyB
9M0LytC0E3NpZ25lckBhY21lLmV4YW1wbGWIkAQTFggAOBYhBER66Au8/M0G2nYw
VhPK4LTr5F1ZBQJrBFCtAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEBPK
4LTr5F1ZPrwBALn17XoTqikjEeemxKZAaYSGcHZCjGk9rcuchRjoycqjAQDa8yyz
mEBScP/5leoK0Yu+Z9oTbTlvLZSqYWysI2gvDQ==
=Fu4A
-----END PGP PUBLIC KEY BLOCK-----
";
const JWKS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1","use":"sig","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},{"kty":"OKP","crv":"Ed25519","kid":"2","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"RSA","kid":"3","n":"sXch","e":"AQAB"}]}"#;
const ROLE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/shop:ref:refs/heads/*"}}}]}"#;
const VAULT_ROLE: &str = "{\"data\":{\"user_claim\":\"sub\",\"bound_audiences\":[\"a\"],\"bound_claims\":{\"ref\":\"a*\"},\"bound_claims_type\":\"glob\"}}\npath \"secret/data/a/*\" { capabilities = [\"read\"] }\n";
const OCTO_STS: &str = "issuer: https://token.actions.githubusercontent.com\nsubject_pattern: repo:acme/(shop|web):ref:refs/heads/main\nclaim_pattern:\n  ref: refs/heads/(main|release-[0-9]+)\npermissions: { contents: read }\n";
const SOURCE: &str = "git: https://git.acme.com/team-a/access.git\nref: refs/heads/main\ninterval: 30s\nsigners: { ssh: team-a.signers }\nbounds:\n  issuers: [github]\n  secrets: [team-a/**]\n";
const HUB: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\nHello, World!";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const PROVED: ProvedRequest<'_> = ProvedRequest { method: "POST", url: "https://a.example/v1/exchange", query: "", body: b"{}" };
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The seeds of one target, at least one.
pub(super) fn of(target: &str) -> Seeds {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Seeds>();
    match target {
        "age" => age(),
        "claims" | "json" => files("src/identity/fixtures", "json"),
        "configuration" => files("deploy", "yaml"),
        "form" => texts(&["shop/db.yaml\nkey=/password&policy=shop%2Fdeploy", "shop/db.yaml\ncommit=4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b", "a=1+2&b=%2F%e2%82%ac&c&d=x=y&"]),
        "guardrails" => [examples("guardrails"), texts(&["denials:\n  - description: No forks.\n    match: { fork: true }\n    deny: { aws: [\"**\"], secrets: [\"**\"] }\n"])].concat(),
        "hook" => texts(&[HUB, "It's a Secret to Everybody\n{}"]),
        "import" => texts(&[ROLE, OCTO_STS, VAULT_ROLE]),
        "jwks" => texts(&[JWKS]),
        "names" => texts(&["https://a.example/x", "shop/db.yaml#/password", "arn:aws:iam::123456789012:role/a/b", "1h30m", "2026-11-20T10:00:00Z", "aws arn:aws:iam::123456789012:role/d", "secret_at 4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b shop/db.yaml#/a b", "0198c5a2-7b1e-7c3d-8e4f-5a6b7c8d9e0f"]),
        "oauth" => oauth(),
        "pattern" => texts(&["refs/heads/*\nrefs/heads/main", "shop/**\nshop/a/b.yaml", "arn:aws:iam::*:role/deploy-*\narn:aws:iam::123456789012:role/deploy-a", "a*b*c*d*\naaaaaaaaaaaaaaaaaaaa"]),
        "policy" => [files("policies/policies", "yaml"), examples("policy")].concat(),
        "proof" => ProofKey::generate().and_then(|key| key.prove(PROVED, b"a.b.c", NOW, "1")).map(String::into_bytes).into_iter().collect(),
        "proxy_header" => texts(&["PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n", "PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "PROXY UNKNOWN\r\n", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0cabcdefgh1234", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"]),
        "request" => texts(&[
            r#"{"credentials":[{"aws":{"role":"arn:aws:iam::123456789012:role/d"}},{"secret":"shop/db.yaml#/password"},{"id_token":{"audience":"https://x"}}],"policy":"shop/deploy"}"#,
            r#"{"credentials":[{"secret_at":{"commit":"4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b","secret":"shop/db.yaml#/password"}}]}"#,
            r#"{"since":"30d","files":{"policies/a.yaml":"issuer: github\nfor_each: repositories.yaml\n","repositories.yaml":"- { name: shop }\n"},"secrets":["a/b.yaml"]}"#,
            r#"{"change":"rotate","files":[{"file":"secrets/a.yaml","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}"#,
        ]),
        "session" => vec![format!("daypass-session.{}", BASE64.encode([7; 80])).into_bytes()],
        "signature" => [texts(&["U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgtQqpY2vc+TskgPDiMQly2HEuDyZ7hDORk7XtLvzR3gIAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5AAAAQAAA"]), vec![OPENPGP_KEY.to_vec()]].concat(),
        "signers" => [texts(&[SIGNER]), vec![OPENPGP_KEY.to_vec()]].concat(),
        "sops" => sops(),
        "sops_plaintext" => SOPS_PLAINTEXTS.iter().map(|(_, plain)| plain.as_bytes().to_vec()).collect(),
        "source" => [examples("source"), texts(&[SOURCE])].concat(),
        "sts" => texts(&["Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fd&RoleSessionName=job&WebIdentityToken=a.b.c&DurationSeconds=3600&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess&Policy=%7B%7D", "Action=GetCallerIdentity&Version=2011-06-15"]),
        "template" => texts(&["{repository}/{each.name}-{ref}\nshop", "{environment}\n"]),
        "token" => tokens(),
        "vault_address" => texts(&["GET\n/secret/data/shop/db%2Eyaml\nversion=1", "LIST\n/secret/metadata/shop\n", "PUT\n/auth/jwt/login\n", "POST\n/aws/creds/shop/deploy\nttl=15m", "GET\n/sys/internal/ui/mounts/secret/a\n"]),
        "vault_login" => texts(&[r#"{"role":"shop/deploy","jwt":"a.b.c"}"#, "x-vault-inline-auth-path:auth/jwt/login\nx-vault-inline-auth-operation:update\n{\"key\":\"jwt\",\"value\":\"a.b.c\"}\n"]),
        other => panic!("`{other}` has no seeds"),
    }
}

/// The files below a folder of the project.
fn files(folder: &str, ending: &str) -> Seeds {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.into_iter().flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let paths = below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|known| known == ending))
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// The whole examples of a schema, which are JSON and so YAML.
fn examples(schema: &str) -> Seeds {
    let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("policies/schema/{schema}.json"))).unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let all: serde_json::Map<_, _> = schema["properties"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, property)| (key.clone(), property["examples"][0].clone()))
        .collect();
    vec![serde_json::Value::from(all).to_string().into_bytes()]
}

fn recipients() -> Vec<String> {
    IDENTITIES.as_ref().unwrap().recipients()
}

fn age() -> Seeds {
    let sealed = [true, false].map(|armored| encrypt(b"hunter2", &recipients(), armored).unwrap());
    [sealed.to_vec(), vec![format!("# a key\n{}\n", super::AGE_KEY).into_bytes()]].concat()
}

const SOPS_PLAINTEXTS: [(&str, &str); 5] = [
    (
        "a.yaml",
        "# a comment\npassword: hunter2\nport: 5432\nlist: [1, true, null, 2.5]\nplain_unencrypted: x\nbase: &b {a: 1}\nmore:\n  <<: *b\n  text: |\n    two\n    lines\n",
    ),
    ("a.json", r#"{"password":"hunter2","deep":{"a":[1,{"b":false}]}}"#),
    ("a.env", "# a comment\nPASSWORD=hunter2\nPORT=5432\n"),
    ("a.ini", "a = x\n\n[b]\nc = y\n; a comment\nd =\n"),
    ("a.txt", "whole"),
];

fn sops() -> Seeds {
    let sealed = SOPS_PLAINTEXTS
        .map(|(path, plain)| encrypt_document(&SecretPath::parse(path).unwrap(), plain.as_bytes(), &recipients(), NOW).unwrap());
    let rules = format!(
        "creation_rules:\n  - path_regex: ^secrets/\n    encrypted_regex: ^(data|x)$\n    age: >-\n      {}\n",
        recipients()[0]
    );
    sealed.into_iter().chain([rules.into_bytes()]).collect()
}

fn tokens() -> Seeds {
    let header = BASE64.encode(r#"{"alg":"RS256","kid":"1","typ":"JWT"}"#);
    files("src/identity/fixtures/github-actions", "json")
        .iter()
        .map(|claims| format!("{header}.{}.{}", BASE64.encode(claims), BASE64.encode([1; 64])).into_bytes())
        .collect()
}

fn oauth() -> Seeds {
    let form = format!(
        "grant_type={GRANT}&subject_token=a.b.c&subject_token_type={JWT}&audience=https%3A%2F%2Fx&scope=shop/deploy&requested_token_type={JWT}"
    );
    let json = serde_json::json!({ "grantType": GRANT, "subjectToken": "a.b.c", "subjectTokenType": JWT, "audience": "https://x", "scope": "shop/deploy" });
    vec![form.into_bytes(), json.to_string().into_bytes()]
}
