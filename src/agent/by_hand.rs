//! What the user of the box has the ACS asked, and waits for at the control socket.

use super::control::escape;
use super::poll_loop::Agent;
use crate::base::clock::Now;
use crate::base::excerpt::excerpt;
use crate::base::url::Url;
use crate::cwmp::{AcsCall, CallOutcome, Direction, FileType};

/// Characters of what is no URL, as it is shown.
const MAX_SHOWN: usize = 64;

/// Somebody who waits for an answer of the ACS.
pub(super) struct Caller {
    /// The number of the call.
    call: u32,
    /// That of his connection.
    client: u32,
    /// He wants to know where a browser goes.
    wants_url: bool,
}

impl Agent {
    /// The ACS is called; the answer to the client comes with [`Agent::call_ended`].
    fn call(&mut self, client: u32, call: AcsCall, now: Now) -> Option<Result<String, String>> {
        let wants_url = matches!(call, AcsCall::Kicked { .. });
        match self.engine.call_acs(call, now) {
            Ok(call) => self.callers.push(Caller {
                call,
                client,
                wants_url,
            }),
            Err(error) => return Some(Err(error.to_string())),
        }
        None
    }

    /// The ACS is asked to order a download; each argument is a name and a value with `=` between.
    pub(super) fn request_download(
        &mut self,
        client: u32,
        file_type: String,
        arguments: Vec<String>,
        now: Now,
    ) -> Option<Result<String, String>> {
        let pair = |argument: String| {
            let (name, value) = argument.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        let file_type = match FileType::named(&file_type, Direction::Download) {
            Ok(file_type) => file_type,
            Err(why) => return Some(Err(why)),
        };
        let call = AcsCall::RequestDownload {
            file_type,
            arguments: arguments.into_iter().filter_map(pair).collect(),
        };
        self.call(client, call, now)
    }

    /// The ACS is told of a browser that was sent here.
    pub(super) fn kicked(
        &mut self,
        client: u32,
        [command, referer, arg, next]: [String; 4],
        now: Now,
    ) -> Option<Result<String, String>> {
        let call = AcsCall::Kicked {
            command,
            referer,
            arg,
            next,
        };
        self.call(client, call, now)
    }

    /// What came of a call, for who waits, if he still does.
    pub(super) fn call_ended(&mut self, call: u32, outcome: CallOutcome, now: Now) {
        let Some(at) = self.callers.iter().position(|caller| caller.call == call) else {
            return;
        };
        let caller = self.callers.swap_remove(at);
        let answer = match caller.wants_url {
            true => outcome.and_then(next_page),
            false => outcome,
        };
        self.control.answer(caller.client, answer, now.uptime);
    }
}

/// The line with the URL where a browser goes. What an ACS says is foreign, and may get to a shell:
/// nothing but an address of the web passes.
fn next_page(next: String) -> Result<String, String> {
    match Url::parse(&next) {
        Ok(_) => Ok(next + "\n"),
        _ => Err(format!(
            "the ACS names no web page to go to: '{}'",
            escape(&excerpt(&next, MAX_SHOWN))
        )),
    }
}
