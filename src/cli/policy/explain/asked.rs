//! The credential in question: a flag for each kind of credential, named after it.

use crate::kind::{Target, TargetError};
use clap::{Arg, ArgGroup, ArgMatches, Args, Command, FromArgMatches};

/// The group of these flags, so that other flags can exclude them.
const GROUP: &str = "asked";

/// The given flags, and the value of each.
#[derive(Debug)]
pub(super) struct AskedArgs(Vec<(&'static str, Option<String>)>);

/// Why the flags name no credential.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTarget {
    /// There is no flag, or there are several.
    #[error("ask for exactly one of {}", flags())]
    NotOne,
    /// The value names no credential.
    #[error(transparent)]
    Target(#[from] TargetError),
}

impl AskedArgs {
    /// The one credential.
    pub(super) fn target(&self) -> Result<Target, NoTarget> {
        let [(word, text)] = &self.0[..] else { return Err(NoTarget::NotOne) };
        Ok(text.as_deref().map_or_else(|| Target::parse(word), |text| Target::question(word, text))?)
    }
}

impl Args for AskedArgs {
    fn augment_args(command: Command) -> Command {
        let all = Target::examples().map(|(word, example)| {
            let arg = Arg::new(word).long(word.replace('_', "-")).value_name("WHAT");
            if Target::parse(word).is_ok() {
                let help = format!("The `{word}` that is asked for, such as {example}; without a value, the one that is granted");
                arg.num_args(0..=1).help(help)
            } else {
                arg.help(format!("The `{word}` that is asked for, such as {example}"))
            }
        });
        let words = Target::examples().map(|(word, _)| word);
        command.args(all).group(ArgGroup::new(GROUP).args(words).multiple(true))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for AskedArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = Target::examples().filter(|(word, _)| matches.contains_id(word));
        Ok(Self(given.map(|(word, _)| (word, matches.get_one::<String>(word).cloned())).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn flags() -> String {
    let all: Vec<String> = Target::examples().map(|(word, _)| format!("--{}", word.replace('_', "-"))).collect();
    all.join(", ")
}
