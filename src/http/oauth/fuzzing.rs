//! The fuzz target of a token exchange's body, of either type.

use super::parameters::Parameters;
use axum::http::{HeaderMap, HeaderValue, header};

pub(crate) fn oauth(bytes: &[u8]) {
    for kind in ["application/x-www-form-urlencoded", "application/json"] {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        if let Err(fault) = Parameters::read(&headers, bytes) {
            assert!(fault.denial.detail.is_some_and(|detail| detail.len() < 500), "a fault is told in a sentence");
        }
    }
}
