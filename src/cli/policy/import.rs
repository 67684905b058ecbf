//! `daypass policy import`: turns trust policies of octo-sts and of IAM roles, and exports of Vault, Google Cloud and Azure, into
//! ours. It overwrites nothing.

mod checkouts;
mod files;
mod found;
mod trusted;

use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::cli::serve::faults;
use crate::cli::{Output, print};
use crate::client::checkout::create;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE, note};
use crate::config::PolicyConfig;
use crate::kind::Scope;
use crate::policy::{Catalogue, ImportSettings, Imported, Listing, ListingError, NotImported, apart, with_rows};
use crate::words::github::AppName;
use crate::words::names::{IssuerName, NameError, RoleArn};
use crate::words::{PlainPath, plain, read_named};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The size of a listing of an organization's repositories, which has a few KiB for each.
const LISTING_BYTES_MAX: usize = 256 * 1024 * 1024;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy import .github/chainguard --config daypass.yaml",
    "daypass policy import checkouts --app acme --ids repositories.json --config daypass.yaml --to .",
    "daypass policy import trust.json --role arn:aws:iam::123456789012:role/shop-deploy --issuer github",
    "daypass policy import vault-export --config daypass.yaml --mount kv --to .",
]))]
pub(in crate::cli) struct ImportArgs {
    /// Trust policies of octo-sts, also all of a folder of checkouts (OWNER/REPOSITORY/.github/chainguard); of IAM roles as JSON: alone, of `aws iam get-role`, or of `terraform show -json`; and a folder with what Vault or OpenBao (auth/MOUNT/config.json, auth/MOUNT/role/NAME.json, policies/NAME.hcl), gcloud (providers/NAME.json, service-accounts/ADDRESS.json) or az (applications/CLIENT_ID.json) print.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The issuer's name in the configuration, if its URL does not decide it.
    #[arg(long)]
    issuer: Option<String>,
    /// A configuration, for its issuers.
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: Option<PathBuf>,
    /// The GitHub App, by its name in the server's configuration, that gives what the App of octo-sts gave.
    #[arg(long, value_name = "APP", value_parser = AppName::parse, requires = "ids")]
    app: Option<AppName>,
    /// Saved listings of repositories, for their ids: `gh api --paginate /orgs/acme/repos`.
    #[arg(long, value_name = "FILE", requires = "app")]
    ids: Vec<PathBuf>,
    /// The repository to write to: policies below `policies/`, and their rows beside it; without it everything is printed.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// The KV store (version 2) of Vault whose documents the policies mean; `secret` without this.
    #[arg(long, value_name = "MOUNT", value_parser = files::mount)]
    mount: Option<String>,
    /// The ending that follows Vault's names of its documents here; `.yaml` without this.
    #[arg(long, value_name = "ENDING", value_parser = files::ENDINGS)]
    ending: Option<String>,
    /// The scope of Entra that applications' tokens are for, such as https://management.azure.com/.default.
    #[arg(long, value_parser = Scope::parse)]
    scope: Option<Scope>,
    /// The role's ARN, for a trust policy that stands alone.
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
}

/// Imports what can be imported. Ends with status 78, and says why, if something is refused.
pub(super) fn run(arguments: &ImportArgs, output: Output) -> Result<u8, Failure> {
    let config = arguments.config.as_deref().map(PolicyConfig::load).transpose().map_err(|found| faults(&found))?;
    let catalogue = config.map(|config| config.catalogue());
    let listing = listing(arguments).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    let settings =
        settings(arguments, catalogue.as_ref(), listing.as_ref()).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    let progress = Progress::of("importing");
    let (mut read, mut refused) = (Vec::new(), Vec::new());
    for outcome in arguments.files.iter().flat_map(|path| files::read(path, &settings)) {
        match outcome {
            Ok(policy) => read.push(policy),
            Err(reason) => refused.push(reason),
        }
    }
    let (read, clashing) = apart(read);
    refused.extend(clashing);
    let mut imported = Vec::new();
    for policy in with_rows(read, |file| is_there(arguments.to.as_deref(), file)) {
        match arguments.to.as_deref().map_or(Ok(()), |folder| write(&policy, folder)) {
            Ok(()) => imported.push(policy),
            Err(reason) => refused.extend(not_written(&policy, &reason)),
        }
    }
    drop(progress);
    print(&imported, &refused, output, arguments.to.is_some())?;
    Ok(if refused.is_empty() { 0 } else { STATUS_CONFIGURATION })
}

