//! The way to Stripe, on which one call can be stopped: before Stripe hears of it, or once Stripe has acted and before
//! its answer comes. Whoever made the call can be killed right there.

use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use tokio::{sync::Semaphore, time::timeout};

use crate::harness::{PATIENCE, serve};

/// Where a call is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Stripe never hears of it.
    Before,
    /// Stripe has done it.
    Behind,
}

impl Side {
    pub const BOTH: [Self; 2] = [Self::Before, Self::Behind];
}

/// A method and a path; `*` stands for any segment, and at the end for all that follow.
pub type Call = (&'static str, &'static str);

pub struct Gate {
    pub base: String,
    state: Arc<State>,
}

struct State {
    stripe: String,
    http: reqwest::Client,
    shut: Mutex<Option<(Call, Side)>>,
    stopped: Semaphore,
}

impl Gate {
    /// One that leads to the Stripe at `stripe`, and is open.
    pub fn start(stripe: &str) -> Self {
        let state = Arc::new(State {
            stripe: stripe.to_owned(),
            http: reqwest::Client::new(),
            shut: Mutex::default(),
            stopped: Semaphore::new(0),
        });
        let data = web::Data::from(Arc::clone(&state));
        let base = serve(move |config| {
            config
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(1 << 20))
                .default_service(web::to(pass));
        });
        Self { base, state }
    }

    /// Stops the next such call, once.
    pub fn shut(&self, call: Call, side: Side) {
        *self.state.shut.lock().unwrap() = Some((call, side));
    }

    /// Waits until the call has come and is stopped.
    pub async fn stopped(&self) {
        let stopped = timeout(PATIENCE, self.state.stopped.acquire()).await;
        let call = *self.state.shut.lock().unwrap();
        stopped.unwrap_or_else(|_| panic!("nobody called {call:?}")).unwrap().forget();
    }
}

fn is(call: Call, request: &HttpRequest) -> bool {
    let (method, pattern) = call;
    let mut path = request.path().split('/');
    let fits = match pattern.strip_suffix("/**") {
        Some(start) => start.split('/').all(|segment| path.next() == Some(segment)),
        None => {
            pattern
                .split('/')
                .all(|segment| path.next().is_some_and(|it| segment == "*" || it == segment))
                && path.next().is_none()
        }
    };
    request.method() == method && fits
}

async fn pass(request: HttpRequest, body: web::Bytes, state: web::Data<State>) -> HttpResponse {
    let side = {
        let mut shut = state.shut.lock().unwrap();
        match *shut {
            Some((call, side)) if is(call, &request) => {
                *shut = None;
                Some(side)
            }
            _ => None,
        }
    };
    if side == Some(Side::Before) {
        return stop(&state).await;
    }
    let method = request.method().as_str().parse().unwrap();
    let url = format!("{}{}", state.stripe, request.uri());
    let mut forwarded = state.http.request(method, url).body(body);
    for (name, value) in request.headers().iter().filter(|(name, _)| *name != "host") {
        forwarded = forwarded.header(name.as_str(), value.as_bytes());
    }
    let Ok(answer) = forwarded.send().await else { return HttpResponse::BadGateway().finish() };
    let mut response = HttpResponse::build(answer.status().as_u16().try_into().unwrap());
    let of_the_connection = ["connection", "content-length", "transfer-encoding"];
    for (name, value) in answer.headers() {
        if !of_the_connection.contains(&name.as_str()) {
            response.insert_header((name.as_str(), value.as_bytes()));
        }
    }
    let Ok(body) = answer.bytes().await else { return HttpResponse::BadGateway().finish() };
    if side == Some(Side::Behind) {
        return stop(&state).await;
    }
    response.body(body)
}

/// The caller gets no answer for as long as it lives.
async fn stop(state: &State) -> HttpResponse {
    state.stopped.add_permits(1);
    std::future::pending().await
}
