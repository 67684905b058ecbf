//! Permission increases are held: everything by which somebody may read more, also new recipients and other bytes at a path.

mod copied;
mod readable;
mod recipients;

use crate::operate::daypass;
use crate::support::{Setup, World, git, put};
use daypass::secrets::encrypt_document;
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use serde_json::{Value, json};

/// A policy for the files of team A, and for encrypting the source's files again.
const TEAM_A: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { secrets: [{ secret: team-a/**, history: allow }], daypass: [secret.rotate] }
";

const OWN: &str = "secrets/team-a/own.yaml";
const PROD: &str = "secrets/prod/db.yaml";

/// A document, encrypted as sops does it: it is bound to no path.
fn sealed(password: &str, recipients: &[&str]) -> Vec<u8> {
    let recipients: Vec<String> = recipients.iter().map(|one| (*one).to_owned()).collect();
    let text = format!("password: {password}\n");
    let path = SecretPath::parse("x.yaml").unwrap();
    encrypt_document(&path, text.as_bytes(), &recipients, UnixTime::from_seconds(1_800_000_000)).unwrap()
}

/// A server that holds permission increases, with a document of production and one of team A in force.
async fn held_world() -> World {
    let setup = Setup {
        policies: vec![("team-a/read", TEAM_A.to_owned())],
        root: ", rollout: { widening: hold, narrowing: immediate }".to_owned(),
        ..Setup::default()
    };
    let world = World::start(setup).await;
    let rules = format!("creation_rules: [{{ age: {} }}]\n", world.recipient);
    let (own, prod) = (sealed("own", &[&world.recipient]), sealed("production", &[&world.recipient]));
    world.commit_and_wait(&[(OWN, &own), (PROD, &prod), (".sops.yaml", rules.as_bytes())]).await;
    confirm(&world).await;
    assert_eq!(own_password(&world).await, "own");
    world
}

async fn confirm(world: &World) {
    let head = git(&world.path("access"), &["rev-parse", "HEAD"]);
    let (status, output) = daypass(world, &["confirm", &head]).await;
    assert_eq!(status, 0, "{output}");
    assert_eq!(world.ready().await["held"], json!([]));
}

async fn own_password(world: &World) -> Value {
    let (_, answer) = world.exchange(&world.token(), json!([{ "secret": "team-a/own.yaml#/password" }])).await;
    answer["credentials"][0]["secret"]["value"].clone()
}

/// The status and the text of `policy diff` for the last commit.
async fn diff(world: &World) -> (i32, String) {
    daypass(world, &["policy", "diff", "HEAD~1..HEAD", "--fail-on", "widen"]).await
}

fn remove(world: &World, file: &str) {
    git(&world.path("access"), &["rm", "--quiet", file]);
}

fn read(world: &World, file: &str) -> Vec<u8> {
    std::fs::read(world.path("access").join(file)).unwrap()
}

/// Restores a file as `of` (`COMMIT:FILE`) has it.
fn put_back(world: &World, file: &str, of: &str) {
    let old = std::process::Command::new("git").arg("-C").arg(world.path("access")).args(["show", of]).output().unwrap();
    put(&world.path("access").join(file), &old.stdout);
}
