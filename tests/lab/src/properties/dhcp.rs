//! What DHCP servers tell of an ACS.

use cwmpd::base::url::Url;
use cwmpd::device::dhcp::{self, AcsOffer};

/// What is taken can be used, and is the same from a record.
pub fn dhcp(told: &[u8]) {
    let Ok(offer) = dhcp::read(&String::from_utf8_lossy(told)) else {
        return;
    };
    assert!(Url::parse(&offer.url).is_ok(), "{offer:?}");
    let record = offer.to_record();
    let is_line = |c: char| c == '\t' || !c.is_control();
    assert!(record.chars().all(is_line), "{offer:?}");
    assert_eq!(AcsOffer::from_record(&record), offer);
    for (number, least) in [
        (&offer.retry_minimum_wait, 1),
        (&offer.retry_multiplier, 1000),
    ] {
        let fits = number
            .parse()
            .is_ok_and(|n: u32| (least..=65_535).contains(&n));
        assert!(number.is_empty() || fits, "{offer:?}");
    }
}
