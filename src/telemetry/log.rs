//! The log: one event is one line. Anybody who may push names files, and such names come into events, so everything that is not shown
//! is escaped here, for all events at once.

mod libraries;

use crate::words::{excerpt, plain, plain_json};
use libraries::is_shown;
use std::fmt::{self, Debug, Write as _};
use std::io::{self, IsTerminal};
use tracing::Dispatch;
use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::{RecordFields, VisitOutput};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::fmt::format::{DefaultVisitor, Writer};
use tracing_subscriber::fmt::{FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Characters of a wrong filter that a failure quotes.
const FILTER_CHARACTERS_MAX: usize = 80;

/// A text is no filter. The library would print it as it is, and log without the wrong part.
#[derive(Debug, thiserror::Error)]
#[error("`--log` (`DAYPASS_LOG`): `{}` is no filter, such as `info` or `warn,daypass=debug`", excerpt(.0, FILTER_CHARACTERS_MAX))]
pub struct FilterError(String);

/// Logs to standard error: text on a terminal, JSON otherwise.
pub fn log(filter: &str) -> Result<(), FilterError> {
    let filter = parse(filter)?;
    let to = if io::stderr().is_terminal() { text(filter, io::stderr) } else { json(filter, io::stderr) };
    if let Err(fault) = to.try_init() {
        tracing::debug!(%fault, "logging is already set up");
    }
    Ok(())
}

fn parse(filter: &str) -> Result<EnvFilter, FilterError> {
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::ERROR.into());
    builder.parse(filter).map_err(|_| FilterError(filter.to_owned()))
}

fn text<W: for<'w> MakeWriter<'w> + Send + Sync + 'static>(filter: EnvFilter, writer: W) -> Dispatch {
    let builder = tracing_subscriber::fmt().with_writer(writer).with_env_filter(filter);
    builder.fmt_fields(PlainFields).finish().with(filter_fn(is_shown)).into()
}

fn json<W: io::Write + 'static>(filter: EnvFilter, writer: impl Fn() -> W + Send + Sync + 'static) -> Dispatch {
    let builder = tracing_subscriber::fmt().with_writer(move || PlainJson(writer())).with_env_filter(filter);
    builder.json().finish().with(filter_fn(is_shown)).into()
}

/// Writes the fields of events and spans as the library does, with their values escaped.
struct PlainFields;

impl<'w> FormatFields<'w> for PlainFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = PlainVisitor { fields: DefaultVisitor::new(writer, true), value: String::new() };
        fields.record(&mut visitor);
        visitor.fields.finish()
    }
}

struct PlainVisitor<'w> {
    fields: DefaultVisitor<'w>,
    /// The text of a value. An event needs one allocation for all of its values.
    value: String,
}

impl Visit for PlainVisitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.value.clear();
        // Writing to a text fails only if the value itself does: its beginning is shown.
        let _ = write!(self.value, "{value:?}");
        self.fields.record_debug(field, &format_args!("{}", plain(&self.value)));
    }
}

/// Escapes documents of JSON. The library hands over a whole event at once.
struct PlainJson<W>(W);

