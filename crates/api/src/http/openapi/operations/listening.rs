//! Episodes and private feeds.

use shared::{error::ErrorCode::*, paths};

use super::{
    Answer::{Json, Other},
    Operation,
    Who::{Anyone, Either, Listener},
    call, optional,
};

const TAG: &str = "Episodes";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        query: &[
            optional("q", "string", "Words that title, summary or notes must all hold"),
            optional("limit", "integer", "How many, 200 at the most"),
            optional("before", "integer", "The number that the page before ended with"),
        ],
        errors: &[InvalidParameter],
        ..call(
            "get",
            paths::EPISODES,
            "list_episodes",
            TAG,
            "Episodes, newest first; locked ones have no audio",
            Either,
            Json(200, "Episodes"),
        )
    },
    Operation {
        errors: &[NotFound],
        ..call(
            "get",
            "/api/episodes/{id}",
            "show_episode",
            TAG,
            "One episode with its notes and chapters",
            Either,
            Json(200, "EpisodePage"),
        )
    },
    Operation {
        errors: &[Unauthenticated],
        ..call(
            "get",
            paths::FEED,
            "show_feed",
            TAG,
            "The address of the listener's private feed",
            Listener,
            Json(200, "FeedAddress"),
        )
    },
    Operation {
        errors: &[Unauthenticated],
        ..call(
            "post",
            paths::FEED_ROTATE,
            "rotate_feed",
            TAG,
            "Another address; the old one ends",
            Listener,
            Json(200, "FeedAddress"),
        )
    },
    Operation {
        errors: &[NotFound, FeedRotated],
        ..call(
            "get",
            "/feeds/{token}.xml",
            "read_feed",
            TAG,
            "The private feed, RSS 2.0",
            Anyone,
            Other("application/rss+xml", "The feed"),
        )
    },
];
