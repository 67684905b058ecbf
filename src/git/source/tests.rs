//! Tests with repositories that git itself makes, also hostile ones.

use super::*;
use std::io::Write;
use std::process::{Command, Stdio};

pub(super) struct Repository(tempfile::TempDir);

impl Repository {
    pub(super) fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.0.path()
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        self.git_with(arguments, b"")
    }

    pub(super) fn git_with(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.0.path()).args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t.example",
            "-c",
            "commit.gpgsign=false",
        ]);
        let mut child =
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(super) fn commit(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "x"]);
    }

    /// Commits a tree that `git add` would never make.
    fn commit_tree(&self, entries: &str) {
        let tree = self.git_with(&["mktree", "--missing"], entries.as_bytes());
        let commit = self.git(&["commit-tree", &tree, "-m", "x"]);
        self.git(&["update-ref", "refs/heads/main", &commit]);
    }

    pub(super) fn source(&self) -> Source {
        Source { path: self.0.path().to_owned(), reference: "refs/heads/main".to_owned() }
    }
}

#[test]
fn reads_our_folders_at_the_commit_and_nothing_of_the_work_tree() {
    let repository = Repository::new();
    repository.commit(&[
        ("policies/shop/deploy.yaml", "a"),
        ("secrets/db.age", "b"),
        ("guardrails.yaml", "c"),
        ("src/main.rs", "d"),
    ]);
    std::fs::write(repository.0.path().join("policies/uncommitted.yaml"), "x").unwrap();
    let snapshot = repository.source().read().unwrap();
    let names: Vec<&str> = snapshot.files.keys().map(String::as_str).collect();
    assert_eq!(names, ["guardrails.yaml", "policies/shop/deploy.yaml", "secrets/db.age"]);
    assert_eq!(repository.source().head().ok(), snapshot.revision);
    assert_eq!(&*snapshot.files["secrets/db.age"], b"b");
}

#[test]
fn a_bare_repository_is_read_alike() {
    let repository = Repository::new();
    repository.commit(&[("policies/a.yaml", "a")]);
    let bare = tempfile::tempdir().unwrap();
    repository.git(&["clone", "--quiet", "--bare", ".", bare.path().to_str().unwrap()]);
    let source = Source { path: bare.path().to_owned(), reference: "refs/heads/main".to_owned() };
    assert_eq!(source.read().unwrap().files.len(), 1);
}

#[test]
fn history_goes_forward() {
    let repository = Repository::new();
    repository.commit(&[("policies/a.yaml", "1")]);
    let first = repository.source().head().unwrap();
    repository.commit(&[("policies/a.yaml", "2")]);
    let second = repository.source().head().unwrap();
    assert!(repository.source().is_forward(&first, &second).unwrap());
    assert!(!repository.source().is_forward(&second, &first).unwrap());
}

#[test]
fn links_submodules_and_hostile_names_are_left_out_and_told() {
    let repository = Repository::new();
    let blob = repository.git_with(&["hash-object", "-w", "--stdin"], b"/etc/passwd");
    let commit = "1234567890123456789012345678901234567890";
    let inner = format!(
        "120000 blob {blob}\tlink.yaml\n160000 commit {commit}\tmodule\n100644 blob {blob}\tback\\slash\n100644 blob {blob}\tgood.yaml\n"
    );
    let policies = repository.git_with(&["mktree", "--missing"], inner.as_bytes());
    repository.commit_tree(&format!("040000 tree {policies}\tpolicies\n100644 blob {blob}\t..\\evil.yaml\n"));
    let snapshot = repository.source().read().unwrap();
    assert_eq!(snapshot.files.keys().collect::<Vec<_>>(), ["policies/good.yaml"]);
    assert_eq!(snapshot.left_out.len(), 4, "{:?}", snapshot.left_out);
}

