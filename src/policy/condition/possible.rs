//! Values that no token of an issuer can have. A line with such a value never matches, or never excludes anything.

use super::Effect;
use super::read::Form;
use super::single::Single;
use crate::identity::{Attribute, ClaimType, Facts, Mapping, Presence, Unread, Value, ValueFormat, is_cloned_as};
use crate::policy::access::patterns_overlap;
use crate::policy::pattern::Pattern;
use crate::token::Claims;
use crate::words::yaml::{Yaml, nearest};
use std::sync::Arc;

/// What is wrong with a value, and how to correct it.
pub(super) struct Impossible {
    pub(super) message: String,
    pub(super) help: String,
}

/// Checks that some issuer of these mappings can claim the value. If no mapping claims the attribute, every value passes.
pub(super) fn check(mappings: &[Arc<Mapping>], attribute: Attribute, single: &Single) -> Result<(), Impossible> {
    let mut claiming = mappings.iter().filter(|mapping| mapping.claims(attribute)).peekable();
    let Some(first) = claiming.peek().copied() else { return Ok(()) };
    if claiming.any(|mapping| is_possible(mapping, attribute, single)) {
        return Ok(());
    }
    Err(match single {
        Single::Id { id, .. } => impossible_id(first, attribute, id),
        Single::Text(pattern) => impossible_text(first, attribute, pattern),
        Single::Json(_) => return Ok(()),
    })
}

/// Whether some token of this mapping's issuers may have the value.
pub(in crate::policy) fn is_possible(mapping: &Mapping, attribute: Attribute, single: &Single) -> bool {
    match single {
        Single::Id { id, .. } => {
            let fits = |shape: &ValueFormat| fits(shape, &Pattern::literal_of(id));
            mapping.has_id(attribute) && mapping.id_shape(attribute).is_none_or(fits)
        }
        Single::Text(pattern) if attribute == Attribute::Ref && !may_be_a_ref(pattern) => false,
        Single::Text(pattern) => match mapping.closed_set(attribute) {
            Some(words) => words.iter().any(|word| pattern.matches(word)),
            None => mapping.shape(attribute).is_none_or(|shape| fits(shape, pattern)),
        },
        Single::Json(_) => true,
    }
}

/// Whether some ref may fit the pattern, as far as the characters tell that it names (git-check-ref-format(1)).
fn may_be_a_ref(pattern: &Pattern) -> bool {
    let good = |character: char| !character.is_control() && !" ~^:?[\\".contains(character);
    let text = pattern.to_string();
    pattern.named().all(good)
        && !text.contains("..")
        && !text.contains("//")
        && !text.ends_with(['/', '.'])
        && !text.ends_with(".lock")
}

/// Whether some text of this shape may fit the pattern.
fn fits(shape: &ValueFormat, pattern: &Pattern) -> bool {
    let like = |other: &str| {
        let other = Pattern::parse(other);
        other.is_ok_and(|other| pattern.literal().map_or_else(|| patterns_overlap(&other, pattern), |text| other.matches(text)))
    };
    match (shape, pattern.literal()) {
        (ValueFormat::Like(patterns), _) => patterns.iter().any(|pattern| like(pattern)),
        (_, Some(text)) => shape.fits(text),
        (ValueFormat::SpiffeId, None) if !like("spiffe://**") => false,
        (ValueFormat::WorkflowFile, None) => like("*/*/*/*/*@**") && may_end_in_a_ref(&pattern.to_string()),
        (_, None) => {
            shape.required_pattern().is_none_or(|other| like(other) && !is_cloned_as(&pattern.to_string()))
                && pattern.named().all(|character| shape.takes(character))
        }
    }
}

/// Whether the text after the `@` may be the beginning of a full ref or of a commit.
fn may_end_in_a_ref(workflow: &str) -> bool {
    let Some((file, at)) = workflow.split_once('@').filter(|(file, _)| !file.contains("**")) else { return true };
    let begins = at.split('*').next().unwrap_or_default();
    let whole = begins.len() == at.len();
    let is_ref = begins.starts_with("refs/") || (!whole && "refs/".starts_with(begins));
    let is_commit =
        if whole { ValueFormat::Commit.fits(begins) } else { begins.chars().all(|digit| ValueFormat::Commit.takes(digit)) };
    !file.is_empty() && (is_ref || is_commit)
}

/// Checks that an issuer of these mappings may have this claim. A name that is similar to a documented one is a spelling mistake.
pub(super) fn check_claim(mappings: &[Arc<Mapping>], pointer: &str) -> Result<(), Impossible> {
    if mappings.iter().any(|mapping| mapping.knows_claim(pointer)) {
        return Ok(());
    }
    let slip = mappings.iter().find_map(|mapping| Some((mapping.name(), mapping.nearest_claim(pointer)?)));
    slip.map_or(Ok(()), |(mapping, suggestion)| {
        Err(Impossible {
            message: format!("no token of the mapping {mapping} is documented to claim `{pointer}`, but a similar name is"),
            help: format!("did you mean `{suggestion}`?"),
        })
    })
}

