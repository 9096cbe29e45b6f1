//! Which name was probably meant.

/// Longer names are like no other: bounds the work.
const MAX_NAME: usize = 40;

/// How many letters may be wrong, missing or too many.
const MAX_DISTANCE: usize = 2;

/// The name that is most like `name`, if any is much like it.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let distances = names.map(|known| (distance(name, known), known));
    let (least, known) = distances.min_by_key(|(distance, _)| *distance)?;
    (least <= MAX_DISTANCE).then_some(known)
}

/// How many letters are changed, missing, too many, or swapped with the next, whatever their case;
/// `-` and `_` count for nothing. In a short name it takes fewer to be another.
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (letters(one), letters(other));
    let longest = one.len().max(other.len());
    if longest > MAX_NAME {
        return usize::MAX;
    }
    let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(MAX_NAME);
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = get(&row, j) + usize::from(a != b);
            let mut least = changed.min(get(&row, j + 1) + 1).min(get(&next, j) + 1);
            let is_swap =
                i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            if is_swap {
                least = least.min(get(&above, j - 1) + 1);
            }
            next.push(least);
        }
        above = std::mem::replace(&mut row, next);
    }
    match row.last() {
        Some(distance) if distance * 3 <= longest => *distance,
        _ => usize::MAX,
    }
}

fn letters(name: &str) -> Vec<u8> {
    let letters = name.bytes().filter(|c| !matches!(c, b'-' | b'_'));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_slip_is_known() {
        let names = ["ssl_cacert", "ssl_capath", "url", "userid", "passwd"];
        let found = |name: &str| nearest(name, names.into_iter());
        for (name, meant) in [
            ("ssl_ca_cert", "ssl_cacert"),
            ("SSL-CACERT", "ssl_cacert"),
            ("ssl_caert", "ssl_cacert"),
            ("sl_cacrt", "ssl_cacert"),
            ("ssl_capaht", "ssl_capath"),
            ("urll", "url"),
            ("user_id", "userid"),
            ("password", "passwd"),
            ("ulr", "url"),
        ] {
            assert_eq!(found(name), Some(meant), "{name}");
        }
        for name in ["", "u", "uid", "interface", "ssl_verify", &"s".repeat(50)] {
            assert_eq!(found(name), None, "{name}");
        }
    }
}
