//! Tests with files of daypass's own writer. Files of the real sops are in the integration tests.

use super::*;
use crate::secrets::age_file::Identities;
use crate::words::{Secret, UnixTime};

const YAML: &str = "# head\npassword: hunter2 # behind\nport: 5\non: true\nnested:\n  # in\n  list:\n    - 1.5\n    # item\n    - deep: x\n  empty: \"\"\n  nothing:\nlines: |\n    one\n    two\n\nplain_unencrypted: x\n";

fn now() -> UnixTime {
    UnixTime::from_seconds(1_795_000_000)
}

fn keys() -> (Identities, Vec<String>) {
    let identities = Identities::parse(&Identities::generate().0).unwrap();
    let recipients = identities.recipients();
    (identities, recipients)
}

fn path(name: &str) -> SecretPath {
    SecretPath::parse(name).unwrap()
}

fn sealed(name: &str, text: &str, recipients: &[String]) -> String {
    let sealed = encrypt(&path(name), text.as_bytes(), recipients, now()).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    String::from_utf8(sealed).unwrap()
}

fn opened(name: &str, file: &str, identities: &Identities) -> Result<Document, SopsError> {
    SopsFile::parse(&path(name), file.as_bytes())?.open(identities)
}

fn plain(name: &str, file: &str, identities: &Identities) -> String {
    let document = opened(name, file, identities).unwrap_or_else(|fault| panic!("{file}: {fault}"));
    document.render(Unauthenticated::Refuse).unwrap().expose_text().unwrap().to_owned()
}

#[test]
fn documents_keep_their_layout_and_values_through_encryption() {
    let (identities, recipients) = keys();
    let forms = [
        ("a.yaml", YAML),
        ("a.json", "{\n  \"a\": \"x\",\n  \"b\": [1.5, {\"c\": null}],\n  \"d_unencrypted\": true\n}\n"),
        ("a.env", "# c\nA=x\n\nB=hunter2\\ntwo\nexport C='y'\n"),
        ("a.ini", "; c\na = x\n\n[b]\nc = y\n; d\n; e\nd =\n"),
    ];
    for (name, text) in forms {
        let file = sealed(name, text, &recipients);
        assert!(!file.contains("hunter2") && !file.contains("# behind"), "{file}");
        assert_eq!(plain(name, &file, &identities).trim_end(), text.trim_end(), "{file}");
    }
}

#[test]
fn values_are_found_by_pointer() {
    let (identities, recipients) = keys();
    let merged = format!("{YAML}base: &base\n  a: 1\n  b: 2\nmore:\n  <<: *base\n  b: 3\n");
    let document = opened("a.yaml", &sealed("a.yaml", &merged, &recipients), &identities).unwrap();
    for (pointer, value) in [
        ("/password", "hunter2"),
        ("/port", "5"),
        ("/on", "true"),
        ("/nested/list/0", "1.5"),
        ("/nested/list/1", "{\"deep\": \"x\"}"),
        ("/nested/empty", ""),
        ("/nested/nothing", "null"),
        ("/lines", "one\ntwo\n"),
        ("/more/a", "1"),
        ("/more/b", "3"),
    ] {
        assert_eq!(document.value(pointer, Unauthenticated::Refuse).unwrap().expose_text(), Some(value), "{pointer}");
    }
    for pointer in ["/sops", "/nope", "/nested/list/01", "/nested/list/2", "/password/x", ""] {
        assert!(document.value(pointer, Unauthenticated::Refuse).is_err(), "{pointer}");
    }
    let several = sealed("a.yaml", "a: 1\n---\na: 2\n", &recipients);
    let document = opened("a.yaml", &several, &identities).unwrap();
    assert_eq!(document.value("/1/a", Unauthenticated::Refuse).unwrap().expose(), b"2");
    assert_eq!(plain("a.yaml", &several, &identities), "a: 1\n---\na: 2\n");
}

