//! What is wrong with a server's certificate, in words that say what to do.

use crate::words::UnixTime;
use rustls::CertificateError;
use std::error::Error;
use std::fmt;

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

/// Why there was no answer, and what to do, where that is known.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Why.
    pub told: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Cause {
    fn advised(told: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { told: told.into(), hint: Some(hint.into()) }
    }
}

/// On one line.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told)?;
        self.hint.iter().try_for_each(|hint| write!(f, "; {hint}"))
    }
}

/// What is wrong, where the certificate is why there is no connection.
pub fn certificate_fault(fault: &reqwest::Error, trust: Trust<'_>) -> Option<Cause> {
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

fn told(fault: &CertificateError, Trust { is_named, named_by, keeper }: Trust<'_>) -> Cause {
    match fault {
        // An authority of the right name with another key, as a certificate that was made anew has it, is not the one.
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            if is_named {
                let told = format!("it is signed by none of the file that {named_by} names");
                Cause::advised(told, "name the file of that authority instead.")
            } else {
                let told = "it is signed by no authority of this system";
                Cause::advised(told, format!("name its authority's file by {named_by}."))
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

/// rustls has no name of its own for it, and hands on what its checker of certificates says.
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

/// Why there was no answer; a certificate's fault in plain words, with what to do.
pub fn cause(fault: &reqwest::Error, trust: Trust<'_>) -> Cause {
    let certificate = certificate_fault(fault, trust);
    let certificate = certificate.map(|cause| Cause { told: format!("its certificate is not trusted: {}", cause.told), ..cause });
    certificate.unwrap_or_else(|| Cause { told: root_cause(fault), hint: None })
}

/// The innermost cause: "certificate expired" says more than "error sending request".
pub fn root_cause(fault: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
