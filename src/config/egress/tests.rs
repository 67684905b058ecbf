use super::*;
use crate::words::yaml::Fault;

fn parse(text: &str) -> Result<Egress, Vec<String>> {
    let text = format!("egress: {text}\n");
    let node = Node::parse("daypass.yaml", text.as_bytes()).unwrap();
    let mut faults: Vec<Fault> = Vec::new();
    let mut fields = Fields::new("daypass.yaml", &text, &node, &mut faults);
    let egress = read(&mut fields);
    fields.finish();
    if faults.is_empty() { Ok(egress) } else { Err(faults.iter().map(|fault| fault.message.to_string()).collect()) }
}

#[test]
fn a_pool_is_one_client_and_any_other_address_is_its_own() {
    let egress = parse(
        "[ { name: nat-eu, networks: [198.51.100.0/29, \"2001:db8:1::/57\"] }, { name: nat-us, networks: [203.0.113.7/32] } ]",
    )
    .unwrap();
    let at = |address: &str| egress.client(address.parse().unwrap()).to_string();
    assert_eq!([at("198.51.100.0"), at("198.51.100.7"), at("::ffff:198.51.100.3")], ["egress nat-eu"; 3]);
    assert_eq!([at("2001:db8:1:7f::1"), at("203.0.113.7")], ["egress nat-eu", "egress nat-us"]);
    assert_eq!([at("198.51.100.8"), at("2001:db8:1:80::1")], ["198.51.100.8", "2001:db8:1:80::/64"]);
}

#[test]
fn a_pool_that_is_too_large_overlaps_or_is_no_pool_does_not_load() {
    let bad = [
        ("[ { name: a, networks: [198.51.100.0/23] } ]", "too large"),
        ("[ { name: a, networks: [\"2001:db8::/55\"] } ]", "too large"),
        ("[ { name: a, networks: [198.51.100.0/24, 203.0.113.7/32] } ]", "at most 256"),
        ("[ { name: a, networks: [\"2001:db8::/96\"] } ]", "a part of one client"),
        ("[ { name: a, networks: [198.51.100.1/29] } ]", "first address"),
        ("[ { name: a, networks: [198.51.100.0] } ]", "expected a network"),
        ("[ { name: a, networks: [] } ]", "at least one network"),
        ("[ { name: a } ]", "`networks` is missing"),
        ("[ { networks: [198.51.100.0/29] } ]", "`name` is missing"),
        ("[ { name: \"A b\", networks: [198.51.100.0/29] } ]", "expected 1 to 64"),
        ("[ { name: a, networks: [198.51.100.0/29], size: 8 } ]", "size"),
        (
            "[ { name: a, networks: [198.51.100.0/29] }, { name: b, networks: [198.51.100.4/30] } ]",
            "an address belongs to one pool",
        ),
        ("[ { name: a, networks: [198.51.100.0/29] }, { name: a, networks: [203.0.113.0/29] } ]", "two pools are called"),
    ];
    for (text, expected) in bad {
        let faults = parse(text).unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{text}: {faults:?}");
    }
    let many = (0..65).map(|number| format!("{{ name: p{number}, networks: [198.51.100.{number}/32] }}")).collect::<Vec<_>>();
    assert!(parse(&format!("[{}]", many.join(", "))).unwrap_err()[0].contains("more than 64"));
}
