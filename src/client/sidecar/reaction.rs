//! `on_change`: how the application is notified that its files have changed.

mod error;

use super::error::ValueError;
use super::processes;
use super::signals::SIGNALS;
use crate::client::job_token;
use crate::words::yaml::{Fields, Place, Yaml};
use crate::words::{NAMED_FILE_MAX, PlainPath, read_named_text};
use error::{EXEC_MAX, ReactionError};
use reqwest::Url;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// The time for a reload request. A longer one counts as hanging.
const HTTP_MAX: Duration = Duration::from_secs(10);

/// A way to notify the application.
#[derive(Debug)]
pub(super) enum Reaction {
    /// A signal.
    Signal(Signal, SignalTarget),
    /// `POST` to an address of this pod.
    Http(Url),
    /// A command and its arguments; no shell.
    Exec(Vec<String>),
}

/// Who gets a signal.
#[derive(Debug)]
pub(super) enum SignalTarget {
    /// The processes of this executable.
    Process(String),
    /// The process whose number is in this file.
    PidFile(PathBuf),
}

impl Reaction {
    pub(super) fn read(fields: &mut Fields<'_, '_>, place: Place, base: &Path) -> Option<Self> {
        let signal = fields.optional("signal").map(|node| fields.parsed(node, parse_signal));
        let process =
            fields.optional("process").and_then(|node| fields.text(node)).map(|name| SignalTarget::Process(name.to_owned()));
        let pid_file =
            fields.optional("pid_file").and_then(|node| fields.text(node)).map(|path| SignalTarget::PidFile(base.join(path)));
        let http = fields.optional("http").map(|node| fields.parsed(node, parse_url));
        let exec = fields.optional("exec").map(|node| match &node.value {
            Yaml::List(words) => words.iter().map(|word| fields.text(word).map(str::to_owned)).collect::<Option<Vec<_>>>(),
            _ => None,
        });
        let chosen = match (signal, process, pid_file, http, exec) {
            (Some(signal), Some(target), None, None, None) | (Some(signal), None, Some(target), None, None) => {
                signal.map(|signal| Self::Signal(signal, target))
            }
            (None, None, None, Some(url), None) => url.map(Self::Http),
            (None, None, None, None, Some(Some(words))) if !words.is_empty() => Some(Self::Exec(words)),
            _ => {
                let forms = "`{ signal: HUP, process: nginx }`, `{ signal: HUP, pid_file: … }`, `{ http: http://127.0.0.1:… }` or `{ exec: [program, argument] }`";
                fields.fault(place, format!("expected one of {forms}"));
                None
            }
        };
        for (key, place, _) in fields.members() {
            if !["signal", "process", "pid_file", "http", "exec"].contains(&key.as_str()) {
                fields.fault(*place, format!("unknown key `{key}`"));
            }
        }
        chosen
    }

    /// Notifies the application once.
    pub(super) async fn perform(&self, http: &reqwest::Client) -> Result<(), ReactionError> {
        match self {
            Self::Signal(signal, target) => send(*signal, target),
            Self::Http(url) => call(http, url).await,
            Self::Exec(words) => execute(words).await,
        }
    }
}

fn parse_signal(text: &str) -> Result<Signal, ValueError> {
    let name = text.strip_prefix("SIG").unwrap_or(text);
    let known = SIGNALS.iter().find(|(known, _)| *known == name);
    known.map(|(_, signal)| *signal).ok_or(ValueError::Signal)
}

/// Accepts only addresses within the pod, as numbers: a name may lead elsewhere.
fn parse_url(text: &str) -> Result<Url, ValueError> {
    let url = Url::parse(text).map_err(|_| ValueError::Reload)?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if url.scheme() == "http" && loopback { Ok(url) } else { Err(ValueError::Reload) }
}

fn send(signal: Signal, target: &SignalTarget) -> Result<(), ReactionError> {
    let (found, name) = match target {
        SignalTarget::Process(name) => (processes::running(name), name.clone()),
        SignalTarget::PidFile(path) => (vec![read_pid(path)?], path.plain().to_string()),
    };
    if found.is_empty() {
        return Err(ReactionError::NotRunning { name });
    }
    for process in found {
        kill_process(process, signal).map_err(|fault| {
            let process = process.as_raw_nonzero();
            ReactionError::NotSignalled { name: name.clone(), process, fault }
        })?;
    }
    Ok(())
}

/// Reads the number of one process. Zero and negative numbers mean groups, 1 is the pod's first process, and our own makes no
/// sense: all are refused.
fn read_pid(path: &Path) -> Result<Pid, ReactionError> {
    let text = read_named_text(path, NAMED_FILE_MAX).map_err(|fault| ReactionError::PidFile { path: path.to_owned(), fault })?;
    let number = text.trim().parse::<i32>().ok().filter(|number| *number > 1);
    let own = i32::try_from(std::process::id()).ok();
    let pid = number.filter(|number| Some(*number) != own).and_then(Pid::from_raw);
    pid.ok_or_else(|| ReactionError::NoPid { path: path.to_owned() })
}

async fn call(http: &reqwest::Client, url: &Url) -> Result<(), ReactionError> {
    let answer = http
        .post(url.clone())
        .timeout(HTTP_MAX)
        .send()
        .await
        .map_err(|fault| ReactionError::Unanswered { url: url.clone(), fault: fault.without_url() })?;
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(ReactionError::Status { url: url.clone(), status }) }
}

