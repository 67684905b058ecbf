use super::*;
use proptest::prelude::*;

fn path() -> impl Strategy<Value = String> {
    // Few letters, so that two paths are often equal.
    "[ab](/[ab]|-[ab]|[.][ab]|_[ab]){0,2}"
}

/// Any rule: its source, its policy's own name, and its row.
fn rule() -> impl Strategy<Value = (SourceName, PolicyName, Option<RowName>)> {
    let source = prop::sample::select(vec!["root", "a", "b", "a-b"]);
    (source, path(), prop::option::of(path())).prop_map(|(source, policy, row)| {
        let source = SourceName::parse(source).unwrap();
        let placed = if source.is_root() { policy } else { format!("{source}/{policy}") };
        (source, PolicyName::parse(&placed).unwrap(), row.map(|row| RowName::parse(&row).unwrap()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_two_rules_have_one_subject(one in rule(), other in rule()) {
        let of = |(source, policy, row): &(SourceName, PolicyName, Option<RowName>)| subject(source, policy, row.as_ref());
        prop_assert_eq!(of(&one) == of(&other), one == other);
        let (source, policy, _) = &one;
        let own = of(&one);
        prop_assert_eq!(shared_subject(&own).unwrap_or(&own), subject(source, policy, None));
        // Characters that need no escape in IAM's StringEquals, in a CEL string and in the path of a URI.
        prop_assert!(own.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte)));
    }

    /// Any name of a row is either refused, or it is the end of the row's subject and of no other subject.
    #[test]
    fn a_name_of_any_characters_is_refused_or_tells_its_row(name in ".*") {
        let Ok(row) = RowName::parse(&name) else { return Ok(()) };
        let (source, policy) = (SourceName::root(), PolicyName::parse("a").unwrap());
        let own = subject(&source, &policy, Some(&row));
        prop_assert_eq!(own.split(':').collect::<Vec<_>>(), ["root/a", name.as_str()]);
    }
}
