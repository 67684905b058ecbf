//! The APIs of AWS that its own clients speak: the STS query API and container credentials. Thin faces of one `exchange()`.

mod container;
mod errors;
mod form;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod identity;
mod parameters;
mod sts;
mod xml;

use super::routes::Routes;
use super::stopping::Peer;
use crate::app::App;
use crate::exchange::{RecordedRefusal, RequestContext, refuse};
use crate::words::{Denial, Secret};
use std::net::{IpAddr, Ipv4Addr};

/// Their routes. They take every method, so that a wrong one also gets an error in AWS's own form.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.any("/aws/sts", sts::answer).any("/aws/sts/", sts::answer).any("/aws/container", container::answer)
}

/// A client, and the API that it uses.
#[derive(Clone, Copy)]
struct AwsCaller {
    client: IpAddr,
    api: &'static str,
}

impl AwsCaller {
    fn of(peer: Option<&Peer>, api: &'static str) -> Self {
        Self { client: peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0), api }
    }

    fn call(self, token: Result<Secret, Denial>) -> RequestContext {
        RequestContext { token, client: self.client, api: self.api, proof: None }
    }

    /// Refuses a request that could not be read, and records the refusal.
    async fn refuse(self, app: &App, denial: Denial) -> RecordedRefusal {
        refuse(app, &self.call(Err(denial.clone())), denial).await
    }
}
