//! Fields of a head that go on in a further line (RFC 9112 §5.2), as old servers write long challenges.
//! A client has to take them, and what reads heads for ureq does not know them.

/// Makes blanks of what divides the lines of a field, in what has come of an answer. Whether its head
/// is whole: what follows is its body, and left alone. Interim heads (RFC 9110 §15.2) come before it.
pub(super) fn unfold(mut came: &mut [u8]) -> bool {
    while let Some((head, rest)) = unfold_head(came).and_then(|end| came.split_at_mut_checked(end))
    {
        let status = head.split(|byte| *byte == b' ').nth(1);
        if !status.is_some_and(|status| status.starts_with(b"1")) {
            return true;
        }
        came = rest;
    }
    false
}

/// The same for one head; where it ends.
fn unfold_head(came: &mut [u8]) -> Option<usize> {
    let mut line = 0;
    loop {
        let feed = line + came.get(line..)?.iter().position(|byte| *byte == b'\n')?;
        line = feed + 1;
        match came.get(line..)? {
            [b'\n', ..] => return Some(line + 1),
            [b'\r', b'\n', ..] => return Some(line + 2),
            [b' ' | b'\t', ..] => {
                let end = came.get_mut(feed.saturating_sub(1)..line)?;
                let ends = end.iter_mut().filter(|byte| byte.is_ascii_whitespace());
                ends.for_each(|byte| *byte = b' ');
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"\r\nHTTP/1.1 100 Continue\r\nA: b\r\n\tc\r\n\r\n\
        HTTP/1.1 401 No\r\nB: c,\r\n  d\n e\r\n\r\nbody\r\n of it";
    const UNFOLDED: &[u8] = b"\r\nHTTP/1.1 100 Continue\r\nA: b  \tc\r\n\r\n\
        HTTP/1.1 401 No\r\nB: c,    d  e\r\n\r\nbody\r\n of it";

    #[test]
    fn s36_fields_are_one_line_however_the_answer_comes_and_its_body_is_left_alone() {
        let head = ANSWER.len() - b"body\r\n of it".len();
        for first in 0..=ANSWER.len() {
            let mut came = ANSWER.to_vec();
            let is_whole = unfold(&mut came[..first]);
            assert_eq!(is_whole, first >= head, "{first}");
            assert!(is_whole || unfold(&mut came));
            assert_eq!(
                String::from_utf8_lossy(&came),
                String::from_utf8_lossy(UNFOLDED),
                "{first}"
            );
        }
    }
}
