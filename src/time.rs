//! Times as our files and `--json` hold them: RFC 3339 in UTC, to the second.

/// Writes a time, given in seconds since 1970; `None` for a time that no calendar has.
pub fn rfc3339(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

/// Reads a time into seconds since 1970; any offset is taken.
pub fn seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(|time| time.as_second())
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
}
