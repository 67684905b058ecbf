//! The further sources that the root repository defines. A change of their bounds waits where it widens, and applies at once
//! where it narrows.

use super::{ReadContext, Revision};
use crate::config::FurtherSource;
use crate::policy::{Bounds, Tree};
use crate::words::names::SourceName;
use crate::words::yaml::Fault;
use crate::words::{Gain, WidenedFile};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A further source as the root repository defines it, with all the bounds that it has to keep: while a change of them waits,
/// both the old and the new ones.
#[derive(Clone, Debug)]
pub struct Defined {
    /// The definition in force.
    pub source: Arc<FurtherSource>,
    /// The bounds that it has to keep.
    pub bounds: Vec<Arc<Bounds>>,
    /// Whether this is exactly the commit's definition.
    pub(super) is_own: bool,
}

impl Defined {
    pub(super) fn of(source: Arc<FurtherSource>) -> Self {
        Self { bounds: vec![source.bounds.clone()], source, is_own: true }
    }

    /// The definition, kept while that of the commit is faulty.
    pub(super) fn kept(self) -> Self {
        Self { is_own: false, ..self }
    }

    /// The definition while another one waits: all bounds apply, including those of a waiting definition that was withdrawn since.
    pub(super) fn narrowed(mut self, new: &FurtherSource) -> Self {
        if !self.bounds.iter().any(|bounds| **bounds == *new.bounds) {
            self.bounds.push(new.bounds.clone());
        }
        self.kept()
    }
}

impl Revision {
    /// The further sources of this tree. A faulty definition keeps its last good form. A new or changed one waits if widening
    /// waits; until it goes live, both the old and the new bounds apply.
    pub(super) fn define(
        &self,
        tree: &Tree,
        reading: &ReadContext<'_>,
        waits: bool,
        faults: &mut Vec<Fault>,
        pending: &mut Vec<WidenedFile>,
    ) -> BTreeMap<SourceName, Defined> {
        let mut sources = BTreeMap::new();
        for file in FurtherSource::definitions(tree) {
            let stem = file.trim_start_matches("sources/").trim_end_matches(".yaml");
            let old = SourceName::parse(stem).ok().and_then(|name| Some((name.clone(), self.sources.get(&name)?.clone())));
            match (FurtherSource::parse(file, tree, reading.files, reading.catalogue), old) {
                (Err(found), old) => {
                    faults.extend(found);
                    sources.extend(old.map(|(name, old)| (name, old.kept())));
                }
                (Ok((_, new)), Some((name, old))) if new.is_same(&old.source) && (!waits || old.bounds.len() == 1) => {
                    _ = sources.insert(name, Defined::of(old.source))
                }
                (Ok((_, new)), Some((name, old))) if waits => {
                    pending.push(WidenedFile::new(file, Gain::Source, "changes the definition of a further source"));
                    sources.insert(name, old.narrowed(&new));
                }
                (Ok(_), None) if waits => pending.push(WidenedFile::new(file, Gain::Source, "defines a further source")),
                (Ok((name, new)), _) => _ = sources.insert(name, Defined::of(Arc::new(new))),
            }
        }
        sources
    }
}
