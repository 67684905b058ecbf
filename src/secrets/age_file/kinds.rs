//! The accepted kinds of keys, as texts for errors.

/// What a file of identities may hold.
pub(super) const IDENTITIES: &str = "AGE-SECRET-KEY-1… (X25519), AGE-SECRET-KEY-PQ-1… (post-quantum), or OpenSSH's private key of an ssh-ed25519 or ssh-rsa pair without a passphrase";
/// What a recipient may be.
pub(super) const RECIPIENTS: &str = "age1… (X25519), age1pq1… (post-quantum), age1tag1… and age1tagpq1… (keys in hardware), and the lines of `ssh-ed25519` and `ssh-rsa` public keys";
/// What an SSH key may be.
pub(super) const SSH_KEYS: &str = "ssh-ed25519 and ssh-rsa are the kinds that age knows";
