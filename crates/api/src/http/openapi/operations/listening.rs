//! Episodes and private feeds.

use shared::{error::ErrorCode::*, paths};

use super::{
    Answer::{self, Empty, Json, Other},
    Operation,
    Who::{Anyone, Either, Listener},
    call, optional,
};

const TAG: &str = "Episodes";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        query: &[
            optional("q", "string", "Words that title, summary or notes must all hold"),
            optional("limit", "integer", "How many, 50 when nothing is said, 200 at the most"),
            optional("before", "integer", "The number that the page before ended with"),
        ],
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
        or: &[Empty(304, "As it was")],
        errors: &[NotFound, FeedRotated],
        ..call(
            "get",
            "/feeds/{token}.xml",
            "read_feed",
            TAG,
            "The private feed, RSS 2.0",
            Anyone,
            Other(200, "application/rss+xml", "The feed"),
        )
    },
    Operation {
        query: &[
            optional("listener", "string", "Whose access counts"),
            optional("expires", "string", "Until when the address works, Unix seconds"),
            optional("signature", "string", "Over all of it"),
        ],
        or: AUDIO,
        errors: &[MediaForbidden, NotFound, RangeNotSatisfiable],
        ..call(
            "get",
            "/media/{episode}",
            "play_episode",
            TAG,
            "The audio: the address is an episode's audio_url as a whole",
            Anyone,
            Other(200, "audio/*", "The audio"),
        )
    },
    Operation {
        or: AUDIO,
        errors: &[MediaForbidden, NotFound, FeedRotated, RangeNotSatisfiable],
        ..call(
            "get",
            "/media/f/{token}/{episode}",
            "play_enclosure",
            TAG,
            "The audio: the address is an enclosure of a private feed",
            Anyone,
            Other(200, "audio/*", "The audio"),
        )
    },
];

/// What a request with a range or a condition is answered (RFC 9110, sections 13 and 14).
const AUDIO: &[Answer] = &[
    Other(206, "audio/*", "The range that was asked for"),
    Empty(302, "The store that keeps the audio opens it for 15 minutes"),
    Empty(304, "As it was"),
    Empty(412, "It is not as If-Match or If-Unmodified-Since says"),
];
