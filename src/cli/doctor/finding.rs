//! A finding: what was checked, and the result.

use crate::custody::CustodyError;
use crate::words::{plain, without_secrets};
use serde::Serialize;
use std::fmt::Display;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// All is well.
    Ok,
    /// It works, and somebody should look.
    Warning,
    /// It does not work, or not for long.
    Error,
    /// It cannot be checked from here.
    Skipped,
}

/// The result of one check.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was checked, such as `certificate`.
    pub(super) check: String,
    /// How bad it is.
    pub(super) level: Level,
    /// What was seen.
    says: String,
    /// What to do.
    #[serde(rename = "do")]
    advice: Option<String>,
    /// The kind of way in, if the finding is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    way: Option<&'static str>,
}

impl Finding {
    /// All is well. What was seen may be an argument or a variable, in whose place somebody gave a private key.
    pub(super) fn ok(check: impl Into<String>, says: impl Display) -> Self {
        let [check, says] = [check.into(), says.to_string()].map(|text| without_secrets(&text).into_owned());
        Self { check, level: Level::Ok, says, advice: None, way: None }
    }

    /// Something does not work.
    pub(super) fn error(check: impl Into<String>, says: impl Display, advice: &str) -> Self {
        Self { level: Level::Error, advice: Some(advice.to_owned()), ..Self::ok(check, says) }
    }

    /// Somebody should look.
    pub(super) fn warning(check: impl Into<String>, says: impl Display, advice: &str) -> Self {
        Self { level: Level::Warning, ..Self::error(check, says, advice) }
    }

    /// It was not checked, and why.
    pub(super) fn skipped(check: impl Into<String>, says: impl Display) -> Self {
        Self { level: Level::Skipped, ..Self::ok(check, says) }
    }

    /// A way in to what a cloud protects.
    pub(super) fn way(of: &str, level: Level, way: &'static str, says: &str, advice: &str) -> Self {
        let advice = (!advice.is_empty()).then(|| advice.to_owned());
        Self { level, advice, way: Some(way), ..Self::ok(of, says) }
    }

    /// systemd keeps the credential for the service alone, so an operator's command cannot read it.
    pub(super) fn of_the_service(check: impl Into<String>, fault: &CustodyError) -> Self {
        let told =
            format!("{fault}; only the service has it: run doctor in a unit with the same `LoadCredential=` lines (systemd-run)");
        Self::skipped(check, told)
    }

    /// For people.
    pub(super) fn print(&self) {
        let (word, colour) = match self.level {
            Level::Ok => ("ok", anstyle::AnsiColor::Green),
            Level::Warning => ("warning", anstyle::AnsiColor::Yellow),
            Level::Error => ("ERROR", anstyle::AnsiColor::Red),
            Level::Skipped => ("-", anstyle::AnsiColor::BrightBlack),
        };
        let (style, reset) = (anstyle::Style::new().fg_color(Some(colour.into())), anstyle::Reset);
        anstream::println!("{style}{word:<8}{reset} {:<18} {}", plain(&self.check), plain(&self.says));
        if let Some(advice) = &self.advice {
            anstream::println!("{:<27} -> {}", "", plain(advice));
        }
    }
}
