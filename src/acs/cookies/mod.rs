//! The cookies of one session (TR-069 §3.4.2; RFC 6265). They are gone when the session ends.
//!
//! Names and values are opaque: what came goes back, quotes included.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::base::clock::EARLIEST_PLAUSIBLE_UNIX;
use crate::base::secret::Secret;
use crate::base::url::Url;
use crate::http::unix_of_date;

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

impl Jar {
    /// Takes in one `Set-Cookie` of an answer from `url` that came `now`, when the server's own
    /// clock said `date` (seconds since 1970): its `Expires` means that clock and no other. A
    /// cookie that is malformed or not for this host is left out, as RFC 6265 wants.
    pub fn store(&mut self, set_cookie: &str, url: &Url, now: Instant, date: Option<i64>) {
        let Some(cookie) = Cookie::parse(set_cookie, url, now, date) else {
            log::debug!(
                "A cookie of {} is malformed or not its own to set",
                url.host
            );
            return;
        };
        let same = |other: &Cookie| {
            other.name == cookie.name && other.domain == cookie.domain && other.path == cookie.path
        };
        let expired = cookie.expires.is_some_and(|at| at <= now);
        match self.cookies.iter_mut().find(|other| same(other)) {
            // Keeps its place: RFC 6265 §5.3 step 11.
            Some(old) => *old = cookie,
            None => self.cookies.push(cookie),
        }
        if expired {
            self.expire(now);
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
    fn parse(text: &str, url: &Url, now: Instant, date: Option<i64>) -> Option<Self> {
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
        let (mut max_age, mut lifetime) = (None, None);
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" => cookie.set_domain(value, url)?,
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "path" => cookie.path = default_path(url),
                "secure" => cookie.secure = true,
                "expires" => lifetime = unix_of_date(value).and_then(|end| until(end, date)),
                "max-age" => max_age = max_age_seconds(value).or(max_age),
                _ => {}
            }
        }
        let lifetime = max_age.or(lifetime);
        cookie.expires = lifetime.map(|left| now.checked_add(left).unwrap_or(now));
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

/// What is left at the server's `date` until `end`. A server that does not tell its date may still
/// take a cookie back, which is done by a date long past; to any other it is held by nothing but
/// the end of the session.
fn until(end: i64, date: Option<i64>) -> Option<Duration> {
    if date.is_none() && end >= EARLIEST_PLAUSIBLE_UNIX {
        return None;
    }
    let left = date.map_or(0, |date| end.saturating_sub(date));
    let left = Duration::from_secs(u64::try_from(left).unwrap_or(0));
    Some(left.min(MAX_AGE))
}

#[cfg(test)]
mod tests;
