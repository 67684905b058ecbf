//! The setup of Entra: the federated credentials of each application, exactly those that the policies in Git need.
//!
//! Microsoft Graph, `federatedIdentityCredential`: a name has 3 to 120 URL-safe characters.

use crate::issue::shell::quoted;
use crate::issue::terraform::literal;
use crate::kind::Guid;
use crate::words::Digest;
use crate::words::names::{Audience, IssuerUrl};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The readable part of a name. The digest behind it distinguishes two names.
const READABLE_BYTES_MAX: usize = 80;
/// Enough of a digest for the twenty credentials that an application can have.
const DIGEST_CHARS: usize = 12;

/// The federated credentials of all applications.
pub struct AzureBootstrap<'a> {
    /// Our issuer.
    pub issuer: &'a IssuerUrl,
    /// The audience of the federated credentials.
    pub audience: &'a Audience,
    /// The applications, each with the subjects that use it.
    pub applications: &'a BTreeMap<Guid, BTreeSet<String>>,
}

impl AzureBootstrap<'_> {
    /// The federated credentials by client id, as Microsoft Graph has them.
    pub fn credentials(&self) -> Value {
        let all = self.applications.iter().map(|(application, subjects)| {
            let credentials = subjects.iter().map(|subject| self.credential(subject));
            (application.to_string(), Value::Array(credentials.collect()))
        });
        Value::Object(all.collect())
    }

    /// Commands of the Azure CLI, one a line.
    pub fn commands(&self) -> Vec<String> {
        let all = self
            .applications
            .iter()
            .flat_map(|(application, subjects)| subjects.iter().map(move |subject| (application, subject)));
        let command = |(application, subject): (&Guid, &String)| {
            let parameters = quoted(&self.credential(subject).to_string());
            format!("az ad app federated-credential create --id {application} --parameters {parameters}")
        };
        all.map(command).collect()
    }

    /// Terraform's JSON configuration syntax: a `.tf.json` file.
    pub fn terraform(&self) -> Value {
        let (mut found, mut credentials) = (Map::new(), Map::new());
        for (application, subjects) in self.applications {
            let label = format!("daypass_{}", application.as_str().replace('-', "_"));
            found.insert(label.clone(), json!({ "client_id": application }));
            for subject in subjects {
                let resource = json!({
                    "application_id": format!("${{data.azuread_application.{label}.id}}"), "display_name": name(subject),
                    "issuer": literal(self.issuer.as_str()), "subject": literal(subject.as_str()),
                    "audiences": [literal(self.audience.as_str())],
                });
                let own = format!("{label}_{}", &Digest::plain(subject.as_bytes()).to_string()[..DIGEST_CHARS]);
                credentials.insert(own, resource);
            }
        }
        let resources = json!({ "azuread_application_federated_identity_credential": credentials });
        json!({ "data": { "azuread_application": found }, "resource": resources })
    }

    fn credential(&self, subject: &str) -> Value {
        json!({ "name": name(subject), "issuer": self.issuer, "subject": subject, "audiences": [self.audience] })
    }
}

fn name(subject: &str) -> String {
    let safe = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    let readable: String = subject.chars().map(safe).take(READABLE_BYTES_MAX).collect();
    format!("daypass-{readable}-{}", &Digest::plain(subject.as_bytes()).to_string()[..DIGEST_CHARS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_value_is_no_command() {
        let (issuer, audience) = (IssuerUrl::parse("https://a.example/x").unwrap(), Audience::parse("x';id;'").unwrap());
        let application = Guid::parse("11111111-2222-3333-4444-555555555555").unwrap();
        let applications = BTreeMap::from([(application, BTreeSet::from(["root/a".to_owned()]))]);
        let bootstrap = AzureBootstrap { issuer: &issuer, audience: &audience, applications: &applications };
        let [command] = &bootstrap.commands()[..] else { panic!("one command") };
        assert!(command.contains(r"x'\'';id;'\''"), "{command}");
    }

    #[test]
    fn what_stands_in_a_value_is_no_template() {
        let (issuer, audience) = (IssuerUrl::parse("https://a.example/$%7Bx").unwrap(), Audience::parse("${x}%{y}").unwrap());
        let application = Guid::parse("11111111-2222-3333-4444-555555555555").unwrap();
        let applications = BTreeMap::from([(application, BTreeSet::from(["root/a:${x}".to_owned()]))]);
        let document = AzureBootstrap { issuer: &issuer, audience: &audience, applications: &applications }.terraform();
        let all = document["resource"]["azuread_application_federated_identity_credential"].as_object().unwrap();
        let one = all.values().next().unwrap();
        assert_eq!((&one["audiences"], &one["subject"]), (&json!(["$${x}%%{y}"]), &json!("root/a:$${x}")));
        assert!(one["application_id"].as_str().unwrap().starts_with("${data."), "ours is one");
    }

    #[test]
    fn two_subjects_have_two_names_that_graph_takes() {
        let long = format!("root/{}", "a".repeat(500));
        let names: BTreeSet<String> = ["root/a/b", "root/a-b", "root/a:b", &long, &format!("{long}b")].map(name).into();
        assert_eq!(names.len(), 5);
        let is_safe = |name: &String| name.len() <= 120 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        assert!(names.iter().all(is_safe), "{names:?}");
    }
}
