use super::*;
use proptest::prelude::*;

fn path() -> impl Strategy<Value = String> {
    // Few letters, so that two often meet.
    "[ab](/[ab]|-[ab]|[.][ab]|_[ab]){0,2}"
}

/// Every rule that there can be: what its source is called, its policy by its own name, and its row.
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
        // What IAM's StringEquals, a CEL string and a URI's path take as it is.
        prop_assert!(own.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte)));
    }

    /// Whatever a row calls itself: either it is refused, or it is the end of its subject and of no other's.
    #[test]
    fn a_name_of_any_characters_is_refused_or_tells_its_row(name in ".*") {
        let Ok(row) = RowName::parse(&name) else { return Ok(()) };
        let (source, policy) = (SourceName::root(), PolicyName::parse("a").unwrap());
        let own = subject(&source, &policy, Some(&row));
        prop_assert_eq!(own.split(':').collect::<Vec<_>>(), ["root/a", name.as_str()]);
    }
}
