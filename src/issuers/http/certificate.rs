//! What is wrong with a server's certificate, with what to do.

use crate::words::{UnixTime, root_cause};
use rustls::CertificateError;
use std::error::Error;
use std::fmt;

/// How to make a self-signed certificate that is no authority's.
const SELF_SIGNED: &str = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=HOST -keyout tls.key \
     -out tls.crt -addext subjectAltName=DNS:HOST -addext basicConstraints=critical,CA:FALSE";

/// Which authorities are trusted, for the texts.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// Whether a file names them, in place of the system's.
    pub is_named: bool,
    /// The option or key that names the file.
    pub named_by: &'a str,
    /// Who manages the server's certificate.
    pub keeper: &'a str,
}

/// Why there was no answer, and what to do, if that is known.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Why.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Cause {
    fn advised(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: detail.into(), hint: Some(hint.into()) }
    }
}

/// On one line.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, "; {hint}"))
    }
}

/// What is wrong with the certificate, if that is why there is no connection.
pub fn certificate_fault(fault: &reqwest::Error, trust: Trust<'_>) -> Option<Cause> {
    find(fault).map(|fault| cause_of(fault, trust))
}

/// The library's error for a certificate, at any depth of the causes.
pub(super) fn find(fault: &reqwest::Error) -> Option<&CertificateError> {
    let mut cause: Option<&(dyn Error + 'static)> = fault.source();
    while let Some(found) = cause {
        if let Some(rustls::Error::InvalidCertificate(fault)) = found.downcast_ref() {
            return Some(fault);
        }
        // An I/O error wraps another error: its `source` would skip that one.
        let inside = found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| found.source());
    }
    None
}

fn cause_of(fault: &CertificateError, Trust { is_named, named_by, keeper }: Trust<'_>) -> Cause {
    match fault {
        // Also an authority of the right name with another key, as after it was made anew.
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            if is_named {
                let detail = format!("it is signed by none of the file that {named_by} names");
                Cause::advised(detail, "name the file of that authority instead.")
            } else {
                let detail = "it is signed by no authority of this system";
                Cause::advised(detail, format!("name its authority's file by {named_by}."))
            }
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. } => Cause::advised(
            "it is signed by an algorithm that is not taken, such as one with SHA-1",
            format!("{keeper} has it signed anew, with SHA-256 or more."),
        ),
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
        CertificateError::BadEncoding => {
            Cause::advised("it is no certificate that can be read (X.509)", format!("{keeper} makes it anew."))
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Cause::advised(
            "it is made for something else than servers",
            format!("{keeper} makes one for servers (extendedKeyUsage=serverAuth)."),
        ),
        CertificateError::Other(other) if is_authority(other) => Cause::advised(
            "it is an authority's own (`CA:TRUE`), as `openssl req -x509` makes it, and a server has to show one that is no authority",
            format!("{keeper} makes one that says so, which {named_by} can name as it is: {SELF_SIGNED}"),
        ),
        other => {
            let hint = format!("{keeper} looks at the certificate; {named_by} names the authority to trust.");
            Cause::advised(format!("it is refused: {other}"), hint)
        }
    }
}

/// rustls has no variant for this, and passes on webpki's error.
fn is_authority(fault: &rustls::OtherError) -> bool {
    fault.0.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

fn expired(when: &str, keeper: &str) -> Cause {
    Cause::advised(format!("it has expired{when}"), format!("{keeper} renews it; this machine's clock may be wrong too."))
}

fn not_yet(when: &str) -> Cause {
    Cause::advised(format!("it is not valid yet{when}"), "this machine's clock may be wrong.")
}

fn other_name(which: &str, keeper: &str) -> Cause {
    let hint = format!("use a name of the server that its certificate has, or have {keeper} add this one.");
    Cause::advised(format!("it is for another name{which}"), hint)
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

/// Why there was no answer. A fault of the certificate has a plain text, with what to do.
pub fn cause(fault: &reqwest::Error, trust: Trust<'_>) -> Cause {
    let certificate = certificate_fault(fault, trust);
    let certificate =
        certificate.map(|cause| Cause { message: format!("its certificate is not trusted: {}", cause.message), ..cause });
    certificate.unwrap_or_else(|| Cause { message: root_cause(fault), hint: None })
}
