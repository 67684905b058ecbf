//! Every target is this file: its name says which one of `daypass::fuzzing` it runs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass::fuzzing::run(env!("CARGO_BIN_NAME"), bytes));
