//! Reading dates as external apps and people write them: what V8's `Date.parse` reads, as far as people use it. A time
//! without a zone is UTC, the zone that the platform runs in.

use jiff::civil::Date;
use jiff::{Span, tz::TimeZone};

use crate::base::clock::Timestamp;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A form of a date: it reads the year, the month and the day.
type Form = fn(&mut Reader<'_>) -> Option<(i16, u32, u32)>;

/// Reads `2025-01-31T10:00:00Z` with any part of the time or the zone left out, `2025/1/31`, `1/31/2025`,
/// `January 31, 2025 10:00 PM`, `Fri, 31 Jan 2025 10:00:00 +0100` and the like; none for what is no date.
///
/// A day that its month does not have is one of the next month.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let forms: [Form; 4] = [year_first, month_number, month_name, day_first];
    forms
        .iter()
        .find_map(|day| {
            let mut reader = Reader { rest: text };
            let (year, month, day) = day(&mut reader)?;
            let (clock, offset) = (clock(&mut reader)?, zone(&mut reader)?);
            reader.rest.is_empty().then_some((year, month, day, clock, offset))
        })
        .and_then(|(year, month, day, clock, offset)| {
            let (month, day) = (i8::try_from(month).ok()?, i64::from(day));
            if !(1..=31).contains(&day) {
                return None;
            }
            let first = Date::new(year, month, 1).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
            let midnight = first.checked_add(Span::new().hours((day - 1) * 24)).ok()?;
            Some(Timestamp::from_millis(midnight.as_millisecond() + clock - offset))
        })
}

/// What is left of a text that is read.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Takes what `is_part` lets pass, if that is between `least` and `most` characters of ASCII.
    fn take(&mut self, least: usize, most: usize, is_part: impl Fn(char) -> bool) -> Option<&'a str> {
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end)?;
        if !(least..=most).contains(&taken.len()) {
            return None;
        }
        self.rest = rest;
        Some(taken)
    }

    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        self.take(least, most, |c| c.is_ascii_digit())?.parse().ok()
    }

    fn spaces(&mut self) -> usize {
        self.take(0, usize::MAX, char::is_whitespace).map_or(0, str::len)
    }

    /// Takes one of the signs.
    fn sign(&mut self, signs: &[char]) -> Option<char> {
        let sign = self.rest.chars().next().filter(|sign| signs.contains(sign))?;
        self.rest = self.rest.strip_prefix(sign)?;
        Some(sign)
    }

    /// Takes a word of letters, with a dot or a comma behind it.
    fn word(&mut self, least: usize, most: usize) -> Option<&'a str> {
        self.take(least, most, |c| c.is_ascii_alphabetic())
    }

    /// Takes a text in either case.
    fn text(&mut self, text: &str) -> Option<()> {
        let (head, rest) = self.rest.split_at_checked(text.len())?;
        head.eq_ignore_ascii_case(text).then(|| self.rest = rest)
    }
}

/// The number of a month's name, of which three letters count.
fn month_of(name: &str) -> Option<u32> {
    let start = name.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|month| *month == start).and_then(|at| u32::try_from(at + 1).ok())
}

/// `2025-01-31`, `2025/1`, `2025`, `+002025-01-31`.
fn year_first(reader: &mut Reader<'_>) -> Option<(i16, u32, u32)> {
    let year = match reader.sign(&['+', '-']) {
        None => i16::try_from(reader.number(4, 4)?).ok()?,
        Some(sign) => {
            let year = i16::try_from(reader.number(6, 6)?).ok()?;
            // There is one year 0.
            if sign == '-' { Some(-year).filter(|year| *year < 0)? } else { year }
        }
    };
    if reader.rest.is_empty() || reader.rest.starts_with('T') {
        return Some((year, 1, 1));
    }
    reader.sign(&['-', '/'])?;
    let month = reader.number(1, 2)?;
    let day = if reader.sign(&['-', '/']).is_some() { reader.number(1, 2)? } else { 1 };
    Some((year, month, day))
}

/// `1/31/2025`.
fn month_number(reader: &mut Reader<'_>) -> Option<(i16, u32, u32)> {
    let month = reader.number(1, 2)?;
    reader.sign(&['/'])?;
    let day = reader.number(1, 2)?;
    reader.sign(&['/'])?;
    Some((i16::try_from(reader.number(4, 4)?).ok()?, month, day))
}

/// `January 31, 2025`, with a weekday before it or not.
fn month_name(reader: &mut Reader<'_>) -> Option<(i16, u32, u32)> {
    let mut name = reader.word(3, 9)?;
    let comma = reader.sign(&[',', '.']);
    reader.spaces();
    if let Some(next) = reader.word(3, 9) {
        name = next;
        reader.sign(&['.']);
        reader.spaces();
    } else if comma == Some(',') {
        return None;
    }
    let month = month_of(name)?;
    let day = reader.number(1, 2)?;
    reader.sign(&[',']);
    reader.spaces();
    Some((i16::try_from(reader.number(4, 4)?).ok()?, month, day))
}

