//! What a server goes through: each test counts records or requests, and asserts no time. `make faults` runs the long forms too.

mod disk;
