//! The fetching child: `daypass git-fetch`. It connects to one host, writes one bare repository, and ends.
//!
//! It parses what a remote sends, so that the process with our keys does not. It runs no hook and no filter, and makes no checkout.

use super::super::origin::FETCHED;
use super::error::ToldError;
use super::{Order, ssh};
use gix::bstr::ByteSlice;
use gix::credentials::helper::Action;
use gix::credentials::protocol::Outcome as Credentials;
use gix::progress::Discard;
use gix::protocol::transport::Protocol;
use gix::protocol::transport::client::blocking_io::http::options::FollowRedirects;
use gix::protocol::transport::client::blocking_io::http::{Options, reqwest as backend};
use gix::protocol::transport::client::blocking_io::ssh::{ProgramKind, connect};
use gix::protocol::transport::client::blocking_io::{Transport, ssh as transport_ssh};
use gix::remote::Direction;
use gix::remote::fetch::Tags;
use gix::sec::identity::Account;
use gix::url::Scheme;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

/// The largest file. A repository of policies has no larger pack.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// The most memory, also if a hostile remote sends a pack that unpacks to more.
const MEMORY_BYTES_MAX: u64 = 768 * 1024 * 1024;
/// The most processor time, in seconds.
const PROCESSOR_SECONDS_MAX: u64 = 120;
/// The most open files: packs, pipes, a socket.
const OPEN_FILES_MAX: u64 = 256;
/// The longest order: a few hundred bytes, and a bundle of certificates at most.
const ORDER_BYTES_MAX: u64 = 1024 * 1024;
/// The default user name for a token: the one that most forges document.
const USERNAME: &str = "x-access-token";

/// Executes the order on standard input. The error is one line for the operator.
pub fn execute_order() -> Result<(), ToldError> {
    limit_ourselves()?;
    let mut input = zeroize::Zeroizing::new(String::new());
    std::io::Read::read_to_string(&mut std::io::Read::take(std::io::stdin(), ORDER_BYTES_MAX), &mut input)?;
    let (order, token) = input.split_once('\n').ok_or(ToldError::CutOff)?;
    let order = serde_json::from_str::<Order>(order)?.with_absolute_paths()?;
    std::fs::create_dir_all(&order.mirror).map_err(|fault| ToldError::Mirror { path: order.mirror.clone(), fault })?;
    std::env::set_current_dir(&order.mirror)?;
    let repository = mirror(&order.mirror)?;
    let url = gix::url::parse(order.url.as_bytes().as_bstr())?;
    let refspec = format!("+{}:{FETCHED}", order.reference);
    let remote = repository.remote_at_without_url_rewrite(url.clone())?.with_fetch_tags(Tags::None);
    let remote = remote.with_refspecs([refspec.as_str()], Direction::Fetch)?;
    if url.scheme == Scheme::Ssh {
        ssh::write_config(&order)?;
        let options =
            connect::Options { command: Some(ssh::COMMAND.into()), disallow_shell: false, kind: Some(ProgramKind::Ssh) };
        let transport = transport_ssh::connect(url, Protocol::V2, options, false);
        let transport = transport.map_err(|fault| ToldError::Transport(Box::new(fault)))?;
        return receive(remote.to_connection_with_transport(transport));
    }
    let username = order.username.clone().unwrap_or_else(|| USERNAME.to_owned());
    let connection = remote.connect(Direction::Fetch)?;
    let connection = connection.with_transport_options(Box::new(http_options(order)));
    receive(connection.with_credentials(|action| Ok(credentials(action, &username, token))))
}

/// Sets limits that the process cannot lift again.
fn limit_ourselves() -> Result<(), ToldError> {
    let limits = [
        (Resource::Fsize, FILE_BYTES_MAX),
        (Resource::Data, MEMORY_BYTES_MAX),
        (Resource::Cpu, PROCESSOR_SECONDS_MAX),
        (Resource::Nofile, OPEN_FILES_MAX),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).map_err(ToldError::Limit)?;
    }
    Ok(())
}

/// Opens the mirror in isolated mode: gix reads no configuration of the machine or the user, and the mirror's own configuration cannot
/// override these settings.
fn mirror(path: &Path) -> Result<gix::Repository, ToldError> {
    let options = || {
        gix::open::Options::isolated().config_overrides([
            "http.followRedirects=false",
            "core.logAllRefUpdates=false",
            "index.threads=1",
            "pack.threads=1",
        ])
    };
    let known = path.join("HEAD").exists();
    let opened = if known {
        gix::ThreadSafeRepository::open_opts(path, options())
    } else {
        let bare = gix::create::Options { destination_must_be_empty: Some(false), ..Default::default() };
        gix::ThreadSafeRepository::init_opts(path, gix::create::Kind::Bare, bare, options())
    };
    Ok(opened?.to_thread_local())
}

/// Follows no redirect, uses only the proxy of the order, and trusts only the order's authority if it has one.
fn http_options(order: Order) -> Options {
    let loopback = order.url.starts_with("http://");
    let configure = move |builder: reqwest::blocking::ClientBuilder| {
        let mut builder = builder.https_only(!loopback).no_proxy();
        if let Some(proxy) = &order.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(gix_fault)?);
        }
        if let Some(ca) = &order.ca {
            let authorities = reqwest::Certificate::from_pem_bundle(ca.as_bytes()).map_err(gix_fault)?;
            builder = builder.tls_certs_only(authorities);
        }
        Ok(builder)
    };
    let backend = backend::Options { configure_client: Some(Box::new(configure)), configure_request: None };
    Options { follow_redirects: FollowRedirects::None, backend: Some(Arc::new(Mutex::new(backend))), ..Options::default() }
}

fn credentials(action: Action, username: &str, token: &str) -> Option<Credentials> {
    let Action::Get(context) = action else { return None };
    let identity = Account { username: username.to_owned(), password: token.to_owned(), oauth_refresh_token: None };
    (!token.is_empty()).then(|| Credentials { identity, next: context.into() })
}

/// Fetches the one branch and its objects. Deletes nothing, so that earlier active commits stay readable.
fn receive<T: Transport>(connection: gix::remote::Connection<'_, '_, '_, T>) -> Result<(), ToldError> {
    let fetch = connection.prepare_fetch(Discard, gix::remote::ref_map::Options::default())?;
    fetch.receive(Discard, &AtomicBool::new(false))?;
    Ok(())
}

fn gix_fault(fault: reqwest::Error) -> gix::Error {
    gix::Error::from_error(fault)
}
