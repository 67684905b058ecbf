//! The fuzz target of STS's form.

use super::form::Form;
use super::identity;
use super::parameters::AssumeRole;
use axum::http::HeaderMap;

pub(crate) fn sts(bytes: &[u8]) {
    let form = || Form::parse(bytes);
    let Ok(mut asked) = form() else { return };
    if let (_, Some("2011-06-15")) = (asked.take("Action"), asked.take_text("Version").as_deref()) {
        let _ = AssumeRole::read(asked);
    }
    let _ = form().map(|form| identity::read(form, &HeaderMap::new()));
}