#[test]
fn a_part_of_an_ini_file_reads_back_with_the_same_values() {
    let (identities, recipients) = keys();
    let text = "top = x\n[s]\nhash = `x # y`\nsemicolon = `a;b`\nedges = ` x `\nlines = \"\"\"one\ntwo\"\"\"\nslash = a\\nb\nhidden = z\n";
    let expected = [
        ("/DEFAULT/top", "x"),
        ("/s/hash", "x # y"),
        ("/s/semicolon", "a;b"),
        ("/s/edges", " x "),
        ("/s/lines", "one\ntwo"),
        ("/s/slash", "a\\nb"),
    ];
    let document = opened("a.ini", &sealed("a.ini", text, &recipients), &identities).unwrap();
    let part = document.only(&expected.map(|(pointer, _)| pointer.to_owned()), Unauthenticated::Refuse).unwrap();
    let part = part.expose_text().unwrap();
    assert!(!part.contains("hidden"), "{part}");
    let again = opened("a.ini", &sealed("a.ini", part, &recipients), &identities).unwrap();
    for (pointer, value) in expected {
        assert_eq!(again.value(pointer, Unauthenticated::Refuse).unwrap().expose_text(), Some(value), "{pointer}: {part}");
    }
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let (identities, recipients) = keys();
    let file = sealed("a.yaml", YAML, &recipients);
    let line = |start: &str| file.lines().find(|line| line.trim_start().starts_with(start)).unwrap().to_owned() + "\n";
    let other = line("password").replace("password:", "new:");
    let changes = [
        file.replace("plain_unencrypted: x", "plain_unencrypted: y"),
        file.replace("plain_unencrypted: x", "plain_unencrypted: x\nmore_unencrypted: z"),
        file.replace("plain_unencrypted: x\n", ""),
        file.replace("plain_unencrypted: x\n", &format!("plain_unencrypted: x\n{other}")),
        file.replace(&line("port"), "port: 5\n"),
        file.replace(&line("on:"), ""),
        file.replace(&line("mac"), ""),
        file.replace("2026-", "2025-"),
        file.replace("unencrypted_suffix: _unencrypted", "unencrypted_suffix: rd"),
        file.replace("unencrypted_suffix: _unencrypted", "mac_only_encrypted: true\n    unencrypted_suffix: _unencrypted"),
    ];
    for (number, changed) in changes.iter().enumerate() {
        assert_ne!(*changed, file, "{number}");
        let fault = opened("a.yaml", changed, &identities).err().unwrap_or_else(|| panic!("{number}")).to_string();
        assert!(!fault.contains("hunter2"), "{number}: {fault}");
    }
}

#[test]
fn a_change_touches_only_the_changed_lines() {
    let (identities, recipients) = keys();
    let file = sealed("a.yaml", YAML, &recipients);
    let later = UnixTime::from_seconds(1_795_000_999);
    let document = opened("a.yaml", &file, &identities).unwrap();
    let set = String::from_utf8(document.set("/nested/list/1/deep", &Secret::from("\"y\"".to_owned()), later).unwrap()).unwrap();
    let differ: Vec<&str> =
        set.lines().filter(|line| !file.contains(line)).map(|line| line.trim().split(':').next().unwrap()).collect();
    assert_eq!(differ, ["- deep", "lastmodified", "mac"], "{set}");
    // The value did not change: nothing is written anew, not even the time.
    assert_eq!(document.set("/port", &Secret::from("5".to_owned()), later).unwrap(), file.as_bytes());
    let text = YAML.replace("    - 1.5\n", "    - first\n    - 1.5\n").replace("hunter2", "hunter3");
    let edited = String::from_utf8(document.edit(&Secret::from(text.clone()), later).unwrap()).unwrap();
    assert_eq!(edited.lines().filter(|line| !file.contains(line)).count(), 4, "{edited}");
    assert_eq!(plain("a.yaml", &edited, &identities), text);
    let unset = String::from_utf8(document.unset("/nested/list/1/deep", later).unwrap()).unwrap();
    assert_eq!(plain("a.yaml", &unset, &identities), YAML.replace("- deep: x", "- {}"));
    for (pointer, expected) in [("/nope", "has no `/nope`"), ("/nested/list/x", "has no"), ("", "JSON pointer")] {
        assert!(document.unset(pointer, later).unwrap_err().to_string().contains(expected), "{pointer}");
    }
    assert!(document.set("/port/x", &Secret::from("1".to_owned()), later).is_err());
    assert!(document.set("/sops", &Secret::from("1".to_owned()), later).unwrap_err().to_string().contains("metadata"));
}