impl<W: io::Write> io::Write for PlainJson<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(plain_json(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::sync::{Arc, Mutex};

    /// A file's name that breaks a line, clears the screen, turns the direction, hides itself and colours what follows.
    const HOSTILE: &str = "t\n2026-11-30T14:00:00Z  INFO daypass: fake\u{1b}[2J\u{202e}\u{200b}\u{9b}31m##[error]x.yaml";
    /// What may stand in no line, whoever wrote it. The library's own colours begin with ESC too, but clear no screen.
    const FORBIDDEN: [&str; 5] = ["\u{1b}[2J", "\u{202e}", "\u{200b}", "\u{9b}", "##["];

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines of three events: with a value in a field, in the message, and in fields of the span around.
    fn lines(dispatch: impl Fn(Written) -> Dispatch) -> Vec<String> {
        let written = Written::default();
        tracing::dispatcher::with_default(&dispatch(written.clone()), || {
            tracing::warn!(file = %HOSTILE, line = 7, fault = ?Some(HOSTILE), text = HOSTILE, "a file is faulty");
            tracing::info!("{HOSTILE}");
            let span = tracing::info_span!("reading", file = %HOSTILE, later = tracing::field::Empty);
            span.record("later", HOSTILE);
            span.in_scope(|| tracing::error!("not read"));
        });
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    fn assert_plain(lines: &[String]) {
        assert_eq!(lines.len(), 3, "{lines:#?}");
        for (line, bad) in lines.iter().flat_map(|line| FORBIDDEN.map(|bad| (line, bad))) {
            assert!(!line.contains(bad), "{bad:?} in {line:?}");
        }
    }

    #[test]
    fn a_text_that_is_no_filter_is_an_error_on_one_line() {
        for good in ["", "info", "warn,daypass=debug", "daypass::app=trace,off"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in ["=\u{1b}[2J\n::error::PWN", "info,daypass=\u{1b}[31m", "daypass=loud"] {
            let fault = parse(bad).unwrap_err().to_string();
            assert!(fault.contains("DAYPASS_LOG") && !fault.contains(['\u{1b}', '\n']), "{fault:?}");
        }
    }

    #[test]
    fn an_event_of_text_is_one_line_whatever_its_values_hold() {
        let lines = lines(|written| text(parse("info").unwrap(), move || written.clone()));
        assert_plain(&lines);
        assert!(lines[0].contains("t\\u{a}2026-11-30") && lines[0].contains("a file is faulty"), "{}", lines[0]);
        assert!(lines[0].contains('7') && lines[1].contains("fake\\u{1b}[2J\\u{202e}\\u{200b}\\u{9b}31m"), "{lines:#?}");
        assert!(lines[2].contains("not read") && lines[2].matches("t\\u{a}2026").count() == 1, "{}", lines[2]);
    }

    #[test]
    fn what_providers_send_is_shown_at_no_level() {
        const BODY: &str = "hunter2";
        let events = || {
            tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", request = BODY, "transmitting request");
            tracing::error!(target: "aws_smithy_runtime_api::client::interceptors::context", "throwing away: {BODY}");
            tracing::debug!(target: "aws_sdk_sts::operation", BODY);
            tracing::info!(target: "aws_config::profile::credentials", BODY);
            tracing::trace!(target: "h2::codec::framed_read", frame = BODY, "received");
            tracing::debug!(target: "hyper::proto::h2::client", error = BODY, "connection error");
            tracing::debug!(target: "hyper_util::client::legacy::client", BODY);
            tracing::trace!(target: "reqwest::connect::verbose", BODY);
            let span = tracing::error_span!(target: "aws_sdk_sts", "STS.AssumeRole", body = BODY);
            span.in_scope(|| tracing::trace!(target: "daypass::issue", "of the server itself"));
            tracing::warn!(target: "aws_config::default_provider", "of the machine's configuration");
            tracing::warn!(target: "hyper::client", "of a connection");
        };
        for filter in
            ["trace", "info,aws_smithy_runtime=trace,aws_smithy_runtime::client::orchestrator=trace,h2=trace,daypass=trace"]
        {
            for is_json in [false, true] {
                let written = Written::default();
                let writer = written.clone();
                let filter = parse(filter).unwrap();
                let dispatch = if is_json { json(filter, move || writer.clone()) } else { text(filter, move || writer.clone()) };
                tracing::dispatcher::with_default(&dispatch, events);
                let shown = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
                assert!(!shown.contains(BODY), "{shown}");
                for own in ["of the server itself", "of the machine's configuration", "of a connection"] {
                    assert!(shown.contains(own), "{own} in {shown}");
                }
            }
        }
    }

    #[test]
    fn an_event_of_json_is_one_line_and_has_the_values_as_they_are() {
        let lines = lines(|written| json(parse("info").unwrap(), move || written.clone()));
        assert_plain(&lines);
        let events: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&events[0]["fields"]["file"], &events[0]["fields"]["line"]), (&HOSTILE.into(), &7.into()));
        assert_eq!(events[1]["fields"]["message"], HOSTILE);
        assert_eq!((&events[2]["span"]["file"], &events[2]["span"]["later"]), (&HOSTILE.into(), &HOSTILE.into()));
    }
}
