//! Measures what a mint costs: the server's processor time for an exchange of each kind, with strict stand-ins as providers.
//!
//! `make mint` runs it with a release build of the server; a debug build says nothing.

use super::cases::CASES;
use super::scene::Scene;

/// How many exchanges fill caches and pools first.
const WARM_UP: usize = 20;
const EXCHANGES: u32 = 300;

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
        let before = scene.world.processor_time();
        for _ in 0..EXCHANGES {
            ask().await;
        }
        let each = (scene.world.processor_time() - before) / EXCHANGES;
        println!("{:<16} {:>6} µs an exchange", case.kind, each.as_micros());
    }
}
