//! What is wrong with a server's certificate, in words that say what to do.

use rustls::CertificateError;
use std::error::Error;

/// How to make a certificate that stands for itself and is no authority's.
const SELF_SIGNED: &str = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=HOST -keyout tls.key \
     -out tls.crt -addext subjectAltName=DNS:HOST -addext basicConstraints=critical,CA:FALSE";

/// What is wrong, where the certificate is why there is no connection.
pub(super) fn fault(fault: &reqwest::Error, ca: bool) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = fault.source();
    while let Some(found) = cause {
        if let Some(rustls::Error::InvalidCertificate(fault)) = found.downcast_ref() {
            return Some(told(fault, ca));
        }
        // What an I/O error was made of is inside of it: its source is what comes behind that.
        let inside = found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| found.source());
    }
    None
}

fn told(fault: &CertificateError, ca: bool) -> String {
    let authority = if ca { "none of the file that --ca (DAYPASS_CA) names" } else { "no authority of this system" };
    let advice = if ca { "name the file of that authority instead" } else { "name its authority's file by --ca (DAYPASS_CA)" };
    match fault {
        // An authority of the right name with another key, as a certificate that was made anew has it, is not the one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!("it is signed by {authority}\nhint: {advice}.")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("it has expired\nhint: the operator renews it; this machine's clock may be wrong too. ({fault})")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("it is not valid yet\nhint: this machine's clock may be wrong. ({fault})")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!(
                "it is for another name ({fault})\nhint: use a name of the server that its certificate has, or have the operator add this one."
            )
        }
        other if other.to_string().contains("CaUsedAsEndEntity") => format!(
            "it is an authority's own (`CA:TRUE`), as `openssl req -x509` makes it, and a server has to show one that is no authority\n\
             hint: the operator makes one that says so, which --ca (DAYPASS_CA) can name as it is: {SELF_SIGNED}"
        ),
        other => format!(
            "it is refused: {other}\nhint: the operator looks at the certificate; --ca (DAYPASS_CA) names the authority to trust."
        ),
    }
}
