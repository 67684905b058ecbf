//! Whether conditions keep strangers out. At an issuer that is known to sign for strangers, a condition has to contain a whole name:
//! `acme/*` is acme's alone, and `acme*` is open to everybody who registers a name that begins like this. Nobody can list all such
//! issuers, so at every other issuer a condition has to ask something of a claim.

use super::issuers::{self, Form, Shared};

/// Claims that say for whom a token is, by whom, and how its bearer logged in: strangers' tokens have the same
/// values.
const OF_EVERYBODY: [&str; 5] = ["aud", "azp", "oaud", "amr", "iss"];
/// The value that every guest has in Cognito's `amr`.
const GUEST: &str = "unauthenticated";

/// A claim, and the texts of which it has to have one.
pub(super) struct Bound {
    pub(super) claim: String,
    pub(super) texts: Vec<Text>,
}

/// How a text begins, and whether it ends there.
pub(super) struct Text {
    begins: String,
    is_whole: bool,
    /// Whether it excludes any text.
    asks: bool,
}

/// Whether a trust in this issuer lets in strangers, or whoever has a token of it.
pub(super) fn admits_anybody(issuer: &str, bounds: &[Bound]) -> bool {
    issuers::shared(issuer).map_or_else(|| !bounds.iter().any(Bound::asks), |shared| !shared.keeps_strangers_out(bounds))
}

/// Whether a claim can tell whose token it is.
pub(super) fn identifies(claim: &str) -> bool {
    !OF_EVERYBODY.iter().any(|known| known.eq_ignore_ascii_case(claim))
}

impl Bound {
    fn asks(&self) -> bool {
        identifies(&self.claim) && !self.texts.is_empty() && self.texts.iter().all(|text| text.asks)
    }
}

impl Text {
    /// A literal text. A policy variable of AWS's stands for an unknown text.
    pub(super) fn exact(text: &str) -> Self {
        let begins = text.split("${").next().unwrap_or_default();
        Self { begins: begins.to_owned(), is_whole: begins.len() == text.len(), asks: !begins.is_empty() }
    }

    /// A pattern with `*` and `?`.
    pub(super) fn like(text: &str) -> Self {
        let begins = text.split(['*', '?']).next().unwrap_or_default();
        let exact = Self::exact(begins);
        let asks = text.split("${").next().is_some_and(|known| known.contains(|c| !matches!(c, '*' | '?')));
        Self { is_whole: exact.is_whole && begins.len() == text.len(), asks, ..exact }
    }

    pub(super) fn start(text: &str) -> Self {
        Self { begins: text.to_owned(), is_whole: false, asks: !text.is_empty() }
    }

    fn is_one(&self) -> bool {
        self.is_whole && !self.begins.is_empty()
    }

    /// Whether a whole name follows the word.
    fn has_name(&self, word: &str, ends: &str) -> bool {
        let Some(rest) = self.begins.strip_prefix(word) else { return false };
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(rest.len());
        length > 0 && rest[length..].chars().next().map_or(self.is_whole, |end| ends.contains(end))
    }
}

impl Shared {
    /// Whether the conditions, which all have to hold, let in only those whom they name.
    pub(super) fn keeps_strangers_out(&self, bounds: &[Bound]) -> bool {
        let is_one = |bound: &Bound| {
            let one = |text: &Text| text.is_one() && text.begins != GUEST;
            !bound.texts.is_empty() && bound.texts.iter().all(one)
        };
        let has = |claim: &&str| bounds.iter().any(|bound| bound.claim.eq_ignore_ascii_case(claim) && is_one(bound));
        let together = !self.together.is_empty() && self.together.iter().all(has);
        together || bounds.iter().any(|bound| self.pins(bound))
    }

    fn pins(&self, bound: &Bound) -> bool {
        let is_subject = bound.claim.eq_ignore_ascii_case("sub");
        let is_tenant = self.claims.iter().any(|claim| claim.eq_ignore_ascii_case(&bound.claim));
        let Form { words, ends } = self.form;
        let pins = |text: &Text| {
            let of_subject = is_subject && words.iter().any(|word| text.has_name(word, ends));
            let of_tenant = is_tenant && (text.is_one() || (ends.contains('/') && text.has_name("", "/")));
            of_subject || of_tenant
        };
        !bound.texts.is_empty() && bound.texts.iter().all(pins)
    }
}
