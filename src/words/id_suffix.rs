//! How people write the id of a decision or of an operator's denial: the full id, or enough of its end to be unique.

use super::names::DecisionId;
/// The fewest digits. The last group of an id has 12 random digits; with fewer than 8 several ids would soon have the same end.
const DIGITS_MIN: usize = 8;
/// The length of a UUID (RFC 9562, section 4).
const CHARACTERS_MAX: usize = 36;

/// The end of an id, in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdSuffix(String);

/// A text is neither an id nor the end of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected an id such as 019f0a2c-7b1e-7c3d-9a4f-5b6c7d8e9f01, or at least its last {DIGITS_MIN} digits")]
pub struct NoIdSuffix;

impl IdSuffix {
    /// Reads an id or its end, in upper or lower case.
    pub fn parse(text: &str) -> Result<Self, NoIdSuffix> {
        let text = text.to_ascii_lowercase();
        let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
        let is_end = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let is_whole = text.len() < CHARACTERS_MAX || DecisionId::parse(&text).is_ok();
        let fits = (DIGITS_MIN..=CHARACTERS_MAX).contains(&text.len()) && digits >= DIGITS_MIN;
        if is_end && is_whole && fits { Ok(Self(text)) } else { Err(NoIdSuffix) }
    }

    /// The id, if the text is a full one.
    pub fn whole(&self) -> Option<DecisionId> {
        DecisionId::parse(&self.0).ok()
    }

    /// Whether this id has this end.
    pub fn ends(&self, id: &str) -> bool {
        id.ends_with(&self.0)
    }
}

impl From<DecisionId> for IdSuffix {
    fn from(id: DecisionId) -> Self {
        Self(id.as_str().to_owned())
    }
}

super::holds_text! { IdSuffix }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_or_its_end_is_taken_and_nothing_else() {
        let id = "019f0a2c-7b1e-7c3d-9a4f-5b6c7d8e9f01";
        for end in [id, "9a4f-5b6c7d8e9f01", "7d8e9f01", &id.to_ascii_uppercase()] {
            let suffix = IdSuffix::parse(end).unwrap();
            assert!(suffix.ends(id), "{end}");
            assert_eq!(suffix.whole().is_some(), end.len() == id.len(), "{end}");
        }
        for none in ["", "d8e9f01", "-------------8e9f01", "%8e9f0100", "019f0a2c-7b1e-7c3d-9a4f-5b6c7d8e9f0x", &format!("0{id}")]
        {
            assert_eq!(IdSuffix::parse(none), Err(NoIdSuffix), "{none}");
        }
        assert_eq!(IdSuffix::parse("019f0a2c.7b1e-7c3d-9a4f-5b6c7d8e9f01"), Err(NoIdSuffix));
    }
}