/// An option that cannot be used.
#[derive(Debug, thiserror::Error)]
enum OptionError {
    /// The issuer's.
    #[error("--issuer: {0}")]
    Issuer(#[source] NameError),
    /// The role's.
    #[error("--role: {0}")]
    Role(#[source] NameError),
    /// A listing that cannot be read.
    #[error("--ids: {}: {fault}", .path.plain())]
    Unread {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        fault: std::io::Error,
    },
    /// A file that is no listing, or contradicts itself or another one.
    #[error("--ids: {}: {fault}", .path.plain())]
    NoListing {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        fault: ListingError,
    },
}

fn listing(arguments: &ImportArgs) -> Result<Option<Listing>, OptionError> {
    let Some(app) = &arguments.app else { return Ok(None) };
    let mut listing = Listing::new(app.clone());
    for path in &arguments.ids {
        let bytes = read_named(path, LISTING_BYTES_MAX).map_err(|fault| OptionError::Unread { path: path.clone(), fault })?;
        listing.add(&bytes).map_err(|fault| OptionError::NoListing { path: path.clone(), fault })?;
    }
    Ok(Some(listing))
}

fn settings<'a>(
    arguments: &ImportArgs,
    catalogue: Option<&'a Catalogue>,
    listing: Option<&'a Listing>,
) -> Result<ImportSettings<'a>, OptionError> {
    let issuer = arguments.issuer.as_deref().map(IssuerName::parse).transpose();
    let role = arguments.role.as_deref().map(RoleArn::parse).transpose();
    Ok(ImportSettings {
        issuer: issuer.map_err(OptionError::Issuer)?,
        role: role.map_err(OptionError::Role)?,
        catalogue,
        mount: arguments.mount.clone(),
        ending: arguments.ending.clone(),
        scope: arguments.scope.clone(),
        listing,
        trusted: &[],
        lacks_own_repository: false,
    })
}

/// Whether the folder has a file, or anything else, at this path.
fn is_there(folder: Option<&Path>, file: &str) -> bool {
    folder.is_some_and(|folder| std::fs::symlink_metadata(folder.join(file)).is_ok())
}

/// Writes the files of a policy, if none of them is there yet.
fn write(policy: &Imported, folder: &Path) -> Result<(), WriteError> {
    let rows = policy.rows.iter().map(|rows| (rows.file.as_str(), rows.yaml.clone()));
    let files: Vec<(&str, String)> = rows.chain([(policy.file.as_str(), policy.text())]).collect();
    if let Some(link) = files.iter().find_map(|(file, _)| link_below(folder, file)) {
        return Err(WriteError::Link(link));
    }
    let mut written: Vec<PathBuf> = Vec::new();
    for (file, text) in &files {
        let path = folder.join(file);
        if let Err(fault) = create(&path, text.as_bytes()) {
            // Rows without their policy would keep the next import from writing both.
            written.iter().for_each(|path| _ = std::fs::remove_file(path));
            return Err(WriteError::NotCreated { path, fault });
        }
        written.push(path);
    }
    Ok(())
}

/// Each original of a policy that is not written.
fn not_written(policy: &Imported, reason: &WriteError) -> Vec<NotImported> {
    let one = |original: &String| NotImported { original: original.clone(), reason: reason.to_string() };
    policy.originals.iter().map(one).collect()
}

/// Why a policy is not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    /// A link is on the way.
    #[error("{} is a link, which may lead out of the repository", .0.plain())]
    Link(PathBuf),
    /// A file is there, or cannot be made.
    #[error("{} is not written: {fault}", .path.plain())]
    NotCreated {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        fault: std::io::Error,
    },
}

/// The first link on the way to a file. The named folder itself may be one.
fn link_below(folder: &Path, file: &str) -> Option<PathBuf> {
    let mut path = folder.to_owned();
    file.split('/').find_map(|part| {
        path.push(part);
        std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()).then(|| path.clone())
    })
}

fn print(imported: &[Imported], refused: &[NotImported], output: Output, on_disk: bool) -> Result<(), Failure> {
    if output == Output::Json {
        print::json(&json!({ "imported": imported, "refused": refused }));
        return Ok(());
    }
    for policy in imported {
        if on_disk {
            anstream::println!("{}", plain(&policy.file));
            policy.rows.iter().for_each(|rows| anstream::println!("{}", plain(&rows.file)));
            joined(policy).for_each(|original| anstream::println!("  - from {}", plain(original)));
            policy.notes.iter().for_each(|note| anstream::println!("  - {}", plain(note)));
        } else {
            print::document("policy", &documents(policy))?;
        }
    }
    refused.iter().for_each(|one| note(format!("not imported: {}: {}", one.original, one.reason)));
    if imported.is_empty() && refused.is_empty() {
        note("nothing there looks like a policy that can be imported: `daypass policy import --help` lists the files");
    }
    let originals: usize = imported.iter().map(|policy| policy.originals.len()).sum();
    note(format!("{originals} imported, {} not", refused.len()));
    Ok(())
}

/// The originals of a policy that stands for several. The name of any other says which original it has.
fn joined(policy: &Imported) -> impl Iterator<Item = &String> {
    policy.rows.iter().flat_map(|_| &policy.originals)
}

/// The files of a policy as documents of one stream.
fn documents(policy: &Imported) -> String {
    let from: String = joined(policy).map(|original| format!("# from {}\n", plain(original))).collect();
    let rows = policy.rows.iter().map(|rows| format!("---\n# {}\n{}", plain(&rows.file), rows.yaml));
    format!("---\n# {}\n{from}{}{}", plain(&policy.file), policy.text(), rows.collect::<String>())
}
