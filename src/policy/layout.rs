//! Which files of a repository are read, and which of the others somebody may believe to be read.

use super::catalogue::Tree;
use super::guardrail::GUARDRAILS_FILE;
use super::reading::is_policy;
use crate::words::yaml::{Fault, Node, Place, Yaml, distance, nearest};
use std::borrow::Cow;

/// The folders that are read, each with all that is below it.
const FOLDERS: [&str; 5] = ["policies", "secrets", "transit", "tests", "sources"];
/// The key of guardrails.
const DENIALS: &str = "denials";
/// The file with the recipients of new secrets.
const RULES_FILE: &str = ".sops.yaml";
/// The file with the owners.
const OWNERS_FILE: &str = "CODEOWNERS";
/// Endings of files that are only for people, and that may be anywhere.
const NOTES: [&str; 4] = [".md", ".txt", ".rst", ".adoc"];

/// Whether an entry of a repository's root is read: the folders, YAML files (guardrails and the rows of `for_each`), the owners, and
/// entries whose name is so similar to one of these that they have to be reported.
pub fn is_looked_at(entry: &str) -> bool {
    entry.ends_with(".yaml")
        || entry == OWNERS_FILE
        || is_folder(entry)
        || may_be_guardrails(entry)
        || may_be_policies(entry)
        || entry.starts_with(".sops.")
}

/// Whether a file of this path is the guardrails, or may be meant as guardrails. Without its bytes nobody knows what is denied.
pub fn may_be_guardrails(path: &str) -> bool {
    match path.split_once('/') {
        None => !is_note(path) && resembles_guardrails(path),
        Some((folder, rest)) if is_near(folder) => {
            let name = stem(rest.rsplit('/').next().unwrap_or_default());
            name.eq_ignore_ascii_case("guardrails") || name.eq_ignore_ascii_case("guardrail")
        }
        Some((folder, _)) => !is_folder(folder) && resembles_guardrails(folder),
    }
}

/// Whether a folder is `policies` or `sources`, or may be meant as one of them.
fn is_near(folder: &str) -> bool {
    ["policies", "sources"].iter().any(|of| of.eq_ignore_ascii_case(folder)) || may_be_policies(folder)
}

/// Whether a file of this path counts even if its bytes cannot be read, such as a symbolic link. Nobody can tell then what is denied,
/// or whom new files are encrypted to.
pub fn counts_unread(path: &str) -> bool {
    may_be_guardrails(path) || path.rsplit('/').next() == Some(RULES_FILE)
}

/// Those of these stray files that may be meant as guardrails.
pub(super) fn misplaced_guardrails(strays: &[Fault], tree: &Tree) -> Vec<Fault> {
    let is_guardrail = |fault: &&Fault| tree.get(fault.file.exact()).is_some_and(|bytes| is_misplaced(fault.file.exact(), bytes));
    strays.iter().filter(is_guardrail).cloned().collect()
}

/// Whether a file of the tree may be meant as guardrails, and stands where they are not read.
pub(super) fn has_misplaced_guardrails(tree: &Tree) -> bool {
    tree.iter().any(|(path, bytes)| is_misplaced(path, bytes))
}

fn is_misplaced(path: &str, bytes: &[u8]) -> bool {
    path != GUARDRAILS_FILE && (may_be_guardrails(path) || has_denials(path, bytes))
}

/// Whether a file reads like guardrails, whatever its name, at the root, below `policies/` or `sources/`, or below a folder that may be
/// meant as one of these.
fn has_denials(path: &str, bytes: &[u8]) -> bool {
    let is_looked_at = path.split_once('/').is_none_or(|(folder, _)| is_near(folder)) && !is_note(path);
    // In another encoding, such as UTF-16, the letters of the key are the same, with NULs between them.
    // Nearly every file is UTF-8, for which the first check is many times faster.
    let text = || match str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed) {
        text if text.contains('\0') => Cow::Owned(text.replace('\0', "")),
        text => text,
    };
    // Reading every policy a second time would double the time of a load. A key without the word has an escape in it.
    let may_have_it = |text: &str| text.contains(DENIALS) || text.contains('\\');
    is_looked_at.then(text).is_some_and(|text| may_have_it(&text) && has_denials_key(path, &text))
}

