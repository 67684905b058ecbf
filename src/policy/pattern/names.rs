//! Whether any name of a kind can fit a pattern. The form of the names is a regular expression of the JSON Schemas, so that the readers, the
//! schemas and the patterns have one.

use super::{Pattern, PatternError, Step, is_delimiter};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::collections::HashMap;
use std::fmt::{Display, Formatter};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Forms by their regular expressions; `None` for what is none.
type Forms = HashMap<&'static str, Option<Arc<Automaton>>>;

/// The forms that were read, each once: every policy that is loaded asks for the same few.
static FORMS: LazyLock<Mutex<Forms>> = LazyLock::new(Mutex::default);

/// The names of one kind.
pub(in crate::policy) struct NameForm {
    /// Their kind, for people.
    pub(in crate::policy) kind: &'static str,
    /// Their form as a regular expression.
    pub(in crate::policy) form: &'static str,
    /// What to write.
    pub(in crate::policy) example: &'static str,
}

/// No name of the kind fits a pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no {kind} is called like that: {fault}. Write for example {example}")]
pub(in crate::policy) struct NoNameError {
    kind: &'static str,
    fault: NoNameFault,
    example: &'static str,
}

/// Why a text is no pattern of names of one kind.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum NamePatternError {
    /// It is no pattern at all.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// No name fits it.
    #[error(transparent)]
    NoName(#[from] NoNameError),
}

/// Where a pattern leaves the form.
#[derive(Clone, PartialEq, Eq, Debug)]
enum NoNameFault {
    /// This character cannot stand behind this beginning.
    Character { character: char, before: String },
    /// Something has to follow.
    End { before: String },
}

impl Display for NoNameFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Character { character, before } if before.is_empty() => {
                write!(f, "{} cannot stand at its beginning", quoted(*character))
            }
            Self::Character { character, before } => write!(f, "{} cannot stand behind `{before}`", quoted(*character)),
            Self::End { before } => write!(f, "it cannot end with `{before}`"),
        }
    }
}

/// A character that can be seen.
fn quoted(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        visible if visible.is_ascii_graphic() => format!("`{visible}`"),
        other => format!("`{other}` (U+{:04X})", u32::from(other)),
    }
}

impl Pattern {
    /// Parses a pattern of names of this form.
    pub(in crate::policy) fn of_names(text: &str, names: &NameForm) -> Result<Self, NamePatternError> {
        let pattern = Self::parse(text)?;
        pattern.check_can_name(names)?;
        Ok(pattern)
    }

    /// Checks that some name of this form can fit.
    pub(in crate::policy) fn check_can_name(&self, names: &NameForm) -> Result<(), NoNameError> {
        // A form that is no regular expression forbids nothing. A test reads each of them.
        let Some(automaton) = Automaton::known(names.form) else { return Ok(()) };
        let pattern = self.expanded();
        let reached = match Search::new(&pattern.steps, &automaton).run() {
            Reached::Name => return Ok(()),
            Reached::Step(reached) => reached,
        };
        let before: String = pattern.steps[..reached].iter().map(ToString::to_string).collect();
        let fault = match pattern.steps.get(reached) {
            Some(Step::Literal(character)) => NoNameFault::Character { character: *character, before },
            _ => NoNameFault::End { before },
        };
        Err(NoNameError { kind: names.kind, fault, example: names.example })
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Literal(character) => write!(f, "{character}"),
            Self::WithinSegment => f.write_str("*"),
            Self::Segments(delimiter) => write!(f, "**{delimiter}"),
            Self::Anything => f.write_str("**"),
        }
    }
}

/// The form of names as a nondeterministic automaton.
struct Automaton {
    states: Vec<State>,
    start: usize,
    /// For each state, those that are reached from it without a character, itself included, but for `Either`.
    closures: Vec<Vec<usize>>,
}

enum State {
    /// The name may end here.
    End,
    /// One character of these ranges, and the state behind it.
    Character(Vec<(char, char)>, usize),
    /// Any of these states.
    Either(Vec<usize>),
}

impl Automaton {
    fn known(form: &'static str) -> Option<Arc<Self>> {
        let mut forms = FORMS.lock().unwrap_or_else(PoisonError::into_inner);
        forms.entry(form).or_insert_with(|| Self::of(form).map(Arc::new)).clone()
    }

    fn of(form: &str) -> Option<Self> {
        let hir = regex_syntax::parse(form).ok()?;
        let mut automaton = Self { states: vec![State::End], start: 0, closures: Vec::new() };
        automaton.start = automaton.add(&hir, 0)?;
        automaton.closures = (0..automaton.states.len()).map(|state| automaton.closure(state)).collect();
        Some(automaton)
    }

    fn closure(&self, state: usize) -> Vec<usize> {
        let (mut reached, mut next) = (vec![state], 0);
        while let Some(state) = reached.get(next) {
            if let State::Either(states) = &self.states[*state] {
                let new: Vec<usize> = states.iter().copied().filter(|state| !reached.contains(state)).collect();
                reached.extend(new);
            }
            next += 1;
        }
        reached.retain(|state| !matches!(self.states[*state], State::Either(_)));
        reached
    }

