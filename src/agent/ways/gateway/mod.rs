//! The way in through the gateway of the network that the box is in: a port that it maps (UPnP IGD),
//! a pinhole in its firewall (PCP, else UPnP).
//!
//! `plan` says what the box needs, `life` when the gateway is asked and what is told of it, `task` what
//! a job does there; [`GatewayEnd`] is the agent's end of it. The gateway is never waited for but in a
//! job, of which there is one at a time.

#[cfg(not(feature = "igd"))]
mod absent;
#[cfg(feature = "igd")]
mod end;
#[cfg(feature = "igd")]
mod life;
#[cfg(feature = "igd")]
mod plan;
#[cfg(feature = "igd")]
mod task;
#[cfg(feature = "igd")]
#[cfg(test)]
mod tests;

#[cfg(not(feature = "igd"))]
pub(in crate::agent) use absent::{NoGateway as GatewayEnd, NoGatewayReport as GatewayReport};
#[cfg(feature = "igd")]
pub(in crate::agent) use end::GatewayEnd;
#[cfg(feature = "igd")]
pub(in crate::agent) use task::GatewayReport;
