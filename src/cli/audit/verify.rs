//! `daypass audit verify`: checks that the log is whole, and still matches an export of it.

mod exported;

use super::{Log, failed};
use crate::cli::examples::examples;
use crate::cli::print::{self, counted};
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::store::{Entry, Reader, Witness, Witnesses};
use crate::words::{UnixTime, plain};
use clap::Args;
use exported::Exported;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Records that are read at a time.
const PAGE: usize = 1000;
/// Findings that are listed; more say nothing new.
const FINDINGS_MAX: usize = 100;

/// What the log alone cannot show. An export that is kept elsewhere does.
const NOT_LOOKED_AT: [&str; 2] = [
    "whether a record was changed after it was written",
    "whether records at the end of the log were removed, if no other row of the store refers to them",
];

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass audit verify --config daypass.yaml",
    "daypass audit verify --config daypass.yaml audit.jsonl",
]))]
pub(in crate::cli) struct VerifyArgs {
    #[command(flatten)]
    log: Log,
    /// The output of `audit export`, kept elsewhere: each of its records has to be in the log, unchanged. `-` is standard input.
    export: Option<PathBuf>,
}

/// Something that is wrong.
#[derive(Serialize, Debug, PartialEq, Eq)]
struct Finding {
    /// The record's place in the log; absent if the finding is about the whole log.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    what: String,
}

/// What was looked at, and what is wrong with it.
#[derive(Default, Serialize, Debug)]
struct Verified {
    records: u64,
    first: Option<i64>,
    last: Option<i64>,
    /// What an export has.
    exported: Option<Exported>,
    /// How many rows of other tables have their record in the log.
    witnessed: u64,
    /// What cannot be checked without an export.
    not_looked_at: &'static [&'static str],
    findings: Vec<Finding>,
    /// Findings beyond those that are listed.
    more: u64,
}

/// Ends with 78 if something is found.
pub(super) fn run(arguments: &VerifyArgs, json: bool) -> Result<u8, Failure> {
    let reader = arguments.log.open()?;
    let progress = Progress::of("reading the log");
    let not_looked_at = if arguments.export.is_some() { &[][..] } else { &NOT_LOOKED_AT };
    let mut verified = Verified { not_looked_at, ..Verified::default() };
    for fault in reader.damage().map_err(failed)? {
        verified.find(None, format!("the database is damaged: {fault}"));
    }
    verified.whole(&reader)?;
    if let Some(export) = &arguments.export {
        verified.compare(&reader, export)?;
    }
    drop(progress);
    if json {
        print::json(&json!(verified));
    } else {
        verified.print();
    }
    Ok(if verified.findings.is_empty() { 0 } else { STATUS_CONFIGURATION })
}

