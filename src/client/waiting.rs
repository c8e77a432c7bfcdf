//! Asking again until something is ready. The API itself waits for a minute at the most, and only while something is being built.

use std::time::Duration;

use serde_json::Value;

use crate::base::clock::real_sleep;
use crate::base::json::member;
use crate::client::actions::GetAction;
use crate::client::verbs::GetConnection;
use crate::client::{Answer, Client, Request, Verb};

/// The longest that one call may wait, in seconds. Source: OAS (`timeout`).
const LONGEST: u32 = 60;

/// The time between two looks at a connection that waits for its user.
const PAUSE: Duration = Duration::from_millis(300);

fn waiting_for(request: Request, seconds: u32) -> Request {
    let mut request = request;
    request.query.insert("wait".into(), true.into());
    request.query.insert("timeout".into(), seconds.into());
    request
}

fn state_of(answer: &Answer) -> &str {
    member(&answer.body, "state").as_str().unwrap_or_default()
}

/// Reads an action; with `wait`, once it is no longer being built or the time is over.
pub(crate) async fn action(client: &Client, of: &GetAction) -> Result<Answer, String> {
    if !of.wait {
        return client.ask(of).await;
    }
    let mut left = of.timeout;
    loop {
        let now = left.min(LONGEST);
        let answer = client.send(waiting_for(of.request()?, now)).await?;
        left -= now;
        if left == 0 || !answer.is_success() || state_of(&answer) != "BUILDING" {
            return Ok(answer);
        }
    }
}

/// Waits for a connection, and for its user where it needs one: until it is READY, or will not be by itself. `tell` is told each
/// address that its user has to open.
pub(crate) async fn connection(client: &Client, begun: Answer, tell: impl Fn(&str)) -> Result<Answer, String> {
    let Some(connection) = member(&begun.body, "id").as_str().filter(|_| begun.is_success()).map(str::to_owned) else {
        return Ok(begun);
    };
    let of = GetConnection { connection };
    let (mut answer, mut told) = (begun, String::new());
    loop {
        if !member(&answer.body, "archivedAt").is_null() {
            return Ok(answer);
        }
        match state_of(&answer) {
            "BUILDING" => answer = client.send(waiting_for(of.request()?, LONGEST)).await?,
            "CLIENT_ACTION_REQUIRED" => {
                let page = answer.body.pointer("/clientAction/uiUrl").and_then(Value::as_str).unwrap_or_default();
                if page != told {
                    tell(page);
                    page.clone_into(&mut told);
                }
                real_sleep(PAUSE).await;
                answer = client.ask(&of).await?;
            }
            _ => return Ok(answer),
        }
        if !answer.is_success() {
            return Ok(answer);
        }
    }
}
