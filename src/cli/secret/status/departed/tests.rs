use super::*;
use crate::client::checkout::replace;
use crate::secrets::{encrypt, encrypt_document};
use crate::words::UnixTime;

/// A repository, the keys of one who stays, and the recipients of both.
struct Repository {
    folder: tempfile::TempDir,
    keys: Identities,
    own: String,
    left: String,
}

impl Repository {
    fn new() -> Self {
        let ((keys, own), (_, left)) = (Identities::generate(), Identities::generate());
        let repository = Self { folder: tempfile::tempdir().unwrap(), keys: Identities::parse(&keys).unwrap(), own, left };
        repository.git(&["init", "-q"]);
        repository
    }

    fn git(&self, arguments: &[&str]) {
        let named = ["-c", "user.name=t", "-c", "user.email=t@acme.example", "-c", "commit.gpgsign=false"];
        let mut command = std::process::Command::new("git");
        assert!(
            command.arg("-C").arg(self.folder.path()).args(named).args(arguments).status().unwrap().success(),
            "{arguments:?}"
        );
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "one"]);
    }

    fn both(&self) -> [String; 2] {
        [self.own.clone(), self.left.clone()]
    }

    fn write(&self, file: &str, text: &str, to: &[String]) {
        let name = SecretPath::parse(file.strip_prefix("secrets/").unwrap()).unwrap();
        let sealed = encrypt_document(&name, text.as_bytes(), to, UnixTime::from_seconds(1_795_000_000)).unwrap();
        self.put(file, &sealed);
    }

    fn put(&self, file: &str, bytes: &[u8]) {
        replace(&self.folder.path().join(file), bytes).unwrap();
    }

    fn found(&self, recipient: &str) -> DepartedRecipient {
        DepartedRecipient::of(&Checkout::around(self.folder.path()).unwrap(), recipient, Some(&self.keys)).unwrap()
    }
}

#[test]
fn a_file_that_was_renamed_or_removed_is_listed_with_where_its_values_are() {
    let repository = Repository::new();
    let (both, own) = (repository.both(), repository.own.clone());
    repository.write("secrets/renamed.yaml", "password: one\nkey: two\n", &both);
    repository.write("secrets/removed.yaml", "token: three\n", &both);
    repository.write("secrets/never.yaml", "token: four\n", std::slice::from_ref(&own));
    repository.commit();
    repository.git(&["rm", "-q", "-r", "secrets"]);
    repository.write("secrets/new.yaml", "password: one\nkey: other\n", std::slice::from_ref(&own));
    repository.commit();
    let found = repository.found(&repository.left);
    let gone = |file: &str| &found.gone[file].unchanged_in;
    assert_eq!(found.gone.keys().collect::<Vec<_>>(), ["secrets/removed.yaml", "secrets/renamed.yaml"]);
    assert_eq!(*gone("secrets/renamed.yaml"), [("secrets/new.yaml".to_owned(), ["/password".to_owned()].into())].into());
    assert!(gone("secrets/removed.yaml").is_empty() && found.is_to_do());
    let told = found.render();
    assert!(told.contains("secrets/renamed.yaml: unchanged since then in secrets/new.yaml: /password\n"), "{told}");
    assert!(told.contains("opens 0 files today, and once opened 2 files") && !found.is_cut(), "{told}");
    let cut = repository.folder.path().join("cut");
    let whole = format!("file://{}", repository.folder.path().to_str().unwrap());
    repository.git(&["clone", "-q", "--depth", "1", &whole, cut.to_str().unwrap()]);
    let found = DepartedRecipient::of(&Checkout::around(&cut).unwrap(), &repository.left, Some(&repository.keys)).unwrap();
    assert!(found.is_cut() && found.render().contains("git fetch --unshallow"), "{}", found.render());
}

#[test]
fn a_value_that_was_set_back_to_any_form_that_the_recipient_opened_is_not_changed() {
    let repository = Repository::new();
    let (both, own) = (repository.both(), [repository.own.clone()]);
    repository.write("secrets/back.yaml", "password: first\nkey: a\n", &both);
    repository.write("secrets/old.yaml", "token: first\n", &both);
    repository.commit();
    repository.write("secrets/back.yaml", "password: second\nkey: b\n", &both);
    repository.write("secrets/old.yaml", "token: second\n", &both);
    repository.commit();
    repository.write("secrets/back.yaml", "password: first\nkey: c\n", &own);
    repository.git(&["rm", "-q", "secrets/old.yaml"]);
    repository.write("secrets/new.yaml", "token: first\n", &own);
    repository.commit();
    let found = repository.found(&repository.left);
    let once = &found.once["secrets/back.yaml"];
    assert!(once.compared && once.unchanged.iter().eq(["/password"]), "{:?}", once.unchanged);
    let gone = &found.gone["secrets/old.yaml"];
    assert_eq!(gone.unchanged_in["secrets/new.yaml"].iter().collect::<Vec<_>>(), ["/token"]);
    assert!(found.is_to_do(), "{}", found.render());
}

#[test]
fn a_file_that_is_no_sops_file_any_more_is_listed_and_to_do() {
    for (today, is) in [
        (encrypt(b"x", &[Identities::generate().1], true).unwrap(), "an age file"),
        (b"a: b\nsops:\n  age: [\n".to_vec(), "damaged"),
        (b"password: one\n".to_vec(), "not encrypted"),
    ] {
        let repository = Repository::new();
        repository.write("secrets/db.yaml", "password: one\n", &repository.both());
        repository.commit();
        repository.put("secrets/db.yaml", &today);
        repository.commit();
        let found = repository.found(&repository.left);
        assert!(found.once.contains_key("secrets/db.yaml") && found.is_to_do(), "{is}: {}", found.render());
        let told = found.render();
        assert!(told.contains("secrets/db.yaml: ") && told.contains(is) && told.contains("once opened 1 file"), "{told}");
    }
}

#[test]
fn a_recipient_in_capitals_is_the_same_one() {
    let repository = Repository::new();
    let capitals = repository.left.to_uppercase();
    repository.write("secrets/db.yaml", "password: one\n", &[repository.own.clone(), capitals.clone()]);
    repository.commit();
    for recipient in [&capitals, &repository.left] {
        assert!(repository.found(recipient).today.iter().eq(["secrets/db.yaml"]), "{recipient}");
    }
}

#[test]
fn a_history_that_is_longer_than_what_is_looked_at_is_cut() {
    let repository = Repository::new();
    repository.write("secrets/db.yaml", "password: one\n", &repository.both());
    repository.commit();
    repository.write("secrets/db.yaml", "password: one\n", std::slice::from_ref(&repository.own));
    repository.commit();
    repository.commit();
    let checkout = Checkout::around(repository.folder.path()).unwrap();
    for (most, is_cut) in [(2, true), (3, false), (4, false)] {
        let found = DepartedRecipient::within(&checkout, &repository.left, Some(&repository.keys), most).unwrap();
        assert_eq!((found.is_cut(), found.once.is_empty(), found.commits), (is_cut, is_cut, most.min(3)), "{most}");
        assert_eq!(found.render().contains("there are older commits, which were not looked at"), is_cut, "{}", found.render());
    }
}
