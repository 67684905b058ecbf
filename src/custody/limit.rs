//! Bounds the answers that the AWS SDK reads. It collects the whole of one in memory before it looks at it.

use aws_sdk_kms::config::interceptors::BeforeDeserializationInterceptorContextMut as Context;
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_kms::error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::{LengthLimitError, Limited};
use std::error::Error;

/// The most bytes of an answer, for a client of any service.
#[derive(Clone, Copy, Debug)]
pub struct AnswerLimit(pub usize);

impl AnswerLimit {
    /// Whether a call failed because of a limit.
    pub fn is_cause_of(fault: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(fault);
        while let Some(found) = cause {
            if found.is::<LengthLimitError>() {
                return true;
            }
            cause = found.source();
        }
        false
    }
}

impl Intercept for AnswerLimit {
    fn name(&self) -> &'static str {
        "AnswerLimit"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut Context<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let body = response.take_body();
        *response.body_mut() = SdkBody::from_body_1_x(Limited::new(body, self.0));
        Ok(())
    }
}
