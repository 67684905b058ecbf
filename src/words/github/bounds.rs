//! How long names are, and how much GitHub takes at once.

/// As long as a name that one reads.
pub(super) const APP_BYTES_MAX: usize = 100;
/// GitHub, "Username policy": 39 characters. Managed users have an `_` before their enterprise's short code.
pub(super) const OWNER_BYTES_MAX: usize = 39;
/// GitHub takes no longer name of a repository.
pub(super) const REPOSITORY_BYTES_MAX: usize = 100;
/// The longest of GitHub's permissions has 46 characters.
pub(super) const PERMISSION_BYTES_MAX: usize = 64;
/// GitHub REST API, "Create an installation access token for an app": up to 500 repositories can be listed.
pub const REPOSITORIES_MAX: usize = 500;
