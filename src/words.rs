//! Layer A: the types that every other room uses. Each is parsed once, where bytes come in, and is never a bare string again.

mod as_text;
mod canonical;
mod client;
mod cloud_audience;
mod counted;
mod denial;
mod digest;
mod duration;
pub mod exposed;
mod forms;
mod gain;
pub mod github;
mod id_suffix;
mod json_pointer;
mod latency;
mod named_file;
pub mod names;
mod plain;
mod root_cause;
mod secret;
mod time;
mod timeline;
mod transit_file;
pub mod yaml;

pub(crate) use as_text::{as_text, holds_text};
pub use canonical::{canonical, canonical_members, canonical_text};
pub use client::{Client, host, network_of};
pub use cloud_audience::{Cloud, cloud_of, is_cloud_audience};
pub use counted::counted;
pub use denial::{Denial, FirstUse, Party, Reason};
pub use digest::Digest;
pub use duration::{DurationError, duration_text, parse_duration};
pub use forms::Forms;
pub use gain::{Gain, Widened};
pub use id_suffix::{IdSuffix, NoIdSuffix};
pub use json_pointer::pointer_below;
pub use latency::LATENCY_BUCKETS;
pub use named_file::{NAMED_FILE_MAX, NotWhole, read_named, read_named_text};
pub use plain::{PlainPath, excerpt, plain, plain_json, plain_lines, steers, without_commands, without_keys};
pub use root_cause::root_cause;
pub use secret::Secret;
pub use time::{Clock, SystemClock, UnixTime};
#[cfg(test)]
pub(crate) use time::{SteppingClock, processor_time};
pub use timeline::{ClockEvent, Moment, Timeline};
pub use transit_file::{TransitFile, TransitFileError, parse_version};
