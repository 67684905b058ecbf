//! What a server goes through: floods, full tables, stops, disks that fail. Each test counts connections, requests or records, and
//! asserts no time; the figures come with the long forms, by `make faults`.

mod connections;
mod costs;
mod disk;
mod drain;
