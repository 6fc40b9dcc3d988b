//! The whole app.

fn main() {
    web::start_for_listeners();
}
