//! `daypass policy who-can`: everybody who can reach a credential, each with an example.

use super::there::not_there;
use crate::cli::examples::examples;
use crate::cli::policy::of_source::{ReadSource, SourceArgs};
use crate::cli::policy::operators;
use crate::cli::policy::place::{NOBODY_CAN_TELL, TreeOrigin};
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_DENIED, STATUS_USAGE};
use crate::kind::Target;
use crate::policy::{Pattern, Reach, Ruleset, credentials_like};
use crate::words::yaml::{Fault, Severity, one_line};
use crate::words::{Clock, SystemClock, plain};
use anstyle::{Reset, Style};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Args, Debug)]
#[command(after_help = help())]
pub(in crate::cli) struct WhoCanArgs {
    /// A role's ARN, a secret such as shop/db.yaml#/password, the audience of a token (https://…), a kind's word and what is asked for of it, or a pattern such as shop/**: see the examples.
    grant: String,
    #[command(flatten)]
    of: SourceArgs,
}

/// Examples, and each kind by its word.
fn help() -> String {
    let examples = examples(&[
        "daypass policy who-can \"shop/production/db.yaml#/password\" --config daypass.yaml",
        "daypass policy who-can \"shop/production/**\" --config daypass.yaml",
        "daypass policy who-can arn:aws:iam::123456789012:role/shop-deploy --config daypass.yaml",
        "daypass policy who-can \"github acme/shop contents=write\" --config daypass.yaml",
    ]);
    let kinds = Target::examples().map(|(word, example)| format!("  {word} {example}\n")).collect::<String>();
    let service = "  token_exchange SERVICE?NAME=VALUE&NAME=VALUE   (all fields that policies set)";
    format!("{examples}\n\nWhat can be asked for; the first word can be left out where no other kind is meant:\n{kinds}{service}")
}

/// What to do about a name that nothing has.
const FORMS: &str =
    "a credential is named by its kind's word and its name: `daypass policy who-can --help` has an example of each kind";
/// What a pattern cannot find, because no file has its text.
const OF_PATTERNS: &str = "A pattern is compared with the names in policies and files. For what a grant gives beyond these, ask by name: documents of the past (secret_at), repositories that a GitHub grant gets from its owner or its job, scopes that a federated token has.\n";

/// The question: one credential, or all that match a pattern.
enum Question {
    One(Target),
    Like(Pattern),
}

impl Question {
    fn read(text: &str) -> Result<Self, Failure> {
        if text.contains('*') {
            let pattern = Pattern::parse(text).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
            return Ok(Self::Like(pattern));
        }
        let target = Target::guess(text).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
        target.left_open().map_or(Ok(Self::One(target)), |lacks| Err(Failure::new(STATUS_USAGE, lacks)))
    }

    /// The credentials. One that does not exist is refused: an answer about it would mislead.
    fn credentials(self, text: &str, read: &ReadSource, ruleset: &Ruleset) -> Result<Vec<Target>, Failure> {
        let found = match self {
            Self::One(target) => {
                return not_there(read, &target)
                    .map_or(Ok(vec![target]), |why| Err(Failure::new(STATUS_USAGE, why).with_hint(FORMS)));
            }
            Self::Like(pattern) => credentials_like(ruleset, &read.files_as_named(), &pattern),
        };
        if found.is_empty() {
            let message =
                format!("{} has no secret and no policy names a credential that matches {}", read.snapshot.at, plain(text));
            return Err(Failure::new(STATUS_USAGE, message).with_hint(FORMS));
        }
        Ok(found)
    }
}

/// A credential, and who can reach it today.
struct Answer {
    target: Target,
    reached: Vec<Reach>,
}

/// The same for programs.
#[derive(Serialize)]
struct ReachedBy<'a> {
    grant: String,
    reached_by: &'a [Reach],
}

/// What was asked for: one credential, or all that are like a pattern.
#[derive(Serialize)]
#[serde(untagged)]
enum Found<'a> {
    One(ReachedBy<'a>),
    Like { like: &'a str, credentials: Vec<ReachedBy<'a>> },
}

