//! Dates as HTTP writes them (RFC 9110 §5.6.7), and as cookies do (RFC 6265 §5.1.1).

use crate::base::datetime;

/// Reads a date in seconds since 1970: the fixed form `Sun, 06 Nov 1994 08:49:37 GMT`, those of
/// RFC 850 and asctime, and whatever else has a time, a day, a month's name and a year, in any
/// order and however separated. Two digits mean a year from 1970 to 2069. A date says nothing
/// without knowing where: other zones than GMT are refused.
pub fn unix_of_date(text: &str) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let separates = |c: char| !(c.is_ascii_alphanumeric() || c == ':');
    for token in text.split(separates).filter(|token| !token.is_empty()) {
        let number = token.parse::<i64>().ok();
        match (token.len(), number) {
            _ if token.contains(':') && time.is_none() => time = Some(clock(token)?),
            (1 | 2, Some(_)) if day.is_none() => day = number,
            (2, Some(short)) if year.is_none() => year = Some(full_year(short)),
            (4, Some(_)) if year.is_none() => year = number,
            _ if month.is_none() && month_number(token).is_some() => month = month_number(token),
            _ if is_weekday(token) || is_greenwich(token) => {}
            _ => return None,
        }
    }
    // RFC 6265 §5.1.1: the years of the Gregorian calendar.
    let year = year.filter(|year| *year >= 1601)?;
    datetime::unix_at([year, month?, day?], time?)
}

fn clock(token: &str) -> Option<[i64; 3]> {
    let mut parts = token.split(':').map(|part| part.parse().ok());
    let clock = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(clock)
}

fn full_year(short: i64) -> i64 {
    if short < 70 {
        short + 2000
    } else {
        short + 1900
    }
}

/// 1 to 12.
fn month_number(token: &str) -> Option<i64> {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let name = token.get(..3)?.to_ascii_lowercase();
    let position = MONTHS.find(&name).filter(|position| position % 3 == 0)?;
    i64::try_from(position / 3 + 1).ok()
}

fn is_weekday(token: &str) -> bool {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let name = token.get(..3).unwrap_or_default();
    DAYS.iter().any(|day| day.eq_ignore_ascii_case(name))
}

fn is_greenwich(token: &str) -> bool {
    ["GMT", "UTC", "Z", "0000"].contains(&token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f13_the_three_forms_of_the_standard_are_read() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(unix_of_date(date), Some(784_111_777), "{date}");
        }
        let leap = "Sat, 31 Dec 2016 23:59:60 GMT";
        assert_eq!(unix_of_date(leap), Some(1_483_228_800));
        let far = "Tue, 19 Jan 2038 03:14:08 GMT";
        assert_eq!(unix_of_date(far), Some(1 << 31));
    }

    #[test]
    fn the_forms_that_servers_use_besides_are_read() {
        for date in [
            "Thu, 01-Jan-1970 00:00:10 GMT",
            "thu, 1 january 1970 0:0:10 UTC",
            "1970 Jan 1 00:00:10",
            "Thu, 01 Jan 1970 00:00:10 +0000",
        ] {
            assert_eq!(unix_of_date(date), Some(10), "{date}");
        }
        assert_eq!(
            unix_of_date("Tue, 01-Jan-69 00:00:00 GMT"),
            Some(3_124_224_000)
        );
    }

    #[test]
    fn f13_what_is_no_date_or_not_of_greenwich_is_refused() {
        for text in [
            "",
            "0",
            "-1",
            "Sun, 06 Nov 1994",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:11 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 PST",
            "Sun, 06 Nov 1994 08:49:37 +0100",
            "Sun, 06 Nov 94 95 08:49:37 GMT",
            "06 Foo 1994 08:49:37 GMT",
            "1994-11-06T08:49:37Z",
            "Sun, 06 Nov 1600 08:49:37 GMT",
        ] {
            assert_eq!(unix_of_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|([0-9:/. -]+|jan|feb|sun|gmt|,)*") {
            let _ = unix_of_date(&text);
        }
    }
}
