//! Where in a pattern a match may be.

use smallvec::{SmallVec, smallvec};

/// The steps of a pattern at which a match may be, one bit each, and a last bit for the end. Most patterns have fewer than 64.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in crate::policy) struct Positions(SmallVec<[u64; 1]>);

impl Positions {
    /// Nowhere in a pattern of so many steps.
    pub(super) fn nowhere(steps: usize) -> Self {
        Self(smallvec![0; steps / 64 + 1])
    }

    pub(super) fn insert(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }

    /// Leaves all of them: no text can fit any more.
    pub(in crate::policy) fn leave(&mut self) {
        self.0.fill(0);
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.0[index / 64] & (1 << (index % 64)) != 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(number, word)| {
            let rest = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
            let words = std::iter::successors(Some(*word).filter(|word| *word != 0), rest);
            words.map(move |word| number * 64 + word.trailing_zeros() as usize)
        })
    }

    pub(in crate::policy) fn is_nowhere(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Whether the match may also be wherever it may be here: what goes on to fit from here fits from there too.
    pub(in crate::policy) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one & !other == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_that_were_put_in() {
        let mut positions = Positions::nowhere(128);
        assert!(positions.is_nowhere() && positions.iter().next().is_none());
        let all = [0, 1, 63, 64, 127, 128];
        all.into_iter().for_each(|index| positions.insert(index));
        assert_eq!(positions.iter().collect::<Vec<_>>(), all);
        assert!(positions.contains(63) && !positions.contains(62) && !positions.is_nowhere());
        let mut fewer = Positions::nowhere(128);
        fewer.insert(127);
        assert!(fewer.is_within(&positions) && !positions.is_within(&fewer) && positions.is_within(&positions));
        fewer.insert(2);
        assert!(!fewer.is_within(&positions));
    }
}
