//! The GitHub action, run by act without Docker: act calls its `main` and `post` with this machine's Node.js, gives them the files and
//! reads the log as GitHub's runner does.

use super::{AWKWARD, COMMIT, HOSTILE, Stage};
use crate::support::peer;

const HEAD: &str = "on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions: { id-token: write, contents: read }
    steps:
";

/// One step of the action with these inputs.
fn step(stage: &Stage, id: &str, more: &str) -> String {
    format!(
        "      - id: {id}
        uses: acme/daypass/deploy/github-action@{COMMIT}
        with:
          server: {}
          url: {}
          sha256: {}
{more}",
        stage.world.url(""),
        stage.url,
        stage.digest
    )
}

/// Asserts that no secret is in the log. It leaves [`HOSTILE`] out: act ignores a mask that holds `::` and prints the line, and it reads
/// `%250A` as an end of line. GitHub's runner does neither (actions/runner, `ActionCommand`).
fn assert_hidden(log: &str) {
    let lines = AWKWARD.lines().filter(|line| line.len() > 5);
    for hidden in ["tic-tac-toe", "inner-leaf-value", "ghs_"].into_iter().chain(lines) {
        assert!(!log.contains(hidden), "{hidden}: {log}");
    }
}

/// Later steps get exact values until the job ends. A failed job is cleaned up like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_had_its_credentials_and_leaves_none_behind() {
    let (Some(act), Some(_)) = (peer("act"), peer("node")) else { return };
    let Some(stage) = Stage::start().await else { return };
    std::fs::remove_file(stage.world.path("tools/gh")).unwrap();
    // A `gh` of this machine would ask GitHub, so the check is off then.
    let verify = if stage.has("gh") { "false" } else { "true" };
    let secrets = "          secrets: |
            PASSWORD=shop/production/db.yaml#/password
            HOSTILE=shop/hostile.age
            AWKWARD=shop/awkward.age
            ACCOUNT=shop/account.age
          files: from-daypass=shop/production/db.yaml#/password
          aws: true
          github: true
";
    let rest = r#"      - run: |
          {
            echo "session=$(aws sts get-caller-identity --query Arn --output text)"
            echo "decision=${{ steps.get.outputs.decision }}"
            echo "hostile=$(printf %s "$HOSTILE" | sha256sum)"
            echo "evil=$EVIL"
            echo "file=$(cat from-daypass)"
            echo "github=$GH_TOKEN"
          } >"$EVIDENCE"
          echo "shown=$PASSWORD"
          echo "$AWKWARD" | sed 's/^/line: /'
          echo "leaf=$(echo "$ACCOUNT" | sed 's/.*: "\(.*\)".*/\1/')"
          echo "$GITHUB_TOKEN"
      - run: exit 3
"#;
    let (log, good) = stage
        .act(&act, &format!("{HEAD}{}{rest}", step(&stage, "get", &format!("{secrets}          verify-provenance: {verify}\n"))))
        .await;
    assert!(!good && log.contains("`gh` is not on this runner") == (verify == "true"), "{log}");
    let released: Vec<_> = stage.world.audit().into_iter().filter(|entry| entry.kind == "released").collect();
    let [released] = &released[..] else { panic!("{log}") };
    let decision = released.decision.as_deref().unwrap();
    std::fs::write(stage.world.path("hostile"), HOSTILE).unwrap();
    let digest =
        std::process::Command::new("sha256sum").stdin(std::fs::File::open(stage.world.path("hostile")).unwrap()).output();
    let digest = String::from_utf8(digest.unwrap().stdout).unwrap();
    let evidence = stage.evidence();
    let expected = [
        format!("session=arn:aws:sts::000000000000:assumed-role/deploy/{decision}"),
        format!("decision={decision}"),
        format!("hostile={}", digest.trim()),
        "file=tic-tac-toe".to_owned(),
    ];
    assert!(expected.iter().all(|line| evidence.contains(line)) && evidence.contains("evil=\n"), "{evidence}");
    let token = evidence.lines().find_map(|line| line.strip_prefix("github=")).unwrap();
    assert_eq!(stage.github.stand_in.with(|world| world.tokens.get(token).copied()), Some(true), "made, and revoked: {log}");
    for expected in ["shown=***", "leaf=***", "1 revoked", "a job cannot end an AWS session", decision] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    assert_hidden(&log);
    assert!(!log.contains(token) && !stage.world.path("shop/from-daypass").exists(), "{log}");
}

