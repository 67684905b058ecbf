//! Measures what a mint costs: the server's processor time for an exchange of each kind, with strict stand-ins as providers.
//!
//! `make mint` runs it with a release build of the server; a debug build says nothing.

use super::cases::CASES;
use super::scene::Scene;
use std::time::Duration;

/// How many exchanges fill caches and pools first.
const WARM_UP: usize = 20;
const EXCHANGES: u32 = 300;
/// Linux counts processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, and needs a release build: see above"]
async fn each_kind_costs_this_much_processor_time() {
    let scene = Scene::with(vec![("DAYPASS_LOG", "info".to_owned())]).await;
    for case in CASES {
        let ask = async || {
            let response = (case.ways[0].ask)(&scene, &scene.world.token(), case.granted).await;
            assert!(response.released, "{}: {response:?}", case.kind);
        };
        for _ in 0..WARM_UP {
            ask().await;
        }
        let before = processor_time(&scene);
        for _ in 0..EXCHANGES {
            ask().await;
        }
        println!("{:<16} {:>8.0?} an exchange", case.kind, (processor_time(&scene) - before) / EXCHANGES);
    }
}

fn processor_time(scene: &Scene) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", scene.world.server.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u32 = fields[11..13].iter().map(|field| field.parse::<u32>().unwrap()).sum();
    TICK * ticks
}
