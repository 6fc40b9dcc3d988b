//! The tables, as the migrations leave them.

#![allow(missing_docs)]

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        email_verified -> Bool,
        password_digest -> Text,
        stripe_customer_id -> Nullable<Text>,
        billing_email -> Nullable<Text>,
        subscription_id -> Nullable<Text>,
        subscription_status -> Text,
        plan -> Nullable<Text>,
        access_until -> Nullable<BigInt>,
        had_trial -> Bool,
        feed_version -> BigInt,
        deletion_requested_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        customer_email -> Nullable<Text>,
        customer_email_tries -> BigInt,
        customer_email_try_at -> BigInt,
        pending_email -> Nullable<Text>,
        deletion_tries -> BigInt,
        deletion_try_at -> BigInt,
        pseudonym -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        refresh_digest -> Text,
        previous_digest -> Nullable<Text>,
        rotated_at -> BigInt,
        user_agent -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    mailed_tokens (digest) {
        digest -> Text,
        user_id -> Text,
        purpose -> Text,
        email -> Text,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    remembered_trials (pseudonym) {
        pseudonym -> Text,
        remembered_at -> BigInt,
    }
}

diesel::table! {
    registrations (digest) {
        digest -> Text,
        email -> Text,
        password_digest -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        cause -> Text,
        user_id -> Nullable<Text>,
        recipient -> Nullable<Text>,
        data -> Nullable<Text>,
        created_at -> BigInt,
        useless_at -> BigInt,
        attempts -> BigInt,
        next_try_at -> Nullable<BigInt>,
        holder -> Nullable<Text>,
        leased_until -> BigInt,
        error -> Nullable<Text>,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    rate_limits (name) {
        name -> Text,
        window_start -> BigInt,
        hits -> BigInt,
    }
}

diesel::table! {
    feeds (token_digest) {
        token_digest -> Text,
        user_id -> Text,
        version -> BigInt,
        created_at -> BigInt,
        replaced_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    prices (id) {
        id -> Text,
        product_id -> Text,
        plan -> Text,
        interval -> Text,
        lookup_key -> Nullable<Text>,
        amount -> BigInt,
        currency -> Text,
        active -> Bool,
        updated_at -> BigInt,
    }
}

diesel::table! {
    former_customers (customer_id) {
        customer_id -> Text,
        user_id -> Nullable<Text>,
        reason -> Text,
        retired_at -> BigInt,
    }
}

diesel::table! {
    subscriptions (id) {
        id -> Text,
        customer_id -> Text,
        user_id -> Nullable<Text>,
        status -> Text,
        product_id -> Nullable<Text>,
        price_id -> Nullable<Text>,
        plan -> Nullable<Text>,
        interval -> Nullable<Text>,
        amount -> Nullable<BigInt>,
        currency -> Text,
        current_period_end -> Nullable<BigInt>,
        cancel_at -> Nullable<BigInt>,
        cancel_at_period_end -> Bool,
        ended_at -> Nullable<BigInt>,
        trial_end -> Nullable<BigInt>,
        pause_behavior -> Nullable<Text>,
        pause_resumes_at -> Nullable<BigInt>,
        past_due_since -> Nullable<BigInt>,
        paid_until -> Nullable<BigInt>,
        default_payment_method -> Nullable<Text>,
        card_brand -> Nullable<Text>,
        card_last4 -> Nullable<Text>,
        card_exp_month -> Nullable<BigInt>,
        card_exp_year -> Nullable<BigInt>,
        end_reason -> Nullable<Text>,
        version -> BigInt,
        settled_before -> BigInt,
        refresh_no -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        latest_invoice -> Nullable<Text>,
        money_back -> Nullable<Text>,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        user_id -> Text,
        plan -> Text,
        until -> Nullable<BigInt>,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    access_changes (id) {
        id -> Text,
        user_id -> Text,
        at -> BigInt,
        cause -> Text,
        before -> Text,
        after -> Text,
    }
}

diesel::table! {
    checkout_sessions (id) {
        id -> Text,
        user_id -> Text,
        plan -> Text,
        interval -> Text,
        price_id -> Text,
        status -> Text,
        url -> Nullable<Text>,
        expires_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    checkout_leases (user_id) {
        user_id -> Text,
        holder -> Nullable<Text>,
        leased_until -> BigInt,
        customer_attempt -> BigInt,
        session_attempt -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        kind -> Text,
        customer_id -> Nullable<Text>,
        object_id -> Nullable<Text>,
        api_version -> Nullable<Text>,
        livemode -> Bool,
        created -> BigInt,
        received_at -> BigInt,
        state -> Text,
        reason -> Nullable<Text>,
        error -> Nullable<Text>,
        attempts -> BigInt,
        next_try_at -> Nullable<BigInt>,
        holder -> Nullable<Text>,
        leased_until -> BigInt,
        payload -> Nullable<Binary>,
    }
}

diesel::table! {
    refreshes (target) {
        target -> Text,
        cause -> Text,
        requests -> BigInt,
        attempts -> BigInt,
        next_try_at -> BigInt,
        holder -> Nullable<Text>,
        leased_until -> BigInt,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    job_leases (name) {
        name -> Text,
        holder -> Nullable<Text>,
        leased_until -> BigInt,
        last_run_at -> BigInt,
    }
}

diesel::table! {
    alerts (id) {
        id -> Text,
        kind -> Text,
        subject -> Text,
        message -> Text,
        created_at -> BigInt,
        resolved_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    episodes (id) {
        id -> Text,
        number -> BigInt,
        guid -> Text,
        title -> Text,
        summary -> Text,
        description_html -> Text,
        published_at -> BigInt,
        duration -> BigInt,
        required_plan -> Nullable<Text>,
        audio -> Text,
        audio_type -> Text,
        audio_size -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        search_text -> Text,
        chapters -> Text,
    }
}

diesel::table! {
    downloads (episode_id, day, listener) {
        episode_id -> Text,
        day -> BigInt,
        listener -> Text,
        by_feed -> Bool,
    }
}

diesel::table! {
    library_version (id) {
        id -> Integer,
        version -> BigInt,
    }
}

diesel::table! {
    feed_sources (url) {
        url -> Text,
        etag -> Nullable<Text>,
        last_modified -> Nullable<Text>,
        imported_at -> BigInt,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(subscriptions -> users (user_id));
diesel::joinable!(grants -> users (user_id));
diesel::joinable!(feeds -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    access_changes,
    alerts,
    checkout_leases,
    checkout_sessions,
    downloads,
    episodes,
    events,
    feed_sources,
    feeds,
    former_customers,
    grants,
    job_leases,
    library_version,
    mailed_tokens,
    outbox,
    prices,
    rate_limits,
    refreshes,
    registrations,
    remembered_trials,
    sessions,
    settings,
    subscriptions,
    users,
);
