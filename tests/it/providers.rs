//! Whether outside providers answer: what `doctor`, the server, its metrics and its log report.

use crate::doctor::{has, of_server, wrong};
use crate::sts::StandInSts;
use crate::support::{Setup, World, free_port};
use serde_json::Value;
use std::net::TcpListener;

fn azure(port: u16) -> String {
    format!(
        "providers: {{ azure: {{ tenant: 11111111-2222-3333-4444-555555555555, authority: \"http://127.0.0.1:{port}\" }} }}\n"
    )
}

/// A listener that accepts connections and never answers.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn reachable_and_unreachable_providers_are_reported_everywhere() {
    let (sts, gone) = (StandInSts::start().await, free_port());
    let world = World::start(Setup { aws: sts.section(), more: azure(gone), ..Setup::default() }).await;
    let (status, report) = of_server(&world).await;
    assert_eq!(status, 78, "{report:#}");
    has(&wrong(&report, "ok"), &["aws: http://127.0.0.1:", "answers"]);
    has(&wrong(&report, "error"), &["azure: ", &gone.to_string(), "refused"]);

    let tells =
        |ready: &Value| ready["alarms"].to_string().contains("the provider `azure` cannot be reached at http://127.0.0.1:");
    let ready = world.until("the alarm", tells).await;
    assert_eq!(ready["ready"], true, "{ready:#}");
    assert!(ready["checks"]["providers"].as_str().unwrap().contains("`azure`"), "{ready:#}");
    let metrics = world.metrics().await;
    assert!(metrics.contains("daypass_provider_unreachable{provider=\"aws\"} 0"), "{metrics}");
    assert!(metrics.contains("daypass_provider_unreachable{provider=\"azure\"} 1"), "{metrics}");
    world.until_logged("the provider `azure` cannot be reached").await;
    assert_eq!(sts.asked().len(), 0, "no credential was asked for");
}

/// An issuer and a provider that accept a connection and never answer. doctor must not wait for them for ever.
#[tokio::test(flavor = "multi_thread")]
async fn doctor_ends_when_nobody_answers() {
    let ((_issuer, issuer), (_provider, provider)) = (silent(), silent());
    let issuers = format!(
        "  - {{ name: mute, mapping: generic, issuer: \"http://127.0.0.1:{issuer}\", audiences: [a], addresses: [127.0.0.0/8] }}\n"
    );
    let world = World::start(Setup { issuers, more: azure(provider), ..Setup::default() }).await;
    let (status, report) = of_server(&world).await;
    assert_eq!(status, 78, "{report:#}");
    has(&wrong(&report, "error"), &["issuer mute", "timed out"]);
    has(&wrong(&report, "error"), &["azure", "timed out"]);
}