/// Git's own readers take one of the two, and not all of them the same.
#[test]
fn a_name_that_is_in_a_folder_twice_is_refused() {
    let repository = Repository::new();
    let blob = repository.git_with(&["hash-object", "-w", "--stdin"], b"a");
    let file = |name: &str| format!("100644 blob {blob}\t{name}\n");
    let folder =
        |entries: String, name: &str| format!("040000 tree {}\t{name}\n", repository.git_with(&["mktree"], entries.as_bytes()));
    let (good, other) = (folder(file("p.yaml"), "policies"), folder(file("hidden.yaml"), "policies"));
    for entries in [
        good.clone() + &other,
        good.clone() + &file("guardrails.yaml") + &file("guardrails.yaml"),
        good.clone() + &file("policies"),
        folder(file("p.yaml") + &file("p.yaml"), "policies"),
        folder(folder(file("p.yaml"), "shop") + &folder(file("q.yaml"), "shop"), "policies"),
        good.clone() + &file("README") + &file("README"),
    ] {
        repository.commit_tree(&entries);
        let fault = repository.source().read().unwrap_err();
        assert!(matches!(fault, GitError::Repository { fault: ReadFault::NameTwice { .. }, .. }), "{entries}: {fault}");
    }
    repository.commit_tree(&good);
    assert_eq!(repository.source().read().unwrap().files.keys().collect::<Vec<_>>(), ["policies/p.yaml"]);
}

#[test]
fn a_huge_file_is_left_out() {
    let repository = Repository::new();
    repository.commit(&[("secrets/huge.age", &"x".repeat(2 << 20)), ("secrets/small.age", "x")]);
    let snapshot = repository.source().read().unwrap();
    assert_eq!((snapshot.files.len(), snapshot.left_out.len()), (1, 1));
}

#[test]
fn a_missing_repository_is_a_clear_error() {
    let source = Source { path: "/nonexistent".into(), reference: "refs/heads/main".to_owned() };
    assert!(source.head().unwrap_err().to_string().contains("/nonexistent"));
    let repository = Repository::new();
    assert!(repository.source().head().is_err());
}

/// Uses git's import stream, which quickly makes trees that no work tree could hold.
fn import(repository: &Repository, stream: &str) {
    let head = "commit refs/heads/main\ncommitter t <t@t.example> 1800000000 +0000\ndata 1\nx\n";
    repository.git_with(&["fast-import", "--quiet", "--force"], format!("{head}{stream}").as_bytes());
}

#[test]
fn deep_wide_and_recursive_trees_are_bounded() {
    let deep = Repository::new();
    import(
        &deep,
        &format!("M 100644 inline policies/{}x.yaml\ndata 1\nx\nM 100644 inline policies/a.yaml\ndata 1\nx\n", "d/".repeat(2000)),
    );
    let snapshot = deep.source().read().unwrap();
    assert_eq!((snapshot.files.len(), snapshot.left_out.len()), (1, 1), "{:?}", snapshot.left_out);

    let wide = Repository::new();
    let blob = wide.git_with(&["hash-object", "-w", "--stdin"], b"x");
    let entries: String = (0..1_000_000).map(|number| format!("100644 blob {blob}\tpolicy-{number:07}.yaml\n")).collect();
    let policies = wide.git_with(&["mktree", "--missing"], entries.as_bytes());
    wide.commit_tree(&format!("040000 tree {policies}\tpolicies\n"));
    assert!(wide.source().read().unwrap_err().to_string().contains("bytes"));

    // Ten folders that are each the same ten folders, thirty deep: 10^30 files of one blob.
    let bomb = Repository::new();
    let mut tree = bomb.git_with(
        &["mktree"],
        format!("100644 blob {}\tx.yaml\n", bomb.git_with(&["hash-object", "-w", "--stdin"], b"x")).as_bytes(),
    );
    for _ in 0..30 {
        let entries: String = (0..10).map(|number| format!("040000 tree {tree}\td{number}\n")).collect();
        tree = bomb.git_with(&["mktree"], entries.as_bytes());
    }
    bomb.commit_tree(&format!("040000 tree {tree}\tpolicies\n"));
    // Without a bound it would not end.
    let fault = bomb.source().read().unwrap_err();
    assert!(fault.to_string().contains("folders"), "{fault}");
}

