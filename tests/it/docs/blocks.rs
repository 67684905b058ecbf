//! The fenced blocks of a page.

use super::statuses::sources;
use super::{pages_to_follow, read, root};

/// Languages of blocks that nobody types at a shell. A block of commands is `sh`.
const NO_COMMANDS: [&str; 11] =
    ["text", "yaml", "json", "ini", "hcl", "dockerfile", "diff", "groovy", "toml", "nginx", "rsyslog"];
const NOT_RUN: &str = "<!-- not run: ";
/// Names the test that runs the block below.
const RUN_BY: &str = "<!-- run: ";

/// One fenced block.
#[derive(Debug)]
pub struct Block {
    pub language: String,
    pub text: String,
    /// The line of the page where it begins.
    pub line: usize,
    /// Why no test runs it.
    not_run: Option<String>,
    /// The test that runs it, if that is not the run of its whole page.
    run_by: Option<String>,
}

impl Block {
    /// Whether a reader is meant to type it.
    fn is_commands(&self) -> bool {
        self.language == "sh" || (self.language.is_empty() && (self.not_run.is_some() || self.run_by.is_some()))
    }

    /// Whether the run of its whole page runs it.
    pub fn is_run(&self) -> bool {
        self.language == "sh" && self.not_run.is_none() && self.run_by.is_none()
    }
}

/// The blocks of a page in their order.
pub fn of(page: &str) -> Vec<Block> {
    let text = read(page);
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(String, Block)> = None;
    let mut before = "";
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        match &mut open {
            Some((indent, _)) if trimmed == "```" && line.len() == indent.len() + 3 => {
                blocks.extend(open.take().map(|(_, block)| block))
            }
            Some((indent, block)) => {
                block.text.push_str(line.strip_prefix(indent.as_str()).unwrap_or(line));
                block.text.push('\n');
            }
            None => {
                if let Some(language) = trimmed.strip_prefix("```") {
                    let marked = |mark| before.strip_prefix(mark).and_then(|rest| rest.strip_suffix(" -->")).map(str::to_owned);
                    let block = Block {
                        language: language.to_owned(),
                        text: String::new(),
                        line: number + 1,
                        not_run: marked(NOT_RUN),
                        run_by: marked(RUN_BY),
                    };
                    open = Some((" ".repeat(line.len() - trimmed.len()), block));
                }
                before = if trimmed.is_empty() { before } else { trimmed };
            }
        }
    }
    assert!(open.is_none(), "{page}: a fence is not closed");
    blocks
}

#[test]
fn every_block_of_commands_runs_or_says_why_not() {
    let (mut commands, mut tests) = (0, String::new());
    sources(&root().join("tests/it"), &mut tests);
    for page in pages_to_follow() {
        for block in of(&page) {
            let at = format!("{page}:{}", block.line);
            let is_commands = block.is_commands();
            commands += usize::from(is_commands);
            assert!(
                is_commands || NO_COMMANDS.contains(&block.language.as_str()),
                "{at}: which language is `{}`?",
                block.language
            );
            assert!(is_commands || (block.not_run.is_none() && block.run_by.is_none()), "{at}: nobody would run it anyway");
            assert!(block.not_run.as_ref().is_none_or(|reason| reason.len() > 10), "{at}: give the reason");
            let test = block.run_by.as_deref().map(|test| test.rsplit("::").next().unwrap_or(test));
            assert!(test.is_none_or(|test| tests.contains(&format!("fn {test}("))), "{at}: there is no test {test:?}");
        }
    }
    assert!(commands > 40, "{commands} blocks of commands were seen");
}
