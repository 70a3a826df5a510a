//! Times as our files and `--json` hold them: RFC 3339 in UTC, to the second.

/// Writes a time, given in seconds since 1970; `None` for a time that no calendar has.
pub(crate) fn rfc3339(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

/// Reads a time into seconds since 1970; any offset is taken.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(|time| time.as_second())
}

/// Says the day of an expiry and how far it is.
pub(crate) fn expiry(at: i64, now: i64) -> String {
    let day = day(at);
    // Days of the calendar: what ends in 20 hours may end today or tomorrow.
    let days = at.div_euclid(86_400) - now.div_euclid(86_400);
    match days {
        _ if at <= now => format!("{day} (expired)"),
        0 => format!("{day} (today)"),
        1 => format!("{day} (1 day)"),
        _ => format!("{day} ({days} days)"),
    }
}

/// Gives the day of a time, as calendars in UTC write it; empty for a time that no calendar has.
pub(crate) fn day(at: i64) -> String {
    rfc3339(at).unwrap_or_default().split('T').next().unwrap_or_default().to_owned()
}

/// Gives the time of day, as clocks of this place show it; in UTC where the place is not known.
pub(crate) fn clock(at: i64) -> String {
    let zoned = jiff::Timestamp::from_second(at).map(|time| time.to_zoned(jiff::tz::TimeZone::system()));
    zoned.map(|time| time.strftime("%H:%M").to_string()).unwrap_or_default()
}

/// Says how long ago something was.
pub(crate) fn ago(at: i64, now: i64) -> String {
    let (count, unit) = match now.saturating_sub(at) {
        seconds if seconds < 90 => return "just now".to_owned(),
        seconds if seconds < 5400 => (seconds / 60, "minute"),
        seconds if seconds < 129_600 => (seconds / 3600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_offsets_are_taken() {
        assert_eq!(rfc3339(1_811_808_000).as_deref(), Some("2027-06-01T00:00:00Z"));
        assert_eq!(rfc3339(i64::MAX), None);
        for at in [0, -1, 1_811_808_000, 250_000_000_000] {
            assert_eq!(rfc3339(at).as_deref().and_then(seconds), Some(at));
        }
        assert_eq!(seconds("2027-06-01T02:00:00+02:00"), Some(1_811_808_000));
        for text in ["", "soon", "2027-06-01", "2027-13-01T00:00:00Z"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn how_long_ago_it_was_is_said_in_words() {
        for (seconds, text) in [
            (-5, "just now"),
            (89, "just now"),
            (90, "1 minute ago"),
            (120, "2 minutes ago"),
            (5399, "89 minutes ago"),
            (5400, "1 hour ago"),
            (129_599, "35 hours ago"),
            (129_600, "1 day ago"),
            (30 * 86_400, "30 days ago"),
        ] {
            assert_eq!(ago(1_800_000_000 - seconds, 1_800_000_000), text);
        }
    }

    #[test]
    fn an_expiry_is_a_day_and_the_days_left() {
        let now = 1_800_000_000;
        assert_eq!(expiry(now + 86_400 * 30, now), "2027-02-14 (30 days)");
        assert_eq!(expiry(now + 86_400, now), "2027-01-16 (1 day)");
        assert_eq!(expiry(now + 60, now), "2027-01-15 (today)");
        assert_eq!(expiry(now, now), "2027-01-15 (expired)");
    }
}
