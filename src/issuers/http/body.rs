//! Reads a whole answer of bounded size. An answer may hold a secret, so the bytes are wiped when they are dropped.

use reqwest::Response;
use zeroize::Zeroizing;

/// Why an answer is not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection broke off.
    #[error(transparent)]
    Broken(#[from] reqwest::Error),
    /// The answer is too large.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

/// Reads the answer's body, of `limit` bytes at most.
pub async fn read_body(mut response: Response, limit: usize) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let mut bytes = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_read_to_its_bound() {
        let answer = || Response::from(axum::http::Response::new("12345"));
        assert_eq!(*read_body(answer(), 5).await.unwrap(), b"12345");
        assert!(matches!(read_body(answer(), 4).await, Err(BodyError::TooLarge(4))));
    }
}
