//! The sidecar as a pod has it: a user of its own, a folder in memory, a token of the cluster, and the real server.

mod aws;
mod canaries;
mod ends;
mod events;
mod faults;
mod partition;
mod pod;
mod rotates;
mod size;
