//! Runs `ssh` with one configuration that sets everything. The files of the user and of the machine have no effect.

use super::Order;
use super::error::SshConfigError;
use std::fmt::Write;
use std::path::Path;

/// The configuration file in the mirror. The command uses the bare file name, so no path has to be quoted for a shell.
const FILE: &str = "ssh_config";
/// The command, which runs in the mirror's folder.
pub(super) const COMMAND: &str = "ssh -F ssh_config";

/// ssh_config(5): no agent, no forwarding, no password, no proxy command, no unknown host key.
const FIXED: &str = "Host *
  BatchMode yes
  StrictHostKeyChecking yes
  GlobalKnownHostsFile /dev/null
  UpdateHostKeys no
  IdentitiesOnly yes
  IdentityAgent none
  PasswordAuthentication no
  KbdInteractiveAuthentication no
  ForwardAgent no
  ForwardX11 no
  ClearAllForwardings yes
  PermitLocalCommand no
  ProxyCommand none
  ControlMaster no
  ControlPath none
  ConnectTimeout 20
  ServerAliveInterval 15
  ServerAliveCountMax 2
  LogLevel ERROR
";

/// Writes the configuration for this order.
pub(super) fn write_config(order: &Order) -> Result<(), SshConfigError> {
    let known_hosts = order.known_hosts.as_deref().ok_or(SshConfigError::NoKnownHosts)?;
    let key = order.ssh_key.as_deref().ok_or(SshConfigError::NoKey)?;
    let mut text = FIXED.to_owned();
    let _ = writeln!(text, "  UserKnownHostsFile {}\n  IdentityFile {}", quoted(known_hosts)?, quoted(key)?);
    let path = order.mirror.join(FILE);
    std::fs::write(&path, text).map_err(|fault| SshConfigError::File { path, fault })
}

/// Quotes a path for ssh_config(5). It has no way to escape a quote, and `%` starts a token, so both are refused.
fn quoted(path: &Path) -> Result<String, SshConfigError> {
    let text = path.to_str().ok_or(SshConfigError::NotUtf8)?;
    if text.contains(['"', '%', '\n', '\\', '$']) {
        return Err(SshConfigError::Path { path: text.to_owned() });
    }
    Ok(format!("\"{text}\""))
}
