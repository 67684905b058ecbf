//! What each file imports. Files that import each other can only be understood together, so there must be no cycles.

use super::code;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// A module by its path below the crate: `policy::access::past`.
pub(super) type Module = Vec<String>;

/// The modules and their re-exports.
pub(super) struct Graph {
    code: BTreeMap<Module, String>,
    /// What a module re-exports, by the module's path and the name there.
    handed_on: BTreeMap<Module, Module>,
}

#[test]
fn files_do_not_import_each_other() {
    let graph = Graph::read();
    let arrows = graph.arrows();
    let count: usize = arrows.values().map(BTreeSet::len).sum();
    assert!(count > 3000, "only {count} imports were seen");
    let circles = circles(&arrows);
    let lines: Vec<String> =
        circles.iter().map(|circle| circle.iter().map(|one| one.join("::")).collect::<Vec<_>>().join(", ")).collect();
    assert!(lines.is_empty(), "files import each other:\n{}", lines.join("\n"));
}

impl Graph {
    pub(super) fn read() -> Self {
        let comments = Regex::new(r"//[^\n]*").unwrap();
        let modules = code().into_iter().filter(|(path, _)| path != "lib.rs" && path != "main.rs" && !path.starts_with("bin/"));
        let module = |path: &str| path.trim_end_matches(".rs").split('/').map(str::to_owned).collect::<Module>();
        // A module within a file is one of its own, so that the paths of its `use` are read from there.
        let within = Regex::new(r"(?ms)^(?:pub(?:\([^)]*\))? )?mod (\w+) \{\n(.*?)^\}").unwrap();
        let mut code = BTreeMap::new();
        for (path, text) in modules {
            let (module, text) = (module(&path), comments.replace_all(&text, "").into_owned());
            for [name, inner] in within.captures_iter(&text).map(|found| found.extract().1) {
                code.insert([module.as_slice(), &[name.to_owned()]].concat(), inner.to_owned());
            }
            code.insert(module, within.replace_all(&text, "").into_owned());
        }
        let mut graph = Self { code, handed_on: BTreeMap::new() };
        let handed_on = graph.code.iter().flat_map(|(module, text)| {
            let uses = statements(text, true).into_iter().flat_map(|tree| paths(&tree));
            uses.filter_map(|path| {
                let name = path.rsplit(" as ").next()?.rsplit("::").next()?.to_owned();
                let theirs = graph.absolute(module, path.split(" as ").next()?)?;
                Some(([module.as_slice(), &[name]].concat(), theirs))
            })
        });
        graph.handed_on = handed_on.collect();
        graph
    }

    /// The path from the crate's root; `None` for a path of another crate.
    fn absolute(&self, module: &[String], path: &str) -> Option<Module> {
        let parts: Module = path.split("::").map(|part| part.trim().to_owned()).collect();
        let above = parts.iter().take_while(|part| *part == "super").count();
        match parts[0].as_str() {
            "crate" => Some(parts[1..].to_vec()),
            "super" => Some([&module[..module.len().checked_sub(above)?], &parts[above..]].concat()),
            "self" => Some([module, &parts[1..]].concat()),
            child => {
                let child = [module, &[child.to_owned()]].concat();
                self.code.contains_key(&child).then(|| [module, &parts].concat())
            }
        }
    }

    /// The file that defines what a path names, also through re-exports, and the name in it.
    fn file(&self, path: &[String], depth: usize) -> Option<(&Module, String)> {
        let (module, _) = (1..=path.len()).rev().find_map(|length| self.code.get_key_value(&path[..length]))?;
        let name = &path[module.len()..];
        let handed_on = path.get(..=module.len()).and_then(|name| self.handed_on.get(name)).filter(|_| depth < 8);
        match handed_on {
            Some(theirs) => self.file(&[theirs, &name[1..]].concat(), depth + 1),
            None => self.by_glob(module, name, depth).or_else(|| Some((module, name.join("::")))),
        }
    }

    /// The same for a name that the module re-exports by `pub use other::*`.
    fn by_glob(&self, module: &[String], name: &[String], depth: usize) -> Option<(&Module, String)> {
        let (_, theirs) = self.handed_on.get(&[module, &["*".to_owned()]].concat()).filter(|_| depth < 8)?.split_last()?;
        self.file(&[theirs, name].concat(), depth + 1).filter(|(file, _)| file.as_slice() != theirs)
    }

    /// The files that each file imports.
    fn arrows(&self) -> BTreeMap<&Module, BTreeSet<&Module>> {
        let files = |imports: BTreeSet<(_, String)>| imports.into_iter().map(|(theirs, _)| theirs).collect();
        self.imports().into_iter().map(|(module, imports)| (module, files(imports))).collect()
    }

    /// The names that each file imports, with the file that defines each.
    pub(super) fn imports(&self) -> BTreeMap<&Module, BTreeSet<(&Module, String)>> {
        let inline = Regex::new(r"\b(?:crate|super)(?:::\w+)+").unwrap();
        // A re-export or a visibility is not an import.
        let no_import = Regex::new(r"(?m)^\s*pub(?:\([^)]*\))? use [^;]+;|\bpub\(in [^)]*\)").unwrap();
        let mut imports = BTreeMap::new();
        for (module, text) in &self.code {
            let used = statements(text, false).into_iter().flat_map(|tree| paths(&tree));
            let own = no_import.replace_all(text, "");
            let used = used.chain(inline.find_iter(&own).map(|path| path.as_str().to_owned()));
            let theirs = used.filter_map(|path| self.file(&self.absolute(module, path.split(" as ").next()?)?, 0));
            imports.insert(module, theirs.filter(|(theirs, _)| *theirs != module).collect());
        }
        imports
    }
}

/// The trees of `use` statements, or of `pub use`.
fn statements(text: &str, public: bool) -> Vec<String> {
    let form = if public { r"(?m)^\s*pub(?:\([^)]*\))? use ([^;]+);" } else { r"(?m)^\s*use ([^;]+);" };
    Regex::new(form).unwrap().captures_iter(text).map(|tree| tree[1].split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Each path of a tree: `a::{b, c::d}` are two.
fn paths(tree: &str) -> Vec<String> {
    let Some((start, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut parts) = (0_usize, vec![String::new()]);
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(letter);
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(paths).map(|path| format!("{}{path}", start.trim())).collect()
}

/// The cycles: sets of two or more files of which each reaches every other.
fn circles(arrows: &BTreeMap<&Module, BTreeSet<&Module>>) -> Vec<Vec<Module>> {
    let all: BTreeMap<&Module, BTreeSet<&Module>> = arrows.keys().map(|module| (*module, reached(arrows, module))).collect();
    let circle = |module: &&Module| -> Vec<Module> {
        all[*module]
            .iter()
            .filter(|theirs| all.get(**theirs).is_some_and(|back| back.contains(*module)))
            .map(|one| (*one).clone())
            .collect()
    };
    let found: BTreeSet<Vec<Module>> = all.keys().map(circle).filter(|circle| circle.len() > 1).collect();
    found.into_iter().collect()
}

/// Every file that this one imports, directly or through others.
fn reached<'a>(arrows: &BTreeMap<&'a Module, BTreeSet<&'a Module>>, from: &'a Module) -> BTreeSet<&'a Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        next.extend(arrows.get(module).into_iter().flatten().copied().filter(|theirs| seen.insert(*theirs)));
    }
    seen
}
