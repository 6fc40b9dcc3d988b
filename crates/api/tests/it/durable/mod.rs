//! Nothing is lost and nothing is done twice when processes, databases and Stripe fail. Run against the built program.

mod crash;
mod disk;
mod installation;
mod outage;
mod process;
mod pruning;
mod webhooks;
