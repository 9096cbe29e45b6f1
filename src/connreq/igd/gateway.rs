//! A gateway that is asked: for its description, and to do something.

use super::action::{ActionAnswer, envelope};
use super::description::{ControlPoint, Description};
use super::errand::Errand;
use super::error::IgdError;
use super::markup::MAX_BYTES;
use super::refusal::Refusal;
use crate::base::url::Url;
use crate::http::{HttpClient, HttpRequest, Method, RequestBody};

/// What an action gives: names and values.
pub(super) type Arguments = Vec<(String, String)>;

/// A gateway, for one errand.
pub(super) struct Gateway<'e> {
    errand: &'e Errand,
    client: HttpClient,
}

impl<'e> Gateway<'e> {
    pub(super) fn new(errand: &'e Errand) -> Self {
        Self {
            errand,
            client: errand.client(),
        }
    }

    /// What services it has.
    pub(super) fn description(&mut self, location: &Url) -> Result<Description, IgdError> {
        let mut request = HttpRequest::new(Method::GET, location);
        let (status, body) = self.fetch(&mut request)?;
        match status {
            200 => Description::read(&body, location),
            status => Err(IgdError::Status {
                of: "description",
                status,
            }),
        }
    }

    /// Asks a service for an action: what it gives, or why the gateway refuses.
    pub(super) fn ask(
        &mut self,
        point: &ControlPoint,
        action: &'static str,
        arguments: &[(&'static str, String)],
    ) -> Result<Result<Arguments, Refusal>, IgdError> {
        let body = envelope(point.service, action, arguments);
        let named = format!("\"{}#{action}\"", point.service.urn());
        let mut request = HttpRequest::new(Method::POST, &point.url)
            .spelled_header("SOAPAction", named.as_str())
            .header("Content-Type", "text/xml; charset=\"utf-8\"")
            .body(RequestBody::text(&body));
        let (status, body) = self.fetch(&mut request)?;
        match ActionAnswer::read(&body, action) {
            Ok(ActionAnswer::Done(arguments)) => Ok(Ok(arguments)),
            Ok(ActionAnswer::Refused(refusal)) => {
                log::debug!("the gateway refuses {action}: {refusal}");
                Ok(Err(refusal))
            }
            Err(why) if status == 200 => Err(IgdError::Markup { of: action, why }),
            Err(_) => Err(IgdError::Status { of: action, status }),
        }
    }

    /// No redirect is followed: it is an answer like any other that is not wanted.
    fn fetch(&mut self, request: &mut HttpRequest<'_>) -> Result<(u16, Vec<u8>), IgdError> {
        self.errand.left()?;
        let fetched = self.client.send(request).and_then(|mut answer| {
            let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
            Ok((answer.status, answer.read(limit)?))
        });
        // What the errand's end did to the exchange is not the gateway's fault.
        fetched.map_err(|error| match self.errand.left() {
            Err(over) => over,
            Ok(_) => IgdError::Http(error),
        })
    }
}
