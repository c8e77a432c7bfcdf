//! This module tells snippets the time in places, from a database that is part of the binary. Invariant: nothing of the
//! machine is asked, so a date is the same everywhere.

use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue};
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use crate::sandbox::runtime::natives::text_of;

/// The calendar repeats after so many milliseconds, the days of the week included.
const CYCLE_MS: i64 = 146_097 * 86_400_000;

/// English names without `Time`, by the database's abbreviation and the seconds east of UTC. Source: CLDR, as Node 20 has it.
const NAMES: [(&str, i32, &str); 46] = [
    ("GMT", 0, "Greenwich Mean"),
    ("BST", 3_600, "British Summer"),
    ("IST", 3_600, "Irish Standard"),
    ("WET", 0, "Western European Standard"),
    ("WEST", 3_600, "Western European Summer"),
    ("CET", 3_600, "Central European Standard"),
    ("CEST", 7_200, "Central European Summer"),
    ("EET", 7_200, "Eastern European Standard"),
    ("EEST", 10_800, "Eastern European Summer"),
    ("MSK", 10_800, "Moscow Standard"),
    ("AST", -14_400, "Atlantic Standard"),
    ("ADT", -10_800, "Atlantic Daylight"),
    ("NST", -12_600, "Newfoundland Standard"),
    ("NDT", -9_000, "Newfoundland Daylight"),
    ("EST", -18_000, "Eastern Standard"),
    ("EDT", -14_400, "Eastern Daylight"),
    ("CST", -21_600, "Central Standard"),
    ("CDT", -18_000, "Central Daylight"),
    ("MST", -25_200, "Mountain Standard"),
    ("MDT", -21_600, "Mountain Daylight"),
    ("PST", -28_800, "Pacific Standard"),
    ("PDT", -25_200, "Pacific Daylight"),
    ("AKST", -32_400, "Alaska Standard"),
    ("AKDT", -28_800, "Alaska Daylight"),
    ("HST", -36_000, "Hawaii-Aleutian Standard"),
    ("IST", 19_800, "India Standard"),
    ("IST", 7_200, "Israel Standard"),
    ("IDT", 10_800, "Israel Daylight"),
    ("PKT", 18_000, "Pakistan Standard"),
    ("CST", 28_800, "China Standard"),
    ("HKT", 28_800, "Hong Kong Standard"),
    ("PST", 28_800, "Philippine Standard"),
    ("JST", 32_400, "Japan Standard"),
    ("KST", 32_400, "Korean Standard"),
    ("AWST", 28_800, "Australian Western Standard"),
    ("ACST", 34_200, "Australian Central Standard"),
    ("ACDT", 37_800, "Australian Central Daylight"),
    ("AEST", 36_000, "Australian Eastern Standard"),
    ("AEDT", 39_600, "Australian Eastern Daylight"),
    ("NZST", 43_200, "New Zealand Standard"),
    ("NZDT", 46_800, "New Zealand Daylight"),
    ("WAT", 3_600, "West Africa"),
    ("CAT", 7_200, "Central Africa"),
    ("EAT", 10_800, "East Africa"),
    ("SAST", 7_200, "South Africa Standard"),
    ("WIB", 25_200, "Western Indonesia"),
];

/// The same for zones whose abbreviation is a number, or is not theirs alone.
const NAMES_OF_ZONES: [(&str, i32, &str); 8] = [
    ("America/Sao_Paulo", -10_800, "Brasilia Standard"),
    ("America/Bogota", -18_000, "Colombia Standard"),
    ("America/Argentina/Buenos_Aires", -10_800, "Argentina Standard"),
    ("Europe/Istanbul", 10_800, "Türkiye Standard"),
    ("Asia/Dubai", 14_400, "Gulf Standard"),
    ("Asia/Singapore", 28_800, "Singapore Standard"),
    ("Asia/Taipei", 28_800, "Taiwan Standard"),
    ("Asia/Bangkok", 25_200, "Indochina"),
];

/// Implements `native.zoneName(name)`, which returns the name as the database writes it, or undefined.
pub(super) fn zone_name(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = known_name(&text_of(arguments, 0, context)?);
    Ok(name.map_or_else(JsValue::undefined, |name| JsString::from(name.as_str()).into()))
}

