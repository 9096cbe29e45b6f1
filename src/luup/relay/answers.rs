//! What the servers of MMS say, read out of their JSON. Numbers stand as numbers in some answers and as
//! texts in others; those that become a part of a path are digits.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::base::json::{JsonEvent, JsonReader};
use crate::base::secret::Secret;

/// Bytes of an answer. An account with a hundred boxes has 30 kB.
pub(super) const MAX_ANSWER: u64 = 64 << 10;

/// Bytes of one text in it: it travels in the head of a request.
const MAX_TEXT: usize = 6 << 10;

/// Boxes of an account that are looked at.
const MAX_BOXES: usize = 256;

/// As long as an identity holds that does not say when it ends: what clients of MMS take.
const USUAL_LIFE: Duration = Duration::from_secs(12 * 3600);

/// No longer, whatever it says.
const LONGEST_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Server, and the one in its place.
pub(super) type Pair = [String; 2];

/// Who we are, and where our account is.
pub(super) struct MmsIdentity {
    pub identity: Secret,
    pub signature: Secret,
    pub account: String,
    pub servers: Pair,
    pub life: Duration,
}

impl MmsIdentity {
    /// Reads the answer to a log-in; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        let names = [
            "Identity",
            "IdentitySignature",
            "Server_Account",
            "Server_Account_Alt",
        ];
        let [identity, signature, server, other] = document(text, names)?;
        let inner = BASE64.decode(&identity).ok()?;
        let inner = String::from_utf8_lossy(&inner);
        let [account, generated, expires] =
            document(&inner, ["PK_Account", "Generated", "Expires"])?;
        if signature.is_empty() || !is_number(&account) {
            return None;
        }
        // By its own clock, whatever ours says.
        let life = match (generated.parse::<u64>(), expires.parse::<u64>()) {
            (Ok(generated), Ok(expires)) => {
                let life = Duration::from_secs(expires.saturating_sub(generated));
                life.min(LONGEST_LIFE)
            }
            _ => USUAL_LIFE,
        };
        Some(Self {
            identity: Secret::new(identity),
            signature: Secret::new(signature),
            account,
            servers: [server, other],
            life,
        })
    }
}

/// A box of an account.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MmsBox {
    pub number: String,
    pub servers: Pair,
}

/// The boxes of an account; `None` where the answer does not tell.
pub(super) fn boxes(text: &str) -> Option<Vec<MmsBox>> {
    let mut bytes = text.as_bytes();
    let mut reader = JsonReader::strict(&mut bytes);
    let mut boxes = None;
    if reader.next().ok()? != Some(JsonEvent::Object) {
        return None;
    }
    while let Some(event) = reader.next().ok()? {
        if event != JsonEvent::Name {
            continue;
        }
        let is_list = reader.text() == "Devices";
        match reader.next().ok()?? {
            JsonEvent::Array if is_list => boxes = Some(boxes_in(&mut reader)?),
            value => reader.skip(value).ok()?,
        }
    }
    boxes
}

fn boxes_in(reader: &mut JsonReader<'_>) -> Option<Vec<MmsBox>> {
    let mut boxes = Vec::new();
    loop {
        match reader.next().ok()?? {
            JsonEvent::Close => return Some(boxes),
            JsonEvent::Object => {
                let mut found = [const { String::new() }; 3];
                let names = ["PK_Device", "Server_Device", "Server_Device_Alt"];
                members(reader, &names, &mut found)?;
                let [number, server, other] = found;
                if is_number(&number) && boxes.len() < MAX_BOXES {
                    let servers = [server, other];
                    boxes.push(MmsBox { number, servers });
                }
            }
            other => reader.skip(other).ok()?,
        }
    }
}

/// The relays of a box.
pub(super) fn relays(text: &str) -> Option<Pair> {
    document(text, ["Server_Relay", "Server_Relay_Alt"])
}

/// The token of a session: a text of its own.
pub(super) fn token(text: &str) -> Option<Secret> {
    let text = text.trim();
    let is_token =
        (1..=MAX_TEXT).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic());
    is_token.then(|| Secret::new(text))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|c| c.is_ascii_digit())
}

/// Members of the object that a text is; empty where one is missing.
fn document<const N: usize>(text: &str, names: [&str; N]) -> Option<[String; N]> {
    let mut found = [const { String::new() }; N];
    let mut bytes = text.as_bytes();
    let mut reader = JsonReader::strict(&mut bytes);
    if reader.next().ok()? != Some(JsonEvent::Object) {
        return None;
    }
    members(&mut reader, &names, &mut found)?;
    Some(found)
}

/// Members of the object that was just begun, to its end.
fn members(reader: &mut JsonReader<'_>, names: &[&str], found: &mut [String]) -> Option<()> {
    while reader.next().ok()?? == JsonEvent::Name {
        let place = names.iter().position(|name| *name == reader.text());
        let value = reader.next().ok()??;
        reader.skip(value).ok()?;
        let place = place.and_then(|place| found.get_mut(place));
        let is_scalar = matches!(value, JsonEvent::Text | JsonEvent::Number);
        if let (Some(place), true) = (place, is_scalar && reader.text().len() <= MAX_TEXT) {
            reader.text().clone_into(place);
        }
    }
    Some(())
}

/// What holds for any answer, which the fuzz target `mms` tries.
///
/// # Panics
/// It does not hold.
#[cfg(feature = "inside")]
pub fn check_answer(text: &str) {
    let digits = |number: &str| assert!(is_number(number), "{number}");
    if let Some(identity) = MmsIdentity::read(text) {
        digits(&identity.account);
        assert!(identity.life <= LONGEST_LIFE);
    }
    let boxes = boxes(text).unwrap_or_default();
    assert!(boxes.len() <= MAX_BOXES);
    boxes.iter().for_each(|found| digits(&found.number));
    for name in relays(text).unwrap_or_default() {
        assert!(name.len() <= MAX_TEXT);
    }
    if let Some(token) = token(text) {
        assert!(token.reveal().bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
