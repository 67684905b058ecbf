//! The sidecar as in a pod: with its own user, a folder in memory, a token of the cluster, and the real server.

mod aws;
mod canaries;
mod ends;
mod events;
mod faults;
mod partition;
mod pod;
mod rotates;
mod size;
