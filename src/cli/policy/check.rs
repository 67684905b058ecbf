//! `daypass policy check`: the faults of the files, and the linter's findings.

use super::of_source::{ReadSource, SourceArgs};
use super::place::GUARDRAILS_UNREAD;
use super::providers::ProviderCheck;
use super::sarif;
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::cli::{Output, print};
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::config::{FurtherSource, SourceFiles};
use crate::policy::{Catalogue, LINT_CODES, LintContext, Ruleset, Tree, document_grants, lint_denying};
use crate::secrets::SopsFile;
use crate::words::names::SecretPath;
use crate::words::yaml::{Fault, Severity, nearest};
use crate::words::{Clock, SystemClock, UnixTime, plain};
use clap::{Args, ValueEnum};
use serde_json::json;

/// The word for every finding.
const ALL: &str = "warnings";

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy check --config daypass.yaml",
    "daypass policy check --config daypass.yaml --folder . --deny warnings",
    "daypass policy check --config daypass.yaml --folder . --format sarif > daypass.sarif",
]))]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    of: SourceArgs,
    /// A finding that counts as an error, by its code; `warnings` means all that no policy accepts. May be given several times.
    #[arg(long, value_name = "CODE", value_parser = code)]
    deny: Vec<String>,
    /// A finding to leave out, by its code. May be given several times.
    #[arg(long, value_name = "CODE", value_parser = code)]
    allow: Vec<String>,
    /// A form that --output does not have.
    #[arg(long)]
    format: Option<Format>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Format {
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions: notes beside the lines of a pull request.
    Github,
}

/// A word that is no finding's code.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no finding has this code{}", .near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
struct NoCode {
    near: Option<&'static str>,
}

fn code(text: &str) -> Result<String, NoCode> {
    if text == ALL || LINT_CODES.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(NoCode { near: nearest(text, &LINT_CODES) })
}

/// The checked policies, and their faults.
struct Checked {
    ruleset: Ruleset,
    faults: Vec<Fault>,
    /// Whether further sources name files of the server, which are not here.
    leaves_out_server: bool,
    /// Whether the providers can make what is granted.
    fits: ProviderCheck,
}

/// Ends with 78 if there is an error.
pub(super) fn run(arguments: &CheckArgs, output: Output) -> Result<u8, Failure> {
    let progress = Progress::of("checking the policies");
    let read = arguments.of.load()?;
    let Checked { ruleset, faults, leaves_out_server, fits } = arguments.check(&read);
    drop(progress);
    let at = &read.snapshot.at;
    let faults: Vec<Fault> = faults.into_iter().filter_map(|fault| arguments.level(fault)).collect();
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    let (policies, guardrails) = (ruleset.set().policies().len(), ruleset.set().guardrails().count());
    let accepted = ruleset.accepted_findings();
    match (arguments.format, output) {
        (Some(Format::Sarif), _) => print::json(&sarif::document(&faults, at)),
        (Some(Format::Github), _) => faults.iter().for_each(print_annotation),
        (None, Output::Json) => print::json(&json!({
            "policies": policies, "guardrails": guardrails, "errors": errors, "findings": faults, "looked_at": at, "accepted": accepted,
            "guardrails_unreadable": ruleset.has_faulty_guardrails(), "files_of_the_server_not_looked_at": leaves_out_server,
            "providers_not_looked_at": fits.not_checked,
        })),
        (None, Output::Text | Output::Markdown) => {
            faults.iter().for_each(|fault| anstream::println!("{}\n", fault.coloured()));
            let warnings = faults.len() - errors;
            let of_accepted = if accepted == 0 { String::new() } else { format!(", {accepted} accepted") };
            anstream::println!(
                "{} and {} loaded; {}, {}{of_accepted}",
                print::counted(policies, "policy"),
                print::counted(guardrails, "guardrail"),
                print::counted(errors, "error"),
                print::counted(warnings, "warning"),
            );
            if ruleset.has_faulty_guardrails() {
                anstream::println!("Beware: {GUARDRAILS_UNREAD}.");
            }
            if leaves_out_server {
                anstream::println!("The files of the server that further sources name are not looked at: they are not here.");
            }
            fits.note().iter().for_each(|note| anstream::println!("{note}"));
            anstream::println!("Looked at: {at}");
        }
    }
    Ok(if errors == 0 { 0 } else { STATUS_CONFIGURATION })
}

