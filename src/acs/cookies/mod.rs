//! The cookies of one session (TR-069 §3.4.2; RFC 6265). They are gone when the session ends.
//!
//! Names and values are opaque: what came goes back, quotes included.

use crate::base::secret::Secret;
use crate::base::url::Url;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// More cookies push the oldest out. RFC 6265 §6.1 wants 50 a domain.
pub const MAX_COOKIES: usize = 50;

/// More bytes of names and values push the oldest out. TR-069 §3.4.2 wants at least 512.
pub const MAX_COOKIE_BYTES: usize = 8 * 1024;

#[derive(Default)]
pub(super) struct Jar {
    /// In order of creation.
    cookies: Vec<Cookie>,
}

#[derive(Clone)]
struct Cookie {
    name: String,
    value: Secret,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<Instant>,
}

/// The two clocks an expiry needs: lifetimes are counted on the steady one, so that setting the
/// box's clock in mid-session loses no cookie.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub steady: Instant,
    pub wall: SystemTime,
}

impl Now {
    pub fn read() -> Self {
        Self {
            steady: Instant::now(),
            wall: SystemTime::now(),
        }
    }
}

impl Jar {
    /// Takes in one `Set-Cookie` of an answer from `url`. A cookie that is malformed or not for
    /// this host is left out, as RFC 6265 wants.
    pub fn store(&mut self, set_cookie: &str, url: &Url, now: Now) {
        let Some(cookie) = Cookie::parse(set_cookie, url, now) else {
            log::debug!(
                "A cookie of {} is malformed or not its own to set",
                url.host
            );
            return;
        };
        let same = |other: &Cookie| {
            other.name == cookie.name && other.domain == cookie.domain && other.path == cookie.path
        };
        let expired = cookie.expires.is_some_and(|at| at <= now.steady);
        match self.cookies.iter_mut().find(|other| same(other)) {
            // Keeps its place: RFC 6265 §5.3 step 11.
            Some(old) => *old = cookie,
            None => self.cookies.push(cookie),
        }
        if expired {
            self.expire(now.steady);
        }
        while self.cookies.len() > MAX_COOKIES || self.bytes() > MAX_COOKIE_BYTES {
            self.cookies.remove(0);
        }
    }

    /// The `Cookie` header for a request to `url`; longer paths first (RFC 6265 §5.4).
    pub fn header(&mut self, url: &Url, now: Instant) -> Option<Secret> {
        self.expire(now);
        let mut matching: Vec<&Cookie> = Vec::new();
        for cookie in self.cookies.iter().filter(|c| c.is_for(url)) {
            let before = |other: &&Cookie| other.path.len() >= cookie.path.len();
            matching.insert(matching.partition_point(before), cookie);
        }
        let pair = |cookie: &Cookie| format!("{}={}", cookie.name, cookie.value.reveal());
        let pairs: Vec<String> = matching.into_iter().map(pair).collect();
        (!pairs.is_empty()).then(|| Secret::new(pairs.join("; ")))
    }

    fn expire(&mut self, now: Instant) {
        self.cookies
            .retain(|cookie| cookie.expires.is_none_or(|at| at > now));
    }

    fn bytes(&self) -> usize {
        let bytes = |cookie: &Cookie| cookie.name.len() + cookie.value.reveal().len();
        self.cookies.iter().map(bytes).sum()
    }
}

