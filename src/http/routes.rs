//! The table of public addresses: what is served stands in it with its method, so that a test can hold the API's description to it.

use super::methods::get_alone;
use crate::app::App;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, any, get, post};
use std::sync::Arc;

type Shared = Arc<App>;

/// Addresses with what answers them.
#[derive(Default)]
pub(super) struct Routes {
    router: Router<Shared>,
    /// Method, or `any`, and path.
    #[cfg(test)]
    pub(super) listed: Vec<(&'static str, &'static str)>,
}

impl Routes {
    /// Answers GET and not HEAD, as everything does that reads a token. Who asks by HEAD sees nothing of the answer: it would be made
    /// and recorded, and a token be used up, for nobody.
    pub(super) fn get<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.get_by(path, get(handler))
    }

    /// The same by an answer that holds something of its own.
    pub(super) fn get_by(self, path: &'static str, answer: MethodRouter<Shared>) -> Self {
        self.with("get", path, answer.head(get_alone).fallback(get_alone))
    }

    /// Answers GET, and HEAD as that: what is there for everybody.
    pub(super) fn public<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.with("get", path, get(handler))
    }

    /// Answers POST.
    pub(super) fn post<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.with("post", path, post(handler))
    }

    /// The same by an answer that holds something of its own.
    pub(super) fn post_by(self, path: &'static str, answer: MethodRouter<Shared>) -> Self {
        self.with("post", path, answer)
    }

    /// Answers every method but HEAD, for a protocol that answers a wrong one in a form of its own.
    pub(super) fn any<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.with("any", path, any(handler).head(get_alone))
    }

    /// Answers HEAD too: what such a protocol has for everybody.
    pub(super) fn any_public<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.with("any", path, any(handler))
    }

    /// The router, without what answers elsewhere.
    pub(super) fn into_router(self) -> Router<Shared> {
        self.router
    }

    #[cfg_attr(not(test), expect(unused_variables, reason = "the list is the tests'"))]
    fn with(mut self, method: &'static str, path: &'static str, answer: MethodRouter<Shared>) -> Self {
        #[cfg(test)]
        self.listed.push((method, path));
        self.router = self.router.route(path, answer);
        self
    }
}
