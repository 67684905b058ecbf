//! The lengths of names, and GitHub's limit of repositories.

use std::time::Duration;

/// Long enough for a readable name.
pub(super) const APP_BYTES_MAX: usize = 100;
/// GitHub, "Username policy": 39 characters. Managed users have an `_` before their enterprise's short code.
pub(super) const OWNER_BYTES_MAX: usize = 39;
/// GitHub's limit.
pub(super) const REPOSITORY_BYTES_MAX: usize = 100;
/// The longest of GitHub's permissions has 46 characters.
pub(super) const PERMISSION_BYTES_MAX: usize = 64;
/// GitHub REST API, "Create an installation access token for an app": up to 500 repositories can be listed.
pub const REPOSITORIES_MAX: usize = 500;

/// In this time each of GitHub's servers learns of a new token. Until then some answer 401, as for a token that has ended. GitHub's own
/// client waits for as long.
pub const KNOWN_EVERYWHERE: Duration = Duration::from_secs(5);
/// Between two attempts until then.
pub const KNOWN_PAUSE: Duration = Duration::from_secs(1);
