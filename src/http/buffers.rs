//! What ureq reads from and writes to. Its own buffers are cleared byte by byte whenever a connection
//! opens, a quarter of what an Inform costs a program that is built for size; these come clear from
//! the allocator.

use std::ops::Range;

use ureq::unversioned::transport::Buffers;

/// Room for one read, and for the head of an answer.
pub(super) const BUFFER_BYTES: usize = 16 * 1024;

/// Room for a piece of a body on its way out, at least: ureq borrows what is free of the input for it.
const PIECE_BYTES: usize = 10 * 1024;

/// The buffers of one connection; none before they are needed.
#[derive(Default)]
pub(super) struct WireBuffers {
    input: Vec<u8>,
    /// What of the input came and was not consumed.
    unread: Range<usize>,
    /// Whether something was consumed by the last attempt.
    progress: bool,
    output: Vec<u8>,
}

impl WireBuffers {
    /// What is free of the input, and `room` bytes at least.
    fn free(&mut self, room: usize) -> &mut [u8] {
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.unread.start > 0 && self.unread.end > BUFFER_BYTES / 2 {
            self.input.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        if self.input.is_empty() {
            self.input = vec![0; BUFFER_BYTES];
        }
        let wanted = self.unread.end.saturating_add(room);
        if self.input.len() < wanted {
            self.input.resize(wanted, 0);
        }
        self.input.get_mut(self.unread.end..).unwrap_or_default()
    }

    /// What of the input came and was not consumed.
    pub fn unread(&mut self) -> &mut [u8] {
        self.input.get_mut(self.unread.clone()).unwrap_or_default()
    }
}

impl Buffers for WireBuffers {
    fn output(&mut self) -> &mut [u8] {
        if self.output.is_empty() {
            self.output = vec![0; BUFFER_BYTES];
        }
        &mut self.output
    }

    fn input(&self) -> &[u8] {
        self.input.get(self.unread.clone()).unwrap_or_default()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.free(0)
    }

    fn input_appended(&mut self, amount: usize) {
        let end = self.unread.end.saturating_add(amount);
        self.unread.end = end.min(self.input.len());
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        let start = self.unread.start.saturating_add(amount);
        self.unread.start = start.min(self.unread.end);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.output();
        self.free(PIECE_BYTES);
        let piece = self.input.get_mut(self.unread.end..).unwrap_or_default();
        (piece, &mut self.output)
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.unread.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appends as a connection does, and gives how much there was room for.
    fn append(buffers: &mut WireBuffers, byte: u8, most: usize) -> usize {
        let free = buffers.input_append_buf();
        let taken = most.min(free.len());
        free[..taken].fill(byte);
        buffers.input_appended(taken);
        taken
    }

    #[test]
    fn b30_a_buffer_is_cleared_once_at_most() {
        let mut buffers = WireBuffers::default();
        assert!(
            buffers.input.is_empty() && buffers.output.is_empty(),
            "none is needed yet"
        );
        buffers.output().fill(7);
        assert!(buffers.input.is_empty(), "nothing is read yet");
        append(&mut buffers, 9, BUFFER_BYTES);
        buffers.input_consume(BUFFER_BYTES);
        for _ in 0..3 {
            assert!(buffers.output().iter().all(|byte| *byte == 7));
            assert!(buffers.input_append_buf().iter().all(|byte| *byte == 9));
            let (piece, output) = buffers.tmp_and_output();
            assert_eq!((piece.len(), output.len()), (BUFFER_BYTES, BUFFER_BYTES));
        }
        assert_eq!(buffers.input.capacity(), BUFFER_BYTES);
    }

    #[test]
    fn what_came_stays_until_it_is_consumed_wherever_it_is_moved() {
        let mut buffers = WireBuffers::default();
        assert_eq!(append(&mut buffers, 1, 3), 3);
        assert!(!buffers.can_use_input(), "nobody has looked");
        buffers.input_consume(1);
        assert!(buffers.can_use_input());
        buffers.input_consume(0);
        assert!(!buffers.can_use_input(), "more is wanted");
        assert_eq!(append(&mut buffers, 2, usize::MAX), BUFFER_BYTES - 3);
        assert_eq!(append(&mut buffers, 3, usize::MAX), 1, "one was consumed");
        let all = [vec![1; 2], vec![2; BUFFER_BYTES - 3], vec![3]].concat();
        assert_eq!(buffers.input(), all);
        assert_eq!(append(&mut buffers, 4, usize::MAX), 0, "it is full");
        // Even then a body can go out.
        assert_eq!(buffers.tmp_and_output().0.len(), PIECE_BYTES);
        assert_eq!(buffers.input(), all);
        buffers.input_consume(usize::MAX);
        assert_eq!(buffers.input(), [0; 0]);
        assert!(!buffers.can_use_input());
    }
}
