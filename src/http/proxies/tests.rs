use super::*;

const V4: &[u8] = b"\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\x12\x34\x01\xbb";

fn v2(rest: &[u8]) -> Vec<u8> {
    [v2::PROTOCOL_PREFIX, rest].concat()
}

async fn origin(bytes: &[u8], protocol: ProxyProtocol) -> Result<Origin, HeaderError> {
    read(&mut &*bytes, protocol).await
}

#[tokio::test]
async fn a_header_names_the_client_and_nothing_after_it_is_read() {
    let bytes = [&v2(V4), &b"\x16\x03\x01"[..]].concat();
    let mut stream = &*bytes;
    let found = read(&mut stream, ProxyProtocol::V2).await.unwrap();
    assert_eq!((found, stream), (Origin::Client("192.0.2.1".parse().unwrap()), &b"\x16\x03\x01"[..]));
    let mut stream = &b"PROXY TCP6 2001:db8::1 2001:db8::2 4660 443\r\n\x16"[..];
    let found = read(&mut stream, ProxyProtocol::V1).await.unwrap();
    assert_eq!((found, stream), (Origin::Client("2001:db8::1".parse().unwrap()), &b"\x16"[..]));
    let mapped = origin(b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", ProxyProtocol::V1).await;
    assert_eq!(mapped.unwrap(), Origin::Client("192.0.2.1".parse().unwrap()), "one spelling of one address");
}

#[tokio::test]
async fn a_proxys_own_connection_has_no_client() {
    assert_eq!(origin(&v2(b"\x20\0\0\0"), ProxyProtocol::V2).await.unwrap(), Origin::Itself);
    assert_eq!(origin(&v2(&[b"\x20", &V4[1..]].concat()), ProxyProtocol::V2).await.unwrap(), Origin::Itself);
    assert_eq!(origin(b"PROXY UNKNOWN\r\n", ProxyProtocol::V1).await.unwrap(), Origin::Itself);
}

#[tokio::test]
async fn anything_but_a_header_of_the_configured_version_is_a_fault() {
    let unix = [b"\x21\x31\0\xd8".as_slice(), &[0; 216]].concat();
    let large = [b"\x21\x11\xff\xff".as_slice(), &[0; 65_535]].concat();
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("a ClientHello", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03abcdefgh".to_vec(), "no PROXY header"),
        ("version 1", b"PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n".to_vec(), "of version 1 where version 2 is due"),
        ("cut in its mark", v2(b"")[..3].to_vec(), "ended within"),
        ("cut in its addresses", v2(&V4[..9]), "ended within"),
        ("fields of 64 KiB", v2(&large), "longer than"),
        ("no address family", v2(b"\x21\0\0\0"), "no client's address"),
        ("a Unix socket", v2(&unix), "no client's address"),
        ("datagrams", v2(&[b"\x21\x12", &V4[2..]].concat()), "no client's address"),
        ("addresses that are too short", v2(b"\x21\x21\0\x0c0123456789ab"), "is malformed"),
        ("an unknown command", v2(&[b"\x22", &V4[1..]].concat()), "is malformed"),
    ];
    for (what, bytes, expected) in cases {
        let fault = origin(&bytes, ProxyProtocol::V2).await.expect_err(what);
        assert!(fault.to_string().contains(expected), "{what}: {fault}");
    }
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("version 2", v2(V4), "of version 2 where version 1 is due"),
        ("no end", [b"PROXY TCP4 ".as_slice(), &[b'1'; 200]].concat(), "no PROXY header"),
        ("a name for an address", b"PROXY TCP4 localhost 192.0.2.2 1 2\r\n".to_vec(), "is malformed"),
        ("an address of the other family", b"PROXY TCP4 ::1 ::1 1 2\r\n".to_vec(), "is malformed"),
        ("nothing", Vec::new(), "ended within"),
    ];
    for (what, bytes, expected) in cases {
        let fault = origin(&bytes, ProxyProtocol::V1).await.expect_err(what);
        assert!(fault.to_string().contains(expected), "{what}: {fault}");
    }
}

#[tokio::test]
async fn a_missing_header_times_out() {
    let (mut here, _there) = tokio::io::duplex(64);
    let fault = read(&mut here, ProxyProtocol::V2).await.unwrap_err();
    assert!(fault.to_string().contains("in time"), "{fault}");
}

#[test]
fn a_header_is_recognized_by_its_first_bytes() {
    assert!(is_header(&v2(V4)) && is_header(b"PROXY TCP4"));
    assert!(!is_header(b"\x16\x03\x01\x02\0") && !is_header(b"PRO") && !is_header(b""));
}
