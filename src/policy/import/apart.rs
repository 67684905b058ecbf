//! Refuses policies that cannot stand beside each other: two originals of one file, and one name for two issuers.

use super::settings::{Imported, NotImported};
use crate::words::names::{IssuerName, IssuerUrl};
use std::collections::{BTreeMap, BTreeSet};

/// Why a policy cannot stand beside others of the same import.
#[derive(Debug, thiserror::Error)]
enum ClashError {
    /// Another original has the same file. Some file systems ignore case.
    #[error("it would be written to {file}, as {other} would: which of them counts is not known here")]
    File { file: String, other: String },
    /// Another issuer would have the same name, so that the policy would let in tokens of the wrong one.
    #[error("{url} and {other} would both be called `{name}`: give them their names in a configuration (`--config`)")]
    Issuer { name: IssuerName, url: IssuerUrl, other: IssuerUrl },
}

/// Splits off the policies that cannot stand beside each other. None of them is kept, since nobody knows which one is meant.
pub fn apart(imported: Vec<Imported>) -> (Vec<Imported>, Vec<NotImported>) {
    let mut files: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut names: BTreeMap<&IssuerName, BTreeSet<&IssuerUrl>> = BTreeMap::new();
    for (number, one) in imported.iter().enumerate() {
        files.entry(one.file.to_ascii_lowercase()).or_default().push(number);
        names.entry(&one.issuer.0).or_default().insert(&one.issuer.1);
    }
    let clash = |(number, one): (usize, &Imported)| {
        let (name, url) = &one.issuer;
        let other_file = files[&one.file.to_ascii_lowercase()].iter().find(|other| **other != number);
        let other_url = names[name].iter().find(|other| **other != url);
        match (other_file, other_url) {
            (Some(other), _) => Some(ClashError::File { file: one.file.clone(), other: imported[*other].originals.join(", ") }),
            (None, Some(other)) => Some(ClashError::Issuer { name: name.clone(), url: url.clone(), other: (*other).clone() }),
            (None, None) => None,
        }
    };
    let clashes: Vec<Option<ClashError>> = imported.iter().enumerate().map(clash).collect();
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    for (one, clash) in imported.into_iter().zip(clashes) {
        match clash {
            None => kept.push(one),
            Some(clash) => {
                let reason = clash.to_string();
                refused.extend(one.originals.into_iter().map(|original| NotImported { original, reason: reason.clone() }));
            }
        }
    }
    (kept, refused)
}

#[cfg(test)]
mod tests {
    use super::super::tests::only;
    use super::*;
    use crate::policy::import::{ImportSettings, import};

    /// Imports a policy for this issuer from each path.
    fn split(originals: &[(&str, &str)], settings: &ImportSettings<'_>) -> (Vec<String>, Vec<String>) {
        let one =
            |(path, url): &(&str, &str)| only(import(path, format!("issuer: {url}\nsubject: a\n").as_bytes(), settings)).unwrap();
        let (kept, refused) = apart(originals.iter().map(one).collect());
        let reason = |one: &NotImported| format!("{}: {}", one.original, one.reason);
        (kept.iter().map(|one| one.file.clone()).collect(), refused.iter().map(reason).collect())
    }

    #[test]
    fn two_originals_of_one_file_are_refused() {
        let url = "https://ci.example";
        let (kept, refused) =
            split(&[("a/x.sts.yaml", url), ("b/X.sts.yaml", url), ("y.sts.yaml", url)], &ImportSettings::default());
        assert_eq!(kept, ["policies/y.yaml"]);
        assert!(refused[0].starts_with("a/x.sts.yaml: it would be written to policies/x.yaml, as b/X.sts.yaml"), "{refused:?}");
        assert_eq!(refused.len(), 2);
    }

    #[test]
    fn no_name_stands_for_two_issuers() {
        let settings = ImportSettings::default();
        let (kept, refused) = split(
            &[
                ("a.sts.yaml", "https://ci.acme.example"),
                ("b.sts.yaml", "https://ci-acme.example"),
                ("c.sts.yaml", "https://c.example"),
            ],
            &settings,
        );
        assert_eq!((kept, refused.len()), (vec!["policies/c.yaml".to_owned()], 2), "{refused:?}");
        assert!(
            refused[1].contains("https://ci-acme.example and https://ci.acme.example would both be called `ci-acme-example`")
        );
        let named = ImportSettings { issuer: Some(IssuerName::parse("ci").unwrap()), ..settings };
        let (kept, refused) = split(&[("a.sts.yaml", "https://a.example"), ("b.sts.yaml", "https://b.example")], &named);
        assert!(kept.is_empty() && refused.len() == 2, "{refused:?}");
    }
}
