use super::error::LineError;
use super::*;

fn read(form: ExportForm, text: &str) -> Result<Export, ExportError> {
    Export::read(form, &Secret::from(text.to_owned()))
}

fn text(export: &Export, file: &str) -> Result<String, ExportError> {
    export.text(&SecretPath::parse(file).unwrap()).map(|text| text.expose_text().unwrap().to_owned())
}

#[test]
fn an_answer_of_vault_becomes_a_file() {
    let answer = r#"{"request_id": "x", "data": {"data": {"password": "tic\ntac: #1", "port": 5432, "tls": true, "hosts": ["a", "b"]},
        "metadata": {"version": 3, "custom_metadata": {"team": "shop"}}}, "warnings": null}"#;
    let export = read(ExportForm::Vault, answer).unwrap();
    assert_eq!((export.count(), export.left_out.len()), (5, 2));
    let yaml = "\"password\": \"tic\\ntac: #1\"\n\"port\": 5432\n\"tls\": true\n\"hosts\": [\"a\",\"b\"]\n";
    assert_eq!(text(&export, "db.yaml").unwrap(), yaml);
    assert!(text(&export, "db.json").is_ok());
    assert_eq!(text(&export, "db.env").unwrap_err(), ExportError::NoText { name: "port".to_owned() });
    assert_eq!(text(&export, "db.ini").unwrap_err(), ExportError::NoForm);
    let first = read(ExportForm::Vault, r#"{"request_id": "x", "data": {"password": "a"}}"#).unwrap();
    assert_eq!(text(&first, "db.env").unwrap(), "password=a\n");
}

#[test]
fn lines_are_accepted_only_if_all_readers_agree() {
    let export = read(ExportForm::Dotenv, "# a\nA=b=c$d\nexport B='x y#\\n'\r\nC=\"q r\"\nD=\n\n").unwrap();
    assert_eq!(export.count(), 4);
    let yaml = "\"A\": \"b=c$d\"\n\"B\": \"x y#\\\\n\"\n\"C\": \"q r\"\n\"D\": \"\"\n";
    assert_eq!(text(&export, "a.yaml").unwrap(), yaml);
    assert_eq!(text(&export, "a.env").unwrap_err(), ExportError::NotTheSame { at: " at `B`".to_owned() });
    for (bad, reason) in [
        ("A=b", LineError::NoEnd),
        ("A\n", LineError::NoPair),
        ("1A=b\n", LineError::Name),
        ("A =b\n", LineError::Name),
        ("A='b\n", LineError::Open),
        ("A=\"b\\n\"\n", LineError::Ambiguous),
        ("A=b # c\n", LineError::Ambiguous),
        ("A= b\n", LineError::Ambiguous),
        ("A=${B}\n", LineError::Ambiguous),
    ] {
        let refused = read(ExportForm::Dotenv, bad).err();
        assert_eq!(refused, Some(ExportError::Line { line: 1, reason }), "{bad:?}");
    }
    let twice = read(ExportForm::Dotenv, "A=b\nA=c\n").err();
    assert_eq!(twice, Some(ExportError::Line { line: 2, reason: LineError::Twice }));
}

#[test]
fn truncated_or_lossy_exports_are_refused_without_showing_values() {
    let values = ["hunter2", "1234567"];
    for bad in [
        "",
        " \n",
        "{\"password\": \"hunter2\"",
        "{\"password\": \"hunter2",
        "{\"password\": \"hunter2\"} {}",
        "{\"a\": \"hunter2\", \"a\": \"1234567\"}",
        "[\"hunter2\"]",
        "\"hunter2\"",
        "{}",
        "{\"a\": null}",
        "{\"a\": {}}",
        "{\"a\": {\"b\": [\"hunter2\", 1.5]}}",
        "{\"a\": 12345678901234567890}",
    ] {
        let refused = read(ExportForm::Json, bad).err().unwrap_or_else(|| panic!("{bad}")).to_string();
        assert!(values.iter().all(|value| !refused.contains(value)), "{refused}");
    }
    for bad in ["{\"password\": \"hunter2\"}", "{\"request_id\": \"x\"}", "{\"request_id\": \"x\", \"data\": null}"] {
        assert_eq!(read(ExportForm::Vault, bad).err(), Some(ExportError::NoAnswer), "{bad}");
    }
    let nested = read(ExportForm::Json, r#"{"a/b": {"c~d": [{"e/f": null}]}}"#).err();
    assert_eq!(nested, Some(ExportError::Null { at: "/a~1b/c~0d/0/e~1f".to_owned() }));
    let deleted = r#"{"request_id": "x", "data": {"data": null, "metadata": {"version": 1}}}"#;
    assert_eq!(read(ExportForm::Vault, deleted).err(), Some(ExportError::Deleted));
}
