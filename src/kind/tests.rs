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
        assert_eq!(Target::parse(line).map(|wanted| wanted.to_string()).as_deref().unwrap_or("?"), line);
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

/// As `who-can` and the tests of policies take them.
#[test]
fn people_name_a_kind_by_its_word_or_by_the_form_of_its_text() {
    for (text, line) in [
        ("arn:aws:iam::123456789012:role/shop", "aws arn:aws:iam::123456789012:role/shop"),
        ("https://partner.example", "id_token https://partner.example"),
        ("shop/db.yaml#/a key", "secret shop/db.yaml#/a key"),
        ("secret_at shop/db.yaml", "secret_at shop/db.yaml"),
        ("secret shop/db.yaml", "secret shop/db.yaml"),
        ("decrypt flux", "transit decrypt flux"),
        ("policy.replay", "daypass policy.replay"),
    ] {
        assert_eq!(Target::guess(text).map(|target| target.to_string()).as_deref(), Ok(line));
    }
    assert!(Target::guess("open flux").is_err() && Target::guess("").is_err());
}

#[test]
fn every_word_is_its_kinds_and_reads_its_own_example() {
    for (word, example) in Target::examples() {
        let text = match example {
            "ROLE" => "arn:aws:iam::123456789012:role/shop",
            "AUDIENCE" => "https://partner.example",
            other => &other.replace("KEY", "flux").replace("NAME", "shop/db.yaml"),
        };
        let target = Target::question(word, text).unwrap();
        assert_eq!((target.kind(), target.to_string()), (word, format!("{word} {text}")));
    }
}
