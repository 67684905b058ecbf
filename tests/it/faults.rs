//! Faults that a server has to survive: floods of connections, costly requests, stops, full disks. Each test counts connections, requests
//! or records and asserts no time. The long forms print figures (`make faults`).

mod connections;
mod costs;
pub mod disk;
mod drain;
