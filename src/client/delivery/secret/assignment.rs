//! `NAME=SECRET`, the value of the flags.

use crate::client::delivery::names::{self, VariableError};
use crate::words::names::{NameError, SecretName};

/// Why a text is no `NAME=SECRET`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AssignmentError {
    /// It has no `=`.
    #[error("expected NAME=path/of/secret#/key")]
    NoEquals,
    /// The name is empty.
    #[error("expected a name before `=`")]
    NoName,
    /// The name cannot be that of a variable with a credential.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// The second part is no secret's name.
    #[error(transparent)]
    Secret(#[from] NameError),
}

/// Splits `NAME=shop/db.yaml#/password`.
pub(super) fn parse_assignment(text: &str) -> Result<(String, SecretName), AssignmentError> {
    let (name, secret) = text.split_once('=').ok_or(AssignmentError::NoEquals)?;
    if name.is_empty() {
        return Err(AssignmentError::NoName);
    }
    Ok((name.to_owned(), SecretName::parse(secret)?))
}

/// The same for the name of a variable.
pub(super) fn parse_variable(text: &str) -> Result<(String, SecretName), AssignmentError> {
    let (name, secret) = parse_assignment(text)?;
    names::check(&name)?;
    Ok((name, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_has_a_name_and_a_secret() {
        assert_eq!(parse_assignment("DB=a/b.yaml#/c=d").unwrap().1.to_string(), "a/b.yaml#/c=d");
        assert_eq!(parse_assignment("DB").unwrap_err(), AssignmentError::NoEquals);
        assert_eq!(parse_assignment("=a/b.yaml").unwrap_err(), AssignmentError::NoName);
        assert!(matches!(parse_variable("LD_PRELOAD=a/b.yaml").unwrap_err(), AssignmentError::Variable(_)));
        assert!(parse_variable("DB=a/b.yaml").is_ok() && parse_assignment("PATH=a/b.yaml").is_ok(), "a file may be called so");
        assert!(matches!(parse_assignment("DB=../x").unwrap_err(), AssignmentError::Secret(_)));
    }
}
