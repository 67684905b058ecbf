use super::original::file_of;
use super::trust::check_loads;
use super::written::GrantText;
use super::*;
use crate::words::names::RoleArn;

pub(super) fn octo(text: &str) -> Result<Imported, String> {
    only(import(".github/chainguard/release.sts.yaml", text.as_bytes(), &ImportSettings::default()))
}

pub(super) fn only(mut all: Vec<Result<Imported, NotImported>>) -> Result<Imported, String> {
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).map_err(|refused| refused.reason)
}

/// The lines between the issuer and the grant.
pub(super) fn body(imported: &Imported) -> Vec<&str> {
    let lines = imported.yaml.lines().skip_while(|line| !line.starts_with("issuer:")).skip(1);
    lines.take_while(|line| !line.starts_with("# choose") && !line.starts_with("grant:")).map(str::trim).collect()
}

#[test]
fn an_imported_file_names_its_original_and_what_is_left_to_do() {
    let original = "issuer: https://token.actions.githubusercontent.com\nsubject: repo:acme/shop:ref:refs/heads/main\n\
                    permissions:\n  contents: write\nrepositories: [shop]\n";
    let imported = octo(original).unwrap();
    assert_eq!(imported.file, "policies/release.yaml");
    let expected = r#"description: "Imported from the octo-sts trust policy release"
issuer: github
match:
  repository: acme/shop
  ref: refs/heads/main
  event: [push, manual]
claims:
  /sub: "repo:acme/shop:ref:refs/heads/main"
# choose a grant: this file does not load until there is one
grant:
  # octo-sts granted:
  #   contents: write
  #   in the repositories shop
"#;
    assert_eq!(imported.yaml, expected);
    let notes = imported.notes.join("\n");
    for note in ["choose a grant", "names no event", "daypass policy lock", "mapping: github-actions"] {
        assert!(notes.contains(note), "{note}: {notes}");
    }
    assert!(imported.text().starts_with("# - which App gives the token"), "{}", imported.text());
}

#[test]
fn it_does_not_load_before_a_grant_is_chosen() {
    let imported = octo("issuer: https://accounts.google.com\nsubject: \"1234\"\npermissions: { contents: read }\n").unwrap();
    let settings = ImportSettings::default();
    let issuer = issuer::find("https://accounts.google.com", &[], &settings).unwrap();
    let chosen = GrantText::Chosen(Vec::new());
    assert!(check_loads(&imported.file, &imported.yaml, &chosen, &issuer).is_ok());
    let role = GrantText::Role(RoleArn::parse("arn:aws:iam::123456789012:role/x").unwrap());
    assert!(check_loads(&imported.file, &imported.yaml, &role, &issuer).is_err());
}

#[test]
fn a_reason_is_one_line_without_control_characters() {
    let text = "issuer: https://accounts.google.com\nsubject: \"1\"\nclaim_pattern: { \"a\\nb\\e[31m\": \"x|y\" }\n";
    let refused = octo(text).unwrap_err();
    assert!(refused.contains("JSON pointer") && !refused.contains(char::is_control), "{refused:?}");
}

#[test]
fn names_from_originals_stay_below_the_folder() {
    for (name, file) in
        [("../../x", "policies/-..-x.yaml"), (".hidden", "policies/hidden.yaml"), ("a b/c", "policies/a-b-c.yaml")]
    {
        assert_eq!(file_of("", name), file);
    }
    assert_eq!(file_of("aws/", "..."), "policies/aws/imported.yaml");
}
