//! `daypass demo`: a whole run, end to end, on this machine. Everything in it is real except the issuer, which stands in for GitHub's.

mod aws;
mod error;
pub mod issuer;
mod print;
mod world;

pub use error::DemoError;

use crate::client::{Failure, STATUS_UNAVAILABLE};
use crate::words::SystemClock;
use anstyle::{AnsiColor, Reset, Style};
use print::{note, paragraph, show};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use world::DemoWorld;

/// The demo's server polls Git every second. The demo fails if a change takes longer than this.
const CHANGE_LIVE_MAX: Duration = Duration::from_secs(20);

/// What the demo runs with.
#[derive(Debug)]
pub struct Demo {
    /// The address of an AWS emulator.
    pub aws_endpoint: Option<String>,
    /// The AWS CLI.
    pub aws_cli: PathBuf,
    /// Wait for Enter between the chapters.
    pub step: bool,
}

impl Demo {
    /// Runs the demo, and removes everything that it made.
    pub async fn run(&self) -> Result<(), Failure> {
        self.run_chapters().await.map_err(|fault| Failure::new(STATUS_UNAVAILABLE, fault))
    }

    async fn run_chapters(&self) -> Result<(), DemoError> {
        paragraph("\nCI jobs get a day pass, never a key.\n");
        self.chapter("A Git repository holds the trust policies and the sealed secrets");
        let aws = self.aws_endpoint.as_ref().map(|endpoint| aws::Emulator::new(endpoint, &self.aws_cli));
        let world = DemoWorld::create(Arc::new(SystemClock), aws.as_ref()).await?;
        show(&world.read("policies/shop/deploy.yaml")?);
        note("The secret is encrypted to the server's age key. This is all that Git sees of it:");
        show(first_lines(&world.read("secrets/shop/production/db-password.age")?, 3));

        self.chapter("The server starts: its own OIDC issuer, its own store, and no cloud key");
        let _server = world.start_server().await?;
        note("`doctor` checks everything that the server needs, and says what to do:");
        world.daypass(&["doctor", "--config", &world.path("daypass.yaml")], None).await?.print().succeeded()?;
        if let Some(aws) = &aws {
            aws.prepare(&world.issuer_url()).await?;
            note(
                "An AWS emulator (ministack) got one role. Its trust policy accepts this server's issuer and the subject root/shop/deploy.",
            );
        }
        self.granted(&world, aws.as_ref()).await?;
        self.denied(&world).await?;
        self.changed(&world).await?;
        self.chapter("The audit log: everything that was released is in it");
        world.daypass(&["audit", "tail", "--config", &world.path("daypass.yaml")], None).await?.print();
        paragraph("\nWhat to type next:");
        show(
            "daypass policy check --config daypass.yaml --folder access/   find the faults in your own policies\ndaypass serve --config daypass.yaml                           docs/tutorial.md leads from nothing to a real job\n",
        );
        Ok(())
    }

    /// A push to main gets what the policy grants.
    async fn granted(&self, world: &DemoWorld, aws: Option<&aws::Emulator<'_>>) -> Result<(), DemoError> {
        self.chapter("A job on main sends its token, and gets what the policy grants, for half an hour");
        let secret = "DB_PASSWORD=shop/production/db-password.age";
        let script = "echo \"the job sees a database password of ${#DB_PASSWORD} characters\"; echo \"and the AWS key ${AWS_ACCESS_KEY_ID:-(no AWS emulator in this run)}\"";
        let mut arguments = vec!["exec", "--env", secret];
        if aws.is_some() {
            arguments.push("--aws");
        }
        arguments.extend(["--", "sh", "-c", script]);
        world.daypass(&arguments, Some("push")).await?.print().succeeded()?;
        let Some(aws) = aws else {
            note("No AWS emulator was given (--aws-endpoint), so the AWS part is left out. `make demo` starts one.");
            return Ok(());
        };
        note("The credentials are real to the emulator. One call that the role allows, and one that it does not:");
        for call in aws.calls() {
            let mut arguments = vec!["exec", "--aws", "--", aws.cli()];
            arguments.extend(call.arguments.iter().map(String::as_str));
            let output = world.daypass(&arguments, Some("push")).await?.print();
            if output.status_is_success() != call.allowed {
                return Err(DemoError::Call { is_allowed: call.allowed });
            }
        }
        Ok(())
    }

    /// A pull request asks for the same, and is denied.
    async fn denied(&self, world: &DemoWorld) -> Result<(), DemoError> {
        self.chapter("A pull request asks for the same");
        let output = world.daypass(&["secret", "get", "shop/production/db-password.age"], Some("pull-request")).await?.print();
        if output.status_is_success() {
            return Err(DemoError::Given);
        }
        note(
            "The job gets a code and a decision id, but not the policy. By that id the operator sees the line that did not match:",
        );
        let decision = output.decision().ok_or(DemoError::NoDecision)?;
        let arguments = ["policy", "explain", "--decision", decision, "--config", &world.path("daypass.yaml")];
        world.daypass(&arguments, None).await?.print().succeeded()?;
        Ok(())
    }

    /// A commit changes the access without a restart.
    async fn changed(&self, world: &DemoWorld) -> Result<(), DemoError> {
        self.chapter("A change would let pull requests read a preview secret: `policy diff` shows it before the merge");
        world.propose_preview_policy().await?;
        show(&world.read("policies/shop/preview.yaml")?);
        let config = world.path("daypass.yaml");
        world.daypass(&["policy", "diff", "main...preview", "--config", &config], None).await?.print().succeeded()?;
        note("The operator merges it:");
        world.merge_preview_policy().await?;
        let committed = Instant::now();
        let arguments = ["secret", "get", "shop/preview/token.age"];
        loop {
            let output = world.daypass(&arguments, Some("pull-request")).await?;
            if output.status_is_success() {
                output.print();
                note(&format!(
                    "In force {:.1} s after the merge. To roll back, revert the commit.",
                    committed.elapsed().as_secs_f32()
                ));
                return Ok(());
            }
            if committed.elapsed() > CHANGE_LIVE_MAX {
                output.print();
                return Err(DemoError::NoEffect);
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    fn chapter(&self, title: &str) {
        if self.step {
            anstream::eprint!("\n(press Enter to continue) ");
            let _ = std::io::stdin().read_line(&mut String::new());
        }
        let style = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
        anstream::println!("\n{style}── {title}{Reset}\n");
        let _ = std::io::stdout().flush();
    }
}

fn first_lines(text: &str, count: usize) -> String {
    let mut lines: Vec<&str> = text.lines().take(count).collect();
    lines.push("…");
    lines.join("\n")
}
