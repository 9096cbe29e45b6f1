//! `ZWaveDevice1/Capabilities`: what a node said of itself when it was included.
//!
//! `211,156,0,4,16,1,L,R,B,RS,|37,39,49:5,`: three bytes of what its radio can, its basic, generic and
//! specific class, flags, and behind the bar the command classes that it understands, some with a
//! version; all numbers decimal.

/// The command class Security S0.
const SECURITY: u32 = 152;

/// What says in the second byte that a node is woken by a beam, of 250 or of 1000 ms.
const BEAM_BITS: u8 = 0x60;

/// What a node can.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capabilities<'a> {
    /// Before the bar, without what is empty.
    bytes: [Option<u8>; 6],
    flags: &'a str,
    /// Behind it.
    classes: &'a str,
}

impl<'a> Capabilities<'a> {
    /// Reads it; what is missing or no number is not known.
    pub(super) fn parse(text: &'a str) -> Self {
        let (before, classes) = text.split_once('|').unwrap_or((text, ""));
        let mut bytes = [None; 6];
        let mut flags = before;
        for byte in &mut bytes {
            let (item, rest) = flags.split_once(',').unwrap_or((flags, ""));
            let is_flag = item.trim().starts_with(|c: char| c.is_ascii_alphabetic());
            if is_flag {
                break;
            }
            *byte = item.trim().parse().ok();
            flags = rest;
        }
        Self {
            bytes,
            flags,
            classes,
        }
    }

    /// One of the six numbers, from 1.
    fn byte(&self, number: usize) -> Option<u8> {
        *self.bytes.get(number.checked_sub(1)?)?
    }

    /// The basic, generic and specific class.
    pub(super) fn class(&self, level: DeviceClass) -> Option<u8> {
        self.byte(level as usize)
    }

    fn has_flag(&self, wanted: &str) -> bool {
        let mut flags = self.flags.split(',').map(str::trim);
        flags.any(|flag| flag == wanted)
    }

    /// What a flag says, or where there is none at all the bits of a byte.
    fn says(&self, flags: &[&str], byte: usize, bits: u8) -> Option<bool> {
        let has_flags = self.flags.split(',').any(|flag| !flag.trim().is_empty());
        match has_flags {
            true => Some(flags.iter().any(|flag| self.has_flag(flag))),
            false => self.byte(byte).map(|byte| byte & bits != 0),
        }
    }

    /// Whether it is always awake.
    pub(super) fn listening(&self) -> Option<bool> {
        self.says(&["L"], 1, 0x80)
    }

    /// Whether it passes on what is for others.
    pub(super) fn routing(&self) -> Option<bool> {
        self.says(&["R"], 1, 0x40)
    }

    /// Whether it is woken by a beam, of 250 or of 1000 ms: by its flag, or by the bits.
    pub(super) fn frequent_listening(&self) -> Option<bool> {
        let by_bits = self.byte(2).map(|byte| byte & BEAM_BITS != 0);
        let by_flag = self.is_beamed();
        by_flag.map(|by_flag| by_flag || by_bits == Some(true))
    }

    fn is_beamed(&self) -> Option<bool> {
        self.says(&["W1", "W2"], 2, BEAM_BITS)
    }

    /// Whether it can be reached at any time.
    pub(super) fn reachable(&self) -> Option<bool> {
        Some(self.listening()? || self.is_beamed()?)
    }

    /// The highest bit rate: 9,600, 40,000 or 100,000.
    pub(super) fn baud_rate(&self) -> Option<u32> {
        if self.byte(3).is_some_and(|byte| byte & 1 != 0) {
            return Some(100_000);
        }
        match self.byte(1)? >> 3 & 7 {
            1 => Some(9_600),
            2 => Some(40_000),
            _ => None,
        }
    }

    /// The command classes, without their versions.
    pub(super) fn classes(&self) -> impl Iterator<Item = u32> + 'a {
        let items = self.classes.split(',');
        items.filter_map(|item| item.split(':').next()?.trim().parse().ok())
    }

    /// Whether it understands Security S0; `None` where it does not say what it understands.
    pub(super) fn secure(&self) -> Option<bool> {
        let mut classes = self.classes().peekable();
        classes.peek()?;
        Some(classes.any(|class| class == SECURITY))
    }

    /// What it lives on, by when it is awake: who is so always has the mains.
    pub(super) fn power_source(&self) -> Option<&'static str> {
        Some(match (self.is_beamed()?, self.listening()?) {
            (true, _) => "BatteryFLiRS",
            (false, false) => "Battery",
            (false, true) => "Mains",
        })
    }
}

