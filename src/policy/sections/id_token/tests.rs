use super::*;
use crate::words::yaml::Node;

fn load(text: &str) -> Result<(), String> {
    let node = Node::parse("p.yaml", text.as_bytes()).map_err(|fault| fault.to_string())?;
    let mut faults = Vec::new();
    let read = IdTokenGrant::read_members(&mut Fields::new("p.yaml", text, &node, &mut faults), node.place, None);
    let messages: Vec<String> = faults.iter().map(ToString::to_string).collect();
    if messages.is_empty() && read.is_some() { Ok(()) } else { Err(messages.join("\n")) }
}

#[test]
fn a_claim_that_a_cloud_acts_on_is_refused_at_its_line() {
    for claim in [
        "azp",
        "AZP",
        "aud",
        "groups",
        "nonce",
        "https://aws.amazon.com/source_identity",
        "https://aws.amazon.com/tags",
        "HTTPS://AWS.Amazon.com/tags",
        "aws.amazon.com/tags",
        "https://sts.amazonaws.com.cn/x",
        "https://login.microsoftonline.com/x",
    ] {
        let result = load(&format!("audience: https://partner.example\nclaims:\n  team: shop\n  \"{claim}\": forged\n"));
        assert!(result.as_ref().is_err_and(|message| message.contains("p.yaml:4:")), "{claim}: {result:?}");
    }
    load("audience: https://partner.example\nclaims: { team: shop, \"https://acme.example/team\": shop, \"https://notamazon.com/x\": y }\n")
        .unwrap();
}

#[test]
fn an_audience_of_a_cloud_is_refused_in_all_its_partitions() {
    for audience in
        ["sts.amazonaws.com", "sts.amazonaws.com.cn", "api://AzureADTokenExchangeUSGov", "api://AzureADTokenExchangeChina"]
    {
        let result = load(&format!("audience: {audience}\n"));
        assert!(result.as_ref().is_err_and(|message| message.contains("grant that instead")), "{audience}: {result:?}");
    }
}
