//! Leak canaries: unmistakable values in every secret, token and key; then nothing that the server writes, says or still holds may
//! have one. Every server of this binary logs at TRACE, and each of its logs is looked through when its test ends (`support.rs`).

use crate::support::{Setup, World};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use regex::bytes::RegexSet;
use serde_json::{Value, json};
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

/// Sixty seconds after the last use nothing is left (docs/threat-model.md).
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
/// A mapping is read in pieces, which overlap by more than any canary is long.
const PIECE_BYTES: usize = 4 * 1024 * 1024;
const OVERLAP_BYTES: usize = 4096;

/// What must not be found, and what it is.
#[derive(Default)]
struct Canaries(Vec<(String, Vec<u8>)>);

impl Canaries {
    /// The value as it is, and as it is written inside of other things.
    fn add(&mut self, what: &str, value: &str) {
        use base64::Engine;
        let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
        self.0.push((what.to_owned(), value.as_bytes().to_vec()));
        // What base64 makes of it where it starts at a multiple of three; its last group depends on what follows.
        let encoded = base64.encode(value);
        self.0.push((format!("{what} in base64"), encoded.as_bytes()[..encoded.len() - 4].to_vec()));
    }

    /// A token is known by its signature and by its claims.
    fn add_token(&mut self, what: &str, token: &str) {
        let parts: Vec<&str> = token.split('.').collect();
        self.0.push((format!("{what}: its signature"), parts[parts.len() - 1].as_bytes().to_vec()));
        self.0.push((format!("{what}: its claims"), parts[1].as_bytes().to_vec()));
    }

    fn set(&self) -> RegexSet {
        RegexSet::new(self.0.iter().map(|(_, value)| regex::escape(std::str::from_utf8(value).unwrap()))).unwrap()
    }

    /// The canaries in these bytes.
    fn found(&self, set: &RegexSet, bytes: &[u8]) -> Vec<String> {
        set.matches(bytes).into_iter().map(|number| self.0[number].0.clone()).collect()
    }
}

