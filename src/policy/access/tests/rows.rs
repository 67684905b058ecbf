//! Rows of one policy that give the same job other terms. Neither row is given then, because a request names a policy and no row.

use super::*;
use Direction::{Narrows, Widens};

fn revision(teams: &[&str]) -> Tree {
    let tagged = "role/deploy, tags: { team: \"{each.team}\" } }";
    let policy = DEPLOY.replace("match:", "for_each: rows.yaml\nmatch:").replace("role/deploy }", tagged);
    let policy = policy.replace("  secrets: [shop/**]\n", "");
    let rows: Vec<String> = teams.iter().enumerate().map(|(row, team)| format!("- {{ name: r{row}, team: {team} }}\n")).collect();
    tree(&[("policies/deploy.yaml", &policy), ("rows.yaml", &rows.concat())])
}

fn directions(old: &[&str], new: &[&str]) -> Vec<(Direction, Vec<&'static str>)> {
    let found = compared(&revision(old), &revision(new));
    found.into_iter().map(|change| (change.direction, change.terms.iter().map(|term| term.term).collect())).collect()
}

#[test]
fn whoever_gets_it_when_the_rows_agree_gains_it() {
    assert_eq!(directions(&["x", "y"], &["x"]), [(Widens, vec![])], "one row goes");
    assert_eq!(directions(&["x"], &["x", "y"]), [(Narrows, vec![])], "one row comes");
    let agreeing = compared(&revision(&["x", "y"]), &revision(&["x", "x"]));
    let gained: Vec<_> = agreeing.iter().filter(|change| change.direction == Widens && change.terms.is_empty()).collect();
    assert_eq!(gained.iter().map(|change| change.credentials.len()).collect::<Vec<_>>(), [1], "they agree: {agreeing:?}");
    assert_eq!(directions(&["x", "y"], &["x", "z"]), [], "nobody has it, before and after");
}

#[test]
fn nobody_can_have_what_rows_give_on_different_terms() {
    let (apart, alike) = (revision(&["x", "y"]), revision(&["x", "x"]));
    let [of_apart, of_alike] = [&apart, &alike].map(|tree| who_can(&load(tree), &catalogue(), &deploy(), NOW));
    assert_eq!((of_apart.len(), of_alike.len()), (0, 2));
    let allowed = [&apart, &alike].map(|tree| allows(&load(tree), &of_alike[0].example, &deploy()));
    assert_eq!(allowed, [false, true], "the decision says the same");
}