/// Granted keys that none of their documents has. SOPS leaves the names of keys readable, so no identity is needed.
fn missing_keys(tree: &Tree, ruleset: &Ruleset, now: UnixTime) -> Vec<Fault> {
    let documents = tree.iter().filter_map(|(file, bytes)| {
        let path = SecretPath::parse(file.strip_prefix("secrets/")?).ok()?;
        SopsFile::parse(&path, bytes).ok().map(|document| (path, document))
    });
    let documents: Vec<(SecretPath, SopsFile)> = documents.collect();
    let missing = document_grants(ruleset, now).into_iter().filter_map(|grant| {
        let key = grant.key()?;
        let mut covered = documents.iter().filter(|(path, _)| grant.covers(path)).map(|(_, document)| document).peekable();
        covered.peek()?;
        let lacks = covered.all(|document| !document.has(key));
        lacks.then(|| grant.finding("secret_missing", format!("`{}` has no `{key}`", grant.documents())))
    });
    missing.collect()
}

/// The faults for which a server refuses the further sources that a root repository defines.
fn definitions(tree: &Tree, catalogue: &Catalogue, here: Option<&SourceFiles>) -> Vec<Fault> {
    FurtherSource::definitions(tree).flat_map(|file| FurtherSource::faults(file, tree, here, catalogue)).collect()
}

/// Tests that hold for a further source's policies alone, but not within its bounds, which the server applies.
fn within_bounds(read: &ReadSource) -> Vec<Fault> {
    if read.definition.is_none() {
        return Vec::new();
    }
    let failed = read.tested().0.failed_tests(&read.snapshot.files, &read.catalogue);
    failed.into_iter().map(|fault| fault.help("it holds for the policy alone, but not within the bounds of its source")).collect()
}

impl CheckArgs {
    fn check(&self, read: &ReadSource) -> Checked {
        let (snapshot, catalogue, at) = (&read.snapshot, &read.catalogue, &self.of.at);
        let tree = &snapshot.files;
        let (ruleset, faults) = Ruleset::load(tree, catalogue, None);
        let mut faults = snapshot.with_left_out(faults);
        faults.extend(read.unread.iter().cloned());
        faults.extend(ruleset.test(tree, catalogue).1);
        faults.extend(within_bounds(read));
        let own = at.own_repository();
        let now = SystemClock.now();
        let look = LintContext { ruleset: &ruleset, tree, catalogue, now, own_repository: own.as_deref() };
        faults.extend(lint_denying(&look, &self.deny));
        let mut fits = ProviderCheck::of(read, &ruleset, at);
        faults.append(&mut fits.faults);
        faults.extend(missing_keys(tree, &ruleset, now));
        faults.extend(read.definition.iter().flat_map(|definition| match &definition.bounds {
            Ok(bounds) => {
                let policies = ruleset.set().policies();
                bounds.outside(policies).into_iter().chain(bounds.unused(&definition.file, policies)).collect()
            }
            Err(faults) => faults.clone(),
        }));
        let here = at.server_files();
        faults.extend(definitions(tree, catalogue, here.as_ref()));
        let leaves_out_server = here.is_none() && FurtherSource::definitions(tree).next().is_some();
        Checked { ruleset, faults, leaves_out_server, fits }
    }

    /// Applies --allow and --deny to a finding. A fault that keeps a file from loading stays an error.
    fn level(&self, fault: Fault) -> Option<Fault> {
        let named = |codes: &[String]| codes.iter().any(|code| code == fault.code);
        if fault.severity == Severity::Warning && named(&self.allow) {
            return None;
        }
        let denied = named(&self.deny) || self.deny.iter().any(|code| code == ALL);
        Some(if denied { fault.as_error() } else { fault })
    }
}

/// GitHub's workflow commands: `%`, line ends, and in properties `:` and `,` are escaped.
fn print_annotation(fault: &Fault) {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let level = if fault.severity == Severity::Error { "error" } else { "warning" };
    let help = fault.help.as_deref().map(|help| format!("\n{}", plain(help))).unwrap_or_default();
    anstream::println!(
        "::{level} file={},line={},col={},title={}::{}",
        property(&plain(&fault.file.to_string())),
        fault.place.line.max(1),
        fault.place.column.max(1),
        property(fault.code),
        data(&format!("{}{help}", plain(&fault.message)))
    );
}
