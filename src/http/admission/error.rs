//! Why a sidecar is not injected: faults of a pod's annotations, of the pod, and of the review.

use super::names::{API, AWS_TOKEN, CONTAINERS_MAX, KIND, NAMES, PREFIX, SIGNALS, excerpt};
use crate::client::sidecar::TemplateError;
use crate::words::names::NameError;
use crate::words::yaml::nearest;

/// What is wrong with one annotation.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnnotationError {
    /// It is a number, or a flag.
    #[error("an annotation's value is text: put it in quotes")]
    NoText,
    /// Its value has too many bytes.
    #[error("longer than {bytes_max} bytes")]
    TooLong {
        /// How long it may be.
        bytes_max: usize,
    },
    /// Its value is no valid name.
    #[error("{}: {fault}; expected {example}", excerpt(.text))]
    Name {
        /// The value.
        text: String,
        /// Why it is no name.
        #[source]
        fault: NameError,
        /// A name that would be valid.
        example: &'static str,
    },
    /// Its template is faulty.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The name of its file is not allowed.
    #[error("a file's name has up to 63 letters, digits, `-`, `_` and `.`, and does not start with two dots")]
    FileName,
    /// The sidecar itself writes a file of this name.
    #[error("`{AWS_TOKEN}` is kept for `daypass.dev/aws-role`: call the file differently")]
    KeptFile,
    /// Another annotation has the same file.
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
    /// `on-change` with a signal for nobody.
    #[error("say which program of the app gets the signal: signal:{signal}:EXECUTABLE, such as signal:{signal}:nginx")]
    NoExecutable {
        /// The signal.
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
    /// There is no annotation of this name.
    #[error("there is no such annotation{}", instead(.name))]
    Unknown {
        /// What it is called.
        name: String,
    },
}

/// The annotation that was probably meant, or all of them.
fn instead(name: &str) -> String {
    let suggestion = nearest(&excerpt(name), &NAMES).map(|near| format!("; did you mean `{PREFIX}{near}`?"));
    suggestion.unwrap_or_else(|| format!("; there are secret.NAME, template.NAME, {}", NAMES.join(", ")))
}

/// A part of a pod that is in the way of an injection.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Conflict {
    /// A mount of a container.
    #[error("something is mounted at {path}, where the secrets go: mount it elsewhere")]
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
    /// A variable of a container that AWS SDKs prefer.
    #[error("AWS SDKs would use {variable} and never ask the sidecar: leave it out, or leave out `daypass.dev/aws-role`")]
    BeforeOurs {
        /// Its name.
        variable: String,
    },
    /// A volume or a container.
    #[error(
        "the pod has a {what} called `{name}` that differs from the injected one: call it differently, or leave it to daypass"
    )]
    Item {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// A pod that is malformed, or has too many containers.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum PodError {
    /// It has no specification.
    #[error("the pod has no `spec`")]
    NoSpec,
    /// The member of its containers is no list.
    #[error("`spec.{list}` is not a list")]
    NoList {
        /// Which list.
        list: &'static str,
    },
    /// It has too many containers.
    #[error("`spec.{list}` has {count} containers: daypass takes at most {CONTAINERS_MAX}")]
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

/// Why no user can own the files.
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
        excerpt(.volume)
    )]
    Volume {
        /// Its name.
        volume: String,
    },
}

/// Why a body is no review.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReviewError {
    /// It is no JSON, or no JSON of this form.
    #[error("this is no {KIND} of {API}: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another API.
    #[error("this webhook speaks {KIND} of {API}, not {found}: register it with `admissionReviewVersions: [v1]`")]
    Other {
        /// The kind and API that it names.
        found: String,
    },
    /// It has no request.
    #[error("the review has no `request`")]
    NoRequest,
    /// Its request has no id to answer to.
    #[error("the request has no usable `uid`")]
    NoUid,
}
