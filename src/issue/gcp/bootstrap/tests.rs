use super::*;
use crate::kind::ServiceAccount;
use crate::policy::Impersonators;

fn account(name: &str) -> ServiceAccount {
    ServiceAccount::parse(&format!("{name}@acme.iam.gserviceaccount.com")).unwrap()
}

fn used() -> GcpUse {
    let subject = Impersonators { subjects: ["root/shop/deploy".to_owned()].into(), ..Impersonators::default() };
    let chained = Impersonators { accounts: [account("hub")].into(), ..Impersonators::default() };
    GcpUse { accounts: [(account("hub"), subject), (account("far"), chained)].into(), direct: ["root/a:web".to_owned()].into() }
}

fn provider() -> ProviderName {
    ProviderName::parse("projects/123456/locations/global/workloadIdentityPools/pool/providers/daypass").unwrap()
}

#[test]
fn the_commands_are_as_wide_as_the_policies() {
    let (issuer, provider, used) = (IssuerUrl::parse("https://oidc.acme.example").unwrap(), provider(), used());
    let text = GcpBootstrap::new(&issuer, &provider, &used, None).gcloud();
    let subjects = "principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/pool/subject";
    let expected = format!(
        "gcloud iam workload-identity-pools create pool --project=123456 --location=global\n\
         gcloud iam workload-identity-pools providers create-oidc daypass --project=123456 --location=global --workload-identity-pool=pool \
         --issuer-uri='https://oidc.acme.example' --attribute-mapping=google.subject=assertion.sub \
         --attribute-condition='assertion.sub in [\"root/a:web\", \"root/shop/deploy\"]'\n\
         gcloud iam service-accounts add-iam-policy-binding far@acme.iam.gserviceaccount.com \
         --role=roles/iam.serviceAccountTokenCreator --member='serviceAccount:hub@acme.iam.gserviceaccount.com'\n\
         gcloud iam service-accounts add-iam-policy-binding hub@acme.iam.gserviceaccount.com \
         --role=roles/iam.workloadIdentityUser --member='{subjects}/root/shop/deploy'\n\
         # direct access: grant roles on resources to {subjects}/root/a:web\n"
    );
    assert_eq!(text, expected);
    let jwks = Jwks { file: "it's.json", text: "{\"keys\":[]}" };
    let private = GcpBootstrap::new(&issuer, &provider, &used, Some(jwks)).gcloud();
    assert!(
        private.contains("--jwk-json-path='it'\\''s.json'\n") && private.contains("providers update-oidc daypass"),
        "{private}"
    );
}

#[test]
fn terraform_says_the_same() {
    let (issuer, provider, used) = (IssuerUrl::parse("https://oidc.acme.example").unwrap(), provider(), used());
    let jwks = Jwks { file: "jwks.json", text: "{\"keys\":[]}" };
    let resources = &GcpBootstrap::new(&issuer, &provider, &used, Some(jwks)).terraform()["resource"];
    let trusts = &resources["google_iam_workload_identity_pool_provider"]["daypass"];
    assert_eq!(trusts["attribute_condition"], "assertion.sub in [\"root/a:web\", \"root/shop/deploy\"]");
    assert_eq!(trusts["oidc"], json!({ "issuer_uri": "https://oidc.acme.example", "jwks_json": "{\"keys\":[]}" }));
    let members = resources["google_service_account_iam_member"].as_object().unwrap();
    let all: Vec<&str> = members.values().map(|member| member["member"].as_str().unwrap()).collect();
    assert_eq!(all.len(), 2);
    assert!(
        all[0] == "serviceAccount:hub@acme.iam.gserviceaccount.com" && all[1].ends_with("/subject/root/shop/deploy"),
        "{all:?}"
    );
}

#[test]
fn what_is_too_long_for_an_expression_is_left_to_the_bindings() {
    let (issuer, provider) = (IssuerUrl::parse("https://oidc.acme.example").unwrap(), provider());
    let direct = (0..400).map(|number| format!("root/shop/deploy-{number}")).collect();
    let used = GcpUse { direct, ..GcpUse::default() };
    let bootstrap = GcpBootstrap::new(&issuer, &provider, &used, None);
    assert!(!bootstrap.is_conditioned() && !bootstrap.gcloud().contains("--attribute-condition"));
    assert!(bootstrap.terraform()["resource"].get("google_service_account_iam_member").is_none());
}

#[test]
fn what_stands_in_a_value_is_no_template() {
    let (issuer, used, provider) = (IssuerUrl::parse("https://a.example").unwrap(), used(), provider());
    let jwks = Jwks { file: "jwks.json", text: r#"{"keys":[{"kid":"${file(1)}%{x}"}]}"# };
    let document = GcpBootstrap::new(&issuer, &provider, &used, Some(jwks)).terraform().to_string();
    assert!(document.contains("$${file(1)}%%{x}"), "{document}");
}
