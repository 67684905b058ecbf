//! Which events of libraries the log shows, whatever its level is.
//!
//! The AWS SDK writes whole requests and answers into its events: our token for STS, and whatever an STS answers, also into errors. The
//! libraries for HTTP write frames of it. Such bytes are in no log.

use tracing::Metadata;
use tracing::level_filters::LevelFilter;

/// The most that is shown of a crate, by the beginning of its name. The first that fits counts.
const MOST: [(&str, LevelFilter); 5] = [
    // Of the machine's own configuration of AWS: a file that is not there, a value that is none.
    ("aws_config", LevelFilter::WARN),
    ("aws_", LevelFilter::OFF),
    // Its warnings show what the other side put into a frame.
    ("h2", LevelFilter::ERROR),
    ("hyper", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
];

/// Whether an event or a span may be shown.
pub(super) fn is_shown(metadata: &Metadata<'_>) -> bool {
    let most = MOST.into_iter().find(|(library, _)| metadata.target().starts_with(library));
    most.is_none_or(|(_, most)| *metadata.level() <= most)
}