/// Whether `denials` is a key of the outermost mapping. In a file that is no YAML it may be one wherever it stands.
fn has_denials_key(path: &str, text: &str) -> bool {
    match Node::parse(path, text.as_bytes()).map(|node| node.value) {
        Ok(Yaml::Mapping(members)) => members.iter().any(|(key, ..)| key == DENIALS),
        Ok(_) => false,
        Err(_) => text.split(DENIALS).skip(1).any(|rest| rest.trim_start_matches(['"', '\'', ' ', '\t']).starts_with(':')),
    }
}

/// Whether the tree grants nothing: it has no policy, and defines no further source.
pub fn grants_nothing(tree: &Tree) -> bool {
    !tree.keys().any(|path| is_policy(path) || (path.starts_with("sources/") && path.ends_with(".yaml")))
}

/// A fault for each file that nothing reads, although its place or its name suggests the opposite.
pub fn unread_files(tree: &Tree) -> Vec<Fault> {
    tree.iter().filter_map(|(path, bytes)| unread_file(path, bytes)).collect()
}

fn unread_file(path: &str, bytes: &[u8]) -> Option<Fault> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let fault = |message: &str, help: &str| {
        let fault = Fault::new(path, Place { line: 1, column: 1 }, message).coded("stray_file");
        Some(fault.help(help))
    };
    if is_misplaced(path, bytes) {
        return fault(
            "this may be meant as guardrails, and denies nothing: they belong in `guardrails.yaml` at the root; until this is fixed nothing widens",
            "move it to guardrails.yaml, or give it another name",
        );
    }
    match path.split_once('/') {
        None if path.starts_with(".sops.") && path != RULES_FILE => fault("the rules of SOPS stand in `.sops.yaml`", "rename it"),
        None if is_folder(path) => fault("a file where a folder is expected", "make it a folder"),
        Some(("policies", _)) if !name.ends_with(".yaml") && !is_note(name) && !is_hidden(name) => {
            fault("a policy's file ends with `.yaml`: this one is not read", "rename it, or move it out of policies/")
        }
        Some(("sources", rest)) if rest.contains('/') && name.ends_with(".yaml") => {
            fault("a source is defined by `sources/NAME.yaml`: this file is not read", "move it up, or elsewhere")
        }
        Some(("sources" | "tests", _)) if is_yaml_by_another_name(name) => {
            fault("YAML files are read by the ending `.yaml` alone: this one is not read", "rename it, or move it elsewhere")
        }
        Some((folder, _)) if is_folder(folder) && !FOLDERS.contains(&folder) => {
            fault("the folder's name is written in small letters: nothing in this one is read", "rename the folder")
        }
        Some((folder, _)) if is_misfiled(path) && reads_as_policy(bytes) => {
            let message = format!("nothing in {folder}/ is read, and this reads like a policy: policies stand below policies/");
            let fault = Fault::new(path, Place { line: 1, column: 1 }, message).warning("stray_file");
            Some(fault.help("move it below policies/, or rename the folder"))
        }
        _ => None,
    }
}

fn is_folder(entry: &str) -> bool {
    FOLDERS.iter().any(|folder| folder.eq_ignore_ascii_case(entry))
}

/// Whether an entry may be meant as the folder of policies: `polices`, `policy`. A misspelt name of another folder misleads nobody about
/// who is let in or kept out.
fn may_be_policies(entry: &str) -> bool {
    let lower = entry.to_ascii_lowercase();
    !is_folder(entry) && (lower == "policy" || distance(&lower, FOLDERS[0]) <= 1)
}

/// Whether a file stands in such a folder. The folder may have another purpose: only files that read like a policy are reported.
pub fn is_misfiled(path: &str) -> bool {
    path.split_once('/').is_some_and(|(folder, _)| may_be_policies(folder))
}

/// Whether the bytes of a file are read, if its folder is read.
pub fn is_read(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !is_misfiled(path) || (name.ends_with(".yaml") && name != RULES_FILE)
}

/// Whether a file reads like a policy.
fn reads_as_policy(bytes: &[u8]) -> bool {
    let has_key = |key: &[u8]| bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(key));
    has_key(b"issuer:") && has_key(b"grant:")
}

fn resembles_guardrails(name: &str) -> bool {
    let stem = stem(name).to_ascii_lowercase();
    stem.contains("guardrail") || nearest(&stem, &["guardrails"]).is_some()
}

/// The name without its endings and its leading dots.
fn stem(name: &str) -> &str {
    name.trim_start_matches('.').split('.').next().unwrap_or_default()
}

fn is_note(name: &str) -> bool {
    NOTES.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending))
}

/// Whether a file is hidden, such as `.gitkeep`, and is no YAML.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') && !is_yaml_by_another_name(name)
}

