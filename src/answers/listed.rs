//! What is listed of a revision, in the log, in its record, in `status` and at `/readyz`: not more than a bound, whoever pushed it.

use crate::words::WidenedFile;
use crate::words::yaml::{Fault, FileName, Severity};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

/// Entries of one list. Nobody mends more at once, and a repository may have two hundred thousand faulty files.
const LISTED_MAX: usize = 500;
/// Bytes of one list as JSON. A record has two of them, and has to be small beside a page of the log and a line of an export.
pub const LISTED_BYTES_MAX: usize = 256 * 1024;

/// A fault of a file.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct FileFault {
    /// File and line.
    pub at: String,
    /// A stable word for machines.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

impl FileFault {
    /// The file as it is shown: its name may lack secrets, so it finds no file. [`may_be_of`](Self::may_be_of) compares it.
    pub fn file(&self) -> &str {
        self.at.rsplit_once(':').map_or(&self.at, |(file, _)| file)
    }

    /// Whether it may be a fault of this file. Files whose names look alike without their secrets count as one.
    pub fn may_be_of(&self, file: &str) -> bool {
        self.file() == file || self.file() == FileName::new(file).to_string()
    }
}

impl From<&Fault> for FileFault {
    fn from(fault: &Fault) -> Self {
        Self {
            at: format!("{}:{}", fault.file, fault.place.line),
            code: fault.code.to_owned(),
            message: fault.message.to_string(),
        }
    }
}

/// How many faults are not listed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct FaultsLeftOut {
    /// The faults, of those that are kept of each file.
    pub faults: usize,
    /// The faulty files of which no fault is listed.
    pub files: usize,
}

impl FaultsLeftOut {
    /// Both together.
    pub const fn and(self, other: Self) -> Self {
        Self { faults: self.faults + other.faults, files: self.files + other.files }
    }

    /// Itself, if anything is left out.
    pub fn if_any(self) -> Option<Self> {
        Some(self).filter(|left_out| *left_out != Self::default())
    }
}

/// For people, behind the faults that are listed.
impl std::fmt::Display for FaultsLeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.files {
            0 => write!(f, "and {} more", self.faults),
            files => write!(f, "and {} more, also in {files} files that are not named", self.faults),
        }
    }
}

/// The faults of one revision that are listed.
pub struct ListedFaults<'a> {
    /// In the order in which they were found.
    pub faults: Vec<&'a Fault>,
    /// The others.
    pub left_out: FaultsLeftOut,
    /// How many files are faulty, listed or not.
    pub files: usize,
}

