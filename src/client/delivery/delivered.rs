//! The trait of a kind's delivery.

use super::command::Delivery;
use crate::answers::Document;
use crate::client::Failure;
use serde_json::Value;

/// The flags by which a command gets credentials of one kind, and how it gets them from the answer.
pub(super) trait Delivered {
    /// The flag whose credentials `--refresh` renews, if there is one.
    const REFRESHED: Option<&'static str> = None;

    /// Whether that flag was given.
    fn is_refreshed(&self) -> bool {
        Self::REFRESHED.is_some() && !self.requests().is_empty()
    }

    /// The requests to the server; none if no flag was given.
    fn requests(&self) -> Vec<Value>;

    /// Each variable that the user names, or that is set or removed for the command. A variable of two flags is refused.
    fn variables(&self) -> Vec<String> {
        Vec::new()
    }

    /// Finds the requested credentials in the answer, and hands them to the command. Called only if there were requests.
    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure>;
}
