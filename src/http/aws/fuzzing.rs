//! The fuzz target of STS's form.

use super::form::Form;
use super::identity;
use super::parameters::AssumeRole;
use axum::http::HeaderMap;

pub(crate) fn sts(bytes: &[u8]) {
    let form = || Form::parse(bytes);
    let Ok(mut parameters) = form() else { return };
    if let (_, Some("2011-06-15")) = (parameters.take("Action"), parameters.take_text("Version").as_deref()) {
        let _ = AssumeRole::read(parameters);
    }
    let _ = form().map(|form| identity::read(form, &HeaderMap::new()));
}
