//! What is wrong with a server's certificate, in words that say what to do.

use crate::words::UnixTime;
use rustls::CertificateError;
use std::error::Error;

/// How to make a certificate that stands for itself and is no authority's.
const SELF_SIGNED: &str = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=HOST -keyout tls.key \
     -out tls.crt -addext subjectAltName=DNS:HOST -addext basicConstraints=critical,CA:FALSE";

/// Whom we trust, for the words to whoever reads them.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// Authorities are named, instead of the system's.
    pub is_named: bool,
    /// By what they are named.
    pub named_by: &'a str,
    /// Who has the server's certificate in hand.
    pub keeper: &'a str,
}

/// What is wrong, where the certificate is why there is no connection.
pub fn certificate_fault(fault: &reqwest::Error, trust: Trust<'_>) -> Option<String> {
    find(fault).map(|fault| told(fault, trust))
}

/// The library's own word for it, wherever it is within.
pub(super) fn find(fault: &reqwest::Error) -> Option<&CertificateError> {
    let mut cause: Option<&(dyn Error + 'static)> = fault.source();
    while let Some(found) = cause {
        if let Some(rustls::Error::InvalidCertificate(fault)) = found.downcast_ref() {
            return Some(fault);
        }
        // What an I/O error was made of is inside of it: its source is what comes behind that.
        let inside = found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| found.source());
    }
    None
}

fn told(fault: &CertificateError, Trust { is_named, named_by, keeper }: Trust<'_>) -> String {
    match fault {
        // An authority of the right name with another key, as a certificate that was made anew has it, is not the one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature if is_named => {
            format!("it is signed by none of the file that {named_by} names\nhint: name the file of that authority instead.")
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!("it is signed by no authority of this system\nhint: name its authority's file by {named_by}.")
        }
        CertificateError::Expired => expired("", keeper),
        CertificateError::ExpiredContext { time, not_after } => {
            expired(&format!(" at {}, and it is {} here", moment(*not_after), moment(*time)), keeper)
        }
        CertificateError::NotValidYet => not_yet(""),
        CertificateError::NotValidYetContext { time, not_before } => {
            not_yet(&format!(" before {}, and it is {} here", moment(*not_before), moment(*time)))
        }
        CertificateError::NotValidForName => other_name("", keeper),
        CertificateError::NotValidForNameContext { expected, presented } => {
            other_name(&format!(" than {}: {}", expected.to_str(), names(presented)), keeper)
        }
        CertificateError::BadEncoding => format!("it is no certificate that can be read (X.509)\nhint: {keeper} makes it anew."),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            format!(
                "it is made for something else than servers\nhint: {keeper} makes one for servers (extendedKeyUsage=serverAuth)."
            )
        }
        CertificateError::Other(other) if is_authority(other) => format!(
            "it is an authority's own (`CA:TRUE`), as `openssl req -x509` makes it, and a server has to show one that is no authority\n\
             hint: {keeper} makes one that says so, which {named_by} can name as it is: {SELF_SIGNED}"
        ),
        other => {
            format!("it is refused: {other}\nhint: {keeper} looks at the certificate; {named_by} names the authority to trust.")
        }
    }
}

/// rustls has no name of its own for it, and hands on what its checker of certificates says.
fn is_authority(fault: &rustls::OtherError) -> bool {
    fault.0.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

fn expired(when: &str, keeper: &str) -> String {
    format!("it has expired{when}\nhint: {keeper} renews it; this machine's clock may be wrong too.")
}

fn not_yet(when: &str) -> String {
    format!("it is not valid yet{when}\nhint: this machine's clock may be wrong.")
}

fn other_name(which: &str, keeper: &str) -> String {
    format!(
        "it is for another name{which}\nhint: use a name of the server that its certificate has, or have {keeper} add this one."
    )
}

fn moment(time: rustls::pki_types::UnixTime) -> UnixTime {
    UnixTime::from_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

/// The library writes a name as `DnsName("host")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
    let names: Vec<String> = presented.iter().map(bare).collect();
    if names.is_empty() { "it has none".to_owned() } else { names.join(", ") }
}

/// Why there was no answer; a certificate's fault in plain words, with a hint on a line of its own.
pub fn cause(fault: &reqwest::Error, trust: Trust<'_>) -> String {
    certificate_fault(fault, trust).map_or_else(|| root_cause(fault), |told| format!("its certificate is not trusted: {told}"))
}

/// The innermost cause: "certificate expired" says more than "error sending request".
pub fn root_cause(fault: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
