//! JSON Schemas (draft 2020-12) of the files that people write, for their editors. What decides is the reader of each file:
//! a test holds the two to the same keys.

/// Of a trust policy.
pub const POLICY_SCHEMA: &str = include_str!("../../policies/schema/policy.json");
/// Of `guardrails.yaml`.
pub const GUARDRAILS_SCHEMA: &str = include_str!("../../policies/schema/guardrails.json");
/// Of `sources/*.yaml`.
pub const SOURCE_SCHEMA: &str = include_str!("../../policies/schema/source.json");

#[cfg(test)]
mod structural;
#[cfg(test)]
pub(crate) use structural::holds as is_as_schema;
#[cfg(test)]
mod tests;
