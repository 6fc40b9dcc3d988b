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
        own_pages_only: true,
        sets_cookie: true,
        or: &[Json(202, "NextStep")],
        errors: &[EmailTaken, InvalidEmail, WeakPassword, RateLimited],
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
        own_pages_only: true,
        sets_cookie: true,
        errors: &[InvalidCredentials, RateLimited],
        ..call("post", paths::LOGIN, "log_in", TAG, "Log in", Anyone, Json(200, "Session"))
    },
    Operation {
        own_pages_only: true,
        sets_cookie: true,
        errors: &[RateLimited],
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
        sets_cookie: true,
        ..call(
            "post",
            paths::LOGOUT,
            "log_out",
            TAG,
            "End this session; its tokens stop working at once",
            ListenerOrLeaving,
            Empty(204, "Done"),
        )
    },
    Operation {
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
        errors: &[NotFound],
        ..call(
            "delete",
            "/api/auth/sessions/{id}",
            "end_session",
            TAG,
            "End one session",
            ListenerOrLeaving,
            Empty(204, "Done"),
        )
    },
    Operation {
        body: Some("ForgotPassword"),
        own_pages_only: true,
        errors: &[RateLimited],
        ..call(
            "post",
            paths::FORGOT_PASSWORD,
            "forgot_password",
            TAG,
            "Mail a link that sets a new password, if the address has an account",
            Anyone,
            Empty(202, "Mailed, if there is such an account"),
        )
    },
    Operation {
        body: Some("CheckLink"),
        errors: &[InvalidToken, RateLimited],
        ..call(
            "post",
            paths::CHECK_LINK,
            "check_link",
            TAG,
            "Whether what a mailed link carries still works; it is not used up",
            Anyone,
            Empty(204, "It works"),
        )
    },
    Operation {
        body: Some("ResetPassword"),
        own_pages_only: true,
        errors: &[InvalidToken, WeakPassword, RateLimited],
        ..call(
            "post",
            paths::RESET_PASSWORD,
            "reset_password",
            TAG,
            "Set a new password with a mailed token; every session ends",
            Anyone,
            Empty(204, "Done"),
        )
    },
    Operation {
        body: Some("VerifyEmail"),
        own_pages_only: true,
        errors: &[InvalidToken, EmailTaken, RateLimited],
        ..call(
            "post",
            paths::VERIFY_EMAIL,
            "verify_email",
            TAG,
            "Confirm an address with a mailed token",
            Anyone,
            Empty(204, "Done"),
        )
    },
    Operation {
        errors: &[RateLimited],
        ..call(
            "post",
            paths::RESEND_VERIFICATION,
            "resend_verification",
            TAG,
            "Mail that token again",
            Listener,
            Empty(202, "Mailed, unless the address is confirmed already"),
        )
    },
    Operation {
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
        errors: &[InvalidCredentials, EmailTaken, InvalidEmail, WeakPassword, RateLimited],
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
        errors: &[InvalidCredentials, RateLimited],
        ..call(
            "delete",
            paths::ME,
            "delete_account",
            TAG,
            "Leave: subscriptions are canceled, then everything is erased",
            ListenerOrLeaving,
            Empty(202, "The account is being deleted"),
        )
    },
    Operation {
        ..call(
            "get",
            paths::EVENTS,
            "follow",
            TAG,
            "The account now and at each change, until the session ends",
            ListenerOrLeaving,
            Other(200, "text/event-stream", "Messages whose data is an Account"),
        )
    },
];