/// One of the classes of a node, by its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum DeviceClass {
    Basic = 4,
    Generic = 5,
    Specific = 6,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<u32> {
        Capabilities::parse(text).classes().collect()
    }

    #[test]
    fn z17_a_node_of_each_kind() {
        // 211 = 1101_0011: listening, routing, baud 2, version 3.
        let plug = Capabilities::parse("211,156,0,4,16,1,L,R,B,RS,|37,39,112,114,115,119,134,");
        assert_eq!(plug.class(DeviceClass::Basic), Some(4));
        assert_eq!(plug.class(DeviceClass::Generic), Some(16));
        assert_eq!(plug.class(DeviceClass::Specific), Some(1));
        assert_eq!((plug.listening(), plug.routing()), (Some(true), Some(true)));
        assert_eq!(plug.frequent_listening(), Some(false));
        assert_eq!(plug.baud_rate(), Some(40_000));
        assert_eq!(plug.power_source(), Some("Mains"));
        assert_eq!(plug.secure(), Some(false));
        // 82 = 0101_0010.
        let sensor = Capabilities::parse("82,156,0,4,32,1,R,B,RS,|48,49:5,132:2,134,");
        assert_eq!(sensor.listening(), Some(false));
        assert_eq!(sensor.power_source(), Some("Battery"));
        assert_eq!(
            list("82,156,0,4,32,1,R,B,RS,|48,49:5,132:2,134,"),
            [48, 49, 132, 134]
        );
        let lock = Capabilities::parse("83,220,1,4,64,3,R,B,RS,W1,|152,98,");
        assert_eq!(lock.frequent_listening(), Some(true));
        assert_eq!(lock.power_source(), Some("BatteryFLiRS"));
        assert_eq!(
            (lock.secure(), lock.baud_rate()),
            (Some(true), Some(100_000))
        );
        // 18 = 0001_0010.
        let remote = Capabilities::parse("18,150,0,1,1,1,B,|112,114,134,155,");
        assert_eq!(
            (remote.routing(), remote.listening()),
            (Some(false), Some(false))
        );
        assert_eq!(remote.baud_rate(), Some(40_000));
    }

    #[test]
    fn z17_flags_win_over_bits_which_count_where_there_are_none() {
        // 209,140: B though its bit is clear; 220: the bit of a beam beside other flags.
        let beamed = Capabilities::parse("83,220,0,4,64,3,R,B,RS,|98");
        assert_eq!(beamed.frequent_listening(), Some(true));
        assert_eq!(beamed.power_source(), Some("Battery"));
        let flags = Capabilities::parse("0,0,0,4,16,1,L,W2,|37");
        assert_eq!(
            (flags.listening(), flags.routing()),
            (Some(true), Some(false))
        );
        assert_eq!(flags.frequent_listening(), Some(true));
        assert_eq!(flags.baud_rate(), None);
        let bits = Capabilities::parse("200,64,0,4,16,1,|37");
        assert_eq!((bits.listening(), bits.routing()), (Some(true), Some(true)));
        assert_eq!(
            (bits.frequent_listening(), bits.baud_rate()),
            (Some(true), Some(9_600))
        );
    }

    #[test]
    fn z17_what_is_missing_is_not_known() {
        for text in ["", "|", ",,,", "x", "300,,,999,-1,|"] {
            let none = Capabilities::parse(text);
            assert_eq!(none.class(DeviceClass::Basic), None, "{text}");
            assert_eq!((none.secure(), none.baud_rate()), (None, None), "{text}");
            assert_eq!(none.classes().count(), 0, "{text}");
        }
        let short = Capabilities::parse("211,156,L,|37");
        assert_eq!(short.class(DeviceClass::Basic), None);
        assert_eq!(
            (short.listening(), short.baud_rate()),
            (Some(true), Some(40_000))
        );
        assert_eq!(Capabilities::parse("").listening(), None);
        assert_eq!(Capabilities::parse("").power_source(), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([0-9]{0,4}|[LRBWS12]{0,2}|.)?([,|:]([0-9]{0,4}|[A-Z]{0,2}))*") {
            let read = Capabilities::parse(&text);
            let _ = (read.listening(), read.routing(), read.power_source(), read.baud_rate());
            let _ = (read.secure(), read.class(DeviceClass::Specific));
            proptest::prop_assert!(read.classes().count() <= text.len());
        }
    }
}
