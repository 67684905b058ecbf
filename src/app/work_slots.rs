//! Turns for long work that policies grant: further sources cannot take all turns from the root source.

use crate::words::names::SourceName;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Places for such work. At most one request of each further source waits for a place, and all further sources together take at
/// most all places but one: a request by a policy of the root waits only for a few of theirs, however many there are.
pub struct WorkSlots {
    places: Semaphore,
    /// The places of all further sources together.
    further: Semaphore,
    /// The queue of each further source. The root's commits define few sources, so none is ever removed.
    lanes: Mutex<BTreeMap<SourceName, Arc<Semaphore>>>,
}

/// A place that is taken. It is released before the permits that led to it.
pub struct WorkSlot<'a> {
    _place: SemaphorePermit<'a>,
    _way: Option<(SemaphorePermit<'a>, OwnedSemaphorePermit)>,
}

/// No place became free in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no place became free in time")]
pub struct NoWorkSlot;

impl WorkSlots {
    pub(super) fn new(places: usize) -> Self {
        // If there is only one place, they share it with the root.
        let further = places.saturating_sub(1).max(1);
        Self { places: Semaphore::new(places), further: Semaphore::new(further), lanes: Mutex::default() }
    }

    /// A place for what a policy of this source grants, within this time.
    pub async fn acquire(&self, source: &SourceName, patience: Duration) -> Result<WorkSlot<'_>, NoWorkSlot> {
        let result = tokio::time::timeout(patience, self.wait(source)).await;
        result.map_err(|_| NoWorkSlot)?.map_err(|_| NoWorkSlot)
    }

    async fn wait(&self, source: &SourceName) -> Result<WorkSlot<'_>, AcquireError> {
        let way = if source.is_root() {
            None
        } else {
            let first = self.lane(source).acquire_owned().await?;
            Some((self.further.acquire().await?, first))
        };
        Ok(WorkSlot { _place: self.places.acquire().await?, _way: way })
    }

    fn lane(&self, source: &SourceName) -> Arc<Semaphore> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.entry(source.clone()).or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order in which requests get their turns, if they ask in the given order while all places are taken.
    async fn order(places: usize, asking: &[&'static str]) -> Vec<&'static str> {
        let (turns, order) = (Arc::new(WorkSlots::new(places)), Arc::new(Mutex::new(Vec::new())));
        let permits = turns.places.acquire_many(u32::try_from(places).unwrap()).await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for name in asking.iter().copied() {
            let (turns, order) = (turns.clone(), order.clone());
            waiting.spawn(async move {
                let turn = turns.acquire(&SourceName::parse(name).unwrap(), Duration::MAX).await.unwrap();
                order.lock().unwrap().push(name);
                tokio::task::yield_now().await;
                drop(turn);
            });
            // Each request is queued before the next one asks.
            tokio::task::yield_now().await;
        }
        drop(permits);
        waiting.join_all().await;
        Arc::try_unwrap(order).unwrap().into_inner().unwrap()
    }

    #[tokio::test]
    async fn a_thousand_requests_of_one_source_delay_neither_the_root_nor_another_source() {
        for places in [1, 2, 3] {
            let asking: Vec<&str> = std::iter::repeat_n("prod", 1000).chain(["shop", "root", "root"]).collect();
            let order = order(places, &asking).await;
            let place = |name: &str| order.iter().rposition(|found| *found == name).unwrap();
            assert_eq!(order.len(), 1003);
            assert!(place("root") <= places + 2, "{places}: after {} of the others", place("root"));
            assert!(place("shop") <= 2 * places + 2, "{places}: after {} of the others", place("shop"));
        }
    }

    #[tokio::test]
    async fn further_sources_hold_no_more_than_all_places_but_one() {
        let turns = WorkSlots::new(3);
        let sources = ["prod", "shop", "team", "root"].map(|name| SourceName::parse(name).unwrap());
        let soon = Duration::from_millis(10);
        let _prod = turns.acquire(&sources[0], soon).await.unwrap();
        assert_eq!(turns.acquire(&sources[0], soon).await.map(drop), Err(NoWorkSlot), "one of each");
        let shop = turns.acquire(&sources[1], soon).await.unwrap();
        assert_eq!(turns.acquire(&sources[2], soon).await.map(drop), Err(NoWorkSlot));
        let _root = turns.acquire(&sources[3], soon).await.unwrap();
        drop(shop);
        // A request that gave up left nothing in the queues.
        assert!(turns.acquire(&sources[2], soon).await.is_ok());
    }
}
