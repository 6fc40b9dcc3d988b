//! `circle sandbox`: the sandbox alone, and its clock from the command line.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::AtomicI64},
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Config, FaultPlan, ProtocolSettings, Webhook, start};

/// Runs a Stripe of your own, or moves the clock of one that runs.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SandboxArgs {
    #[command(subcommand)]
    command: Option<SandboxCommand>,
    /// Where to listen
    #[arg(long, env = "SANDBOX_ADDR", default_value = "127.0.0.1:12111")]
    addr: SocketAddr,
    /// Base of the URLs given to browsers; the address when not set
    #[arg(long, env = "SANDBOX_PUBLIC_URL")]
    public_url: Option<String>,
    /// The business whose Stripe it plays, as the hosted pages name it
    #[arg(long, env = "SANDBOX_BUSINESS", default_value = "Sandbox")]
    business: String,
    /// Folder of the SQLite file
    #[arg(long, env = "DATA_DIR", default_value = "./data")]
    data: PathBuf,
    /// A webhook endpoint to deliver every event to
    #[arg(long, value_name = "URL")]
    forward_to: Option<String>,
    /// What goes wrong: a JSON file as `POST /_sandbox/faults` takes it
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// The account's API version, for requests and webhook endpoints that name none; the newest when not set
    #[arg(long, env = "SANDBOX_API_VERSION", value_name = "VERSION")]
    api_version: Option<String>,
    /// Requests answered in a second; the others get 429. No limit when not set
    #[arg(long, env = "SANDBOX_RATE_LIMIT", value_name = "REQUESTS")]
    rate_limit: Option<u32>,
    /// A file to add every request of the API and its answer to, one JSON object a line
    #[arg(long, env = "SANDBOX_RECORD", value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Debug, Clone, Subcommand)]
enum SandboxCommand {
    /// Moves the clock ahead: 1month, 3days, 12h
    Advance {
        /// How far
        span: String,
        /// Where the sandbox listens
        #[arg(long, env = "SANDBOX_ADDR", default_value = "127.0.0.1:12111")]
        addr: SocketAddr,
    },
}

/// Runs the command; a started sandbox runs until `stopped` ends.
pub async fn run(
    args: SandboxArgs,
    stopped: impl Future<Output = io::Result<()>>,
) -> anyhow::Result<()> {
    match args.command {
        Some(SandboxCommand::Advance { span, addr }) => advance(addr, &span).await,
        None => serve(args, stopped).await,
    }
}

async fn serve(
    args: SandboxArgs,
    stopped: impl Future<Output = io::Result<()>>,
) -> anyhow::Result<()> {
    let faults = match &args.faults {
        Some(file) => std::fs::read(file)
            .map_err(anyhow::Error::from)
            .and_then(|json| Ok(FaultPlan::parse(&json)?))
            .with_context(|| format!("--faults {}", file.display()))?,
        None => FaultPlan::default(),
    };
    let running = start(Config {
        addr: args.addr,
        business: args.business,
        public_url: args.public_url,
        database: args.data.join("sandbox.db"),
        webhook: args.forward_to.map(|url| Webhook { url: Some(url), secret: None }),
        clock_offset: Arc::new(AtomicI64::new(0)),
        faults,
        protocol: ProtocolSettings {
            api_version: args.api_version,
            rate_limit: args.rate_limit,
            ..ProtocolSettings::default()
        },
        record: args.record,
    })
    .await?;
    let announcement = format!(
        "Sandbox        {}\n\
         API key        any sk_test_… key\n\
         Webhook secret {}\n\
         Mail           smtp://{}, shown at {}/_sandbox/mailbox\n",
        running.api_base(),
        running.webhook_secret(),
        running.smtp_addr(),
        running.public_url()
    );
    // Whoever started it may have stopped reading; that must not stop the sandbox.
    let _ = io::stdout().write_all(announcement.as_bytes());
    stopped.await.context("waiting for a signal to stop")?;
    running.stop().await;
    Ok(())
}

async fn advance(addr: SocketAddr, span: &str) -> anyhow::Result<()> {
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .post(format!("http://{addr}/_sandbox/clock/advance"))
        .body(json!({ "by": span }).to_string())
        .send()
        .await
        .with_context(|| format!("no sandbox answers on {addr}"))?;
    let is_done = response.status().is_success();
    let answer: Value = serde_json::from_str(&response.text().await?)
        .context("the sandbox's answer is not JSON")?;
    if !is_done {
        bail!("{}", answer["error"]["message"].as_str().unwrap_or("the sandbox refused"));
    }
    let now = answer["now"].as_i64().and_then(|now| jiff::Timestamp::from_second(now).ok());
    println!("The sandbox's clock is at {}", now.map(|now| now.to_string()).unwrap_or_default());
    Ok(())
}
