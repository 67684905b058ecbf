//! The fingerprint of RSA keys of a flawed generator (ROCA, CVE-2017-15361; Nemec and others, CCS 2017).
//!
//! For every small prime, such a modulus is in the group that 65537 generates. A good key is so by chance once in 2^27.

/// The odd primes to 167, as the published test uses them.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127,
    131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether the modulus (big-endian) has the fingerprint.
pub(super) fn bears_fingerprint(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| generated_by_65537(remainder(modulus, *prime), *prime))
}

fn remainder(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

fn generated_by_65537(residue: u32, prime: u32) -> bool {
    let generator = 65_537 % prime;
    let powers = std::iter::successors(Some(1), |power| Some(power * generator % prime));
    powers.take(prime as usize).any(|power| power == residue)
}
