//! `daypass policy schema`: prints the schema by which an editor completes and checks a file.

use crate::cli::examples::examples;
use crate::policy::{GUARDRAILS_SCHEMA, POLICY_SCHEMA, SOURCE_SCHEMA};
use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy schema > schema/policy.json",
    "daypass policy schema --of guardrails > schema/guardrails.json",
]))]
pub(in crate::cli) struct SchemaArgs {
    /// Which file.
    #[arg(long, value_enum, default_value_t)]
    of: SchemaOf,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum SchemaOf {
    /// A trust policy below policies/.
    #[default]
    Policy,
    /// guardrails.yaml.
    Guardrails,
    /// A further source below sources/.
    Source,
}

/// Prints the schema.
pub(super) fn run(arguments: &SchemaArgs) -> u8 {
    anstream::print!(
        "{}",
        match arguments.of {
            SchemaOf::Policy => &*POLICY_SCHEMA,
            SchemaOf::Guardrails => &*GUARDRAILS_SCHEMA,
            SchemaOf::Source => &*SOURCE_SCHEMA,
        }
    );
    0
}
