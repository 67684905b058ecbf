//! What a kind's delivery is.

use super::command::Delivery;
use crate::answers::Document;
use crate::client::Failure;
use serde_json::Value;

/// The flags by which a command gets credentials of one kind, and what is done with the answer.
pub(super) trait Delivered {
    /// The flag whose credentials `--refresh` renews, if there is one.
    const REFRESHED: Option<&'static str> = None;

    /// Whether that flag was given.
    fn is_refreshed(&self) -> bool {
        Self::REFRESHED.is_some() && !self.requests().is_empty()
    }

    /// What the server is asked for; nothing where no flag was given.
    fn requests(&self) -> Vec<Value>;

    /// Each variable that a person names, or that is set or removed for the command: what two flags would set is refused.
    fn variables(&self) -> Vec<String> {
        Vec::new()
    }

    /// Finds what was asked for in the answer and hands it to the command. It is called only if something was asked for.
    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure>;
}
