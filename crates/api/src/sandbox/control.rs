//! The sandbox's own controls, under `/_sandbox`. They need no key, so they answer only under names of this
//! machine, and not to pages of other sites.
//!
//! | | |
//! |---|---|
//! | `GET /_sandbox/clock` | `{"now": Unix seconds, "offset": seconds ahead of the wall}` |
//! | `POST /_sandbox/clock/advance` | `{"seconds": n}`, `{"to": Unix seconds}` or `{"by": "1month"}`; answers as `clock` once all that is due on the way is done |
//! | `GET`, `POST /_sandbox/webhooks` | `{"retries": "brisk" | "test" | "live"}`: how failed deliveries are repeated, from now on |
//! | `GET`, `POST /_sandbox/billing` | `{"after_last_retry": "cancel" | "unpaid" | "past_due"}`: what becomes of subscriptions whose payment is given up |
//! | `POST /_sandbox/webhook_endpoints/{id}/roll_secret` | `{"expire_in": seconds}`: a new signing secret, the old one signs along for so long |
//! | `GET`, `POST /_sandbox/protocol` | `{"api_version": "2023-10-16", "rate_limit": 25, "restricted_keys": {"rk_test_reader": ["rak_customer_read"]}}`: the account's default version, the requests answered in a second, and what restricted keys may do; left out for the newest, no limit, and everything |
//! | `GET /_sandbox/requests` | the last requests of the API, newest first |
//! | `GET /_sandbox/faults` | what goes wrong, and how often each rule `struck` |
//! | `POST /_sandbox/faults` | `{"seed": n, "rules": […]}` replaces all rules: see [`faults`](super::faults) |
//! | `DELETE /_sandbox/faults` | nothing goes wrong any more |
//! | `GET /_sandbox/deliveries` | the last webhook deliveries, newest first, with the attempts `made`; `?event=evt_…` for those of one event |

use actix_web::{HttpResponse, http::StatusCode, middleware, web};
use serde::Deserialize;
use serde_json::json;

use super::{
    FaultPlan, ProtocolSettings, Sandbox,
    billing::dunning::GivingUp,
    clock,
    error::ApiError,
    listen,
    log::LoggedRequest,
    pages::refuse_strangers,
    store::{Origin, Setting, Tx},
    ticker,
    webhooks::{self, Retries},
};

/// Requests shown.
const REQUESTS: usize = 500;
/// Deliveries shown.
const DELIVERIES: i64 = 200;

/// Mounts the controls.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    let controls = web::scope("/_sandbox").wrap(middleware::from_fn(refuse_strangers));
    routes.service(
        controls
            .route("/clock", web::get().to(show_clock))
            .route("/clock/advance", web::post().to(advance_clock))
            .route("/faults", web::get().to(show_faults))
            .route("/faults", web::post().to(set_faults))
            .route("/faults", web::delete().to(clear_faults))
            .route("/protocol", web::get().to(show_protocol))
            .route("/protocol", web::post().to(set_protocol))
            .route("/billing", web::get().to(show_billing))
            .route("/billing", web::post().to(set_billing))
            .route("/webhooks", web::get().to(show_webhooks))
            .route("/webhooks", web::post().to(set_webhooks))
            .route("/webhook_endpoints/{id}/roll_secret", web::post().to(roll_secret))
            .route(listen::ENDPOINT, web::get().to(listen::connect))
            .route("/requests", web::get().to(list_requests))
            .route("/deliveries", web::get().to(list_deliveries)),
    );
}

