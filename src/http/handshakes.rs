//! TLS handshakes. A connection that has sent no ClientHello delays no other one. The work of handshakes is done in turns, and
//! networks get them in rotation.

use crate::app::Clients;
use crate::words::network_of;
use rustls::ServerConfig;
use rustls::server::Acceptor;
use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// A handshake takes two round trips, and on a slow mobile network a second.
pub(super) const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// The handshakes under way. Addresses that were served lately have turns of their own, which others cannot use up.
pub(super) struct Handshakes {
    served: HandshakeSlots,
    strangers: HandshakeSlots,
    clients: Arc<Clients>,
}

impl Handshakes {
    pub(super) fn new(clients: Arc<Clients>) -> Self {
        let width = std::thread::available_parallelism().map_or(1, usize::from);
        Self { served: HandshakeSlots::new(width), strangers: HandshakeSlots::new(width), clients }
    }

    /// Does one handshake; `None` if it fails or takes too long.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        config: impl FnOnce() -> Arc<ServerConfig>,
        address: IpAddr,
    ) -> Option<TlsStream<TcpStream>> {
        tokio::time::timeout(HANDSHAKE_MAX, self.accept_in_turn(stream, config, address)).await.ok().flatten()
    }

    async fn accept_in_turn(
        &self,
        stream: TcpStream,
        config: impl FnOnce() -> Arc<ServerConfig>,
        address: IpAddr,
    ) -> Option<TlsStream<TcpStream>> {
        stream.set_nodelay(true).ok()?;
        // Memory for a ClientHello is allocated when its first byte has arrived.
        stream.peek(&mut [0]).await.ok().filter(|bytes| *bytes > 0)?;
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
        let turns = if self.clients.was_served(address) { &self.served } else { &self.strangers };
        let network = network_of(address);
        let begin = async {
            let mut accept = start.into_stream(config());
            (poll_once(&mut accept).await, accept)
        };
        let (mut polled, mut accept) = turns.run(network, begin).await?;
        loop {
            if let Poll::Ready(accepted) = polled {
                return accepted.ok();
            }
            accept.get_ref()?.readable().await.ok()?;
            polled = turns.run(network, poll_once(&mut accept)).await?;
        }
    }
}

/// Polls the future once.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

/// As many turns at a time as there are processors. Of each network at most that many wait in the common queue, so that clients
/// of other networks wait for few.
struct HandshakeSlots {
    all: Semaphore,
    lanes: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
    width: usize,
}

/// The queue of one network. It is removed with its last member.
struct Lane<'a> {
    turns: &'a HandshakeSlots,
    network: IpAddr,
    queue: Arc<Semaphore>,
}

impl HandshakeSlots {
    fn new(width: usize) -> Self {
        Self { all: Semaphore::new(width), lanes: Mutex::default(), width }
    }

    async fn run<T>(&self, network: IpAddr, work: impl Future<Output = T>) -> Option<T> {
        let lane = self.lane(network);
        let _first_of_network = lane.queue.acquire().await.ok()?;
        let _turn = self.all.acquire().await.ok()?;
        Some(work.await)
    }

    fn lane(&self, network: IpAddr) -> Lane<'_> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = lanes.entry(network).or_insert_with(|| Arc::new(Semaphore::new(self.width))).clone();
        Lane { turns: self, network, queue }
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let mut lanes = self.turns.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        // The references of this lane and of the map.
        if Arc::strong_count(&self.queue) == 2 {
            lanes.remove(&self.network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u8) -> IpAddr {
        IpAddr::from([10, 0, number, 0])
    }

    #[tokio::test]
    async fn a_network_with_a_thousand_handshakes_does_not_delay_another_network() {
        let turns = Arc::new(HandshakeSlots::new(2));
        let order = Arc::new(Mutex::new(Vec::new()));
        let permits = turns.all.acquire_many(2).await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for number in (0..1000).map(|_| 1).chain([2]) {
            let (turns, order) = (turns.clone(), order.clone());
            waiting.spawn(async move { turns.run(network(number), async { order.lock().unwrap().push(number) }).await });
            tokio::task::yield_now().await;
        }
        drop(permits);
        waiting.join_all().await;
        let place = order.lock().unwrap().iter().position(|number| *number == 2).unwrap();
        assert!(place <= 4, "after {place} of the others");
        assert!(turns.lanes.lock().unwrap().is_empty(), "nobody is remembered who is gone");
    }

    #[tokio::test]
    async fn a_handshake_that_times_out_in_the_queue_leaves_nothing_in_it() {
        let turns = HandshakeSlots::new(1);
        let permit = turns.all.acquire().await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(10), turns.run(network(1), async {})).await.is_err());
        drop(permit);
        assert!(turns.run(network(1), async {}).await.is_some());
        assert!(turns.lanes.lock().unwrap().is_empty());
    }
}
