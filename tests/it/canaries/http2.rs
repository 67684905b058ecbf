//! A token as it is sent over HTTP/2: in HPACK's Huffman code (RFC 7541, section 5.2), where a search for its text does not find it.

use tokio::io::AsyncReadExt;

/// RFC 9113, sections 3.4 and 4.1: the connection preface, and the length of a frame header.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
const FRAME_HEAD: usize = 9;
const HEADERS: u8 = 1;
/// How much of the field block's middle is searched for. The token is there: no other field is a tenth as long.
const PIECE: usize = 48;

/// A piece of the bytes of `authorization: Bearer TOKEN`, written by the library that our clients use.
pub async fn huffman(token: &str) -> Vec<u8> {
    let (client, mut wire) = tokio::io::duplex(256 * 1024);
    let (sender, connection) = h2::client::handshake(client).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("https://a/").header("authorization", format!("Bearer {token}")).body(()).unwrap();
    let answer = sender.ready().await.unwrap().send_request(request, true).unwrap();
    let mut written = vec![0; PREFACE];
    wire.read_exact(&mut written).await.unwrap();
    let block = loop {
        let mut head = [0; FRAME_HEAD];
        wire.read_exact(&mut head).await.unwrap();
        let mut frame = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        wire.read_exact(&mut frame).await.unwrap();
        if head[3] == HEADERS {
            break frame;
        }
    };
    drop(answer);
    connection.abort();
    assert!(block.len() > token.len() / 2 && block.len() < token.len(), "the field block is not in Huffman's code");
    block[block.len() / 2..][..PIECE].to_vec()
}
