//! The files of an import: one, those of octo-sts in a folder of checkouts, or an export, whose files belong together.

use crate::policy::{Exported, ImportSettings, Imported, NotImported, import, import_export, is_of_export};
use crate::words::names::SecretPath;
use crate::words::{PlainPath, read_named};
use std::path::{Path, PathBuf};

/// The endings of files that hold several values.
pub(super) const ENDINGS: [&str; 5] = [".yaml", ".yml", ".json", ".env", ".ini"];
/// The largest file that is read. Vault takes requests of up to 32 MiB; real policies are far smaller.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The name of a mount, without a slash around it.
pub(super) fn mount(text: &str) -> Result<String, crate::words::names::NameError> {
    SecretPath::parse(text.trim_matches('/')).map(|path| path.to_string())
}

/// Imports a file or a folder.
pub(super) fn read(path: &Path, settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    if !path.is_dir() {
        return one(path, settings);
    }
    let below = |file: &PathBuf| file.strip_prefix(path).unwrap_or(file).to_string_lossy().into_owned();
    let files = files_below(path);
    if !files.iter().any(|file| is_of_export(&below(file))) {
        return files.iter().filter(|file| is_of_octo_sts(file)).flat_map(|file| one(file, settings)).collect();
    }
    let (mut read, mut refused) = (Vec::new(), Vec::new());
    for file in &files {
        match content(file) {
            Ok(bytes) => read.push(Exported { path: below(file), bytes }),
            Err(reason) => refused.push(Err(reason)),
        }
    }
    import_export(&read, settings).into_iter().chain(refused).collect()
}

fn one(file: &Path, settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    match content(file) {
        Ok(bytes) => import(&file.plain().to_string(), &bytes, settings),
        Err(reason) => vec![Err(reason)],
    }
}

fn content(file: &Path) -> Result<Vec<u8>, NotImported> {
    let original = file.plain().to_string();
    read_named(file, FILE_BYTES_MAX).map_err(|fault| NotImported { original, reason: fault.to_string() })
}

/// Links are not followed.
fn files_below(path: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_map(Result::ok);
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

fn is_of_octo_sts(file: &Path) -> bool {
    let text = file.to_string_lossy();
    text.contains("/.github/chainguard/") && [".sts.yaml", ".sts.yml"].iter().any(|ending| text.ends_with(ending))
}
