//! Runs the blocks of pages as a reader would: in one shell, in an empty folder, with the built program.

use super::blocks::{Block, of};
use crate::support::{free_port, peer};
use std::fmt::Write as _;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The tutorial promises five minutes of commands; a busy machine needs seconds.
const COMMANDS_MAX: Duration = Duration::from_secs(300);
/// Separates the output of two blocks.
const MARK: &str = "@@@ block ";

/// Blocks of pages, in order, and the free ports that replace the ports of the pages.
pub struct Session {
    blocks: Vec<(String, Block)>,
    ports: Vec<(&'static str, String)>,
}

impl Session {
    pub fn new() -> Self {
        let ports = ["8443", "9443", "8099"].map(|port| (port, free_port().to_string()));
        Self { blocks: Vec::new(), ports: ports.to_vec() }
    }

    /// Adds the blocks of a page: those before a heading, or all.
    pub fn add(&mut self, page: &str, until: Option<&str>) {
        let text = super::read(page);
        let last = until.map(|heading| 1 + text.lines().position(|line| line == heading).unwrap());
        let blocks = of(page).into_iter().filter(|block| last.is_none_or(|last| block.line < last));
        self.blocks.extend(blocks.map(|block| (page.to_owned(), block)));
    }

    /// Replaces the page's ports, which other tests use too.
    fn moved(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (port, free)| text.replace(port, free))
    }

    fn script(&self) -> String {
        let mut script = "set -e\n".to_owned();
        for (number, (_, block)) in self.blocks.iter().enumerate() {
            if block.is_run() {
                let _ = write!(script, "printf '\\n{MARK}{number}\\n'\n{}", self.moved(&block.text));
            }
        }
        script + "printf '\\n@@@ end\\n'\n"
    }

    /// Runs the blocks, and asserts that each output of the pages was printed.
    pub fn run(&self) {
        let folder = tempfile::tempdir().unwrap();
        let printed = self.printed(folder.path());
        let mut outputs = printed.split(MARK).skip(1).map(|part| part.split_once('\n').unwrap_or((part, "")));
        let mut last = ("", "");
        for (number, (page, block)) in self.blocks.iter().enumerate() {
            let at = format!("{page}:{}", block.line);
            if block.is_run() {
                last = outputs.next().unwrap_or_else(|| panic!("{at} was not reached:\n{printed}"));
                assert_eq!(last.0, number.to_string(), "{at}: {printed}");
            } else if block.language == "text" && number > 0 && self.is_output_of(number - 1, page) {
                self.assert_shows(&at, &block.text, last.1);
            }
        }
        assert!(printed.contains("\n@@@ end\n"), "the last block failed:\n{printed}");
    }

    /// Whether this block belongs to the page and was run, so that the text behind it is its output.
    fn is_output_of(&self, number: usize, page: &str) -> bool {
        let (of, block) = &self.blocks[number];
        of == page && block.is_run()
    }

    /// Asserts that each line of the page is a line of the output, in the same order. `…` stands for anything.
    fn assert_shows(&self, at: &str, page: &str, printed: &str) {
        let mut lines = printed.lines();
        for expected in self.moved(page).lines().filter(|line| !matches!(line.trim(), "" | "…")) {
            let parts: Vec<String> = expected.split('…').map(regex::escape).collect();
            let pattern = regex::Regex::new(&format!("^{}$", parts.join(".*"))).unwrap();
            assert!(lines.any(|line| pattern.is_match(line.trim_end())), "{at}: `{expected}` is not in\n{printed}");
        }
    }

    fn printed(&self, folder: &Path) -> String {
        std::fs::write(folder.join("blocks.sh"), self.script()).unwrap();
        let output = std::fs::File::create(folder.join("output")).unwrap();
        let environment = daypass::client::environment::Environment::of_process();
        let mut folders = vec![Path::new(env!("CARGO_BIN_EXE_daypass")).parent().unwrap().to_path_buf()];
        folders.extend(["act", "sops"].iter().filter_map(|name| Some(peer(name)?.parent()?.to_path_buf())));
        let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let mut command = Command::new("bash");
        command.arg("blocks.sh").current_dir(folder).env_clear().env("HOME", folder).env("LANG", "C.UTF-8");
        command.env("PATH", format!("{}:{}", folders.join(":"), environment.value("PATH").unwrap_or_default()));
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).process_group(0);
        let (mut child, started) = (command.spawn().unwrap(), Instant::now());
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if started.elapsed() > COMMANDS_MAX {
                break None;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        // Also ends what the page left in the background.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status();
        let _ = child.wait();
        let printed = std::fs::read_to_string(folder.join("output")).unwrap();
        assert!(ended.is_some(), "the commands take longer than {COMMANDS_MAX:?}:\n{printed}");
        printed
    }
}
