//! `deploy/shell/daypass.sh` in each installed shell: it runs only the pinned program.

use super::{Stage, root};
use crate::support::peer;
use std::path::{Path, PathBuf};
use std::process::Output;

const PINNED: &str = "is pinned: it is not run";
const NO_DIGEST: &str = "DAYPASS_SHA256 is no SHA-256: it has 64 hexadecimal digits";

/// The script in a shell, in a folder of its own.
struct Script<'a> {
    stage: &'a Stage,
    shell: &'static str,
    folder: PathBuf,
}

impl Script<'_> {
    fn run(&self, variables: &[(&str, &str)]) -> (i32, String, String) {
        let variables: Vec<(&str, String)> = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let script = root().join("deploy/shell/daypass.sh");
        let Output { status, stdout, stderr } = self.stage.shell(self.shell, Path::new(&script), &self.folder, &variables);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    fn refuses(&self, variables: &[(&str, &str)], why: &str) {
        let (status, out, fault) = self.run(variables);
        assert!(status == 125 && out.is_empty() && fault.contains(why), "{} {variables:?}: {status} {out}{fault}", self.shell);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_runs_only_the_pinned_program() {
    let stage = Stage::without_aws().await;
    let (url, digest) = (stage.url.as_str(), stage.digest.as_str());
    let upper = digest.to_uppercase();
    for shell in ["sh", "dash", "bash"].into_iter().filter(|shell| peer(shell).is_some()) {
        let folder = stage.world.path(&format!("in-{shell}"));
        std::fs::create_dir_all(&folder).unwrap();
        let script = Script { stage: &stage, shell, folder };
        let other = "b".repeat(64);
        script.refuses(&[("DAYPASS_URL", url), ("DAYPASS_SHA256", &other)], PINNED);
        for wrong in ["", "abc", &digest[..63], &format!("{digest}0"), &format!("{}g", &digest[..63])] {
            script.refuses(&[("DAYPASS_URL", url), ("DAYPASS_SHA256", wrong)], NO_DIGEST);
        }
        script.refuses(&[("DAYPASS_URL", "http://localhost/x"), ("DAYPASS_SHA256", digest)], "https addresses alone");
        script.refuses(&[("DAYPASS_URL", "file:///etc/passwd"), ("DAYPASS_SHA256", digest)], "https addresses alone");
        script.refuses(&[("DAYPASS_URL", &format!("{url}-absent")), ("DAYPASS_SHA256", digest)], "could not be downloaded");
        script.refuses(&[("DAYPASS_SHA256", digest)], "name the program");
        script.refuses(&[("DAYPASS_BINARY", "/bin/sh"), ("DAYPASS_SHA256", digest)], PINNED);
        script.refuses(&[("DAYPASS_BINARY", "/nonexistent")], "is no program");
        script.refuses(&[("DAYPASS_BINARY", "daypass"), ("DAYPASS_SHA256", digest)], "by its path");

        assert!(!stage.world.path("home/.cache/daypass").join(&other).join("daypass").exists());
        let releases = url.replace("/daypass", "/acme/daypass/releases/");
        let release = [("DAYPASS_RELEASES", releases.as_str()), ("DAYPASS_VERSION", "0.1.0"), ("DAYPASS_SHA256", digest)];
        let cached = stage.world.path("home/.cache/daypass").join(digest);
        assert_eq!(script.run(&release).1, format!("{}/daypass\n", cached.display()), "{shell}");
        std::fs::remove_dir_all(&cached).unwrap();
        let kept = script.folder.join("kept").display().to_string();
        let pinned = [("DAYPASS_URL", url), ("DAYPASS_SHA256", upper.as_str()), ("DAYPASS_FOLDER", kept.as_str())];
        let program = format!("{kept}/daypass");
        assert_eq!(script.run(&pinned), (0, format!("{program}\n"), String::new()), "{shell}");
        // An existing program is not downloaded again. If it was replaced since, it is not run.
        let unreachable = [("DAYPASS_URL", "https://localhost:1/"), pinned[1], pinned[2]];
        assert_eq!(script.run(&unreachable).0, 0, "{shell}");
        std::fs::write(&program, "#!/bin/sh\necho evil\n").unwrap();
        script.refuses(&unreachable, PINNED);
    }
}
