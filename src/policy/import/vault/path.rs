//! Paths of Vault's policies: which documents of a KV mount they cover, and which of two paths counts if both cover a document.
//!
//! Sources: Vault docs, "Policies" (priority matching); OpenBao, `vault/acl.go` and `vault/policy.go`. `*` is a wildcard only at
//! the end, and matches the rest of any number of segments. `+` is one whole segment. All else is literal, and case counts.

use std::cmp::Reverse;

/// What stands between a KV mount of version 2 and the path of a document.
const DATA: &str = "data";

/// A path as Vault reads it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct VaultPath {
    /// Without the star at its end.
    text: String,
    is_prefix: bool,
    has_segment_wildcards: bool,
}

/// Which of two paths counts: the greater one.
pub(super) type Rank = (bool, usize, bool, Reverse<usize>, usize, String);

impl VaultPath {
    pub(super) fn of(written: &str) -> Self {
        let path = written.strip_prefix('/').unwrap_or(written);
        let has_segment_wildcards = path == "+" || path.contains("/+") || path.starts_with("+/");
        let (text, is_prefix) = path.strip_suffix('*').map_or((path, false), |text| (text, true));
        Self { text: text.to_owned(), is_prefix, has_segment_wildcards }
    }

    /// An exact path counts before every other. Otherwise these decide in turn: a later first wildcard, no star at the end, fewer `+`
    /// segments, more characters, a later place in the alphabet.
    pub(super) fn rank(&self) -> Rank {
        let is_exact = !self.is_prefix && !self.has_segment_wildcards;
        let first = if self.has_segment_wildcards { self.text.find('+').unwrap_or_default() } else { self.text.len() };
        let wild = self.text.split('/').filter(|segment| self.has_segment_wildcards && *segment == "+").count();
        (is_exact, first, !self.is_prefix, Reverse(wild), self.text.len(), self.text.clone())
    }

    /// The documents of this mount that it covers; `None` if it covers none.
    pub(super) fn documents(&self, mount: &str) -> Option<Documents> {
        let mut segments = self.text.split('/').map(|text| self.segment(text)).collect::<Vec<_>>();
        let end = if self.is_prefix { segments.pop().map(Segment::into_text) } else { None };
        let mut left = segments.into_iter();
        for expected in mount.split('/').chain([DATA]) {
            match (left.next(), &end) {
                (Some(segment), _) if segment.takes(expected) => {}
                (None, Some(start)) if expected.starts_with(start.as_str()) => return Some(Documents::all()),
                _ => return None,
            }
        }
        let segments: Vec<Segment> = left.collect();
        let empty = |segment: &Segment| matches!(segment, Segment::Text(text) if text.is_empty());
        let names_none = segments.iter().any(empty) || (segments.is_empty() && end.is_none());
        (!names_none).then_some(Documents { segments, end })
    }

    fn segment(&self, text: &str) -> Segment {
        if self.has_segment_wildcards && text == "+" { Segment::Any } else { Segment::Text(text.to_owned()) }
    }
}

/// One segment.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Segment {
    Text(String),
    Any,
}

impl Segment {
    fn takes(&self, text: &str) -> bool {
        match self {
            Self::Text(own) => own == text,
            Self::Any => true,
        }
    }

    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            _ => true,
        }
    }

    /// Whether a text of it may begin like this.
    fn may_begin(&self, start: &str) -> bool {
        match self {
            Self::Text(text) => text.starts_with(start),
            Self::Any => true,
        }
    }

    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Any => "+".to_owned(),
        }
    }
}

/// Documents of a mount.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Documents {
    segments: Vec<Segment>,
    /// If the path ends with a star: how the next segment begins. Whatever follows is covered too.
    end: Option<String>,
}

impl Documents {
    fn all() -> Self {
        Self { segments: Vec::new(), end: Some(String::new()) }
    }

