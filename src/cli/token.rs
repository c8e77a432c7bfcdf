//! This module is `membrane-mock token`, with the flags of SEED's `membrane token`. It needs no server, because
//! the demo's secret is a constant.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::base::clock::real_now;
use crate::base::text::milliseconds;
use crate::cli::credentials::Credentials;
use crate::cli::output::print;
use crate::engine::tokens::mint;

#[derive(Debug, Args)]
pub(super) struct TokenOptions {
    /// Mint for this tenant; the default one when absent
    #[arg(long = "tenantKey", alias = "tenant-key", value_name = "KEY")]
    tenant_key: Option<String>,
    /// Mint a manager's token
    #[arg(long)]
    manager: bool,
    /// Let the token expire after this long: 30s, 5m, 1h, 7d
    #[arg(long = "expiresIn", alias = "expires-in", default_value = "1h", value_parser = duration, value_name = "DURATION")]
    expires_in: Duration,
    /// Print {"token": …} instead of the bare token
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    credentials: Credentials,
}

fn duration(text: &str) -> Result<Duration, String> {
    let read = milliseconds(text, 1_000).map(Duration::from_millis);
    read.ok_or_else(|| format!("`{text}` is no duration such as 30s, 5m, 1h or 7d"))
}

/// Prints a token, of credentials that were `kept` where others are not named.
pub(super) fn run(options: &TokenOptions, kept: Option<Credentials>) -> Result<ExitCode, String> {
    let known = options.credentials.resolve(kept)?;
    known.check_secret()?;
    let tenant = match (&options.tenant_key, options.manager) {
        (Some(tenant), _) => Some(tenant.as_str()),
        (None, true) => None,
        (None, false) => Some(known.tenant.as_str()),
    };
    let token = mint(&known.key, &known.secret, tenant, options.manager, real_now().plus(options.expires_in))
        .map_err(|error| error.message.clone())?;
    print(&if options.json { json!({ "token": token }).to_string() } else { token });
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_the_seed_writes_them() {
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("24h"), Ok(Duration::from_hours(24)));
        assert!(duration("soon").is_err());
    }
}
