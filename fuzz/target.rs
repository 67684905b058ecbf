//! Every fuzz target is built from this file; the target's name selects the function of `daypass::fuzzing` to run.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass::fuzzing::run(env!("CARGO_BIN_NAME"), bytes));
