//! Accounts and sessions.

use shared::{error::ErrorCode::*, paths};

use super::{
    Answer::{Empty, Json, Other},
    Operation,
    Who::{Anyone, Cookie, Listener, ListenerOrLeaving},
    call,
};

const TAG: &str = "Accounts";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        body: Some("Credentials"),
        errors: &[
            InvalidJson,
            MissingField,
            UnknownField,
            EmailTaken,
            InvalidEmail,
            WeakPassword,
            RateLimited,
        ],
        ..call(
            "post",
            paths::REGISTER,
            "register",
            TAG,
            "Open an account",
            Anyone,
            Json(201, "Session"),
        )
    },
    Operation {
        body: Some("Credentials"),
        errors: &[InvalidJson, InvalidCredentials, RateLimited],
        ..call("post", paths::LOGIN, "log_in", TAG, "Log in", Anyone, Json(200, "Session"))
    },
    Operation {
        errors: &[Unauthenticated],
        ..call(
            "post",
            paths::REFRESH,
            "refresh",
            TAG,
            "A new token for the refresh cookie, which rotates",
            Cookie,
            Json(200, "Session"),
        )
    },
    Operation {
        errors: &[Unauthenticated],
        ..call(
            "post",
            paths::LOGOUT,
            "log_out",
            TAG,
            "End this session; its tokens stop working at once",
            ListenerOrLeaving,
            Empty(204),
        )
    },
    Operation {
        errors: &[Unauthenticated],
        ..call(
            "get",
            paths::SESSIONS,
            "list_sessions",
            TAG,
            "Where the listener is signed in",
            ListenerOrLeaving,
            Json(200, "Sessions"),
        )
    },
    Operation {
        errors: &[Unauthenticated, NotFound],
        ..call(
            "delete",
            "/api/auth/sessions/{id}",
            "end_session",
            TAG,
            "End one session",
            ListenerOrLeaving,
            Empty(204),
        )
    },
    Operation {
        body: Some("ForgotPassword"),
        errors: &[InvalidJson, RateLimited],
        ..call(
            "post",
            paths::FORGOT_PASSWORD,
            "forgot_password",
            TAG,
            "Mail a link that sets a new password, if the address has an account",
            Anyone,
            Empty(202),
        )
    },
    Operation {
        body: Some("ResetPassword"),
        errors: &[InvalidToken, WeakPassword, RateLimited],
        ..call(
            "post",
            paths::RESET_PASSWORD,
            "reset_password",
            TAG,
            "Set a new password with a mailed token; every session ends",
            Anyone,
            Empty(204),
        )
    },
    Operation {
        body: Some("VerifyEmail"),
        errors: &[InvalidToken, EmailTaken],
        ..call(
            "post",
            paths::VERIFY_EMAIL,
            "verify_email",
            TAG,
            "Confirm an address with a mailed token",
            Anyone,
            Empty(204),
        )
    },
    Operation {
        errors: &[Unauthenticated, RateLimited],
        ..call(
            "post",
            paths::RESEND_VERIFICATION,
            "resend_verification",
            TAG,
            "Mail that token again",
            Listener,
            Empty(202),
        )
    },
    Operation {
        errors: &[Unauthenticated],
        ..call(
            "get",
            paths::ME,
            "show_account",
            TAG,
            "The account, and what it may hear now",
            ListenerOrLeaving,
            Json(200, "Account"),
        )
    },
    Operation {
        body: Some("ChangeAccount"),
        errors: &[Unauthenticated, InvalidCredentials, EmailTaken, InvalidEmail, WeakPassword],
        ..call(
            "patch",
            paths::ME,
            "change_account",
            TAG,
            "Change address or password",
            Listener,
            Json(200, "Account"),
        )
    },
    Operation {
        body: Some("DeleteAccount"),
        errors: &[Unauthenticated, InvalidCredentials],
        ..call(
            "delete",
            paths::ME,
            "delete_account",
            TAG,
            "Leave: subscriptions are canceled, then everything is erased",
            ListenerOrLeaving,
            Empty(202),
        )
    },
    Operation {
        errors: &[Unauthenticated],
        ..call(
            "get",
            paths::EVENTS,
            "follow",
            TAG,
            "The account now and at each change, until the session ends",
            ListenerOrLeaving,
            Other("text/event-stream", "Messages whose data is an Account"),
        )
    },
];
