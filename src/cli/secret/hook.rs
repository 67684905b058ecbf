//! `daypass secret hook`: checks what is about to be committed for readable secrets.

mod staged;

use super::clear;
use crate::cli::examples::examples;
use crate::cli::print;
use crate::client::checkout::{Checkout, ENCRYPTED, nearly_called, read_if_there, readable, replace};
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE, note};
use crate::secrets::{FileKind, ReadableValue, SopsFile, look, looks_secret};
use crate::words::names::SecretPath;
use crate::words::{PlainPath, holds_private_key};
use clap::Args;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The hooks that Git runs before a commit, and before it commits a merge without conflicts.
const HOOKS: [&str; 2] = ["pre-commit", "pre-merge-commit"];
const SCRIPT: &str = r#"#!/bin/sh
# Refuses plaintexts. Made by `daypass secret hook --install`.
command -v daypass >/dev/null 2>&1 || {
    echo "Nothing was committed: this hook looks for plaintexts with the program daypass, which is not in git's PATH. Put it there." >&2
    exit 1
}
exec daypass secret hook
"#;
/// The script of earlier versions.
const OLDER: &str = "#!/bin/sh\n# Refuses plaintexts. Made by `daypass secret hook --install`.\nexec daypass secret hook\n";
const SCRIPT_MODE: u32 = 0o755;
/// The mode of a submodule in Git's index. Its entry names a commit of another repository, and has no content here.
const SUBMODULE: &str = "160000";

#[derive(Args, Debug)]
#[command(after_help = examples(&["daypass secret hook --install"]))]
pub(in crate::cli) struct HookArgs {
    /// Install the hook in this checkout, as .git/hooks/pre-commit and pre-merge-commit.
    #[arg(long)]
    install: bool,
}

/// Checks what is staged. Ends with 78 if it may not be committed.
pub(super) fn run(arguments: &HookArgs, json: bool) -> Result<u8, Failure> {
    let checkout = Checkout::around(Path::new("."))?;
    if arguments.install {
        return install(&checkout);
    }
    let found = staged(&checkout)?;
    if json {
        print::json(&json!(found.iter().map(|(file, why)| json!({ "file": file, "why": why })).collect::<Vec<_>>()));
    } else {
        found.iter().for_each(|(file, why)| note(format!("{file}: {why}")));
        if !found.is_empty() {
            note("Nothing was committed. `daypass secret encrypt --sops FILE -o FILE` encrypts a file in its place.");
        }
    }
    Ok(if found.is_empty() { 0 } else { STATUS_CONFIGURATION })
}

