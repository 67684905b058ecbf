//! Reads the files of a folder on disk, by the same rules as those of a commit.

use super::super::error::{GitError, TooLarge};
use super::{DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, Snapshot, TREE_BYTES_MAX, checked_path};
use crate::policy::{is_looked_at, is_read, may_be_guardrails};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

impl Snapshot {
    /// Reads a folder. It has no commit.
    pub fn of_folder(folder: &Path) -> Result<Self, GitError> {
        let (mut found, mut bytes) = (Self::default(), 0);
        found.read_folder(folder, "", 0, &mut bytes)?;
        Ok(found)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str, depth: usize, bytes: &mut u64) -> Result<(), GitError> {
        let error_at = |path: &Path, fault| GitError::Folder { path: path.to_owned(), fault };
        for entry in std::fs::read_dir(folder).map_err(|fault| error_at(folder, fault))? {
            let entry = entry.map_err(|fault| error_at(folder, fault))?;
            let (path, file_name) = (entry.path(), entry.file_name());
            let Some(name) = checked_path(prefix, file_name.as_bytes()) else {
                let name = format!("{prefix}{}", file_name.to_string_lossy());
                // The root of a work tree has other entries with such names, such as Git's own folder.
                if depth > 0 || may_be_guardrails(&name) {
                    self.leave_out(name, "its name has characters that are not accepted");
                }
                continue;
            };
            if depth == 0 && !is_looked_at(&name) {
                continue;
            }
            let metadata = std::fs::symlink_metadata(&path).map_err(|fault| error_at(&path, fault))?;
            match metadata.file_type() {
                kind if kind.is_dir() && depth < DEPTH_MAX => {
                    self.read_folder(&path, &format!("{name}/"), depth + 1, bytes)?;
                }
                kind if kind.is_dir() => self.leave_out(name, &format!("deeper than {DEPTH_MAX} folders")),
                kind if kind.is_symlink() => self.leave_out(name, "a symbolic link is never followed"),
                kind if !kind.is_file() => self.leave_out(name, "neither a file nor a folder"),
                _ if !is_read(&name) => {}
                _ if metadata.len() > FILE_BYTES_MAX => self.leave_out(name, "larger than 1 MiB"),
                _ => {
                    *bytes += metadata.len();
                    if self.files.len() >= FILES_MAX || *bytes > TREE_BYTES_MAX {
                        return Err(TooLarge::Files.into());
                    }
                    self.files.insert(name, std::fs::read(&path).map_err(|fault| error_at(&path, fault))?.into());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::UNREADABLE;
    use super::super::tests::Repository;
    use super::*;

    #[test]
    fn a_folder_is_listed_as_its_commit_would_be() {
        let repository = Repository::new();
        let large = "x".repeat(2 << 20);
        std::os::unix::fs::symlink("/etc/hostname", repository.folder().join("guardrails.yaml")).unwrap();
        repository.commit(&[
            ("policies/shop/deploy.yaml", "a"),
            ("policies/shop/deploy.yml", "b"),
            ("policies/odd name.yaml", "c"),
            ("policies/large.yaml", &large),
            ("rows.yaml", "d"),
            ("src/main.rs", "e"),
            ("Policies/other.yaml", "f"),
            ("polices/stray.yaml", "g"),
            ("polices/stray.txt", "h"),
            ("polices/large.yaml", &large),
        ]);
        let (commit, mut folder) = (repository.source().read().unwrap(), Snapshot::of_folder(repository.folder()).unwrap());
        folder.left_out.sort();
        let mut left_out = commit.left_out.clone();
        left_out.sort();
        assert_eq!((folder.files, folder.left_out), (commit.files.clone(), left_out));
        assert!(commit.files.contains_key("polices/stray.yaml") && !commit.files.contains_key("polices/stray.txt"));
        assert!(!commit.left_out.iter().any(|(path, _)| path.starts_with("polices/")), "{:?}", commit.left_out);
        assert_eq!(&*commit.files["guardrails.yaml"], UNREADABLE, "a denial that is not followed is still there, and faulty");
    }
}
