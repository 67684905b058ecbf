//! Names of variables that the user gives: none that changes how a command runs, and none twice.

use crate::client::{Failure, STATUS_USAGE};

/// Variables by which the loader, the C library, shells and interpreters change how a command runs: ld.so(8), dyld(1), bash(1),
/// POSIX "Shell Variables", and each interpreter's manual.
const ACTED_ON: [&str; 30] = [
    "PATH",
    "HOME",
    "SHELL",
    "IFS",
    "ENV",
    "BASH_ENV",
    "BASHOPTS",
    "SHELLOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "CDPATH",
    "GLOBIGNORE",
    "ZDOTDIR",
    "GCONV_PATH",
    "LOCPATH",
    "NLSPATH",
    "GLIBC_TUNABLES",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "PERL5LIB",
    "PERL5OPT",
    "PERL5DB",
    "RUBYLIB",
    "RUBYOPT",
    "NODE_OPTIONS",
    "NODE_PATH",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
];
/// Prefixes of such variables. bash takes functions from `BASH_FUNC_…`.
const FAMILIES: [&str; 3] = ["LD_", "DYLD_", "BASH_FUNC_"];

/// Why a variable cannot hold a credential.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum VariableError {
    #[error("expected a variable's name before `=`, without control characters")]
    Name,
    #[error("`{0}` changes how commands run, and is not set to a credential: choose another name")]
    ActedOn(String),
}

/// Checks that a variable of this name may hold a credential.
pub(super) fn check(name: &str) -> Result<(), VariableError> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(VariableError::Name);
    }
    let is_acted_on = ACTED_ON.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family));
    if is_acted_on { Err(VariableError::ActedOn(name.to_owned())) } else { Ok(()) }
}

/// Checks that nothing is set twice: the command would find one of two credentials, and nobody would know which. Called before
/// anything is released.
pub(super) fn check_each_once(mut names: Vec<String>) -> Result<(), Failure> {
    names.sort();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            Err(Failure::new(STATUS_USAGE, format!("`{}` would be set twice: give each flag a name of its own", pair[0])))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_changes_how_commands_run_is_refused() {
        for bad in [
            "PATH",
            "LD_PRELOAD",
            "LD_ANYTHING",
            "DYLD_INSERT_LIBRARIES",
            "IFS",
            "BASH_ENV",
            "ENV",
            "BASH_FUNC_ls%%",
            "NODE_OPTIONS",
        ] {
            assert_eq!(check(bad), Err(VariableError::ActedOn(bad.to_owned())));
        }
        for good in ["PARTNER_TOKEN", "path", "MY_PATH", "LDAP", "spring.datasource.password"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert!(check("").is_err() && check("A\nB").is_err() && check("A\0").is_err());
    }
}
