//! What stands against an injection: what a pod asks for, what it is, and what asks about it.

use super::names::{API, AWS_TOKEN, CONTAINERS_MAX, KIND, NAMES, PREFIX, SIGNALS, shown};
use crate::client::sidecar::TemplateError;
use crate::words::names::NameError;
use crate::words::yaml::nearest;

/// What is wrong with one annotation.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnnotationError {
    /// It is a number, or a flag.
    #[error("an annotation's value is text: put it in quotes")]
    NoText,
    /// By its bytes.
    #[error("longer than {bytes_max} bytes")]
    TooLong {
        /// How long it may be.
        bytes_max: usize,
    },
    /// It names something, and that is no name of it.
    #[error("{}: {fault}; expected {example}", shown(.text))]
    Name {
        /// What is named.
        text: String,
        /// Why it is none.
        #[source]
        fault: NameError,
        /// What one looks like.
        example: &'static str,
    },
    /// Its template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The file that it is about.
    #[error("a file's name has up to 63 letters, digits, `-`, `_` and `.`, and does not start with two dots")]
    FileName,
    /// The file that it is about.
    #[error("`{AWS_TOKEN}` is kept for `daypass.dev/aws-role`: call the file differently")]
    KeptFile,
    /// The file that it is about.
    #[error("two annotations are about the file `{file}`: call one of them differently")]
    TwiceFile {
        /// Its name.
        file: String,
    },
    /// `on-change`.
    #[error(
        "expected signal:NAME:EXECUTABLE such as signal:HUP:nginx (one of {}), http:PORT/PATH or exec:PROGRAM ARGUMENT",
        SIGNALS.join(", ")
    )]
    Reaction,
    /// `on-change`.
    #[error("say which program of the app hears it: signal:{signal}:EXECUTABLE, such as signal:{signal}:nginx")]
    NoExecutable {
        /// Which one it would hear.
        signal: String,
    },
    /// `mode`.
    #[error(
        "expected native (a restartable init container), init (an init container and a sidecar) or once (an init container alone)"
    )]
    Mode,
    /// `containers`.
    #[error("expected names of containers with commas between: web, worker")]
    Containers,
    /// None is called so.
    #[error("there is no such annotation{}", instead(.name))]
    Unknown {
        /// What it is called.
        name: String,
    },
}

/// What may have been meant, or all there are.
fn instead(name: &str) -> String {
    let meant = nearest(&shown(name), &NAMES).map(|near| format!("; did you mean `{PREFIX}{near}`?"));
    meant.unwrap_or_else(|| format!("; there are secret.NAME, template.NAME, {}", NAMES.join(", ")))
}

/// What of a pod is in the way of what would be injected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Conflict {
    /// A mount of a container.
    #[error("something is mounted at {path}, where the secrets are to be: mount it elsewhere")]
    Mount {
        /// Where.
        path: String,
    },
    /// A variable of a container.
    #[error("{variable} is set already: leave it out, or leave out `daypass.dev/aws-role`")]
    Variable {
        /// Its name.
        variable: String,
    },
    /// A variable of a container.
    #[error("AWS SDKs would use {variable} and never ask the sidecar: leave it out, or leave out `daypass.dev/aws-role`")]
    BeforeOurs {
        /// Its name.
        variable: String,
    },
    /// A volume or a container.
    #[error(
        "the pod has a {what} called `{name}` that is not the one which is injected: call it differently, or leave it to daypass"
    )]
    Item {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// A pod that is none, or has too much.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum PodError {
    /// It says nothing of itself.
    #[error("the pod has no `spec`")]
    NoSpec,
    /// What holds its containers is something else.
    #[error("`spec.{list}` is not a list")]
    NoList {
        /// Which list.
        list: &'static str,
    },
    /// By its containers.
    #[error("`spec.{list}` has {count} containers: at most {CONTAINERS_MAX} are injected into")]
    TooMany {
        /// Which list.
        list: &'static str,
        /// How many there are.
        count: usize,
    },
    /// A container that nobody can name.
    #[error("`spec.{list}[{index}]` has no name")]
    NoName {
        /// Which list.
        list: &'static str,
        /// Which one of it.
        index: usize,
    },
}

/// Why nobody can own the files.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum OwnerError {
    /// The sidecar could not signal the app.
    #[error(
        "`daypass.dev/on-change: signal:…` needs the sidecar to be the app's user: state `securityContext: {{ runAsUser: … }}`, the same for all its containers and not root"
    )]
    Signals,
    /// A group would change files that are not the pod's alone.
    #[error(
        "the pod states neither `runAsUser` nor `fsGroup`, and giving it a group would change the files of its volume `{}`: state one of them in `securityContext`",
        shown(.volume)
    )]
    Volume {
        /// Its name.
        volume: String,
    },
}

/// A body that is no review.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReviewError {
    /// It is no JSON, or has no form of one.
    #[error("this is no {KIND} of {API}: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another API.
    #[error("this webhook speaks {KIND} of {API}, not {said}: register it with `admissionReviewVersions: [v1]`")]
    Other {
        /// What it says that it is.
        said: String,
    },
    /// It asks nothing.
    #[error("the review has no `request`")]
    NoRequest,
    /// It could not be answered.
    #[error("the request has no usable `uid`")]
    NoUid,
}
