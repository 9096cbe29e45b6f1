//! Simple mutations on the stable toolchain, always the same: the short form of the fuzz targets.

/// How many mutants a test of a room tries.
pub const ROUNDS: usize = 20_000;

/// Calls `each` with `rounds` mutants of the seeds; `tokens` are what the format is sensitive to.
pub fn mutate(seeds: &[Vec<u8>], tokens: &[&[u8]], rounds: usize, mut each: impl FnMut(&[u8])) {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    for _ in 0..rounds {
        let mut text = seeds[random(seeds.len())].clone();
        for _ in 0..=random(4) {
            let (from, length) = (random(text.len()), random(40));
            let to = (from + length).min(text.len());
            match random(4) {
                0 => drop(text.drain(from..to)),
                1 => {
                    let part = text[from..to].to_vec();
                    let at = random(text.len());
                    text.splice(at..at, part);
                }
                2 => {
                    let token = tokens[random(tokens.len())];
                    text.splice(from..from, token.iter().copied());
                }
                _ => {
                    if let Some(byte) = text.get_mut(from) {
                        *byte ^= 1 << random(8);
                    }
                }
            }
        }
        each(&text);
    }
}
