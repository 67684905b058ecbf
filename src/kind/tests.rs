use super::*;

#[test]
fn the_audit_logs_lines_are_read_back() {
    let lines = [
        "aws",
        "aws arn:aws:iam::123456789012:role/d",
        "secret a/b.yaml#/x y",
        "secret_at a/b.yaml#/x y",
        "secret_at 0123456789abcdef0123456789abcdef01234567 a/b.yaml#/x y",
        "secret_at 0123456789abcdef0123456789abcdef01234567",
        "id_token https://x",
        "file_key a/b.yaml e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "daypass policy.replay",
        "transit encrypt shop/backup",
        "transit decrypt flux e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ];
    for line in lines {
        assert_eq!(Target::parse(line).map(|target| target.to_string()).as_deref().unwrap_or("?"), line);
    }
    for bad in [
        "",
        "secret",
        "secret_at",
        "secret_at 0123456789abcdef a/b.yaml",
        "secret_at 0123456789abcdef0123456789abcdef01234567 ",
        "gold x",
        "aws role",
        "daypass all",
        "file_key a/b.yaml",
        "file_key a/b.yaml 00",
        "transit flux",
        "transit rewrap flux",
        "transit decrypt a/encrypt",
        "transit decrypt flux e3",
    ] {
        assert!(Target::parse(bad).is_err(), "{bad}");
    }
}

/// `who-can` and the tests of policies use it.
#[test]
fn people_name_a_kind_by_its_word_or_by_the_form_of_its_text() {
    for (text, line) in [
        ("arn:aws:iam::123456789012:role/shop", "aws arn:aws:iam::123456789012:role/shop"),
        ("https://partner.example", "id_token https://partner.example"),
        ("shop/db.yaml#/a key", "secret shop/db.yaml#/a key"),
        ("secret_at shop/db.yaml", "secret_at shop/db.yaml"),
        ("secret shop/db.yaml", "secret shop/db.yaml"),
        ("decrypt flux", "transit decrypt flux"),
        ("acme/shop contents=read", "github acme/shop contents=read"),
        ("github acme/shop", "github acme/shop"),
        ("policy.replay", "daypass policy.replay"),
    ] {
        assert_eq!(Target::guess(text).map(|target| target.to_string()).as_deref(), Ok(line));
    }
    for own in ["own contents=read", "github own"] {
        assert!(Target::guess(own).unwrap_err().to_string().contains("name the repository, such as `acme/shop"), "{own}");
    }
    assert!(Target::guess("open flux").is_err() && Target::guess("").is_err());
}

/// A sample of each kind: its word, and the text behind it.
fn samples() -> Vec<(&'static str, String)> {
    let header = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let of = |example: &str| match example {
        "ROLE" => "arn:aws:iam::123456789012:role/shop".to_owned(),
        "AUDIENCE" => "https://partner.example".to_owned(),
        "SERVICE" => "partner".to_owned(),
        other => other
            .replace("CLIENT_ID", "11111111-2222-3333-4444-555555555555")
            .replace("KEY", "flux")
            .replace("NAME", "shop/db.yaml#/a"),
    };
    let named = Target::examples().map(|(word, example)| (word, of(example)));
    named.chain([("file_key", format!("shop/db.yaml {header}"))]).collect()
}

#[test]
fn every_word_is_its_kinds_and_reads_its_own_example() {
    for (word, text) in samples() {
        let target = Target::question(word, &text).unwrap();
        assert_eq!((target.kind(), target.to_string()), (word, format!("{word} {text}")));
        assert_eq!(Target::parse(&target.to_string()).as_ref(), Ok(&target));
        assert_eq!(target.clone().for_policies().to_string(), target.to_string(), "people name no commit and no input");
    }
}

/// The audit log, the replay key and a policy's test are lines: no name may start a new line, or be read as another name.
#[test]
fn a_hostile_name_is_refused_or_stays_what_it_is_in_its_line() {
    let long = "x".repeat(10_000);
    let hostile = ["\n", "\r", "\0", "\u{1b}[31m", "\u{85}", "'", "\"", "\u{202e}", " ", "/../", "#", "~2", long.as_str()];
    for (word, text) in samples() {
        for (part, at) in hostile.iter().flat_map(|part| [0, text.len() / 2, text.len()].map(|at| (part, at))) {
            let mut text = text.clone();
            text.insert_str(at, part);
            for read in [Target::question(word, &text), Target::parse(&format!("{word} {text}"))] {
                let Ok(target) = read else { continue };
                let line = target.to_string();
                assert!(!line.chars().any(char::is_control), "{word} {line:?}");
                assert!(Target::parse(&line) == Ok(target), "{word} {line:?}");
            }
        }
    }
}

/// The record of an open request names only the kind: what the policies chose is in the description of the answer.
#[test]
fn what_the_policies_chose_is_read_from_the_description_of_the_answer() {
    let mut read = 0;
    for answer in Credential::samples() {
        let credential: Credential = serde_json::from_value(answer).unwrap();
        let Ok(open) = Target::parse(credential.kind()) else { continue };
        let chosen = open.chosen(&credential.describe()).unwrap_or_else(|| panic!("{open}"));
        assert!(chosen.kind() == open.kind() && chosen != open, "{chosen}");
        assert_eq!(Target::parse(&chosen.to_string()).as_ref(), Ok(&chosen));
        assert_eq!(chosen.chosen(&credential.describe()), None, "{chosen} names it itself");
        assert_eq!(open.chosen(&Value::Null), None, "{open} was not issued");
        read += 1;
    }
    assert!(read >= 5, "{read} kinds can be left open");
}

macro_rules! words {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        [$($word),*]
    };
}

/// Each kind, with the members of its description in `issued`. What stays on the server is never issued.
#[test]
fn the_page_of_audit_records_describes_every_kind() {
    let page = include_str!("../../docs/reference/audit-records.md");
    let issued: Vec<(&str, Value)> = Credential::samples()
        .into_iter()
        .map(|sample| serde_json::from_value::<Credential>(sample).unwrap())
        .map(|credential| (credential.kind(), credential.describe()[credential.kind()].clone()))
        .collect();
    for word in each_kind!(words) {
        let members = issued.iter().find(|(kind, _)| *kind == word).map(|(_, described)| {
            let mut names: Vec<String> = described.as_object().unwrap().keys().map(|name| format!("`{name}`")).collect();
            names.sort();
            names.join(", ")
        });
        let row = format!("| `{word}` | {} |\n", members.as_deref().unwrap_or("nothing: it is used on the server"));
        assert!(page.contains(&row), "docs/reference/audit-records.md lacks\n{row}");
    }
}
