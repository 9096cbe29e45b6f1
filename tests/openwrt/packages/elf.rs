//! Programs that are no more than their headers: enough to tell which box could run them.

/// What the headers say.
pub struct Shape {
    pub machine: u16,
    pub wide: bool,
    pub big_endian: bool,
    /// The dynamic linker that starts it; none of a static program.
    pub loader: &'static str,
    pub needed: Vec<&'static str>,
}

impl Shape {
    /// That of a program which runs on boxes of an architecture.
    pub fn fitting(architecture: &str) -> Self {
        let (machine, wide, big_endian, loader) = match architecture {
            "mipsel_24kc" => (8, false, false, "/lib/ld-musl-mipsel-sf.so.1"),
            "ramips_24kec" => (8, false, false, ""),
            "mips_24kc" => (8, false, true, "/lib/ld-musl-mips-sf.so.1"),
            "aarch64_cortex-a53" => (183, true, false, "/lib/ld-musl-aarch64.so.1"),
            "arm_cortex-a7_neon-vfpv4" => (40, false, false, "/lib/ld-musl-armhf.so.1"),
            "x86_64" => (62, true, false, "/lib/ld-musl-x86_64.so.1"),
            other => panic!("{other}"),
        };
        let needed = match loader {
            "" => vec![],
            _ => vec!["libssl.so.3", "libcrypto.so.3", "libc.so"],
        };
        Self {
            machine,
            wide,
            big_endian,
            loader,
            needed,
        }
    }

    /// The bytes of the program.
    pub fn program(&self) -> Vec<u8> {
        let (header, segment) = if self.wide { (64, 56) } else { (52, 32) };
        let count = if self.loader.is_empty() { 1 } else { 3 };
        let start = header + segment * count;

        let loader = text(self.loader);
        let mut strings = vec![0];
        let mut tags = Vec::new();
        for name in &self.needed {
            tags.push((1, strings.len()));
            strings.extend(text(name));
        }
        let strings_at = start + loader.len();
        tags.extend([(5, ADDRESS + strings_at), (0, 0)]);
        let mut body = [loader.clone(), strings].concat();
        body.resize(body.len().next_multiple_of(8), 0);
        let dynamic_at = start + body.len();
        let mut dynamic = Vec::new();
        for (tag, value) in tags {
            dynamic.extend(self.wide(tag));
            dynamic.extend(self.wide(value));
        }
        if count == 3 {
            body.extend(&dynamic);
        }

        let mut program = b"\x7fELF".to_vec();
        program.extend([1 + u8::from(self.wide), 1 + u8::from(self.big_endian), 1]);
        program.resize(16, 0);
        program.extend([self.half(2), self.half(self.machine)].concat());
        program.extend(self.word(1));
        program.extend([self.wide(ADDRESS), self.wide(header), self.wide(0)].concat());
        program.extend(self.word(0));
        for number in [header, segment, count, 0, 0, 0] {
            program.extend(self.half(u16::try_from(number).unwrap()));
        }
        program.extend(self.segment(1, 0, start + body.len()));
        if count == 3 {
            program.extend(self.segment(3, start, loader.len()));
            program.extend(self.segment(2, dynamic_at, dynamic.len()));
        }
        [program, body].concat()
    }

    fn segment(&self, kind: u32, at: usize, size: usize) -> Vec<u8> {
        let address = self.wide(ADDRESS + at);
        let sizes = [self.wide(size), self.wide(size)].concat();
        let places = [self.wide(at), address.clone(), address].concat();
        match self.wide {
            true => [self.word(kind), self.word(5), places, sizes, self.wide(8)].concat(),
            false => [self.word(kind), places, sizes, self.word(5), self.word(8)].concat(),
        }
    }

    fn half(&self, number: u16) -> Vec<u8> {
        match self.big_endian {
            true => number.to_be_bytes().to_vec(),
            false => number.to_le_bytes().to_vec(),
        }
    }

    fn word(&self, number: u32) -> Vec<u8> {
        match self.big_endian {
            true => number.to_be_bytes().to_vec(),
            false => number.to_le_bytes().to_vec(),
        }
    }

    fn wide(&self, number: usize) -> Vec<u8> {
        match self.wide {
            true => (number as u64).to_le_bytes().to_vec(),
            false => self.word(u32::try_from(number).unwrap()),
        }
    }
}

/// Where the program is in memory.
const ADDRESS: usize = 0x10000;

/// A program that runs on boxes of an architecture, as far as its headers tell.
pub fn fitting(architecture: &str) -> Vec<u8> {
    Shape::fitting(architecture).program()
}

fn text(text: &str) -> Vec<u8> {
    match text {
        "" => Vec::new(),
        _ => [text.as_bytes(), b"\0"].concat(),
    }
}