impl<'a> ListedFaults<'a> {
    /// Lists errors before warnings, and the first fault of each file before the second one of any: no file hides another.
    pub fn of(faults: impl Iterator<Item = &'a Fault>) -> Self {
        let mut of_file: BTreeMap<(&str, Severity), usize> = BTreeMap::new();
        let ranked = faults.enumerate().map(|(position, fault)| {
            let before = of_file.entry((fault.file.exact(), fault.severity)).or_default();
            *before += 1;
            ((Reverse(fault.severity), *before, position), fault)
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_unstable_by_key(|(rank, _)| *rank);
        let fitting = fitting(ranked.iter().map(|(_, fault)| *fault));
        let left = ranked.split_off(fitting);
        ranked.sort_unstable_by_key(|((_, _, position), _)| *position);
        let faults: Vec<&Fault> = ranked.into_iter().map(|(_, fault)| fault).collect();
        let named: BTreeSet<&str> = faults.iter().map(|fault| fault.file.exact()).collect();
        let not_named = left.iter().map(|(_, fault)| fault.file.exact()).filter(|file| !named.contains(file));
        let not_named = not_named.collect::<BTreeSet<&str>>().len();
        let left_out = FaultsLeftOut { faults: left.len(), files: not_named };
        Self { faults, left_out, files: named.len() + not_named }
    }
}

/// The first files that wait for a person, as many as are listed, and how many more there are.
pub fn listed_files(files: &[WidenedFile]) -> (&[WidenedFile], Option<NonZeroUsize>) {
    let (listed, left) = files.split_at(fitting(files.iter()));
    (listed, NonZeroUsize::new(left.len()))
}

/// How many of these, from the first one, are listed.
fn fitting(entries: impl Iterator<Item = impl Serialize>) -> usize {
    let mut left = LISTED_BYTES_MAX;
    let takes = |entry: &_| {
        let bytes = serde_json::to_string(entry).map_or(usize::MAX, |text| text.len() + 1);
        left.checked_sub(bytes).inspect(|rest| left = *rest).is_some()
    };
    entries.take(LISTED_MAX).take_while(takes).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Gain;
    use crate::words::yaml::Place;

    fn fault(file: &str, line: usize, message: &str) -> Fault {
        Fault::new(file, Place { line, column: 1 }, message).coded("unknown_key")
    }

    fn json_bytes(entries: &impl Serialize) -> usize {
        serde_json::to_string(entries).unwrap().len()
    }

    #[test]
    fn a_file_with_many_faults_hides_no_other_file() {
        let many = (1..=LISTED_MAX * 2).map(|line| fault("y.yaml", line, "x"));
        let faults: Vec<Fault> = many.chain(["za", "zb", "zc"].map(|file| fault(file, 1, "x"))).collect();
        let listed = ListedFaults::of(faults.iter());
        let of = |file: &str| listed.faults.iter().filter(|fault| fault.file.exact() == file).count();
        assert_eq!((of("y.yaml"), of("za"), of("zb"), of("zc")), (LISTED_MAX - 3, 1, 1, 1));
        assert_eq!((listed.left_out, listed.files), (FaultsLeftOut { faults: LISTED_MAX + 3, files: 0 }, 4));
        assert_eq!(listed.left_out.to_string(), "and 503 more");
        let lines: Vec<usize> = listed.faults.iter().map(|fault| fault.place.line).take(LISTED_MAX - 3).collect();
        assert!(lines.is_sorted(), "a file's faults are in its own order");
    }

    #[test]
    fn more_files_than_are_listed_are_counted_and_each_listed_one_has_its_first_fault() {
        let faults: Vec<Fault> =
            (0..600).flat_map(|file| (1..=101).map(move |line| fault(&format!("{file}"), line, "x"))).collect();
        let listed = ListedFaults::of(faults.iter());
        assert!(listed.faults.len() == LISTED_MAX && listed.faults.iter().all(|fault| fault.place.line == 1));
        assert_eq!((listed.left_out, listed.files), (FaultsLeftOut { faults: 600 * 101 - LISTED_MAX, files: 100 }, 600));
        let few = ListedFaults::of(faults[..7].iter());
        assert_eq!((few.faults.len(), few.left_out.if_any(), few.files), (7, None, 1));
    }

    #[test]
    fn an_error_behind_many_warnings_is_listed() {
        let warnings = (0..LISTED_MAX).map(|file| fault(&format!("{file}"), 1, "x").warning("w"));
        let faults: Vec<Fault> = warnings.chain([fault("0", 2, "x")]).collect();
        let listed = ListedFaults::of(faults.iter());
        assert_eq!(listed.faults.last().map(|fault| fault.severity), Some(Severity::Error));
        assert_eq!((listed.faults.len(), listed.left_out), (LISTED_MAX, FaultsLeftOut { faults: 1, files: 1 }));
    }

    /// A control character takes six bytes of JSON.
    #[test]
    fn a_list_of_long_entries_has_no_more_bytes_than_a_record_may_have() {
        let long = "\u{1}".repeat(100_000);
        let faults: Vec<Fault> = (0..LISTED_MAX).map(|file| fault(&format!("{file}{}", "n".repeat(4000)), 1, &long)).collect();
        let listed = ListedFaults::of(faults.iter());
        let shown: Vec<FileFault> = listed.faults.iter().map(|fault| FileFault::from(*fault)).collect();
        assert!(shown.len() > 10 && json_bytes(&shown) <= LISTED_BYTES_MAX, "{} of {}", shown.len(), json_bytes(&shown));
        assert_eq!(shown.len() + listed.left_out.files, LISTED_MAX);
        assert!(listed.left_out.to_string().contains("files that are not named"), "{}", listed.left_out);
        let waits: Vec<WidenedFile> =
            (0..900).map(|file| WidenedFile::new(&format!("{file}{}", "n".repeat(4000)), Gain::NewSecret, "x")).collect();
        let (listed, more) = listed_files(&waits);
        assert!(json_bytes(&listed) <= LISTED_BYTES_MAX, "{}", listed.len());
        assert_eq!(more.map(usize::from), Some(waits.len() - listed.len()));
        let short: Vec<WidenedFile> = (0..5000).map(|file| WidenedFile::new(&format!("{file}"), Gain::NewSecret, "x")).collect();
        assert_eq!(listed_files(&short).0.len(), LISTED_MAX);
        assert_eq!(listed_files(&short[..LISTED_MAX]).1, None);
    }
}
