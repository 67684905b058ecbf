//! The commits of the policies that decided, for answers and the audit log.

use crate::words::names::CommitId;

/// The commits of the policies that granted a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revisions {
    policies: String,
    in_force: Option<String>,
}

impl Revisions {
    /// For each policy: the commit whose form granted, and the commit that its source had in force. A policy that is repeated in
    /// a row counts once, as in the answer's list of policies.
    pub(super) fn of<'a>(each: impl Iterator<Item = (&'a str, &'a CommitId, &'a CommitId)>) -> Self {
        let mut each: Vec<_> = each.collect();
        each.dedup();
        let (policies, in_force): (Vec<_>, Vec<_>) = each.into_iter().map(|(_, policy, in_force)| (policy, in_force)).unzip();
        let in_force = (policies != in_force).then(|| joined(in_force));
        Self { policies: joined(policies), in_force }
    }

    /// The commit, if all policies are of the same; otherwise one for each policy, in their order.
    pub fn of_policies(&self) -> &str {
        &self.policies
    }

    /// The commits that were in force, in the same form; only if an older form of a policy granted.
    pub fn in_force(&self) -> Option<&str> {
        self.in_force.as_deref()
    }
}

fn joined(mut commits: Vec<&CommitId>) -> String {
    if commits.windows(2).all(|pair| pair[0] == pair[1]) {
        commits.truncate(1);
    }
    commits.into_iter().map(CommitId::as_str).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_has_its_commit_if_they_differ() {
        let [old, new] = ["a", "b"].map(|digit| CommitId::parse(&digit.repeat(40)).unwrap());
        let summary = |each: &[(&str, &CommitId, &CommitId)]| {
            let revisions = Revisions::of(each.iter().copied());
            (revisions.of_policies().replace(&"a".repeat(40), "old").replace(&"b".repeat(40), "new"), revisions.in_force)
        };
        assert_eq!(summary(&[("a", &new, &new), ("b", &new, &new)]), ("new".to_owned(), None));
        assert_eq!(summary(&[("a", &old, &new), ("b", &old, &new)]), ("old".to_owned(), Some(new.to_string())));
        let each = [("a", &old, &new), ("a", &old, &new), ("b", &new, &new), ("c", &new, &new)];
        assert_eq!(summary(&each), ("old,new,new".to_owned(), Some(new.to_string())));
        assert_eq!(summary(&[]), (String::new(), None));
    }
}