/// Checks that the value has the type that some issuer of these mappings gives the claim, or may be an entry of it in a denial, which looks
/// into lists. An undocumented claim passes.
pub(super) fn check_claim_type(
    mappings: &[Arc<Mapping>],
    pointer: &str,
    value: &Yaml,
    (effect, form): (Effect, Form),
) -> Result<(), Impossible> {
    let found = match value {
        Yaml::Text(_) => ClaimType::Text,
        Yaml::Integer(_) | Yaml::Float(_) => ClaimType::Number,
        Yaml::Flag(_) => ClaimType::Flag,
        Yaml::List(_) | Yaml::Mapping(_) | Yaml::Null => return Ok(()),
    };
    let mut documented = None;
    for mapping in mappings {
        match mapping.claim_type(pointer) {
            Some(claimed) if claimed == found => return Ok(()),
            Some(ClaimType::List) if effect == Effect::Denies && form != Form::Not => return Ok(()),
            Some(claimed) => documented = documented.or(Some((mapping.name(), claimed))),
            None if mapping.lists_claims() && !mapping.knows_claim(pointer) => {}
            None => return Ok(()),
        }
    }
    let Some((mapping, claimed)) = documented else { return Ok(()) };
    let help = match claimed {
        ClaimType::Text => "write it in quotes: types are compared exactly".to_owned(),
        ClaimType::Number | ClaimType::Flag => {
            "write it without quotes, and not as a pattern: types are compared exactly".to_owned()
        }
        ClaimType::List if effect == Effect::Denies => "leave `not` out, and list the entries to deny".to_owned(),
        ClaimType::List => {
            format!("one of its entries is `{pointer}/0`, the next one `{pointer}/1`; only a denial looks at every entry")
        }
        ClaimType::Mapping => format!("one of its members is `{pointer}/NAME`"),
    };
    // No list is one of the values, so a denial with `not` would deny every token that has the claim.
    let denies_all = effect == Effect::Denies && claimed == ClaimType::List;
    let why = if denies_all { "this would deny everybody" } else { "this can never match" };
    Err(Impossible { message: format!("{why}: the mapping {mapping} has `{pointer}` as {}", claimed.described()), help })
}

/// Why no token of an issuer has these attributes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum ImpossibleFacts {
    /// Every token has the attribute, and these claims lack it.
    #[error("every token has `{attribute}`")]
    Lacking {
        /// The attribute.
        attribute: Attribute,
    },
    /// Its claim has another form: it is no text, or no flag.
    #[error("no token has `{attribute}` in such a form")]
    Form {
        /// The attribute.
        attribute: Attribute,
    },
    /// Its claim has the word of policies, which tokens never have.
    #[error("`{ours}` is a policy's word for `{attribute}`: tokens say `{theirs}`")]
    OurWord {
        /// The attribute.
        attribute: Attribute,
        /// The word of policies.
        ours: String,
        /// The word of tokens.
        theirs: String,
    },
    /// Every token has its id, and these claims lack it.
    #[error("every token has an id of `{attribute}`: write `{name}@ID`")]
    NoId {
        /// The attribute.
        attribute: Attribute,
        /// Its name.
        name: String,
    },
    /// No token of the mapping has the attribute.
    #[error("no token of the mapping {mapping} claims `{attribute}`")]
    Never {
        /// The attribute.
        attribute: Attribute,
        /// The issuer's mapping.
        mapping: String,
    },
    /// No token of the mapping has this value of the attribute.
    #[error("{message}: {help}")]
    Impossible {
        /// What is wrong with it.
        message: String,
        /// How to correct it.
        help: String,
    },
    /// It is neither true nor false.
    #[error("`{attribute}` is true or false, and never `{text}`")]
    NoFlag {
        /// The attribute.
        attribute: Attribute,
        /// The value, as it is written.
        text: String,
    },
    /// Its value is empty.
    #[error("`{attribute}`: an empty text is no claim: write `null`")]
    Empty {
        /// The attribute.
        attribute: Attribute,
    },
}

