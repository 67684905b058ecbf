//! How policies of other projects are imported: for each file a digest of its name and a digest of the outcome.

use super::check;
use crate::corpora::{files, unpack};
use daypass::words::Digest;
use std::process::Command;

const CONFIG: &str = "issuers:
  - { name: github, mapping: github-actions, issuer: \"https://token.actions.githubusercontent.com\", audiences: [\"https://daypass.example\"] }
  - { name: gitlab, mapping: gitlab, issuer: \"https://gitlab.ddbuild.io\", audiences: [\"https://daypass.example\"] }
  - { name: google, mapping: google, issuer: \"https://accounts.google.com\", audiences: [\"https://daypass.example\"] }
";

#[test]
fn policies_of_others_are_imported_as_before() {
    let Some((_guard, folder)) = unpack("octo-sts-policies") else { return };
    std::fs::write(folder.join("issuers.yaml"), CONFIG).unwrap();
    let mut records = String::new();
    for path in files(&folder, ".sts.yaml") {
        let name = path.strip_prefix(&folder).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
        command.current_dir(&folder).args(["policy", "import", "--config", "issuers.yaml", "--output", "json"]).arg(name);
        let output = command.output().unwrap();
        let answer = [output.stdout, output.stderr].concat();
        let [name, answer] = [name.to_string_lossy().as_bytes(), &answer].map(Digest::plain);
        records += &format!("{name} {} {answer}\n", output.status);
    }
    check("imports.txt", &records);
}