/// `31 Jan 2025`, `31-Jan-2025`, with a weekday before it or not.
fn day_first(reader: &mut Reader<'_>) -> Option<(i16, u32, u32)> {
    if reader.word(3, 9).is_some() {
        reader.sign(&[',']);
        reader.spaces();
    }
    let day = reader.number(1, 2)?;
    if reader.spaces() == 0 {
        reader.sign(&['-'])?;
    }
    let month = month_of(reader.word(3, 9)?)?;
    reader.sign(&['.']);
    if reader.spaces() == 0 {
        reader.sign(&['-'])?;
    }
    Some((i16::try_from(reader.number(4, 4)?).ok()?, month, day))
}

/// The milliseconds of a time of day, `T10:00`, ` 10:00:00.250`, `, 10:00 PM`; 0 where there is none.
fn clock(reader: &mut Reader<'_>) -> Option<i64> {
    let start = reader.rest;
    let is_apart = reader.take(1, usize::MAX, |c| c == ',' || c == 'T' || c == 't' || c.is_whitespace()).is_some();
    if !is_apart || !reader.rest.starts_with(|c: char| c.is_ascii_digit()) {
        reader.rest = start;
        return Some(0);
    }
    let mut hour = reader.number(1, 2)?;
    reader.sign(&[':'])?;
    let minute = reader.number(2, 2)?;
    let (mut second, mut millis) = (0, 0);
    if reader.sign(&[':']).is_some() {
        second = reader.number(2, 2)?;
        if reader.sign(&['.']).is_some() {
            let decimals = reader.take(1, usize::MAX, |c| c.is_ascii_digit())?;
            millis = format!("{decimals:0<3}").get(..3)?.parse().ok()?;
        }
    }
    let before_half = reader.rest;
    reader.spaces();
    match reader.word(2, 2).map(str::to_ascii_lowercase).as_deref() {
        Some("am") => hour %= 12,
        Some("pm") => hour = hour % 12 + 12,
        _ => reader.rest = before_half,
    }
    let is_midnight = hour == 24 && minute + second == 0 && millis == 0;
    let is_right = (hour <= 23 || is_midnight) && minute <= 59 && second <= 59;
    is_right.then(|| i64::from((hour * 60 + minute) * 60 + second) * 1000 + millis)
}

/// The milliseconds that a zone lies ahead of UTC, `Z`, `GMT+0200`, `+02:00 (somewhere)`; 0 where there is none.
fn zone(reader: &mut Reader<'_>) -> Option<i64> {
    reader.spaces();
    let _named = ["UTC", "GMT", "Z"].iter().find_map(|name| reader.text(name));
    let mut offset = 0;
    if let Some(sign) = reader.sign(&['+', '-']) {
        let hours = i64::from(reader.take(2, 4, |c| c.is_ascii_digit()).filter(|digits| digits.len() != 3).and_then(
            |digits| {
                let (hours, minutes) = digits.split_at_checked(2)?;
                let hours = hours.parse::<u32>().ok()? * 60;
                Some(if minutes.is_empty() { hours } else { hours + minutes.parse::<u32>().ok()? })
            },
        )?);
        let minutes = if reader.sign(&[':']).is_some() { i64::from(reader.number(2, 2)?) } else { 0 };
        if hours + minutes >= 24 * 60 {
            return None;
        }
        offset = (hours + minutes) * 60_000 * if sign == '-' { -1 } else { 1 };
    }
    reader.spaces();
    if reader.sign(&['(']).is_some() {
        reader.take(0, usize::MAX, |c| c != ')')?;
        reader.sign(&[')'])?;
    }
    Some(offset)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, expected) in [
            ("2024-05-01", "2024-05-01T00:00:00.000Z"),
            ("2024", "2024-01-01T00:00:00.000Z"),
            ("2024-05", "2024-05-01T00:00:00.000Z"),
            ("2024-05-01T10:30", "2024-05-01T10:30:00.000Z"),
            ("2024-05-01T10:30:15.1239+02:00", "2024-05-01T08:30:15.123Z"),
            ("2024-05-01 10:30:15 -0130", "2024-05-01T12:00:15.000Z"),
            ("2024/5/1", "2024-05-01T00:00:00.000Z"),
            ("5/1/2024, 10:30 PM", "2024-05-01T22:30:00.000Z"),
            ("May 1, 2024 12:05 am", "2024-05-01T00:05:00.000Z"),
            ("Wednesday, May 1 2024", "2024-05-01T00:00:00.000Z"),
            ("Wed, 01 May 2024 10:30:15 GMT", "2024-05-01T10:30:15.000Z"),
            ("Wed May 01 2024 10:30:15 GMT+0200 (Central European Summer Time)", "2024-05-01T08:30:15.000Z"),
            ("1-May-2024", "2024-05-01T00:00:00.000Z"),
            ("2024-02-30", "2024-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(parse(text).map(|at| at.to_string()).as_deref(), Some(expected), "{text}");
        }
        for wrong in
            ["", "soon", "undefined", "2024-13-01", "2024-05-32", "2024-05-01T25:00", "1714550400000", "é/1/2024"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
