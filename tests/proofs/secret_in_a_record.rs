//! A record cannot contain a secret.
//! Expects E0277.
use daypass::store::Body;
use daypass::words::Secret;

pub fn tell(body: &mut Body, secret: Secret) {
    body.set("secret", secret);
}
