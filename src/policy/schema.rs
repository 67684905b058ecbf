//! JSON Schemas (draft 2020-12) of the files that people write, for their editors. The reader of each file decides what loads; a test
//! compares the keys of both.

/// The schema of a trust policy.
pub const POLICY_SCHEMA: &str = include_str!("../../policies/schema/policy.json");
/// The schema of `guardrails.yaml`.
pub const GUARDRAILS_SCHEMA: &str = include_str!("../../policies/schema/guardrails.json");
/// The schema of `sources/*.yaml`.
pub const SOURCE_SCHEMA: &str = include_str!("../../policies/schema/source.json");

#[cfg(test)]
mod structural;
#[cfg(test)]
pub(crate) use structural::holds as is_as_schema;
#[cfg(test)]
mod tests;
