//! `daypass keys wrap`: encrypts an identity file so that only AWS KMS opens it.

use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::checkout::create;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_UNAVAILABLE, STATUS_USAGE};
use crate::custody::{self, Purpose};
use crate::secrets::Identities;
use crate::words::names::KmsKeyArn;
use crate::words::{NAMED_FILE_MAX, PlainPath, Secret, plain, read_named};
use clap::{Args, ValueEnum};
use std::fmt::Display;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = examples(&["daypass keys wrap --aws-kms arn:aws:kms:eu-central-1:123456789012:key/KEY root.key"]))]
pub(in crate::cli) struct WrapArgs {
    /// The key's ARN. The request to AWS KMS uses this machine's own AWS credentials.
    #[arg(long, value_name = "ARN", value_parser = KmsKeyArn::parse)]
    aws_kms: KmsKeyArn,
    /// What the identity is for: AWS KMS opens it for nothing else.
    #[arg(long, value_enum, default_value = "source-secrets")]
    purpose: WrapPurpose,
    /// The age identity file.
    file: PathBuf,
    /// The file to write; FILE.kms without this. An existing file is not overwritten.
    #[arg(long = "to", short = 'o')]
    to: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum WrapPurpose {
    /// An entry of `age_identities`.
    SourceSecrets,
    /// `key_encryption`.
    KeyEncryption,
}

/// Wraps the identity, and unwraps it again before it is written: a file that does not open is never kept.
pub(super) async fn wrap(arguments: &WrapArgs) -> Result<u8, Failure> {
    let purpose = match arguments.purpose {
        WrapPurpose::SourceSecrets => Purpose::SourceSecrets,
        WrapPurpose::KeyEncryption => Purpose::KeyEncryption,
    };
    let told = |path: &Path, fault: &dyn Display| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", path.plain()));
    let identity = read_named(&arguments.file, NAMED_FILE_MAX).map_err(|fault| told(&arguments.file, &fault))?;
    let identity = Secret::new(identity);
    Identities::parse(&identity).map_err(|fault| Failure::new(STATUS_USAGE, format!("{}: {fault}", arguments.file.plain())))?;
    let unavailable = |fault: String| Failure::new(STATUS_UNAVAILABLE, fault);
    let progress = Progress::of("asking AWS KMS");
    let wrapped = custody::wrap(&arguments.aws_kms, purpose, &identity).await.map_err(|fault| unavailable(fault.to_string()))?;
    let opened = custody::unwrap(&arguments.aws_kms, purpose, &wrapped).await.map_err(|fault| unavailable(fault.to_string()))?;
    drop(progress);
    if opened.expose() != identity.expose() {
        return Err(unavailable("what AWS KMS decrypted is not what it had encrypted".to_owned()));
    }
    let to = arguments.to.clone().unwrap_or_else(|| {
        let mut name = arguments.file.clone().into_os_string();
        name.push(".kms");
        name.into()
    });
    create(&to, &wrapped).map_err(|fault| told(&to, &fault))?;
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let entry = plain(&format!("{{ aws_kms: {}, file: {name} }}", arguments.aws_kms)).into_owned();
    match arguments.purpose {
        WrapPurpose::SourceSecrets => anstream::println!("wrapped: age_identities: [{entry}]"),
        WrapPurpose::KeyEncryption => anstream::println!("wrapped: key_encryption: {entry}"),
    }
    anstream::println!("delete {} when the server has started with it", arguments.file.plain());
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_named() {
        let arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000";
        let (aws_kms, file) = (KmsKeyArn::parse(arn).unwrap(), PathBuf::from("/nonexistent/root.key"));
        let failure = wrap(&WrapArgs { aws_kms, purpose: WrapPurpose::SourceSecrets, file, to: None }).await.unwrap_err();
        assert!(failure.message.starts_with("/nonexistent/root.key: "), "{failure}");
    }
}
