use super::*;

const GOOD: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  aws: [{ role: \"arn:aws:iam::123456789012:role/deploy\" }]
";

/// The revision of this commit, after the one before.
fn next(before: &Revision, digit: &str, files: &[(&str, &str)]) -> Revision {
    let mut snapshot = Snapshot::default();
    snapshot.revision = Some(CommitId::parse(&digit.repeat(40)).unwrap());
    snapshot.files = files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect();
    let reading = ReadContext {
        catalogue: &Catalogue::of_github(),
        identities: &Identities::default(),
        rekeyed: false,
        widening: Widening::GoesLive,
        widened: &[],
        bounds: None,
        files: &SourceFiles::default(),
    };
    before.next(snapshot, &reading)
}

#[test]
fn the_log_says_of_a_faulty_file_whether_an_older_form_is_in_force() {
    let (policy, secret) = ("policies/shop/deploy.yaml", "secrets/db.yaml");
    // One role on two terms: a rule that an older version did not have.
    let role = "{ role: \"arn:aws:iam::123456789012:role/deploy\"";
    let twice = GOOD.replace(&format!("[{role} }}]"), &format!("[{role} }}, {role}, ttl: 15m }}]"));
    let fresh = next(&Revision::default(), "a", &[(policy, &twice), (secret, "password: x\n")]);
    let said = |revision: &Revision, file: &str| revision.of_faulty(file);
    for file in [policy, secret] {
        assert!(fresh.faults().any(|fault| fault.file.exact() == &*file), "{file}");
        assert!(said(&fresh, file).contains("is not in force"), "{file}: {}", said(&fresh, file));
    }
    let good = next(&Revision::default(), "a", &[(policy, GOOD)]);
    assert_eq!(good.faults().count(), 0);
    let kept = next(&good, "b", &[(policy, &twice)]);
    assert!(said(&kept, policy).contains("its last good form stays in force"), "{}", said(&kept, policy));
    let still = next(&kept, "c", &[(policy, &twice)]);
    assert!(said(&still, policy).contains("its last good form stays in force"), "{}", said(&still, policy));
}
