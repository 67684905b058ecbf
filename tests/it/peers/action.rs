//! The steps of somebody else's Action, as GitHub's runner starts them: a script by node, with inputs, files and a state of its own.

use crate::support::{World, peer};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The files by which a step tells the runner something.
const FILES: [&str; 3] = ["OUTPUT", "ENV", "STATE"];

pub(super) struct Runner<'a> {
    world: &'a World,
    node: PathBuf,
}

impl<'a> Runner<'a> {
    /// `None`, with a message, if node is not installed.
    pub(super) fn new(world: &'a World) -> Option<Self> {
        let node = peer("node")?;
        FILES.iter().for_each(|name| std::fs::write(world.path(name), "").unwrap());
        Some(Self { world, node })
    }

    /// A step of a job on main, in the world's folder. It trusts the server's certificate.
    pub(super) fn step(&self, script: &Path, inputs: &[(&str, &str)]) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(script).current_dir(self.world.folder.path()).env("GITHUB_WORKSPACE", self.world.folder.path());
        command.envs(FILES.map(|name| (format!("GITHUB_{name}"), self.world.path(name))));
        command.envs(inputs.iter().map(|(name, value)| (format!("INPUT_{name}"), value)));
        command.env("NODE_EXTRA_CA_CERTS", self.world.path("tls.crt")).envs(self.world.issuer.job_environment("push"));
        command
    }

    /// The step after the job. It gets what the first one left in its state.
    pub(super) fn post_step(&self, script: &Path) -> Command {
        let (state, mut command) = (self.text("STATE"), self.step(script, &[]));
        let kept = state.lines().map(|line| line.split_once('=').unwrap());
        command.envs(kept.map(|(name, value)| (format!("STATE_{name}"), value)));
        command
    }

    /// One of the files.
    pub(super) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.world.path(name)).unwrap()
    }
}