    /// Whether some document may belong to both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let shorter = self.segments.len().min(other.segments.len());
        if !self.segments.iter().zip(&other.segments).all(|(one, other)| one.meets(other)) {
            return false;
        }
        match (self.segments.get(shorter), &self.end, other.segments.get(shorter), &other.end) {
            (None, Some(one), None, Some(other)) => one.starts_with(other.as_str()) || other.starts_with(one.as_str()),
            (None, None, None, None) => true,
            (Some(segment), _, None, Some(start)) | (None, Some(start), Some(segment), _) => segment.may_begin(start),
            _ => false,
        }
    }

    /// The patterns of these documents here, where their names have an ending that Vault's do not have.
    pub(super) fn patterns(&self, ending: &str) -> Vec<String> {
        let segment = |segment: &Segment| match segment {
            Segment::Text(text) => text.clone(),
            Segment::Any => "*".to_owned(),
        };
        let segments: Vec<String> = self.segments.iter().map(segment).collect();
        let within = |last: &str| [&segments[..], &[last.to_owned()]].concat().join("/");
        match self.end.as_deref() {
            None => vec![format!("{}{ending}", segments.join("/"))],
            Some("") => vec![within("**")],
            Some(start) => vec![within(&format!("{start}*{ending}")), within(&format!("{start}*/**"))],
        }
    }

    /// The literal texts in it.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let whole = self.segments.iter().filter_map(|segment| match segment {
            Segment::Text(text) => Some(text.as_str()),
            Segment::Any => None,
        });
        whole.chain(self.end.as_deref().filter(|start| !start.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(path: &str) -> Option<Vec<String>> {
        VaultPath::of(path).documents("secret").map(|documents| documents.patterns(".yaml"))
    }

    #[test]
    fn a_path_is_about_documents_of_its_mount_alone() {
        let cases: [(&str, &[&str]); 11] = [
            ("secret/data/shop/db", &["shop/db.yaml"]),
            ("/secret/data/shop/db", &["shop/db.yaml"]),
            ("secret/data/shop/*", &["shop/**"]),
            ("secret/data/shop*", &["shop*.yaml", "shop*/**"]),
            ("secret/data/+/db", &["*/db.yaml"]),
            ("secret/data/+/db/*", &["*/db/**"]),
            ("secret/data/+", &["*.yaml"]),
            ("secret/*", &["**"]),
            ("*", &["**"]),
            ("+/data/a", &["a.yaml"]),
            ("secret/da*", &["**"]),
        ];
        for (path, expected) in cases {
            assert_eq!(patterns(path).unwrap_or_default(), expected, "{path}");
        }
        for other in
            ["secret/metadata/*", "secret/data", "secret/data/", "secret/data/a/", "secret", "kv/data/a", "Secret/data/a", "+/+"]
        {
            assert_eq!(patterns(other), None, "{other}");
        }
    }

    #[test]
    fn paths_that_cover_the_same_document_meet() {
        let meet = |one: &str, other: &str| {
            let of = |path: &str| VaultPath::of(path).documents("secret").unwrap();
            let meets = of(one).meets(&of(other));
            assert_eq!(meets, of(other).meets(&of(one)), "{one} {other}");
            meets
        };
        for (one, other) in [
            ("secret/data/a/*", "secret/data/a/b"),
            ("secret/data/a/*", "secret/data/+/b"),
            ("secret/data/a*", "secret/data/ab*"),
            ("secret/data/+/b", "secret/data/a/+"),
            ("secret/data/a*", "secret/data/+/x"),
            ("*", "secret/data/x/y/z"),
        ] {
            assert!(meet(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("secret/data/a/*", "secret/data/a"),
            ("secret/data/a/*", "secret/data/ab"),
            ("secret/data/a", "secret/data/+/a"),
            ("secret/data/a/b*", "secret/data/+/c"),
        ] {
            assert!(!meet(one, other), "{one} {other}");
        }
    }

    #[test]
    fn the_path_that_counts_has_the_higher_rank() {
        let ordered = [
            "+/data/*",
            "*",
            "secret/+/a*",
            "secret/+/a",
            "secret/data/+/*",
            "secret/data/*",
            "secret/data/a*",
            "secret/data/a/+",
            "secret/data/a",
        ];
        for pair in ordered.windows(2) {
            assert!(VaultPath::of(pair[0]).rank() < VaultPath::of(pair[1]).rank(), "{pair:?}");
        }
    }
}
