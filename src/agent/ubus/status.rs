//! The answer of `status`: the tables of icwmp, which pages and scripts read.

use crate::agent::poll_loop::Agent;
use crate::base::clock::Now;
use crate::cwmp::Outcome;
use crate::device::ubus::UbusTable;

/// What stands for a time that there is not.
const NONE: &str = "N/A";

impl Agent {
    /// How the agent fares. There is no secret in it: the URL is shown without credentials.
    pub(super) fn ubus_status(&self, now: Now) -> UbusTable {
        let status = self.engine.status(now);
        let at = |unix: i64| Now { unix, ..now }.current_time();
        let elapsed = now.uptime.saturating_sub(self.ubus.started);
        let started = now.unix.saturating_sub_unsigned(elapsed.as_secs());
        let next = status.next.map(|next| next.after);
        let next = next.map(|next| at(now.unix.saturating_add_unsigned(next.as_secs())));
        let last = match (status.in_session, &status.last) {
            (Some(began), _) => ["running", &at(began), NONE].map(str::to_owned),
            (None, Some(last)) => {
                let how = match last.outcome {
                    Outcome::Success => "success",
                    Outcome::Failure(_) => "failure",
                };
                [how.to_owned(), at(last.began_unix), at(last.ended_unix)]
            }
            (None, None) => [NONE; 3].map(str::to_owned),
        };
        let next = next.as_deref().unwrap_or(NONE);
        let mut table = UbusTable::default();
        let cwmp = [
            ("status", "up"),
            ("start_time", &at(started)),
            ("acs_url", &status.url),
        ];
        table.put("cwmp", texts(cwmp));
        let names = ["status", "start_time", "end_time"];
        let [how, began, ended] = &last;
        table.put("last_session", texts(pairs(names, [how, began, ended])));
        table.put("next_session", texts(pairs(names, ["waiting", next, NONE])));
        let mut statistics = UbusTable::default();
        let count = status.count;
        let counts = [
            ("success_sessions", count.succeeded),
            ("failure_sessions", count.failed),
            (
                "total_sessions",
                count.succeeded.saturating_add(count.failed),
            ),
        ];
        for (name, count) in counts {
            statistics.put(name, i32::try_from(count).unwrap_or(i32::MAX));
        }
        table.put("statistics", statistics);
        table
    }
}

fn pairs<'t>(names: [&'t str; 3], values: [&'t str; 3]) -> [(&'t str, &'t str); 3] {
    let ([a, b, c], [x, y, z]) = (names, values);
    [(a, x), (b, y), (c, z)]
}

fn texts(values: [(&str, &str); 3]) -> UbusTable {
    let mut table = UbusTable::default();
    for (name, value) in values {
        table.put(name, value);
    }
    table
}