#[test]
fn a_history_that_is_broken_or_not_there_is_an_error_and_no_panic() {
    let repository = Repository::new();
    repository.commit(&[("policies/a.yaml", "1")]);
    let missing = "1234567890123456789012345678901234567890";
    std::fs::write(repository.0.path().join(".git/refs/heads/main"), format!("{missing}\n")).unwrap();
    let head = repository.source().head();
    assert!(head.and_then(|head| repository.source().read_at(&head, &Snapshot::default())).is_err());
    let truncated = Repository::new();
    truncated.commit(&[("policies/a.yaml", &"x".repeat(10_000))]);
    truncated.git(&["repack", "-adq"]);
    let packs = truncated.0.path().join(".git/objects/pack");
    let pack = std::fs::read_dir(packs)
        .unwrap()
        .filter_map(Result::ok)
        .find(|entry| entry.path().extension().is_some_and(|end| end == "pack"))
        .unwrap()
        .path();
    let bytes = std::fs::read(&pack).unwrap();
    std::fs::remove_file(&pack).unwrap();
    std::fs::write(&pack, &bytes[..bytes.len() / 2]).unwrap();
    assert!(truncated.source().read().is_err());
    let flipped: Vec<u8> = bytes.iter().map(|byte| byte ^ 0x55).collect();
    std::fs::write(&pack, flipped).unwrap();
    assert!(truncated.source().read().is_err());
}

#[test]
fn names_that_other_systems_read_otherwise_are_left_out() {
    let repository = Repository::new();
    let blob = repository.git_with(&["hash-object", "-w", "--stdin"], b"x");
    let names = [".GIT", "git~1", "a b.yaml", "p\u{200c}.yaml", "CON:.yaml", "x\ty.yaml", "good.yaml", "Good.yaml"];
    let entries: String = names.iter().map(|name| format!("100644 blob {blob}\t{name}\0")).collect();
    let policies = repository.git_with(&["mktree", "-z"], entries.as_bytes());
    repository.commit_tree(&format!("040000 tree {policies}\tpolicies\n"));
    let snapshot = repository.source().read().unwrap();
    assert_eq!(snapshot.files.keys().collect::<Vec<_>>(), ["policies/Good.yaml", "policies/good.yaml"]);
    assert_eq!(snapshot.left_out.len(), 6, "{:?}", snapshot.left_out);
}

#[test]
fn unchanged_files_are_taken_from_the_known_commit() {
    let repository = Repository::new();
    std::fs::create_dir_all(repository.0.path().join("policies/a")).unwrap();
    std::os::unix::fs::symlink("x.yaml", repository.0.path().join("policies/a/link.yaml")).unwrap();
    repository.commit(&[
        ("policies/a/x.yaml", "1"),
        ("policies/b/y.yaml", "2"),
        ("policies/b/z.yaml", "3"),
        ("secrets/s.age", "4"),
    ]);
    let before = repository.source().read().unwrap();
    repository.commit(&[("policies/b/y.yaml", "changed"), ("policies/c.yaml", "new")]);
    repository.git(&["rm", "--quiet", "--cached", "policies/b/z.yaml"]);
    repository.git(&["commit", "--quiet", "--message", "x"]);
    let source = repository.source();
    let (cold, warm) = (source.read().unwrap(), source.read_at(&source.head().unwrap(), &before).unwrap());
    assert_eq!((&warm.files, &warm.left_out, &warm.folders), (&cold.files, &cold.left_out, &cold.folders));
    let kept = |path: &str| Arc::ptr_eq(&warm.files[path], &before.files[path]);
    assert!(kept("policies/a/x.yaml") && kept("secrets/s.age") && !kept("policies/b/y.yaml"));
    assert!(!warm.files.contains_key("policies/b/z.yaml") && warm.left_out.len() == 1);
}

