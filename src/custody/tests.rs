//! Plain files and credentials; AWS KMS is asked in the tests of peers.

use super::*;
use crate::secrets::{RepositoryPath, check, encrypt};

/// An identity file's text, and a secret that it opens.
fn identity() -> (Secret, Vec<u8>) {
    let (file, recipient) = Identities::generate();
    let secret = encrypt(b"hunter2", &[recipient], false).unwrap();
    (file, secret)
}

fn opens(custody: &Custody, secret: &[u8]) -> bool {
    check(&RepositoryPath::parse("secrets/a.age").unwrap(), secret, &custody.identities()).is_ok()
}

#[tokio::test]
async fn a_file_that_changes_is_read_again_and_one_that_is_gone_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let ((one, for_one), (two, for_two), (three, for_three)) = (identity(), identity(), identity());
    std::fs::write(path("a.key"), one.expose()).unwrap();
    std::fs::write(path("b.key"), two.expose()).unwrap();
    let files = vec![IdentityFile::Plain(path("a.key")), IdentityFile::Plain(path("b.key"))];
    let custody = Custody::new(files, Purpose::SourceSecrets);
    assert!(!opens(&custody, &for_one), "nothing is read yet");
    let reading = custody.read().await;
    assert!(reading.changed && reading.fault.is_none() && opens(&custody, &for_one) && opens(&custody, &for_two));
    assert!(!custody.read().await.changed);
    std::fs::write(path("a.key"), three.expose()).unwrap();
    assert!(custody.read().await.changed && opens(&custody, &for_three) && opens(&custody, &for_two));
    assert!(!opens(&custody, &for_one), "the old one is gone");
    std::fs::write(path("a.key"), "no identity").unwrap();
    let reading = custody.read().await;
    assert!(
        !reading.changed && reading.fault.unwrap().to_string().contains("a.key") && opens(&custody, &for_three),
        "the last good one stays"
    );
    std::fs::remove_file(path("b.key")).unwrap();
    let reading = custody.read().await;
    assert!(reading.changed && reading.fault.is_some() && !opens(&custody, &for_two), "taken away is taken away");
}

#[tokio::test]
async fn a_credential_is_a_file_below_systemds_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = identity();
    std::fs::write(folder.path().join("age.key"), file.expose()).unwrap();
    let credential = |folder: Option<PathBuf>| IdentityFile::Credential("age.key".to_owned(), folder);
    assert!(credential(Some(folder.path().to_owned())).open(Purpose::SourceSecrets).await.is_ok());
    let fault = credential(None).open(Purpose::SourceSecrets).await.err().unwrap();
    assert!(matches!(fault, CustodyError::NoCredentials { .. }), "{fault}");
}