/// The whole answer, and what was looked at for it.
#[derive(Serialize)]
struct WhoCan<'a> {
    #[serde(flatten)]
    found: Found<'a>,
    looked_at: &'a TreeOrigin,
    faults: &'a [Fault],
    further_sources_not_looked_at: Vec<&'a str>,
    root_guardrails_looked_at: bool,
    guardrails_unreadable: bool,
    held_back: Option<&'a str>,
    operators_denials: &'a Value,
}

/// Who can reach it today.
pub(in crate::cli) fn who_can(arguments: &WhoCanArgs, json: bool) -> Result<u8, Failure> {
    let requested = Question::read(&arguments.grant)?;
    let is_one = matches!(requested, Question::One(_));
    let progress = Progress::of("looking through the policies");
    let read = arguments.of.load()?;
    let snapshot = &read.snapshot;
    let (ruleset, faults) = read.in_force();
    let mut faults = snapshot.with_left_out(faults);
    faults.retain(|fault| fault.severity == Severity::Error);
    let answer = |target| {
        let reached = crate::policy::who_can(&ruleset, &read.catalogue, &target, SystemClock.now());
        Answer { target, reached }
    };
    let answers: Vec<Answer> = requested.credentials(&arguments.grant, &read, &ruleset)?.into_iter().map(answer).collect();
    let pending = arguments.of.at.pending_note(snapshot);
    let operators = operators::summary(&arguments.of.at, SystemClock.now());
    drop(progress);
    if json {
        let found = match &answers[..] {
            [one] if is_one => Found::One(one.reached_by()),
            all => Found::Like { like: &arguments.grant, credentials: all.iter().map(Answer::reached_by).collect() },
        };
        print::json(&json!(WhoCan {
            found,
            looked_at: &snapshot.at,
            faults: &faults,
            further_sources_not_looked_at: snapshot.further_sources(),
            root_guardrails_looked_at: read.definition.is_none(),
            guardrails_unreadable: ruleset.has_faulty_guardrails(),
            held_back: pending.as_deref(),
            operators_denials: &operators.denials,
        }));
    } else {
        if ruleset.has_faulty_guardrails() {
            anstream::println!("{NOBODY_CAN_TELL}");
        } else {
            answers.iter().for_each(Answer::print);
        }
        if !is_one {
            anstream::print!("{OF_PATTERNS}");
        }
        let unknown = snapshot.not_looked_at(&ruleset, &faults) + &read.root_not_looked_at();
        let pending = pending.map(|note| format!("{note}\n")).unwrap_or_default();
        anstream::print!("{unknown}{}{pending}Looked at: {}\n", operators.text, snapshot.at);
    }
    Ok(match answers.iter().all(|answer| answer.reached.is_empty()) {
        _ if ruleset.has_faulty_guardrails() => STATUS_CONFIGURATION,
        true => STATUS_DENIED,
        false => 0,
    })
}

impl Answer {
    fn reached_by(&self) -> ReachedBy<'_> {
        ReachedBy { grant: self.target.to_string(), reached_by: &self.reached }
    }

    fn print(&self) {
        let target = self.target.to_string();
        let target = plain(&target);
        if self.reached.is_empty() {
            anstream::println!("Nobody can reach {target} by what is looked at.");
        } else {
            anstream::println!("{target} can be reached by");
            self.reached.iter().for_each(print_reach);
        }
    }
}

fn print_reach(reach: &Reach) {
    let dimmed = Style::new().dimmed();
    let part = reach.part.as_deref().map(|part| format!("   {} alone", plain(part))).unwrap_or_default();
    let by = reach.by.as_deref().map(|by| format!("   by {}", plain(by))).unwrap_or_default();
    anstream::println!("  {} {}   {}{part}{by}", reach.issuer, plain(&reach.who), plain(&reach.at));
    anstream::println!("    {dimmed}for example {}{Reset}", plain(&one_line(&reach.example)));
}
