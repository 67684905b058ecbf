//! Regions that fail in different ways, behind stand-ins.

use super::*;

/// How often a test is repeated where the machine was too busy to tell.
const BUSY_MAX: usize = 10;
/// Whatever takes longer than this hangs, however busy the machine is.
const HANGS: Duration = Duration::from_secs(240);

/// Accepts connections and never answers.
struct Silent {
    url: String,
    held: Arc<Mutex<Vec<tokio::net::TcpStream>>>,
}

impl Silent {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let silent = Self { url, held: Arc::default() };
        let held = silent.held.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                held.lock().unwrap().push(stream);
            }
        });
        silent
    }

    fn connections(&self) -> usize {
        self.held.lock().unwrap().len()
    }
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
    let mut told = String::new();
    // The time for each region is the server's own. On a busy machine it may be over before the answer, and then the test is repeated.
    for _ in 0..BUSY_MAX {
        let throttling = StandIn::start("400 Bad Request", throttled.to_owned()).await;
        let good = StandIn::start("200 OK", credentials()).await;
        let hanging = Silent::start().await;
        let bench = regions(&[&hanging.url, &throttling.url, &good.url]).await;
        let issued = issue(&bench.aws, "shop/deploy", terms(), &DecisionId::new(), bench.store.now()).await;
        told = format!("{} tries of the throttling region, {:?}", throttling.forms().len(), issued.as_ref().err());
        assert!(throttling.forms().len() <= TRIES_MAX as usize && good.forms().len() <= TRIES_MAX as usize, "{told}");
        if issued.is_ok() && hanging.connections() > 0 && throttling.forms().len() > 1 {
            return;
        }
    }
    panic!("throttling is tried again, and then the next region answers: {told}");
}

#[test]
fn all_regions_together_have_less_time_than_the_deadline() {
    for regions in 1..20 {
        let timeouts = timeouts(regions);
        let (call, attempt) = (timeouts.operation_timeout().unwrap(), timeouts.operation_attempt_timeout().unwrap());
        assert!(call * u32::try_from(regions).unwrap() < TOTAL_MAX && attempt * TRIES_IN_TIME <= call, "{regions}");
    }
}

#[tokio::test]
async fn where_every_region_hangs_the_answer_comes_all_the_same() {
    let hanging = Silent::start().await;
    let bench = regions(&[&hanging.url, &hanging.url]).await;
    let decision = DecisionId::new();
    let issued = issue(&bench.aws, "shop/deploy", terms(), &decision, bench.store.now());
    let denial = tokio::time::timeout(HANGS, issued).await.unwrap().unwrap_err();
    assert_eq!(denial.reason, Reason::AwsUnavailable);
    assert!((1..=2 * TRIES_MAX as usize).contains(&hanging.connections()), "{} tries", hanging.connections());
}
