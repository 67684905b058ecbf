//! The canonical attributes and what they hold.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! attributes {
    ($($variant:ident, $name:literal, $doc:literal;)*) => {
        /// A canonical attribute: the same word for every CI.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Attribute { $(#[doc = $doc] $variant,)* }

        impl Attribute {
            /// Every attribute, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its word in a policy.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
        }
    };
}

attributes! {
    Repository, "repository", "The repository that the job runs for, `name@id`.";
    RepositoryName, "repository_name", "Its name alone.";
    Owner, "owner", "The organisation or user that owns it, `name@id`.";
    Ref, "ref", "The full Git ref, such as refs/heads/main.";
    RefProtected, "ref_protected", "Whether the CI says that the ref is protected.";
    Event, "event", "What started the job.";
    Fork, "fork", "Whether the code comes from a fork.";
    Environment, "environment", "The deployment environment.";
    Workflow, "workflow", "The definition that runs the job, with its ref.";
    Commit, "commit", "The commit that is built.";
    Actor, "actor", "Who started it, `name@id`.";
    Runner, "runner", "`hosted` or `self-hosted`.";
    Pipeline, "pipeline", "The pipeline's id.";
    SshSession, "ssh_session", "Whether a person may sit in the job.";
    RunUrl, "run_url", "Where a person sees the run.";
    Cluster, "cluster", "The cluster of a pod.";
    Namespace, "namespace", "The namespace of a pod.";
    ServiceAccount, "service_account", "The service account of a pod.";
    Pod, "pod", "The pod's name.";
    User, "user", "A person.";
    Groups, "groups", "A person's groups.";
}

impl Attribute {
    /// The attribute of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|attribute| attribute.as_str() == word)
    }

    /// Whether its value is true or false, and never a text.
    pub const fn is_flag(self) -> bool {
        matches!(self, Self::RefProtected | Self::Fork | Self::SshSession)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Attribute {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&word).ok_or_else(|| serde::de::Error::custom(format!("`{word}` is no attribute")))
    }
}

/// What an attribute holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A name that may change and an id that does not.
    Named {
        /// The name at the time of the token.
        name: String,
        /// The id, where the issuer claims one.
        id: Option<String>,
    },
    /// True or false.
    Flag(bool),
}

impl Value {
    /// Converts a mapping's word for true or false into a flag. Policies compare flags, so a text would match no denial.
    pub fn of(self, attribute: Attribute) -> Option<Self> {
        match self {
            Self::Text(text) if attribute.is_flag() => text.parse().ok().map(Self::Flag),
            value => Some(value),
        }
    }

    /// As JSON: text and names as text, flags as such.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Flag(flag) => (*flag).into(),
            Self::Text(_) | Self::Named { .. } => self.to_string().into(),
        }
    }
}

/// As a policy would write it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Named { name: text, id: None } => f.write_str(text),
            Self::Named { name, id: Some(id) } => write!(f, "{name}@{id}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// The attributes of one token.
pub type Attributes = BTreeMap<Attribute, Value>;
