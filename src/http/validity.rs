//! From when until when a certificate is valid.

use super::tls::ChainError;
use crate::answers::CertificateFault;
use crate::words::UnixTime;
use rustls::pki_types::CertificateDer;
use std::time::Duration;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// A certificate of several months that ends within this time was not renewed when it was due.
const SOON_MAX: Duration = Duration::from_secs(7 * 86_400);
/// A certificate of hours is renewed hours before its end. It ends soon in this last fraction of its time.
const SOON_PART: u32 = 10;

/// The time in which a certificate is valid (RFC 5280, section 4.1.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Validity {
    not_before: UnixTime,
    /// Its end.
    pub not_after: UnixTime,
}

impl Validity {
    /// The validity of the server's own certificate. Others in the chain may be for older clients, and may have ended.
    pub(super) fn of(chain: &[CertificateDer<'_>]) -> Result<Self, ChainError> {
        let own = chain.first().ok_or(ChainError::Empty)?;
        let (_, parsed) = X509Certificate::from_der(own).map_err(|_| ChainError::Unreadable)?;
        let moment = |time: &x509_parser::time::ASN1Time| UnixTime::from_seconds(time.timestamp());
        Ok(Self { not_before: moment(&parsed.validity.not_before), not_after: moment(&parsed.validity.not_after) })
    }

    /// Why every client refuses it now, if it does.
    pub fn fault(&self, now: UnixTime) -> Option<CertificateFault> {
        if now < self.not_before {
            return Some(CertificateFault::NotYetValid { not_before: self.not_before });
        }
        (self.not_after < now).then_some(CertificateFault::Expired { not_after: self.not_after })
    }

    /// That it should have been renewed by now.
    pub fn warning(&self, now: UnixTime) -> Option<CertificateFault> {
        let soon = SOON_MAX.min(self.not_after.since(self.not_before) / SOON_PART);
        let ends_soon = self.fault(now).is_none() && self.not_after.minus(soon) <= now;
        ends_soon.then_some(CertificateFault::ExpiresSoon { not_after: self.not_after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(days: (i64, i64), now: i64) -> (bool, bool) {
        let day = |days: i64| UnixTime::from_seconds(days * 86_400);
        let validity = Validity { not_before: day(days.0), not_after: day(days.1) };
        (validity.fault(day(now)).is_some(), validity.warning(day(now)).is_some())
    }

    #[test]
    fn a_certificate_outside_its_time_is_a_fault_and_one_that_ends_soon_a_warning() {
        for (now, expected) in [(9, (true, false)), (10, (false, false)), (92, (false, false)), (93, (false, true))] {
            assert_eq!(verdict((10, 100), now), expected, "day {now}");
        }
        assert_eq!((verdict((10, 100), 100), verdict((10, 100), 101)), ((false, true), (true, false)));
        assert_eq!(
            (verdict((10, 20), 18), verdict((10, 20), 19)),
            ((false, false), (false, true)),
            "a short one in its last tenth"
        );
    }

    #[test]
    fn the_times_are_those_of_the_servers_own_certificate() {
        let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2026, 4, 1);
        let generated = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let validity = Validity::of(&[generated.der().clone()]).unwrap();
        assert_eq!(validity.not_after.to_string(), "2026-04-01T00:00:00Z");
        assert!(
            validity
                .fault(UnixTime::from_rfc3339("2026-04-01T00:00:01Z").unwrap())
                .unwrap()
                .to_string()
                .contains("ended at 2026-04-01")
        );
        assert!(Validity::of(&[]).is_err() && Validity::of(&[CertificateDer::from(vec![1, 2, 3])]).is_err());
    }
}
