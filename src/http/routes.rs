//! The table of public routes with their methods, so that a test can compare it with the API's description.

use super::methods::get_alone;
use crate::app::App;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, any, get, post};
use std::sync::Arc;

type Shared = Arc<App>;

/// Paths with their handlers.
#[derive(Default)]
pub(super) struct Routes {
    router: Router<Shared>,
    /// Method, or `any`, and path.
    #[cfg(test)]
    pub(super) listed: Vec<(&'static str, &'static str)>,
}

impl Routes {
    /// Answers GET and not HEAD, like every route that reads a token. A HEAD would use up the token and make and record an answer
    /// that nobody sees.
    pub(super) fn get<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.get_by(path, get(handler))
    }

    /// The same with a handler that has state of its own.
    pub(super) fn get_by(self, path: &'static str, answer: MethodRouter<Shared>) -> Self {
        self.with("get", path, answer.head(get_alone).fallback(get_alone))
    }

    /// Answers GET and HEAD, for a public document.
    pub(super) fn public<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.with("get", path, get(handler))
    }

    /// Answers POST.
    pub(super) fn post<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.with("post", path, post(handler))
    }

    /// The same with a handler that has state of its own.
    pub(super) fn post_by(self, path: &'static str, answer: MethodRouter<Shared>) -> Self {
        self.with("post", path, answer)
    }

    /// Answers every method but HEAD, for a protocol that answers a wrong one in a form of its own.
    pub(super) fn any<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.with("any", path, any(handler).head(get_alone))
    }

    /// Answers every method, also HEAD, for a public path of such a protocol.
    pub(super) fn any_public<T: 'static>(self, path: &'static str, handler: impl Handler<T, Shared>) -> Self {
        self.with("any", path, any(handler))
    }

    /// The router, without its fallbacks.
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