fn random() -> String {
    format!("canary-{}", uuid::Uuid::new_v4().simple())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_written_said_or_held() {
    let world = World::start(Setup::default()).await;
    let mut canaries = Canaries::default();
    let (whole, value) = (random(), random());
    canaries.add("the secret of an age file", &whole);
    canaries.add("a value of a SOPS file", &value);
    let identity = std::fs::read_to_string(world.path("root.key")).unwrap();
    canaries.add("the age identity", identity.trim());
    let key = std::fs::read_to_string(world.path("tls.key")).unwrap();
    canaries.add("the key of the certificate", key.lines().nth(1).unwrap());
    let recipients = std::slice::from_ref(&world.recipient);
    let path = SecretPath::parse("shop/canary.yaml").unwrap();
    let document = format!("database:\n  password: {value}\n  port: 5432\n");
    let sealed =
        daypass::secrets::encrypt_document(&path, document.as_bytes(), recipients, UnixTime::from_seconds(1_800_000_000));
    let sealed_whole = daypass::secrets::encrypt(whole.as_bytes(), recipients, true).unwrap();
    world.commit_and_wait(&[("secrets/shop/canary.yaml", &sealed.unwrap()), ("secrets/shop/canary.age", &sealed_whole)]).await;

    let issued = use_everything(&world, &mut canaries, &whole, &value).await;
    assert!(issued > 5);

    let set = canaries.set();
    let said =
        world.http.get(format!("http://127.0.0.1:{}/metrics", world.admin_port)).send().await.unwrap().text().await.unwrap();
    assert_eq!(canaries.found(&set, said.as_bytes()), Vec::<String>::new(), "in the metrics");
    assert_eq!(canaries.found(&set, world.ready().await.to_string().as_bytes()), Vec::<String>::new(), "in the state");
    assert_eq!(canaries.found(&set, world.log().as_bytes()), Vec::<String>::new(), "in the log");
    assert!(world.log().contains("TRACE"), "the log is not that of a server at TRACE");
    for file in std::fs::read_dir(world.path("data")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        assert_eq!(canaries.found(&set, &std::fs::read(&file).unwrap()), Vec::<String>::new(), "in {}", file.display());
    }
    let process = format!("/proc/{}", world.server.id());
    assert_eq!(canaries.found(&set, &std::fs::read(format!("{process}/environ")).unwrap()), Vec::<String>::new());
    let limits = std::fs::read_to_string(format!("{process}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().rev().nth(1), Some("0"), "{core}");

    tokio::time::sleep(FORGOTTEN_AFTER).await;
    let (bytes, found) = scan(&world, &canaries, &set);
    println!("{issued} answers; {bytes} bytes of memory, {} canaries looked for, found: {found:?}", canaries.0.len());
    assert_eq!(found, Vec::<String>::new());
}

/// Every way in, with tokens that are good, used, foreign and misplaced; returns how many answers held something.
async fn use_everything(world: &World, canaries: &mut Canaries, whole: &str, value: &str) -> usize {
    let mut issued = 0;
    let mut token = |what: &str| {
        let token = world.token();
        canaries.add_token(what, &token);
        token
    };
    let native = token("a token at the native API");
    let wanted = json!([{"secret": "shop/canary.age"}, {"secret": "shop/canary.yaml#/database/password"}]);
    for _ in 0..2 {
        let (status, answer) = world.exchange(&native, wanted.clone()).await;
        assert_eq!(status, 200, "{answer}");
        issued += usize::from(answer.to_string().contains(whole) && answer.to_string().contains(value));
    }
    let (_, answer) = world.exchange(&native, json!([{"id_token": {"audience": "https://partner.example"}}])).await;
    let ours = answer["credentials"][0]["id_token"]["token"].as_str().unwrap().to_owned();
    let bare = token("a token for a bare value");
    let address = world.url("/v1/secrets/shop/canary.yaml");
    let answer = world.http.get(&address).bearer_auth(&bare).header("accept", "text/plain").send().await.unwrap();
    issued += usize::from(answer.text().await.unwrap().contains(value));
    world.http.get(world.url("/v1/whoami")).bearer_auth(&bare).send().await.unwrap();

    let login = json!({ "role": "shop/deploy", "jwt": token("a token at a login") });
    let answer: Value =
        world.http.post(world.url("/vault/v1/auth/jwt/login")).json(&login).send().await.unwrap().json().await.unwrap();
    let session = answer["auth"]["client_token"].as_str().unwrap().to_owned();
    for path in ["shop/canary.yaml", "shop/canary.age", "shop/none.yaml"] {
        let address = world.url(&format!("/vault/v1/secret/data/{path}"));
        let answer = world.http.get(address).header("x-vault-token", &session).send().await.unwrap().text().await.unwrap();
        issued += usize::from(answer.contains(whole) || answer.contains(value));
    }
    world.http.get(world.url("/vault/v1/auth/token/lookup-self")).header("x-vault-token", &session).send().await.unwrap();

    let form = |token: &str| {
        format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&audience=https://partner.example&subject_token={token}&subject_token_type=urn:ietf:params:oauth:token-type:jwt"
        )
    };
    let (content, encoded) = ("content-type", "application/x-www-form-urlencoded");
    let exchange =
        world.http.post(world.url("/oauth2/token")).header(content, encoded).body(form(&token("a token at the token endpoint")));
    issued += usize::from(exchange.send().await.unwrap().status() == 200);
    let misplaced = token("a token in the wrong place");
    let sts = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/x&RoleSessionName=x&WebIdentityToken={misplaced}"
    );
    world.http.post(world.url("/aws/sts/")).header(content, encoded).body(sts).send().await.unwrap();
    world.http.get(world.url("/aws/container?role=x")).header("authorization", &misplaced).send().await.unwrap();
    world.http.post(world.url("/v1/exchange")).bearer_auth(format!("{misplaced}x")).body(misplaced.clone()).send().await.unwrap();
    world.http.post(world.url("/v1/exchange")).header("authorization", format!("Basic {misplaced}")).send().await.unwrap();
    world.http.get(world.url("/v1/exchange")).bearer_auth(&ours).send().await.unwrap();
    canaries.add_token("a token of our own", &ours);
    canaries.0.push(("a session".to_owned(), session.into_bytes()));
    issued
}

/// Reads all that the server holds, mapping by mapping (proc(5)), and what of it is a canary.
fn scan(world: &World, canaries: &Canaries, set: &RegexSet) -> (usize, Vec<String>) {
    let process = format!("/proc/{}", world.server.id());
    let maps = std::fs::read_to_string(format!("{process}/maps")).unwrap();
    let mut memory = std::fs::File::open(format!("{process}/mem")).unwrap();
    let (mut bytes, mut found, mut piece) = (0, Vec::new(), vec![0; PIECE_BYTES]);
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        let (start, end) = range.split_once('-').unwrap();
        let [mut start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        while start < end {
            let length = PIECE_BYTES.min(usize::try_from(end - start).unwrap());
            memory.seek(SeekFrom::Start(start)).unwrap();
            let read = memory.read(&mut piece[..length]).unwrap_or(0);
            if read == 0 {
                break;
            }
            bytes += read;
            let name = line.split_whitespace().nth(5).unwrap_or("memory without a name");
            found.extend(canaries.found(set, &piece[..read]).into_iter().map(|what| format!("{what} ({name} {start:x})")));
            let all = start + read as u64 >= end;
            start += if all { read as u64 } else { (read.saturating_sub(OVERLAP_BYTES)).max(1) as u64 };
        }
    }
    (bytes, found)
}
