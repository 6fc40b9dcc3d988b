//! The hosted pages: Checkout, the Customer Portal and the invoice, rendered on the server.
//!
//! They work without a script, load nothing from elsewhere, and say on every page that they are a
//! sandbox. State changes belong to [`checkout`](super::checkout), [`portal`](super::portal) and
//! [`invoice_page`](super::invoice_page); here is HTML, the parsing of forms, and redirects.
//! A form that is wrong comes back with 422 and the error beside its field; one that worked
//! answers 303. Addresses are unguessable and forms from other sites are refused.
//!
//! # Paths and names, for whoever drives them
//!
//! | Page | Path | Fields (`#id`, same `name`) | Buttons and links by accessible name |
//! |---|---|---|---|
//! | Checkout | `/pay/{secret}` | `#email` (read-only when the customer has one), the card, `#terms` | button "Subscribe", "Start trial", "Pay $10.00" or "Save card"; link "Back to {business}" |
//! | | `POST …/promotion-code` | `#promotion-code` | buttons "Apply", "Remove" |
//! | | `POST …/quantity` | `quantity` beside each line that allows it | button "Update" |
//! | Bank account | `/pay/{secret}/bank-account` | `#email #account #account-holder` | button "Pay $10.00", link "Pay by card" |
//! | | `POST …/tax-country` | `tax-country` with automatic tax | button "Update tax" |
//! | 3-D Secure | `/challenge/{challenge}` | | buttons "Complete authentication", "Fail authentication" |
//! | Portal, start | `/portal/{secret}` | | leads to the flow's page or home |
//! | Portal, home | `…/home` | | links "Update plan", "Cancel plan", "Add payment method", "Remove", "Update information", "Return to {business}", the dates of the billing history; buttons "Don't cancel plan", "Make default" |
//! | Change plan | `…/subscriptions/{id}/update` | radio buttons named `price`, labelled by product; links "Monthly", "Yearly" | button "Continue" |
//! | | `…/subscriptions/{id}/confirm?price={price}` | | `#quantity`, `#code` where allowed; buttons "Confirm", "Recalculate", link "Go back" |
//! | Cancel | `…/subscriptions/{id}/cancel` | radio buttons named `reason`, `#comment` | button "Cancel plan", link "Keep plan" |
//! | Stay for a coupon | `POST …/subscriptions/{id}/retain` | | button "Keep plan with the discount" on the page before |
//! | Pause | `…/subscriptions/{id}/pause` | radio buttons named `option` | button "Pause plan", link "Keep plan" |
//! | Go on | `POST …/subscriptions/{id}/unpause` | | button "Resume plan" on the home |
//! | Undo | `POST …/subscriptions/{id}/resume` | | |
//! | Add a card | `…/payment-methods/add` | the card | button "Add"; a passed challenge leads to `…/payment-methods/added` |
//! | Default card | `POST …/payment-methods/{id}/default` | | |
//! | Remove a card | `…/payment-methods/{id}/remove` | | button "Remove", link "Keep card" |
//! | Information | `…/billing-information` | `#name #email #phone #line1 #line2 #city #state #postal-code #country` | button "Save" |
//! | End of a flow | `…/done` | | link "Return to {business}" |
//! | Invoice | `/invoice/{secret}` | the card, while it is open | button "Pay $10.00", link "Download PDF" |
//! | | `/invoice/{secret}/pdf` | | |
//! | Mailbox | `/_sandbox/mailbox` | | the subjects of the mails, newest first |
//! | One mail | `/_sandbox/mailbox/{id}` | | links "HTML", "Text", "All mails"; the mail in a frame titled "Mail" |
//!
//! The card is `#card-number #card-expiry #card-cvc #billing-name`. The button that sends a page's
//! form has `data-testid="submit"`; others: `total-due` (Checkout), `due-today` (change of plan),
//! `subscription`, `status`, `payment-method`, `invoice` (home). What has just been done stands in
//! `role="status"`. A field's error has the id `{field}-error`.

mod card;
mod challenge;
mod checkout;
mod dashboard;
mod display;
mod form;
mod invoice;
mod mailbox;
mod portal;
mod refused;
mod reply;
mod shell;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, middleware, web};

pub(super) use self::dashboard::refuse_strangers;
use self::refused::Refused;
use super::Sandbox;

