//! The repository that holds an original. Policies of many repositories often differ in it alone, and become rows of one policy.

use super::issuer::Issuer;
use super::lines::Lines;
use super::load::load;
use super::row_form::RowForm;
use super::written::{self, GrantText, comment};
use crate::policy::catalogue::Tree;
use crate::policy::file::TrustPolicy;
use crate::words::github::RepositoryId;

/// A repository, and the name of the original in it.
#[derive(Clone, Debug)]
pub(super) struct OwnRepository {
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) id: RepositoryId,
    /// The original's name there. octo-sts calls it the identity.
    pub(super) identity: String,
}

/// A policy for this repository alone: what it is written from, and as it was loaded.
pub(super) struct SinglePolicy<'a> {
    pub(super) description: &'a str,
    pub(super) issuer: &'a Issuer,
    pub(super) lines: &'a Lines,
    pub(super) granted: &'a GrantText,
    pub(super) notes: &'a [String],
    pub(super) loaded: &'a TrustPolicy,
}

impl OwnRepository {
    /// The policy with placeholders for this repository, and its row. `None` unless the row makes exactly the policy's own rule.
    pub(super) fn row_form(&self, single: &SinglePolicy<'_>) -> Option<RowForm> {
        let GrantText::Line(section, entry) = single.granted else { return None };
        let file = format!("policies/{}/{}.yaml", self.owner, self.identity);
        // No account has a full stop in its name, so no other account and identity have this file.
        let rows = format!("{}.{}.yaml", self.owner, self.identity);
        let description = format!("{}, of each repository of {} in {rows}", single.description, self.owner);
        let lines = single.lines.with_texts(|text| self.with_placeholders(text));
        let granted = GrantText::Line(section, self.with_placeholders(entry));
        let yaml = written::yaml(&description, (&single.issuer.name, Some(&rows)), &lines, &granted);
        let notes = single.notes.iter().map(|note| comment(&self.with_placeholders(note))).collect();
        let form = RowForm { file, rows, yaml, notes, name: self.name.clone(), id: self.id };
        let tree = Tree::from([(form.rows.clone(), form.line().into_bytes().into())]);
        let loaded = load(&form.file, &form.yaml, tree, single.issuer).ok()?;
        match (&loaded.rules[..], &single.loaded.rules[..]) {
            ([of_row], [own]) if of_row.is_like(own) => Some(form),
            _ => None,
        }
    }

    /// The text with placeholders in the place of the repository: of its name where the account stands before it, and of its id where
    /// that follows.
    fn with_placeholders(&self, text: &str) -> String {
        let (name, id) = (format!("/{}", self.name), format!("@{}", self.id));
        let (mut written, mut done, mut next) = (String::new(), 0, 0);
        while let Some(found) = text[next..].find(&name) {
            let start = next + found;
            next = start + 1;
            let behind = &text[start + name.len()..];
            if behind.starts_with(is_of_name) || !self.ends_with_owner(&text[done..start]) {
                continue;
            }
            written.push_str(&text[done..start]);
            written.push_str("/{each.name}");
            done = start + name.len();
            if behind.strip_prefix(&id).is_some_and(|behind| !behind.starts_with(is_of_name)) {
                written.push_str("@{each.id}");
                done += id.len();
            }
            next = done;
        }
        written + &text[done..]
    }

    /// Whether a text ends with the account, or with the account and its id.
    fn ends_with_owner(&self, text: &str) -> bool {
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let bare = text.rsplit_once('@').filter(|(_, id)| is_id(id)).map_or(text, |(before, _)| before);
        bare.strip_suffix(self.owner.as_str()).is_some_and(|before| !before.ends_with(is_of_name))
    }
}

/// Whether a character may be a part of a name: `acme/shop` is no part of `acme/shop-2`.
fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_this_repository_and_no_other() {
        let shop = |owner: &str, name: &str| OwnRepository {
            owner: owner.to_owned(),
            name: name.to_owned(),
            id: RepositoryId::new(77).unwrap(),
            identity: "ci".to_owned(),
        };
        for (text, expected) in [
            ("acme/shop", "acme/{each.name}"),
            ("acme/shop@77", "acme/{each.name}@{each.id}"),
            ("acme/shop@778", "acme/{each.name}@778"),
            ("repo:acme/shop:ref:refs/heads/main", "repo:acme/{each.name}:ref:refs/heads/main"),
            ("repo:acme@9/shop@77:pull_request", "repo:acme@9/{each.name}@{each.id}:pull_request"),
            (
                "acme/shop/.github/workflows/a.yml@refs/heads/acme/shop",
                "acme/{each.name}/.github/workflows/a.yml@refs/heads/acme/{each.name}",
            ),
            ("acme/shop-2", "acme/shop-2"),
            ("acme/shop.git", "acme/shop.git"),
            ("big-acme/shop", "big-acme/shop"),
            ("acme/other/shop", "acme/other/shop"),
            ("acme@x/shop", "acme@x/shop"),
            ("shop", "shop"),
            ("refs/heads/shop", "refs/heads/shop"),
            ("[\"acme/shop@77\"]", "[\"acme/{each.name}@{each.id}\"]"),
            ("ACME/shop", "ACME/shop"),
            ("é/acme/shopé", "é/acme/{each.name}é"),
        ] {
            assert_eq!(shop("acme", "shop").with_placeholders(text), expected, "{text}");
        }
        assert_eq!(shop("a", "a").with_placeholders("a/a/a/a@77"), "a/{each.name}/a/{each.name}@{each.id}");
    }
}
