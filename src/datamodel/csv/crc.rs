//! The checksum of state files and journals.

/// CRC-32 of IEEE 802.3: reflected, begun and ended with all ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc32(u32);

/// The remainders of the 16 half bytes: a table that costs 64 bytes.
const NIBBLES: [u32; 16] = nibbles();

const fn nibbles() -> [u32; 16] {
    let mut table = [0; 16];
    let mut rest: &mut [u32] = &mut table;
    let mut index = 0;
    while let Some((slot, tail)) = rest.split_first_mut() {
        let mut crc = index;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        *slot = crc;
        index += 1;
        rest = tail;
    }
    table
}

impl Default for Crc32 {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc32 {
    /// Takes the next bytes in.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            for half in [byte & 0xf, byte >> 4] {
                let index = (self.0 ^ u32::from(half)) & 0xf;
                let remainder = NIBBLES.get(index as usize).copied().unwrap_or(0);
                self.0 = self.0 >> 4 ^ remainder;
            }
        }
    }

    /// The checksum of all bytes so far.
    pub fn value(&self) -> u32 {
        !self.0
    }

    /// The checksum of a text.
    pub fn of(text: &str) -> u32 {
        let mut crc = Self::default();
        crc.add(text.as_bytes());
        crc.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_ieee_802_3() {
        assert_eq!(Crc32::of("123456789"), 0xCBF4_3926);
        assert_eq!(Crc32::of(""), 0);
    }

    /// The original cast packed structures over its buffers. Here a file is bytes in order, so
    /// neither where they stand in memory nor the word order of the machine plays a part.
    #[test]
    fn w04_the_checksum_is_the_same_at_every_offset_and_on_every_machine() {
        let mut buffer = Vec::new();
        for offset in 0..=16 {
            buffer.clear();
            buffer.resize(offset, 0xff);
            buffer.extend_from_slice(b"123456789");
            let mut crc = Crc32::default();
            crc.add(&buffer[offset..]);
            // The check value that the catalogues give for CRC-32.
            assert_eq!(crc.value(), 0xCBF4_3926, "at offset {offset}");
        }
    }
}
