//! Who may POST to the ACS (RFC 7616, RFC 7617).

use std::sync::Arc;

use super::{Entry, Record};
use crate::http::{Auth, Guard, Reply, Request};

/// The guard of the ACS.
pub(super) struct Gate {
    guard: Guard,
    record: Arc<Record>,
    challenged_on: Option<usize>,
}

impl Gate {
    pub(super) fn new(auth: Auth, user: (String, String), record: Arc<Record>) -> Self {
        Self {
            guard: Guard::new(auth, user),
            record,
            challenged_on: None,
        }
    }

    /// Lets a request in (`None`), or gives the 401 that answers it.
    pub(super) fn admit(&mut self, request: &Request, connection: usize) -> Option<Reply> {
        if self.guard.admits(request) {
            if let Some(challenged) = self.challenged_on.take().filter(|on| *on != connection) {
                self.record.breach(format!(
                    "the request after 401 has to be repeated on the same connection (TR-069 \
                     §3.4.2): challenged on {challenged}, repeated on {connection}"
                ));
            }
            return None;
        }
        let challenge = self.guard.challenge();
        self.challenged_on = Some(connection);
        self.record
            .add(Entry::from_box(0, connection, request), true);
        self.record
            .add(Entry::wire(0, connection, &challenge), true);
        Some(challenge)
    }
}