    fn push(&mut self, state: State) -> usize {
        self.states.push(state);
        self.states.len() - 1
    }

    /// Adds what reads this expression and then goes on from `next`. `None` for what no form of a name has.
    fn add(&mut self, hir: &Hir, next: usize) -> Option<usize> {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Some(next),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                Some(text.chars().rev().fold(next, |next, one| self.push(State::Character(vec![(one, one)], next))))
            }
            HirKind::Class(Class::Unicode(class)) => {
                let ranges = class.iter().map(|range| (range.start(), range.end())).collect();
                Some(self.push(State::Character(ranges, next)))
            }
            HirKind::Class(Class::Bytes(_)) => None,
            HirKind::Capture(capture) => self.add(&capture.sub, next),
            HirKind::Concat(parts) => parts.iter().rev().try_fold(next, |next, part| self.add(part, next)),
            HirKind::Alternation(branches) => {
                let branches: Option<Vec<usize>> = branches.iter().map(|branch| self.add(branch, next)).collect();
                branches.map(|branches| self.push(State::Either(branches)))
            }
            HirKind::Repetition(repeated) => {
                let mut start = next;
                match repeated.max {
                    Some(most) => {
                        for _ in repeated.min..most {
                            let once = self.add(&repeated.sub, start)?;
                            start = self.push(State::Either(vec![once, next]));
                        }
                    }
                    None => {
                        start = self.push(State::Either(Vec::new()));
                        let once = self.add(&repeated.sub, start)?;
                        self.states[start] = State::Either(vec![once, next]);
                    }
                }
                (0..repeated.min).try_fold(start, |start, _| self.add(&repeated.sub, start))
            }
        }
    }
}

/// How far a search came.
enum Reached {
    /// A name fits the whole pattern.
    Name,
    /// No name fits more than the steps before this one.
    Step(usize),
}

/// A search through the pairs of a step of the pattern and a state of the form.
struct Search<'a> {
    steps: &'a [Step],
    automaton: &'a Automaton,
    seen: Vec<bool>,
    waiting: Vec<(usize, usize)>,
    furthest: usize,
}

impl<'a> Search<'a> {
    fn new(steps: &'a [Step], automaton: &'a Automaton) -> Self {
        let seen = vec![false; (steps.len() + 1) * automaton.states.len()];
        Self { steps, automaton, seen, waiting: Vec::new(), furthest: 0 }
    }

    fn run(mut self) -> Reached {
        self.enter(0, self.automaton.start);
        while let Some((step, state)) = self.waiting.pop() {
            let automaton = self.automaton;
            match &automaton.states[state] {
                State::End if step == self.steps.len() => return Reached::Name,
                State::End | State::Either(_) => {}
                State::Character(ranges, next) => self.read(step, ranges, *next),
            }
        }
        Reached::Step(self.furthest)
    }

    /// Both read one character, if there is one that both can read.
    fn read(&mut self, step: usize, ranges: &[(char, char)], next: usize) {
        let takes_others = || ranges.iter().any(|(first, last)| (*first..=*last).any(|character| !is_delimiter(character)));
        match self.steps.get(step) {
            Some(Step::Literal(_)) => self.enter(step + 1, next),
            Some(Step::WithinSegment) if takes_others() => self.enter(step, next),
            Some(Step::Anything) => self.enter(step, next),
            Some(Step::Segments(delimiter)) => {
                self.visit(step, next);
                if takes(ranges, *delimiter) {
                    self.enter(step + 1, next);
                }
            }
            Some(Step::WithinSegment) | None => {}
        }
    }

    /// Goes to a step, and to those behind it that can be reached without a character.
    fn enter(&mut self, step: usize, state: usize) {
        self.visit(step, state);
        if self.steps.get(step).is_some_and(|step| !matches!(step, Step::Literal(_))) {
            self.enter(step + 1, state);
        }
    }

    fn visit(&mut self, step: usize, state: usize) {
        self.furthest = self.furthest.max(step);
        let automaton = self.automaton;
        for state in &automaton.closures[state] {
            let at = step * automaton.states.len() + state;
            if self.goes_on(step, *state) && !std::mem::replace(&mut self.seen[at], true) {
                self.waiting.push((step, *state));
            }
        }
    }

    /// Whether a pair is worth a visit. Most steps are characters, and most states read another one.
    fn goes_on(&self, step: usize, state: usize) -> bool {
        match (self.steps.get(step), &self.automaton.states[state]) {
            (Some(Step::Literal(character)), State::Character(ranges, _)) => takes(ranges, *character),
            (Some(Step::Literal(_)), _) => false,
            _ => true,
        }
    }
}

fn takes(ranges: &[(char, char)], character: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

#[cfg(test)]
mod tests;