/// Only the command gets the credentials. A program with another digest never runs, and wrong inputs are refused before the server is asked.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_command_gets_credentials_and_only_the_pinned_program_runs() {
    let (Some(act), Some(_)) = (peer("act"), peer("node")) else { return };
    let Some(stage) = Stage::start().await else { return };
    let get = "          github-token: token-of-the-job
          aws: true
          github: true
          secrets: PASSWORD=shop/production/db.yaml#/password
          run: |
            echo \"session=$(aws sts get-caller-identity --query Arn --output text)\" >>\"$EVIDENCE\"
            echo \"inputs=$(env | grep -c -e ^INPUT_ -e ^ACTIONS_ID_TOKEN)\" >>\"$EVIDENCE\"
            echo \"shown=$PASSWORD\"
";
    let after = "      - run: echo \"after=$PASSWORD$AWS_SESSION_TOKEN$GH_TOKEN.\" >>\"$EVIDENCE\"\n";
    let never = "          run: echo never >>\"$EVIDENCE\"\n";
    let tolerant = |step: String| step.replacen("        uses:", "        continue-on-error: true\n        uses:", 1);
    let other = tolerant(step(&stage, "other", never)).replace(&stage.digest, &"a".repeat(64));
    let none = tolerant(step(&stage, "none", never)).replace(&format!("          sha256: {}\n", stage.digest), "");
    let short = tolerant(step(&stage, "short", never)).replace(&stage.digest, &stage.digest[..40]);
    let plain = tolerant(step(&stage, "plain", never)).replace(&stage.url, &stage.url.replace("https:", "http:"));
    let refuses =
        tolerant(step(&stage, "refuses", never)).replacen("        with:", "        env: { GH_REFUSES: 1 }\n        with:", 1);
    let own = tolerant(step(&stage, "own", "          secrets: GITHUB_ENV=shop/production/db.yaml#/password\n"));
    let acted = tolerant(step(&stage, "acted", "          secrets: LD_PRELOAD=shop/production/db.yaml#/password\n"));
    let denied = tolerant(step(&stage, "denied", &format!("          secrets: X=platform/root.age\n{never}")));
    let last = step(&stage, "last", "          verify-provenance: false\n          aws: true\n          run: exit 7\n");
    let steps = [step(&stage, "get", get), after.to_owned(), other, none, short, plain, refuses, own, acted, denied, last];
    let (log, good) = stage.act(&act, &format!("{HEAD}{}", steps.concat())).await;
    assert!(!good, "{log}");
    let evidence = stage.evidence();
    let released: Vec<_> = stage.world.audit().into_iter().filter(|entry| entry.kind == "released").collect();
    assert_eq!(released.len(), 2, "{log}");
    let session = format!("session=arn:aws:sts::000000000000:assumed-role/deploy/{}", released[0].decision.as_deref().unwrap());
    for line in [session.as_str(), "inputs=0", "after=.", "gh=attestation verify", "--repo acme/daypass token-of-the-job\n"] {
        assert!(evidence.contains(line), "{line}: {evidence}\n{log}");
    }
    assert!(!evidence.contains("never"), "{evidence}");
    for expected in [
        "shown=***",
        &format!("has the SHA-256 {}, and {} is pinned: it is not run", stage.digest, "a".repeat(64)),
        "name the program by `sha256`",
        "DAYPASS_SHA256 is no SHA-256: it has 64 hexadecimal digits",
        "the program is taken from https addresses alone",
        "does not find that acme/daypass built this program, so it is not run",
        "`GITHUB_ENV` is a variable that the runner or daypass acts on",
        "`LD_PRELOAD` changes how commands run",
        "(no_matching_policy)",
    ] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    assert_eq!(stage.tokens_left(), 0, "{log}");
    assert_hidden(&log);
}
