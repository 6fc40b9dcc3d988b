//! Nothing is lost and nothing is done twice when processes, databases and Stripe fail. Run against the built program.

mod installation;
mod outage;
mod process;
