//! The part of Vault's API that its clients need to log in, to read and to encrypt (docs/api/vault.md). A client changes its
//! server's address, and nothing else.

mod address;
mod answer;
mod aws;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod inline;
mod kv;
mod mount;
mod not_here;
mod proof;
mod session;
mod transit;

use super::reply;
use super::stopping::Peer;
use crate::app::App;
use crate::exchange::{self, RecordedRefusal, RequestContext};
use crate::words::{Denial, Reason};
use address::Address;
use axum::body::Body;
use axum::extract::{OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, Uri, Version};
use hyper::ext::ReasonPhrase;
use not_here::not_here;
use proof::Proof;
use std::sync::Arc;

/// The prefix of its paths.
pub(super) const PREFIX: &str = "/vault/v1";
/// The prefix of some of its paths that are served once more, where the native API has none.
const ROOT: &str = "/v1";
/// Response wrapping, which is not supported: a caller that asks for it relies on it.
const WRAP_TTL: &str = "x-vault-wrap-ttl";
const NAMESPACE: &str = "x-vault-namespace";
/// Vault's own clients send it with each request.
const REQUEST: &str = "x-vault-request";

/// One request whose path is read already.
struct VaultRequest {
    app: Arc<App>,
    call: RequestContext,
    headers: HeaderMap,
    body: Body,
}

/// Answers every path below the prefix, with every method: LIST is one of Vault's own.
pub(super) async fn vault(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (Parts { method, uri, headers, extensions, version, .. }, body) = request.into_parts();
    let call = RequestContext { api: "vault", ..reply::call(extensions.get::<Peer>(), &HeaderMap::new()) };
    let uri = extensions.get::<OriginalUri>().map_or(uri, |original| original.0.clone());
    let at_root = uri.path().strip_prefix(ROOT);
    let path = uri.path().strip_prefix(PREFIX).or(at_root).unwrap_or_default();
    let address = if at_root.is_some_and(|path| !address::is_at_root(&method, path)) {
        Err(not_here(&format!("Vault's API stands below {}/vault: set VAULT_ADDR or BAO_ADDR to that.", app.public_url)))
    } else {
        check_headers(&headers).and_then(|()| Address::read(&method, path, uri.query().unwrap_or_default()))
    };
    let inbound = VaultRequest { app, call, headers, body };
    let mut response = match address {
        Ok(address) => inbound.answer(address).await,
        Err(denial) => inbound.refuse(denial).await,
    };
    if version != Version::HTTP_11 {
        response.extensions_mut().remove::<ReasonPhrase>();
    }
    response
}

/// Whether a request below `/v1` is for Vault's API. sops and Flux accept no server address with a path, so they ask there.
/// Another request of a Vault client there lacks the path, and gets an error that says so: a 404 would mean that a secret is
/// gone.
pub(super) fn is_vault_at_root(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let of_vault = headers.contains_key(proof::TOKEN) || headers.contains_key(REQUEST);
    uri.path().strip_prefix(ROOT).is_some_and(|path| of_vault || address::is_at_root(method, path))
}

impl VaultRequest {
    async fn answer(self, address: Address) -> Response<Body> {
        match address {
            Address::Health => answer::health(&self.app),
            Address::SealStatus => answer::seal_status(&self.app),
            Address::Leader => answer::leader(),
            Address::Mounts => answer::data("", mount::all()),
            Address::Mount(mount) => answer::data("", mount.described()),
            Address::Login => session::login(self).await,
            Address::LookupSelf => session::look_up(self).await,
            Address::RevokeSelf => session::revoke(self).await,
            Address::RenewSelf => self.refuse(not_here("A session is not renewed: it is of type `batch`. Log in again.")).await,
            Address::Read(name) => kv::read(self, &name).await,
            Address::Subkeys(name, depth) => kv::subkeys(self, &name, depth).await,
            Address::Metadata(name) => kv::metadata(self, &name).await,
            Address::List(folder) => kv::list(self, &folder).await,
            Address::Aws(role) => aws::credentials(self, &role).await,
            Address::Transit(transit) => transit::run(self, &transit).await,
            Address::TransitKey(key) => transit::look_up(self, &key).await,
        }
    }

    /// Records a refusal and answers it in Vault's form.
    async fn refuse(self, denial: Denial) -> Response<Body> {
        answer::refused(&exchange::refuse(&self.app, &self.call, denial).await)
    }

    /// The token that the request carries.
    fn proof(&self) -> Result<Proof, Denial> {
        Proof::read(&self.headers)
    }

    /// Runs the work in a task of its own, so that its records are complete even if the client hangs up.
    fn tracked<T: Send + 'static>(
        app: &Arc<App>,
        work: impl Future<Output = Result<T, RecordedRefusal>> + Send + 'static,
    ) -> impl Future<Output = Result<T, RecordedRefusal>> {
        let task = app.traces.spawn(&app.exchanges, Box::pin(work));
        async {
            task.await.unwrap_or_else(|fault| Err(RecordedRefusal::unrecorded(Reason::Internal.with_cause(fault.to_string()))))
        }
    }
}

/// Refuses headers that ask for something that the answer would silently lack.
fn check_headers(headers: &HeaderMap) -> Result<(), Denial> {
    if headers.contains_key(WRAP_TTL) {
        return Err(not_here("Responses are not wrapped here: ask without a wrap TTL."));
    }
    let namespace = headers.get(NAMESPACE).map(|name| name.as_bytes().trim_ascii());
    if namespace.is_some_and(|name| !matches!(name, b"" | b"/" | b"root")) {
        return Err(not_here("There are no namespaces here: ask without one (VAULT_NAMESPACE, BAO_NAMESPACE)."));
    }
    Ok(())
}
