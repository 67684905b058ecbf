//! Regions that fail in different ways, behind stand-ins.

use super::*;
use std::time::Instant;

/// Accepts connections and never answers.
async fn silent() -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let held = async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    };
    (url, tokio::spawn(held))
}

/// Regions at these addresses, in this order.
async fn regions(urls: &[&str]) -> Bench {
    let mut bench = bench(urls[0], SigningAlgorithm::Es256).await;
    let mut clients = Vec::new();
    for url in urls {
        let settings = AwsSettings {
            mode: AwsMode::WebIdentity,
            regions: vec!["eu-west-1".to_owned(); urls.len()],
            endpoint: Some((*url).to_owned()),
            algorithm: SigningAlgorithm::Es256,
        };
        clients.push(Aws::new(&settings, bench.own.clouds().clone()).await.clients.remove(0));
    }
    bench.aws.clients = clients;
    bench
}

#[tokio::test]
async fn a_hanging_region_and_a_throttling_one_end_in_the_next_within_the_deadline() {
    let throttled = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
    let throttling = StandIn::start("400 Bad Request", throttled.to_owned()).await;
    let good = StandIn::start("200 OK", credentials("ACTION")).await;
    let (hanging, _held) = silent().await;
    let bench = regions(&[&hanging, &throttling.url, &good.url]).await;
    let started = Instant::now();
    let issued = issue(&bench.aws, "shop/deploy", terms(), &DecisionId::new(), bench.store.now()).await;
    assert!(issued.is_ok(), "{:?}", issued.err());
    assert!(started.elapsed() < TOTAL_MAX, "{:?}", started.elapsed());
    assert!(
        (2..=TRIES_MAX as usize).contains(&throttling.forms().len()),
        "throttling is tried again: {}",
        throttling.forms().len()
    );
    assert_eq!(good.forms().len(), 1);
}

#[tokio::test]
async fn where_every_region_hangs_the_answer_comes_all_the_same() {
    let (hanging, _held) = silent().await;
    let bench = regions(&[&hanging, &hanging]).await;
    let started = Instant::now();
    let denial = issue(&bench.aws, "shop/deploy", terms(), &DecisionId::new(), bench.store.now()).await.unwrap_err();
    assert_eq!(denial.reason, Reason::AwsUnavailable);
    assert!(started.elapsed() < TOTAL_MAX + Duration::from_secs(1), "{:?}", started.elapsed());
}
