//! What the record of a request says, for code that reads it again. The names of its members are here alone.

use super::{Entry, ReleasedDecision};
use crate::identity::Attribute;
use crate::words::names::{IssuerName, PolicyName};
use serde_json::{Map, Value};

/// A view of a record. Each member is read by itself, because earlier versions wrote records without some of them.
#[derive(Clone, Copy, Debug)]
pub struct RequestRecord<'a>(&'a Value);

impl Entry {
    /// What it says of a request.
    pub const fn request(&self) -> RequestRecord<'_> {
        RequestRecord(&self.body)
    }
}

impl ReleasedDecision {
    /// What its record says.
    pub const fn request(&self) -> RequestRecord<'_> {
        RequestRecord(&self.body)
    }
}

impl<'a> RequestRecord<'a> {
    /// A view of this body.
    pub const fn of(body: &'a Value) -> Self {
        Self(body)
    }

    fn text(self, member: &str) -> Option<&'a str> {
        self.0.get(member)?.as_str()
    }

    /// A list of texts; `None` if it is absent or has something else in it.
    fn texts(self, member: &str) -> Option<Vec<&'a str>> {
        self.0.get(member)?.as_array()?.iter().map(Value::as_str).collect()
    }

    /// The issuer of the token.
    pub fn issuer(self) -> Option<IssuerName> {
        IssuerName::parse(self.text("issuer")?).ok()
    }

    /// The token's subject.
    pub fn subject(self) -> Option<&'a str> {
        self.text("subject")
    }

    /// The client's address.
    pub fn client(self) -> Option<&'a str> {
        self.text("client")
    }

    /// The API that was asked.
    pub fn api(self) -> Option<&'a str> {
        self.text("api")
    }

    /// The canonical attributes, if the identity was known.
    pub fn attributes(self) -> Option<&'a Map<String, Value>> {
        self.0.get("attributes")?.as_object()
    }

    /// The repository's name, if the identity was known and has one.
    pub fn repository(self) -> Option<&'a str> {
        self.attributes()?.get(Attribute::Repository.as_str())?.as_str()
    }

    /// The requested credentials, in the audit log's words.
    pub fn credentials(self) -> Option<Vec<&'a str>> {
        self.texts("credentials")
    }

    /// The policies that grant, one for each credential.
    pub fn policies(self) -> Option<Vec<&'a str>> {
        self.texts("policies")
    }

    /// The policy that the request named.
    pub fn policy_named(self) -> Option<PolicyName> {
        PolicyName::parse(self.text("policy")?).ok()
    }

    /// The commits of the policies that granted.
    pub fn policy_revision(self) -> Option<&'a str> {
        self.text("policy_revision")
    }

    /// The commit in force, where that is another one.
    pub fn revision_in_force(self) -> Option<&'a str> {
        self.text("revision_in_force")
    }

    /// The code of a refusal or failure.
    pub fn reason(self) -> Option<&'a str> {
        self.text("reason")
    }

    /// The cause of a refusal or failure.
    pub fn cause(self) -> Option<&'a str> {
        self.text("cause")
    }

    /// The values that were issued of the document of this number, if it was not issued whole.
    pub fn only_issued(self, number: usize) -> Option<&'a Vec<Value>> {
        self.issued(number)?.as_object()?.values().find_map(|issued| issued.get("only")?.as_array())
    }

    /// What was issued as the credential of this number, without what opens anything.
    pub fn issued(self, number: usize) -> Option<&'a Value> {
        self.0.get("issued")?.get(number)
    }
}