fn is_yaml_by_another_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    !name.ends_with(".yaml") && [".yaml", ".yml"].iter().any(|ending| lower.contains(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Mapping;
    use crate::kind::Target;
    use crate::policy::{Catalogue, IssuerEntry, Ruleset, explain};
    use crate::token::Claims;
    use crate::words::UnixTime;
    use crate::words::names::{IssuerName, IssuerUrl, SecretName};
    use crate::words::yaml::Severity;
    use std::sync::Arc;

    const DEPLOY: &str =
        "issuer: github\nmatch: { repository: acme/shop@456789, event: push }\ngrant: { secrets: [production/db.yaml] }\n";
    const RAILS: &str = "denials: [ { description: Never production., deny: { secrets: [production/*] } } ]\n";

    fn tree(files: &[(&str, &str)]) -> Tree {
        files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect()
    }

    fn catalogue() -> Catalogue {
        let url = IssuerUrl::parse("https://token.actions.githubusercontent.com").unwrap();
        let entry = IssuerEntry { url, mapping: Mapping::built_in("github-actions").unwrap(), session_max: None };
        std::iter::once((IssuerName::parse("github").unwrap(), entry)).collect()
    }

    fn is_allowed(ruleset: &Ruleset) -> bool {
        let issuer = IssuerName::parse("github").unwrap();
        let claims = Claims::parse(br#"{"repository": "acme/shop", "repository_id": "456789", "event_name": "push"}"#).unwrap();
        let facts = catalogue().issuer(&issuer).unwrap().mapping.facts(&issuer, claims).unwrap();
        let target = Target::Secret(SecretName::parse("production/db.yaml").unwrap());
        explain(ruleset.set(), &facts, &target, UnixTime::from_seconds(0)).allowed_by.is_some()
    }

    /// A file that is renamed by hand or moved, or replaced by a symbolic link: what was denied stays denied.
    #[test]
    fn policies_never_go_live_without_guardrails_that_have_another_name() {
        let catalogue = catalogue();
        let (first, _) = Ruleset::load(&tree(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", RAILS)]), &catalogue, None);
        assert!(!is_allowed(&first));
        let names = ["guardrails.yml", "policies/guardrails.yaml", "guardrails/production.yaml", "guardrails.yaml.bak"];
        let by_content = ["prod-guardrails.yaml", "denied.yaml", "policies/guardrails/production.yaml", "sources/prod.yaml"];
        for name in names.into_iter().chain(by_content) {
            let renamed = tree(&[("policies/a.yaml", DEPLOY), (name, RAILS)]);
            let (next, faults) = Ruleset::load(&renamed, &catalogue, Some(&first));
            assert!(!is_allowed(&next), "{name}: what was in force stays");
            assert!(faults.iter().any(|fault| fault.file.exact() == name && fault.code == "stray_file"), "{name}: {faults:?}");
            assert!(!is_allowed(&Ruleset::load(&renamed, &catalogue, None).0), "{name}: nor does a server start without them");
        }
        // What is shown of a name finds no file.
        let key = format!("policies/AGE-SECRET-KEY-1{}/guardrails.yaml", "Q".repeat(58));
        let hidden = tree(&[("policies/a.yaml", DEPLOY), (&key, RAILS)]);
        assert!(!is_allowed(&Ruleset::load(&hidden, &catalogue, Some(&first)).0), "a folder named like a key");
        let both = tree(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", "denials: []"), ("guardrails.yml", RAILS)]);
        assert!(!is_allowed(&Ruleset::load(&both, &catalogue, Some(&first)).0), "beside others that deny less");
        let settled = tree(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", "denials: []")]);
        assert!(
            is_allowed(&Ruleset::load(&settled, &catalogue, Some(&first)).0),
            "one that is emptied in its own place is meant"
        );
        assert!(!is_allowed(
            &Ruleset::load(&tree(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", "")]), &catalogue, Some(&first)).0
        ));
    }

    #[test]
    fn guardrails_are_recognized_however_their_first_key_is_written() {
        for text in [
            "denials: []",
            "\u{feff}denials: []",
            "# rules\rdenials: []",
            "---\r\n\"denials\": []",
            " denials: []",
            "{denials: []}",
            "'denials' : []",
            "owners: [a]\ndenials: []",
            "  - a\ndenials: []",
            "{\n  \"denials\": []\n}",
            "--- {denials: []}",
            "{ \"x\": 1, \"denials\": [] }",
            "? denials\n: []",
            "&a denials: []",
            "\"\\x64enials\": []",
            "a: [\n  denials: []",
            "{ version: 1, version: 1, denials: [ {} ] }",
        ] {
            assert!(is_misplaced("denied.yaml", text.as_bytes()), "{text:?}");
        }
        for bytes in [b"# \xe9\ndenials: []".to_vec(), "denials: []".encode_utf16().flat_map(u16::to_le_bytes).collect()] {
            assert!(is_misplaced("denied.yaml", &bytes), "another encoding");
        }
        for folder in ["Policies", "polices", "Sources"] {
            assert!(is_misplaced(&format!("{folder}/denied.yaml"), b"denials: []"), "{folder}");
        }
        for text in ["a:\n  denials: []", "denialsx: 1", "# denials: []", "- denials: []"] {
            assert!(!is_misplaced("denied.yaml", text.as_bytes()), "{text:?}");
        }
    }

    fn message_of(path: &str) -> Option<String> {
        unread_file(path, b"").map(|fault| fault.message.into())
    }

    #[test]
    fn files_that_are_read_are_no_strays() {
        for path in [
            "guardrails.yaml",
            "repositories.yaml",
            ".sops.yaml",
            "CODEOWNERS",
            "README.md",
            "guardrails.md",
            "policies/shop/deploy.yaml",
            "policies/README.md",
            "policies/shop/.gitkeep",
            "sources/team-a.yaml",
            "sources/team-a.signers",
            "tests/push.json",
            "tests/guardrails.yaml",
            "secrets/guardrails.yml",
            "transit/guardrails/1.age",
        ] {
            assert_eq!(message_of(path), None, "{path}");
        }
    }

    #[test]
    fn policies_in_a_folder_with_a_misspelt_name_are_reported() {
        for folder in ["polices", "policy", "policie", "Policy"] {
            let file = format!("{folder}/shop/deploy.yaml");
            let fault = unread_file(&file, DEPLOY.as_bytes()).unwrap_or_else(|| panic!("{file}"));
            assert!(fault.message.contains("below policies/") && fault.severity == Severity::Warning, "{fault}");
            assert!(is_looked_at(folder), "{folder} has to be read to be reported");
            assert!(unread_file(&format!("{folder}/x.yaml"), b"kind: Policy\n").is_none(), "what is no policy is no stray one");
            assert!(unread_file(&format!("{folder}/README.md"), b"").is_none());
        }
        assert!(is_read("policy/a.yaml") && !is_read("policy/a.rego") && !is_read("policy/.sops.yaml") && is_read("policies/a"));
        for folder in ["docs", "deploy", "scripts", "charts", "police-reports", "source", "test", "secret"] {
            assert!(!is_looked_at(folder), "{folder}");
        }
        let (first, faults) = Ruleset::load(&tree(&[("polices/a.yaml", DEPLOY)]), &catalogue(), None);
        assert!(!is_allowed(&first) && faults.len() == 1, "{faults:?}");
    }

    #[test]
    fn files_that_only_seem_to_be_read_are_reported() {
        for (path, expected) in [
            ("guardrails.yml", "meant as guardrails"),
            ("Guardrails.yaml", "meant as guardrails"),
            ("guardrail.yaml", "meant as guardrails"),
            ("gaurdrails.yaml", "meant as guardrails"),
            ("guardrails.yaml.bak", "meant as guardrails"),
            ("guardrails", "meant as guardrails"),
            ("guardrails/production.yaml", "meant as guardrails"),
            ("policies/guardrails.yaml", "meant as guardrails"),
            ("sources/Guardrails.yml", "meant as guardrails"),
            (".sops.yml", "`.sops.yaml`"),
            ("policies", "a folder is expected"),
            ("policies/shop/deploy.yml", "ends with `.yaml`"),
            ("policies/shop/deploy", "ends with `.yaml`"),
            ("policies/deploy.json", "ends with `.yaml`"),
            ("policies/.deploy.yml", "ends with `.yaml`"),
            ("sources/team-a.yml", "`.yaml` alone"),
            ("sources/team-a.yaml.disabled", "`.yaml` alone"),
            ("tests/shop.YAML", "`.yaml` alone"),
            ("Policies/deploy.yaml", "small letters"),
        ] {
            assert!(message_of(path).is_some_and(|message| message.contains(expected)), "{path}: {:?}", message_of(path));
            assert!(is_looked_at(path.split('/').next().unwrap()), "{path} has to be read to be reported");
        }
    }
}