async fn execute(words: &[String]) -> Result<(), ReactionError> {
    let [program, arguments @ ..] = words else { return Err(ReactionError::NoCommand) };
    let not_run = |fault| ReactionError::NotRun { program: program.clone(), fault };
    let mut child = spawn(program, arguments).map_err(not_run)?;
    let Ok(ended) = tokio::time::timeout(EXEC_MAX, child.0.wait()).await else {
        return Err(ReactionError::Late { program: program.clone() });
    };
    let status = ended.map_err(not_run)?;
    if status.success() { Ok(()) } else { Err(ReactionError::Ended { program: program.clone(), status }) }
}

/// A command. If it is dropped before it has ended, because it hangs or the sidecar stops, it is killed with what it started: each
/// further attempt would leave one more process otherwise.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has no number any more once it has ended.
        let group = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(Err(fault)) = group.map(|group| kill_process_group(group, Signal::KILL)) {
            tracing::warn!(%fault, "a command that had not ended could not be killed");
        }
    }
}

/// Starts the command in a process group of its own.
fn spawn(program: &str, arguments: &[impl AsRef<OsStr>]) -> std::io::Result<Running> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true).process_group(0);
    job_token::variables().for_each(|name| _ = command.env_remove(name));
    command.spawn().map(Running)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::sidecar::waiting::until;
    use crate::words::yaml::Node;

    fn read(text: &str) -> Result<Reaction, String> {
        let node = Node::parse("a.yaml", text.as_bytes()).map_err(|fault| fault.to_string())?;
        let mut faults = Vec::new();
        let read = Reaction::read(&mut Fields::new("a.yaml", text, &node, &mut faults), node.place, Path::new("/etc"));
        read.filter(|_| faults.is_empty()).ok_or_else(|| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_form_is_read_and_a_mixture_is_not() {
        assert!(matches!(read("{ signal: HUP, process: nginx }"), Ok(Reaction::Signal(Signal::HUP, SignalTarget::Process(_)))));
        assert!(matches!(
            read("{ signal: SIGUSR1, pid_file: /run/x.pid }"),
            Ok(Reaction::Signal(Signal::USR1, SignalTarget::PidFile(_)))
        ));
        assert!(matches!(read("{ http: 'http://[::1]:9000/reload' }"), Ok(Reaction::Http(_))));
        assert!(matches!(read("{ exec: [sh, -c, 'true'] }"), Ok(Reaction::Exec(_))));
        for bad in [
            "{}",
            "{ signal: HUP }",
            "{ process: x }",
            "{ signal: KILL, process: x }",
            "{ signal: HUP, process: x, exec: [a] }",
            "{ exec: [] }",
            "{ exec: sh }",
            "{ http: 'http://localhost/x' }",
            "{ http: 'http://169.254.169.254/' }",
            "{ http: 'https://127.0.0.1/' }",
            "{ exec: [a], colour: red }",
            "{ signal: HUP, process: x, pid_file: y }",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pid_file_names_one_other_process() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for bad in ["", "0", "-1", "1", "x", "99999999999", &std::process::id().to_string()] {
            std::fs::write(file.path(), bad).unwrap();
            assert!(read_pid(file.path()).is_err(), "{bad}");
        }
        std::fs::write(file.path(), "4242\n").unwrap();
        assert_eq!(read_pid(file.path()).unwrap(), Pid::from_raw(4242).unwrap());
    }

    #[tokio::test]
    async fn a_command_is_no_shell_line_and_its_failure_is_reported() {
        execute(&["true".to_owned()]).await.unwrap();
        assert!(execute(&["false".to_owned()]).await.is_err());
        assert!(execute(&["true; true".to_owned()]).await.is_err());
    }

    /// The address is configured, and an application may take a token there. It is called with it, and the log lacks it.
    #[tokio::test]
    async fn the_log_lacks_the_user_and_the_query_of_an_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let url = parse_url(&format!("http://user:HUNTER2@{address}/reload?token=HUNTER2")).unwrap();
        drop(listener);
        let unanswered = call(&crate::issuers::http::command_client(None).unwrap(), &url).await.unwrap_err();
        let status = ReactionError::Status { url, status: reqwest::StatusCode::NOT_FOUND };
        for shown in [unanswered.to_string(), status.to_string()] {
            assert!(shown.contains(&format!("@{address}/reload?…")) && !shown.contains("HUNTER2"), "{shown}");
        }
        let misread = read("{ http: 'http://user:HUN TER2@example.org/reload' }").unwrap_err();
        assert!(!misread.contains("HUN") && !misread.contains("TER2"), "{misread}");
    }

    #[tokio::test]
    async fn a_command_that_is_given_up_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let started = folder.path().join("started");
        let script = "sleep 1000 & echo $! > \"$0\"; wait";
        let child = spawn("sh", &["-c", script, started.to_str().unwrap()]).unwrap();
        let number = || std::fs::read_to_string(&started).unwrap_or_default();
        until("it has started", || number().ends_with('\n')).await;
        let process = number().trim().to_owned();
        drop(child);
        // A process that has ended is a zombie until whoever inherited it asks for its status.
        let runs = || {
            let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
        };
        until("it was killed", || !runs()).await;
    }
}
