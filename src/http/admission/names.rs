//! Names that both the reader of a pod and the texts of its faults use.

use crate::words::is_control;
use std::fmt::Display;

/// The API and the kind of a review.
pub(super) const API: &str = "admission.k8s.io/v1";
pub(super) const KIND: &str = "AdmissionReview";
/// The beginning of the names of all our annotations.
pub(super) const PREFIX: &str = "daypass.dev/";
/// The annotations without a file's name in their own.
pub(super) const NAMES: [&str; 7] = ["inject", "issuer", "policy", "on-change", "aws-role", "mode", "containers"];
/// The file by which AWS SDKs prove to the sidecar that they may ask.
pub(super) const AWS_TOKEN: &str = "aws-token";
/// Signals that the sidecar sends.
pub(super) const SIGNALS: [&str; 7] = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH"];
/// The most containers of one list of a pod: each is written into the patch.
pub(super) const CONTAINERS_MAX: usize = 64;

/// Enough of a caller's text to recognize it, on one line.
pub(super) fn excerpt(text: impl Display) -> String {
    const CHARACTERS_MAX: usize = 80;
    text.to_string().chars().take(CHARACTERS_MAX).map(|c| if is_control(c) { '?' } else { c }).collect()
}
