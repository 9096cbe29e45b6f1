//! Jabber IDs: `local@domain/resource` (RFC 7622).

/// Bytes of each part at most (RFC 7622 §3).
const MAX_PART_BYTES: usize = 1023;

/// A Jabber ID in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jid<'a> {
    local: Option<&'a str>,
    domain: &'a str,
    resource: Option<&'a str>,
}

impl<'a> Jid<'a> {
    /// Reads one; `None` where it is none.
    pub fn read(text: &'a str) -> Option<Self> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        let is_part = |part: &str| {
            let is_odd = |c: char| c.is_control() || c == '\u{fffd}';
            (1..=MAX_PART_BYTES).contains(&part.len()) && !part.contains(is_odd)
        };
        let is_name = |part: &str| {
            let forbidden = |c: char| c.is_whitespace() || "\"&'/:<>@".contains(c);
            is_part(part) && !part.contains(forbidden)
        };
        // An IPv6 address may stand in brackets.
        let is_domain = |part: &str| is_name(part) || (part.starts_with('[') && is_part(part));
        let is_good =
            local.is_none_or(is_name) && is_domain(domain) && resource.is_none_or(is_part);
        is_good.then_some(Self {
            local,
            domain,
            resource,
        })
    }

    /// The account, in one spelling for all cases.
    pub fn folded(&self) -> String {
        let account = [self.local.unwrap_or_default(), "@", self.domain].concat();
        account.to_lowercase()
    }

    /// Whether it names one of the connections of an account.
    pub fn is_full(&self) -> bool {
        self.local.is_some() && self.resource.is_some()
    }

    /// Whether it is of this domain.
    pub fn is_of(&self, domain: &'a str) -> bool {
        Self::read(domain).is_some_and(|other| is_same_name(self.domain, other.domain))
    }

    /// Whether it is `other`, or `other` is the bare form of it, which stands for all resources.
    pub fn is_within(&self, other: &Jid<'_>) -> bool {
        let is_same_local = match (self.local, other.local) {
            (Some(one), Some(other)) => is_same_name(one, other),
            (None, None) => true,
            _ => false,
        };
        is_same_local
            && is_same_name(self.domain, other.domain)
            && other
                .resource
                .is_none_or(|theirs| self.resource == Some(theirs))
    }
}

/// Local parts and domains are compared without regard to case (RFC 7622 §3.2, §3.3). Other spellings
/// of one character are not brought together: the server does that.
fn is_same_name(one: &str, other: &str) -> bool {
    let folded = |text: &'_ str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    one == other || folded(one) == folded(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r43_a_bare_jid_stands_for_its_resources_and_a_full_one_for_itself() {
        let within = |one: &str, other: &str| {
            let other = Jid::read(other).expect("a Jabber ID");
            Jid::read(one).is_some_and(|one| one.is_within(&other))
        };
        // The examples of TR-181.
        for from in [
            "ACS1@tr069.example.com/resource1",
            "ACS1@tr069.example.com/resource2",
            "ACS1@tr069.example.com",
        ] {
            assert!(within(from, "ACS1@tr069.example.com"), "{from}");
        }
        assert!(within(
            "ACS2@tr-069.example.com/resource1",
            "ACS2@tr-069.example.com/resource1"
        ));
        for (from, allowed) in [
            (
                "ACS2@tr-069.example.com/resource2",
                "ACS2@tr-069.example.com/resource1",
            ),
            (
                "ACS2@tr-069.example.com/Resource1",
                "ACS2@tr-069.example.com/resource1",
            ),
            (
                "ACS2@tr-069.example.com",
                "ACS2@tr-069.example.com/resource1",
            ),
            ("ACS11@tr069.example.com", "ACS1@tr069.example.com"),
            ("ACS1@evil.tr069.example.com", "ACS1@tr069.example.com"),
            ("ACS1@tr069.example.com.evil", "ACS1@tr069.example.com"),
            ("evil@evil/ACS1@tr069.example.com", "ACS1@tr069.example.com"),
            ("tr069.example.com", "ACS1@tr069.example.com"),
            ("ACS1@tr069.example.com", "tr069.example.com"),
            ("", "tr069.example.com"),
        ] {
            assert!(!within(from, allowed), "{from} is not {allowed}");
        }
        // Servers fold case and take the dot away.
        assert!(within(
            "acs1@tr069.example.com/x",
            "ACS1@TR069.Example.Com."
        ));
        assert!(within("büro@example.com/x", "BÜRO@example.com"));
        assert!(within("tr069.example.com/x", "tr069.example.com"));
        // A resource may have anything in it.
        assert!(within("a@b/c@d/e", "a@b/c@d/e") && within("a@b/c@d/e", "a@b"));
    }

    #[test]
    fn r41_what_is_no_jid_is_nobody() {
        let long = format!("{}@b", "a".repeat(MAX_PART_BYTES + 1));
        for text in [
            "", "@", "@b", "a@", "a@b/", "/c", "a b@c", "a@b c", "a@b@c", "a@b/\n", "<a>@b", &long,
        ] {
            assert_eq!(Jid::read(text), None, "{text:?}");
        }
        let full = Jid::read("a@b/c").unwrap();
        assert!(full.is_full() && full.is_of("B") && !full.is_of("c"));
        assert!(!Jid::read("a@b").unwrap().is_full() && !Jid::read("b/c").unwrap().is_full());
        assert!(Jid::read("a@[2001:db8::1]/c").is_some());
    }
}