async fn show_clock(sandbox: web::Data<Sandbox>) -> HttpResponse {
    let clock = &sandbox.store.surroundings().clock;
    HttpResponse::Ok().json(json!({ "now": clock.now(), "offset": clock.offset() }))
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Advance {
    Seconds(i64),
    To(i64),
    By(String),
}

async fn advance_clock(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let now = sandbox.store.surroundings().clock.now();
    let target = match serde_json::from_slice(&body) {
        Ok(Advance::Seconds(seconds)) => Ok(now.saturating_add(seconds)),
        Ok(Advance::To(time)) => Ok(time),
        Ok(Advance::By(span)) => clock::after(now, &span),
        Err(error) => Err(error.to_string()),
    };
    let target = target.and_then(|target| {
        let latest = jiff::Timestamp::MAX.as_second();
        if (now..=latest).contains(&target) {
            Ok(target)
        } else {
            Err("the clock only moves ahead".to_owned())
        }
    });
    let advanced = match target {
        Ok(target) => ticker::advance(&sandbox, target).await,
        Err(reason) => Err(ApiError::invalid(reason)),
    };
    match advanced {
        Ok(()) => show_clock(sandbox).await,
        Err(error) => refusal(&error),
    }
}

async fn show_faults(sandbox: web::Data<Sandbox>) -> HttpResponse {
    let (plan, struck) = sandbox.faults.show();
    let mut shown = json!(plan);
    shown["struck"] = json!(struck);
    HttpResponse::Ok().json(shown)
}

async fn set_faults(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    match FaultPlan::parse(&body) {
        Ok(plan) => sandbox.faults.replace(plan),
        Err(error) => return refusal(&ApiError::invalid(error.to_string())),
    }
    show_faults(sandbox).await
}

async fn clear_faults(sandbox: web::Data<Sandbox>) -> HttpResponse {
    sandbox.faults.replace(FaultPlan::default());
    show_faults(sandbox).await
}

async fn show_webhooks(sandbox: web::Data<Sandbox>) -> HttpResponse {
    match sandbox.store.read(|tx| tx.setting(Setting::WebhookRetries)) {
        Ok(retries) => {
            let retries = retries.unwrap_or_else(|| Retries::default().name().to_owned());
            HttpResponse::Ok().json(json!({ "retries": retries }))
        }
        Err(error) => refusal(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookSettings {
    retries: String,
}

async fn set_webhooks(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let retries = serde_json::from_slice(&body).map_err(|error| error.to_string()).and_then(
        |WebhookSettings { retries }| {
            Retries::named(&retries).ok_or_else(|| "retries are brisk, test or live".to_owned())
        },
    );
    let retries = match retries {
        Ok(retries) => retries.name(),
        Err(reason) => return refusal(&ApiError::invalid(reason)),
    };
    let work = move |tx: &mut Tx<'_>| tx.set_setting(Setting::WebhookRetries, retries);
    match sandbox.store.write(Origin::default(), work).await {
        Ok(()) => show_webhooks(sandbox).await,
        Err(error) => refusal(&error),
    }
}

async fn show_billing(sandbox: web::Data<Sandbox>) -> HttpResponse {
    match sandbox.store.read(GivingUp::chosen) {
        Ok(choice) => HttpResponse::Ok().json(json!({ "after_last_retry": choice.name() })),
        Err(error) => refusal(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BillingSettings {
    after_last_retry: String,
}

async fn set_billing(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let choice = serde_json::from_slice(&body).map_err(|error| error.to_string()).and_then(
        |BillingSettings { after_last_retry }| {
            GivingUp::named(&after_last_retry)
                .ok_or_else(|| "after_last_retry is cancel, unpaid or past_due".to_owned())
        },
    );
    let choice = match choice {
        Ok(choice) => choice.name(),
        Err(reason) => return refusal(&ApiError::invalid(reason)),
    };
    let work = move |tx: &mut Tx<'_>| tx.set_setting(Setting::AfterLastRetry, choice);
    match sandbox.store.write(Origin::default(), work).await {
        Ok(()) => show_billing(sandbox).await,
        Err(error) => refusal(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roll {
    #[serde(default)]
    expire_in: i64,
}

async fn roll_secret(
    sandbox: web::Data<Sandbox>,
    id: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let roll: Roll = match serde_json::from_slice(&body) {
        Ok(roll) => roll,
        Err(error) => return refusal(&ApiError::invalid(error.to_string())),
    };
    let id = id.into_inner();
    let work = move |tx: &mut Tx<'_>| webhooks::roll_secret(tx, &id, roll.expire_in);
    match sandbox.store.write(Origin::default(), work).await {
        Ok(secret) => HttpResponse::Ok().json(json!({ "secret": secret })),
        Err(error) => refusal(&error),
    }
}

async fn show_protocol(sandbox: web::Data<Sandbox>) -> HttpResponse {
    HttpResponse::Ok().json(sandbox.protocol.settings())
}

async fn set_protocol(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let settings = serde_json::from_slice::<ProtocolSettings>(&body);
    let set = settings
        .map_err(|error| ApiError::invalid(error.to_string()))
        .and_then(|settings| sandbox.protocol.set(settings));
    match set {
        Ok(()) => show_protocol(sandbox).await,
        Err(error) => refusal(&error),
    }
}

async fn list_requests(sandbox: web::Data<Sandbox>) -> HttpResponse {
    let shown = |(time, request): (i64, LoggedRequest)| {
        let mut shown = json!(request);
        shown["time"] = json!(time);
        shown
    };
    let requests: Vec<_> = sandbox.log.newest(REQUESTS).into_iter().map(shown).collect();
    HttpResponse::Ok().json(json!({ "data": requests }))
}

#[derive(Deserialize)]
struct DeliveryQuery {
    event: Option<String>,
}

async fn list_deliveries(
    sandbox: web::Data<Sandbox>,
    query: web::Query<DeliveryQuery>,
) -> HttpResponse {
    let listed = sandbox.store.read(|tx| {
        let deliveries = tx.list_deliveries(query.event.as_deref(), DELIVERIES)?;
        let mut shown = Vec::new();
        for delivery in deliveries {
            let mut one = json!(delivery);
            one["made"] = json!(tx.list_attempts(delivery.id)?);
            shown.push(one);
        }
        Ok(shown)
    });
    match listed {
        Ok(deliveries) => HttpResponse::Ok().json(json!({ "data": deliveries })),
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &ApiError) -> HttpResponse {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).json(error.body())
}
