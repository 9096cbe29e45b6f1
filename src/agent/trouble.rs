//! What does not work at present and is gone on without: said in the log when it begins, when it
//! becomes another, and when it is over; in between `cwmpd status` lists it.

/// One thing that may not work.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<String>);

impl Trouble {
    /// An attempt ended so: an error is a sentence that says what does not work, why, and what
    /// follows.
    pub(super) fn hear(&mut self, attempt: Result<(), String>) {
        match (attempt, &self.0) {
            (Ok(()), None) => {}
            (Ok(()), Some(before)) => {
                log::info!("over: {before}");
                self.0 = None;
            }
            (Err(why), Some(before)) if why == *before => {}
            (Err(why), _) => {
                log::error!("{why}");
                self.0 = Some(why);
            }
        }
    }

    /// The sentence, while there is one.
    pub(super) fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }
}
