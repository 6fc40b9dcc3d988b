//! Nothing is lost and nothing is done twice when processes, databases and Stripe fail. Run against the built program.

mod bucket;
mod burst;
mod calls;
mod cluster;
mod copy;
mod crash;
mod database;
mod disk;
mod failover;
mod flush;
mod gate;
mod going_live;
mod identity;
mod installation;
mod many;
mod operations;
mod outage;
mod parallel;
mod process;
mod pruning;
mod schema;
mod settings;
mod steps;
mod turns;
mod webhooks;
