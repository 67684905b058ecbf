//! Access keys of users, from a credential report or from `aws iam list-access-keys`.
//!
//! IAM User Guide, "Generate credential reports for your AWS account".

use crate::policy::ways_in::document::ConsistentMap;
use crate::policy::ways_in::error::ExportFault;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;

/// The active keys of each user.
#[derive(Default)]
pub(super) struct Keys {
    by_arn: ConsistentMap<usize>,
    /// By the user's name alone, because a list names no account: each key by its id, and whether it is active in some list.
    by_name: BTreeMap<String, BTreeMap<String, bool>>,
}

/// The table of `aws iam get-credential-report`.
pub(super) fn decoded(content: &Value) -> Result<Vec<u8>, ExportFault> {
    let text: String = content.as_str().unwrap_or_default().split_whitespace().collect();
    STANDARD.decode(text).map_err(|_| ExportFault::Report("`Content` is no base64; was it cut?"))
}

impl Keys {
    pub(super) fn take_report(&mut self, table: &[u8], export: &str) -> Result<(), ExportFault> {
        let text = std::str::from_utf8(table).map_err(|_| ExportFault::Report("it is no text"))?;
        let mut lines = text.lines().map(cells);
        let header = lines.next().unwrap_or_default();
        let column = |name: &str| header.iter().position(|cell| cell == name).ok_or(ExportFault::Report("a column is missing"));
        let (arn, first, second) = (column("arn")?, column("access_key_1_active")?, column("access_key_2_active")?);
        for line in lines {
            if line.len() != header.len() {
                return Err(ExportFault::Report("a line has other columns than the first; was it cut?"));
            }
            let active = [first, second].into_iter().filter(|key| line[*key] != "false").count();
            self.by_arn.take(&line[arn], active, export)?;
        }
        Ok(())
    }

    pub(super) fn take_list(&mut self, list: &Value) -> Result<(), ExportFault> {
        let missing = || ExportFault::Member { member: "AccessKeyMetadata", expected: "list" };
        for key in list.as_array().ok_or_else(missing)? {
            let user = key["UserName"].as_str().ok_or_else(missing)?;
            let id = key["AccessKeyId"].as_str().ok_or_else(missing)?;
            let is_active = self.by_name.entry(user.to_owned()).or_default().entry(id.to_owned()).or_default();
            *is_active |= key["Status"] != "Inactive";
        }
        Ok(())
    }

    /// The keys of a user, in words. A list counts only if no other account can have this user.
    pub(super) fn describe(&self, user: &str, takes_lists: bool) -> String {
        let name = user.rsplit('/').next().unwrap_or_default();
        let listed = self.by_name.get(name).filter(|_| takes_lists).map(|keys| keys.values().filter(|active| **active).count());
        let (count, source) = match (self.by_arn.get(user), listed) {
            (Some(count), _) => (*count, ""),
            (None, Some(count)) => (count, " by `list-access-keys`, which names no account"),
            (None, None) => return "whose access keys are in no export here (`aws iam get-credential-report`)".to_owned(),
        };
        let keys = match count {
            0 => "no active access key".to_owned(),
            1 => "1 active access key".to_owned(),
            more => format!("{more} active access keys"),
        };
        format!("which has {keys}{source}")
    }
}

/// RFC 4180: a name may hold a comma, and then stands in quotes.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}