fn staged(checkout: &Checkout) -> Result<Vec<(String, String)>, Failure> {
    let listed = checkout.git(&["diff", "--cached", "--raw", "--no-abbrev", "-z", "--no-renames", "--diff-filter=ACMT"], &[])?;
    let mut rules = staged::Rules::of(checkout)?;
    let mut found = Vec::new();
    let mut listed = listed.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    while let (Some(change), Some(name)) = (listed.next(), listed.next()) {
        // `:OLD_MODE MODE OLD_ID ID STATUS`. The id names the content whatever the file is called: `:1:x` would be a merge's stage.
        let mut change = change.split(' ').skip(1);
        let (mode, id) = (change.next().unwrap_or_default(), change.nth(1).unwrap_or_default());
        if mode == SUBMODULE {
            continue;
        }
        let (name, bytes) = (name.into_owned(), checkout.git(&["cat-file", "blob", id], &[])?);
        let encrypted = ENCRYPTED.iter().any(|folder| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
        let encrypted = encrypted || rules.name(&name)?;
        if let Some(why) = fault(&name, &bytes, encrypted) {
            found.push((name, why));
        }
    }
    Ok(found)
}

/// Why a file may not be committed. `encrypted` says whether it has to be encrypted.
pub(super) fn fault(name: &str, bytes: &[u8], encrypted: bool) -> Option<String> {
    if let Some((folder, why)) = name.split_once('/').and_then(|(folder, _)| Some((folder, nearly_called(folder)?))) {
        return Some(format!("the folder {folder}/: {why}"));
    }
    let looks = || looks_secret(bytes).map(|what| format!("it holds what looks like {what}"));
    if !encrypted {
        return looks();
    }
    let file = name.rsplit('/').next().unwrap_or_default();
    if let Some(found) = readable(file, bytes) {
        return found.err().map(|why| why.to_string());
    }
    let path = match SecretPath::parse(file) {
        Ok(path) => path,
        Err(fault) => return Some(format!("the name is not one that daypass reads: {fault}")),
    };
    let fault = match look(&path, bytes) {
        Ok(FileKind::Age(_)) => None,
        Ok(FileKind::Plain) => Some("it is not encrypted, and every file in this place has to be".to_owned()),
        Ok(FileKind::Sops(mut sops)) => in_clear(&mut sops),
        Err(fault) => Some(fault.to_string()),
    };
    // A comment, a key's name, the `sops` section and what stands beside an armor are no values, and nothing encrypts them.
    fault.or_else(|| holds_private_key(bytes).map(|what| format!("it holds, in clear, what looks like {what}")))
}

/// What is readable in it and may not be.
fn in_clear(sops: &mut SopsFile) -> Option<String> {
    let describe = |one: ReadableValue| Some(format!("`{}` is readable and looks like {}", one.pointer(), one.looks?));
    let looks = sops.readable_values().into_iter().find_map(describe);
    let (_, all) = sops.clear_values();
    looks.or_else(|| clear::unsealed(sops)).or_else(|| {
        all.then(|| {
            format!(
                "nothing in it is encrypted, by the rule `{}` in its `sops` section: change the rule, and encrypt it again",
                sops.setting()
            )
        })
    })
}

fn install(checkout: &Checkout) -> Result<u8, Failure> {
    let places = HOOKS.map(|hook| place(checkout, hook));
    let places = places.into_iter().collect::<Result<Vec<_>, _>>()?;
    for path in &places {
        replace(path, SCRIPT.as_bytes())?;
        let mode = std::fs::Permissions::from_mode(SCRIPT_MODE);
        std::fs::set_permissions(path, mode)
            .map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", path.plain())))?;
        anstream::println!("{}: git runs `daypass secret hook`", path.plain());
    }
    if !is_found() {
        note("`daypass` is not in the PATH: until it is, git commits nothing in this checkout");
    }
    Ok(0)
}

/// The path for a hook. Somebody else's hook is not replaced.
fn place(checkout: &Checkout, hook: &str) -> Result<PathBuf, Failure> {
    let place = checkout.git(&["rev-parse", "--git-path", &format!("hooks/{hook}")], &[])?;
    let path = checkout.root().join(String::from_utf8_lossy(&place).trim());
    let is_ours = |bytes: &[u8]| [SCRIPT, OLDER].iter().any(|own| own.as_bytes() == bytes);
    if read_if_there(&path)?.is_some_and(|bytes| !is_ours(&bytes)) {
        let message = "there is another hook already: add the line `daypass secret hook || exit 1` to it";
        return Err(Failure::new(STATUS_USAGE, format!("{}: {message}", path.plain())));
    }
    Ok(path)
}

/// Whether Git will find the program, judged by this process's PATH.
fn is_found() -> bool {
    let path = Environment::of_process()
        .value("PATH")
        .map(std::env::split_paths)
        .map(|mut folders| folders.any(|folder| folder.join("daypass").is_file()));
    path.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Identities, RULES_FILE, encrypt, encrypt_document};
    use crate::words::UnixTime;

    #[test]
    fn plaintexts_in_encrypted_folders_and_keys_anywhere_are_refused() {
        let (identity, recipient) = Identities::generate();
        let identity = identity.expose_text().unwrap();
        let to = std::slice::from_ref(&recipient);
        let path = SecretPath::parse("db.yaml").unwrap();
        let now = UnixTime::from_seconds(1_795_000_000);
        let sops = |text: &str| encrypt_document(&path, text.as_bytes(), to, now).unwrap();
        for (name, bytes, encrypted) in [
            ("secrets/db.yaml", sops("password: x\n"), true),
            ("secrets/a.age", encrypt(b"x", to, true).unwrap(), true),
            ("policies/a.yaml", b"issuer: github\n".to_vec(), false),
            ("logo.png", vec![0x89, 0x50, 0, 0xff], false),
        ] {
            assert_eq!(fault(name, &bytes, encrypted), None, "{name}");
        }
        let readable = format!("key_unencrypted: {identity}\npassword: x\n");
        for (name, bytes, encrypted) in [
            ("secrets/db.yaml", b"password: x\n".to_vec(), true),
            ("secrets/db.yaml", sops(&readable), true),
            ("secrets/a.age", [encrypt(b"x", to, true).unwrap(), b"password: x\n".to_vec()].concat(), true),
            ("secrets/db.yaml", b"a: b\nsops:\n  age: [\n".to_vec(), true),
            ("secrets/a b.yaml", sops("password: x\n"), true),
            ("notes.txt", identity.as_bytes().to_vec(), false),
            ("secrets/db.yaml", [sops("password: x\n"), format!("...\n# {identity}\n").into_bytes()].concat(), true),
            ("secrets/db.yaml", sops(&format!("{identity}: x\n")), true),
            ("secrets/a.age", [encrypt(b"x", to, true).unwrap(), format!("\n{identity}\n").into_bytes()].concat(), true),
        ] {
            let message = fault(name, &bytes, encrypted).unwrap_or_default();
            assert!(!message.is_empty() && !message.contains(identity), "{name}: {message}");
        }
    }

    #[test]
    fn a_submodule_is_passed_over_and_a_name_that_looks_like_a_stage_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        assert!(std::process::Command::new("git").arg("init").arg("-q").arg(folder.path()).status().unwrap().success());
        let checkout = Checkout::around(folder.path()).unwrap();
        let submodule = format!("{SUBMODULE},{},libs/other", "1".repeat(40));
        checkout.git(&["update-index", "--add", "--cacheinfo", &submodule], &[]).unwrap();
        assert_eq!(staged(&checkout).unwrap(), []);
        let (identity, _) = Identities::generate();
        for (name, text) in [("1:x", identity.expose_text().unwrap()), ("2:y", "nothing")] {
            std::fs::write(folder.path().join(name), text).unwrap();
            checkout.git(&["add", "--", name], &[]).unwrap();
        }
        let found = staged(&checkout).unwrap();
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["1:x"]);
    }

    /// A checkout, and a way to put files into its work tree and its index.
    fn repository() -> (tempfile::TempDir, Checkout) {
        let folder = tempfile::tempdir().unwrap();
        assert!(std::process::Command::new("git").arg("init").arg("-q").arg(folder.path()).status().unwrap().success());
        let checkout = Checkout::around(folder.path()).unwrap();
        (folder, checkout)
    }

    fn stage(checkout: &Checkout, name: &str, text: &str) {
        checkout.replace(name, text.as_bytes()).unwrap();
        checkout.git(&["add", "--", name], &[]).unwrap();
    }

    fn refused(checkout: &Checkout) -> Vec<String> {
        staged(checkout).unwrap().into_iter().map(|(name, _)| name).collect()
    }

    fn rules(regex: &str) -> String {
        format!("creation_rules:\n  - path_regex: {regex}\n    age: {}\n", Identities::generate().1)
    }

    #[test]
    fn the_rules_are_those_that_are_staged() {
        let (_folder, checkout) = repository();
        stage(&checkout, RULES_FILE, &rules("^conf2/"));
        stage(&checkout, "conf2/prod.yaml", "password: x\n");
        checkout.replace(RULES_FILE, rules("^conf/").as_bytes()).unwrap();
        assert_eq!(refused(&checkout), ["conf2/prod.yaml"]);
        std::fs::remove_file(checkout.root().join(RULES_FILE)).unwrap();
        assert_eq!(refused(&checkout), ["conf2/prod.yaml"], "the commit has the rules");
    }

    #[test]
    fn the_nearest_rules_above_a_file_count() {
        let (_folder, checkout) = repository();
        stage(&checkout, RULES_FILE, &rules("^(conf|config/b)/"));
        stage(&checkout, "config/.sops.yaml", &rules("^a/"));
        for name in ["conf/c.yaml", "config/a/d.yaml", "config/b/e.yaml"] {
            stage(&checkout, name, "password: x\n");
        }
        assert_eq!(refused(&checkout), ["conf/c.yaml", "config/a/d.yaml"]);
        // Rules that nobody staged yet are those by which `secret encrypt` encrypts.
        checkout.replace("loose/.sops.yaml", rules("^f").as_bytes()).unwrap();
        stage(&checkout, "loose/f.yaml", "password: x\n");
        assert_eq!(refused(&checkout), ["conf/c.yaml", "config/a/d.yaml", "loose/f.yaml"]);
    }

    #[test]
    fn staged_rules_that_cannot_be_read_are_a_failure() {
        let (folder, checkout) = repository();
        stage(&checkout, "config/.sops.yaml", "creation_rules: [\n");
        stage(&checkout, "config/d.yaml", "a: x\n");
        assert!(staged(&checkout).is_err_and(|failure| failure.to_string().contains("config/.sops.yaml")));
        stage(&checkout, "config/.sops.yaml", &rules("^a/"));
        std::os::unix::fs::symlink("config/.sops.yaml", folder.path().join(RULES_FILE)).unwrap();
        checkout.git(&["add", "--", RULES_FILE], &[]).unwrap();
        stage(&checkout, "e.yaml", "a: x\n");
        assert!(staged(&checkout).is_err_and(|failure| failure.to_string().contains("a symbolic link is never followed")));
    }
}
