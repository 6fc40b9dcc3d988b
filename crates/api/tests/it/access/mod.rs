//! Access is right under any order, duplication or loss of events.

mod at_once;
mod crashes;
mod customers;
mod intake;
mod loss;
mod money_back;
mod on_sale;
mod operator;
mod order;
mod refresh;
mod repair;
mod stand_in;
mod walk;
pub mod world;
