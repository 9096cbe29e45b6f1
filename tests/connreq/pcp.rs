//! A router that is asked for a pinhole, and those that would like to be it.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cwmpd::connreq::pcp::{PcpError, PcpMapping, PcpPace, PcpResult, PcpWish, close, open};
use cwmpd_lab::shared::skip;
use cwmpd_lab::{FakePcp, PcpAnswer};

const HERE: SocketAddrV6 = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0);

const NONCE: [u8; 12] = *b"twelve bytes";

/// Fast, so that a test need not wait for minutes.
const PACE: PcpPace = PcpPace {
    first: Duration::from_millis(40),
    total: Duration::from_millis(1200),
};

/// A router that answers a request like this, if this machine has IPv6.
fn router(
    mut answering: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
) -> Option<(FakePcp, PcpWish)> {
    router_that_sees(move |request, _| answering(request))
}

/// The same, where it matters who asks.
fn router_that_sees(
    answering: impl FnMut(&[u8], SocketAddr) -> Vec<Vec<u8>> + Send + 'static,
) -> Option<(FakePcp, PcpWish)> {
    if UdpSocket::bind(HERE).is_err() {
        skip("a pinhole, for want of IPv6");
        return None;
    }
    let router = FakePcp::start(HERE, answering);
    let wish = PcpWish {
        local: SocketAddrV6::new(Ipv6Addr::LOCALHOST, 7547, 0, 0),
        router: router.address(),
        lease: Duration::from_secs(3600),
        nonce: NONCE,
    };
    Some((router, wish))
}

fn ask(wish: &PcpWish) -> Result<PcpMapping, PcpError> {
    open(wish, None, &PACE, &Duration::default, &|| false)
}

#[test]
fn r36_a_pinhole_is_made_kept_and_taken_back() {
    let Some((router, wish)) = router(|request| vec![PcpAnswer::GOOD.to(request)]) else {
        return;
    };
    let mapping = ask(&wish).unwrap();
    assert_eq!(mapping.external, wish.local);
    assert_eq!(mapping.lease, Duration::from_secs(3600));
    assert!(!mapping.is_anew);
    close(&wish, &PACE, &|| false).unwrap();
    let requests = router.requests();
    let lifetimes: Vec<_> = requests.iter().map(|r| r[4..8].to_vec()).collect();
    assert_eq!(lifetimes, [vec![0, 0, 0x0e, 0x10], vec![0, 0, 0, 0]]);
    assert!(requests.iter().all(|r| r[24..36] == NONCE));
    assert_eq!(requests[0][8..24], Ipv6Addr::LOCALHOST.octets());
    assert_eq!(requests[0][40..44], [0x1d, 0x7b, 0x1d, 0x7b]);
    // §15.1: no address and no port are suggested for what ends.
    assert_eq!(requests[1][42..60], [0; 18]);
}

#[test]
fn r36_a_request_is_repeated_until_it_is_answered() {
    let mut asked = 0;
    let Some((router, wish)) = router(move |request| {
        asked += 1;
        let answer = (asked == 3).then(|| PcpAnswer::GOOD.to(request));
        answer.into_iter().collect()
    }) else {
        return;
    };
    ask(&wish).unwrap();
    let requests = router.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| *request == requests[0]));
}

#[test]
fn r36_a_router_that_says_nothing_is_given_up_in_time_and_asked_ever_less_often() {
    let Some((router, wish)) = router(|_| Vec::new()) else {
        return;
    };
    let start = Instant::now();
    assert!(matches!(ask(&wish), Err(PcpError::Silent(_))));
    assert!(start.elapsed() >= PACE.total);
    // At 0, 40, 120, 280, 600 ms, about; the sixth would come later than the end.
    assert!((2..=6).contains(&router.requests().len()));
    let asked = AtomicU32::new(0);
    let stopped = open(&wish, None, &PACE, &Duration::default, &|| {
        asked.fetch_add(1, Ordering::Relaxed) > 1
    });
    assert!(matches!(stopped, Err(PcpError::Stopped)), "{stopped:?}");
}

#[test]
fn r36_only_an_answer_to_the_request_is_believed() {
    let lies: fn(&[u8]) -> Vec<Vec<u8>> = |request| {
        let lie = |at: usize| {
            let mut answer = PcpAnswer {
                result: 2,
                ..PcpAnswer::GOOD
            }
            .to(request);
            answer[at] ^= 1;
            answer
        };
        // Another nonce, another protocol, another port, a request, another opcode; then the truth.
        let mut answers: Vec<_> = [24, 36, 41, 1].map(lie).to_vec();
        answers.push(request.to_vec());
        answers.push(b"no message".to_vec());
        answers.push(PcpAnswer::GOOD.to(request));
        answers
    };
    let Some((_router, wish)) = router(lies) else {
        return;
    };
    assert_eq!(ask(&wish).unwrap().external, wish.local);
}

