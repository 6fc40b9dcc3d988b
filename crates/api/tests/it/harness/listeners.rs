//! Listeners with and without a plan, and the operator's side of the library.

use api::{
    catalog::{BUILT_IN, Catalog},
    clock::Clock,
    db::{DbError, schema::grants},
    episodes::{Library, audio::MediaFolder},
};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use serde_json::Value;

use super::{Listener, PATIENCE, TestApp};

impl TestApp {
    /// Registers somebody and gives them a plan, as an operator does.
    pub async fn listener(&self, email: &str, plan: Option<&str>) -> Listener {
        let listener = self.register(email).await;
        if let Some(plan) = plan {
            self.grant(&listener, plan).await;
        }
        listener
    }

    /// Opens a plan to a listener.
    pub async fn grant(&self, listener: &Listener, plan: &str) {
        let row = (
            grants::id.eq(uuid::Uuid::new_v4().to_string()),
            grants::user_id.eq(listener.id.clone()),
            grants::plan.eq(plan.to_owned()),
            grants::created_at.eq(Clock::default().wall()),
        );
        let insert =
            move |conn: &mut _| diesel::insert_into(grants::table).values(row).execute(conn);
        self.db().await.write(move |conn| Ok::<_, DbError>(insert(conn)?)).await.unwrap();
    }

    /// Takes back whatever was opened to a listener.
    pub async fn revoke(&self, listener: &Listener) {
        let (id, now) = (listener.id.clone(), Clock::default().wall());
        let given = grants::table.filter(grants::user_id.eq(id));
        let revoke =
            move |conn: &mut _| diesel::update(given).set(grants::revoked_at.eq(now)).execute(conn);
        self.db().await.write(move |conn| Ok::<_, DbError>(revoke(conn)?)).await.unwrap();
    }

    /// The library as the operator's commands reach it, beside the running server.
    pub async fn library(&self) -> Library {
        let media = MediaFolder::open(self.data_dir().join("media")).unwrap();
        Library::new(self.db().await, Clock::default(), media, &Catalog::parse(BUILT_IN).unwrap())
    }

    /// Every episode as somebody sees it, newest first, once the first start has brought them in.
    pub async fn episodes(&self, token: Option<&str>) -> Vec<Value> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let answer = match token {
                Some(token) => self.get_as(token, "/api/episodes").await,
                None => self.get("/api/episodes").await,
            };
            let episodes = answer.expect(200)["episodes"].as_array().unwrap().clone();
            if !episodes.is_empty() {
                return episodes;
            }
            assert!(tokio::time::Instant::now() < deadline, "no episodes came");
            tokio::task::yield_now().await;
        }
    }
}