impl Cookie {
    /// RFC 6265 §5.2 and §5.3.
    fn parse(text: &str, url: &Url, now: Now) -> Option<Self> {
        let mut parts = text.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let unsendable = |c: char| c.is_ascii_control();
        if name.is_empty() || name.contains(unsendable) || value.contains(unsendable) {
            return None;
        }
        let mut cookie = Self {
            name: name.to_owned(),
            value: Secret::new(value),
            domain: url.host.clone(),
            host_only: true,
            path: default_path(url),
            secure: false,
            expires: None,
        };
        let mut max_age = None;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" => cookie.set_domain(value, url)?,
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "path" => cookie.path = default_path(url),
                "secure" => cookie.secure = true,
                "expires" => cookie.expires = parse_date(value).map(|date| now.steady_at(date)),
                "max-age" => max_age = max_age_seconds(value).or(max_age),
                _ => {}
            }
        }
        if let Some(age) = max_age {
            cookie.expires = Some(now.steady.checked_add(age).unwrap_or(now.steady));
        }
        Some(cookie)
    }

    /// A domain must cover the host that sets it and be more than a top-level name.
    fn set_domain(&mut self, domain: &str, url: &Url) -> Option<()> {
        let domain = domain.trim_start_matches('.').to_ascii_lowercase();
        if domain.is_empty() || domain == url.host {
            self.host_only &= domain.is_empty();
            return Some(());
        }
        if !domain.contains('.') || !covers(&domain, &url.host) {
            return None;
        }
        self.domain = domain;
        self.host_only = false;
        Some(())
    }

    fn is_for(&self, url: &Url) -> bool {
        let host = if self.host_only {
            self.domain == url.host
        } else {
            self.domain == url.host || covers(&self.domain, &url.host)
        };
        let path = url.path();
        let path = match path.strip_prefix(self.path.as_str()) {
            Some(rest) => rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/'),
            None => false,
        };
        host && path && (url.secure || !self.secure)
    }
}

/// RFC 6265 §5.1.3, without equality.
fn covers(domain: &str, host: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'))
        && host.parse::<IpAddr>().is_err()
}

/// RFC 6265 §5.1.4.
fn default_path(url: &Url) -> String {
    let path = url.path();
    match path.rfind('/').and_then(|end| path.get(..end)) {
        None | Some("") => "/".to_owned(),
        Some(folder) => folder.to_owned(),
    }
}

/// What a session cannot outlive is as good as for ever.
const MAX_AGE: Duration = Duration::from_secs(365 * 24 * 3600);

fn max_age_seconds(value: &str) -> Option<Duration> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() < value.len() {
        return Some(Duration::ZERO);
    }
    let seconds = digits.parse().map(Duration::from_secs);
    Some(seconds.map_or(MAX_AGE, |age| age.min(MAX_AGE)))
}

impl Now {
    fn steady_at(self, date: SystemTime) -> Instant {
        let left = date
            .duration_since(self.wall)
            .unwrap_or_default()
            .min(MAX_AGE);
        self.steady.checked_add(left).unwrap_or(self.steady)
    }
}

/// RFC 6265 §5.1.1: any order, any separators.
fn parse_date(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let separates = |c: char| !(c.is_ascii_alphanumeric() || c == ':');
    for token in text.split(separates).filter(|token| !token.is_empty()) {
        let number = || token.parse::<u64>().ok();
        if time.is_none() && token.contains(':') {
            time = parse_time(token);
        } else if day.is_none() && token.len() <= 2 && number().is_some() {
            day = number();
        } else if month.is_none() && month_number(token).is_some() {
            month = month_number(token);
        } else if year.is_none() && (token.len() == 2 || token.len() == 4) {
            year = number().map(|year| match year {
                0..=69 => year + 2000,
                70..=99 => year + 1900,
                year => year,
            });
        }
    }
    let (time, day, month, year) = (time?, day?, month?, year?);
    if !(1..=31).contains(&day) || year < 1601 {
        return None;
    }
    let days = days_since_1970(year, month, day);
    UNIX_EPOCH.checked_add(Duration::from_secs(days * 24 * 3600 + time))
}

fn parse_time(token: &str) -> Option<u64> {
    let mut parts = token.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

/// 1 to 12.
fn month_number(token: &str) -> Option<u64> {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let name = token.get(..3)?.to_ascii_lowercase();
    let position = MONTHS.find(&name).filter(|position| position % 3 == 0)?;
    u64::try_from(position / 3 + 1).ok()
}

/// Days of the Gregorian calendar; dates before 1970 count as 1970, both being past.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    // Years begin in March, so that the leap day is the last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    days.saturating_sub(719_468)
}

#[cfg(test)]
mod tests;