impl Verified {
    fn find(&mut self, seq: Option<i64>, what: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { seq, what: what.into() });
        } else {
            self.more += 1;
        }
    }

    /// Checks that every record is there and can be read, that each intent from before the last start has an outcome, and that
    /// the rows of other tables have their record.
    fn whole(&mut self, reader: &Reader) -> Result<(), Failure> {
        let mut witnesses = reader.witnesses().map_err(failed)?;
        let (known, mut newest) = (witnesses.all.len(), None::<UnixTime>);
        let (mut open, mut orphaned): (BTreeMap<String, i64>, BTreeMap<String, i64>) = Default::default();
        let (mut expected, mut place) = (1, i64::MIN);
        loop {
            let page = reader.after(place, PAGE).map_err(failed)?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                Witness::of(&entry).iter().for_each(|witness| _ = witnesses.all.remove(witness));
                newest = newest.max(Some(entry.at));
                let Entry { seq, kind, decision, body, .. } = entry;
                if seq < 1 {
                    self.find(Some(seq), "no server writes a record with this number");
                    (self.records, place) = (self.records + 1, seq);
                    continue;
                }
                if seq != expected {
                    self.find(
                        Some(expected),
                        format!(
                            "{} before record {seq} are missing",
                            counted(usize::try_from(seq - expected).unwrap_or(usize::MAX), "record")
                        ),
                    );
                }
                if !body.is_object() {
                    self.find(Some(seq), "its body cannot be read");
                }
                match (kind.as_str(), decision) {
                    ("started", _) => orphaned.append(&mut open),
                    ("intended", Some(decision)) => _ = open.insert(decision, seq),
                    (_, Some(decision)) => {
                        open.remove(&decision);
                        orphaned.remove(&decision);
                    }
                    (_, None) => {}
                }
                self.first.get_or_insert(seq);
                (self.last, self.records, place) = (Some(seq), self.records + 1, seq);
                expected = seq.saturating_add(1);
            }
        }
        for (decision, seq) in orphaned {
            self.find(Some(seq), format!("the log has no outcome of the decision {decision}"));
        }
        self.witnessed = (known - witnesses.all.len()) as u64;
        self.contradict(&witnesses, newest);
        Ok(())
    }

    /// Finds rows of other tables that have no record in the log.
    fn contradict(&mut self, witnesses: &Witnesses, newest: Option<UnixTime>) {
        if self.records == 0 {
            self.find(None, "the log has no record: a server writes one whenever it starts");
        }
        // If the log has no record of a decision at all, its missing release needs no second line.
        let is_reported = |witness: &&Witness| match witness {
            Witness::Release(id) => !witnesses.all.contains(&Witness::Decision(id.clone())),
            _ => true,
        };
        for witness in witnesses.all.iter().filter(is_reported) {
            self.find(None, format!("the store has {witness}, and the log has no record of it"));
        }
        if let Some(at) = witnesses.claims_at.filter(|at| newest.is_none_or(|newest| *at > newest)) {
            self.find(None, format!("the store keeps claims of {at}, and the log has no record of then or later"));
        }
    }

    fn compare(&mut self, reader: &Reader, export: &Path) -> Result<(), Failure> {
        let exported = exported::compare(reader, export, &mut |seq, what| self.find(seq, what))?;
        self.exported = Some(exported);
        Ok(())
    }

    fn print(&self) {
        for Finding { seq, what } in &self.findings {
            let at = seq.map(|seq| format!("record {seq}: ")).unwrap_or_default();
            anstream::println!("{at}{}", plain(what));
        }
        if self.more > 0 {
            anstream::println!("and {} more", self.more);
        }
        let records = counted(usize::try_from(self.records).unwrap_or(usize::MAX), "record");
        let span = self.first.zip(self.last).map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default();
        let compared = self.exported.as_ref().map(|exported| format!("; {}", exported.summary())).unwrap_or_default();
        let witnessed = if self.witnessed > 0 {
            format!("; {} rows of other tables have their record", self.witnessed)
        } else {
            String::new()
        };
        anstream::println!("{records}{span}{witnessed}{compared}");
        if !self.not_looked_at.is_empty() {
            anstream::println!("not checked: {}. An export that is kept elsewhere shows both", self.not_looked_at.join("; "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DenialRow, SessionKeyRow, Store};
    use crate::words::names::CommitId;
    use crate::words::{Forms, SystemClock};
    use std::sync::Arc;

    /// A log of three starts, without the triggers that keep anybody from changing it.
    fn log() -> (tempfile::TempDir, rusqlite::Connection) {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..3 {
            drop(Store::open(folder.path(), Arc::new(SystemClock)).unwrap());
        }
        let connection = rusqlite::Connection::open(folder.path().join("daypass.sqlite")).unwrap();
        for trigger in ["audit_only_next", "audit_no_update", "audit_no_delete"] {
            connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        (folder, connection)
    }

    fn export(folder: &Path) -> PathBuf {
        let entries = Reader::open(folder).unwrap().after(0, usize::MAX).unwrap();
        let lines: String = entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect();
        let path = folder.join("audit.jsonl");
        std::fs::write(&path, lines).unwrap();
        path
    }

    fn verified(folder: &Path, export: Option<&Path>) -> Verified {
        let (reader, mut verified) = (Reader::open(folder).unwrap(), Verified::default());
        verified.whole(&reader).unwrap();
        export.map_or(Ok(()), |export| verified.compare(&reader, export)).unwrap();
        verified
    }

    #[test]
    fn changed_removed_and_inserted_records_are_found() {
        let (folder, connection) = log();
        let export = export(folder.path());
        let good = verified(folder.path(), Some(&export));
        assert!(
            good.findings.is_empty()
                && good.records > 0
                && good.exported.as_ref().unwrap().summary().starts_with(&format!("{} of", good.records)),
            "{good:?}"
        );
        connection.execute("UPDATE audit SET body = CAST('{\"x\":1}' AS BLOB) WHERE seq = 1", []).unwrap();
        assert!(verified(folder.path(), None).findings.is_empty(), "the log alone does not show it");
        let changed = verified(folder.path(), Some(&export));
        assert_eq!((changed.findings.len(), changed.findings[0].seq), (1, Some(1)), "{changed:?}");
        connection.execute("DELETE FROM audit WHERE seq = 1", []).unwrap();
        assert_eq!(verified(folder.path(), None).findings[0].seq, Some(1));
        connection.execute("INSERT INTO audit VALUES (1, 1, 'refused', NULL, CAST('no json' AS BLOB))", []).unwrap();
        assert!(verified(folder.path(), None).findings[0].what.contains("cannot be read"));
    }

    /// Lines that no server exports prove nothing.
    #[test]
    fn an_export_that_was_cut_added_to_or_made_by_hand_is_reported() {
        let (folder, connection) = log();
        let whole = std::fs::read_to_string(export(folder.path())).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let with = |text: String| {
            let path = folder.path().join("changed.jsonl");
            std::fs::write(&path, text).unwrap();
            let (reader, mut verified) = (Reader::open(folder.path()).unwrap(), Verified::default());
            verified.compare(&reader, &path).unwrap();
            verified
        };
        let again = with(format!("{}\n{}\n{}\n", lines[2], lines[0], lines[2]));
        let summary = again.exported.unwrap().summary();
        assert_eq!(
            summary,
            "2 of the export, 1 to 3, are in the log unchanged, and the log has 1 between them that the export lacks"
        );
        assert!(again.findings.is_empty(), "an export may have a record twice, and less than the log");
        assert!(with(String::new()).findings[0].what.contains("it shows nothing"));
        let more = with(lines[0].replacen('{', "{\"note\":\"approved\",", 1));
        assert_eq!(more.findings[0].what, "it differs from the export");
        let twice = lines[0].replacen("\"body\":{", "\"body\":{\"x\":1,\"x\":2,", 1);
        let cut = format!("{}{}", &lines[1][..lines[1].len() / 2], lines[1]);
        let changed = lines[2].replacen('{', "{\"note\":\"approved\",", 1);
        let all = with([twice.as_str(), cut.as_str(), "[1]", changed.as_str()].join("\n")).findings;
        let found: Vec<&str> = all.iter().map(|finding| finding.what.split(": ").next().unwrap()).collect();
        let no_record = [1, 2, 3].map(|line| format!("line {line} of the export is no record"));
        let [first, second, third] = no_record.each_ref().map(String::as_str);
        let nothing = "no record of the export is in the log unchanged, so it shows nothing";
        assert_eq!(found, [first, second, third, "it differs from the export", nothing], "one line hides nothing of another");
        assert!(Reader::open(folder.path()).unwrap().damage().unwrap()[0].contains("audit_only_next"), "nothing keeps the log");
        drop(Store::open(folder.path(), Arc::new(SystemClock)).unwrap());
        assert_eq!(Reader::open(folder.path()).unwrap().damage().unwrap(), [""; 0], "a start makes them again");
        connection.execute_batch("DROP TRIGGER audit_only_next").unwrap();
        connection.execute("INSERT INTO audit VALUES (?1, 1, 'refused', NULL, CAST('{}' AS BLOB))", [i64::MIN]).unwrap();
        let damage = Reader::open(folder.path()).unwrap().damage().unwrap();
        assert!(damage.iter().any(|message| message.contains("-9223372036854775808")), "{damage:?}");
    }

    /// Servers before the bound on a record wrote as much as somebody pushed.
    #[test]
    fn a_line_that_is_too_long_is_a_finding_and_the_others_are_compared() {
        let (folder, _connection) = log();
        let whole = std::fs::read_to_string(export(folder.path())).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let longest = lines.iter().map(|line| line.len() + 1).max().unwrap();
        let long = lines[1].replacen('{', &format!("{{{}", " ".repeat(4 * longest)), 1);
        let reader = Reader::open(folder.path()).unwrap();
        let compared = |text: &str| {
            let (mut found, export) = (Vec::new(), Path::new("audit.jsonl"));
            let mut find = |seq, what| found.push((seq, what));
            let exported = exported::compare_lines(&reader, (export, text.as_bytes()), longest, &mut find).unwrap();
            (exported.summary(), found)
        };
        assert!(compared(&whole).1.is_empty(), "the longest line is not too long");
        for text in [format!("{}\n{long}\n{}\n", lines[0], lines[2]), format!("{}\n{}\n{long}", lines[0], lines[2])] {
            let (summary, found) = compared(&text);
            let number = text.lines().position(|line| line == long).unwrap() + 1;
            let message = format!("line {number} of the export has more than {longest} bytes, and was not compared");
            assert_eq!(found, [(None, message)]);
            assert!(summary.starts_with("2 of the export, 1 to 3,"), "{summary}");
        }
    }

    /// Each row of another table was written together with a record, in one transaction.
    #[tokio::test]
    async fn a_log_that_was_cut_or_emptied_contradicts_what_the_store_has_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let row = SessionKeyRow { id: "a-key".to_owned(), created_at: store.now(), sealed: vec![1] };
        store.put_session_key(row).await.unwrap();
        let denial = DenialRow { id: "a-denial".to_owned(), until: None, body: json!({}) };
        store.deny(denial, None).await.unwrap();
        let commit = CommitId::parse(&"c".repeat(40)).unwrap();
        let body = json!({ "source": "root", "revision": commit, "signer": null, "policies": 1, "faults": [], "held": [] });
        store.record_revision("root", &commit, &Forms::default(), Vec::new(), body).await.unwrap();
        drop(store);
        let connection = rusqlite::Connection::open(folder.path().join("daypass.sqlite")).unwrap();
        connection.execute_batch("DROP TRIGGER audit_only_next; DROP TRIGGER audit_no_delete").unwrap();
        let released = "INSERT INTO audit VALUES (5, 5000, 'intended', 'd', CAST('{}' AS BLOB));
             INSERT INTO audit VALUES (6, 5000, 'released', 'd', CAST('{}' AS BLOB));
             INSERT INTO replay VALUES (x'00', 'd', 5000, 'here', 9000000000000);
             INSERT INTO claims VALUES ('h', 9000000000000, x'00');
             INSERT INTO audit VALUES (7, 9000000000000, 'refused', 'e', CAST('{}' AS BLOB))";
        connection.execute_batch(released).unwrap();
        let whole = verified(folder.path(), None);
        assert!(whole.findings.is_empty() && whole.witnessed == 5, "{whole:?}");
        let mut expected = Vec::new();
        for (seq, found) in [
            (7, &["claims of"][..]),
            (6, &["the release of the decision d"]),
            (5, &[]),
            (4, &["the commit c"]),
            (3, &["the denial a-denial"]),
            (2, &["the key a-key"]),
            (1, &["no record: a server writes one"]),
        ] {
            connection.execute("DELETE FROM audit WHERE seq = ?1", [seq]).unwrap();
            expected.extend_from_slice(found);
            if seq == 5 {
                expected.retain(|part| !part.contains("release"));
                expected.push("the decision d");
            }
            let messages: Vec<String> = verified(folder.path(), None).findings.into_iter().map(|finding| finding.what).collect();
            assert_eq!(messages.len(), expected.len(), "{seq}: {messages:?}");
            assert!(expected.iter().all(|part| messages.iter().any(|message| message.contains(part))), "{seq}: {messages:?}");
        }
    }

    #[test]
    fn an_intent_from_before_a_start_needs_an_outcome() {
        let (folder, connection) = log();
        let last: i64 = connection.query_row("SELECT max(seq) FROM audit", [], |row| row.get(0)).unwrap();
        let add = |seq: i64, kind: &str, decision: Option<&str>| {
            connection
                .execute("INSERT INTO audit VALUES (?1, 1, ?2, ?3, CAST('{}' AS BLOB))", rusqlite::params![seq, kind, decision])
                .unwrap();
        };
        add(last + 1, "intended", Some("a"));
        assert!(verified(folder.path(), None).findings.is_empty(), "it may be under way");
        add(last + 2, "started", None);
        assert_eq!(verified(folder.path(), None).findings[0].seq, Some(last + 1));
        add(last + 3, "unresolved", Some("a"));
        assert!(verified(folder.path(), None).findings.is_empty());
    }
}