#[test]
fn foreign_keys_are_refused_with_what_to_do() {
    let (identities, recipients) = keys();
    let file = sealed("a.json", "{\"a\": \"b\"}", &recipients);
    let mut value: Value = serde_json::from_str(&file).unwrap();
    let message =
        |value: &Value, identities: &Identities| opened("a.json", &value.to_string(), identities).err().unwrap().to_string();
    assert!(message(&value, &keys().0).contains("none of this source's"));
    value["sops"]["hc_vault"] = serde_json::json!([{"vault_address": "https://attacker.example"}]);
    assert!(
        opened("a.json", &value.to_string(), &identities)
            .unwrap()
            .rotate_data_key(&recipients, None, now())
            .unwrap_err()
            .to_string()
            .contains("sops rotate")
    );
    value["sops"]["age"] = serde_json::json!([]);
    let fault = message(&value, &identities);
    assert!(fault.contains("updatekeys") && fault.contains("hc_vault") && fault.contains("never contacted"), "{fault}");
    value["sops"]["shamir_threshold"] = 2.into();
    assert!(message(&value, &identities).contains("Shamir"));
    assert!(message(&serde_json::json!({"a": "plain"}), &identities).contains("no `sops` section"));
    assert!(opened("a.pem", "-----BEGIN", &identities).err().unwrap().to_string().contains("neither age nor SOPS"));
}

/// The error for a hostile text, as a plaintext or as an encrypted file.
fn hostile(name: &str, text: &str) -> String {
    let (identities, recipients) = keys();
    let fault = encrypt(&path(name), text.as_bytes(), &recipients, now()).err();
    let fault = fault.or_else(|| opened(name, text, &identities).err()).map(|fault| fault.to_string());
    fault.unwrap_or_else(|| panic!("{} is accepted", &text[..text.len().min(60)]))
}

#[test]
fn hostile_files_are_refused_soon_and_clearly() {
    let begun = crate::words::processor_time();
    let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, number| {
        let before = number - 1;
        format!("{text}a{number}: &a{number} [{}]\n", vec![format!("*a{before}"); 10].join(", "))
    });
    assert!(hostile("a.yaml", &bomb).contains("aliases counted"));
    assert!(hostile("a.yaml", "a: &a [*a]\n").contains("alias"));
    let deep = |open: &str, close: &str, times: usize| open.repeat(times) + &close.repeat(times);
    for text in
        [format!("a: {}", deep("[", "]", 100)), format!("a: {}", "[".repeat(100_000)), "- ".repeat(10_000), "? ".repeat(10_000)]
    {
        hostile("a.yaml", &text);
    }
    hostile("a.json", &format!("{{\"a\": {}}}", deep("[", "]", 100)));
    hostile("a.json", &"[".repeat(1_000_000));
    hostile("a.json", &format!("{{\"a\": [{}0]}}", "0,".repeat(limits::NODES_MAX)));
    hostile("a.yaml", &"a: b\n".repeat(limits::NODES_MAX));
    hostile("a.env", &"A=b\n".repeat(3));
    for (name, text, expected) in [
        ("a.yaml", "a: 1\na: 2\n", "twice"),
        ("a.json", "{\"a\": 1, \"\\u0061\": 2}", "twice"),
        ("a.ini", "[s]\na = 1\na = 2\n", "twice"),
        ("a.ini", "[s]\n[s]\n", "twice"),
        ("a.ini", "[s\n", "not closed"),
        ("a.ini", "a = `b\n", "not closed"),
        ("a.ini", "a = b \\\n c\n", "goes on"),
        ("a.ini", "just words\n", "expected"),
        ("a.env", "just words\n", "NAME=value"),
        ("a.yaml", "- a\n", "not a mapping"),
        ("a.yaml", "1: a\n", "quotes"),
        ("a.yaml", "? [a]\n: b\n", "not a text"),
        ("a.yaml", "a: 18446744073709551615\n", "quotes"),
        ("a.yaml", "\u{feff}a: b\n", "byte order mark"),
        ("a.yaml", "a: [b\n", "line"),
        ("a.yaml", "{a: b}\n", "braces"),
        ("a.yaml", "", "no document"),
        ("a.json", "[1]", "not an object"),
        ("a.json", "{\"a\": 1} x", "follows"),
        ("a.json", "{\"a\": \"\\ud800\"}", "text"),
        ("a.json", "{\"a\": 01}", "number"),
        ("a.json", "{\"a\": \"", "not closed"),
    ] {
        let fault = hostile(name, text);
        assert!(fault.contains(expected), "{text}: {fault}");
    }
    let used = crate::words::processor_time() - begun;
    assert!(used < std::time::Duration::from_secs(20), "{used:?}");
}