/// Returns the name of a zone as ECMA-402 has it: `America/New_York` for `us/eastern`; nothing for an unknown one.
fn known_name(name: &str) -> Option<String> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    zone.primary_iana_name().or_else(|| zone.iana_name()).map(str::to_owned)
}

/// Implements `native.zoneAt(name, ms)`, which returns `[seconds east of UTC, abbreviation, English name]`; the last two are
/// empty where there are none.
pub(super) fn zone_at(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = text_of(arguments, 0, context)?;
    let ms = arguments.get(1).cloned().unwrap_or_default().to_number(context)?;
    #[expect(clippy::cast_possible_truncation, reason = "dates end at 8.64e15 ms")]
    let at = zone_time(&name, ms as i64);
    let (seconds, abbreviation, english) =
        at.ok_or_else(|| JsNativeError::range().with_message(format!("there is no time zone `{name}`")))?;
    let parts: [JsValue; 3] =
        [seconds.into(), JsString::from(abbreviation.as_str()).into(), JsString::from(english.as_str()).into()];
    Ok(JsArray::from_iter(parts, context).into())
}

/// Returns the seconds east of UTC, the abbreviation and the English name that a zone has at a moment.
fn zone_time(name: &str, ms: i64) -> Option<(i32, String, String)> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    let info = zone.to_offset_info(moment(ms));
    let (seconds, abbreviation) = (info.offset().seconds(), info.abbreviation());
    let of_zone =
        NAMES_OF_ZONES.iter().find(|(zone, at, _)| (*zone, *at) == (name, seconds)).map(|(.., english)| *english);
    let of_kind =
        || NAMES.iter().find(|(known, at, _)| (*known, *at) == (abbreviation, seconds)).map(|(.., name)| *name);
    let english = of_zone.or_else(of_kind).map(|english| format!("{english} Time")).unwrap_or_default();
    Some((seconds, abbreviation.to_owned(), english))
}

/// The moment whose rules one of JavaScript has: the database's time ends with the year 9999, and a later year has the rules
/// of one like it. Before its first moment there is local mean time only.
fn moment(ms: i64) -> Timestamp {
    let ms = if ms > Timestamp::MAX.as_millisecond() { ms.rem_euclid(CYCLE_MS) + 10 * CYCLE_MS } else { ms };
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_known_by_any_of_its_names() {
        assert_eq!(known_name("europe/BERLIN").as_deref(), Some("Europe/Berlin"));
        assert_eq!(known_name("US/Eastern").as_deref(), Some("America/New_York"));
        assert_eq!((known_name("Etc/Unknown"), known_name("Mars/Base"), known_name("")), (None, None, None));
    }

    #[test]
    fn time_is_told_to_the_second_and_beyond_the_databases_years() {
        let berlin = |ms| zone_time("Europe/Berlin", ms).map(|(seconds, abbreviation, _)| (seconds, abbreviation));
        assert_eq!(berlin(1_711_846_799_000), Some((3600, "CET".to_owned())));
        assert_eq!(berlin(1_711_846_800_000), Some((7200, "CEST".to_owned())));
        // Node prints 9/13/275760, 2:00:00 AM and 4/20/-271821, 12:53:28 AM for the last and the first moment of JavaScript.
        assert_eq!(berlin(8_640_000_000_000_000), Some((7200, "CEST".to_owned())));
        assert_eq!(berlin(-8_640_000_000_000_000), Some((3208, "LMT".to_owned())));
        assert_eq!(zone_time("Asia/Kolkata", 0), Some((19_800, "IST".to_owned(), "India Standard Time".to_owned())));
        // Summer time there has no name here, rather than the one of winter.
        let of_sao_paulo = |ms| zone_time("America/Sao_Paulo", ms).map(|(_, _, english)| english);
        assert_eq!(of_sao_paulo(1_720_000_000_000).as_deref(), Some("Brasilia Standard Time"));
        assert_eq!(of_sao_paulo(1_516_000_000_000).as_deref(), Some(""));
        assert_eq!(zone_time("Mars/Base", 0), None);
    }
}
