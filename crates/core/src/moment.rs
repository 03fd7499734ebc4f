//! Dates and moments as tables write them, and their parts as numbers.

use crate::DatePart;

/// What a cell should have been where its hour is asked for.
const A_TIME: &str = "a date with a time, such as 2026-11-25 13:00";

/// A day of the Gregorian calendar, and a minute of it where it is told. A time zone behind it is read and not applied: the
/// parts are those that stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    year: u32,
    month: u32,
    day: u32,
    time: Option<(u32, u32)>,
}

impl Moment {
    /// What a cell should have been.
    pub const WANTED: &str = "a date such as 2026-11-25 or 2026-11-25 13:00";

    /// Reads `2026-11-25`, `2026/11/25 13:00`, `2026-11-25T13:00:59.5Z`, `2026-11-25 13:00+09:00`; spaces around it do not
    /// count.
    pub fn parse(text: &str) -> Option<Moment> {
        let mut rest = text.trim();
        let year = digits(&mut rest, 4)?;
        let between = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
        rest = rest.strip_prefix(between)?;
        let month = digits(&mut rest, 2)?;
        rest = rest.strip_prefix(between)?;
        let day = digits(&mut rest, 2)?;
        let is_day = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        let time = if rest.is_empty() { None } else { Some(time(rest)?) };
        is_day.then_some(Moment { year, month, day, time })
    }

    /// Year, month, day, hour and minute; NaN where no time is told.
    pub fn numbers(self) -> [f32; 5] {
        let [hour, minute] = self.time.map_or([f32::NAN; 2], |(hour, minute)| [hour as f32, minute as f32]);
        [self.year as f32, self.month as f32, self.day as f32, hour, minute]
    }

    /// Writes parts, one or two numbers each.
    ///
    /// # Errors
    /// What the cell should have been, if it tells no time and an hour is asked for.
    pub fn write(self, parts: &[DatePart], cyclic: bool, out: &mut [f32]) -> Result<(), &'static str> {
        let mut out = out.iter_mut();
        for part in parts {
            let (number, turn) = self.part(*part).ok_or(A_TIME)?;
            let both = turn.filter(|_| cyclic).map(|(from, length)| {
                let angle = f64::from(number - from) / f64::from(length) * std::f64::consts::TAU;
                [angle.sin(), angle.cos()]
            });
            let numbers = both.as_ref().map_or(vec![f64::from(number)], |both| both.to_vec());
            numbers.into_iter().zip(out.by_ref()).for_each(|(number, out)| *out = number as f32);
        }
        Ok(())
    }

    /// A part as a number; where its circle starts and how long that is, if it goes round.
    fn part(self, part: DatePart) -> Option<(u32, Option<(u32, u32)>)> {
        Some(match part {
            DatePart::Year => (self.year, None),
            DatePart::Month => (self.month, Some((1, 12))),
            DatePart::Day => (self.day, Some((1, days_of(self.year, self.month)))),
            DatePart::Weekday => (self.weekday(), Some((0, 7))),
            DatePart::Hour => (self.time?.0, Some((0, 24))),
            DatePart::Minute => (self.time?.1, Some((0, 60))),
            DatePart::DayOfYear => (self.day_of_year(), Some((1, 365 + u32::from(is_leap(self.year))))),
        })
    }

    fn day_of_year(self) -> u32 {
        (1..self.month).map(|month| days_of(self.year, month)).sum::<u32>() + self.day
    }

    /// 0 is Monday. The first of January of the year 0, as the calendar is reckoned back, was a Saturday.
    fn weekday(self) -> u32 {
        let before = self.year + self.year.div_ceil(4) + self.year.div_ceil(400) - self.year.div_ceil(100);
        (5 + before + self.day_of_year() - 1) % 7
    }
}

/// Takes so many digits off the start.
fn digits(rest: &mut &str, count: usize) -> Option<u32> {
    let (first, behind) = rest.split_at_checked(count)?;
    let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
    *rest = behind;
    first.parse().ok().filter(|_| is_number)
}

/// Hour and minute: `13:00`, seconds and a time zone behind them.
fn time(text: &str) -> Option<(u32, u32)> {
    let mut rest = text.strip_prefix(['T', ' '])?;
    let hour = digits(&mut rest, 2)?;
    rest = rest.strip_prefix(':')?;
    let minute = digits(&mut rest, 2)?;
    let mut second = 0;
    if let Some(behind) = rest.strip_prefix(':') {
        rest = behind;
        second = digits(&mut rest, 2)?;
        if let Some(fraction) = rest.strip_prefix('.') {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == fraction.len() {
                return None;
            }
        }
    }
    // A minute may have a leap second.
    (hour < 24 && minute < 60 && second <= 60 && is_zone(rest)).then_some((hour, minute))
}

