use super::*;
use crate::client::checkout::replace;
use crate::secrets::encrypt_document;
use crate::words::UnixTime;
use std::path::Path;

#[test]
fn a_file_that_was_renamed_or_removed_is_listed_with_where_its_values_are() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let git = |arguments: &[&str]| {
        let named = ["-c", "user.name=t", "-c", "user.email=t@acme.example", "-c", "commit.gpgsign=false"];
        let mut command = std::process::Command::new("git");
        assert!(command.arg("-C").arg(root).args(named).args(arguments).status().unwrap().success(), "{arguments:?}");
    };
    let ((keys, own), (_, left)) = (Identities::generate(), Identities::generate());
    let write = |file: &str, text: &str, to: &[String]| {
        let name = SecretPath::parse(file.strip_prefix("secrets/").unwrap()).unwrap();
        let sealed = encrypt_document(&name, text.as_bytes(), to, UnixTime::from_seconds(1_795_000_000)).unwrap();
        replace(&root.join(Path::new(file)), &sealed).unwrap();
    };
    let keys = Identities::parse(&keys).unwrap();
    git(&["init", "-q"]);
    let both = [own.clone(), left.clone()];
    write("secrets/renamed.yaml", "password: one\nkey: two\n", &both);
    write("secrets/removed.yaml", "token: three\n", &both);
    write("secrets/never.yaml", "token: four\n", std::slice::from_ref(&own));
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "1"]);
    git(&["rm", "-q", "-r", "secrets"]);
    write("secrets/new.yaml", "password: one\nkey: other\n", std::slice::from_ref(&own));
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "2"]);
    let checkout = Checkout::around(root).unwrap();
    let found = Departed::of(&checkout, &left, Some(&keys)).unwrap();
    let gone = |file: &str| &found.gone[file].unchanged_in;
    assert_eq!(found.gone.keys().collect::<Vec<_>>(), ["secrets/removed.yaml", "secrets/renamed.yaml"]);
    assert_eq!(*gone("secrets/renamed.yaml"), [("secrets/new.yaml".to_owned(), ["/password".to_owned()].into())].into());
    assert!(gone("secrets/removed.yaml").is_empty() && found.is_to_do());
    let told = found.told();
    assert!(told.contains("secrets/renamed.yaml: unchanged since then in secrets/new.yaml: /password\n"), "{told}");
    assert!(told.contains("opens 0 files today, and once opened 2 files") && !found.is_cut(), "{told}");
    let cut = root.join("cut");
    git(&["clone", "-q", "--depth", "1", &format!("file://{}", root.to_str().unwrap()), cut.to_str().unwrap()]);
    let found = Departed::of(&Checkout::around(&cut).unwrap(), &left, Some(&keys)).unwrap();
    assert!(found.is_cut() && found.told().contains("git fetch --unshallow"), "{}", found.told());
}