/// Somebody else who sees the request has the better answer.
#[test]
fn r36_nobody_but_the_router_is_heard() {
    let Some((_router, wish)) = router_that_sees(|request, from| {
        let stranger = UdpSocket::bind(HERE).unwrap();
        let _ = stranger.send_to(&PcpAnswer::GOOD.to(request), from);
        Vec::new()
    }) else {
        return;
    };
    let silent = ask(&wish);
    assert!(matches!(silent, Err(PcpError::Silent(_))), "{silent:?}");
}

#[test]
fn r36_a_router_that_talks_nonsense_without_end_is_given_up() {
    let Some((_router, wish)) = router(|request| vec![request.to_vec(); 1000]) else {
        return;
    };
    let start = Instant::now();
    let patient = PcpPace {
        first: Duration::from_secs(30),
        total: Duration::from_secs(30),
    };
    let ask = open(&wish, None, &patient, &Duration::default, &|| false);
    assert!(matches!(ask, Err(PcpError::Silent(_))), "{ask:?}");
    assert!(start.elapsed() < patient.total);
}

#[test]
fn r36_a_refusal_says_why_and_for_how_long() {
    for (code, name) in [
        (2, "NOT_AUTHORIZED"),
        (8, "NO_RESOURCES"),
        (13, "EXCESSIVE"),
    ] {
        let answer = PcpAnswer {
            result: code,
            lifetime: 1800,
            ..PcpAnswer::GOOD
        };
        let Some((_router, wish)) = router(move |request| vec![answer.to(request)]) else {
            return;
        };
        match ask(&wish) {
            Err(PcpError::Refused(result, lasts)) => {
                assert_eq!(result, PcpResult(code));
                assert_eq!(lasts, Duration::from_secs(1800));
                assert!(result.to_string().contains(name), "{result}");
            }
            other => panic!("{other:?}"),
        }
    }
    let old: fn(&[u8]) -> Vec<Vec<u8>> = |_| vec![vec![0, 0x81, 0, 1, 0, 0, 0, 0]];
    if let Some((_router, wish)) = router(old) {
        assert!(matches!(ask(&wish), Err(PcpError::OtherVersion(0))));
    }
}

#[test]
fn r36_a_mapping_lasts_no_longer_than_was_asked_for() {
    let answer = PcpAnswer {
        lifetime: u32::MAX,
        ..PcpAnswer::GOOD
    };
    let Some((_router, wish)) = router(move |request| vec![answer.to(request)]) else {
        return;
    };
    assert_eq!(ask(&wish).unwrap().lease, wish.lease);
}

#[test]
fn r36_a_mapping_that_nobody_can_use_is_none() {
    let nowhere = |text: &str| Some(text.parse().unwrap());
    let useless = [
        PcpAnswer {
            lifetime: 0,
            ..PcpAnswer::GOOD
        },
        PcpAnswer {
            external: nowhere("[2001:db8::1]:0"),
            ..PcpAnswer::GOOD
        },
        PcpAnswer {
            external: nowhere("[::]:7547"),
            ..PcpAnswer::GOOD
        },
    ];
    for answer in useless {
        let Some((_router, wish)) = router(move |request| vec![answer.to(request)]) else {
            return;
        };
        let asked = ask(&wish);
        assert!(matches!(asked, Err(PcpError::Useless(_))), "{asked:?}");
    }
}

#[test]
fn r68_a_pinhole_that_closes_before_it_is_renewed_is_none() {
    for (lifetime, is_useful) in [(1, false), (59, false), (60, true)] {
        let answer = PcpAnswer {
            lifetime,
            ..PcpAnswer::GOOD
        };
        let Some((_router, wish)) = router(move |request| vec![answer.to(request)]) else {
            return;
        };
        assert_eq!(ask(&wish).is_ok(), is_useful, "{lifetime} s");
    }
}

#[test]
fn r36_where_nobody_hears_it_is_known_at_once() {
    let Some((router, wish)) = router(|_| Vec::new()) else {
        return;
    };
    drop(router);
    let start = Instant::now();
    assert!(matches!(ask(&wish), Err(PcpError::NoServer)));
    assert!(start.elapsed() < PACE.total);
}

#[test]
fn r36_a_router_that_forgot_is_known_by_its_clock() {
    let mut asked = 0;
    let Some((router, wish)) = router(move |request| {
        asked += 1;
        let epoch = [1000, 1060, 5][asked - 1];
        let external = "[2001:db8::9]:9000".parse().ok();
        let answer = PcpAnswer {
            epoch,
            external,
            ..PcpAnswer::GOOD
        };
        vec![answer.to(request)]
    }) else {
        return;
    };
    let at = |seconds: u64, known: Option<&PcpMapping>| {
        let now = || Duration::from_secs(seconds);
        open(&wish, known, &PACE, &now, &|| false).unwrap()
    };
    let first = at(50, None);
    let second = at(110, Some(&first));
    let third = at(170, Some(&second));
    assert_eq!((second.is_anew, third.is_anew), (false, true));
    // What is known is asked for again, so that the ACS need not learn another one.
    let wanted = &router.requests()[2][42..60];
    assert_eq!(wanted[..2], 9000_u16.to_be_bytes());
    assert_eq!(wanted[2..], third.external.ip().octets());
}