#[test]
fn an_object_is_what_its_id_says_whatever_replaces_it() {
    let repository = Repository::new();
    repository.commit(&[("policies/a.yaml", "good")]);
    let hash = |what: &str| repository.git(&["rev-parse", what]);
    let (blob, tree, commit) = (hash("HEAD:policies/a.yaml"), hash("HEAD^{tree}"), hash("HEAD"));
    repository.commit(&[("policies/a.yaml", "evil")]);
    let evil = (hash("HEAD:policies/a.yaml"), hash("HEAD^{tree}"), hash("HEAD"));
    repository.git(&["reset", "--quiet", "--hard", &commit]);
    for (kind, (one, other)) in [("blob", (&blob, &evil.0)), ("tree", (&tree, &evil.1)), ("commit", (&commit, &evil.2))] {
        repository.git(&["replace", one, other]);
        assert_eq!(
            repository.git(&["cat-file", "-p", one]),
            repository.git(&["cat-file", "-p", other]),
            "git itself is taken in"
        );
        assert_eq!(&*repository.source().read().unwrap().files["policies/a.yaml"], b"good", "{kind}");
        repository.git(&["replace", "--delete", one]);
    }
}

/// Otherwise anybody who may write to the disk and not sign could change the content of a signed commit.
#[test]
fn an_object_with_other_bytes_than_its_id_says_is_not_read() {
    let repository = Repository::new();
    repository.commit(&[("policies/a.yaml", "good")]);
    let hash = |what: &str| repository.git(&["rev-parse", what]);
    let good = [hash("HEAD:policies/a.yaml"), hash("HEAD:policies"), hash("HEAD^{tree}"), hash("HEAD")];
    let first = repository.source().head().unwrap();
    repository.commit(&[("policies/a.yaml", "evil")]);
    let evil = [hash("HEAD:policies/a.yaml"), hash("HEAD:policies"), hash("HEAD^{tree}"), hash("HEAD")];
    repository.git(&["reset", "--quiet", "--hard", &good[3]]);
    let loose = |id: &str| repository.folder().join(".git/objects").join(&id[..2]).join(&id[2..]);
    for (one, other) in good.iter().zip(&evil) {
        let kept = std::fs::read(loose(one)).unwrap();
        let put = |bytes: &[u8]| {
            std::fs::remove_file(loose(one)).unwrap();
            std::fs::write(loose(one), bytes).unwrap();
        };
        put(&std::fs::read(loose(other)).unwrap());
        let source = repository.source();
        let messages = [source.read().map(drop), source.file_at(&first, "policies/a.yaml").map(drop)]
            .map(|read| read.unwrap_err().to_string());
        assert!(messages.iter().all(|message| message.contains(one) && message.contains("git fsck")), "{messages:?}");
        put(&kept);
        assert_eq!(&*source.read().unwrap().files["policies/a.yaml"], b"good");
    }
}

#[test]
fn shallow_and_grafted_histories_are_not_extended() {
    let repository = Repository::new();
    repository.commit(&[("policies/a.yaml", "1")]);
    let first = repository.source().head().unwrap();
    repository.commit(&[("policies/a.yaml", "2")]);
    let shallow = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.0.path().display());
    repository.git(&["clone", "--quiet", "--bare", "--depth", "1", &from, shallow.path().to_str().unwrap()]);
    let source = Source { path: shallow.path().to_owned(), reference: "refs/heads/main".to_owned() };
    let head = source.head().unwrap();
    assert_eq!(&*source.read().unwrap().files["policies/a.yaml"], b"2");
    assert!(!source.is_forward(&first, &head).is_ok_and(|forward| forward));
    // A commit of another history, which a graft calls a child of ours.
    repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    repository.commit(&[("policies/a.yaml", "other")]);
    let other = CommitId::parse(&repository.git(&["rev-parse", "HEAD"])).unwrap();
    std::fs::create_dir_all(repository.0.path().join(".git/info")).unwrap();
    std::fs::write(repository.0.path().join(".git/info/grafts"), format!("{other} {head}\n")).unwrap();
    assert!(!repository.source().is_forward(&head, &other).unwrap());
}