/// Nothing, `Z`, or a distance such as `+09:00`.
fn is_zone(text: &str) -> bool {
    let text = text.trim_start();
    let Some(mut rest) = text.strip_prefix(['+', '-']) else { return matches!(text, "" | "Z") };
    let hours = digits(&mut rest, 2);
    let mut rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = if rest.is_empty() { Some(0) } else { digits(&mut rest, 2) };
    rest.is_empty() && hours.is_some_and(|hours| hours < 24) && minutes.is_some_and(|minutes| minutes < 60)
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap(year)),
        _ => 31,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const ALL: [DatePart; 7] = [
        DatePart::Year,
        DatePart::Month,
        DatePart::Day,
        DatePart::Weekday,
        DatePart::Hour,
        DatePart::Minute,
        DatePart::DayOfYear,
    ];

    fn parts(text: &str) -> Vec<f32> {
        let mut out = vec![0.0; ALL.len()];
        Moment::parse(text).unwrap().write(&ALL, false, &mut out).unwrap();
        out
    }

    /// Expected: Python's `datetime`, `weekday()` and `timetuple().tm_yday`.
    #[test]
    fn parts_are_those_of_the_calendar() {
        let check = |text: &str, expect: [u32; 7]| {
            assert_eq!(parts(text), expect.map(|number| number as f32), "{text}");
        };
        check("2026-11-25 13:07", [2026, 11, 25, 2, 13, 7, 329]);
        check("2000-02-29T23:59:60Z", [2000, 2, 29, 1, 23, 59, 60]);
        check("1900/03/01 00:00", [1900, 3, 1, 3, 0, 0, 60]);
        check(" 1970.01.01 00:00:00.123456+09:00 ", [1970, 1, 1, 3, 0, 0, 1]);
        check("2024-12-31 06:30-0500", [2024, 12, 31, 1, 6, 30, 366]);
        check("0001-01-01 00:00", [1, 1, 1, 0, 0, 0, 1]);
        check("9999-12-31 23:59", [9999, 12, 31, 4, 23, 59, 365]);
    }

    /// Day by day through four hundred years: the week goes on, and the calendar repeats.
    #[test]
    fn the_week_goes_on() {
        let mut weekday = 5;
        for year in 2000..2400 {
            for month in 1..=12 {
                for day in 1..=days_of(year, month) {
                    let moment = Moment { year, month, day, time: None };
                    assert_eq!(moment.weekday(), weekday, "{moment:?}");
                    weekday = (weekday + 1) % 7;
                }
            }
        }
        assert_eq!(weekday, 5);
    }

    #[test]
    fn what_goes_round_is_a_place_on_a_circle() {
        let circle = |text: &str, part: DatePart| {
            let mut out = [9.0; 2];
            Moment::parse(text).unwrap().write(&[part], true, &mut out).unwrap();
            out
        };
        let near = |[a, b]: [f32; 2], expect: [f32; 2]| {
            assert!((a - expect[0]).abs() < 1e-6 && (b - expect[1]).abs() < 1e-6, "{a} {b} {expect:?}");
        };
        near(circle("2026-01-01", DatePart::Month), [0.0, 1.0]);
        near(circle("2026-04-01", DatePart::Month), [1.0, 0.0]);
        near(circle("2026-07-09", DatePart::Month), [0.0, -1.0]);
        near(circle("2026-11-25 18:00", DatePart::Hour), [-1.0, 0.0]);
        near(circle("2026-11-25 18:15", DatePart::Minute), [1.0, 0.0]);
        near(circle("2026-04-16", DatePart::Day), [0.0, -1.0]); // half of thirty days are over
        near(circle("2024-07-02", DatePart::DayOfYear), [0.0, -1.0]); // half of 366
        let mut year = [0.0];
        Moment::parse("2026-01-01").unwrap().write(&[DatePart::Year], true, &mut year).unwrap();
        assert_eq!(year, [2026.0]);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "2026",
            "2026-11",
            "2026-13-01",
            "2026-00-01",
            "2026-02-29",
            "1900-02-29",
            "2026-11-31",
            "2026-11-00",
            "26-11-25",
            "2026-1-5",
            "2026-11/25",
            "25.11.2026",
            "2026-11-25 ",
            "2026-11-25 13",
            "2026-11-25 24:00",
            "2026-11-25 13:60",
            "2026-11-25 13:00:61",
            "2026-11-25 13:00:0",
            "2026-11-25 13:00:00.",
            "2026-11-25 13:00 x",
            "2026-11-25 13:00+9",
            "2026-11-25 13:00+25:00",
            "+026-11-25",
            "２０２６-11-25",
            "2026-11-25x13:00",
            "NaN",
            "=1+1",
        ] {
            let is_date = text.trim() == "2026-11-25";
            assert_eq!(Moment::parse(text).is_some(), is_date, "{text:?}");
        }
        let hour = Moment::parse("2026-11-25").unwrap().write(&[DatePart::Hour], false, &mut [0.0]);
        assert_eq!(hour, Err("a date with a time, such as 2026-11-25 13:00"));
    }
}
