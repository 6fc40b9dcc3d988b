//! The help of each command: of the settings, those that it uses, under headings, with the secrets that go with them.
//!
//! Every command takes all settings, since they come by environment and a `.env` file too; one that it does not use
//! is only not shown.

use std::fmt::Write;

use clap::Command;

/// Settings and secrets that are used together.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    heading: &'static str,
    /// Flags, by the names of the fields of [`Settings`](crate::config::Settings).
    settings: &'static [&'static str],
    /// Names, and a line about each.
    secrets: &'static [(&'static str, &'static str)],
}

const SITE: Group =
    Group { heading: "Site", settings: &["listen_addr", "public_url"], secrets: &[] };

const REQUESTS: Group = Group {
    heading: "Requests",
    settings: &[
        "cors_origins",
        "trusted_proxies",
        "open_registration_errors",
        "rate_limits",
        "workers",
    ],
    secrets: &[],
};

const DATABASE: Group = Group {
    heading: "Database",
    settings: &["data_dir", "database_statement_timeout"],
    secrets: &[
        ("DATABASE_URL", "sqlite:///path or postgres://…; unset: a SQLite file in DATA_DIR"),
        ("DATABASE_READ_URL", "postgres://… of a replica, for plans and episodes; unset: none"),
        (
            "DATABASE_LISTEN_URL",
            "postgres://… where LISTEN works, when DATABASE_URL leads to a pooler",
        ),
    ],
};

const KEYS: Group = Group {
    heading: "Keys",
    settings: &[],
    secrets: &[(
        "SECRET_KEYS",
        "keys for tokens, feeds and media, comma-separated: the first makes, all check; \
         unset: generated into DATA_DIR. Required with PostgreSQL and with a live key",
    )],
};

const STRIPE: Group = Group {
    heading: "Stripe",
    settings: &["stripe_api_base", "sandbox_addr"],
    secrets: &[("STRIPE_SECRET_KEY", "sk_… or rk_…; unset: the embedded sandbox")],
};

const SANDBOX: Group = Group {
    heading: "Sandbox",
    settings: &["sandbox_public_url", "sandbox_public", "sandbox_record"],
    secrets: &[],
};

const EVENTS: Group = Group {
    heading: "Events and repair",
    settings: &["reconcile_every", "event_retention"],
    secrets: &[(
        "STRIPE_WEBHOOK_SECRET",
        "whsec_…, comma-separated, each is tried; unset: the sandbox's own",
    )],
};

const CATALOG: Group = Group { heading: "Catalog", settings: &["catalog"], secrets: &[] };

const AUDIO: Group = Group {
    heading: "Audio",
    settings: &["s3_bucket", "s3_endpoint", "s3_region"],
    secrets: &[
        ("S3_ACCESS_KEY_ID", "for the bucket that S3_BUCKET names"),
        ("S3_SECRET_ACCESS_KEY", "for the same"),
    ],
};

const MAIL: Group = Group {
    heading: "Mail",
    settings: &["mail_from"],
    secrets: &[(
        "SMTP_URL",
        "smtps://user:password@host; unset: the sandbox's mailbox, or with a key no mail goes out",
    )],
};

const METRICS: Group = Group {
    heading: "Metrics",
    settings: &["metrics_addr"],
    secrets: &[("OPERATOR_TOKEN", "opens GET /metrics; unset: metrics need METRICS_ADDR")],
};

/// In the order they are shown.
const ALL: &[Group] =
    &[SITE, REQUESTS, DATABASE, KEYS, STRIPE, SANDBOX, EVENTS, CATALOG, AUDIO, MAIL, METRICS];

/// What a command uses; `None` for one that takes no settings.
fn used_by(command: &str) -> Option<&'static [Group]> {
    Some(match command {
        "serve" | "doctor" => ALL,
        "migrate" | "events list" | "events show" => &[DATABASE],
        "catalog plan" => &[SITE, STRIPE, CATALOG],
        "catalog apply" | "portal show" => &[SITE, DATABASE, STRIPE, CATALOG],
        "reconcile" | "explain" | "grant" | "status" | "events replay" => {
            &[DATABASE, STRIPE, CATALOG]
        }
        "account delete" => &[DATABASE, KEYS, STRIPE, CATALOG],
        "feed import" | "stats" | "episode list" | "episode add" | "episode edit"
        | "episode remove" => &[DATABASE, CATALOG, AUDIO],
        _ => return None,
    })
}

/// The command line with its help in order.
pub(super) fn in_order(command: Command) -> Command {
    shown(command, "")
}

fn shown(mut command: Command, path: &str) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in names {
        let path = format!("{path} {name}");
        command = command.mut_subcommand(&name, |command| shown(command, path.trim_start()));
    }
    let Some(used) = used_by(path) else { return command };
    for group in ALL {
        for setting in group.settings {
            let is_used = used.contains(group);
            command =
                command.mut_arg(setting, |flag| flag.help_heading(group.heading).hide(!is_used));
        }
    }
    let secrets = secrets(used);
    command.after_help(secrets.clone()).after_long_help(secrets)
}

/// What is said below the flags.
fn secrets(used: &[Group]) -> String {
    let mut text = String::new();
    let mut secrets = used.iter().flat_map(|group| group.secrets).peekable();
    if secrets.peek().is_some() {
        text += "Secrets come by environment, or by a file named in NAME_FILE, never by flag:\n";
    }
    for (name, words) in secrets {
        // Writing to text cannot fail.
        let _ = writeln!(text, "  {name:<22} {words}");
    }
    text + "A file .env in the working directory is read. Logs: RUST_LOG (levels), LOG_FORMAT=json."
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Args, CommandFactory};

    use super::*;
    use crate::{
        cli::Cli,
        config::{SecretSource, Settings},
    };

    #[test]
    fn every_setting_and_every_secret_has_its_place() {
        let flags = Settings::augment_args(Command::new("all"));
        let flags: BTreeSet<_> =
            flags.get_arguments().map(|flag| flag.get_id().as_str().to_owned()).collect();
        let listed: Vec<_> = ALL.iter().flat_map(|group| group.settings).collect();
        assert_eq!(listed.iter().map(|name| (**name).to_owned()).collect::<BTreeSet<_>>(), flags);
        assert_eq!(listed.len(), flags.len(), "one is listed twice");
        let secrets: BTreeSet<_> =
            ALL.iter().flat_map(|group| group.secrets).map(|(name, _)| *name).collect();
        assert_eq!(secrets, SecretSource::NAMES.into_iter().collect());
    }

    #[test]
    fn every_command_with_settings_says_which_it_uses() {
        fn visit(command: &Command, path: &str) {
            let takes = command.get_arguments().any(|flag| flag.get_id() == "data_dir");
            // The sandbox alone has a folder of its own.
            if takes && !path.starts_with("sandbox") {
                assert!(used_by(path).is_some(), "{path}");
            }
            for command in command.get_subcommands() {
                visit(command, format!("{path} {}", command.get_name()).trim_start());
            }
        }
        visit(&Cli::command(), "");
        in_order(Cli::command()).debug_assert();
    }
}
