//! A change of many files that goes on where an earlier try ended, and what it takes no part in.

use super::Checkout;

#[test]
fn a_recipient_that_is_named_twice_counts_once() {
    let checkout = Checkout::new();
    let (_, theirs) = checkout.another("their");
    let ours = checkout.recipient.clone();
    let file = "secrets/team/db.yaml";
    for how in ["updatekeys", "rotate"] {
        checkout.run(&["encrypt", "--sops", "--force", "-r", &ours, "-r", &theirs, "-o", file], "password: x\n");
        checkout.run(&[how, "-r", &ours, "-r", &ours, file], "");
        let text = checkout.read(file);
        assert!(!text.contains(&theirs) && text.matches(&ours).count() == 1, "{how}: {text}");
    }
    checkout.run(&["encrypt", "--sops", "--force", "-r", &ours, "-r", &ours, "-o", file], "password: x\n");
    assert_eq!(checkout.read(file).matches(&ours).count(), 1);
}
