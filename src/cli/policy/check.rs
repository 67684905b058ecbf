//! `daypass policy check`: the faults of the files, and the linter's findings.

use super::place::Where;
use super::sarif;
use crate::cli::{Output, print};
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::policy::{Bounds, Catalogue, LINT_CODES, Look, Ruleset, Tree, document_grants, lint};
use crate::secrets::SopsFile;
use crate::words::names::{SecretPath, SourceName};
use crate::words::yaml::{Fault, Place, Severity, nearest};
use crate::words::{Clock, SystemClock, UnixTime};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Stands for every finding.
const ALL: &str = "warnings";

#[derive(Args, Debug)]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    at: Where,
    /// A finding that counts as an error, by its code; `warnings` means all. May be given several times.
    #[arg(long, value_name = "CODE", value_parser = code)]
    deny: Vec<String>,
    /// A finding that is not told, by its code. May be given several times.
    #[arg(long, value_name = "CODE", value_parser = code)]
    allow: Vec<String>,
    /// These are the policies of a further source: the file in the root repository that defines it, `sources/NAME.yaml`.
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
    /// Another form than --output gives.
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

/// A word that is no finding's.
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

/// Ends with 78 when something is an error.
pub(super) fn run(arguments: &CheckArgs, output: Output) -> Result<u8, Failure> {
    let (seen, catalogue) = arguments.at.load()?;
    let tree = &seen.files;
    let (ruleset, mut faults) = Ruleset::load(tree, &catalogue, None);
    faults.extend(seen.left_out());
    faults.extend(ruleset.test(tree, &catalogue).1);
    let own = arguments.at.own_repository();
    let now = SystemClock.now();
    let look = Look { ruleset: &ruleset, tree, catalogue: &catalogue, now, own_repository: own.as_deref() };
    faults.extend(lint(&look));
    faults.extend(missing_keys(tree, &ruleset, now));
    if let Some(file) = &arguments.source {
        faults.extend(bounds(file, &ruleset, &catalogue)?);
    }
    faults.extend(definitions(tree, &catalogue));
    let faults: Vec<Fault> = faults.into_iter().filter_map(|fault| arguments.level(fault)).collect();
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    let (policies, guardrails) = (ruleset.set().policies().len(), ruleset.set().guardrails().count());
    match (arguments.format, output) {
        (Some(Format::Sarif), _) => print::json(&sarif::document(&faults)),
        (Some(Format::Github), _) => faults.iter().for_each(print_annotation),
        (None, Output::Json) => {
            print::json(&json!({ "policies": policies, "guardrails": guardrails, "errors": errors, "findings": faults }));
        }
        (None, Output::Text | Output::Markdown) => {
            faults.iter().for_each(|fault| anstream::println!("{fault}\n"));
            let warnings = faults.len() - errors;
            anstream::println!("{policies} policies and {guardrails} guardrails load; {errors} errors, {warnings} warnings");
        }
    }
    Ok(if errors == 0 { 0 } else { STATUS_CONFIGURATION })
}

/// Granted keys that none of their documents has. SOPS leaves the names of keys readable, so nothing has to be opened.
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

/// What lies outside of a further source's bounds, and what of these nobody uses.
fn bounds(file: &Path, ruleset: &Ruleset, catalogue: &Catalogue) -> Result<Vec<Fault>, Failure> {
    let shown = file.display().to_string();
    let usage = |fault: String| Failure::new(STATUS_USAGE, format!("{shown}: {fault}"));
    let bytes = std::fs::read(file).map_err(|fault| usage(fault.to_string()))?;
    let name =
        SourceName::parse(&file.file_stem().unwrap_or_default().to_string_lossy()).map_err(|fault| usage(fault.to_string()))?;
    Ok(match Bounds::of_definition(&name, &shown, &bytes, catalogue) {
        Ok(bounds) => bounds.outside(ruleset).into_iter().chain(bounds.unused(&shown, ruleset)).collect(),
        Err(faults) => faults,
    })
}

/// Faults in the bounds of the further sources that a root repository defines; the rest of a definition names files of the server.
fn definitions(tree: &Tree, catalogue: &Catalogue) -> Vec<Fault> {
    let files = tree.iter().filter(|(file, _)| file.starts_with("sources/") && file.ends_with(".yaml"));
    let read = |(file, bytes): (&String, &Arc<[u8]>)| {
        let stem = file.trim_start_matches("sources/").trim_end_matches(".yaml");
        let unnamed = |fault| vec![Fault::new(file, Place { line: 1, column: 1 }, format!("the name of a source: {fault}"))];
        let name = SourceName::parse(stem).map_err(unnamed)?;
        Bounds::of_definition(&name, file, bytes, catalogue).map(drop)
    };
    files.map(read).filter_map(Result::err).flatten().collect()
}

impl CheckArgs {
    /// What the flags make of a finding. What keeps a file from loading stays an error.
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
    let help = fault.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
    anstream::println!(
        "::{level} file={},line={},col={},title={}::{}",
        property(&fault.file),
        fault.place.line.max(1),
        fault.place.column.max(1),
        property(fault.code),
        data(&format!("{}{help}", fault.message))
    );
}
