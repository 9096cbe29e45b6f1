//! A reader of the files of apk-tools 3 that shares nothing with their writer.

use super::filter;

/// A file with a database, its signatures and what belongs to it.
pub struct File {
    pub schema: [u8; 4],
    pub database: Vec<u8>,
    pub signatures: Vec<Vec<u8>>,
    pub data: Vec<Vec<u8>>,
}

impl File {
    /// What is in a file that is compressed as apk does by default.
    pub fn read(packed: &[u8]) -> Self {
        assert_eq!(&packed[..4], b"ADBd", "deflate");
        let inflate = "import sys, zlib; z = zlib.decompressobj(-15); \
            sys.stdout.buffer.write(z.decompress(sys.stdin.buffer.read())); assert z.eof";
        let plain = filter(&["python3", "-c", inflate], &packed[4..]);
        assert_eq!(&plain[..4], b"ADB.");
        let mut blocks: [Vec<Vec<u8>>; 3] = Default::default();
        let mut rest = &plain[8..];
        while !rest.is_empty() {
            let head = u32::from_le_bytes(rest[..4].try_into().unwrap());
            let (kind, size) = ((head >> 30) as usize, (head & 0x3fff_ffff) as usize);
            let behind = &blocks[kind + 1..];
            assert!(
                behind.iter().all(Vec::is_empty),
                "database, signatures, data"
            );
            blocks[kind].push(rest[4..size].to_vec());
            let whole = size.next_multiple_of(8);
            assert!(rest[size..whole].iter().all(|&byte| byte == 0), "padding");
            rest = &rest[whole..];
        }
        let [databases, signatures, data] = blocks;
        assert_eq!(databases.len(), 1);
        Self {
            schema: plain[4..8].try_into().unwrap(),
            database: databases.concat(),
            signatures,
            data,
        }
    }

    /// The value that all others belong to.
    pub fn root(&self) -> Value<'_> {
        assert_eq!(self.database[..4], [0; 4], "the only version there is");
        Value(&self.database, u32_at(&self.database, 4))
    }
}

/// A value in a database.
#[derive(Clone, Copy)]
pub struct Value<'a>(&'a [u8], u32);

impl<'a> Value<'a> {
    fn kind(self) -> u32 {
        self.1 >> 28
    }

    fn offset(self) -> usize {
        (self.1 & 0x0fff_ffff) as usize
    }

    /// Whether there is nothing.
    pub fn is_absent(self) -> bool {
        self.1 == 0
    }

    pub fn number(self) -> u64 {
        match self.kind() {
            1 => u64::from(self.1 & 0x0fff_ffff),
            2 => {
                assert_eq!(self.offset() % 4, 0, "aligned");
                u64::from(u32_at(self.0, self.offset()))
            }
            other => panic!("{other}: no number"),
        }
    }

    pub fn bytes(self) -> &'a [u8] {
        let at = self.offset();
        let (size, start) = match self.kind() {
            0 => return &[],
            8 => (usize::from(self.0[at]), at + 1),
            9 => {
                assert_eq!(at % 2, 0, "aligned");
                let size = [self.0[at], self.0[at + 1]];
                (usize::from(u16::from_le_bytes(size)), at + 2)
            }
            10 => {
                assert_eq!(at % 4, 0, "aligned");
                (u32_at(self.0, at) as usize, at + 4)
            }
            other => panic!("{other}: no bytes"),
        };
        &self.0[start..start + size]
    }

    pub fn text(self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }

    /// The values of a list.
    pub fn list(self) -> Vec<Self> {
        if self.is_absent() {
            return Vec::new();
        }
        assert!(matches!(self.kind(), 0xd | 0xe), "a list");
        assert_eq!(self.offset() % 4, 0, "aligned");
        let count = u32_at(self.0, self.offset()) as usize;
        let value = |number| Self(self.0, u32_at(self.0, self.offset() + 4 * number));
        (1..count).map(value).collect()
    }

    /// A field of an object, by its number from 1 on.
    pub fn field(self, number: usize) -> Self {
        let absent = Self(self.0, 0);
        self.list().get(number - 1).copied().unwrap_or(absent)
    }
}

fn u32_at(data: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(data[at..at + 4].try_into().unwrap())
}