/// Checks that a token of this mapping may have each of these attributes.
pub(in crate::policy) fn check_facts(mapping: &Mapping, facts: &Facts) -> Result<(), ImpossibleFacts> {
    for (attribute, value) in facts.attributes.iter() {
        let attribute = *attribute;
        if !mapping.claims(attribute) {
            return Err(ImpossibleFacts::Never { attribute, mapping: mapping.name().to_owned() });
        }
        let (text, id) = match value {
            Value::Named { name, id: None } if mapping.id_presence(attribute) == Presence::Always => {
                return Err(ImpossibleFacts::NoId { attribute, name: name.clone() });
            }
            Value::Named { name, id } => (name, id.as_ref()),
            Value::Text(text) => (text, None),
            Value::Flag(_) => continue,
        };
        let impossible = |found: Impossible| ImpossibleFacts::Impossible { message: found.message, help: found.help };
        let pattern = Pattern::literal_of(text);
        if !is_possible(mapping, attribute, &Single::Text(pattern.clone())) {
            return Err(impossible(impossible_text(mapping, attribute, &pattern)));
        }
        if let Some(id) = id.filter(|id| !may_be_id(mapping, attribute, id)) {
            return Err(impossible(impossible_id(mapping, attribute, id)));
        }
    }
    facts.unreadable.iter().try_for_each(|attribute| check_unread(mapping, *attribute, &facts.claims))
}

/// Checks an unreadable attribute. A CI may have more words than its mapping knows, so an unknown word proves nothing, except a word of
/// policies.
fn check_unread(mapping: &Mapping, attribute: Attribute, claims: &Claims) -> Result<(), ImpossibleFacts> {
    let claimed = match mapping.unread(attribute, claims) {
        Unread::Absent => return Err(ImpossibleFacts::Lacking { attribute }),
        Unread::Form => return Err(ImpossibleFacts::Form { attribute }),
        Unread::Word(claimed) => claimed,
    };
    let ours = mapping.words(attribute).find(|word| word.ours == claimed);
    ours.filter(|_| mapping.words(attribute).all(|word| word.theirs != claimed)).map_or(Ok(()), |word| {
        Err(ImpossibleFacts::OurWord { attribute, ours: claimed.to_owned(), theirs: word.theirs.to_owned() })
    })
}

/// Whether some token of this mapping may have this value of the attribute.
pub(in crate::policy) fn may_be(mapping: &Mapping, attribute: Attribute, text: &str) -> bool {
    is_possible(mapping, attribute, &Single::Text(Pattern::literal_of(text)))
}

/// The same for its id.
pub(in crate::policy) fn may_be_id(mapping: &Mapping, attribute: Attribute, id: &str) -> bool {
    is_possible(mapping, attribute, &Single::Id { name: String::new(), id: id.to_owned() })
}

fn impossible_id(mapping: &Mapping, attribute: Attribute, id: &str) -> Impossible {
    let name = mapping.name();
    match mapping.id_shape(attribute).filter(|_| mapping.has_id(attribute)) {
        Some(shape) => Impossible {
            message: format!("`{id}` is no id of `{attribute}` in the mapping {name}: such an id is {}", shape.described()),
            help: "what stands behind the last `@` is the id, and it decides; `daypass whoami` shows it".to_owned(),
        },
        None => Impossible {
            message: format!("issuers of the mapping {name} give `{attribute}` no id, so this can never match"),
            help: "write the name alone".to_owned(),
        },
    }
}

fn impossible_text(mapping: &Mapping, attribute: Attribute, pattern: &Pattern) -> Impossible {
    let name = mapping.name();
    if let Some(words) = mapping.closed_set(attribute) {
        let words: Vec<&str> = words.into_iter().collect();
        let suggestion = mapping.words(attribute).find(|word| pattern.matches(word.theirs)).map(|word| word.ours);
        let suggestion = suggestion.or_else(|| nearest(&pattern.to_string(), &words));
        return Impossible {
            message: format!("issuers of the mapping {name} never claim `{attribute}` as `{pattern}`"),
            help: suggestion.map_or_else(|| format!("they claim {}", words.join(", ")), |word| format!("did you mean `{word}`?")),
        };
    }
    let branch = Pattern::parse(&format!("refs/heads/{pattern}"));
    let is_branch =
        attribute == Attribute::Ref && branch.is_ok_and(|branch| is_possible(mapping, attribute, &Single::Text(branch)));
    let shape = mapping.shape(attribute).map(ValueFormat::described).unwrap_or_default();
    let workflow = of_a_branch(pattern).filter(|_| attribute == Attribute::Workflow);
    let workflow =
        workflow.filter(|text| Pattern::parse(text).is_ok_and(|pattern| is_possible(mapping, attribute, &Single::Text(pattern))));
    Impossible {
        message: format!("`{pattern}` can never match: `{attribute}` in the mapping {name} is {shape}"),
        help: match workflow {
            _ if is_branch => format!("did you mean `refs/heads/{pattern}`?"),
            Some(workflow) => format!("did you mean `{workflow}`?"),
            None => "`daypass whoami` in a job shows the value".to_owned(),
        },
    }
}

/// The workflow with a full ref, if its ref is only the name of a branch.
fn of_a_branch(pattern: &Pattern) -> Option<String> {
    let text = pattern.to_string();
    let (file, branch) = text.rsplit_once('@')?;
    Some(format!("{file}@refs/heads/{branch}"))
}

#[cfg(test)]
mod tests;