#[test]
fn a_truncated_file_opens_at_no_length() {
    let (identities, recipients) = keys();
    for (name, text) in [("a.yaml", YAML), ("a.json", "{\"a\": \"b\"}"), ("a.env", "A=b\n"), ("a.ini", "a = b\n"), ("a.pem", "x")]
    {
        let file = sealed(name, text, &recipients);
        let whole = file.trim_end().len();
        for length in (0..whole).filter(|length| length % 7 == 0 && file.is_char_boundary(*length)) {
            // The end of the version is not in the MAC.
            let cut = &file[..length];
            let ends = cut.contains("version") || cut.contains("mac");
            assert!(opened(name, cut, &identities).is_err() || ends, "{name} {length}");
        }
    }
}

#[test]
fn creation_rules_are_found_by_path() {
    let (_, recipients) = keys();
    let (one, two) = (&recipients[0], "age1other");
    let text = format!(
        "keys:\n  - &one {one}\n  - &two {two}\ncreation_rules:\n  - path_regex: ^prod/\n    key_groups:\n      - age: [*one, *two]\n    encrypted_regex: ^(data|stringData)$\n    mac_only_encrypted: true\n  - path_regex: \\.env$\n    age: >-\n      {one},\n      {two}\n  - path_regex: pgp\n    pgp: ABC\n  - path_regex: both\n    age: {one}\n    kms: arn\n  - path_regex: shamir\n    shamir_threshold: 2\n    age: {one}\n  - age: {one},{one}\n    unencrypted_suffix: _plain\n"
    );
    let rules = Creations::parse(text.as_bytes()).unwrap();
    let prod = rules.for_path("prod/a.yaml").unwrap();
    assert_eq!(
        (prod.recipients(), prod.rule(), prod.mac_only_encrypted()),
        (&[one.clone(), two.to_owned()][..], Some(("encrypted_regex", "^(data|stringData)$")), true)
    );
    assert_eq!(rules.for_path("x/a.env").unwrap().recipients(), [one.as_str(), two]);
    assert!(rules.for_path("pgp").err().unwrap().to_string().contains("no age recipient, only pgp"));
    assert!(rules.for_path("shamir").err().unwrap().to_string().contains("Shamir"));
    assert!(
        encrypt_with(&path("a.env"), b"A=b\n", rules.for_path("both").unwrap(), now()).unwrap_err().to_string().contains("kms")
    );
    let last = rules.for_path("other").unwrap();
    assert_eq!((last.recipients(), last.rule()), (&[one.clone()][..], Some(("unencrypted_suffix", "_plain"))));
    assert!(
        Creations::parse(b"creation_rules:\n  - path_regex: x\n    age: age1x\n")
            .unwrap()
            .for_path("y")
            .err()
            .unwrap()
            .to_string()
            .contains("add one")
    );
    for key in ["-----BEGIN PRIVATE KEY-----hunter2", "age-secret-key-1hunter2 x"] {
        let rules = Creations::parse(format!("creation_rules: [{{ age: '{key}' }}]\n").as_bytes()).unwrap();
        let fault = rules.for_path("a.yaml").err().unwrap().to_string();
        assert!(fault.contains("is not one recipient") && !fault.contains("hunter2"), "{fault}");
    }
    for text in ["", "creation_rules: 5\n", "creation_rules:\n  - path_regex: (\n", "a: &a [*a]\n"] {
        assert!(Creations::parse(text.as_bytes()).is_err(), "{text}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..proptest::test_runner::Config::with_cases(1500) })]

    /// A text that is not a document gives an error too, never a panic.
    #[test]
    fn no_text_makes_a_reader_panic(text in "([a-c]|[: \n#|>&*!\\[\\]{}\"',=;-]|  |ä|\u{2028}|\r\n|- |: |sops|ENC\\[|<<|!!int |`|\"\"\"){0,40}") {
        for name in ["a.yaml", "a.json", "a.env", "a.ini", "a.txt"] {
            let _ = SopsFile::parse(&path(name), text.as_bytes());
        }
        let (format, text) = (Format::Yaml, text.as_str());
        if let Ok(tree) = format.parse(text) {
            let _ = render::render(format, text, &tree);
            let _ = change::set(format, text, &tree, "/a/b", &draft::Draft::text("x")).map(|splices| splices.apply(text));
            let _ = change::unset(format, text, &tree, "/a").map(|splices| splices.apply(text));
        }
    }

    /// A document is refused at once, or means the same after it is encrypted and opened.
    #[test]
    fn accepted_documents_survive_encryption(text in "((a|b|c)(: |:\n  )([a-c1-9]{0,2}|- x\n  - y|[|]\n    ä\n    c|\"ä\"|[*]x|&x z|~|[{]d: e[}])( # c)?\n(# f|  # g|)\n){1,5}") {
        let (identities, recipients) = keys();
        if let Ok(sealed) = encrypt(&path("a.yaml"), text.as_bytes(), &recipients, now()) {
            let plain = plain("a.yaml", std::str::from_utf8(&sealed).unwrap(), &identities);
            let (one, other) = (Format::Yaml.parse(&plain).unwrap(), Format::Yaml.parse(&text).unwrap());
            proptest::prop_assert!(render::difference(&one, &other).is_none(), "{}", plain);
        }
    }
}

#[test]
fn values_that_no_mac_covers_are_refused_or_given_with_a_mark() {
    use crate::secrets::{DocumentPart, open_part};
    let (identities, recipients) = keys();
    let rules = format!(
        "creation_rules:\n  - age: {}\n    mac_only_encrypted: true\n    encrypted_regex: ^(data|null)$\n",
        recipients.join(",")
    );
    let text = b"kind: Secret\nnothing:\ndata:\n  user: app\n  password: hunter2\n";
    let rules = Creations::parse(rules.as_bytes()).unwrap();
    let file = encrypt_with(&path("a.yaml"), text, rules.for_path("a.yaml").unwrap(), now()).unwrap();
    let forged = String::from_utf8(file).unwrap().replace("Secret", "Forged");
    let open = |part: DocumentPart<'_>, unauthenticated| {
        let plaintext = open_part(&path("a.yaml"), forged.as_bytes(), part, &identities, unauthenticated)
            .map_err(|fault| fault.to_string())?;
        Ok::<_, String>((plaintext.value.expose_text().unwrap().to_owned(), plaintext.unauthenticated))
    };
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    for unauthenticated in [Unauthenticated::Refuse, Unauthenticated::Give] {
        assert_eq!(open(DocumentPart::Value("/data/password"), unauthenticated), Ok(("hunter2".to_owned(), false)));
        assert!(!open(DocumentPart::Value("/data"), unauthenticated).unwrap().1);
        assert!(!open(DocumentPart::Values(&keys(&["/data/user", "/gone"])), unauthenticated).unwrap().1);
    }
    let some = keys(&["/data/user", "/kind"]);
    for part in [DocumentPart::Whole, DocumentPart::Value("/kind"), DocumentPart::Value("/nothing"), DocumentPart::Values(&some)]
    {
        assert!(open(part, Unauthenticated::Refuse).unwrap_err().to_string().contains("mac_only_encrypted"), "{part:?}");
        assert!(open(part, Unauthenticated::Give).unwrap().1, "{part:?}");
    }
    assert_eq!(open(DocumentPart::Value("/kind"), Unauthenticated::Give), Ok(("Forged".to_owned(), true)));
}

/// A worker of the server has 2 MiB of stack and has used some of it when it reads a file.
#[test]
fn the_deepest_file_is_encrypted_and_opened_on_a_small_stack() {
    let block = |depth: usize| (0..depth).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
    let yaml = |depth: usize| format!("{}{}b: x\n", block(depth - 1), " ".repeat(depth - 1));
    let flow = |depth: usize| format!("{}1{}", "{\"a\": ".repeat(depth), "}".repeat(depth));
    for (name, text, deeper) in [
        ("deep.yaml", yaml(limits::DEPTH_MAX), yaml(limits::DEPTH_MAX + 1)),
        ("deep.json", flow(limits::DEPTH_MAX), flow(limits::DEPTH_MAX + 1)),
    ] {
        let work = move || {
            let (identities, recipients) = keys();
            let file = sealed(name, &text, &recipients);
            assert_eq!(plain(name, &file, &identities).trim_end(), text.trim_end());
            assert!(encrypt(&path(name), deeper.as_bytes(), &recipients, now()).is_err(), "{name}");
        };
        std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).unwrap().join().unwrap();
    }
}
