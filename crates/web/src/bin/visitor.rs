//! The small bundle: what a visitor's first page needs.

fn main() {
    web::start_for_visitors();
}
