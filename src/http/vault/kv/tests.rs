use super::*;

fn values_of(name: &str, written: Value) -> Value {
    let mut sample = crate::answers::tests::sample("secret");
    let mut secret = sample["secret"].take();
    secret.as_object_mut().unwrap().extend(written.as_object().unwrap().clone());
    values(&SecretName::parse(name).unwrap(), &serde_json::from_value(secret).unwrap())
}

#[test]
fn a_document_is_its_values_and_anything_else_is_one_value() {
    assert_eq!(values_of("a/db.yaml", json!({"value": "user: app\nport: 5432\n"})), json!({"user": "app", "port": 5432}));
    assert_eq!(values_of("a/db.json", json!({"value": "{\"user\":\"app\"}"})), json!({"user": "app"}));
    assert_eq!(values_of("a/app.env", json!({"value": "A=1\nB=x y\n"})), json!({"A": "1", "B": "x y"}));
    assert_eq!(values_of("a/password.age", json!({"value": "hunter2"})), json!({"value": "hunter2"}));
    assert_eq!(values_of("a/list.yaml", json!({"value": "- a\n"})), json!({"value": "- a\n"}));
    assert_eq!(
        values_of("a/k.age", json!({"value": "/w==", "encoding": "base64"})),
        json!({"value": "/w==", "encoding": "base64"})
    );
    assert_eq!(values_of("a/db.yaml#/tls/a~1b", json!({"value": "x"})), json!({"a/b": "x"}));
}

#[test]
fn a_list_shows_a_folder_once() {
    let paths = ["shop/a.yaml", "shop/x/b.yaml", "shop/x/c.yaml"].map(|path| SecretPath::parse(path).unwrap());
    assert_eq!(children("", &paths).into_iter().collect::<Vec<_>>(), ["shop/"]);
    assert_eq!(children("shop", &paths).into_iter().collect::<Vec<_>>(), ["a.yaml", "x/"]);
}

#[test]
fn an_unauthenticated_value_is_marked_in_vaults_own_metadata() {
    let of = |unauthenticated| version(UnixTime::from_seconds(0), unauthenticated)["custom_metadata"].clone();
    assert_eq!((of(false), of(true)), (Value::Null, json!({ "unauthenticated": "true" })));
}
