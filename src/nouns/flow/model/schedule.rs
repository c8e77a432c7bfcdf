//! When a schedule trigger launches its flow. Pure.
//!
//! A trigger's `config` is `{intervalMinutes}` (IAPP:docs/trigger-nodes), or `{intervalSeconds}` or `{cron, timezone}`, which are
//! assumed, by itself or in `schedule`. A trigger whose `config` says none of them launches nothing.

use std::time::Duration;

use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions, parse_crontab_with};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;

/// The shortest interval of a schedule. Source: assumed, as that of pulls.
const LEAST: Duration = Duration::from_mins(1);

/// When a trigger launches its flow.
#[derive(Debug)]
pub enum Schedule {
    /// At the moments that a cron expression describes.
    Cron(Box<Crontab>),
    /// Again and again after this time.
    Every(Duration),
}

impl Schedule {
    /// Reads the schedule of a trigger's `config`; none where it says nothing. Fails with 400 for a wrong expression, time zone
    /// or interval.
    pub fn of(config: &JsonMap) -> Result<Option<Self>, ApiError> {
        let inner = config.get("schedule");
        let members: &JsonMap = inner.and_then(Value::as_object).unwrap_or(config);
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if let Some(cron) = text("cron").or_else(|| inner.and_then(Value::as_str)) {
            return Self::cron(cron, text("timezone")).map(Some);
        }
        let units = [("intervalMinutes", 60.0), ("intervalSeconds", 1.0)];
        let said = units.iter().find_map(|(name, unit)| Some((name, unit, members.get(*name)?.as_f64()?)));
        let Some((name, unit, count)) = said else { return Ok(None) };
        let every = Duration::try_from_secs_f64(count * unit).ok().filter(|every| *every >= LEAST);
        let wrong = || format!("`{name}` is {count}; it is {} or more", LEAST.as_secs_f64() / unit);
        every.map(|every| Some(Self::Every(every))).ok_or_else(|| ApiError::bad_request(wrong()))
    }

    fn cron(cron: &str, timezone: Option<&str>) -> Result<Self, ApiError> {
        let mut options = ParseOptions::default();
        options.fallback_timezone_option = FallbackTimezoneOption::UTC;
        let text = format!("{cron} {}", timezone.unwrap_or_default());
        let parsed = parse_crontab_with(text.trim_end(), options);
        let wrong = |error: cronexpr::Error| {
            // The first line shows where it is, which a message of one line cannot.
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim().trim_start_matches(['^', ' ']);
            ApiError::bad_request(format!("`{}` is no cron expression in a time zone: {why}", text.trim_end()))
        };
        parsed.map(|parsed| Self::Cron(Box::new(parsed))).map_err(wrong)
    }

    /// The first moment after another; none where there is none.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(every) => Some(after.plus(*every)),
            Self::Cron(cron) => {
                let after = MakeTimestamp::from_millisecond(after.millis()).ok()?;
                let next = cron.find_next(after).ok()?;
                Some(Timestamp::from_millis(next.timestamp().as_millisecond()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(config: &Value) -> Result<Option<Schedule>, ApiError> {
        Schedule::of(config.as_object().unwrap())
    }

    fn next(config: &Value, after: &str) -> String {
        let after = crate::base::dates::parse(after).unwrap();
        json!(of(config).unwrap().unwrap().next(after)).as_str().unwrap().to_owned()
    }

    #[test]
    fn a_schedule_is_an_expression_in_a_time_zone_or_an_interval() {
        let winter = "2026-01-15T08:30:00.000Z";
        assert_eq!(next(&json!({ "cron": "0 9 * * *" }), winter), "2026-01-15T09:00:00.000Z");
        assert_eq!(next(&json!({ "schedule": "0 9 * * 1" }), winter), "2026-01-19T09:00:00.000Z");
        let berlin = json!({ "schedule": { "cron": "0 9 * * *", "timezone": "Europe/Berlin" } });
        assert_eq!(next(&berlin, winter), "2026-01-16T08:00:00.000Z");
        assert_eq!(next(&berlin, "2026-07-15T08:30:00.000Z"), "2026-07-16T07:00:00.000Z");
        assert_eq!(next(&json!({ "intervalSeconds": 90 }), winter), "2026-01-15T08:31:30.000Z");
        assert_eq!(next(&json!({ "intervalMinutes": 5 }), winter), "2026-01-15T08:35:00.000Z");
        assert!(of(&json!({})).unwrap().is_none() && of(&json!({ "schedule": { "every": "day" } })).unwrap().is_none());
    }

    #[test]
    fn a_schedule_that_is_wrong_is_refused_in_words() {
        let refused = |config: Value| of(&config).unwrap_err().message.clone();
        let cron = refused(json!({ "cron": "0 25 * * *" }));
        assert!(
            cron.starts_with("`0 25 * * *` is no cron expression in a time zone: ") && !cron.contains('\n'),
            "{cron}"
        );
        let zone = refused(json!({ "cron": "0 9 * * *", "timezone": "Mars/North" }));
        assert!(zone.contains("`0 9 * * * Mars/North`"), "{zone}");
        for seconds in [json!(59), json!(-1), json!(1e300)] {
            assert!(refused(json!({ "intervalSeconds": seconds })).ends_with("it is 60 or more"));
        }
        assert_eq!(refused(json!({ "intervalMinutes": 0.5 })), "`intervalMinutes` is 0.5; it is 1 or more");
    }
}