/// Unix seconds of the sandbox's clock.
fn now(sandbox: &Sandbox) -> i64 {
    sandbox.store.surroundings().clock.now()
}

/// Mounts the pages on the sandbox's own server. Handlers take `web::Data<Sandbox>`.
pub(crate) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .app_data(web::FormConfig::default().error_handler(|error, _| reply::unreadable(error)))
        .configure(dashboard::configure)
        .app_data(web::QueryConfig::default().error_handler(|error, _| reply::unreadable(error)))
        .route(
            shell::style_path(),
            web::get().to(|| asset("text/css; charset=utf-8", shell::STYLE)),
        )
        .route(
            shell::script_path(),
            web::get().to(|| asset("text/javascript; charset=utf-8", shell::SCRIPT)),
        )
        .route(shell::ICON_PATH, web::get().to(|| asset("image/svg+xml", shell::ICON)))
        .route("/_sandbox/mailbox", web::get().to(mailbox::list))
        .route("/_sandbox/mailbox.json", web::get().to(mailbox::list_json))
        .route("/_sandbox/mailbox/{id}", web::get().to(mailbox::show))
        .route("/_sandbox/mailbox/{id}/html", web::get().to(mailbox::show_html))
        .service(
            web::scope("/pay/{secret}")
                .wrap(middleware::from_fn(reply::refuse_cross_site))
                .route("", web::get().to(checkout::show))
                .route("", web::post().to(checkout::submit))
                .route("/promotion-code", web::post().to(checkout::apply_code))
                .route("/quantity", web::post().to(checkout::set_quantity))
                .route("/bank-account", web::get().to(checkout::debit::show))
                .route("/bank-account", web::post().to(checkout::debit::submit))
                .route("/tax-country", web::post().to(checkout::set_country)),
        )
        .service(
            web::scope("/challenge/{challenge}")
                .wrap(middleware::from_fn(reply::refuse_cross_site))
                .route("", web::get().to(challenge::show))
                .route("", web::post().to(challenge::answer)),
        )
        .service(
            web::scope("/invoice/{secret}")
                .wrap(middleware::from_fn(reply::refuse_cross_site))
                .route("", web::get().to(invoice::show))
                .route("", web::post().to(invoice::pay))
                .route("/pdf", web::get().to(invoice::download)),
        )
        .service(
            web::scope("/portal/{secret}")
                .wrap(middleware::from_fn(reply::refuse_cross_site))
                .configure(portal_routes)
                .default_service(web::to(|| async { reply::not_found() })),
        );
}

fn portal_routes(routes: &mut web::ServiceConfig) {
    use portal::{billing_information, cancel, home, pause, payment_methods, plan};
    routes
        .route("", web::get().to(portal::start))
        .route("/home", web::get().to(home::show))
        .route("/done", web::get().to(portal::done))
        .route("/subscriptions/{id}/update", web::get().to(plan::choose))
        .route("/subscriptions/{id}/confirm", web::get().to(plan::show_confirm))
        .route("/subscriptions/{id}/confirm", web::post().to(plan::change))
        .route("/subscriptions/{id}/cancel", web::get().to(cancel::show))
        .route("/subscriptions/{id}/cancel", web::post().to(cancel::cancel))
        .route("/subscriptions/{id}/resume", web::post().to(cancel::resume))
        .route("/subscriptions/{id}/retain", web::post().to(cancel::retain))
        .route("/subscriptions/{id}/pause", web::get().to(pause::show))
        .route("/subscriptions/{id}/pause", web::post().to(pause::pause))
        .route("/subscriptions/{id}/unpause", web::post().to(pause::unpause))
        .route("/payment-methods/add", web::get().to(payment_methods::show_add))
        .route("/payment-methods/add", web::post().to(payment_methods::add))
        .route("/payment-methods/added", web::get().to(payment_methods::added))
        .route("/payment-methods/{id}/default", web::post().to(payment_methods::make_default))
        .route("/payment-methods/{id}/remove", web::get().to(payment_methods::show_remove))
        .route("/payment-methods/{id}/remove", web::post().to(payment_methods::remove))
        .route("/billing-information", web::get().to(billing_information::show))
        .route("/billing-information", web::post().to(billing_information::save));
}

/// A file that never changes under its path, except the icon, which nobody would miss.
async fn asset(kind: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(content)
}
