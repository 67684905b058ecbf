use super::*;

const GOOD: [(&str, &str); 3] =
    [("RoleArn", "arn:aws:iam::123456789012:role/deploy"), ("RoleSessionName", "GitHubActions"), ("WebIdentityToken", "a.b.c")];

/// Reads the good form with these parameters replaced or, without a value, removed.
fn read(changes: &[(&str, Option<&str>)]) -> Result<AssumeRole, Fault> {
    let mut parameters: Vec<(String, String)> =
        GOOD.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    for (name, value) in changes {
        parameters.retain(|(known, _)| known != name);
        parameters.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    AssumeRole::read(Form::parse(pairs.join("&").as_bytes()).unwrap())
}

#[test]
fn every_documented_parameter_is_read() {
    let parsed = read(&[
        ("DurationSeconds", Some("900")),
        ("Policy", Some("{\"Version\":\"2012-10-17\"}")),
        ("PolicyArns.member.2.arn", Some("arn:aws:iam::123456789012:policy/team/shop")),
        ("PolicyArns.member.1.arn", Some("arn:aws:iam::aws:policy/ReadOnlyAccess")),
    ]);
    let parsed = parsed.unwrap();
    assert_eq!(parsed.token.expose(), b"a.b.c");
    assert_eq!(parsed.request.credentials[0].to_string(), "aws arn:aws:iam::123456789012:role/deploy");
    let expected = AwsParameters {
        session_name: Some("GitHubActions".to_owned()),
        duration: Some(Duration::from_secs(900)),
        policy: Some("{\"Version\":\"2012-10-17\"}".to_owned()),
        policy_arns: vec![
            "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
            "arn:aws:iam::123456789012:policy/team/shop".to_owned(),
        ],
    };
    assert_eq!(parsed.request.aws_parameters, expected);
    assert_eq!(read(&[]).unwrap().request.aws_parameters.narrowing(), None);
}

#[test]
fn each_limit_is_awss_and_each_fault_has_awss_code() {
    let (long_arn, long_policy) = (format!("arn:aws:iam::123456789012:role/{}", "x".repeat(2048)), "x".repeat(2049));
    let (long_name, long_token) = ("x".repeat(65), "x".repeat(20_001));
    let cases: [(&str, Option<&str>, &str); 31] = [
        ("RoleArn", None, "ValidationError"),
        ("RoleArn", Some(""), "ValidationError"),
        ("RoleArn", Some("deploy"), "ValidationError"),
        ("RoleArn", Some("arn:aws:iam::123456789012:role/*"), "ValidationError"),
        ("RoleArn", Some("arn:aws:iam::123456789012:role/de\u{440}loy"), "ValidationError"),
        ("RoleArn", Some("arn:aws:iam::123456789012:role/a\0b"), "ValidationError"),
        ("RoleArn", Some("arn:aws:iam::123456789012:user/deploy"), "ValidationError"),
        ("RoleArn", Some(&long_arn), "ValidationError"),
        ("RoleSessionName", None, "ValidationError"),
        ("RoleSessionName", Some("x"), "ValidationError"),
        ("RoleSessionName", Some(&long_name), "ValidationError"),
        ("RoleSessionName", Some("a b"), "ValidationError"),
        ("RoleSessionName", Some("a/b"), "ValidationError"),
        ("WebIdentityToken", None, "ValidationError"),
        ("WebIdentityToken", Some("abc"), "ValidationError"),
        ("WebIdentityToken", Some(&long_token), "ValidationError"),
        ("DurationSeconds", Some("899"), "ValidationError"),
        ("DurationSeconds", Some("43201"), "ValidationError"),
        ("DurationSeconds", Some("+900"), "ValidationError"),
        ("DurationSeconds", Some("900.0"), "ValidationError"),
        ("DurationSeconds", Some(""), "ValidationError"),
        ("Policy", Some(""), "ValidationError"),
        ("Policy", Some(&long_policy), "ValidationError"),
        ("Policy", Some("[]"), "MalformedPolicyDocument"),
        ("Policy", Some("{\"Version\":\"a\",\"Version\":\"b\"}"), "MalformedPolicyDocument"),
        ("Policy", Some("{\"a\":\"\u{440}\"}"), "MalformedPolicyDocument"),
        ("ProviderId", Some("www.amazon.com"), "ValidationError"),
        ("PolicyArns.member.11.arn", Some("arn:aws:iam::aws:policy/X"), "ValidationError"),
        ("PolicyArns.member.01.arn", Some("arn:aws:iam::aws:policy/X"), "ValidationError"),
        ("PolicyArns.member.1.arn", Some("arn:aws:iam::123456789012:role/x"), "ValidationError"),
        ("Tags.member.1.Key", Some("team"), "InvalidQueryParameter"),
    ];
    for (name, value, code) in cases {
        let fault = read(&[(name, value)]).unwrap_err();
        assert_eq!((fault.code, fault.status), (code, 400), "{name}: {:?}", fault.denial);
        assert!(!fault.denial.cause.contains("xxxx"), "no value comes back: {:?}", fault.denial);
    }
    for (name, value) in [("DurationSeconds", "43200"), ("RoleSessionName", "a=b,c.d@e-f_+"), ("Policy", "{}")] {
        assert!(read(&[(name, Some(value))]).is_ok(), "{name}");
    }
}
