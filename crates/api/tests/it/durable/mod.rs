//! Nothing is lost and nothing is done twice when processes, databases and Stripe fail. Run against the built program.

mod burst;
mod cluster;
mod copy;
mod crash;
mod database;
mod disk;
mod failover;
mod flush;
mod installation;
mod many;
mod operations;
mod outage;
mod process;
mod pruning;
mod webhooks;
